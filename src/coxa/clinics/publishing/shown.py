"""Which counts are shown, and what a shown one is."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from coxa.disclosure.protect import Protected
from coxa.disclosure.tables import NOT_RECORDED, TOTAL, Key, rows_of


@dataclass(frozen=True, slots=True)
class Shown:
    """The counts of a publication as a reader has them.

    counts : what is counted and whom -> the number, rounded where that was asked for; NaN where it is hidden
    """

    counts: Mapping[Key, float]

    @classmethod
    def of(cls, protected: Protected) -> Shown:
        """Return the counts of protected tables."""
        counts: dict[Key, float] = {}
        for table in protected.tables:
            counts |= dict(zip(table.counted(), table.cells["n"].astype(float), strict=True))
        return cls(counts)

    def column(self, measure: str, groups: pd.DataFrame, dimensions: Sequence[str]) -> np.ndarray:
        """Return the shown counts of groups; NaN where one is hidden, or was never counted."""
        if not dimensions:
            return np.full(len(groups), self.counts.get((measure, frozenset()), np.nan))
        levels = pd.DataFrame({name: groups[name].astype("str").fillna(NOT_RECORDED) for name in dimensions})
        places = (
            frozenset((name, level) for name, level in zip(dimensions, row, strict=True) if level != TOTAL)
            for row in rows_of(levels, dimensions)
        )
        return np.array([self.counts.get((measure, place), np.nan) for place in places], dtype=float)

    def total(self, measure: str) -> float:
        """Return the count of all; NaN where it is hidden."""
        return self.counts.get((measure, frozenset()), np.nan)
