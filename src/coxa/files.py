"""Files that are written whole: each under its name only when it is complete, those of one run all together.

A file is written under another name in its folder and renamed. The files of a run are written to a hidden folder
inside the one where they belong; renaming that hidden folder is the moment from which the run counts. What was
stopped before is as if it had never been; what was stopped after is completed by whoever reads or writes there next.
"""

from __future__ import annotations

import contextlib
import errno
import math
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from coxa.errors import CoxaError, DataError
from coxa.findings import Finding, Findings

if TYPE_CHECKING:
    import pandas as pd

WRITING, COMPLETE = ".coxa-writing", ".coxa-complete"
"""Folder of a run that is still being written, and of one whose files only have to be moved to their places."""

LONGEST = 200
"""Characters of a library's message that a finding repeats."""

OWNER_ONLY, ORDINARY = 0o600, 0o666
"""Permissions of a file that identifies participants (its owner reads and writes it, others nothing), and of any other
before the system takes away what it takes from all new files."""


@contextmanager
def whole_file(path: Path, private: bool = False) -> Iterator[Path]:
    """Yield a path to write to; when the block ends without an error, the file there gets its name.

    Parameters
    ----------
    path
        Where the file belongs; its folder is made if it is missing.
    private
        Whether only the owner may read the file, because it identifies participants. Systems without such
        permissions (Windows) keep those of the folder.

    Raises
    ------
    OSError
        If the file cannot be written; `filename` is `path`, and what was there before is unchanged.
    """
    with _named(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        place = path.resolve()
        if place.exists() and not place.is_file():
            yield path  # a device or a pipe: nothing to be renamed
            return
        part = place.with_name(f".{place.name}.part")
        part.unlink(missing_ok=True)
        try:
            part.touch(mode=OWNER_ONLY if private else ORDINARY)
            yield part
            part.replace(place)
        finally:
            part.unlink(missing_ok=True)


def save(path: Path, content: str | bytes, private: bool = False) -> Path:
    """Write a text (as UTF-8, line ends as they are) or bytes to a file; return its path. See `whole_file`."""
    with whole_file(path, private) as part:
        part.write_bytes(content.encode("utf-8") if isinstance(content, str) else content)
    return path


def save_parquet(frame: pd.DataFrame, path: Path, private: bool = False) -> Path:
    """Write a table as Parquet without its index; return its path. See `whole_file`.

    Texts are written as those of Arrow, however pandas keeps them: the same table gives the same bytes.
    """
    import pandas as pd

    arrow = pd.StringDtype("pyarrow", na_value=math.nan)
    with whole_file(path, private) as part:
        frame.astype({name: arrow for name, dtype in frame.dtypes.items() if dtype == "str"}).to_parquet(
            part, index=False
        )
    return path


@contextmanager
def whole_run(folder: Path) -> Iterator[Path]:
    """Yield an empty folder to write to; when the block ends without an error, its files move to `folder` together.

    Parameters
    ----------
    folder
        Where the files belong; made if it is missing. Other files in it stay; files of the same names are replaced.

    Raises
    ------
    OSError
        If a file cannot be written; `filename` is its final path, and `folder` is as it was.
    """
    settle(folder)
    writing = folder / WRITING
    made = [path for path in (folder, *folder.parents) if not path.exists()]
    try:
        with _named(folder):
            shutil.rmtree(writing, ignore_errors=True)
            writing.mkdir(parents=True)
        yield writing
        with _named(folder):
            writing.rename(folder / COMPLETE)
    except BaseException as error:
        shutil.rmtree(writing, ignore_errors=True)
        for path in made:
            with contextlib.suppress(OSError):
                path.rmdir()
        if isinstance(error, OSError) and error.filename:
            error.filename = str(_final(Path(error.filename), writing, folder))
        raise
    settle(folder)


def settle(folder: Path) -> None:
    """Complete a run that was stopped while its files moved to their places; do nothing where there is none."""
    complete = folder / COMPLETE
    if not complete.is_dir():
        return
    for part in sorted(path for path in complete.rglob("*") if path.is_file()):
        place = folder / part.relative_to(complete)
        with _named(place):
            place.parent.mkdir(parents=True, exist_ok=True)
            part.replace(place)
    shutil.rmtree(complete)


@contextmanager
def undamaged(path: Path, remedy: str) -> Iterator[None]:
    """Turn what reading a damaged file raises, in any part of it, into a `DataError` with one finding.

    Parameters
    ----------
    path
        The file that is read inside.
    remedy
        What to do about it, as a sentence.
    """
    try:
        yield
    except CoxaError:
        raise
    except OSError as error:
        if error.errno is not None:
            raise
        raise _damaged(path, remedy, error) from None
    except (ArithmeticError, AttributeError, LookupError, RecursionError, TypeError, ValueError) as error:
        raise _damaged(path, remedy, error) from None


def _damaged(path: Path, remedy: str, error: Exception) -> DataError:
    what = " ".join(f"{type(error).__name__}: {error}".split())[:LONGEST]
    found = Finding("error", path.name, "the file is damaged", remedy, value=what)
    return DataError(f"{path} cannot be read", Findings((found,)))


def is_empty(folder: Path) -> bool:
    """Return whether a folder is missing or holds nothing, apart from what a stopped run left unfinished."""
    return not folder.exists() or all(path.name == WRITING for path in folder.iterdir())


@contextmanager
def _named(path: Path) -> Iterator[None]:
    """Give an error of the system the name of the file that could not be written, where it has none or another."""
    try:
        yield
    except FileNotFoundError:
        raise
    except OSError as error:
        if error.errno is None and "No space left" in str(error):
            error.errno, error.strerror = errno.ENOSPC, os.strerror(errno.ENOSPC)
        error.filename = str(path)
        error.filename2 = None
        raise


def _final(path: Path, writing: Path, folder: Path) -> Path:
    return folder / path.relative_to(writing) if path.is_relative_to(writing) else path
