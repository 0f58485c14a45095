"""The options of the models of times to an event, each as one frozen record that gives the call again."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, Literal, get_args

from coxa.errors import OptionError, check_kind, check_option
from coxa.models.design.formula import tokenise
from coxa.models.options import sequence_of
from coxa.models.spec import Spec

Ties = Literal["efron", "breslow"]
TIES: tuple[str, ...] = get_args(Ties)

Correction = Literal["none", "leverage"]
CORRECTIONS: tuple[str, ...] = get_args(Correction)

Recurrence = Literal["lwyy", "andersen-gill", "pwp-total", "pwp-gap"]
RECURRENCES: tuple[str, ...] = get_args(Recurrence)

Censoring = Literal["cmprsk", "survival"]
CENSORINGS: tuple[str, ...] = get_args(Censoring)

SubdistributionVariance = Literal["fine-gray", "sandwich"]
VARIANCES: tuple[str, ...] = get_args(SubdistributionVariance)

NAMED = ("time", "event", "start", "cluster", "participant", "interval", "cause", "since")
"""Options that name one column."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SurvivalSpec(Spec):
    """What the options of these models have in common: a formula without a left side, and names of columns."""

    def _check(self) -> None:
        for name in NAMED:
            value = getattr(self, name, None)
            if value is not None:
                check_kind(name, value, str, "the name of a column")
        check_kind("formula", self.formula, str, "text, such as 'arm + baseline'")  # type: ignore[attr-defined]
        self._keep(formula=right_side(self.formula))  # type: ignore[attr-defined]


def right_side(formula: str) -> str:
    """Return the terms of a formula that has nothing on its left; its outcome is named by options.

    Examples
    --------
    >>> right_side("~ arm + age")
    'arm + age'
    """
    left, tilde, right = formula.rpartition("~")
    if left.strip():
        raise OptionError(
            f"Formula '{formula}' has '{left.strip()}' on the left. Write its terms alone, such as 'arm + baseline', "
            "and name the outcome by options."
        )
    terms = right.strip() if tilde else formula.strip()
    if not terms or terms == "1" or "0" in tokenise(terms):
        raise OptionError(f"Formula '{formula}' has no covariate, or leaves an intercept out. Name a covariate.")
    return terms


def columns_named(name: str, value: Any) -> tuple[str, ...] | None:
    """Return one or several names of columns as a tuple."""
    return (value,) if isinstance(value, str) else sequence_of(name, value)


@dataclass(frozen=True, slots=True, kw_only=True)
class CoxSpec(SurvivalSpec):
    """The options of `coxa.models.fit_cox`, which describes them.

    Examples
    --------
    >>> CoxSpec(formula="arm + baseline", time="day", event="flare", strata="site").call()
    "fit_cox('arm + baseline', data, time='day', event='flare', strata=['site'], ties='efron')"
    """

    function: ClassVar[str] = "fit_cox"
    title: ClassVar[str] = "Cox's model of proportional hazards"
    explicit: ClassVar[tuple[str, ...]] = ("formula", "time", "event", "ties")

    formula: str
    time: str
    event: str
    start: str | None = None
    strata: str | Sequence[str] | None = None
    cluster: str | None = None
    ties: str = "efron"
    participant: str = "participant_id"
    correction: str = "none"

    def __post_init__(self) -> None:
        self._check()
        check_option("ties", self.ties, TIES)
        check_option("correction", self.correction, CORRECTIONS)
        self._keep(strata=columns_named("strata", self.strata))


@dataclass(frozen=True, slots=True, kw_only=True)
class RecurrentSpec(SurvivalSpec):
    """The options of `coxa.models.fit_recurrent`, which describes them.

    Examples
    --------
    >>> RecurrentSpec(formula="arm", method="pwp-gap").call()
    "fit_recurrent('arm', data, method='pwp-gap', ties='efron')"
    """

    function: ClassVar[str] = "fit_recurrent"
    title: ClassVar[str] = "Model of recurrent events"
    explicit: ClassVar[tuple[str, ...]] = ("formula", "method", "ties")

    formula: str
    method: str = "lwyy"
    strata: str | Sequence[str] | None = None
    most_events: int | None = None
    ties: str = "efron"
    participant: str = "participant_id"
    correction: str = "none"

    def __post_init__(self) -> None:
        self._check()
        check_option("method", self.method, RECURRENCES)
        check_option("correction", self.correction, CORRECTIONS)
        check_option("ties", self.ties, TIES)
        self._keep(strata=columns_named("strata", self.strata))
        if self.most_events is not None and not (isinstance(self.most_events, int) and self.most_events > 0):
            raise OptionError(f"`most_events` is {self.most_events!r}. Give a whole number of 1 or more.")
        if self.most_events is not None and not self.method.startswith("pwp"):
            raise OptionError("`most_events` is an option of 'pwp-total' and 'pwp-gap'. Leave it out.")


@dataclass(frozen=True, slots=True, kw_only=True)
class SubdistributionSpec(SurvivalSpec):
    """The options of `coxa.models.fit_subdistribution`, which describes them.

    Examples
    --------
    >>> SubdistributionSpec(formula="arm", time="day", cause="why", of="surgery").call()
    "fit_subdistribution('arm', data, time='day', cause='why', of='surgery', variance='fine-gray', censoring='cmprsk')"
    """

    function: ClassVar[str] = "fit_subdistribution"
    title: ClassVar[str] = "Model of the subdistribution hazard (Fine and Gray)"
    explicit: ClassVar[tuple[str, ...]] = ("formula", "time", "cause", "of", "variance", "censoring")

    formula: str
    time: str
    cause: str
    of: Any = 1
    censored: Any = 0
    strata: str | Sequence[str] | None = None
    ties: str = "breslow"
    variance: str = "fine-gray"
    censoring: str = "cmprsk"
    participant: str = "participant_id"

    def __post_init__(self) -> None:
        self._check()
        self._keep(strata=columns_named("strata", self.strata))
        check_option("ties", self.ties, TIES)
        check_option("variance", self.variance, VARIANCES)
        check_option("censoring", self.censoring, CENSORINGS)
        if self.variance == "fine-gray" and self.ties == "efron":
            raise OptionError(
                "The variance of Fine and Gray is that of ties='breslow'. Use it, or variance='sandwich'."
            )


@dataclass(frozen=True, slots=True, kw_only=True)
class GroupedSpec(SurvivalSpec):
    """The options of `coxa.models.fit_grouped_hazards`, which describes them.

    Examples
    --------
    >>> GroupedSpec(formula="arm", visits=["week_6", "week_12"]).call()
    "fit_grouped_hazards('arm', data, visits=['week_6', 'week_12'], interval='interval', since='since', event='event')"
    """

    function: ClassVar[str] = "fit_grouped_hazards"
    title: ClassVar[str] = "Grouped proportional hazards (complementary log-log)"
    explicit: ClassVar[tuple[str, ...]] = ("formula", "visits", "interval", "since", "event")

    formula: str
    visits: Sequence[Any]
    interval: str = "interval"
    since: str = "since"
    event: str = "event"
    participant: str = "participant_id"

    def __post_init__(self) -> None:
        self._check()
        self._keep(visits=sequence_of("visits", self.visits))
        if not self.visits or len(set(self.visits)) < len(self.visits):
            raise OptionError("`visits` is empty or names a visit twice. Give the visits after the first, in order.")
