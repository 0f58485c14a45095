"""Outcomes by participant and visit with their gaps, and what a fitted model knows of each participant."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd

from coxa.arguments import FRAME, kinds
from coxa.cards import counted
from coxa.errors import DataError, FitError, OptionError, check_known, not_allowed
from coxa.findings import Finding, Findings
from coxa.impute.strategies import Strategy, strategy_named
from coxa.models import Fit
from coxa.models.design.columns import label_text
from coxa.models.spec import MMRMSpec

Reference = str | Mapping[str, str]
"""The reference arm of all arms, or arm -> its own."""

FEW = 5
"""So many participants are named in an error."""

Strategies = str | Strategy | Mapping[str, str | Strategy]
"""The strategy of all participants, or event -> strategy."""


@dataclass(frozen=True, slots=True)
class IncompleteOutcomes:
    """n participants by m visits: outcomes, gaps, and the design of a model with p coefficients in each arm.

    participants : (n,) labels
    people       : n rows of the covariates of the model, one per participant
    visits       : m labels
    arms         : A labels, the order of the model
    arm          : (n,) code of the own arm
    reference    : (n,) code of the reference arm
    y            : (n, m) outcomes, NaN where missing
    designs      : (A, n, m, p) design rows of each participant, had he or she been in each arm
    event        : (n,) position of the first visit after the event, m where there was none
    strategies   : the strategies that occur
    strategy     : (n,) which of them each participant has
    groups       : (A, n) covariance group of each participant in each arm
    kind         : (n,) kind of the event, empty where there was none

    Examples
    --------
    >>> from coxa.models import fit_mmrm
    >>> d = pd.DataFrame({"participant_id": np.repeat(np.arange(20), 2), "visit": ["a", "b"] * 20})
    >>> d["change"], d["arm"] = np.random.default_rng(1).normal(size=40), np.where(d["participant_id"] % 2, "x", "c")
    >>> d.loc[[1, 7], "change"] = np.nan
    >>> outcomes = incomplete_outcomes(fit_mmrm("change ~ arm * visit", d), d, reference="c")
    >>> outcomes.arms, int(outcomes.missing.sum()), outcomes.designs.shape
    (('c', 'x'), 2, (2, 20, 2, 4))
    """

    participants: np.ndarray
    people: pd.DataFrame
    visits: tuple[str, ...]
    arms: tuple[str, ...]
    arm: np.ndarray
    reference: np.ndarray
    y: np.ndarray
    designs: np.ndarray
    event: np.ndarray
    strategies: tuple[Strategy, ...]
    strategy: np.ndarray
    groups: np.ndarray
    kind: np.ndarray

    def under(self, strategy: Strategies) -> IncompleteOutcomes:
        """Return the same outcomes under another strategy, or with another strategy of each kind of event."""
        chosen, which = strategies_of(strategy, self.kind)
        return replace(self, strategies=chosen, strategy=which)

    @property
    def missing(self) -> np.ndarray:
        """Whether each outcome is missing, (n, m)."""
        return np.isnan(self.y)

    @property
    def own_design(self) -> np.ndarray:
        """Design rows in the own arm, (n, m, p)."""
        return np.asarray(self.designs[self.arm, np.arange(len(self.arm))])

    @property
    def reference_design(self) -> np.ndarray:
        """Design rows in the reference arm, (n, m, p)."""
        return np.asarray(self.designs[self.reference, np.arange(len(self.arm))])

    def alike(self) -> Iterator[Alike]:
        """Yield the participants with gaps who share strategy, event, observed visits and covariances."""
        each = np.arange(len(self.arm))
        own, of_reference = self.groups[self.arm, each], self.groups[self.reference, each]
        gaps = self.missing
        event = np.where(gaps.any(axis=1), self.event, 0)
        keys = np.column_stack([self.strategy, event, own, of_reference, gaps])
        unique, inverse = np.unique(keys, axis=0, return_inverse=True)
        for k, key in enumerate(unique):
            missing = key[4:].astype(bool)
            if missing.any():
                members = np.flatnonzero(inverse.ravel() == k)
                yield Alike(members, self.strategies[key[0]], int(key[1]), int(key[2]), int(key[3]), missing)


@dataclass(frozen=True, slots=True)
class Alike:
    """Participants whose missing outcomes are imputed by the same regression.

    members       : (k,) positions
    strategy      : what is assumed of them
    event         : position of the first visit after the event
    own, of_reference : covariance groups of the own arm and of the reference arm
    missing       : (m,) which visits
    """

    members: np.ndarray
    strategy: Strategy
    event: int
    own: int
    of_reference: int
    missing: np.ndarray


@kinds(data=FRAME)
def incomplete_outcomes(
    fit: Fit,
    data: pd.DataFrame,
    *,
    reference: Reference,
    strategy: Strategies = "mar",
    arm: str = "arm",
    event: str | None = None,
    varying: Sequence[str] = (),
) -> IncompleteOutcomes:
    """Lay out the outcomes of all participants over the visits of a model, with what the model has of each.

    Parameters
    ----------
    fit : Fit
        Of `coxa.models.fit_mmrm`, to the outcomes that the strategies do not replace.
    data : DataFrame
        One row per participant and visit; participants without any outcome have at least one row too. Not changed.
    reference : str or mapping
        The reference arm, or arm -> its reference arm.
    strategy : str, Strategy or mapping
        The strategy after an event; or kind of event, as in the column `event`, -> strategy.
    arm : str
        Column of the arm, a factor of the model.
    event : str, optional
        Column that has the kind of event in each row after it (a text, or True) and is empty or False before. Without
        it the event is before the first visit from which on all outcomes are missing. Outcomes that are missing before
        an event, or without one, are missing at random.
    varying : sequence of str
        Columns of numbers in the model that change over the visits, such as the days since treatment stopped; known at
        every visit, also where the outcome is missing.

    Returns
    -------
    IncompleteOutcomes

    Raises
    ------
    OptionError
        A column, an arm or a strategy is not there, or the model is of another kind.
    DataError
        A participant has no arm or no covariate, two of them, or two rows at one visit.

    Examples
    --------
    >>> from coxa.models import fit_mmrm
    >>> rng = np.random.default_rng(1)
    >>> who = np.repeat(np.arange(40), 3)
    >>> d = pd.DataFrame({"participant_id": who, "visit": list("abc") * 40, "arm": np.where(who % 2, "new", "old")})
    >>> d["change"] = rng.normal(size=40)[who] + rng.normal(size=120)
    >>> d.loc[[4, 5, 11], "change"] = np.nan
    >>> outcomes = incomplete_outcomes(fit_mmrm("change ~ arm * visit", d), d, reference="old", strategy="j2r")
    >>> outcomes.y.shape, outcomes.event[[1, 3]].tolist()
    ((40, 3), [1, 2])
    """
    check_model(fit, arm)
    participant, visit = fit.sample.participant_column, str(fit.sample.visit_column)
    outcome = fit.outcome
    for column in (participant, visit, outcome, arm, *([event] if event else [])):
        check_known("column", column, [str(name) for name in data.columns])
    visits = tuple(str(label) for label in fit.sample.visits)
    code = pd.Index(visits).get_indexer(pd.Index([label_text(label) for label in data[visit]]))
    rows = data[code >= 0]
    code = code[code >= 0]
    who, participants = pd.factorize(rows[participant])
    if (who < 0).any():
        raise DataError("rows have no participant:", wrong_rows(participant, who < 0))
    twice = pd.DataFrame({"who": who, "visit": code}).duplicated().to_numpy()
    if twice.any():
        raise DataError("outcomes cannot be laid out:", wrong_rows(visit, twice, "the participant has two rows here"))
    y = np.full((len(participants), len(visits)), np.nan)
    y[who, code] = pd.to_numeric(rows[outcome]).to_numpy(dtype=float)
    people = one_row_each(fit, rows, who, participants, [arm], varying)
    over_visits = {name: over(rows, name, who, code, y.shape) for name in varying}
    arms = tuple(fit.design.levels[arm])
    own = pd.Index(arms).get_indexer(pd.Index(people[arm]))
    words = np.full(y.shape, "", dtype=object)
    if event:
        words[who, code] = [event_word(value) for value in rows[event]]
    first, kind = first_events(y, words if event else None)
    chosen, which = strategies_of(strategy, kind)
    return IncompleteOutcomes(
        participants=np.asarray(participants),
        people=people,
        visits=visits,
        arms=tuple(map(str, arms)),
        arm=own,
        reference=references(reference, arms)[own],
        y=y,
        designs=designs_of(fit, people, arm, arms, visits, over_visits),
        event=first,
        strategies=chosen,
        strategy=which,
        groups=covariance_groups(fit, people, arm, arms),
        kind=kind,
    )


def check_model(fit: Fit, arm: str) -> None:
    """Raise OptionError where outcomes cannot be imputed from a model."""
    if not isinstance(fit.spec, MMRMSpec) or fit.has_random_effects or fit.totals is not None:
        raise OptionError(
            "Missing outcomes are imputed from a mixed model for repeated measures of rows, without random effects. "
            "Fit one by coxa.fit_mmrm."
        )
    if fit.sample.weights is not None:
        raise OptionError("The model has weights, and a missing outcome has none. Fit the model without `weights`.")
    if fit.sample.times is not None:
        raise OptionError(
            "The covariance looks at the time of each row, and a missing outcome has none. Use a structure of visits, "
            "such as us or toeph."
        )
    if arm not in fit.design.levels:
        raise OptionError(not_allowed("factor of the model", arm, fit.design.levels))


def wrong_rows(column: str, wrong: np.ndarray, rule: str = "there is no value") -> Findings:
    """Return a finding for each row of a column that is wrong."""
    return Findings.of(
        Finding("error", "data", rule, "Correct the row, or leave it out.", row=int(k), field=column)
        for k in np.flatnonzero(wrong)
    )


def over(rows: pd.DataFrame, name: str, who: np.ndarray, code: np.ndarray, shape: tuple[int, int]) -> np.ndarray:
    """Return a column that changes over the visits (n, m); FitError where it is not known at every visit."""
    check_known("column", name, [str(column) for column in rows.columns])
    found = np.full(shape, np.nan)
    found[who, code] = rows[name].to_numpy(dtype=float)
    if (gone := int(np.isnan(found).any(axis=1).sum())) > 0:
        raise FitError(
            f"{name} is missing at a visit of {counted(gone, 'participant')}",
            ["Give a row of every visit, also where the outcome is missing."],
        )
    return found


def one_row_each(
    fit: Fit,
    rows: pd.DataFrame,
    who: np.ndarray,
    participants: pd.Index[Any],
    also: Sequence[str],
    varying: Sequence[str] = (),
) -> pd.DataFrame:
    """Return the covariates of the model, one row per participant; DataError where one varies or is missing."""
    visit = fit.sample.visit_column
    wanted = [name for name in fit.design.formula.variables if name != visit and name not in varying]
    group = [fit.group] if fit.group else []
    names = list(dict.fromkeys([*wanted, *also, *group]))
    grouped = rows[names].groupby(who)
    people = grouped.first()
    for name in names:
        varies, gone = (grouped[name].nunique() > 1).to_numpy(), people[name].isna().to_numpy()
        for wrong, rule in ((varies, f"{name} varies within the participant"), (gone, f"{name} is missing")):
            if wrong.any():
                labels = ", ".join(str(label) for label in participants[wrong][:FEW])
                raise FitError(
                    f"{rule} for {counted(int(wrong.sum()), 'participant')}: {labels}",
                    ["Give every participant one value in all rows.", "Impute missing covariates first."],
                )
    return people


def event_word(value: object) -> str:
    """Return the kind of event of a row: empty without one."""
    if value is None or value != value or value is False or value == "":
        return ""
    return "event" if isinstance(value, bool | np.bool_) else str(value)


def first_events(y: np.ndarray, words: np.ndarray | None) -> tuple[np.ndarray, np.ndarray]:
    """Return the position of the first visit after the event (n,), m where there was none, and the kind of event.

    words : (n, m) kinds of events; None: the event is where outcomes end
    """
    m = y.shape[1]
    if words is None:
        seen = ~np.isnan(y)
        first = np.where(seen.any(axis=1), m - np.argmax(seen[:, ::-1], axis=1), 0)
        return first, np.where(first < m, "event", "").astype(object)
    after = words != ""
    first = np.where(after.any(axis=1), np.argmax(after, axis=1), m)
    return first, np.array([words[i, k] if k < m else "" for i, k in enumerate(first)], dtype=object)


def strategies_of(strategy: Strategies, kind: np.ndarray) -> tuple[tuple[Strategy, ...], np.ndarray]:
    """Return the strategies that occur and which of them each participant has (n,)."""
    if not isinstance(strategy, Mapping):
        return (strategy_named(strategy),), np.zeros(len(kind), dtype=np.intp)
    unknown = sorted({word for word in kind if word and word not in strategy})
    if unknown:
        raise OptionError(f'Event "{unknown[0]}" has no strategy. Add it to `strategy`.')
    words = ["", *strategy]
    chosen = (strategy_named("mar"), *(strategy_named(strategy[word]) for word in words[1:]))
    return chosen, np.array([words.index(word) for word in kind], dtype=np.intp)


def references(reference: Reference, arms: Sequence[str]) -> np.ndarray:
    """Return the code of the reference arm of each arm (A,)."""
    names = list(map(str, arms))
    given = reference if isinstance(reference, Mapping) else dict.fromkeys(names, reference)
    for name in (*given, *given.values()):
        check_known("arm", name, names)
    if missing := [name for name in names if name not in given]:
        raise OptionError(f'Arm "{missing[0]}" has no reference arm. Add it to `reference`.')
    return np.array([names.index(given[name]) for name in names])


def designs_of(
    fit: Fit,
    people: pd.DataFrame,
    arm: str,
    arms: Sequence[Any],
    visits: Sequence[str],
    over_visits: Mapping[str, np.ndarray],
) -> np.ndarray:
    """Return the design rows of each participant in each arm at each visit, (A, n, m, p).

    over_visits : columns that change over the visits, (n, m) each
    """
    column = str(fit.sample.visit_column)
    every = people.loc[people.index.repeat(len(visits))]
    every = every.assign(**{column: np.tile(np.asarray(visits, dtype=object), len(people))})
    every = every.assign(**{name: values.ravel() for name, values in over_visits.items()})
    rows = [fit.design.rows(every.assign(**{arm: level})) for level in arms]
    return np.array(rows).reshape(len(arms), len(people), len(visits), -1)


def covariance_groups(fit: Fit, people: pd.DataFrame, arm: str, arms: Sequence[Any]) -> np.ndarray:
    """Return the covariance group of each participant in each arm, (A, n)."""
    shape = (len(arms), len(people))
    if fit.group is None:
        return np.zeros(shape, dtype=np.intp)
    labels = pd.unique(fit.covariance.index.get_level_values(0))
    if fit.group == arm:
        return np.repeat(labels.get_indexer(pd.Index([label_text(level) for level in arms]))[:, None], shape[1], axis=1)
    own = labels.get_indexer(pd.Index([label_text(level) for level in people[fit.group]]))
    return np.repeat(own[None], shape[0], axis=0)
