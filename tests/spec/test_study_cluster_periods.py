"""Clusters in periods: what a plan may say, what is checked, planted and found, and what a report has of it."""

from __future__ import annotations

from copy import deepcopy
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from pydantic import ValidationError

import coxa
from coxa.analyses.cluster_periods import Alike
from coxa.analyses.periods import in_periods
from coxa.cohort import read_cohort
from coxa.design import power_of_cluster_periods, power_stepped_wedge, simulated_power, stepped_wedge
from coxa.errors import CoxaError, PlanError
from coxa.simulate import draw_outcomes, trial_design
from coxa.simulate.from_plan.truths import true_values
from coxa.study.kinds import ClusterPeriodTrial, study_of
from coxa.study.reading.read import parse_study
from tests.spec.wedge_trial import TWICE, wedge

CLUSTERS = {"site_id": {"number": 2, "icc": 0.05, "own_per_arm": True, "at_baseline": True, "autocorrelation": 0.7}}
PAIN: dict[str, Any] = {
    "baseline": {"mean": 55, "sd": 14},
    "treatments": {"new": -7},
    "by_period": {"q4": -3, "q5": -5},
    "scale": "continuous",
}
DRAWN = {"scheme": "blocks", "block_sizes": [4], "cluster": "site_id"}


def assumed(pain: dict[str, Any] | None = None, **more: Any) -> dict[str, Any]:
    """Return assumptions of 8 clusters."""
    return {"participants": 400, "outcomes": {"pain": pain or PAIN}, "clusters": CLUSTERS} | more


def plan(**more: Any) -> ClusterPeriodTrial:
    """Return a checked plan of a wedge that can be simulated."""
    study = study_of(wedge(randomisation=DRAWN, **{"assumptions": assumed(), **more}))
    assert isinstance(study, ClusterPeriodTrial)
    return study


def changed(path: str, value: Any, base: dict[str, Any] | None = None) -> dict[str, Any]:
    """Return a plan with another value at a place."""
    found = deepcopy(base or wedge(randomisation=DRAWN))
    *steps, last = path.split(".")
    part = found
    for step in steps:
        part = part.setdefault(step, {})
    part[last] = value
    return found


@pytest.mark.parametrize(
    ("path", "value", "said"),
    [
        ("periods.visits", ["week_12", "baseline"], "and not both"),
        ("periods.crosses", {"s1": 2, "s2": 3, "s3": 4, "s4": 9}, "crosses in period 9"),
        ("periods.crosses", {"s1": 2, "s2": 3, "s3": 4}, "the sequence of s4 is not given"),
        ("periods.crosses", {"s1": 2, "s2": 2, "s3": 2, "s4": 2}, "same"),
        ("periods.cluster", "clinic", "no column of clusters"),
        ("randomisation.cluster", "therapist_id", "write the same in both"),
        ("analyses.main.cluster", "therapist_id", "write `cluster: site_id`"),
        ("analyses.main.adjust", ["period"], "Take it out of `adjust`"),
        ("analyses.main.model", "mmrm", "Use cluster_periods or cluster_periods_gee"),
        ("analyses.main.model", "crossover", "Use cluster_periods or cluster_periods_gee"),
        ("analyses.main.multiplicity", "tukey", "no simultaneous limits"),
        ("covariates", {"period": {"type": "category", "levels": ["a", "b"]}}, "are the periods of `calendar`"),
        ("estimands.pain.endpoint.visit", ["week_12", "baseline"], "name one"),
        ("assumptions", {"outcomes": {"pain": {"by_period": {"q9": 1}}}}, "q9"),
        ("assumptions", {"outcomes": {"pain": {"treatments": {"other": 1}}}}, "other"),
        ("assumptions", {"outcomes": {"pain": {"carry_over": {"new": 1}}}}, "as a list"),
    ],
)
def test_faults_name_the_key_and_the_remedy(path: str, value: Any, said: str) -> None:
    with pytest.raises(ValidationError) as caught:
        study_of(changed(path, value))
    problems = [str(one) for fault in caught.value.errors() for one in fault.get("ctx", {}).get("problems", [fault])]
    assert any(said in one for one in problems), problems


