"""Test results: what a test run came to (in-toto test-result v0.1).

The result is upper case, PASSED, WARNED or FAILED; anything else is malformed, so that ``passed`` never counts. So is
a result that its own lists contradict.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import ClassVar, Final, Self

from supplychain._json import JSON, Node
from supplychain.model.statement import Subject

RESULTS: Final = ("PASSED", "WARNED", "FAILED")
MAX_TESTS: Final = 1_000_000
MAX_CONFIGURATIONS: Final = 1_000


@dataclass(frozen=True, slots=True, kw_only=True)
class ResultOfTests:
    """One run of tests against the subject."""

    TYPES: ClassVar[tuple[str, ...]] = ("https://in-toto.io/attestation/test-result/v0.1",)

    result: str
    """PASSED, WARNED or FAILED."""
    configuration: tuple[Subject, ...]
    """What the run was configured by; at least one."""
    url: str = ""
    tests: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """Names of tests by how they ended: passedTests, warnedTests, failedTests."""

    @classmethod
    def parse(cls, node: Node, _predicate_type: str) -> Self:
        """Read it. Raises MalformedDocument, LimitExceeded."""
        result = node.at("result").text()
        if result not in RESULTS:
            node.at("result").fail(f"expected {', '.join(RESULTS)}, found {result[:40]!r}")
        configuration = node.at("configuration").items(at_most=MAX_CONFIGURATIONS)
        if not configuration:
            node.at("configuration").fail("a result without a configuration")
        url = node.maybe("url")
        lists = {name: node.maybe(name) for name in ("passedTests", "warnedTests", "failedTests")}
        tests = {k: tuple(t.text() for t in v.items(at_most=MAX_TESTS)) for k, v in lists.items() if v}
        worse = {"PASSED": ("warnedTests", "failedTests"), "WARNED": ("failedTests",), "FAILED": ()}[result]
        if listed := [name for name in worse if tests.get(name)]:
            node.at(listed[0]).fail(f"the result is {result}, and tests are listed here")
        return cls(
            result=result,
            configuration=tuple(_configuration(c) for c in configuration),
            url=url.text(empty=True) if url else "",
            tests=tests,
        )

    def encode(self) -> dict[str, JSON]:
        """The JSON object."""
        out: dict[str, JSON] = {"result": self.result, "configuration": [c.encode() for c in self.configuration]}
        if self.url:
            out["url"] = self.url
        return out | {name: list(names) for name, names in self.tests.items()}


def _configuration(node: Node) -> Subject:
    """A ResourceDescriptor: a file by digest, or only by where it lies."""
    found = Subject.parse(node, digest_required=False)
    if not (found.digests or found.uri or found.name):
        node.fail("a configuration without name, uri or digest")
    return found
