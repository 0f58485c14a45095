"""Open the page: listen on this computer alone, tell where, and end without leaving anything behind."""

from __future__ import annotations

import socket
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

import uvicorn

from coxa.errors import OptionError
from coxa.page.app import page_app
from coxa.page.door import ADDRESS, Door
from coxa.page.home import WORK, Home
from coxa.page.one_page import only_page

GRACE = 2
"""Seconds that open requests have when the page is ended."""


def serve_page(folder: Path, port: int = 0, opened: Callable[[str], None] = lambda _: None) -> None:
    """Serve the page of a folder until it is ended by its button, or by Ctrl-C.

    Parameters
    ----------
    folder
        The chosen folder.
    port
        To listen on; a free one where it is 0.
    opened
        Is told the address when the page listens.

    Raises
    ------
    OptionError
        There is no such folder, another page is open for it, or the port is taken.
    """
    home = Home.of(folder)
    with only_page(home.folder), listening(port) as listener:
        door = Door(listener.getsockname()[1])
        server: uvicorn.Server | None = None

        def stop() -> None:
            if server is not None:
                server.should_exit = True

        app = page_app(home, door, end=stop)
        tempfile.tempdir = str(home.folder / WORK)
        config = uvicorn.Config(
            app, log_level="error", access_log=False, server_header=False, timeout_graceful_shutdown=GRACE,
            lifespan="off", ws="none",
        )  # fmt: skip
        server = uvicorn.Server(config)
        opened(door.address)
        try:
            server.run(sockets=[listener])
        except KeyboardInterrupt:
            pass
        finally:
            app.app.state.desk.runs.end()
            tempfile.tempdir = None
            home.tidy()


def listening(port: int) -> socket.socket:
    """Return a socket that listens on this computer alone."""
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    if sys.platform != "win32":  # there it would let another program listen as well
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((ADDRESS, port))
        listener.listen()
    except OSError:
        listener.close()
        raise OptionError(f"Port {port} is taken. Choose another with `--port`, or leave it out.") from None
    return listener