def test_a_wedge_goes_one_way_and_a_cluster_crossover_may_go_back() -> None:
    back = wedge(sequences=TWICE) | {"design": "stepped_wedge"}
    with pytest.raises(ValidationError) as caught:
        study_of(back)
    assert "goes back to 'usual'" in str(caught.value.errors()[0]["ctx"]["problems"][0])
    study = study_of(wedge(sequences=TWICE))
    assert isinstance(study, ClusterPeriodTrial)
    assert study.periods.exposures == (1,)


def test_periods_of_the_calendar_are_a_covariate() -> None:
    study = plan()
    assert list(study.covariates["period"].level_labels()) == list(study.periods.calendar)
    assert study.periods.sequences["s3"] == ("usual", "usual", "usual", "new", "new")
    assert study.periods.exposures == (1, 2, 3, 4)
    assert study.model_visits("main") == ("week_12",)


@pytest.mark.parametrize("cohort", [False, True])
def test_rows_are_of_the_treatment_of_their_period(cohort: bool) -> None:
    study = study_of(wedge(cohort=cohort))
    assert isinstance(study, ClusterPeriodTrial)
    rows = pd.DataFrame(
        {
            "participant_id": ["1", "2", "3"],
            "arm": pd.Categorical(["s1", "s1", "s4"], categories=list(study.arms)),
            "site_id": ["a", "a", "b"],
            "period": ["q1", "q4", "q4"],
            "visit": pd.Categorical(["q1", "q4", "q4"] if cohort else ["week_12"] * 3),
        }
    )
    found = in_periods(study, rows)
    assert found["arm"].tolist() == ["usual", "new", "usual"]
    assert found["exposure_time"].tolist() == ["0", "3", "0"]
    assert found["cluster_period"].tolist() == ["a, period 1", "a, period 4", "b, period 4"]
    assert found["sequence"].tolist() == ["s1", "s1", "s4"]


@pytest.mark.parametrize("cohort", [False, True])
def test_the_truth_is_the_average_over_periods_and_times_since_the_step(cohort: bool) -> None:
    pain = {**PAIN, "treatments": {"new": [-2, -4, -6]}}
    if cohort:
        pain = {**{key: value for key, value in pain.items() if key != "by_period"}, "shared_change": {"q5": -5}}
    study = study_of(wedge(cohort=cohort, randomisation=DRAWN, assumptions=assumed(pain)))
    (value,) = true_values(trial_design(study)).values
    assert value.value == pytest.approx(-(2 + 4 + 6 + 6) / 4, abs=1e-9)
    assert (value.arm, value.visit, value.obtained) == ("new", "", "exact")


def test_the_truth_of_a_proportion_is_of_the_planted_odds() -> None:
    base = wedge(randomisation=DRAWN)
    base["outcomes"]["worked"] = {"kind": "yes_no", "higher_is_better": True}
    base["estimands"]["worked"] = {
        "treatment": {"compare": "new", "against": "usual"},
        "endpoint": {"outcome": "worked", "measure": "value", "visit": "week_12"},
        "summary": "risk_difference",
    }
    base["analyses"]["work"] = {"estimand": "worked", "role": "secondary", "model": "cluster_periods_gee"}
    base["assumptions"] = assumed()
    base["assumptions"]["outcomes"]["worked"] = {"risk": 0.4, "treatments": {"new": 0.6}, "by_period": {"q5": 0.5}}
    study = study_of(base)
    value = true_values(trial_design(study)).values[1]
    odds = np.log(0.4 / 0.6) + np.array([0, 0, 0, 0, 0.5])
    expected = np.mean(1 / (1 + np.exp(-odds - 0.6))) - np.mean(1 / (1 + np.exp(-odds)))
    assert value.value == pytest.approx(expected, abs=1e-9)
    report = coxa.analyse(coxa.simulate_study(study, seed=3))
    found = report.estimates.only(term="risk_difference").frame.iloc[0]
    assert found["visit"] == ""
    assert found["n_participants"] == 400
    assert found["conf_low"] < expected < found["conf_high"]


