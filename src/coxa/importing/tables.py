"""A table of a file as it was read."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
import pandas as pd
from numpy.typing import NDArray


@dataclass(frozen=True, slots=True, eq=False)
class FileTable:
    """One table: a text file, a sheet, or a table of a database.

    file        : as it is called in the plan, relative to the folder that all files share; an address for a server
    sheet       : sheet or table; empty where the file has one table
    n_sheets    : tables of the file that hold something
    frame       : values under the names of the file, without the rows of `left_out`
    source_row  : (rows,) number of each row in the file
    labels      : column -> {code: label}, where the file has value labels
    coded       : column -> codes that the file itself declares missing
    header_row  : rows that name the columns; None where it is the first
    parts       : column -> its names in the several rows of the header
    title       : what is written above the header
    left_out    : row -> why it is not a row of data: a total, a footnote
    n_empty     : rows without a value
    decimal     : decimal mark that the texts of the file prove
    database    : whether it is a table of a database
    """

    file: str
    sheet: str
    frame: pd.DataFrame
    source_row: NDArray[np.int64]
    n_sheets: int = 1
    labels: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    coded: Mapping[str, frozenset[str]] = field(default_factory=dict)
    header_row: tuple[int, ...] | None = None
    parts: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    title: str = ""
    left_out: Mapping[int, str] = field(default_factory=dict)
    n_empty: int = 0
    decimal: str | None = None
    database: bool = False

    @property
    def place(self) -> str:
        """File, and sheet where there are several."""
        return f"{self.file}, {self.sheet}" if self.sheet and self.n_sheets > 1 else self.file
