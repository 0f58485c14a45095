"""Outcomes of which nothing is assumed follow from the rows that are simulated: derived is drawn, planted is found."""

from __future__ import annotations

import re
from typing import Any

import numpy as np
import pandas as pd
import pytest

import coxa
from coxa.derive.flare import FlareRule, flares_of
from coxa.derive.scores import derive_scores
from coxa.errors import OptionError, PlanError
from coxa.simulate.from_plan.endpoints import event_columns
from coxa.simulate.from_plan.found_flares import find_flares
from coxa.study.checks.diary_windows import diary_window_problems
from coxa.study.comparative import ComparativeStudy
from coxa.study.diary import FlareDefinition
from coxa.study.kinds import study_of
from tests.sourced import drawn_and_derived, sourced_plan

TREATMENT = {"compare": "exercise", "against": "usual"}
FLARE = {"flare": {"higher_is_better": False, "source": {"table": "daily_diary", "flare": True}}}


def plan(outcomes: str, assumed: dict[str, Any], first: str, **more: Any) -> ComparativeStudy:
    """Return a plan with outcomes, and with assumptions instead of those of its outcomes."""
    keys = sourced_plan(outcomes, f"{first}: {{}}", first=first, summary=more.pop("summary", "difference_in_means"),
                        model=more.pop("model", "mmrm")).model_dump(exclude_unset=True)  # fmt: skip
    keys["assumptions"] = {**keys["assumptions"], "outcomes": {}, **assumed}
    study = study_of(keys | more)
    assert isinstance(study, ComparativeStudy)
    return study


def agree(study: ComparativeStudy, atol: float = 1e-6) -> pd.DataFrame:
    """Check that what is derived is what was drawn, and return both."""
    both = drawn_and_derived(study)
    np.testing.assert_allclose(both["derived"], both["drawn"], atol=atol)
    assert set(both["outcome"]) == set(study.outcomes)
    return both


DIARY = """
pain: {source: {table: daily_diary, field: pain}}
worst: {source: {table: daily_diary, field: pain, take: max, days: 28}}
weeks: {source: {table: daily_diary, field: pain, days: 56, min_days: 20}}
bad: {source: {table: daily_diary, field: in_flare, take: share, days: 28}, higher_is_better: false}
slept: {source: {table: daily_diary, field: sleep_hours, take: share, within: [7, 9]}, higher_is_better: true}
protein: {source: {table: daily_diary, field: protein}, higher_is_better: true}
"""
ASSUMED_DIARY: dict[str, Any] = {
    "first_day": -6,
    "last_day": 98,
    "pain": {"start": 5, "mean_change": {"exercise": -1}},
    "columns": {"sleep_hours": {}, "protein": {"mean_change": {"exercise": 15}}},
}


@pytest.mark.parametrize("reference", ["baseline_mean", "rolling_median"])
def test_outcomes_of_one_column_with_windows_that_overlap_follow_from_one_diary(reference: str) -> None:
    diary = ASSUMED_DIARY | {"flares": {"per_week": 0.15, "rise": 3}}
    study = plan(DIARY, {"diary": diary}, "pain", diary={"flares": {"reference": reference}})
    both = agree(study)
    means = both.groupby(["outcome", "visit"])["drawn"].mean()
    assert means["worst", "week_6"] > means["pain", "week_6"] + 1.5
    assert 0.5 < means["bad", "week_12"] < 30
    assert 75 < means["protein", "baseline"] < 95  # grams, as people eat


@pytest.mark.parametrize(
    ("outcome", "diary", "said"),
    [
        ("worst", {}, "`worst` at baseline is taken from study days -27 to 0, of which 16 are needed, and the "
         "assumed diary has 7 of them; write `first_day: -27`"),
        ("pain", {"first_day": 1}, "days -6 to 0, of which 4 are needed, and the assumed diary has 0 of them"),
        ("pain", {"last_day": 60}, "`pain` at week_12 .* has 0 of them; write `last_day: 84`"),
    ],
)  # fmt: skip
def test_an_assumed_diary_without_the_days_of_an_outcome_is_refused(
    outcome: str, diary: dict[str, Any], said: str
) -> None:
    adjusted = {"main": {"estimand": "primary", "model": "mmrm", "adjust": ["baseline"]}}
    study = plan(DIARY, {"diary": ASSUMED_DIARY | {"first_day": -30}}, outcome, analyses=adjusted)
    assert not list(diary_window_problems(study))
    part = study.assumptions
    assert part is not None
    assert part.diary is not None
    shorter = part.model_copy(update={"diary": part.diary.model_copy(update={"first_day": -6} | diary)})
    [(_, found)] = diary_window_problems(study.model_copy(update={"assumptions": shorter}))
    assert re.search(said, found)


