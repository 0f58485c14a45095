"""Outcomes of every kind in a plan: what is derived of them, what is simulated, and what is true of it."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

import coxa
from coxa.derive.events import after_strategies, events_until
from coxa.errors import DataError, PlanError
from coxa.simulate import draw_outcomes, estimand_frame, trial_design, true_values
from coxa.study.comparative import ComparativeStudy
from coxa.study.effects import EFFECTS, SUMMARIES, endpoint_kind
from coxa.study.estimand import Handling
from coxa.study.reading.read import parse_study

PLAN = """
study: kinds
title: Every kind of outcome
design: parallel
arms:
  usual: {label: Usual care, reference: true}
  exercise: {label: Exercise therapy}
visits:
  baseline: {day: 0}
  month_3: {day: 91, window: [-20, 20]}
  month_6: {day: 182, window: [-20, 20]}
outcomes:
  pain: {range: [0, 10], higher_is_better: false, responder: {measure: change, at_least: 2, source: Example}}
  fell: {kind: yes_no, label: A fall, higher_is_better: false}
  groc: {kind: ordered, label: Global change, higher_is_better: true, levels: {1: Worse, 2: Same, 3: Better, 4: Well}}
  hours: {range: [0, 100], higher_is_better: true, unit: hours}
  flares: {kind: count, label: Flares, higher_is_better: false, exposure: hours}
events:
  return_to_sport: {label: Return to sport, higher_is_better: true, competing: surgery}
  injury: {label: Injury, higher_is_better: false}
  surgery: {label: Hip surgery, higher_is_better: false}
composites:
  overall:
    order: [{outcome: surgery, measure: time}, {outcome: return_to_sport, measure: event},
      {outcome: pain, measure: change, at_least: 1}]
intercurrent_events:
  switched: {label: Another treatment}
estimands:
ESTIMANDS
analyses:
  falls: {estimand: falls, model: proportions}
assumptions:
  participants: {usual: 60, exercise: 60}
  correlation_of_outcomes: 0
  outcomes:
    pain: {baseline: {mean: 6, sd: 1.5}, shared_change: -1, mean_change: {exercise: -1}, scale: bounded, step: 1}
    fell: {risk: {usual: 0.3, exercise: 0.18}}
    groc: {shares: {1: 0.1, 2: 0.4, 3: 0.3, 4: 0.2}, odds_ratio: {exercise: 2.0}}
    hours: {baseline: {mean: 20, sd: 4}, step: 1}
    flares: {rate: {usual: 0.1, exercise: 0.06}, dispersion: 0.6}
  dropout: {probability: 0.3, gaps: 0.1}
  events:
    switched: {probability: 0.3}
  happenings:
    return_to_sport: {probability: {usual: 0.5, exercise: 0.65}, shape: 1.3}
    injury: {number: {usual: 1.0, exercise: 0.7}, variation: 0.5}
    surgery: {probability: {usual: 0.2, exercise: 0.1}}
