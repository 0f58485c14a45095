"""`coxa page`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from coxa.cli.edge import Verbose, edge


def page_command(
    folder: Annotated[
        Path, typer.Argument(metavar="FOLDER", help="Folder of the studies, each a folder in it.")
    ] = Path(),
    port: Annotated[
        int, typer.Option("--port", min=0, max=65535, help="Port to listen on; a free one by default.")
    ] = 0,
    no_browser: Annotated[bool, typer.Option("--no-browser", help="Print the address and open no browser.")] = False,
    verbose: Verbose = False,
) -> None:
    """Open a page in the browser that leads from data files to a report; it is on this computer alone.

    Example: coxa page my-studies
    """
    with edge(verbose):
        from coxa.page.serve import serve_page

        def opened(address: str) -> None:
            typer.echo(f"page: {address}\nIt answers on this computer alone. End it with Ctrl-C, or by its button.")
            if not no_browser:
                import webbrowser

                webbrowser.open(address)

        serve_page(folder, port, opened)
        typer.echo("The page has ended.")
