"""The rows of a frame as plain records."""

from __future__ import annotations

from typing import Any

import pandas as pd

Record = dict[str, Any]
"""A row: column -> value."""


def records(frame: pd.DataFrame) -> list[Record]:
    """Return the rows of a frame in their order, columns by name."""
    return [{str(name): value for name, value in row.items()} for row in frame.to_dict("records")]
