"""A temporary folder of a run; what a run that was killed has left is removed by the next one."""

from __future__ import annotations

import os
import shutil
import tempfile
from functools import cache
from pathlib import Path
from typing import IO, Any

PREFIX, ALIVE = "coxa-audit-", "alive"
"""How such a folder is called, and the file in it that its run holds a lock of for as long as it lives."""


class OwnFolder(tempfile.TemporaryDirectory[str]):
    """A folder that only its owner can read, removed at the end; a lock in it says that its run is alive.

    The lock ends with the process, however that ends, so that no number of a process has to be trusted.

    Examples
    --------
    >>> folder = OwnFolder()
    >>> remove_left(Path(folder.name).parent)
    []
    >>> folder.cleanup()
    """

    def __init__(self) -> None:
        super().__init__(prefix=PREFIX, ignore_cleanup_errors=True)
        self._held = _locked(Path(self.name))

    def cleanup(self) -> None:
        """Remove the folder, and let go of the lock."""
        super().cleanup()
        if self._held is not None:
            self._held.close()
            self._held = None


def own_folder() -> OwnFolder:
    """Return a folder of this run; the first time, folders of runs that are dead are removed."""
    _once(tempfile.gettempdir())
    return OwnFolder()


@cache
def _once(folder: str) -> None:
    remove_left(Path(folder))


def remove_left(folder: Path) -> list[Path]:
    """Remove what dead runs of this user have left in a folder for temporary files, and return what was removed.

    A folder without a lock file, of another user, or whose lock is held or cannot be asked for, is left alone.
    """
    fcntl, removed = _fcntl(), []
    for place in folder.glob(f"{PREFIX}*") if fcntl else ():
        try:
            if place.is_symlink() or not place.is_dir() or place.stat().st_uid != os.getuid():
                continue
            with (place / ALIVE).open("rb") as held:
                fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
                shutil.rmtree(place, ignore_errors=True)
        except OSError:
            continue
        removed.append(place)
    return removed


def _locked(folder: Path) -> IO[bytes] | None:
    """Lock a file before it has its name, so that there is never a name without a lock while the run is alive."""
    fcntl = _fcntl()
    if fcntl is None:
        return None
    new = folder / f"{ALIVE}.new"
    held = new.open("wb")
    try:
        fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
        new.rename(folder / ALIVE)
    except OSError:  # a file system without locks: the folder is then left alone by others
        held.close()
        new.unlink(missing_ok=True)
        return None
    return held


def _fcntl() -> Any:
    """Return the module of locks, or None: Windows has none, and removes nothing."""
    try:
        import fcntl
    except ImportError:
        return None
    return fcntl
