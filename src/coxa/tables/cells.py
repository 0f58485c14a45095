"""A shown number: the text, and the statistics behind it."""

from __future__ import annotations

import math
from dataclasses import dataclass

WHOSE = ("estimand", "analysis", "visit", "arm", "reference", "term")
"""Parts of the address of a `Statistic`, beside its name; columns of that name say whose a number is."""

BEHIND = ("n_participants", "n_observations")
"""Columns that tell how much is behind an estimate."""


@dataclass(frozen=True, slots=True)
class Statistic:
    """One number behind a cell: its address and its value, unrounded.

    name      : which statistic ("mean", "estimate", "conf_low", "n" ...)
    value     : the number; NaN where there is none
    analysis  : analysis of the plan, or the table's own name where no model is behind it
    term      : the row of the estimates ("difference"), or the variable described
    reference : the arm, or level, that it is compared with
    """

    name: str = ""
    value: float = math.nan
    estimand: str = ""
    analysis: str = ""
    term: str = ""
    visit: str = ""
    arm: str = ""
    reference: str = ""

    @property
    def key(self) -> str:
        """The address in one word, parts without meaning as a dash."""
        parts = (self.estimand, self.analysis, self.term, self.visit, self.arm, self.name)
        return "/".join(part or "-" for part in parts)


@dataclass(frozen=True, slots=True)
class Cell:
    """Text to show, the statistics it was made from, and the mark of a footnote, if it has one.

    A cell without statistics is words; in a sentence, words that depend on the data.

    rule, decimals : how the text was made from the statistics: a rule of `coxa.tables.formats.RULES`, and what `v` is
                     in it
    of_people      : whether its counts are of people or of what happened to them, so that small ones are not shared
    made_from      : counts that the numbers give away, though they are not in the text (the events behind a rate)
    """

    text: str
    statistics: tuple[Statistic, ...] = ()
    mark: str = ""
    rule: str = ""
    decimals: int = 0
    of_people: bool = True
    made_from: tuple[Statistic, ...] = ()
