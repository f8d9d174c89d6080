"""Go source: what go.mod, go.sum, go.work and vendor/modules.txt declare together."""

from contextlib import suppress

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from supplychain.errors import InputError, LimitExceeded, MalformedDocument
from supplychain.model.inventory import CompletenessState, Component, Covers, Scope
from supplychain.sbom.catalogers import Catalogued
from supplychain.sbom.catalogers.go_module import GoModule, inside
from tests.support.cataloger_runner import file_of, run

H1 = "h1:0A+M6Uqn+Eje4kHMK80dtF3JCXC4ykBgQG4Fe06QRhQ="
OTHER = "h1:" + "A" * 43 + "="
APP = "pkg:golang/example.com/app"


def made(**files: str) -> Catalogued:
    return run(GoModule(), {"go.mod": files.pop("mod").encode(), **{k: v.encode() for k, v in files.items()}})


def tree(files: dict[str, str]) -> Catalogued:
    return run(GoModule(), {path: text.encode() for path, text in files.items()})


def refs(result: Catalogued) -> set[str]:
    return {c.ref for c in result.components}


def edges(result: Catalogued) -> set[tuple[str, str]]:
    return {(e.source.removeprefix("pkg:golang/"), e.target.removeprefix("pkg:golang/")) for e in result.edges}


def component(result: Catalogued, ref: str) -> Component:
    (found,) = [c for c in result.components if c.ref == ref]
    return found


def test_every_directive_and_way_of_writing() -> None:
    result = tree(
        {
            "go.mod": """// a comment
module "example.com/app" // Deprecated: no
go 1.21
toolchain go1.22.1
godebug default=go1.21
tool example.com/tool/cmd/x
ignore ./web
require github.com/a/b v1.0.0 //indirect
require (
\tgithub.com/c/d/v2 v2.1.0\r
\t`github.com/e/f` v1.0.0//   indirect; kept
\tgithub.com/G/H v0.0.0-20200101000000-abcdefabcdef // needed

)
exclude ()
retract [v1.0.0, v1.1.0] // broken
retract (
\tv1.2.0
\t[v1.3.0, v1.4.0]
)
""",
            "go.sum": f"github.com/c/d/v2 v2.1.0 {H1}\ngithub.com/c/d/v2 v2.1.0/go.mod {OTHER}\n\n",
        }
    )
    assert refs(result) == {
        APP,
        "pkg:golang/github.com/a/b@v1.0.0",
        "pkg:golang/github.com/c/d/v2@v2.1.0",
        "pkg:golang/github.com/e/f@v1.0.0",
        "pkg:golang/github.com/G/H@v0.0.0-20200101000000-abcdefabcdef",
    }
    assert edges(result) == {
        ("example.com/app", "github.com/c/d/v2@v2.1.0"),
        ("example.com/app", "github.com/G/H@v0.0.0-20200101000000-abcdefabcdef"),
    }
    assert {c.name for c in result.components if ("go:indirect", "true") in c.properties} == {
        "github.com/a/b",
        "github.com/e/f",
    }
    (digest,) = component(result, "pkg:golang/github.com/c/d/v2@v2.1.0").digests
    assert (digest.algorithm, f"h1:{digest.value}", digest.covers) == ("h1", H1, Covers.GO_MODULE_DIRHASH)
    root = component(result, APP)
    assert (root.type, root.version, root.scope) == ("application", "", Scope.RUNTIME)
    assert [(u.ref, u.field) for u in result.unknowns] == [(APP, "version")]
    assert result.completeness == []


