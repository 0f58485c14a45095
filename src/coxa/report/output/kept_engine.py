"""The engine of interactive figures, bundled once per machine: bundling it takes longer than a page."""

from __future__ import annotations

import contextlib
import hashlib
import os
from collections.abc import Callable
from pathlib import Path

from coxa.files import save


def kept_script(name: str, bundle: Callable[[], str]) -> str:
    """Return a script from the user's cache, or bundle it and keep it there.

    Parameters
    ----------
    name
        Of the file; it names the version of what is bundled, so that another version is another file.
    bundle
        Makes the script. Called where no file is kept, or where it is not what was written: its first line is the
        SHA-256 of the rest.

    Notes
    -----
    A cache that cannot be read or written costs time and nothing else.
    """
    try:
        path = cache_folder() / name
        digest, _, script = path.read_bytes().decode("utf-8").partition("\n")
        if digest == _digest(script):
            return script
    except (OSError, RuntimeError, UnicodeDecodeError):
        pass
    script = bundle()
    with contextlib.suppress(OSError, RuntimeError):
        save(cache_folder() / name, f"{_digest(script)}\n{script}")
    return script


def cache_folder() -> Path:
    """Return where the user's system keeps what can be made again; `RuntimeError` where the user has no home."""
    named = os.environ.get("XDG_CACHE_HOME") or os.environ.get("LOCALAPPDATA")
    return (Path(named) if named else Path.home() / ".cache") / "coxa"


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8")).hexdigest()
