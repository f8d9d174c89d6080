"""Go programs: every machine, every place where the build information can be, and what only looks like it."""

import struct
from io import BytesIO
from typing import Any, BinaryIO

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from supplychain.errors import InputError, LimitExceeded, MalformedDocument
from supplychain.model.inventory import CompletenessState, Component, Covers
from supplychain.sbom.catalogers import Catalogued, File
from supplychain.sbom.catalogers.executables import Region, Window
from supplychain.sbom.catalogers.go_binary import GoBinary
from tests.support.cataloger_runner import file_of, run
from tests.support.go_programs import (
    DATA_ADDRESS,
    END,
    H1,
    MAGIC,
    MODULES,
    SHAPES,
    START,
    Shape,
    fat,
    inline,
    pointers,
    program,
)

SECTION = {"ELF": ".go.buildinfo", "Mach-O": "__go_buildinfo", "PE": ".data"}
APP = "pkg:golang/example.com/app"
STDLIB = "pkg:golang/stdlib@1.22.3"
LINKED = {
    APP,
    "pkg:golang/github.com/a/b@v1.2.3",
    "pkg:golang/github.com/fork/d@v2.0.1",
    "pkg:golang/example.com/lib",
}


def made(data: bytes, path: str = "bin/app") -> Catalogued:
    return run(GoBinary(), {path: data})


def refs(result: Catalogued) -> set[str]:
    return {c.ref for c in result.components}


def component(result: Catalogued, ref: str) -> Component:
    (found,) = [c for c in result.components if c.ref == ref]
    return found


@pytest.mark.parametrize("shape", SHAPES, ids=str)
@pytest.mark.parametrize("named", [True, False], ids=["section", "segment"])
@pytest.mark.parametrize("old", [False, True], ids=["inline", "pointers"])
def test_modules_of_every_machine(shape: Shape, named: bool, old: bool) -> None:
    shift = b"\0" * 48
    data = shift + (pointers(shape, address=DATA_ADDRESS + 48) if old else inline())
    result = made(program(data, shape, section=SECTION[shape.format] if named else "", sections=named))
    assert refs(result) == LINKED | {"pkg:golang/stdlib@1.16.15" if old else STDLIB}
    assert result.completeness == []


def test_the_program_depends_on_all_that_is_in_it() -> None:
    result = made(program(inline()))
    assert {(e.source, e.target) for e in result.edges} == {(APP, ref) for ref in {*LINKED, STDLIB} - {APP}}
    assert result.owners == {"bin/app": APP}
    main = component(result, APP)
    assert (main.type, main.name, main.version) == ("application", "example.com/app", "(devel)")
    assert {u.ref for u in result.unknowns} == {APP, "pkg:golang/example.com/lib"}
    assert set(main.properties) == {
        ("go:-compiler", "gc"),
        ("go:CGO_ENABLED", "0"),
        ("go:GOOS", "linux"),
        ("go:edges", "flat"),
        ("go:package", "example.com/app/cmd/app"),
        ("go:vcs.revision", "abc"),
        ("go:version", "go1.22.3"),
    }


def test_values_given_to_the_linker_are_in_no_output() -> None:
    assert "s3cret" not in repr(made(program(inline())))


def test_a_dirhash_is_never_a_sha256() -> None:
    (digest,) = component(made(program(inline())), "pkg:golang/github.com/a/b@v1.2.3").digests
    assert (digest.algorithm, digest.covers, f"h1:{digest.value}") == ("h1", Covers.GO_MODULE_DIRHASH, H1)


def test_what_replaced_a_module_is_the_module() -> None:
    result = made(program(inline()))
    fork = component(result, "pkg:golang/github.com/fork/d@v2.0.1")
    assert fork.properties == (("go:replace", "github.com/c/d/v2 v2.0.0+incompatible => github.com/fork/d v2.0.1"),)
    folder = component(result, "pkg:golang/example.com/lib")
    assert (folder.version, folder.digests) == ("(devel)", ())
    assert folder.properties == (("go:replace", "example.com/lib v0.0.0 => ./lib (devel)"),)


@pytest.mark.parametrize("wide", [False, True])
def test_a_fat_program_is_one_program(wide: bool) -> None:
    arm = MODULES.replace("v1.2.3", "v1.2.4").replace("GOOS", "GOARM=7\nbuild\tGOOS")
    both = fat(
        program(inline(), Shape("Mach-O")), program(inline(arm), Shape("Mach-O", wide=False, big=True)), wide=wide
    )
    result = made(both)
    assert refs(result) == {*LINKED, STDLIB, "pkg:golang/github.com/a/b@v1.2.4"}
    assert ("go:GOARM", "7") in component(result, APP).properties


