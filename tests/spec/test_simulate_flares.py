"""Flares as events of a simulated trial: the diary has those that were drawn, on their days, and no others."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

import coxa
from coxa.derive.flare_events import diary_flares
from coxa.errors import OptionError
from coxa.simulate.from_plan.endpoints import event_columns, recorded_events
from coxa.simulate.from_plan.event_outcomes import EventDays
from coxa.study.comparative import ComparativeStudy
from coxa.study.kinds import study_of

TREATMENT = {"compare": "exercise", "against": "usual"}


def plan(flares: dict[str, object], diary: dict[str, object] | None = None, **outcomes: object) -> ComparativeStudy:
    """Return a trial of 12 weeks in which flares are counted."""
    often = {"outcome": "flare", "measure": "count", "visit": "week_12"}
    first = {"outcome": "flare", "measure": "time", "visit": "week_12"}
    function = {"range": [0, 100], "higher_is_better": True}
    assumed = {"function": {"baseline": {"mean": 50, "sd": 10}}}
    if outcomes:
        assumed |= {"pain": {"baseline": {"mean": 5, "sd": 1}}}
    study = study_of(
        {
            "study": "flares",
            "title": "Flares",
            "arms": {"usual": {"reference": True}, "exercise": {}},
            "visits": {"baseline": {"day": 0}, "week_6": {"day": 42}, "week_12": {"day": 84}},
            "outcomes": {"function": function, **outcomes},
            "events": {"flare": {"higher_is_better": False, "source": {"table": "daily_diary", "flare": True}}},
            "diary": {"flares": flares},
            "estimands": {
                "often": {"treatment": TREATMENT, "endpoint": often, "summary": "rate_ratio"},
                "first": {"treatment": TREATMENT, "endpoint": first, "summary": "hazard_ratio"},
            },
            "analyses": {
                "often": {"estimand": "often", "model": "counts"},
                "first": {"estimand": "first", "model": "cox"},
            },
            "assumptions": {
                "participants": 80,
                "outcomes": assumed,
                "happenings": {"flare": {"number": {"usual": 2.0, "exercise": 1.0}}},
                "dropout": {"probability": 0.2, "gaps": 0.1},
                **({"diary": diary} if diary else {}),
            },
        }
    )
    assert isinstance(study, ComparativeStudy)
    return study


@pytest.mark.parametrize("reference", ["baseline_mean", "rolling_median"])
@pytest.mark.parametrize("diary", [None, {"last_day": 84, "pain": {"start": 6.0, "yesterday_load": 0.3}}])
def test_flares_that_are_derived_are_those_that_were_drawn(reference: str, diary: dict[str, object] | None) -> None:
    study = plan({"reference": reference, "days": 2}, diary)
    trial = coxa.simulate_study(study, seed=4, truth_size=2000)
    cohort = coxa.read_cohort(trial.study, trial.tables).require_clean()
    drawn = recorded_events(trial.design, trial.drawn, "flare")
    ids = trial.tables["participants"]["participant_id"].to_numpy()
    wanted = sorted(zip(ids[drawn.person], drawn.day.tolist(), strict=True))
    found = diary_flares(cohort)
    assert sorted(zip(found["participant_id"], found["start"].astype(float), strict=True)) == wanted
    assert len(wanted) > 60


def test_the_rows_of_the_estimand_are_those_of_the_drawn_trial() -> None:
    study = plan({})
    trial = coxa.simulate_study(study, seed=2, truth_size=2000)
    rows = coxa.derive_dataset(coxa.read_cohort(trial.study, trial.tables), "often").frame
    event = trial.study.events["flare"]  # type: ignore[attr-defined]
    columns = event_columns(trial.design, trial.drawn, study.estimands["often"], event, "week_12")
    drawn = pd.DataFrame({name: columns[name] for name in ("count", "exposure", "status")})
    ids = trial.tables["participants"]["participant_id"].to_numpy()
    both = rows.set_index("participant_id").loc[ids, ["count", "exposure", "status"]].astype(float)
    np.testing.assert_array_equal(both.to_numpy(), drawn.to_numpy())


def test_flares_keep_their_distance() -> None:
    found = EventDays(np.array([0, 0, 0, 1]), np.array([2.0, 3.0, 30.0, 83.0]), 2).apart(8, 4, 84)
    assert found.day.tolist() == [8, 12, 30, 83]
    assert EventDays(np.array([0, 0]), np.array([83.0, 84.0]), 1).apart(8, 4, 84).day.tolist() == [83]


def test_flares_are_assumed_in_one_way_only() -> None:
    with pytest.raises(OptionError, match="assumed twice"):
        coxa.simulate_study(plan({}, {"flares": {"per_week": 0.1}}), seed=1, truth_size=2000)
    pain = {"source": {"table": "daily_diary", "field": "pain"}}
    with pytest.raises(OptionError, match="would contradict"):
        coxa.simulate_study(plan({}, pain=pain), seed=1, truth_size=2000)
