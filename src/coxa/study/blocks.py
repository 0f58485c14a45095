"""Blocks of periods: in each, a participant takes every treatment once, in an order of his or her own."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pydantic import Field, ValidationError, model_validator

from coxa.study.base import Part
from coxa.study.parts import Visit
from coxa.study.periods import Fault, Periods, PeriodTreatments

EVERYBODY = "total"
"""The one arm of a plan in which each participant takes all treatments: the name that all participants have."""

EVERYBODY_LABEL = "All participants"
MOST_BLOCKS = 20
SEQUENCE = "sequence"
"""Column of the participants table: treatments in the order in which the participant took them."""


class Blocks(Part):
    """The periods of n-of-1 trials: blocks with every treatment once, in random order."""

    treatments: PeriodTreatments = Field(
        min_length=2, description="The treatments that estimands compare; name: label."
    )
    number: int = Field(ge=2, le=MOST_BLOCKS, description="Blocks of each participant.")
    period_days: int = Field(ge=1, description="Days of a period; the first period begins on study day 1.")
    run_in_days: int = Field(
        0,
        ge=0,
        description="First days of each period that are not analysed, so that what is left of the treatment before can "
        "fade; of outcomes from the daily diary.",
    )

    washout_days: int = Field(
        0,
        ge=0,
        description="Days without any of the treatments between two periods, so that what is left of the one before "
        "can fade; they belong to no period and are not analysed.",
    )

    @model_validator(mode="after")
    def _days_are_left(self) -> Blocks:
        if self.run_in_days >= self.period_days:
            raise ValueError(
                f"`run_in_days` is {self.run_in_days} and a period has {self.period_days} days; leave at least one"
            )
        return self

    @property
    def n_periods(self) -> int:
        """Periods of a participant."""
        return self.number * len(self.treatments)

    @property
    def visits(self) -> tuple[str, ...]:
        """Names of the visits at the ends of the periods, in order."""
        return tuple(f"period_{place}" for place in range(1, self.n_periods + 1))

    @property
    def analysed_days(self) -> int:
        """Days of a period that are analysed."""
        return self.period_days - self.run_in_days

    def day(self, period: int) -> int:
        """Return the last study day of a period, counted from 1.

        Examples
        --------
        >>> treatments = {"a": "A", "b": "B"}
        >>> blocks = Blocks.model_validate(
        ...     {"treatments": treatments, "number": 2, "period_days": 7, "washout_days": 3}
        ... )
        >>> [blocks.day(period) for period in (1, 2)]
        [7, 17]
        """
        return period * self.period_days + (period - 1) * self.washout_days

    def places(self, day: NDArray[np.integer[Any]]) -> tuple[NDArray[np.integer[Any]], NDArray[np.integer[Any]]]:
        """Return for study days (from 1) the period, counted from 1, and the day of it; days after it are of a washout.

        Examples
        --------
        >>> blocks = Blocks.model_validate(
        ...     {"treatments": {"a": "A", "b": "B"}, "number": 2, "period_days": 7, "washout_days": 3}
        ... )
        >>> [one.tolist() for one in blocks.places(np.array([1, 7, 9, 11]))]
        [[1, 1, 1, 2], [1, 7, 9, 1]]
        """
        cycle = self.period_days + self.washout_days
        return (day - 1) // cycle + 1, (day - 1) % cycle + 1

    def block(self, period: int) -> int:
        """Return the block of a period; both are counted from 1.

        Examples
        --------
        >>> blocks = Blocks.model_validate({"treatments": {"a": "A", "b": "B"}, "number": 3, "period_days": 7})
        >>> blocks.block(3), blocks.day(3), blocks.visits[-1]
        (2, 21, 'period_6')
        """
        return (period - 1) // len(self.treatments) + 1


class BlockPeriods(Periods):
    """Periods whose treatments each participant takes in an order of his or her own."""

    own_sequences = True


def periods_of(blocks: Blocks) -> BlockPeriods:
    """Return the periods of blocks, as what compares treatments in periods asks for them."""
    return BlockPeriods.model_construct(
        treatments=blocks.treatments, sequences={}, visits=blocks.visits, washout_days=None
    )


def sequence_fault(blocks: Blocks, words: list[str]) -> str | None:
    """Return what is wrong with the treatments that a participant took, in order; None where nothing is.

    Examples
    --------
    >>> blocks = Blocks.model_validate({"treatments": {"a": "A", "b": "B"}, "number": 2, "period_days": 7})
    >>> sequence_fault(blocks, ["a", "b", "b", "a"]), sequence_fault(blocks, ["a", "a", "b", "b"])
    (None, 'block 1 has a twice')
    """
    for word in words:
        if word not in blocks.treatments:
            return f"{word} is not a treatment of the plan"
    if len(words) > blocks.n_periods:
        return f"it has {len(words)} treatments, and there are {blocks.n_periods} periods"
    for place, word in enumerate(words):
        block = blocks.block(place + 1)
        if word in words[(block - 1) * len(blocks.treatments) : place]:
            return f"block {block} has {word} twice"
    return None


def words_of(sequence: Any) -> list[str]:
    """Return the treatments of a sequence as it is written: names with spaces, commas, semicolons or > between them.

    Examples
    --------
    >>> words_of("heat, usual; usual > heat")
    ['heat', 'usual', 'usual', 'heat']
    """
    text = str(sequence)
    for mark in ",;>|-/":
        text = text.replace(mark, " ")
    return text.split()


def block_faults(arms: Mapping[str, Any], blocks: Blocks, visits: Mapping[str, Visit]) -> Iterator[Fault]:
    """Yield what is wrong between the blocks of a plan, its arms and its visits."""
    if len(arms) != 1:
        yield ("arms",), "participants of n-of-1 trials are in one arm; remove `arms`, treatments are under `blocks`"
    for treatment in blocks.treatments:
        if treatment in arms:
            yield (
                ("blocks", "treatments", treatment),
                f"'{treatment}' is the name of the arm of all participants too; choose another name",
            )
    for place, name in enumerate(blocks.visits, 1):
        if visits[name].day != blocks.day(place):
            yield (
                ("visits", name, "day"),
                f"period {place} of {blocks.period_days} days each{_washout(blocks)} ends on day {blocks.day(place)}; "
                "write that day, or "
                "leave the visit out",
            )


def _washout(blocks: Blocks) -> str:
    return f", with {blocks.washout_days} days of washout between them," if blocks.washout_days else ""


def filled(given: Any) -> Any:
    """Return the keys of a plan with what follows from its blocks: its arm, its visits, days of the diary.

    What the plan says itself is kept. Of a plan whose blocks have a fault that fault is said, and no other.
    """
    if not isinstance(given, Mapping):
        return given
    part = given.get("blocks")
    try:
        blocks = part if isinstance(part, Blocks) else Blocks.model_validate(part)
    except ValidationError:  # said of the blocks; visits that would follow from them are no fault of their own
        return {**given, "estimands": _each(given.get("estimands"), lambda one: _with_visits(("period_1",), one))}
    made = dict(given)
    if not made.get("arms"):
        made["arms"] = {EVERYBODY: {"label": EVERYBODY_LABEL}}
    made["visits"] = _visits(blocks, made.get("visits") or {})
    made["outcomes"] = _each(made.get("outcomes"), lambda one: _with_days(blocks, one))
    made["estimands"] = _each(made.get("estimands"), lambda one: _with_visits(blocks.visits, one))
    return made


def _each(parts: Any, change: Any) -> Any:
    return {name: change(one) for name, one in parts.items()} if isinstance(parts, Mapping) else parts


def _visits(blocks: Blocks, given: Any) -> Any:
    """Return the visits of a plan with a baseline and the ends of the periods."""
    if not isinstance(given, Mapping):
        return given

    def at_start(one: Any) -> bool:
        part = one if isinstance(one, Mapping) else one.__dict__ if isinstance(one, Visit) else {}
        return bool(part.get("baseline")) or part.get("day") == 0

    first = {} if any(at_start(one) for one in given.values()) else {"baseline": {"label": "Baseline", "day": 0}}
    ends = {name: {"label": f"Period {place}", "day": blocks.day(place)} for place, name in enumerate(blocks.visits, 1)}
    said = {name: {**ends.get(name, {}), **one} if isinstance(one, Mapping) else one for name, one in given.items()}
    return {**first, **said, **{name: one for name, one in ends.items() if name not in said}}


def _with_days(blocks: Blocks, outcome: Any) -> Any:
    """Return an outcome from the diary with the analysed days of a period as its window."""
    source = outcome.get("source") if isinstance(outcome, Mapping) else None
    if not isinstance(source, Mapping) or source.get("table") != "daily_diary" or {"days", "window"} & set(source):
        return outcome
    return {**outcome, "source": {**source, "days": blocks.analysed_days}}


def _with_visits(visits: tuple[str, ...], estimand: Any) -> Any:
    """Return an estimand of all periods, where it names none."""
    endpoint = estimand.get("endpoint") if isinstance(estimand, Mapping) else None
    if not isinstance(endpoint, Mapping) or endpoint.get("visit"):
        return estimand
    return {**estimand, "endpoint": {**endpoint, "visit": list(visits)}}
