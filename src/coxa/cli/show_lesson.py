"""How the sheet and the answer of a lesson look in a terminal."""

from __future__ import annotations

import re

import typer
from rich.markdown import Markdown

from coxa.cli.show import console

HEADING = re.compile(r"^#+ (.*)$", re.MULTILINE)
COMMENT = re.compile(r"(```.*?```)", re.DOTALL)


def show_markdown(text: str) -> None:
    """Print Markdown as a terminal shows it; as it is where it goes to a file, which is then a page."""
    out = console()
    if not out.is_terminal:
        typer.echo(text)
        return
    parts = COMMENT.split(text)
    parts[::2] = [HEADING.sub(r"**\1**", part) for part in parts[::2]]  # but for comments in code
    out.print(Markdown("".join(parts), code_theme="ansi_light"))
    out.print()
