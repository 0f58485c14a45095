"""What a plan asks of its scores, on the data: reliability, agreement, reliable change, important change."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TypeVar

import numpy as np
import pandas as pd

from coxa.cohort.cohort import Cohort
from coxa.derive.observed import observed_values
from coxa.errors import CoxaError
from coxa.instruments import load_instrument
from coxa.measurement import (
    Agreement,
    Alpha,
    Important,
    Reliability,
    ReliableChange,
    bland_altman,
    clinical_cutoffs,
    cronbach_alpha,
    floor_and_ceiling,
    important_change,
    intraclass_correlation,
    reliable_change,
)
from coxa.study import Study
from coxa.study.measurement import ReliableChangePlan, ScoreMeasurement
from coxa.study.scales import scale_name

Found = TypeVar("Found")
AGREEMENT = "ICC(2,1)"
"""Form of the intraclass correlation that `reliability: repeated` takes: single scores, absolute agreement."""


@dataclass(frozen=True, slots=True)
class MeasuredScore:
    """What was asked of one score, as the data answer it; None where it was not asked, or could not be estimated.

    outcome     : name of the outcome
    asked       : what the plan asks
    ends        : floor and ceiling at baseline: n, floor, ceiling (shares), has_floor, has_ceiling
    alpha       : of the items at baseline
    reliability : of the repeated measurements
    agreement   : of the first two of them, the second less the first
    change      : reliable and clinically significant, with the columns participant_id and arm
    used        : coefficient of reliability that it rests on
    cutoffs     : a, b and c
    important   : minimal important change
    problems    : what could not be estimated, and why

    Examples
    --------
    >>> from coxa.study import ScoreMeasurement
    >>> MeasuredScore("pain", ScoreMeasurement(), problems=("Reliability: one visit has no scores.",)).problems
    ('Reliability: one visit has no scores.',)
    """

    outcome: str
    asked: ScoreMeasurement
    ends: dict[str, float | int | bool] | None = None
    alpha: Alpha | None = None
    reliability: Reliability | None = None
    agreement: Agreement | None = None
    change: ReliableChange | None = None
    used: float = float("nan")
    cutoffs: dict[str, float] = field(default_factory=dict)
    important: Important | None = None
    problems: tuple[str, ...] = ()


def measured_scores(cohort: Cohort) -> tuple[MeasuredScore, ...]:
    """Return what the plan of a cohort asks of its scores, one record each, in the order of the plan.

    Examples
    --------
    >>> from coxa.report.topics.measurement.measured import measured_scores
    >>> measured_scores(cohort)[0].reliability.sem_agreement  # doctest: +SKIP
    4.1
    """
    values = observed_values(cohort)
    return tuple(_measured(cohort, name, asked, values) for name, asked in cohort.study.measurement.items())


class _Tried:
    """Estimates what can be, and keeps why others cannot."""

    def __init__(self) -> None:
        self.problems: list[str] = []

    def __call__(self, what: str, estimate: Callable[[], Found]) -> Found | None:
        try:
            return estimate()
        except CoxaError as error:
            self.problems.append(f"{what}: {str(error).splitlines()[0].rstrip('.')}.")
            return None


def _measured(cohort: Cohort, name: str, asked: ScoreMeasurement, values: pd.DataFrame) -> MeasuredScore:
    study, tried = cohort.study, _Tried()
    wide = _wide(values[values["outcome"] == name], study)
    scale, start = study.scale(name), study.baseline_visit
    ends = None
    if np.isfinite([scale.low, scale.high]).all():
        ends = tried("Floor and ceiling", lambda: floor_and_ceiling(wide[start].to_numpy(), scale.low, scale.high))
    items = _items(cohort, name)
    alpha = None if items is None else tried("Cronbach's alpha", lambda: cronbach_alpha(items))
    reliability = agreement = None
    if asked.repeated:
        repeated = _stable_rows(values, wide, asked)[list(asked.repeated.visits)].to_numpy()
        reliability = tried("Reliability", lambda: intraclass_correlation(repeated))
        agreement = tried("Limits of agreement", lambda: bland_altman(repeated[:, 1], repeated[:, 0]))
    change, used, cutoffs = None, float("nan"), {}
    if asked.change:
        plan = asked.change
        used, cutoffs = _coefficient(plan, reliability), _cutoffs(plan, wide[start], scale.higher_is_better, tried)
        if np.isfinite(used) and (plan.cutoff is None or plan.cutoff in cutoffs):
            change = tried("Reliable change", lambda: _change(study, name, plan, wide, used, cutoffs))
    important = tried("Important change", lambda: _important(study, name, asked, values, wide))
    return MeasuredScore(
        name, asked, ends, alpha, reliability, agreement, change, used, cutoffs, important, tuple(tried.problems)
    )


def _wide(rows: pd.DataFrame, study: Study) -> pd.DataFrame:
    """Return one row per participant: participant_id and arm as index, a column for each visit of the plan."""
    wide = rows.pivot_table(index=["participant_id", "arm"], columns="visit", values="value", observed=True)
    return wide.reindex(columns=list(study.visits)).sort_index()


def _stable_rows(values: pd.DataFrame, wide: pd.DataFrame, asked: ScoreMeasurement) -> pd.DataFrame:
    """Return the rows of the participants who did not change, by the outcome that the plan names; all without one."""
    stable = asked.repeated.stable if asked.repeated else None
    if stable is None:
        return wide
    said = values[(values["outcome"] == stable.outcome) & (values["visit"] == stable.visit)]
    who = said.loc[said["value"].between(stable.at_least, stable.at_most), "participant_id"]
    return wide[wide.index.get_level_values("participant_id").isin(set(who))]


def _items(cohort: Cohort, name: str) -> np.ndarray | None:
    """Return answers at baseline (n, k), reversed items turned; None where the data have no items of the score."""
    outcome = cohort.study.outcomes[name]
    instrument = getattr(outcome, "instrument", None)
    if instrument is None or "item_responses" not in cohort.tables:
        return None
    record = load_instrument(instrument)
    scale = record.scale(scale_name(outcome), record.choose_version(outcome.version))
    names = ["participant_id", "instrument", "visit", "item"]
    rows = cohort.table("item_responses")[[*names, "value"]].astype(dict.fromkeys(names, "str"))
    mine = rows[(rows["instrument"] == instrument) & (rows["visit"] == cohort.study.baseline_visit)]
    mine = mine[mine["item"].isin(scale.items)]
    if mine.empty or len(scale.items) < 2:
        return None
    wide = mine.pivot_table(index="participant_id", columns="item", values="value").reindex(columns=list(scale.items))
    turned = record.scales[scale.name].reversed
    return wide.assign(**{item: -wide[item] for item in wide if item in turned}).to_numpy(dtype=float)


def _coefficient(plan: ReliableChangePlan, reliability: Reliability | None) -> float:
    if plan.reliability != "repeated":
        return plan.reliability.value
    if reliability is None:
        return float("nan")
    return float(reliability.frame.set_index("form")["estimate"][AGREEMENT])


def _cutoffs(plan: ReliableChangePlan, before: pd.Series, better: bool, tried: _Tried) -> dict[str, float]:
    """Return the cutoffs that can be computed: from the scores at baseline, and those of the norm."""
    known = before.dropna()
    norm = (plan.norm.mean, plan.norm.sd) if plan.norm else ()
    found = tried(
        "Cutoff",
        lambda: clinical_cutoffs(float(known.mean()), float(known.std(ddof=1)), *norm, higher_is_better=better),
    )
    return found or {}


def _change(
    study: Study, name: str, plan: ReliableChangePlan, wide: pd.DataFrame, used: float, cutoffs: dict[str, float]
) -> ReliableChange:
    before, after = wide[study.baseline_visit], wide[plan.visit]
    found = reliable_change(
        before.to_numpy(),
        after.to_numpy(),
        sd=float(before.std(ddof=1)),
        reliability=used,
        higher_is_better=study.scale(name).higher_is_better,
        cutoff=cutoffs[plan.cutoff] if plan.cutoff else None,
        error=plan.error,
        sd_after=float(after.std(ddof=1)),
        mean=float(before.mean()),
        level=plan.level,
    )
    frame = pd.concat([wide.index.to_frame(index=False), found.frame], axis=1)
    return ReliableChange(found.error, found.std_error, found.threshold, found.cutoff, frame)


def _important(
    study: Study, name: str, asked: ScoreMeasurement, values: pd.DataFrame, wide: pd.DataFrame
) -> Important | None:
    plan = asked.important
    if plan is None:
        return None
    said = values[(values["outcome"] == plan.anchor) & (values["visit"] == plan.visit)]
    answer = wide.index.get_level_values("participant_id").map(
        dict(zip(said["participant_id"], said["value"], strict=True))
    )
    answers = np.asarray(answer, dtype=float)
    sign = 1.0 if study.scale(plan.anchor).higher_is_better else -1.0
    towards = 1.0 if study.scale(name).higher_is_better else -1.0
    improved = np.where(np.isnan(answers), np.nan, sign * answers >= sign * plan.improved)
    little = None if plan.little is None else improved * (sign * answers <= sign * plan.little)
    return important_change(
        towards * (wide[plan.visit] - wide[study.baseline_visit]).to_numpy(),
        improved,
        minimally=little,
        anchor_reliability=plan.anchor_reliability.value if plan.anchor_reliability else None,
    )
