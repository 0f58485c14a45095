"""The file that holds a Word document, without the time at which it was made."""

from __future__ import annotations

import io
import zipfile
from datetime import UTC, datetime

EPOCH = datetime(2000, 1, 1, tzinfo=UTC)
"""The date in the properties of every document, so that the same document gives the same bytes."""

FIRST_DAY = (1980, 1, 1, 0, 0, 0)
"""The date of every part: the first that a ZIP file can hold."""


def same_every_time(package: bytes) -> bytes:
    """Return the same parts in the same order, with one date."""
    held = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(package)) as old, zipfile.ZipFile(held, "w") as new:
        for name in old.namelist():
            part = zipfile.ZipInfo(name, FIRST_DAY)
            part.compress_type = zipfile.ZIP_DEFLATED
            part.create_system = 0
            new.writestr(part, old.read(name))
    return held.getvalue()
