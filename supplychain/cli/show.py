"""From a result to where it goes: stdout, files written whole, or the people's stream."""

from collections.abc import Sequence

from supplychain import _io
from supplychain.api.render import Result, render, render_for
from supplychain.cli.arguments import Context, Rendering


def show(
    result: Result,
    outputs: Sequence[Rendering] | None,
    context: Context,
    *,
    verbose: bool = False,
    to_console: bool = False,
) -> None:
    """Render a result in every format that was asked for; as text when none was."""
    for name, path in outputs or [Rendering("text", None)]:
        if path:
            _io.write_atomic(path, render(result, name).encode())
            continue
        shown = render_for(result, name, width=context.width, colour=context.colour, verbose=verbose)
        if to_console:
            context.console.screen(shown)
        else:
            context.stdout.write(shown)
