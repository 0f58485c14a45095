"""Treatments that are received one after the other: which one each arm receives in which period."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Annotated, Any, ClassVar

from pydantic import BeforeValidator, Field, model_validator

from coxa.errors import not_allowed
from coxa.study.parts import Arm, Name, Part, Visit

EVERY_PERIOD = ""
"""The visit of a number that is over all periods."""

EVERY_PERIOD_LABEL = "All periods"

OVER_PERIODS = "over all periods"
"""When an outcome is measured whose periods all count alike."""

NO_TREATMENT = "none"
"""What is carried over into the first period."""

Fault = tuple[tuple[str, ...], str]
"""Key path and message."""


class PeriodTreatment(Part):
    """A treatment that is received in some of the periods."""

    label: str | None = Field(None, description="How the treatment is called in tables and figures.")
    description: str | None = Field(None, description="What is delivered, for the report.")


def label_or_mapping(given: Any) -> Any:
    """Read `tape: Kinesio tape` as `tape: {label: Kinesio tape}`."""
    if not isinstance(given, Mapping):
        return given
    return {name: {"label": part} if isinstance(part, str) else part or {} for name, part in given.items()}


PeriodTreatments = Annotated[
    dict[Name, PeriodTreatment],
    BeforeValidator(label_or_mapping, json_schema_input_type=dict[Name, str | PeriodTreatment | None]),
]
"""Treatment -> what it is, or its label alone."""


class Periods(Part):
    """Which treatment is received in which period: arms are the sequences that participants are allocated to."""

    own_sequences: ClassVar[bool] = False
    """Whether each participant has a sequence of his or her own, so that arms are no sequences."""

    treatments: PeriodTreatments = Field(
        min_length=2, description="The treatments that estimands compare; name: label."
    )
    sequences: dict[Name, tuple[Name, ...]] = Field(
        description="Arm: the treatments that it receives, one for each period, in order."
    )
    visits: tuple[Name, ...] = Field(min_length=2, description="The visit at the end of each period, in order.")
    baselines: tuple[Name, ...] = Field(
        (),
        description="Of a crossover of participants: the visit at the start of each period, in order, by whose values "
        "`model: crossover` may adjust (`baselines: covariate`).",
    )
    washout_days: int | None = Field(None, ge=0, description="Days between periods without treatment, for the report.")

    @model_validator(mode="after")
    def _as_many_treatments_as_periods(self) -> Periods:
        for arm, received in self.sequences.items():
            if len(received) != len(self.order):
                raise ValueError(
                    f"sequence '{arm}' has {len(received)} treatments and there are {len(self.order)} periods; write "
                    f"one treatment for each {'visit of `visits`' if self.by_visit else 'period of `calendar`'}"
                )
        if len(set(self.order)) < len(self.order):
            if self.by_visit:
                raise ValueError("a visit ends two periods; name a visit for each period")
            raise ValueError("two periods have one name; name one for each period")
        return self

    @property
    def order(self) -> tuple[str, ...]:
        """What names a period of a row: the visit at its end."""
        return self.visits

    @property
    def by_visit(self) -> bool:
        """Whether everybody is seen in each period; else a participant belongs to one."""
        return True

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the periods, as factors of a model have them: "1", "2"."""
        return tuple(str(place) for place in range(1, len(self.order) + 1))

    @property
    def treatment_order(self) -> tuple[str, ...]:
        """The treatments in the plan's order."""
        return tuple(self.treatments)

    def received(self, arm: str, visit: str) -> str:
        """Return the treatment that an arm receives in the period that a visit ends.

        Examples
        --------
        >>> given = {"treatments": {"sham": "Sham", "tape": "Tape"}, "visits": ["week_2", "week_5"]}
        >>> periods = Periods.model_validate(given | {"sequences": {"ab": ["sham", "tape"], "ba": ["tape", "sham"]}})
        >>> periods.received("ab", "week_5"), periods.carried("ab", "week_5"), periods.carried("ab", "week_2")
        ('tape', 'sham', 'none')
        """
        return self.sequences[arm][self.order.index(visit)]

    def carried(self, arm: str, visit: str) -> str:
        """Return the treatment of the period before; `none` in the first."""
        place = self.order.index(visit)
        return self.sequences[arm][place - 1] if place else NO_TREATMENT

    def exposure(self, arm: str, visit: str) -> int:
        """Return for how many periods in a row an arm has had its treatment, with this one.

        Examples
        --------
        >>> given = {"treatments": {"sham": "Sham", "tape": "Tape"}, "visits": ["one", "two", "three"]}
        >>> periods = Periods.model_validate(given | {"sequences": {"a": ["sham", "tape", "tape"]}})
        >>> [periods.exposure("a", visit) for visit in periods.visits]
        [1, 1, 2]
        """
        place, row = self.order.index(visit), self.sequences[arm]
        first = place
        while first and row[first - 1] == row[place]:
            first -= 1
        return place - first + 1

    def carry_over_is_estimable(self) -> bool:
        """Return whether carry-over can be told from treatment, period and participant, from rank of the design.

        In two sequences of two periods it is the difference between the sequences, and so between other participants.
        """
        import numpy as np

        rows = []
        for arm in self.sequences:
            block = [self._columns(arm, visit) for visit in self.visits]
            centred = np.array(block) - np.mean(block, axis=0)
            rows.append(centred)
        table = np.vstack(rows)
        first = len(self.treatments) - 1
        without = np.delete(table, np.s_[first : 2 * first], axis=1)
        return bool(np.linalg.matrix_rank(table) - np.linalg.matrix_rank(without) == first)

    def _columns(self, arm: str, visit: str) -> list[float]:
        """Return the columns of treatments, carry-over and periods of a cell, the first of each left out."""
        others = self.treatment_order[1:]
        own, before = self.received(arm, visit), self.carried(arm, visit)
        effects = [float(own == name) for name in others]
        carried = [float(before == name) for name in others]
        periods = [float(visit == name) for name in self.visits[1:]]
        return [*effects, *carried, *periods]