def test_a_value_that_no_analysis_needs_may_have_no_days() -> None:
    study = plan(DIARY, {"diary": ASSUMED_DIARY | {"first_day": 1}}, "pain")
    assert study.assumptions is not None


def test_the_truth_of_an_outcome_that_follows_is_that_of_its_diary() -> None:
    trial = coxa.simulate_study(plan(DIARY, {"diary": ASSUMED_DIARY}, "pain"), seed=1, truth_size=2000)
    [truth] = trial.truth.to_frame().to_dict("records")
    assert truth["obtained"] == "simulation"
    # Pain is cut at the ends of its scale, where some of the point that treatment takes away is lost.
    assert -1.0 <= truth["value"] < -0.95
    assert trial.truth.planted["outcomes"]["pain"] == {"follows_from": "daily_diary"}


def test_the_analysis_of_an_outcome_that_follows_finds_the_planted_change() -> None:
    assumed = {"diary": ASSUMED_DIARY, "participants": {"usual": 150, "exercise": 150}}
    trial = coxa.simulate_study(plan(DIARY, assumed, "pain"), seed=3, truth_size=2000)
    rows = coxa.derive_dataset(coxa.read_cohort(trial.study, trial.tables), "primary").frame
    drawn = coxa.simulate.estimand_frame(trial.design, trial.drawn, "primary")
    pd.testing.assert_series_equal(
        rows.set_index(["participant_id", "visit"])["value"].dropna().sort_index(),
        drawn.set_index(["participant_id", "visit"])["value"].dropna().sort_index(),
        check_index_type=False,
    )
    last = drawn[drawn["visit"] == "week_12"].groupby("arm", observed=True)["change"].mean()
    assert last["exercise"] - last["usual"] == pytest.approx(-1.0, abs=0.35)