@pytest.mark.parametrize(("decays", "apart"), [(False, [0.5, 0.5, 0.5]), (True, [0.5, 0.25, 0.125])])
def test_clusters_are_alike_in_periods_as_planned(decays: bool, apart: list[float]) -> None:
    clusters = {"site_id": {**CLUSTERS["site_id"], "number": 400, "icc": 0.6, "autocorrelation": 0.5, "decays": decays}}
    design = trial_design(study_of(wedge(assumptions=assumed(participants=16_000, clusters=clusters))))
    drawn = draw_outcomes(design, 4)
    frame = pd.DataFrame(
        {"cluster": drawn.clusters["site_id"], "period": drawn.covariates["period"], "value": drawn.value[:, 0, 0]}
    )
    assert set(frame.groupby(["cluster", "period"]).size()) == {2}
    means = frame.groupby(["cluster", "period"])["value"].mean().unstack().to_numpy()
    within = 14**2 * 0.4 / 2
    covariance = np.cov(means.T)
    assert np.mean(np.diag(covariance)) - within == pytest.approx(0.6 * 14**2, rel=0.1)
    shares = [np.mean(np.diag(covariance, k)) / (0.6 * 14**2) for k in (1, 2, 3)]
    assert shares == pytest.approx(apart, abs=0.07)


@pytest.mark.parametrize("cohort", [False, True])
def test_the_closed_form_of_a_plan_takes_its_assumptions(cohort: bool) -> None:
    pain: dict[str, Any] = {"baseline": PAIN["baseline"], "treatments": {"new": -7}, "correlation": 0.5}
    pain |= {"scale": "continuous"}
    study = study_of(wedge(cohort=cohort, randomisation=DRAWN, assumptions=assumed(pain, dropout={"probability": 0.1})))
    (found,) = power_of_cluster_periods(study, 800).values()
    person = (0.5 - 0.05 * 0.7) / 0.95 if cohort else 0.0
    known = power_stepped_wedge(
        schedule=stepped_wedge([2, 2, 2, 2]),
        difference=-7,
        sd=14,
        icc=0.05,
        cluster_autocorrelation=0.7,
        cluster_size=0.9 * (100 if cohort else 20),
        individual_autocorrelation=person,
    )
    assert found.power == pytest.approx(known.power, abs=1e-9)
    assert found.std_error == pytest.approx(known.std_error, rel=1e-9)


def test_simulated_power_is_near_the_closed_form() -> None:
    study = plan(assumptions=assumed({**PAIN, "treatments": {"new": -4}}))
    found = simulated_power(study, replicates=40, seed=5)
    closed = power_of_cluster_periods(study)["main"]
    row = found.frame.iloc[0]
    assert row["converged"] == 1
    assert abs(row["bias"]) < 4 * row["bias_error"]
    assert row["power"] == pytest.approx(closed.power, abs=4 * 0.5 / np.sqrt(40))
    assert row["truth"] == pytest.approx(-4, abs=1e-9)


def test_a_correlation_that_decays_is_refused_with_what_to_do() -> None:
    text = (Path(__file__).parents[2] / "analyses/stepped_wedge/study.yaml").read_text(encoding="utf-8")
    for word in ("decay", "discrete-time-decay", "ar1"):
        changed = text.replace("correlation: exchangeable", f"correlation: {word}")
        assert changed != text
        with pytest.raises(PlanError) as caught:
            parse_study(changed.encode())
        assert "whose test holds with any correlation over the periods" in str(caught.value.findings)


def test_correlations_follow_from_variances() -> None:
    found = Alike("site_id", 4.0, 2.0, None, 14.0)
    assert (found.icc, found.between_periods, found.autocorrelation) == pytest.approx((0.3, 0.2, 2 / 3))
    assert Alike("site_id", 0.0, 0.0, None, 1.0).autocorrelation is None


def faulty(change: str) -> dict[str, pd.DataFrame]:
    """Return the tables of a drawn trial with one fault."""
    study = plan()
    tables = dict(coxa.simulate_study(study, seed=1, truth_size=100).tables)
    people = tables["participants"]
    given = [study.periods.received(arm, when) for arm, when in zip(people["arm"], people["period"], strict=True)]
    people = people.assign(treatment_delivered=given)
    site = people.loc[people["arm"] == "s2", "site_id"].iloc[0]
    here = people["site_id"] == site
    if change == "back":
        people.loc[here & (people["period"] == "q5"), "treatment_delivered"] = "usual"
    elif change == "early":
        people.loc[here & (people["period"] == "q2"), "treatment_delivered"] = "new"
    elif change == "mixed":
        people.loc[people.index[here & (people["period"] == "q4")][0], "treatment_delivered"] = "usual"
    elif change == "empty":
        people = people[~(here & (people["period"] == "q3"))]
        tables["assessments"] = tables["assessments"][
            tables["assessments"]["participant_id"].isin(people["participant_id"])
        ]
    elif change == "two":
        people.loc[people.index[here][0], "arm"] = "s1"
    return {**tables, "participants": people}