def test_replacements_are_what_is_built() -> None:
    result = tree(
        {
            "go.mod": """module example.com/app
go 1.21
require (
 x.org/every v1.0.0
 x.org/one v1.0.0
 x.org/other v1.5.0
 x.org/folder v1.0.0
 x.org/outside v1.0.0
)
replace (
 x.org/every => y.org/every v1.1.0
 x.org/one => y.org/wrong v1.0.0
 x.org/one v1.0.0 => y.org/one v1.2.0
 x.org/other v1.4.0 => y.org/wrong v1.0.0
 x.org/folder => ./folder
 x.org/outside => ../outside
)
""",
            "go.sum": f"y.org/one v1.2.0 {H1}\nx.org/one v1.0.0 {OTHER}\n",
            "folder/go.mod": "module x.org/folder\ngo 1.21\n",
        }
    )
    assert {r.removeprefix("pkg:golang/") for r in refs(result)} == {
        "example.com/app",
        "y.org/every@v1.1.0",
        "y.org/one@v1.2.0",
        "x.org/other@v1.5.0",
        "x.org/folder",
        "x.org/outside",
    }
    assert ("example.com/app", "x.org/folder") in edges(result)
    one = component(result, "pkg:golang/y.org/one@v1.2.0")
    assert one.properties == (("go:replace", "x.org/one v1.0.0 => y.org/one v1.2.0"),)
    assert [f"h1:{d.value}" for d in one.digests] == [H1]
    outside = component(result, "pkg:golang/x.org/outside")
    assert (outside.version, outside.digests) == ("(devel)", ())
    assert {u.ref for u in result.unknowns} == {APP, "pkg:golang/x.org/folder", "pkg:golang/x.org/outside"}


def test_an_excluded_version_is_dropped_and_another_stays() -> None:
    mod = "module m.org/a\ngo 1.21\nrequire x.org/b v1.0.0\nrequire x.org/c v1.0.0\n"
    result = made(mod=mod + "exclude x.org/b v1.0.0\nexclude x.org/c v0.9.0\n")
    assert refs(result) == {"pkg:golang/m.org/a", "pkg:golang/x.org/c@v1.0.0"}


@pytest.mark.parametrize(
    ("go", "gap"), [("", True), ("go 1.16\n", True), ("go 1.17\n", False), ("go 1.26rc1\n", False)]
)
def test_an_old_go_mod_may_need_more_than_it_lists(go: str, gap: bool) -> None:
    result = made(mod=f"module m.org/a\n{go}require x.org/b v1.0.0\n")
    assert [(c.ref, c.state) for c in result.completeness] == (
        [("pkg:golang/m.org/a", CompletenessState.UNKNOWN)] if gap else []
    )


def test_a_module_that_needs_nothing_is_complete() -> None:
    assert made(mod="module m.org/a\n").completeness == []


def test_modules_of_a_workspace_use_each_other() -> None:
    result = tree(
        {
            "go.work": "go 1.22\nuse (\n ./app\n ./lib\n ../outside\n)\nreplace x.org/b => x.org/fork v1.1.0\n",
            "go.work.sum": f"x.org/fork v1.1.0 {H1}\n",
            "app/go.mod": "module m.org/app\ngo 1.22\nrequire m.org/lib v1.0.0\nrequire x.org/b v1.0.0\n"
            "replace x.org/b => x.org/ignored v1.0.0\n",
            "lib/go.mod": "module m.org/lib\ngo 1.22\n",
            "alone/go.mod": "module m.org/alone\ngo 1.22\nrequire m.org/lib v1.0.0\n",
        }
    )
    assert edges(result) == {
        ("m.org/app", "m.org/lib"),
        ("m.org/app", "x.org/fork@v1.1.0"),
        ("m.org/alone", "m.org/lib@v1.0.0"),
    }
    assert component(result, "pkg:golang/x.org/fork@v1.1.0").digests


def test_vendored_modules_are_shipped() -> None:
    vendor = """# x.org/b v1.0.0
## explicit; go 1.17
x.org/b
x.org/b/inner
# x.org/c v1.0.0
## explicit
# x.org/d v1.0.0 => y.org/d v1.2.0
x.org/d
# x.org/e v1.0.0
x.org/e
# x.org/d => y.org/d v1.2.0
"""
    result = tree(
        {
            "go.mod": "module m.org/a\ngo 1.16\nrequire x.org/b v1.0.0\nrequire x.org/c v1.0.0\n"
            "require x.org/d v1.0.0\nreplace x.org/d => y.org/d v1.2.0\n",
            "vendor/modules.txt": vendor,
            "vendor/x.org/b/go.mod": "this is not read",
        }
    )
    shipped = {c.name for c in result.components if c.scope is Scope.SHIPPED}
    assert shipped == {"x.org/b", "y.org/d", "x.org/e"}
    assert component(result, "pkg:golang/x.org/c@v1.0.0").scope is Scope.RUNTIME
    assert result.completeness == []


