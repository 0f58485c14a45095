"""Rows of a description by arm: one statistic per arm, from the numbers of its participants, sessions or events."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from coxa.study import Study
from coxa.tables.formats import cell, counted, share
from coxa.tables.prose import with_n
from coxa.tables.table import Cell, Column, Row, Statistic

Numbers = Mapping[str, float] | pd.Series
"""Arm -> a number."""


@dataclass(frozen=True, slots=True)
class ByArm:
    """Makes the rows of one table: `analysis` is its name in addresses, `arms` its columns."""

    analysis: str
    arms: tuple[str, ...]

    def at(self, term: str, arm: str, visit: str = "") -> Statistic:
        """Return the address of a cell."""
        return Statistic(analysis=self.analysis, term=term, arm=arm, visit=visit)

    def counts(self, label: str, term: str, n: Numbers, level: int = 0) -> Row:
        """Return a row of whole numbers; an arm that is not named has none."""
        cells = (cell("count", {"n": n.get(arm, 0)}, self.at(term, arm)) for arm in self.arms)
        return Row(label, tuple(cells), level)

    def shares(
        self,
        label: str,
        term: str,
        n: Numbers,
        total: Numbers,
        level: int = 0,
        *,
        of: bool = False,
    ) -> Row:
        """Return a row of n (%), or n/N (%) with `of`; a dash for an arm of which there is nobody or nothing."""
        rule = "count_of_percent" if of else ""
        cells = (share_cell(n.get(arm, 0), total.get(arm, 0), self.at(term, arm), rule) for arm in self.arms)
        return Row(label, tuple(cells), level)

    def numbers(
        self, label: str, term: str, rule: str, frame: pd.DataFrame, column: str, level: int = 0, decimals: int = 1
    ) -> Row:
        """Return a row of mean (SD), or median [Q1, Q3], of a column of `frame` by its `arm`; missing is left out."""
        values = known_by_arm(frame, column, self.arms)
        cells = (summarised(rule, known, self.at(term, arm), decimals) for arm, known in values.items())
        return Row(label, tuple(cells), level)


def known_by_arm(frame: pd.DataFrame, column: str, arms: Iterable[str]) -> dict[str, NDArray[np.float64]]:
    """Return the known values of a column in each arm."""
    values, of = frame[column].to_numpy(dtype=float, na_value=np.nan), frame["arm"].to_numpy(dtype=object)
    known = ~np.isnan(values)
    return {arm: values[known & (of == arm)] for arm in arms}


def share_cell(n: float, total: float, at: Statistic, rule: str = "") -> Cell:
    """Return n (%), or what `rule` says; a dash of nobody."""
    values = {"n": float(n), "total": float(total), "share": share(n, total)}
    if not total:
        values = dict.fromkeys(values, float("nan"))
    if not rule:
        del values["total"]
    return cell(rule or "count_percent", values, at)


def named_columns(
    study: Study, sizes: Mapping[str, int], analysis: str = "participants", term: str = "allocated"
) -> tuple[Column, ...]:
    """Return one column per group with the number of participants in its heading: those allocated, unless said."""
    return tuple(Column(with_n(study.groups[arm], counted(n, analysis, term, arm))) for arm, n in sizes.items())


def group_columns(study: Study, sizes: Mapping[str, int]) -> tuple[Column, ...]:
    """Return one column per arm or group, or one of all participants in a study without them, with its number."""
    return tuple(
        Column(with_n(study.groups[arm], counted(n, "participants", study.counted_as, arm))) for arm, n in sizes.items()
    )


def summarised(rule: str, known: NDArray[np.float64], at: Statistic, decimals: int = 1) -> Cell:
    """Return mean (SD), or median [Q1, Q3], of known values; dashes of nothing, and for the SD of a single value."""
    if rule == "mean_sd":
        mean = known.mean() if len(known) else float("nan")
        sd = known.std(ddof=1) if len(known) > 1 else float("nan")
        return cell(rule, {"mean": mean, "sd": sd}, at, decimals)
    q1, median, q3 = np.quantile(known, (0.25, 0.5, 0.75)) if len(known) else (float("nan"),) * 3
    return cell(rule, {"median": median, "q1": q1, "q3": q3}, at, decimals)
