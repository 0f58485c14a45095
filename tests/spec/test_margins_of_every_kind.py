"""A margin in a plan of any kind of model: the test, its limits and what the report says agree."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
import yaml

import coxa
from coxa.analyses.planned import run_analysis
from coxa.analyses.rows import SimulatedRows
from coxa.design.by_simulation.plan_run import measure_of, run_singly
from coxa.estimates.margins import is_shown
from coxa.report.topics.analyses.margin_forest import margin_forest
from coxa.report.topics.analyses.sentences import verdict_sentences
from coxa.simulate import estimand_frame, trial_design
from coxa.simulate.from_plan.draw import draw_trials
from coxa.study.comparative import ComparativeStudy
from coxa.study.kinds import study_of
from coxa.study.margin import bounds_of, margin_words
from tests.spec.binary_counts_trial import PLAN, tables
from tests.spec.test_study_read import faults

PLANS = Path(__file__).parents[2] / "analyses" / "outcomes"

EVERY = [
    ("responders", "adjusted", "points"),
    ("responders", "raw", "points"),
    ("responders", "by_model", "points"),
    ("responders", "falls", "ratio"),
    ("flares", "flares", "ratio"),
    ("flares", "flares_over_time", "ratio"),
    ("flares", "injuries_again", "ratio"),
    ("global_change", "odds", "ratio"),
    ("global_change", "ranks", "probability"),
    ("priorities", "wins", "ratio"),
    ("return_to_sport", "hazard", "ratio"),
    ("return_to_sport", "days", "days"),
    ("return_to_sport", "share", "ratio"),
]
"""Plan, analysis, and how its comparison is written."""


@cache
def written(plan: str) -> dict[str, Any]:
    found: dict[str, Any] = yaml.safe_load((PLANS / f"{plan}.yaml").read_text())
    return found


def with_margin(plan: str, name: str, **margin: Any) -> ComparativeStudy:
    raw = written(plan)
    options = {**raw["analyses"][name], **({"margin": margin} if margin else {})}
    study = study_of({**raw, "analyses": {**raw["analyses"], name: options}})
    assert isinstance(study, ComparativeStudy)
    return study


@cache
def drawn(plan: str) -> Any:
    study = with_margin(plan, next(iter(written(plan)["analyses"])))
    design = trial_design(study)
    return design, draw_trials([design], [5])[0]


def analysed(study: ComparativeStudy, plan: str, name: str) -> pd.DataFrame:
    design, trial = drawn(plan)
    frame = estimand_frame(design, trial, study.analyses[name].estimand)
    frame = frame[frame["visit"].isin(study.planned(name).model_visits)]
    frame = frame.assign(visit=frame["visit"].cat.remove_unused_categories())
    rows = SimulatedRows(frame, measure_of(study, name))
    return run_analysis(study, name, study.analyses[name], rows, comparisons_only=True)[1].frame


@cache
def compared(plan: str, name: str) -> pd.Series:
    study = with_margin(plan, name)
    frame, planned = analysed(study, plan, name), study.planned(name)
    rows = frame[(frame["term"] == planned.effect.term) & frame["visit"].isin(planned.visits)]
    return rows.iloc[0]


def margin_at(study: ComparativeStudy, name: str, bound: float) -> float:
    """Return the value in a plan of a margin that is at a bound."""
    effect = study.planned(name).effect
    if effect.is_ratio:
        return bound
    return abs(bound - effect.null) * (100 if effect.scale == "points" else 1)


@pytest.mark.parametrize(("plan", "name", "scale"), EVERY)
def test_p_is_the_level_where_a_limit_is_the_margin(plan: str, name: str, scale: str) -> None:
    row, plain = compared(plan, name), with_margin(plan, name)
    better = plain.planned(name).higher_is_better
    worst, null = (row["conf_low"] if better else row["conf_high"]), plain.planned(name).effect.null
    assert plain.planned(name).effect.scale == scale
    worse_than_none = worst < null if better else worst > null
    kind = "noninferiority" if worse_than_none else "superiority"
    value = margin_at(plain, name, float(worst))
    study = with_margin(plan, name, type=kind, value=value)
    assert bounds_of(study.planned(name)) == pytest.approx((worst,))
    tested = analysed(study, plan, name).query("term == @kind").iloc[0]
    assert tested["p_value"] == pytest.approx(0.025, rel=1e-4)
    assert tested[["estimate", "conf_low", "conf_high"]].to_numpy(float) == pytest.approx(
        row[["estimate", "conf_low", "conf_high"]].to_numpy(float)
    )


@pytest.mark.parametrize(("plan", "name", "scale"), [EVERY[1], EVERY[8], EVERY[10]])
def test_a_wide_margin_is_kept_and_a_narrow_one_is_not(plan: str, name: str, scale: str) -> None:
    row, plain = compared(plan, name), with_margin(plan, name)
    null = plain.planned(name).effect.null
    far = max(abs(row["conf_low"] - null), abs(row["conf_high"] - null))
    wide = 1 + 3 * far if scale == "ratio" else min(margin_at(plain, name, null + 1.3 * far), 99)
    shown = []
    for value in (wide, 1.001 if scale == "ratio" else wide / 1e4 if scale != "points" else 1.0):
        frame = analysed(with_margin(plan, name, type="equivalence", value=float(value)), plan, name)
        shown.append(is_shown(frame.query("term == 'equivalence'").iloc[0].to_dict()))
    assert shown == [True, False]


def test_both_sides_of_one_are_the_same_margin_of_a_ratio() -> None:
    found = [with_margin("flares", "flares", type="noninferiority", value=value) for value in (1.25, 0.8)]
    assert bounds_of(found[0].planned("flares")) == pytest.approx(bounds_of(found[1].planned("flares")))
    assert margin_words(found[0].planned("flares")) == "a rate ratio of 1.25"
    p = [analysed(one, "flares", "flares").query("term == 'noninferiority'")["p_value"].item() for one in found]
    assert p[0] == pytest.approx(p[1])


@pytest.mark.parametrize(
    ("plan", "name", "value", "message"),
    [
        ("responders", "raw", 0.1, "Write ten percentage points as 10"),
        ("responders", "raw", 120, "Write less than 100"),
        ("flares", "flares", 1, "Write the ratio that would matter"),
        ("global_change", "ranks", 0.6, "its distance from no difference"),
    ],
)
def test_a_margin_on_another_scale_is_refused(plan: str, name: str, value: float, message: str) -> None:
    raw = written(plan)
    options = {**raw["analyses"][name], "margin": {"type": "noninferiority", "value": value}}
    found = faults(yaml.safe_dump({**raw, "analyses": {**raw["analyses"], name: options}}, sort_keys=False))
    (fault,) = (one for one in found if one[1] == f"analyses.{name}.margin.value")
    assert message in fault[2]


def test_power_is_of_the_margin() -> None:
    design, trial = drawn("return_to_sport")
    narrow, wide = (with_margin("return_to_sport", "hazard", type="noninferiority", value=v) for v in (1.001, 20))
    assert run_singly(wide, "hazard", design, trial, 0)[0]["shown"]
    row = run_singly(narrow, "hazard", design, trial, 0)[0]
    limit = compared("return_to_sport", "hazard")["conf_low"]
    assert row["shown"] == bool(limit > 1 / 1.001)


def test_a_report_says_it_and_draws_the_line() -> None:
    changed = {**PLAN["analyses"]["falls"], "margin": {"type": "noninferiority", "value": 12, "source": "patients"}}
    study = study_of({**PLAN, "analyses": {**PLAN["analyses"], "falls": changed}})
    report = coxa.analyse(coxa.read_cohort(study, tables()).require_clean())
    planned = report.study.planned("falls")
    (text,) = verdict_sentences(report, planned)
    assert "(margin 12 percentage points, patients): difference in proportions" in str(text)
    assert str(text).startswith("Non-inferiority of Exercise therapy against Usual care at Month 6 is ")
    figure = margin_forest(planned, report.estimates)
    assert figure is not None
    assert '"bound":12' in figure.spec().replace(" ", "")
    assert "12 percentage points" in figure.title