def test_a_vendor_folder_alone_tells_what_is_in_it() -> None:
    result = tree({"src/vendor/modules.txt": "# x.org/b v1.0.0 => ./b\nx.org/b\n# x.org/c v1.0.0\nx.org/c\n"})
    assert refs(result) == {"pkg:golang/x.org/b", "pkg:golang/x.org/c@v1.0.0"}


def test_two_folders_of_one_module_stay_apart() -> None:
    result = tree({"v1/go.mod": "module m.org/a\n", "v2/go.mod": "module m.org/a\n"})
    assert refs(result) == {"pkg:golang/m.org/a#v1/go.mod", "pkg:golang/m.org/a#v2/go.mod"}


def test_two_modules_that_ask_for_one_share_it_and_two_checksums_do_not() -> None:
    mods = {f"{i}/go.mod": f"module m.org/m{i}\ngo 1.21\nrequire x.org/b v1.0.0 {'// indirect' * i}\n" for i in (0, 1)}
    shared = component(tree(mods), "pkg:golang/x.org/b@v1.0.0")
    assert shared.properties == ()
    assert [f.path for f in shared.found] == ["0/go.mod", "1/go.mod"]
    apart = tree({**mods, "0/go.sum": f"x.org/b v1.0.0 {H1}\n", "1/go.sum": f"x.org/b v1.0.0 {OTHER}\n"})
    known = "pkg:golang/x.org/b@v1.0.0"
    assert refs(apart) >= {f"{known}#{H1}", f"{known}#{OTHER}"}
    assert ("m.org/m0", f"x.org/b@v1.0.0#{H1}") in edges(apart)


@pytest.mark.parametrize(
    "path",
    [
        "vendor/x.org/b/go.mod",
        "a/vendor/x/vendor/modules.txt",
        "testdata/go.mod",
        "a/testdata/b/go.sum",
        "go/pkg/mod/github.com/a/b@v1.0.0/go.mod",
        "github.com/a/b@v1.0.0/go.mod",
        "modules.txt",
        "my-vendor/modules.txt",
        "x/go.mod.orig",
        "go.mod/x",
    ],
)
def test_modules_of_other_people_are_not_inventory(path: str) -> None:
    assert not GoModule().wants(path, b"module x")


@pytest.mark.parametrize("path", ["go.mod", "a/go.sum", "vendor/modules.txt", "a.tgz!/b/vendor/modules.txt", "go.work"])
def test_those_of_the_project_are(path: str) -> None:
    assert GoModule().wants(path, b"")


@pytest.mark.parametrize(
    ("folder", "path", "there"),
    [
        ("", "./lib", "lib/"),
        ("a/b/", "../c", "a/c/"),
        ("a/", "..", ""),
        ("a/", "../..", None),
        ("", "/etc", None),
        ("", "..\\x", None),
        ("x/a.tgz!/m/", "../lib", "x/a.tgz!/lib/"),
        ("x/a.tgz!/m/", "../../lib", None),
    ],
)
def test_a_replacement_never_leads_out_of_its_archive(folder: str, path: str, there: str | None) -> None:
    assert inside(folder, path) == there


