"""Whom a committee sees: all participants together, or the arms under letters."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, replace
from string import ascii_uppercase
from typing import Any, Literal, get_args

import pandas as pd

from coxa.study.comparative import ComparativeStudy
from coxa.tables.cells import Cell, Statistic
from coxa.tables.formats import cell, counted
from coxa.tables.prose import with_n
from coxa.tables.table import Column

Arms = Literal["pooled", "masked"]
ARMS: tuple[Arms, ...] = get_args(Arms)

ANALYSIS = "committee"
TOGETHER = "total"


@dataclass(frozen=True, slots=True)
class Groups:
    """The columns of a committee's tables.

    labels  : code of a group -> its label
    code_of : arm -> code of the group it is in
    """

    labels: Mapping[str, str]
    code_of: Mapping[str, str]

    def of(self, arms: pd.Series) -> pd.Series:
        """Return the code of the group of each row; missing where a participant is in no arm."""
        return arms.map(self.code_of)

    def columns(self, sizes: Mapping[Any, int]) -> tuple[Column, ...]:
        """Return a column for each group with its number of participants."""
        return tuple(
            Column(with_n(label, counted(sizes.get(code, 0), ANALYSIS, "randomised", code)))
            for code, label in self.labels.items()
        )

    def cells(self, numbers: Mapping[Any, int], term: str, visit: str = "") -> tuple[Cell, ...]:
        """Return a count for each group, zero where there is none."""
        at = Statistic(analysis=ANALYSIS, term=term, visit=visit)
        return tuple(cell("count", {"n": numbers.get(code, 0)}, self.at(at, code)) for code in self.labels)

    def at(self, place: Statistic, code: str) -> Statistic:
        """Return the place of a number as that of one group."""
        return replace(place, arm=code)


def groups_of(study: ComparativeStudy, arms: Arms) -> Groups:
    """Return one group of all arms, or the arms as A, B, C in an order that does not follow from the plan's.

    The order of masked arms depends on the name of the study and of the arms only, so that two reports to a committee
    use the same letters. Who knows the plan can work it out: it hides the arms from a reader, not from the team.
    """
    if arms == "pooled":
        return Groups({TOGETHER: f"All {study.words.arms}"}, dict.fromkeys(study.arm_order, TOGETHER))
    drawn = sorted(study.arm_order, key=lambda arm: hashlib.sha256(f"{study.study}/{arm}".encode()).hexdigest())
    codes = dict(zip(drawn, ascii_uppercase, strict=False))
    named = {code: f"{study.words.arm.capitalize()} {code}" for code in codes.values()}
    return Groups(named, codes)
