"""Win ratio, win odds and net benefit of a composite: every pair of participants, by its steps in their order."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

import numpy as np
import pandas as pd

from coxa.analyses.levels import each_level, rows_of_levels, separate_rows, without_level
from coxa.analyses.methods.method import Method, Telling, Words, options_of
from coxa.analyses.methods.times import rows_at
from coxa.analyses.rows import AnalysisRows
from coxa.estimates import Estimates, MeasuredEndpoint, TimeEndpoint, WinStatistics, win_statistics
from coxa.models.results.records import Sample
from coxa.models.results.run import AnyFit, ModelRun
from coxa.sentences import join_words, mid_sentence
from coxa.study.comparative import PlannedAnalysis
from coxa.study.events import Composite, RankedComponent
from coxa.study.models.win_ratio import WinRatio

STATISTICS = ("win_ratio", "win_odds", "net_benefit")
VARIANCE_WORDS = {
    "u_statistic": "of the shares of wins and losses of each participant",
    "no_difference": "of Dong and others, of arms that do not differ",
}
EVENT = 1
"""Status of a participant with the event of a step that is a time."""


class WinRatioMethod(Method):
    """All pairs of an arm and the comparator at each visit of the estimand."""

    separate_subgroups = True
    separate_arms = True
    limits_with_fit = True

    def fits(self, planned: PlannedAnalysis, dataset: AnalysisRows, subgroup: str | None = None) -> Iterator[AnyFit]:
        """Yield the comparisons of every arm with the comparator, at each visit of the estimand."""
        for visit in planned.visits:
            rows = rows_at(planned, dataset, visit)
            if subgroup is None:
                found = {arm: compared(planned, rows, arm) for arm in planned.compare}
                yield recorded(planned, rows, visit, found)
                continue
            used = rows[rows["arm"].isin(planned.arms)]
            levels = rows_of_levels(planned, used, subgroup)
            each = {
                arm: each_level(planned, levels, subgroup, partial(compared, planned, arm=arm))
                for arm in planned.compare
            }
            yield replace(recorded(planned, used, visit, {}), model=each, warnings=without_level(used, subgroup))

    def estimates(self, planned: PlannedAnalysis, fits: Sequence[AnyFit], dataset: AnalysisRows) -> Iterator[Estimates]:
        """Yield win ratio, win odds and net benefit of each compared arm, at each visit of the estimand."""
        for fit in fits:
            visit = str(fit.sample.visits[0])
            for arm, found in comparisons_of(fit).items():
                yield Estimates.of(rows_of(planned, found, people_in(found), arm, visit))

    def in_subgroup(self, planned: PlannedAnalysis, fit: AnyFit, subgroup: str) -> Estimates:
        """Return the separate comparisons within the levels of a subgroup, and the chi-square of their differences."""
        assert isinstance(fit, ModelRun)
        visit = str(fit.sample.visits[0])
        rows: list[dict[str, Any]] = []
        for arm, found in fit.model.items():
            within = {}
            for level, each in found.items():
                statistics = rows_of(planned, each, people_in(each), arm, visit)
                within[level] = next(row for row in statistics if row["term"] == planned.effect.term)
            rows += separate_rows(planned, within, subgroup, fit.warnings)
        return Estimates.of(rows)

    def words(self, planned: PlannedAnalysis, fits: Sequence[AnyFit] | None) -> Words:
        """Return what the comparison is called."""
        missing = "Missing outcomes: a pair in which a step is missing is tied on it, and the next step decides."
        return Words(title="Comparison of all pairs, not adjusted", cites=("win_ratio",), ddf=None, missing=missing)

    def sentences(self, telling: Telling) -> Iterator[str]:
        """Yield how pairs were compared, and what is made of the wins."""
        planned, plan = telling.planned, options_of(telling.planned, WinRatio)
        study, cite = planned.study, telling.cite
        steps = join_words([step_words(planned, step) for step in composite_of(planned).order], "then")
        names = ", ".join(mid_sentence(study.label("covariates", name)) for name in plan.strata)
        within = f" of the same {names}" if names else ""
        yield (
            f"Each participant of {study.words.say('an {arm}')} was compared with each of the comparator{within}, by "
            f"{steps}: the first step on which the two differ decides who wins{cite('win_ratio')}. A time is compared "
            "as long as both were observed; a pair in which a step is missing is tied on it."
        )
        yield (
            "The win ratio is wins over losses, the net benefit the share of wins less that of losses, and the win "
            "odds count half of the ties on both sides. Limits are normal, of the ratios on the log scale, with the "
            f"variance {VARIANCE_WORDS[plan.variance]}{cite('win-null') if plan.variance == 'no_difference' else ''}."
        )


def composite_of(planned: PlannedAnalysis) -> Composite:
    """Return the composite that an analysis is of."""
    assert isinstance(planned.outcome, Composite)
    return planned.outcome


def step_words(planned: PlannedAnalysis, step: RankedComponent) -> str:
    """Return a step inside a sentence: "time to hip surgery", "pain (by at least 1)"."""
    label = mid_sentence(planned.study.label("outcomes", step.outcome))
    words = {"time": "time to {0}", "event": "{0}", "count": "number of {0}", "change": "change in {0}"}
    what = words.get(step.measure, "responders in {0}" if step.measure == "responder" else "{0}").format(label)
    return f"{what} (by at least {step.at_least:g})" if step.at_least else what


@dataclass(frozen=True, slots=True)
class WinSpec:
    """The comparisons of the arms with the comparator at one visit, as code.

    steps   : the endpoints, made of the columns of `d`
    compare : the arms
    options : what the call has beside them
    """

    steps: tuple[str, ...]
    compare: tuple[str, ...]
    against: str
    visit: str
    options: str

    def call(self) -> str:
        """Return the expression that gives the comparisons again, of the rows of the estimand held in `data`."""
        rows = f"data[(data['visit'] == {self.visit!r}) & data['arm'].isin([arm, {self.against!r}])]"
        call = f"win_statistics([{', '.join(self.steps)}], d['arm'] == arm, {self.options})"
        return f"[{call} for arm in {list(self.compare)!r} for d in [{rows}]]"


def recorded(planned: PlannedAnalysis, rows: pd.DataFrame, visit: str, found: Mapping[str, WinStatistics]) -> ModelRun:
    """Return the record of the comparisons at a visit, with who was compared and who has no stratum."""
    plan = options_of(planned, WinRatio)
    strata = f"strata=d.groupby({list(plan.strata)!r}).ngroup(), " if plan.strata else ""
    how = f"weighting={plan.weighting!r}, variance={plan.variance!r}, conf_level={plan.conf_level:g}"
    options = f"{strata}missing='tie', {how}"
    steps = tuple(step_code(planned, place) for place in range(1, len(composite_of(planned).order) + 1))
    spec = WinSpec(steps, planned.compare, planned.against, visit, options)
    used = rows["arm"].isin(planned.arms) & rows[list(plan.strata)].notna().all(axis=1)
    lost = rows[rows["arm"].isin(planned.arms) & ~used]
    left_out = pd.DataFrame(
        {"row": lost.index, "participant_id": lost["participant_id"].to_numpy(), "visit": visit, "reason": "no stratum"}
    )
    who = rows.loc[used, "participant_id"].to_numpy()
    sample = Sample("participant_id", "visit", who, np.full(len(who), visit, dtype=object), (visit,), left_out)
    return ModelRun("ranking ~ arm", spec, sample, dict(found), "comparison of all pairs", ddf="normal")


def comparisons_of(fit: AnyFit) -> dict[str, WinStatistics]:
    """Return arm -> its comparison with the comparator, of the record of a visit."""
    assert isinstance(fit, ModelRun)
    return dict(fit.model)


def people_in(found: WinStatistics) -> int:
    """Return how many participants were compared."""
    return int(found.by_stratum[["n_treated", "n_reference"]].to_numpy().sum())


def step_options(planned: PlannedAnalysis, place: int) -> tuple[bool, float, bool]:
    """Return whether a step is a time, by how much two participants differ at least, and whether more is better."""
    step = composite_of(planned).order[place - 1]
    better = step.measure == "responder" or planned.study.scale(step.outcome).higher_is_better
    return step.measure == "time", step.at_least, better


def step_code(planned: PlannedAnalysis, place: int) -> str:
    """Return a step as code that makes it of the columns of `d`."""
    of_time, margin, better = step_options(planned, place)
    column = f"d['step_{place}']"
    if of_time:
        return f"TimeEndpoint({column}, d['step_{place}_event'] == {EVENT}, margin={margin:g}, good={better})"
    return f"MeasuredEndpoint({column}, margin={margin:g}, higher_is_better={better})"


def endpoints_of(planned: PlannedAnalysis, rows: pd.DataFrame) -> list[TimeEndpoint | MeasuredEndpoint]:
    """Return the steps of a composite as endpoints, from their columns in rows of one visit."""
    found: list[TimeEndpoint | MeasuredEndpoint] = []
    for place in range(1, len(composite_of(planned).order) + 1):
        of_time, margin, better = step_options(planned, place)
        values = rows[f"step_{place}"].to_numpy(dtype=float)
        if of_time:
            found.append(TimeEndpoint(values, rows[f"step_{place}_event"] == EVENT, margin, good=better))
        else:
            found.append(MeasuredEndpoint(values, margin, higher_is_better=better))
    return found


def compared(planned: PlannedAnalysis, rows: pd.DataFrame, arm: str) -> WinStatistics:
    """Return what the pairs of an arm and the comparator say, from the rows of a visit.

    Raises
    ------
    FitError
        All pairs that differ are decided for one arm, or a stratum has fewer than two participants of one.
    """
    plan = options_of(planned, WinRatio)
    both = rows[rows["arm"].isin([arm, planned.against])].dropna(subset=list(plan.strata))
    strata = both.groupby(list(plan.strata), observed=True).ngroup().to_numpy() if plan.strata else None
    return win_statistics(
        endpoints_of(planned, both),
        (both["arm"] == arm).to_numpy(dtype=int),
        strata=strata,
        weighting=plan.weighting,
        variance=plan.variance,
        missing="tie",
        conf_level=plan.conf_level,
    )


def rows_of(planned: PlannedAnalysis, found: WinStatistics, n: int, arm: str, visit: str) -> Iterator[dict[str, Any]]:
    """Yield the three statistics of one comparison."""
    pairs = found.wins + found.losses + found.ties
    won, lost, variance = found.wins / pairs, found.losses / pairs, found.variance
    table: dict[str, Any] = {str(row["statistic"]): row for row in found.table.to_dict("records")}
    for term in STATISTICS:
        row = table[term]
        centre = row["estimate"] if term == "net_benefit" else np.log(row["estimate"])
        yield {
            "term": term,
            "arm": arm,
            "reference": planned.against,
            "visit": visit,
            "estimate": row["estimate"],
            "std_error": row["se"],
            "statistic": float(centre / row["se"]),
            "p_value": row["p_value"],
            "conf_low": row["conf_low"],
            "conf_high": row["conf_high"],
            "conf_level": planned.analysis.conf_level,
            "n_participants": n,
            "n_observations": n,
            "method": f"{won:.0%} of pairs won, {lost:.0%} lost; variance {VARIANCE_WORDS[variance]}",
        }


METHOD = WinRatioMethod()
