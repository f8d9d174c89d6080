"""The command line: parse, one call of the library, render, exit code. It uses only what the library promises."""