@pytest.mark.parametrize(
    ("path", "text", "message"),
    [
        ("go.mod", "", "module directive"),
        ("go.mod", "module a.org/b\nrequrie x v1\n", "line 2: unknown directive"),
        ("go.mod", "module a.org/b\nrequire x\n", "line 2: expected 2 words"),
        ("go.mod", "module a.org/b\nrequire (\n x v1 v2\n)\n", "line 3: expected 2 words"),
        ("go.mod", "module a.org/b\nrequire (\n x v1\n", "no end"),
        ("go.mod", "module a.org/b\nrequire x ( v1\n", "line 2: a bracket"),
        ("go.mod", "module a.org/b\nmodule a.org/c\n", "line 2: a second module"),
        ("go.mod", 'module "a.org/b\n', "line 1: a string without"),
        ("go.mod", 'module "a\\x41"\n', "line 1: an escape"),
        ("go.mod", 'module ""\n', "line 1: an empty"),
        ("go.mod", "module a.org/b\nreplace x => y => z\n", "line 2: expected module"),
        ("go.mod", "module a.org/b\nreplace => y v1\n", "line 2: expected module"),
        ("go.mod", "module a.org/b\nreplace x y v1\n", "line 2: expected module"),
        ("go.mod", "module a.org/b\nuse ./x\n", "line 2: unknown directive"),
        ("go.mod", "module a.org/../b\n", "no module has this name"),
        ("go.mod", "module a.org/b\nrequire x.org/y ../v1\n", "no module has this name"),
        ("go.mod", "module a.org/b\nrequire x.org/y v1\x1b31m\n", "no module has this name"),
        ("go.mod", "module a.org/\n", "no module has this name"),
        ("go.work", "require x v1\n", "line 1: unknown directive"),
        ("go.work", "replace a => b/ v1\n", "no module has this name"),
        ("go.sum", "a.org/b v1.0.0\n", "line 1: expected module, version and sum"),
        ("go.sum", "a.org/b v1.0.0 h1:AAAA\n", "line 1: expected h1"),
        ("go.sum", f"a v1 {H1}\na v1 {OTHER}\n", "line 2: a second, different sum"),
        ("vendor/modules.txt", "a.org/b\n", "line 1: a package of no module"),
        ("vendor/modules.txt", "# a.org/b\n", "line 1: expected # and"),
        ("vendor/modules.txt", "# a.org/b v1\n#nonsense\n", "line 2: expected a package"),
        ("vendor/modules.txt", "# a.org/.. v1\n", "no module has this name"),
        ("vendor/modules.txt", "# a.org/b v1 => c/../d v2\n", "no module has this name"),
    ],
)
def test_a_malformed_line_is_named(path: str, text: str, message: str) -> None:
    with pytest.raises(MalformedDocument) as caught:
        GoModule().read(file_of(path, text.encode()))
    assert message in str(caught.value)
    assert caught.value.where.startswith(path)


@pytest.mark.parametrize("data", [b"\xff", "module a".encode("utf-16")])
def test_what_is_not_utf8_is_malformed(data: bytes) -> None:
    with pytest.raises(MalformedDocument):
        GoModule().read(file_of("go.mod", data))


def test_a_line_or_file_without_end_is_refused() -> None:
    for data in (b"module " + b"a" * 20_000, b"\n" * (16 << 20) + b"module a"):
        with pytest.raises(LimitExceeded):
            GoModule().read(file_of("go.mod", data))


def test_later_sum_algorithms_are_passed_over_as_go_does() -> None:
    assert made(mod="module a.org/b\n", **{"go.sum": "x v1 h2:AAAA\n"}).completeness == []


LINES = ["module a.org/b", "go 1.21", "require x.org/y v1.0.0", "require (", ")", "replace x.org/y => ./z", "\n"]
LINES += ["# a v1", "a/b", "// indirect", "use ./x", "exclude x.org/y v1.0.0", f"x.org/y v1.0.0 {H1}", '"', "`", "=>"]
LINES += ["\0", "..", "/", "module ("]
TEXT = st.lists(st.sampled_from(LINES) | st.text(max_size=5), max_size=12).map("\n".join)


@given(
    st.dictionaries(
        st.sampled_from(["go.mod", "z/go.mod", "go.sum", "go.work", "vendor/modules.txt"]), TEXT, min_size=1
    )
)
@settings(max_examples=100, deadline=None)
def test_any_text_gives_facts_or_one_of_our_errors_in_any_order(files: dict[str, str]) -> None:
    """Any bytes give a result or one of our errors, and their order changes nothing."""
    cataloger = GoModule()
    facts = []
    for path, text in files.items():
        file = file_of(path, text.encode("utf-8", "surrogatepass"))
        try:
            facts.append((file, cataloger.read(file)))
        except InputError:
            continue
    if facts:
        result = cataloger.combine(facts)
        assert cataloger.combine(facts[::-1]) == result
        assert all(e.source in refs(result) and e.target in refs(result) for e in result.edges)


@given(st.binary(max_size=300), st.sampled_from(["go.mod", "go.sum", "go.work", "vendor/modules.txt"]))
@settings(max_examples=60, deadline=None)
def test_any_bytes_give_facts_or_one_of_our_errors(data: bytes, path: str) -> None:
    """Any bytes give a result or one of our errors."""
    with suppress(InputError):
        GoModule().read(file_of(path, data))