def test_a_program_that_names_no_modules_is_incomplete() -> None:
    """Distributions build some programs with GOPATH: the magic is there, and nothing else."""
    modules = "path\tgithub.com/prometheus/prometheus/cmd/prometheus\nbuild\tGOOS=linux\n"
    result = made(program(inline(modules)))
    main = "pkg:golang/github.com/prometheus/prometheus/cmd/prometheus"
    assert refs(result) == {main, STDLIB}
    assert [(c.ref, c.state) for c in result.completeness] == [(main, CompletenessState.INCOMPLETE)]


def test_no_list_at_all_is_incomplete() -> None:
    result = made(program(inline("")))
    assert refs(result) == {"go#bin/app", STDLIB}
    assert component(result, "go#bin/app").name == "app"
    assert [c.state for c in result.completeness] == [CompletenessState.INCOMPLETE]


def test_a_module_that_needs_no_other_is_complete() -> None:
    result = made(program(inline("path\texample.com/app\nmod\texample.com/app\tv1.0.0\t\n")))
    assert refs(result) == {f"{APP}@v1.0.0", STDLIB}
    assert result.completeness == []
    assert result.unknowns == []


def test_a_program_of_the_toolchain_is_of_its_release() -> None:
    result = made(program(inline("path\tcmd/gofmt\n")))
    assert refs(result) == {f"{STDLIB}#cmd/gofmt", STDLIB}


@pytest.mark.parametrize("shape", [Shape("ELF"), Shape("Mach-O"), Shape("PE")], ids=str)
def test_a_list_without_the_magic_is_found(shape: Shape) -> None:
    """@esbuild/linux-x64 is published like this; the Go version is then unknown, the modules are not."""
    constants = b"words" + START + MODULES.encode() + END
    result = made(program(b"nothing", shape, read_only=constants))
    assert refs(result) == LINKED | {"pkg:golang/stdlib"}
    assert "pkg:golang/stdlib" in {u.ref for u in result.unknowns}


def test_go_without_any_build_information_is_incomplete() -> None:
    result = made(program(b"nothing", read_only=b"constants"))
    assert refs(result) == {"go#bin/app", "pkg:golang/stdlib"}
    assert [c.state for c in result.completeness] == [CompletenessState.INCOMPLETE]


def test_a_packed_program_tells_nothing() -> None:
    """UPX leaves one segment and no sections: the walk lists it as a program that nobody could read."""
    assert GoBinary().read(file_of("upx", program(b"UPX!" * 50, sections=False))) is None


@pytest.mark.parametrize(
    ("path", "data"),
    [
        ("buildinfo.py", b"MAGIC = '" + MAGIC + b"'"),
        ("doc.txt", inline()),
        ("x.bin", MAGIC + inline()),
        ("Main.class", b"\xca\xfe\xba\xbe\0\0\0\x41" + inline()),
        ("dos.exe", b"MZ" + b"\0" * 100 + inline()),
        ("mz.txt", b"MZ is how this text begins" + inline()),
        ("module.wasm", b"\0asm\1\0\0\0" + inline()),
        ("empty", b""),
    ],
)
def test_words_that_are_no_program_are_no_component(path: str, data: bytes) -> None:
    assert not made(data, path).components


@pytest.mark.parametrize(
    "data",
    [
        b"\0" * 8 + inline(),  # not aligned, as in a table of strings
        MAGIC + b"\x08\x02",  # cut off
        MAGIC + b"\x08\x02" + bytes(16) + b"\xff" * 20,  # a length without an end
        inline(version="hello"),
        inline(version="go1.22\x1b[31m"),
        MAGIC + b"\x08\x00" + struct.pack("<QQ", 1, 2),  # pointers to nowhere
        MAGIC + b"\x05\x00" + bytes(16),
    ],
)
def test_the_magic_in_the_data_of_another_language_is_passed_over(data: bytes) -> None:
    assert GoBinary().read(file_of("grep", program(data))) is None


def test_a_java_class_is_no_fat_program() -> None:
    java = b"\xca\xfe\xba\xbe\0\0\0\x41" + inline()
    assert not GoBinary().wants("Main.class", java)
    assert GoBinary().read(file_of("Main.class", java)) is None


