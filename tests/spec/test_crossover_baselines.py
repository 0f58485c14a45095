"""Crossovers with the value at the start of each period: adjusted within and between participants, and changes."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm

import coxa
from coxa.analyses.planned import run_analysis
from coxa.analyses.rows import SimulatedRows
from coxa.design import simulated_power
from coxa.report.topics.methods.section import methods_section
from coxa.study.comparative import ComparativeStudy
from coxa.study.reading.read import parse_study
from tests.spec.test_study_read import faults

PLAN = """
study: starts
title: A crossover with a value at the start of each period
design: crossover
arms: {ab: {label: AB}, ba: {label: BA}}
periods:
  treatments: {a: A, b: B}
  sequences: {ab: [a, b], ba: [b, a]}
  visits: [week_2, week_5]
  baselines: [baseline, week_3]
visits:
  baseline: {day: 0}
  week_2: {day: 14}
  week_3: {day: 21}
  week_5: {day: 35}
outcomes:
  pain: {range: [-200, 300], unit: points, higher_is_better: false}
estimands:
  pain:
    treatment: {compare: b, against: a}
    endpoint: {outcome: pain, visit: [week_2, week_5]}
analyses:
  main: {estimand: pain, role: primary, model: crossover, baselines: covariate}
  plain: {estimand: pain, role: sensitivity, model: crossover}
assumptions:
  participants: 40
  outcomes:
    pain:
      baseline: {mean: 50, sd: 15}
      treatments: {b: -6}
      scale: continuous
      correlation: [[1, 0.8, 0.5, 0.5], [0.8, 1, 0.5, 0.5], [0.5, 0.5, 1, 0.8], [0.5, 0.5, 0.8, 1]]
"""


def study(text: str = PLAN) -> ComparativeStudy:
    found = parse_study(text.encode())
    assert isinstance(found, ComparativeStudy)
    return found


def rows(seed: int = 1, n: int = 30) -> pd.DataFrame:
    """Return drawn rows of all visits after baseline, without missing values."""
    rng = np.random.default_rng(seed)
    arm = np.array(["ab", "ba"] * (n // 2))
    person = rng.normal(0, 10, n)
    start = person[:, None] + rng.normal(0, 6, (n, 2))
    lasting = rng.normal(0, 8, n)  # so that the variance between participants is above 0 with the starts in the model
    end = 0.6 * start + (0.4 * person + lasting)[:, None] + rng.normal(0, 4, (n, 2)) + 50
    end += -5 * np.stack([arm == "ba", arm == "ab"], axis=1)
    values = {"week_2": end[:, 0], "week_3": start[:, 1] + 50, "week_5": end[:, 1]}
    frame = pd.concat(
        pd.DataFrame(
            {
                "participant_id": [f"p{k:02d}" for k in range(n)],
                "arm": pd.Categorical(arm, categories=["ab", "ba"]),
                "visit": name,
                "value": value,
                "baseline": start[:, 0] + 50,
            }
        )
        for name, value in values.items()
    )
    frame["change"] = frame["value"] - frame["baseline"]
    return frame.assign(visit=pd.Categorical(frame["visit"], categories=["week_2", "week_3", "week_5"]))


def analysed(plan: ComparativeStudy, frame: pd.DataFrame, name: str = "main") -> pd.Series:
    planned = plan.planned(name)
    _, estimates, _ = run_analysis(plan, name, planned.analysis, SimulatedRows(frame, planned.response))
    return estimates.only(term="difference").frame.iloc[0]


def test_it_is_the_analysis_of_covariance_of_differences_by_differences_of_the_starts() -> None:
    frame = rows()
    wide = frame.pivot_table(index=["participant_id", "arm", "baseline"], columns="visit", values="value",
                             observed=True).reset_index()  # fmt: skip
    sign = np.where(wide["arm"] == "ba", 1.0, -1.0)  # period 1 less period 2 is B less A in BA
    outcome = (wide["week_2"] - wide["week_5"]).astype(float)
    start = (wide["baseline"].astype(float) - wide["week_3"]).astype(float)
    columns = np.column_stack([np.ones(len(wide)), sign, start])
    found = sm.OLS(outcome.to_numpy(), columns).fit()
    row = analysed(study(), frame)
    assert row["estimate"] == pytest.approx(found.params[1], rel=1e-6)
    assert row["std_error"] == pytest.approx(found.bse[1], rel=1e-5)
    assert row["df"] == pytest.approx(len(wide) - 3, rel=1e-5)
    fixed = study(PLAN.replace("baselines: covariate}", "baselines: covariate, participants: fixed}"))
    assert analysed(fixed, frame)["estimate"] == pytest.approx(found.params[1], rel=1e-9)


def test_a_common_baseline_changes_nothing_within_participants() -> None:
    frame = rows()
    change = study(PLAN.replace("outcome: pain, visit", "outcome: pain, measure: change, visit"))
    one, two = analysed(study(), frame, "plain"), analysed(change, frame, "plain")
    for name in ("estimate", "std_error", "df"):
        assert one[name] == pytest.approx(two[name], rel=1e-6)


def test_what_is_planted_is_found_with_more_power_than_without_the_starts() -> None:
    found = simulated_power(study(), replicates=60, seed=3).frame.set_index("analysis")
    assert found["truth"].tolist() == pytest.approx([-6, -6])
    assert (found["bias"].abs() < 4 * found["bias_error"]).all()
    assert found.loc["main", "power"] >= found.loc["plain", "power"]
    assert found.loc["main", "bias_error"] < found.loc["plain", "bias_error"]


def test_a_plan_is_simulated_and_reported_with_its_starts() -> None:
    report = coxa.analyse(coxa.simulate_study(study(), seed=2, truth_size=1000))
    fit = report.fits["main"][0]
    assert {"baseline_deviation", "baseline_average"} <= set(map(str, fit.params.index))
    section = methods_section(report)
    assert section is not None
    text = " ".join(map(str, section.blocks))
    assert "the value at the start of each period" in text


def test_a_report_without_the_starts_says_nothing_of_them() -> None:
    plan = study(PLAN.replace("model: crossover, baselines: covariate}", "model: crossover}"))
    report = coxa.analyse(coxa.simulate_study(plan, seed=2, truth_size=1000))
    section = methods_section(report)
    assert section is not None
    text = " ".join(map(str, section.blocks))
    assert "random intercept of each participant" in text
    assert "the start of each period" not in text


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("[baseline, week_3]", "[baseline]", "there are 2 periods and 1 baselines"),
        ("[baseline, week_3]", "[baseline, week_9]", 'no visit "week_9"'),
        ("[baseline, week_3]", "[baseline, week_5]", "'week_5' is not before 'week_5'"),
        ("[baseline, week_3]", "[baseline, baseline]", "'baseline' is before 'week_2', the end of the period before"),
        ("  baselines: [baseline, week_3]\n", "", "names no visits at the starts of the periods"),
    ],
)
def test_starts_that_do_not_fit_are_refused(old: str, new: str, message: str) -> None:
    found = faults(PLAN.replace(old, new))
    assert any(message in text for *_, text in found), found
