"""Power of the hypotheses and looks of a plan, by simulation: each trial is tested at its looks, by its graph."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import pandas as pd

from coxa.analyses.tested import LookSeen, Seen, conclude, planned_design, seen_in
from coxa.arguments import WHOLE, kinds
from coxa.cards import Carded
from coxa.design.by_simulation.run import analyse_trials, replicate_seed
from coxa.design.by_simulation.simulated import check_numbers
from coxa.design.by_simulation.summary import share_error
from coxa.errors import OptionError, TooFewParticipantsError
from coxa.estimates.margins import tested as margin_test
from coxa.hypotheses import SequentialPower, sequential_power
from coxa.models.numerics.one_thread import one_thread
from coxa.simulate import DrawnTrial, trial_design
from coxa.simulate.from_plan.draw import draw_trials
from coxa.study.comparative import COMPARATIVE, ComparativeStudy, PlannedAnalysis
from coxa.study.margin import margin_of
from coxa.study.tested import comparison_of, tested

TOGETHER = 100
"""Trials that are drawn and fitted together."""


@dataclass(frozen=True, slots=True, repr=False)
class HypothesisPower(Carded):
    """How often the hypotheses of a plan are rejected, by simulation.

    frame      : per hypothesis, look and number: the share of trials that reject it until that look, with its error
    together   : per number: the share that reject any hypothesis, and all; expected participants at the end
    replicates : trials of each number
    failed     : trials in which an analysis gave no test; they count as not rejecting

    Examples
    --------
    >>> import coxa
    >>> plan = coxa.preset("bennell-2014")
    >>> written = {"tested": {"primary": {"analysis": "primary", "weight": 1}}}
    >>> asked = plan.model_copy(update={"hypotheses": coxa.study.Hypotheses.model_validate(written)})
    >>> found = coxa.design.simulated_hypotheses(asked, replicates=10)
    >>> found.frame["look"].tolist(), found.replicates
    ([1], 10)
    """

    frame: pd.DataFrame
    together: pd.DataFrame
    replicates: int
    failed: int
    inputs: Mapping[str, Any] = field(repr=False, default_factory=dict)


@kinds(study=COMPARATIVE, n=WHOLE, replicates=WHOLE, seed=WHOLE)
def simulated_hypotheses(
    study: ComparativeStudy, n: int | None = None, *, replicates: int = 1_000, seed: int = 1
) -> HypothesisPower:
    """Simulate trials from the assumptions of a plan, and test its hypotheses at its looks as the plan says.

    Parameters
    ----------
    study : ComparativeStudy
        A plan with `assumptions`, and `hypotheses` or `interim`.
    n : int, optional
        Participants of all arms together at the final analysis; those of the plan unless given.
    replicates : int
        Trials, at least 2.
    seed : int
        Not negative.

    Returns
    -------
    HypothesisPower
        A trial goes on until all hypotheses are rejected, or all that are not are at or below their boundary for
        futility, or to its end. Participants of a look are those randomised first, with their outcomes.

    Raises
    ------
    OptionError
        The plan has neither hypotheses nor looks, or an option is out of its range.
    TooFewParticipantsError
        No trial can be analysed.

    Examples
    --------
    >>> import coxa
    >>> plan = coxa.read_study("analyses/group_sequential/study.yaml")  # doctest: +SKIP
    >>> simulated_hypotheses(plan, replicates=500).together  # doctest: +SKIP
    """
    plan = tested(study)
    if plan is None:
        raise OptionError(f"The plan {study.study} has no hypotheses and no looks. Add `hypotheses:` or `interim:`.")
    check_numbers(replicates, None, seed)
    design = trial_design(study, participants=n)
    fractions = study.interim.fractions if study.interim else (1.0,)
    sizes = [max(2, round(share * design.n)) for share in fractions]
    outcomes: list[_Ended | None] = []
    with one_thread(), np.errstate(all="ignore"):
        for first in range(0, replicates, TOGETHER):
            places = range(first, min(first + TOGETHER, replicates))
            seeds = [replicate_seed(study.study, seed, design.n, place) for place in places]
            drawn = draw_trials([design] * len(seeds), seeds)
            outcomes += _tested_trials(study, drawn, sizes, fractions)
    kept = [one for one in outcomes if one is not None]
    if not kept:
        raise TooFewParticipantsError(
            f"no trial of {design.n} participants could be tested at all of its looks",
            ("Ask for more participants: --n.",),
        )
    return _counted(list(plan.tested), kept, sizes, replicates, seed)


@dataclass(frozen=True, slots=True)
class _Ended:
    """A trial: the look at which each hypothesis was rejected (0 for never), and the look at which it ended."""

    rejected: Mapping[str, int]
    look: int


def _tested_trials(
    study: ComparativeStudy, drawn: Sequence[DrawnTrial], sizes: Sequence[int],
    fractions: Sequence[float],
) -> list[_Ended | None]:  # fmt: skip
    """Return how each trial ended; None for one without a test at some look."""
    statistics = [_statistics(study, [first_of(trial, size) for trial in drawn], size) for size in sizes]
    return [
        _ended(study, [LookSeen(look + 1, fractions[look], "", one[place]) for look, one in enumerate(statistics)])
        if all(place in one for one in statistics)
        else None
        for place in range(len(drawn))
    ]


def _statistics(study: ComparativeStudy, drawn: list[DrawnTrial], size: int) -> dict[int, dict[str, Seen]]:
    """Return trial -> its statistics, for the trials in which every hypothesis has a test."""
    plan = tested(study)
    assert plan is not None
    found: dict[int, dict[str, Seen]] = {}
    smaller = trial_design(study, participants=size)
    rows = {
        analysis: pd.DataFrame(analyse_trials(study, analysis, smaller, drawn))
        for analysis in dict.fromkeys(one.analysis for one in plan.tested.values())
    }
    for name, one in plan.tested.items():
        arm, visit = comparison_of(study, one)
        table = rows[one.analysis]
        planned = study.planned(one.analysis)
        mine = (table["arm"] == arm) & table["visit"].isin((visit, "")) & (table["term"] == planned.effect.term)
        level = study.analyses[one.analysis].conf_level
        for row in table[mine & np.isfinite(table["p_value"])].to_dict("records"):
            kept = pd.Series(row | {"conf_level": level, "n_participants": size})
            claim = _claim(planned, kept)
            found.setdefault(int(row["replicate"]), {})[name] = seen_in(study, one.analysis, kept, claim)
    return {place: seen for place, seen in found.items() if len(seen) == len(plan.tested)}


def _claim(planned: PlannedAnalysis, row: pd.Series) -> float | None:
    """Return the one-sided p-value of the test against the margin of an analysis; None where it has no margin."""
    margin = planned.analysis.margin
    if margin is None:
        return None
    own = float(row.get("claim_p", np.nan))
    if np.isfinite(own):  # of an analysis of one trial, which has the test itself
        return own
    sign = 1 if planned.higher_is_better else -1
    compared = row.reindex([*row.index, "method"]).fillna({"method": ""})
    return float(margin_test(compared, margin_of(planned), margin.type, sign, 0.025)["p_value"])


def _ended(study: ComparativeStudy, looks: Sequence[LookSeen]) -> _Ended:
    """Take the looks of a trial one after the other, until it may stop."""
    rejected = dict.fromkeys(looks[-1].seen, 0)
    for taken in range(1, len(looks) + 1):
        for name, one in conclude(study, looks[:taken], inference=False).of.items():
            if one.rejected and not rejected[name]:
                rejected[name] = taken
        left = [name for name, look in rejected.items() if not look]
        if not left or taken == len(looks) or _futile(study, looks[taken - 1], left):
            return _Ended(rejected, taken)
    raise AssertionError("a trial has looks")


def _futile(study: ComparativeStudy, look: LookSeen, left: Sequence[str]) -> bool:
    """Return whether all hypotheses that are left are at or below their boundary for futility."""
    assert study.interim is not None
    bound = study.interim.looks[look.look - 1].futility
    return bound is not None and all(look.seen[name].z <= bound for name in left)


def first_of(trial: DrawnTrial, size: int) -> DrawnTrial:
    """Return a trial of its first participants."""

    def cut(arrays: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
        return {name: values[:size] for name, values in arrays.items()}

    return replace(
        trial, arm=trial.arm[:size], received=trial.received[:size], day=trial.day[:size], value=trial.value[:size],
        complete=trial.complete[:size], present=trial.present[:size], covariates=cut(trial.covariates),
        clusters=cut(trial.clusters), events=cut(trial.events), left=trial.left[:size], codes=cut(trial.codes),
        attended=(),
    )  # fmt: skip


def _counted(
    names: Sequence[str], kept: Sequence[_Ended], sizes: Sequence[int], replicates: int, seed: int
) -> HypothesisPower:
    """Return the shares of trials that reject."""
    rows = []
    for name in names:
        for look, size in enumerate(sizes, start=1):
            count = sum(0 < one.rejected[name] <= look for one in kept)
            rows.append((name, look, size, count / replicates, share_error(float(count), replicates)))
    anyone = sum(any(one.rejected.values()) for one in kept)
    everyone = sum(all(one.rejected.values()) for one in kept)
    expected = float(np.mean([sizes[one.look - 1] for one in kept]))
    together = pd.DataFrame(
        [(sizes[-1], anyone / replicates, share_error(float(anyone), replicates), everyone / replicates,
          share_error(float(everyone), replicates), expected)],
        columns=["n", "any", "any_error", "all", "all_error", "expected_n"],
    )  # fmt: skip
    frame = pd.DataFrame(rows, columns=["hypothesis", "look", "n", "power", "power_error"])
    return HypothesisPower(frame, together, replicates, replicates - len(kept), {"seed": seed, "sizes": list(sizes)})


def looks_cost(study: ComparativeStudy) -> dict[float, SequentialPower]:
    """Return power -> what the looks of a plan cost one hypothesis at the whole level, in closed form."""
    return {power: sequential_power(planned_design(study), power=power) for power in (0.8, 0.9)}