def period_faults(periods: Periods, arms: Mapping[str, Arm], visits: Mapping[str, Visit]) -> Iterator[Fault]:
    """Yield what is wrong between the periods of a plan, its arms and its visits."""
    yield from _of_arms(periods, arms)
    yield from _of_visits(periods, visits)


def _of_arms(periods: Periods, arms: Mapping[str, Arm]) -> Iterator[Fault]:
    """Yield the faults of sequences that are no arms, or have unknown treatments."""
    at = ("periods", "sequences")
    for arm, received in periods.sequences.items():
        if arm not in arms:
            yield (*at, arm), not_allowed("arm", arm, arms)
        for treatment in dict.fromkeys(received):
            if treatment not in periods.treatments:
                yield (*at, arm), not_allowed("treatment", treatment, periods.treatments)
    if silent := [arm for arm in arms if arm not in periods.sequences]:
        yield at, f"the sequence of {', '.join(silent)} is not given; write its treatments, one for each period"
    given = {treatment for received in periods.sequences.values() for treatment in received}
    for treatment in periods.treatments:
        if treatment in arms:
            yield (
                ("periods", "treatments", treatment),
                f"'{treatment}' is the name of an arm too; choose another name, because an arm is a sequence",
            )
        if treatment not in given:
            yield ("periods", "treatments", treatment), f"no sequence has '{treatment}'; add it to one, or remove it"
    if all(len(set(column)) == 1 for column in zip(*periods.sequences.values(), strict=False)):
        yield at, "all arms receive the same treatment in each period; give them different sequences"


def _of_visits(periods: Periods, visits: Mapping[str, Visit]) -> Iterator[Fault]:
    """Yield the faults of visits that are unknown, or not in order after baseline."""
    at = ("periods", "visits")
    for visit in periods.visits:
        if visit not in visits:
            yield at, not_allowed("visit", visit, visits)
    yield from _of_baselines(periods, visits)
    days = [visits[visit].day for visit in periods.visits if visit in visits]
    if days != sorted(days) or any(day <= 0 for day in days):
        yield at, "visits of the periods follow each other after baseline; write them in the order of their days"


def _of_baselines(periods: Periods, visits: Mapping[str, Visit]) -> Iterator[Fault]:
    """Yield the faults of the visits at the starts of the periods: unknown, too few, or not before their end."""
    at, ends = ("periods", "baselines"), periods.visits
    if not periods.baselines:
        return
    if len(periods.baselines) != len(ends):
        yield at, f"there are {len(ends)} periods and {len(periods.baselines)} baselines; write one for each period"
        return
    for place, (start, end) in enumerate(zip(periods.baselines, ends, strict=True)):
        if start not in visits:
            yield at, not_allowed("visit", start, visits)
        elif end in visits and not visits[start].day < visits[end].day:
            yield at, f"'{start}' is not before '{end}', the end of its period; write the visit at the start"
        elif place and ends[place - 1] in visits and visits[start].day < visits[ends[place - 1]].day:
            yield at, f"'{start}' is before '{ends[place - 1]}', the end of the period before; write a visit after it"


def treatment_at(periods: Periods, arm: Sequence[str], visit: Sequence[str]) -> list[tuple[str, str, str]]:
    """Return the treatment, the period and what is carried over, of each row (arm, visit)."""
    cells = {
        (name, when): (periods.received(name, when), periods.names[place], periods.carried(name, when))
        for name in periods.sequences
        for place, when in enumerate(periods.order)
    }
    return [cells[one] for one in zip(arm, visit, strict=True)]