def test_the_search_goes_on_behind_a_false_magic() -> None:
    assert refs(made(program(MAGIC + b"\x08\x02" + bytes(32) + inline()))) == {*LINKED, STDLIB}


def test_two_machines_of_one_release_are_two_programs_that_share_modules() -> None:
    windows = MODULES.replace("GOOS=linux", "GOOS=windows").replace(
        "dep\texample.com/lib\tv0.0.0\n=>\t./lib\t(devel)\t\n", ""
    )
    result = run(
        GoBinary(),
        {
            "linux/app": program(inline()),
            "copy/app": program(inline()),
            "app.exe": program(inline(windows), Shape("PE")),
        },
    )
    linux, exe = f"{APP}#copy/app", f"{APP}#app.exe"
    assert refs(result) == {linux, exe, STDLIB, *LINKED} - {APP}
    assert [o.path for o in component(result, linux).occurrences] == ["copy/app", "linux/app"]
    assert result.owners == {"linux/app": linux, "copy/app": linux, "app.exe": exe}
    assert (exe, "pkg:golang/example.com/lib") not in {(e.source, e.target) for e in result.edges}
    assert {o.path for o in component(result, STDLIB).occurrences} == {"linux/app", "copy/app", "app.exe"}


def test_one_version_with_two_checksums_is_two_components() -> None:
    other = "h1:" + "A" * 43 + "="
    result = run(
        GoBinary(),
        {"a": program(inline()), "b": program(inline(MODULES.replace(f"v1.2.3\t{H1}", f"v1.2.3\t{other}")))},
    )
    known = "pkg:golang/github.com/a/b@v1.2.3"
    assert {r for r in refs(result) if r.startswith(known)} == {f"{known}#{H1}", f"{known}#{other}"}


def test_a_module_that_is_a_program_here_and_a_library_there() -> None:
    library = f"path\tx.org/y\nmod\tx.org/y\tv1.0.0\ndep\texample.com/app\tv1.0.0\t{H1}\n"
    application = "path\texample.com/app\nmod\texample.com/app\tv1.0.0\n"
    result = run(GoBinary(), {"a": program(inline(application)), "b": program(inline(library))})
    assert component(result, f"{APP}@v1.0.0").type == "library"
    assert component(result, f"{APP}@v1.0.0#a").type == "application"


@pytest.mark.parametrize(
    ("modules", "message"),
    [
        ("=>\tx\tv1\n", "replacement of nothing"),
        ("nonsense\n", "expected key and tab"),
        ("dep\ta\tb\tc\td\n", "path, version and checksum"),
        ("dep\t\tv1\n", "path, version and checksum"),
        ("dep\texample.com/x\tv1\th1:AAAA\n", "base64"),
        ("dep\texample.com/../x\tv1\n", "dots"),
        ("dep\texample.com/x\tv1\x07\n", "control"),
    ],
)
def test_a_list_that_makes_no_sense_names_the_file(modules: str, message: str) -> None:
    with pytest.raises(MalformedDocument, match=message) as caught:
        GoBinary().read(file_of("bin/app", program(inline(modules))))
    assert caught.value.where.startswith("bin/app")


OVERLAPPING = struct.pack(">II", 0xCAFEBABE, 2) + struct.pack(">IIIII", 7, 3, 0x100, 3000, 12) * 2 + bytes(5000)


@pytest.mark.parametrize(
    "data",
    [
        b"\x7fELF",
        b"\x7fELF\x03\x01" + bytes(100),
        program(inline())[:100],
        program(inline(), Shape("Mach-O"))[:60],
        program(inline(), Shape("PE"))[:160],
        program(inline())[:52] + b"\xff" * 12 + program(inline())[64:],
        struct.pack(">IIIIIII", 0xCAFEBABE, 1, 7, 3, 0x100, 1 << 31, 12),
        fat(program(inline(), Shape("Mach-O")))[:0x1010],
        OVERLAPPING,
        program(inline())[:54] + b"\xff\xff" + program(inline())[56:],
        program(inline())[:58] + b"\xff\x7f" + program(inline())[60:],
    ],
)
def test_headers_that_contradict_the_file_are_malformed(data: bytes) -> None:
    with pytest.raises(MalformedDocument):
        GoBinary().read(file_of("bin/app", data))


