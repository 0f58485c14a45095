"""How the sheet and the answer of a lesson look in a terminal."""

from __future__ import annotations

import re

import typer
from rich.markdown import Markdown
from rich.theme import Theme

from coxa.cli.show import console

HEADING = re.compile(r"^#+ (.*)$", re.MULTILINE)
CODE = re.compile(r"(```.*?```)", re.DOTALL)


def show_markdown(text: str) -> None:
    """Print Markdown as a terminal shows it; as it is where it goes to a file, which is then a page."""
    out = console()
    if not out.is_terminal:
        typer.echo(text)
        return
    out.no_color = True  # bold alone is read on light and dark grounds
    out.push_theme(Theme({"markdown.code": "bold", "markdown.code_block": "none"}))
    parts = CODE.split(text)
    parts[::2] = [HEADING.sub(r"**\1**", part) for part in parts[::2]]  # a comment in code is no heading
    out.print(Markdown("".join(parts), code_theme="ansi_light"))
    out.print()