def test_flares_of_an_assumed_diary_have_a_truth_and_power(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("coxa.simulate.from_plan.truths.SIZE_OF_DAYS", 2000)
    events = {"often": ("count", "rate_ratio", "counts"), "first": ("time", "hazard_ratio", "cox")}
    estimands = {
        name: {"treatment": TREATMENT, "endpoint": {"outcome": "flare", "measure": measure, "visit": "week_12"},
               "summary": summary}
        for name, (measure, summary, _) in events.items()
    }  # fmt: skip
    diary = ASSUMED_DIARY | {"flares": {"per_week": 0.2, "rise": 3}, "pain": {"start": 4}}
    study = plan(
        DIARY, {"diary": diary}, "pain", events=FLARE, estimands=estimands,
        analyses={name: {"estimand": name, "model": model} for name, (_, _, model) in events.items()},
        diary={"flares": {"reference": "rolling_median"}},
    )  # fmt: skip
    trial = coxa.simulate_study(study, seed=3, truth_size=2000)
    truth = trial.truth.to_frame().set_index("estimand")["value"]
    assert truth.between(0.8, 1.25).all()  # flares begin alike in both arms
    rows = coxa.derive_dataset(coxa.read_cohort(trial.study, trial.tables), "often").frame.set_index("participant_id")
    columns = event_columns(trial.design, trial.drawn, study.estimands["often"], study.events["flare"], "week_12")
    ids = trial.tables["participants"]["participant_id"]
    for name in ("count", "exposure", "status"):
        np.testing.assert_array_equal(rows.loc[ids, name].astype(float), columns[name])
    assert columns["count"].sum() > 50
    power = coxa.simulated_power(study, 60, replicates=4, seed=1)
    assert power.frame["power"].notna().all()
    assert set(power.frame["analysis"]) == {"often", "first"}


def test_a_pain_outcome_follows_from_the_flares_that_are_events_of_the_plan() -> None:
    assumed = {"happenings": {"flare": {"number": {"usual": 2.0, "exercise": 1.0}}}}
    bad = "bad: {source: {table: daily_diary, field: in_flare, take: share, days: 28}, higher_is_better: false}\n"
    both = agree(plan("pain: {source: {table: daily_diary, field: pain}}\n" + bad, assumed, "pain", events=FLARE))
    late = both[(both["outcome"] == "bad") & (both["visit"] == "week_12")]["drawn"]
    assert 2 < late.mean() < 20


def test_flares_are_found_in_arrays_as_in_a_diary() -> None:
    rng = np.random.default_rng(5)
    pain = np.round(np.clip(4 + 1.6 * rng.standard_normal((60, 50)), 0, 10), 1)
    pain[rng.random(pain.shape) < 0.3] = np.nan
    written = np.isfinite(pain)
    for reference in ("baseline_mean", "rolling_median"):
        rule = FlareDefinition.model_validate({"reference": reference, "min_recorded": 3, "rise": 1.5})
        begins, inside = find_flares(pain, written, rule)
        for row in range(len(pain)):
            first = int(written[row].argmax())
            found = flares_of(pain[row, first:], FlareRule(**rule.model_dump(exclude={"source"})))
            assert np.flatnonzero(begins[row]).tolist() == [first + one.start for one in found]
            days = [first + day for one in found for day in range(one.start, one.end + 1)]
            assert np.flatnonzero(inside[row]).tolist() == days
        assert begins.sum() > 20


LOG = "done: {source: {table: exercise_log}}\nall: {source: {table: exercise_log, since: start}}\n"


def test_adherence_follows_from_an_assumed_log_with_the_dose_of_the_plan() -> None:
    arms = {
        "usual": {"label": "Usual care", "reference": True},
        "exercise": {
            "label": "Exercise",
            "delivery": {
                "exercises": [
                    {"exercise": "clamshell", "sets": [2, 4], "reps": 12, "per_week": 2},
                    {"exercise": "side_plank", "sets": 2, "hold_s": 30, "per_week": 3},
                    {"exercise": "leg_press", "sets": 3, "reps": [8, 10], "load_type": "kg", "load": [20, 40]},
                ],
                "home_per_week": 3,
            },
        },
    }
    assumed = {"exercise_log": {"done": {"usual": 0.5, "exercise": 0.8}}}
    study = plan(LOG, assumed, "done", arms=arms)
    both = agree(study)
    assert set(both["visit"]) == {"week_6", "week_12"} | ({"baseline"} & set(both["visit"]))
    trial = coxa.simulate_study(study, seed=1, truth_size=2000)
    assert trial.truth.to_frame()["value"].item() == pytest.approx(30, abs=2)
    log = trial.tables["exercise_log"]
    people = trial.tables["participants"].set_index("participant_id")["arm"]
    mine = log[log["participant_id"].map(people) == "exercise"]
    asked = mine.groupby("exercise")[["sets_prescribed", "repetitions_prescribed", "hold_prescribed"]].first()
    assert asked.loc["clamshell"].tolist()[:2] == [3, 12]
    assert asked.loc["side_plank", ["sets_prescribed", "hold_prescribed"]].tolist() == [2, 30]
    assert asked.loc["leg_press", "repetitions_prescribed"] == 9
    one = mine[mine["participant_id"] == mine["participant_id"].iloc[0]]
    days = one.groupby("exercise")["exercise_date"].nunique()
    assert days["clamshell"] < days["side_plank"] == days["leg_press"]
    assert mine.loc[mine["exercise"] == "leg_press", "load_prescribed"].agg(["min", "max"]).tolist() == [20, 40]
    assert "bridge" in set(log["exercise"]) - set(mine["exercise"])  # usual care has the assumed ones


def test_levels_of_return_follow_from_the_times_of_return() -> None:
    outcomes = """
level: {kind: ordered, source: {table: return_to_sport, statuses: [first_run, return_to_sport]}}
back: {kind: yes_no, source: {table: return_to_sport, statuses: [return_to_sport]}}
"""
    events = {
        "run": {"higher_is_better": True, "source": {"table": "return_to_sport", "level": "first_run"}},
        "sport": {"higher_is_better": True, "source": {"table": "return_to_sport", "level": "return_to_sport"}},
    }
    happen = {"run": {"probability": 0.8}, "sport": {"probability": {"usual": 0.3, "exercise": 0.5}}}
    study = plan(outcomes, {"happenings": happen}, "back", events=events, summary="risk_difference", model="logistic")
    agree(study)
    truth = coxa.simulate_study(study, seed=2, truth_size=4000).truth.to_frame()["value"].item()
    assert truth == pytest.approx(0.2, abs=0.03)
    # An outcome that is assumed instead of events gives the other one.
    level = {"level": {"shares": {0: 0.5, 1: 0.3, 2: 0.2}, "odds_ratio": {"exercise": 2.0}}}
    both = agree(plan(outcomes, {"outcomes": level}, "back", summary="risk_difference", model="logistic"))
    wide = both.pivot(index=["participant_id", "visit"], columns="outcome", values="drawn")
    assert ((wide["level"] == 2) == (wide["back"] == 1)).all()


def test_goals_of_all_terms_follow_from_those_of_each() -> None:
    outcomes = """
both: {source: {table: goals, take: mean_rating}}
near: {source: {table: goals, take: mean_rating, term: short}}
far: {source: {table: goals, take: mean_rating, term: long}}
"""
    assumed = {
        "near": {"baseline": {"mean": 4, "sd": 1.5}, "mean_change": {"exercise": 2}},
        "far": {"baseline": {"mean": 3, "sd": 1.5}, "mean_change": {"exercise": 1}},
    }
    study = plan(outcomes, {"outcomes": assumed}, "both")
    wide = agree(study).pivot(index=["participant_id", "visit"], columns="outcome", values="drawn")
    np.testing.assert_allclose(wide["both"], (wide["near"] + wide["far"]) / 2)
    truth = coxa.simulate_study(study, seed=2, truth_size=4000).truth.to_frame()["value"].item()
    assert truth == pytest.approx(1.5, abs=0.05)


def test_goals_met_are_few_at_the_start_and_all_met_follows_from_the_share() -> None:
    outcomes = (
        "met: {source: {table: goals, take: share_met}}\nevery: {kind: yes_no, source: {table: goals, take: all_met}}"
    )
    both = agree(plan(outcomes, {}, "met"))
    assert both[(both["outcome"] == "met") & (both["visit"] == "baseline")]["drawn"].mean() < 20
    wide = both.pivot(index=["participant_id", "visit"], columns="outcome", values="drawn")
    assert ((wide["met"] == 100) == (wide["every"] == 1)).all()


def test_a_symmetry_follows_from_both_sides() -> None:
    of = "source: {table: clinical_measures, measure: abductor_strength"
    outcomes = (
        f"here: {{{of}}}}}\nthere: {{{of}, side: other}}}}\neven: {{{of}, side: symmetry}}, higher_is_better: true}}\n"
    )
    agree(plan(outcomes, {}, "here"), atol=1e-3)  # both sides are written to six decimals


SESSIONS = """
came: {source: {table: treatment_sessions}}
recent: {source: {table: treatment_sessions, since: last_visit}}
minutes: {source: {table: treatment_sessions, take: minutes}}
share: {source: {table: treatment_sessions, take: share}}
"""


def test_sessions_until_a_visit_are_an_outcome() -> None:
    arms = {
        "usual": {"reference": True, "sessions_planned": 12},
        "exercise": {"delivery": {"sessions": 12, "minutes": [50, 70]}},
    }
    study = plan(SESSIONS, {"sessions": {"attendance": {"usual": 0.5, "exercise": 0.75}}}, "came", arms=arms)
    both = agree(study)
    wide = both.pivot(index=["participant_id", "visit"], columns="outcome", values="drawn").reset_index()
    assert (wide["came"] >= wide["recent"]).all()
    trial = coxa.simulate_study(study, seed=1, truth_size=4000)
    assert trial.truth.to_frame()["value"].item() == pytest.approx(12 * 0.25, abs=0.1)
    sessions = trial.tables["treatment_sessions"]
    arm = sessions["participant_id"].map(trial.tables["participants"].set_index("participant_id")["arm"])
    minutes = sessions.groupby(arm)["minutes"].mean()
    assert minutes["exercise"] == pytest.approx(60, abs=3)
    assert minutes["usual"] == pytest.approx(45, abs=3)


def test_minutes_that_are_missing_are_no_sum() -> None:
    study = plan(SESSIONS, {"sessions": {}}, "came")
    people = pd.DataFrame({"participant_id": ["A", "B"], "arm": "usual", "randomisation_date": "2024-01-01"})
    rows = pd.DataFrame(
        {
            "participant_id": ["A", "A", "A", "B"],
            "session_number": [1, 2, 3, 1],
            "session_date": ["2024-01-08", "2024-01-15", "2024-03-01", "2024-01-08"],
            "attended": ["yes", "no", "yes", "yes"],
            "minutes": [50, None, 40, None],
        }
    )
    cohort = coxa.read_cohort(study, {"participants": people, "treatment_sessions": rows})
    derived, findings = derive_scores(cohort)
    values = derived.set_index(["participant_id", "outcome", "visit"])["value"]
    assert values["A", "came", "week_6"] == 1
    assert values["A", "came", "week_12"] == 2
    assert values["A", "recent", "week_12"] == 1
    assert values["A", "minutes", "week_12"] == 90
    assert values["A", "share", "week_6"] == 50
    assert ("B", "minutes", "week_6") not in values
    assert "an attended session has no minutes" in findings.to_frame()["rule"].str.cat()


def test_what_is_assumed_twice_is_refused_with_a_remedy() -> None:
    two = "a: {source: {table: daily_diary, field: pain}}\nb: {source: {table: daily_diary, field: pain, take: max}}"
    base = {"baseline": {"mean": 5, "sd": 1}}
    with pytest.raises(OptionError, match="so that it follows from the days of the other"):
        coxa.simulate_study(plan(two, {"outcomes": {"a": base, "b": base}}, "a"), seed=1, truth_size=2000)
    with pytest.raises(PlanError, match="Assume pain under `outcomes`"):
        coxa.simulate.trial_design(
            plan(
                "pain: {source: {table: daily_diary, field: pain}}",
                {"diary": ASSUMED_DIARY, "dropout": {"probability": 0.2, "mechanism": "mar", "odds_ratio": 1.5}},
                "pain",
            )
        )


def test_outcomes_of_which_nothing_is_known_begin_as_is_usual_of_people() -> None:
    outcomes = """
protein: {source: {table: daily_diary, field: protein}, higher_is_better: true}
water: {source: {table: daily_diary, field: hydration, take: sum}, higher_is_better: true}
slept: {source: {table: daily_diary, field: sleep_hours, take: share, within: [7, 9]}, higher_is_better: true}
far: {source: {table: sport_training, field: distance}, higher_is_better: true}
met: {source: {table: goals, take: share_met}}
own: {source: {table: daily_diary, field: steps}, range: [0, 20000], higher_is_better: true}
"""
    keys = plan(outcomes, {}, "protein").model_dump(exclude_unset=True)
    keys["covariates"] = {
        "shoes": {"type": "number", "source": {"table": "sport_training", "field": "footwear_distance"}}
    }
    study = study_of(keys)
    assert isinstance(study, ComparativeStudy)
    trial = coxa.simulate_study(study, seed=1, truth_size=2000)
    means = dict(zip(trial.design.outcomes, trial.design.means[0, :, 0].round(1).tolist(), strict=True))
    assert means == {
        "protein": 85.0,
        "water": 12.6,
        "slept": pytest.approx(47, abs=5),
        "far": 25.0,
        "met": 5.0,
        "own": 10000.0,
    }
    assert 300 < trial.drawn.covariates["shoes"].mean() < 400
    agree(study)
