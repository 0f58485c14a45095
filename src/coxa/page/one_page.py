"""One page at a time for a folder: what a second one tidied up at its start would be the work of the first."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO

from coxa.errors import OptionError

NAME = ".coxa-page.lock"


@contextmanager
def only_page(folder: Path) -> Iterator[None]:
    """Hold the folder while the block runs; the system lets go of it when the process ends, however it ends.

    Raises
    ------
    OptionError
        Another page is open for the folder.
    """
    path = folder / NAME
    with path.open("a+b") as file:
        try:
            _hold(file)
        except OSError:
            raise OptionError(f"A page is open for {folder} already. Go on with that one, or end it first.") from None
        yield
        with suppress(PermissionError):  # Windows removes no file that is open
            path.unlink(missing_ok=True)


def _hold(file: IO[bytes]) -> None:
    """Lock a file for this process alone, without waiting."""
    if sys.platform == "win32":
        import msvcrt

        msvcrt.locking(file.fileno(), msvcrt.LK_NBLCK, 1)
    else:
        import fcntl

        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