"""

ESTIMAND = (
    "  {name}: {{treatment: {{compare: exercise, against: usual}}, endpoint: {{outcome: {outcome}, measure: {measure}, "
    "visit: month_6}}, summary: {summary}, intercurrent_events: {{switched: {strategy}}}}}"
)

ENDPOINTS = {
    "falls": ("fell", "value", "odds_ratio"),
    "groc": ("groc", "value", "cumulative_odds_ratio"),
    "flares": ("flares", "value", "rate_ratio"),
    "sport": ("return_to_sport", "event", "risk_ratio"),
    "sport_time": ("return_to_sport", "time", "hazard_ratio"),
    "injuries": ("injury", "count", "rate_ratio"),
    "surgery": ("surgery", "time", "difference_in_restricted_means"),
    "wins": ("overall", "ranking", "win_ratio"),
}


def plan(strategy: str = "treatment_policy", **changed: tuple[str, str, str]) -> ComparativeStudy:
    """Return the plan with every kind of endpoint, and estimands in the place of others."""
    lines = [
        ESTIMAND.format(name=name, outcome=outcome, measure=measure, summary=summary, strategy=strategy)
        for name, (outcome, measure, summary) in {**ENDPOINTS, **changed}.items()
    ]
    study = parse_study(PLAN.replace("ESTIMANDS", "\n".join(lines)).encode())
    assert isinstance(study, ComparativeStudy)
    return study


def test_each_endpoint_has_its_kind_and_its_summary() -> None:
    study = plan()
    kinds = {name: study.endpoint_kind(name) for name in ENDPOINTS}
    assert kinds == {
        "falls": "binary", "groc": "ordered", "flares": "count", "sport": "binary", "sport_time": "time",
        "injuries": "count", "surgery": "time", "wins": "ranking",
    }  # fmt: skip
    assert all(summary in EFFECTS for summaries in SUMMARIES.values() for summary in summaries)
    assert endpoint_kind("score", "percent_change") == "mean"


@pytest.mark.parametrize(
    ("endpoint", "said"),
    [
        (("groc", "value", "difference_in_means"), "difference in means does not fit `measure: value` of 'groc'"),
        (("fell", "change", "risk_difference"), "'fell' is of `kind: yes_no` and has no `measure: change`"),
        (("return_to_sport", "value", "risk_ratio"), "'return_to_sport' is an event and has no `measure: value`"),
        (("overall", "ranking", "hazard_ratio"), "hazard ratio does not fit `measure: ranking` of 'overall'"),
    ],
)
def test_a_summary_that_does_not_fit_is_refused(endpoint: tuple[str, str, str], said: str) -> None:
    with pytest.raises(PlanError) as caught:
        plan(falls=endpoint)
    assert said in str(caught.value)


def test_until_a_day_events_are_counted_and_others_end_observation() -> None:
    own = pd.DataFrame({"participant_id": ["A", "A", "B", "C", "E"], "day": [10.0, 30.0, 95.0, 60.0, 50.0]})
    other = pd.DataFrame({"participant_id": ["C", "D"], "day": [40.0, 20.0]})
    end = pd.Series({"A": 100.0, "B": 100.0, "C": 100.0, "D": 100.0, "E": 45.0, "F": 70.0})
    found = events_until(list("ABCDEFG"), 91.0, own, other, end)
    assert found.loc["A"].tolist() == [1.0, 2.0, 10.0, 1.0, 91.0, (10.0, 30.0)]
    assert found.loc["B"].tolist() == [0.0, 0.0, 91.0, 0.0, 91.0, ()]  # its event is after the horizon
    assert found.loc["C"].tolist() == [0.0, 0.0, 40.0, 2.0, 40.0, ()]  # the competing event came first
    assert found.loc["D"].tolist() == [0.0, 0.0, 20.0, 2.0, 20.0, ()]
    assert found.loc["E"].tolist() == [1.0, 1.0, 50.0, 1.0, 50.0, (50.0,)]  # the event shows it was observed until then
    assert np.isnan(found.loc["F", "event"])
    assert found.loc["F", ["count", "time", "status", "exposure"]].tolist() == [0.0, 70.0, 0.0, 70.0]
    assert found.loc["G"].tolist() == [0.0, 0.0, 91.0, 0.0, 91.0, ()]  # nothing says when observation ended


@pytest.mark.parametrize("strategy", ["treatment_policy", "hypothetical", "while_on_treatment"])
def test_rows_of_a_drawn_trial_are_those_derived_from_its_tables(strategy: str) -> None:
    study = plan(strategy)
    trial = coxa.simulate_study(study, seed=4, truth_size=500)
    cohort = coxa.read_cohort(trial.study, trial.tables)
    for name in ENDPOINTS:
        drawn = estimand_frame(trial.design, trial.drawn, name)
        derived = coxa.derive_dataset(cohort, name).frame
        keys = ["participant_id", "visit"]
        one, two = (frame.astype(dict.fromkeys(keys, "str")).set_index(keys).sort_index() for frame in (drawn, derived))
        shared = [
            word
            for word in ("value", "exposure", "event", "count", "time", "status", "event_days", "ranking", "step_1",
                         "step_1_event", "step_2", "step_3")
            if word in one
        ]  # fmt: skip
        assert shared
        pd.testing.assert_frame_equal(
            one[shared], two[shared], check_dtype=False, check_index_type=False, check_column_type=False
        )


def test_the_truth_of_ratios_follows_from_the_assumptions() -> None:
    truth = true_values(trial_design(plan()), n=20_000)
    value = {name: truth.value(name, "exercise").value for name in ENDPOINTS}
    assert value["falls"] == pytest.approx(0.18 / 0.82 / (0.3 / 0.7))
    assert value["groc"] == pytest.approx(2.0)
    assert value["injuries"] == pytest.approx(0.7)
    simulated = truth.value("flares", "exercise")
    assert simulated.value == pytest.approx(0.6, abs=4 * simulated.monte_carlo_error)


def test_many_simulated_participants_have_the_planted_risks_and_rates() -> None:
    design = trial_design(plan(), {"usual": 8000, "exercise": 8000})
    drawn = draw_outcomes(design, 7)
    fell, flares = (drawn.complete[:, design.outcomes.index(name), 2] for name in ("fell", "flares"))
    for arm, risk in enumerate((0.3, 0.18)):
        assert fell[drawn.arm == arm].mean() == pytest.approx(risk, abs=0.02)
    hours = drawn.complete[:, design.outcomes.index("hours"), 2]
    for arm, rate in enumerate((0.1, 0.06)):
        mine = drawn.arm == arm
        assert flares[mine].sum() / hours[mine].sum() == pytest.approx(rate, rel=0.08)
    groc = drawn.complete[:, design.outcomes.index("groc"), 2]
    shares = [(groc[drawn.arm == 0] == level).mean() for level in (1, 2, 3, 4)]
    assert shares == pytest.approx([0.1, 0.4, 0.3, 0.2], abs=0.02)


def test_an_event_without_a_day_is_an_error_that_names_its_row() -> None:
    trial = coxa.simulate_study(plan(), seed=4, truth_size=500)
    tables = dict(trial.tables)
    events = tables["outcome_events"].copy()
    first = events.index[events["outcome"].eq("injury")][0]
    events.loc[first, "event_date"] = None
    cohort = coxa.read_cohort(trial.study, {**tables, "outcome_events": events})
    with pytest.raises(DataError) as caught:
        coxa.derive_dataset(cohort, "injuries")
    assert "the event `injury` has neither date nor study day" in str(caught.value)


def test_the_truth_of_a_ratio_is_held_against_ratios_alone() -> None:
    study = plan().model_copy(update={"estimands": {"falls": plan().estimands["falls"]}})
    trial = coxa.simulate_study(study, seed=4, truth_size=500)
    beside = trial.truth.beside(coxa.analyse(trial).estimates.frame)
    assert len(beside) == 1
    assert beside["truth"].tolist() == pytest.approx([0.18 / 0.82 / (0.3 / 0.7)])
    assert coxa.simulate.Truth.from_json(trial.truth.to_json()).values[0].term == "odds_ratio"


@pytest.mark.parametrize(
    ("outcome", "value", "said"),
    [
        (("flares", "value", "rate_ratio"), "worst", "a count has no worst value"),
        (("flares", "value", "rate_ratio"), "2.5", "2.5 is no number of events"),
        (("groc", "value", "cumulative_odds_ratio"), "2.5", "2.5 is no value of the outcome"),
        (("fell", "value", "odds_ratio"), "3", "3 is no value of the outcome"),
        (("injury", "count", "rate_ratio"), "3", "an event has no value after an intercurrent event"),
        (("pain", "responder", "risk_ratio"), "3", "a response has no value after an intercurrent event"),
    ],
)
def test_a_composite_value_that_the_outcome_cannot_have_is_refused(
    outcome: tuple[str, str, str], value: str, said: str
) -> None:
    name, measure, summary = outcome
    line = ESTIMAND.format(
        name="falls",
        outcome=name,
        measure=measure,
        summary=summary,
        strategy=f"{{strategy: composite, value: {value}}}",
    )
    with pytest.raises(PlanError) as caught:
        parse_study(PLAN.replace("ESTIMANDS", line).encode())
    assert said in str(caught.value)


@pytest.mark.parametrize(
    ("name", "measure", "summary"),
    [("surgery", "event", "risk_difference"), ("injury", "event", "odds_ratio"), ("pain", "responder", "risk_ratio")],
)
def test_a_composite_strategy_needs_no_value_where_the_endpoint_has_none(name: str, measure: str, summary: str) -> None:
    how = "{strategy: composite}"
    line = ESTIMAND.format(name="falls", outcome=name, measure=measure, summary=summary, strategy=how)
    study = parse_study(PLAN.replace("ESTIMANDS", line).encode())
    assert study.estimands["falls"].intercurrent_events["switched"].value is None


def test_a_composite_of_steps_needs_a_value_where_a_step_has_values() -> None:
    line = ESTIMAND.format(
        name="falls", outcome="overall", measure="ranking", summary="win_ratio", strategy="{strategy: composite}"
    )
    with pytest.raises(PlanError) as caught:
        parse_study(PLAN.replace("ESTIMANDS", line).encode())
    assert "a composite strategy has no `value` after the event" in str(caught.value)


@pytest.mark.parametrize(
    ("wanted", "days", "ends"),
    [
        (False, [("A", 10.0), ("B", 5.0), ("C", 20.0), ("A", 30.0)], {"A": 90.0, "B": 8.0, "C": 90.0}),
        (True, [("A", 10.0), ("B", 5.0), ("C", 20.0)], {"A": np.inf, "B": 8.0, "C": 90.0}),
    ],
)
def test_the_first_event_with_a_strategy_decides_for_each_participant(
    wanted: bool, days: list[tuple[str, float]], ends: dict[str, float]
) -> None:
    """A has surgery on day 30, which is composite, B switches on day 8, C has only what is treatment policy."""
    own = pd.DataFrame({"participant_id": ["A", "A", "B", "B", "C"], "day": [10.0, 40.0, 5.0, 9.0, 20.0]})
    own = own if wanted else own[own["day"] != 40.0]
    happened = pd.DataFrame(
        {
            "participant_id": ["A", "A", "B", "C"],
            "event": ["surgery", "switched", "switched", "paused"],
            "study_day": [30.0, 35.0, 8.0, 1.0],
        }
    )
    handling = {
        "surgery": Handling.model_validate({"strategy": "composite"}),
        "switched": Handling.model_validate({"strategy": "hypothetical"}),
        "paused": Handling.model_validate({"strategy": "treatment_policy"}),
    }
    end = pd.Series({"A": 90.0, "B": 90.0, "C": 90.0})
    found, until, handled = after_strategies(own, end, happened, handling, wanted)
    assert list(zip(found["participant_id"], found["day"], strict=True)) == days
    assert until.to_dict() == ends
    assert handled == {"A": "composite: surgery", "B": "hypothetical: switched"}


def with_months() -> ComparativeStudy:
    """Return the plan whose flares are counted over months that differ between participants, a covariate."""
    line = ESTIMAND.format(
        name="falls", outcome="flares", measure="value", summary="rate_ratio", strategy="treatment_policy"
    )
    text = PLAN.replace("ESTIMANDS", line).replace("exposure: hours", "exposure: months")
    text = text.replace("outcomes:\n  pain", "covariates: {months: {type: number}}\noutcomes:\n  pain", 1)
    text = text.replace("model: proportions", "model: counts, family: poisson")
    text = text.replace("assumptions:\n", "assumptions:\n  covariates: {months: {mean: 20, sd: 3}}\n")
    study = parse_study(text.encode())
    assert isinstance(study, ComparativeStudy)
    return study


def test_counts_over_a_covariate_are_simulated_with_their_rate() -> None:
    """Flares per month are 0.1 and 0.06 at random in 60 participants an arm, 20 months each on average."""
    design = trial_design(with_months(), participants=8000)
    drawn = draw_outcomes(design, 3)
    frame = estimand_frame(design, drawn, "falls").dropna(subset=["value"])
    months = drawn.covariates["months"]
    assert set(frame["exposure"]) <= set(months)
    rates = {arm: rows["value"].sum() / rows["exposure"].sum() for arm, rows in frame.groupby("arm", observed=True)}
    assert rates["usual"] == pytest.approx(0.1, rel=0.05)
    assert rates["exercise"] == pytest.approx(0.06, rel=0.05)
    truth = true_values(trial_design(with_months()), n=2_000).value("falls", "exercise")
    assert truth.value == pytest.approx(0.6, rel=1e-12)
    assert truth.monte_carlo_error == 0
    flares = pd.Series(drawn.complete[:, design.outcomes.index("flares"), -1])
    low, high = months < 18, months > 22
    assert flares[high].mean() / flares[low].mean() == pytest.approx(months[high].mean() / months[low].mean(), rel=0.15)
