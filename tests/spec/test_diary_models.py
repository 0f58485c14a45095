"""Models of days in a plan: planted effects within and between participants, and of load on the beginning of flares."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from coxa.analyses.diary_models import diary_formula, fit_diary_model
from coxa.cohort.cohort import Cohort
from coxa.cohort.disposition import Disposition
from coxa.derive.diary_rows import diary_rows
from coxa.errors import CoxaError
from coxa.findings import Findings
from coxa.study.diary import DiaryModel
from tests.spec.test_derive_dataset import PLAN_3
from tests.spec.test_study_read import parse

MODELS = """
diary:
  flares: {rise: 2, days: 2, reference_days: 7}
  models:
    pain: {outcome: pain, yesterday: training_load, per: {training_load: 100}}
    flares: {outcome: flare, yesterday: training_load, per: {training_load: 100}}
    protein: {outcome: pain, same_day: protein}
"""
WITHIN, BETWEEN, ODDS = 0.3, -0.5, 2.0


def cohort(n: int, t: int, flares: bool, seed: int = 7) -> Cohort:
    """Draw a diary with planted effects of yesterday's load: on pain, or on the beginning of a flare of three days."""
    rng = np.random.default_rng(seed)
    mean = 200 + 60 * rng.standard_normal(n)
    load = np.maximum(mean[:, None] + 120 * rng.standard_normal((n, t + 1)), 0).round()
    hard = (load[:, :-1] - load[:, :-1].mean(axis=1, keepdims=True)) / 100
    pain = np.full((n, t), 3.0) + 0.1 * rng.standard_normal((n, t))
    if flares:
        left = np.zeros(n)
        for day in range(7, t):
            left = np.maximum(left - 1, 0)
            logit = np.log(0.03) + np.log(ODDS) * hard[:, day]
            begins = (left == 0) & (pain[:, day - 1] < 4.5) & (rng.random(n) < 1 / (1 + np.exp(-logit)))
            left = np.where(begins, 3, left)
            pain[:, day] += 3.0 * (left > 0)
    else:
        between = (load[:, :-1].mean(axis=1) - 200) / 100
        pain += WITHIN * hard + BETWEEN * between[:, None] + 0.3 * rng.standard_normal((n, 1))
    people = pd.DataFrame({"participant_id": [f"P{k}" for k in range(n)], "arm": ["usual_care", "exercise"] * (n // 2)})
    rows = pd.DataFrame(
        {
            "participant_id": np.repeat(people["participant_id"], t + 1).to_numpy(),
            "study_day": np.tile(np.arange(t + 1), n),
            "pain": np.column_stack([np.full(n, np.nan), pain]).ravel(),
            "training_load": load.ravel(),
        }
    )
    study = parse(PLAN_3 + MODELS)
    nothing = dict.fromkeys(("training_minutes", "perceived_exertion", "protein"), float("nan"))
    tables = {"participants": people, "daily_diary": rows.assign(**nothing)}
    return Cohort(study, tables, Findings(), Disposition(), ())


def test_the_planted_effects_within_and_between_are_in_their_intervals() -> None:
    drawn = cohort(30, 40, flares=False)
    assert drawn.study.diary is not None
    found = fit_diary_model(drawn.study.diary.models["pain"], diary_rows(drawn, "pain"))
    within, between = found.effects.to_dict("records")
    assert within["conf_low"] < WITHIN < within["conf_high"]
    assert within["conf_high"] - within["conf_low"] < 0.05
    assert between["conf_low"] < BETWEEN < between["conf_high"]
    assert between["conf_high"] < 0 < within["conf_low"]  # opposite signs, which one column would hide
    assert (found.n_participants, found.n_days, found.events) == (30, 1200, None)


def test_the_planted_odds_ratio_of_a_flare_is_recovered() -> None:
    drawn = cohort(60, 70, flares=True)
    assert drawn.study.diary is not None
    found = fit_diary_model(drawn.study.diary.models["flares"], diary_rows(drawn, "flares"))
    within = found.effects.iloc[0]
    assert within["conf_low"] < ODDS < within["conf_high"]
    assert within["conf_low"] > 1.3
    assert found.events is not None
    assert found.events > 60


def test_days_of_a_flare_after_its_first_are_not_rows_of_a_model_of_flares() -> None:
    drawn = cohort(4, 60, flares=True, seed=3)
    rows = diary_rows(drawn, "flares")
    after = rows.assign(next_day=rows["study_day"] + 1)[rows["flare"] == 1]
    later = rows.merge(after[["participant_id", "next_day"]], left_on=["participant_id", "study_day"],
                       right_on=["participant_id", "next_day"])  # fmt: skip
    assert len(after)
    assert later.empty
    assert rows["study_day"].min() >= 7


def test_a_column_that_nobody_filled_in_is_named() -> None:
    with pytest.raises(CoxaError, match="needs `protein`, of which the data have no value"):
        diary_rows(cohort(4, 20, flares=False), "protein")


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"outcome": "pain"}, "asks about nothing"),
        ({"outcome": "pain", "same_day": "pain"}, "explains itself"),
        ({"outcome": "flare", "yesterday": "training_load", "slopes": True}, "has no `slopes`"),
        ({"outcome": "pain", "same_day": "steps", "per": {"protein": 10}}, "does not ask about"),
        ({"outcome": "pain", "same_day": "steps", "per": {"steps": 0}}, "not above 0"),
    ],
)
def test_a_model_that_makes_no_sense_is_refused(given: dict[str, object], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        DiaryModel.model_validate(given)


def test_the_formula_has_random_slopes_where_they_are_asked_for() -> None:
    model = DiaryModel.model_validate({"outcome": "pain", "same_day": "sleep_hours", "slopes": True, "adjust": "age"})
    assert diary_formula(model, with_arms=False) == (
        "pain ~ week + age + sleep_hours_within + sleep_hours_between + (week | participant_id)"
    )
