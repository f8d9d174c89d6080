"""supplychain sbom create|validate."""

import argparse
from datetime import UTC, datetime
from pathlib import Path

from supplychain.api.sbom import create, validate
from supplychain.cli.arguments import Context, Rendering, add_output, command_line
from supplychain.cli.show import show
from supplychain.errors import UsageError


def configure_sbom(parser: argparse.ArgumentParser) -> None:
    """The verbs of the noun."""
    verbs = parser.add_subparsers(metavar="create | validate", required=True)
    made = verbs.add_parser("create", help="write what a file or folder holds, in one walk", allow_abbrev=False)
    made.add_argument("path", metavar="PATH", help="file (archive, wheel, binary) or folder")
    add_output(made, "cyclonedx-json", "spdx-json")
    made.add_argument("--spec-version", metavar="VERSION", help="of CycloneDX: 1.6 (default) or 1.7")
    files = made.add_mutually_exclusive_group()
    files.add_argument("--files", action="store_true", default=None, help="list every file; the default for a file")
    files.add_argument(
        "--no-files", dest="files", action="store_false", help="components only; the default for a folder"
    )
    made.add_argument("--allow-empty", action="store_true", help="write a document although nothing was recognised")
    made.set_defaults(run=run_create)
    checked = verbs.add_parser("validate", help="hold documents against the schema of their format", allow_abbrev=False)
    checked.add_argument("documents", metavar="SBOM", nargs="+")
    add_output(checked, "text", "json")
    checked.set_defaults(run=run_validate)


def source_date(context: Context) -> datetime | None:
    """SOURCE_DATE_EPOCH as a time; None when it is not set."""
    text = context.environment.get("SOURCE_DATE_EPOCH")
    if text is None:
        return None
    try:
        return datetime.fromtimestamp(int(text), UTC)
    except (ValueError, OverflowError, OSError):
        raise UsageError(f"SOURCE_DATE_EPOCH={text[:40]!r} is no number of seconds") from None


def run_create(args: argparse.Namespace, context: Context) -> int:
    """One walk, the documents to their files or to stdout, the summary to stderr."""
    outputs = args.outputs or [Rendering("cyclonedx-json", None)]
    if len([path for _, path in outputs if not path]) > 1:
        raise UsageError("only one document fits on stdout", hint="give the others a path: -o spdx-json=app.spdx.json")
    size = Path(args.path).stat().st_size if Path(args.path).is_file() else None
    with context.console.progress(Path(args.path).name, total=size) as progress:
        result = create(
            args.path,
            [name for name, _ in outputs],
            created=source_date(context),
            spec_version=args.spec_version,
            files=args.files,
            allow_empty=args.allow_empty,
            progress=progress,
        )
    for name, path in outputs:
        if not path:
            context.stdout.write_bytes(result.documents[name])
    written = result.write({name: path for name, path in outputs if path})
    show(result.inventory, None, context, to_console=True)
    if written.files:
        show(written, None, context, to_console=True)
        context.console.next(command_line("sbom", "validate", *written.files))
    else:
        context.console.next(command_line("sbom", "create", args.path, "-o", f"{outputs[0].format}=FILE"))
    return 0


def run_validate(args: argparse.Namespace, context: Context) -> int:
    """Each document, every problem."""
    result = validate(args.documents)
    show(result, args.outputs, context)
    if result.exit_code == 0:
        kind = "spdx" if "SPDX" in result.documents[0].format else "cyclonedx"
        predicate = ("--type", kind, "--predicate", args.documents[0])
        context.console.next(command_line("attest", "ARTIFACT", *predicate, "--key", "release.key"))
    return result.exit_code