def test_a_list_cut_off_is_malformed() -> None:
    with pytest.raises(MalformedDocument, match="list of modules"):
        GoBinary().read(file_of("app", program(inline()[:-40], Shape("Mach-O"))))
    with pytest.raises(MalformedDocument, match="without an end"):
        GoBinary().read(file_of("app", program(b"", read_only=START + b"path\tx\n" * 9)))


def test_many_false_magics_and_overlapping_sections_are_refused() -> None:
    with pytest.raises(LimitExceeded, match="look like build info"):
        GoBinary().read(file_of("app", program((MAGIC + b"\x08\x01") * 300)))
    whole = bytearray(program(bytes(4096)))
    segment = bytes(whole[64 : 64 + 56])
    struct.pack_into("<H", whole, 56, 5)
    whole[64 : 64 + 5 * 56] = segment * 5
    with pytest.raises(LimitExceeded, match="overlap"):
        GoBinary().read(file_of("app", bytes(whole)))


class Counting(BytesIO):
    """A stream that knows how much was asked of it at once."""

    largest = 0
    total = 0

    def read(self, size: int | None = -1, /) -> bytes:
        data = super().read(size)
        Counting.largest = max(Counting.largest, len(data))
        Counting.total += len(data)
        return data


def test_a_large_program_is_never_read_whole() -> None:
    data = program(bytes(12 << 20) + inline(), read_only=bytes(20 << 20))
    Counting.largest = Counting.total = 0

    def opened() -> BinaryIO:
        return Counting(data)

    file = File(path="app", size=len(data), sha256="0" * 64, head=data[:512], open=opened)
    assert GoBinary().read(file) is not None
    assert Counting.largest <= 1 << 20
    assert Counting.total < len(data) / 2


@pytest.mark.parametrize("before", [(1 << 20) - 33, (1 << 20) - 20, (1 << 20) - 1, 1 << 20, 5, 0])
def test_nothing_is_missed_between_two_pieces(before: int) -> None:
    data = bytes(before) + MAGIC + bytes(100) + MAGIC
    window = Window(BytesIO(data), 0, len(data))
    region = Region(name="", address=0, offset=0, size=len(data))
    assert list(window.find_all(MAGIC, region)) == [before, before + 100 + len(MAGIC)]


def test_the_order_of_files_changes_nothing() -> None:
    cataloger = GoBinary()
    files = [file_of(f"{i}/app", program(inline(MODULES.replace("1.2.3", f"1.2.{i % 3}")))) for i in range(5)]
    facts: list[tuple[File, Any]] = [(f, cataloger.read(f)) for f in files]
    assert cataloger.combine(facts) == cataloger.combine(facts[::-1])


def survives(data: bytes) -> None:
    file = file_of("bin/app", data)
    try:
        facts = GoBinary().read(file)
    except InputError:
        return
    if facts is not None:
        result = GoBinary().combine([(file, facts)])
        known = refs(result)
        assert all(e.source in known and e.target in known for e in result.edges)


@given(st.sampled_from([b"", b"\x7fELF\x02\x01", b"MZ", b"\xcf\xfa\xed\xfe", b"\xca\xfe\xba\xbe\0\0\0\1"]), st.binary())
@settings(max_examples=80, deadline=None)
def test_any_bytes_give_facts_or_one_of_our_errors(magic: bytes, rest: bytes) -> None:
    """Any bytes give a result or one of our errors."""
    survives(magic + rest)


WHOLE = [
    program(make(shape), shape, section=SECTION[shape.format])
    for shape in SHAPES
    for make in (lambda _: inline(), pointers)
]
WHOLE += [fat(program(inline(), Shape("Mach-O"))), program(b"", read_only=START + MODULES.encode() + END)]


@given(data=st.data())
@settings(max_examples=100, deadline=None)
def test_real_headers_that_were_tampered_with_give_facts_or_one_of_our_errors(data: st.DataObject) -> None:
    """Any bytes give a result or one of our errors: those of a real file but for a few."""
    whole = bytearray(data.draw(st.sampled_from(WHOLE)))
    for _ in range(data.draw(st.integers(1, 6))):
        at = data.draw(st.integers(0, len(whole) - 1) | st.integers(0, min(400, len(whole) - 1)))
        whole[at] = data.draw(st.integers(0, 255))
    survives(bytes(whole)[: data.draw(st.just(len(whole)) | st.integers(0, len(whole)))])