@pytest.mark.parametrize(
    ("change", "severity", "said", "rows"),
    [
        ("none", "", "", 0),
        ("back", "warning", "goes back to usual in q5, after new in q3", 10),
        ("early", "warning", "crosses to new in q2, and its sequence s2 crosses in q3", 10),
        ("mixed", "warning", "the treatment is not that of sequence s2", 1),
        ("empty", "warning", "has no data in q3", 1),
        ("two", "error", "in another sequence for most of its participants", 1),
    ],
)
def test_data_that_do_not_follow_the_plan_are_findings(change: str, severity: str, said: str, rows: int) -> None:
    tables = faulty(change)
    try:
        findings = read_cohort(plan(), tables).findings
    except CoxaError as error:
        findings = error.findings
    mine = [one for one in findings if "sequence" in one.rule or "goes back" in one.rule or "no data in" in one.rule]
    assert len(mine) == rows, [str(one) for one in findings]
    assert all(one.severity == severity and said in one.rule and one.remedy for one in mine)
    if rows and change != "empty":
        assert all(one.row for one in mine)


def test_a_report_shows_grid_time_and_correlations(tmp_path: Path) -> None:
    study = plan(
        analyses={
            "main": {"estimand": "pain", "role": "primary", "model": "cluster_periods"},
            "since": {
                "estimand": "pain",
                "role": "sensitivity",
                "model": "cluster_periods",
                "effect": "by_exposure_time",
                "relaxes": "the effect is immediate",
            },
        }
    )
    report = coxa.analyse(coxa.simulate_study(study, seed=1, truth_size=100))
    found = report.estimates.only(term="difference").frame.set_index("analysis")
    assert found.loc["main", "conf_low"] < -7 < found.loc["main", "conf_high"]
    page = report.write(tmp_path)[0].read_text(encoding="utf-8")
    for text in (
        "Stepped wedge cluster-randomised trial",
        "Clusters and periods",
        "2 in s1",
        "How alike clusters are",
        "Treatment, by time since the step",
        "4 periods",
        "Permutation of the clusters among the sequences",
        "Baseline by treatment",
        "CONSORT extension for stepped wedge trials",
        "Site in a period",
    ):
        assert text in page, text
    assert "levels of cluster_period" not in page


def test_a_cluster_crossover_of_a_cohort_is_analysed(tmp_path: Path) -> None:
    pain = {"baseline": PAIN["baseline"], "treatments": PAIN["treatments"]}
    clusters = {"site_id": {**CLUSTERS["site_id"], "number": 4}}
    base = wedge(
        cohort=True,
        sequences=TWICE,
        randomisation=DRAWN,
        assumptions=assumed(pain, clusters=clusters, participants=160, dropout={"probability": 0.1}),
    )
    base["outcomes"]["flares"] = {"kind": "count", "higher_is_better": False}
    base["assumptions"]["outcomes"]["flares"] = {"rate": 2, "treatments": {"new": -0.4}}
    base["estimands"]["flares"] = deepcopy(base["estimands"]["pain"]) | {"summary": "rate_ratio"}
    base["estimands"]["flares"]["endpoint"]["outcome"] = "flares"
    base["analyses"]["flares"] = {"estimand": "flares", "role": "secondary", "model": "cluster_periods_gee"}
    study = study_of(base)
    report = coxa.analyse(coxa.simulate_study(study, seed=2, truth_size=100))
    rate = report.estimates.only(term="rate_ratio").frame.iloc[0]
    assert rate["conf_low"] < np.exp(-0.4) < rate["conf_high"]
    assert rate["n_participants"] <= 160 < rate["n_observations"]
    found = report.estimates.only(term="difference").frame.iloc[0]
    assert found["conf_low"] < -7 < found["conf_high"]
    page = report.write(tmp_path)[0].read_text(encoding="utf-8")
    for text in ("Cluster-randomised crossover trial", "the same participants in each period", "Participant"):
        assert text in page
    assert "CONSORT extension for stepped wedge" not in page
