"""Requirements files: what is pinned by hash is a component, every other line is named."""

import pytest

from supplychain.model.inventory import Scope
from tests.support.python_locks import OTHER_SHA, SHA, catalogue, component, reasons, scopes, unknown

NO_EDGES = ("requirements.txt", "unknown", "does not say which package needs which")


def test_pinned_lines_are_components() -> None:
    text = (
        "# made by a tool\n"
        f"A.b[x]==1.0 ; python_version > '3' \\\n    --hash={SHA} \\\n    --hash {OTHER_SHA}  # why\n\n"
        f"    # via nobody \\\nc===2 --hash={SHA}\n"
    )
    found = catalogue({"requirements.txt": text})
    assert set(scopes(found)) == {"a-b@1.0", "c@2"}
    assert [d.value[0] for d in component(found, "a-b@1.0").digests] == ["a", "b"]
    assert component(found, "a-b@1.0").properties == (("python:marker", 'python_version > "3"'),)
    assert reasons(found) == [NO_EDGES]
    assert not unknown(found)


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ("a==1", "no hash: a==1"),
        (f"a>=1 --hash={SHA}", "not pinned: a>=1"),
        (f"a==1.* --hash={SHA}", "not pinned: a==1.*"),
        (f"a==1,>0 --hash={SHA}", "not pinned: a==1,>0"),
        ("a", "not pinned: a"),
        ("-e .", "not pinned: -e ."),
        ("--editable=./x", "not pinned: --editable=./x"),
        ("./libs/a.whl", "not a requirement: ./libs/a.whl"),
        ("https://u:secret@h.example.org/a.whl?token=secret", "not a requirement: https://h.example.org/a.whl"),
        ("a @ https://u:secret@h.example.org/a.whl", "no hash: a @ https://h.example.org/a.whl"),
        ("git+https://h.example.org/a@main#egg=a", "not a requirement: git+https://h.example.org/a@main#egg=a"),
        ("a==1 --hash=sha256:123", "no hash: a==1"),
        (f"a==1 --hash=sha256:123 --hash={SHA}", "a hash that is none: a==1"),
        ("a ; " + "(" * 1000, "not a requirement: a ; " + "(" * 116),
        ("a" * 3000 + "==1", "too long: " + "a" * 120),
        ("-r other.txt", "includes other.txt"),
        ("--unheard-of x", "not pinned: --unheard-of x"),
    ],
)
def test_line_that_pins_nothing_is_named(line: str, reason: str) -> None:
    found = catalogue({"requirements.txt": "\n" + line + "\n"})
    assert not found.components
    assert reasons(found) == [("requirements.txt", "incomplete", f"line 2: {reason}")]
    assert "secret" not in str(found)


def test_options_that_name_no_package_are_passed_over() -> None:
    text = (
        "--require-hashes\n-c constraints.txt\n--extra-index-url https://u:p@x.example.org\n--no-binary :all:\n--pre\n"
    )
    assert not reasons(catalogue({"requirements.txt": text}))


def test_index_is_part_of_the_identity() -> None:
    for option in ("-i https://u:p@i.example.org/simple", "--index-url=https://u:p@i.example.org/simple/"):
        found = catalogue({"requirements.txt": f"{option}\na==1 --hash={SHA}\n"})
        assert list(scopes(found)) == ["a@1?repository_url=https:%2F%2Fi.example.org%2Fsimple"]


@pytest.mark.parametrize(
    ("url", "ref"),
    [
        (
            "https://h.example.org/a-1.2-py3-none-any.whl",
            "a@1.2?download_url=https:%2F%2Fh.example.org%2Fa-1.2-py3-none-any.whl",
        ),
        ("https://h.example.org/main.zip", "a?download_url=https:%2F%2Fh.example.org%2Fmain.zip"),
    ],
)
def test_address_with_a_hash_is_a_pin(url: str, ref: str) -> None:
    found = catalogue({"requirements.txt": f"a @ {url} --hash={SHA}\n"})
    assert list(scopes(found)) == [ref]
    assert unknown(found) == (set() if "@" in ref else {(ref, "version")})


def test_included_file_that_is_read_is_no_gap() -> None:
    files = {
        "r/requirements.txt": "-r ../requirements/base.txt\n-r gone.txt",
        "requirements/base.txt": f"a==1 --hash={SHA}",
    }
    assert reasons(catalogue(files)) == [("r/requirements.txt", "incomplete", "line 2: includes gone.txt")]


@pytest.mark.parametrize(
    ("path", "scope"),
    [
        ("requirements.txt", Scope.RUNTIME),
        ("requirements.lock", Scope.RUNTIME),
        ("requirements-dev.txt", Scope.DEV),
        ("dev-requirements.txt", Scope.DEV),
        ("test_requirements.txt", Scope.TEST),
        ("requirements.build.txt", Scope.BUILD),
        ("requirements/docs.txt", Scope.DEV),
        ("requirements/prod.txt", Scope.RUNTIME),
    ],
)
def test_scope_follows_the_name_of_the_file(path: str, scope: Scope) -> None:
    assert scopes(catalogue({path: f"a==1 --hash={SHA}"})) == {"a@1": scope}


def test_many_open_lines_are_counted() -> None:
    found = catalogue({"requirements.txt": "a\n" * 1000})
    assert len(reasons(found)) == 201
    assert ("requirements.txt", "incomplete", "800 more lines that pin nothing") in reasons(found)


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"\xff\xfea\0", "not UTF-8"),
        (b"a\0b", "NUL"),
        (b"a==1 \\\n" * 200_000, "line 1 is longer"),
    ],
)
def test_file_that_is_no_text_is_listed_as_incomplete(data: bytes, reason: str) -> None:
    found = catalogue({"requirements.txt": data})
    assert not found.components
    assert reason in found.completeness[0].reason


def test_line_that_continues_at_the_end_of_the_file() -> None:
    assert set(scopes(catalogue({"requirements.txt": f"a==1 --hash={SHA} \\"}))) == {"a@1"}
