"""Covariates that are taken from conditions, sport, scores at baseline, and from numbers of the participants."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

import coxa
from coxa.cohort.dictionary import load_table
from coxa.derive.build import derive_dataset
from coxa.derive.covariates import derive_covariates
from coxa.errors import PlanError
from coxa.study.comparative import ComparativeStudy, with_arms
from coxa.study.covariate_sources import SPORT_LEVELS
from coxa.study.reading.read import parse_study

PLAN = """
study: tiny
title: A tiny trial
arms: {usual_care: {reference: true}, exercise: {}}
visits: {baseline: {day: 0}, week_12: {day: 84}}
outcomes: {pain: {range: [0, 100], higher_is_better: false}}
covariates:
  age: {type: number, range: [18, 90]}
COVARIATES
estimands:
  primary:
    treatment: {compare: exercise, against: usual_care}
    endpoint: {outcome: pain, visit: week_12}
analyses:
  primary: {estimand: primary, model: ancova, adjust: [baseline]}
"""
SOURCES = """\
  labral_tear: {source: {table: conditions, condition: labral_tear}}
  sure_tear: {source: {table: conditions, condition: labral_tear, at_least: confirmed}}
  tendon: {source: {table: conditions, family: tendon}}
  main: {source: {table: conditions, take: main}, levels: [dysplasia, labral_tear, other]}
  number: {source: {table: conditions, take: number}}
  distance: {source: {table: sport_training, field: distance}}
  running: {source: {table: sport_training, field: distance, sport: running}}
  level: {source: {table: sport_training, field: level}, levels: [recreational, professional]}
  weekly: {source: {table: sport_training, field: distance}, cuts: [20, 40], levels: [low, middle, high]}
  first_pain: {source: {table: assessments, outcome: pain}}
  age_group: {source: {table: participants, field: age}, cuts: [40], levels: {young: Under 40, old: 40 and over}}
"""
PEOPLE = pd.DataFrame(
    {
        "participant_id": ["1", "2", "3"],
        "arm": ["usual_care", "exercise", "exercise"],
        "age": [39.9, 40, 61],
        "randomisation_date": "2024-01-01",
    }
)
CONDITIONS = pd.DataFrame(
    {
        "participant_id": ["1", "1", "1", "2"],
        "condition": ["labral_tear", "dysplasia", "gluteal_tendinopathy", "fai_cam"],
        "side": ["left", "both", "left", "right"],
        "main": ["no", "yes", "no", ""],
        "certainty": ["suspected", "confirmed", "", ""],
    }
)
SPORT = pd.DataFrame(
    {
        "participant_id": ["1", "1", "1", "2"],
        "visit": ["baseline", "baseline", "week_12", ""],
        "sport": ["running", "cycling", "running", "running"],
        "main": ["yes", "no", "yes", ""],
        "level": ["recreational", "professional", "recreational", "professional"],
        "distance": [30, 15, 5, 20],
    }
)
PAIN = pd.DataFrame(
    {
        "participant_id": ["1", "2", "3", "1", "2", "3"],
        "visit": ["baseline"] * 3 + ["week_12"] * 3,
        "assessment_date": ["2024-01-01"] * 3 + ["2024-03-25"] * 3,
        "pain": [50, 60, 70, 40, 50, 60],
    }
)


def plan(covariates: str = SOURCES, more: str = "") -> ComparativeStudy:
    return with_arms(parse_study((PLAN.replace("COVARIATES\n", covariates) + more).encode()), "A test")


def cohort(**tables: pd.DataFrame) -> coxa.Cohort:
    given = {"participants": PEOPLE, "assessments": PAIN, **tables}
    data = "data:\n  tables:\n" + "".join(
        f"    {name}: {{file: {name}{', outcomes: {pain: pain}' if name == 'assessments' else ''}}}\n" for name in given
    )
    return coxa.read_cohort(plan(more=data), given)


def test_covariates_are_taken_from_the_tables_that_their_sources_name() -> None:
    derived = derive_covariates(cohort(conditions=CONDITIONS, sport_training=SPORT)).set_index("participant_id")
    assert derived["labral_tear"].tolist() == ["yes", "no", "no"]
    assert derived["sure_tear"].tolist() == ["no", "no", "no"]
    assert derived["tendon"].tolist() == ["yes", "no", "no"]
    assert derived["main"].tolist()[:2] == ["dysplasia", "other"]
    assert pd.isna(derived["main"]["3"])
    assert derived["number"].tolist() == [3, 1, 0]
    assert derived["distance"].tolist()[:2] == [45, 20]
    assert derived["running"].tolist()[:2] == [30, 20]
    assert derived["level"].tolist()[:2] == ["recreational", "professional"]
    assert derived["weekly"].tolist()[:2] == ["high", "middle"]
    assert derived["first_pain"].tolist() == [50, 60, 70]
    assert derived["age_group"].tolist() == ["young", "old", "old"]
    assert derived.loc["3", ["distance", "running", "level", "weekly"]].isna().all()


def test_without_the_table_nothing_is_known() -> None:
    derived = derive_covariates(cohort())
    assert derived[["labral_tear", "tendon", "main", "number", "distance", "level"]].isna().all(axis=None)


def test_the_main_condition_of_the_participants_is_taken_where_there_is_no_table_of_conditions() -> None:
    people = PEOPLE.assign(main_condition=["dysplasia", "fai_cam", ""])
    derived = derive_covariates(cohort(participants=people)).set_index("participant_id")
    assert derived["main"].tolist()[:2] == ["dysplasia", "other"]
    assert pd.isna(derived["main"]["3"])


def test_analyses_have_them_as_columns_with_the_levels_of_the_plan() -> None:
    rows = derive_dataset(cohort(conditions=CONDITIONS, sport_training=SPORT), "primary").frame
    assert rows["labral_tear"].cat.categories.tolist() == ["no", "yes"]
    assert rows.set_index("participant_id")["weekly"].cat.codes.tolist() == [2, 1, -1]


@pytest.mark.parametrize(
    ("covariate", "fault"),
    [
        ("{source: {table: conditions}}", "name one of them"),
        ("{source: {table: conditions, take: number, family: joint}}", "remove `family`"),
        ("{source: {table: conditions, condition: labral_teer}}", "did you mean labral_tear"),
        ("{source: {table: conditions, take: main}, levels: [labral_teer]}", "did you mean labral_tear"),
        ("{source: {table: conditions, take: main}}", "the category has no `levels`"),
        ("{source: {table: sport_training, field: surface}, levels: [raod, trail]}", "did you mean road"),
        ("{source: {table: assessments, outcome: pian}}", "choose pain"),
        ("{source: {table: clinical_measures, measure: thomas_sign, side: mean}}", "of which there is no mean"),
        ("{source: {table: participants, field: wieght}}", "did you mean weight"),
        ("{type: category, levels: [a, b], source: {table: participants, field: age}}", "gives a number"),
        ("{source: {table: participants, field: age}, cuts: [40, 30], levels: [a, b, c]}", "ascending"),
        ("{type: category, levels: [a, b], cuts: 3}", "`cuts` are of a `source`"),
        ("{unit: km}", "has no `type`"),
    ],
)
def test_faults_of_a_source_are_named(covariate: str, fault: str) -> None:
    with pytest.raises(PlanError) as found:
        plan(f"  one: {covariate}\n")
    assert fault.lower() in found.value.findings.as_text().lower()


def test_levels_of_sport_are_those_of_the_data_dictionary_and_other() -> None:
    fields = load_table("sport_training").fields
    assert {name: tuple(fields[name].levels) for name in SPORT_LEVELS} == SPORT_LEVELS
    plan("  one: {source: {table: sport_training, field: level}, levels: [professional, other]}\n")


def test_allocation_cannot_look_at_other_tables() -> None:
    more = "randomisation: {scheme: blocks, block_sizes: [4], strata: [labral_tear]}\n"
    with pytest.raises(PlanError) as found:
        plan(more=more)
    assert "is taken from table conditions" in found.value.findings.as_text()


ASSUMED = """\
assumptions:
  participants: 400
  conditions:
    hip_osteoarthritis: {share: 0.6, bilateral: 0.3, traumatic: 0.1}
    fai_cam: {share: 0.4, also: 0.2, confirmed: 0.5}
  covariates:
    age: {mean: 45, sd: 12}
    labral_tear: {shares: {no: 0.7, yes: 0.3}}
    weekly: {shares: {low: 0.2, middle: 0.3, high: 0.5}}
  outcomes:
    pain: {baseline: {mean: 50, sd: 15}, covariates: {labral_tear: {yes: 12}}}
"""
DRAWN = """\
  labral_tear: {source: {table: conditions, condition: labral_tear}}
  weekly: {source: {table: sport_training, field: distance}, cuts: [20, 40], levels: [low, middle, high]}
  level: {source: {table: sport_training, field: level}, levels: [recreational, professional]}
  strength: {source: {table: clinical_measures, measure: abductor_strength}, range: [0, 3]}
  weak: {source: {table: clinical_measures, measure: adductor_strength, side: symmetry}, cuts: 90, levels: [yes, no]}
  sign: {source: {table: clinical_measures, measure: thomas_sign}, cuts: 1, levels: [negative, positive]}
  first_pain: {source: {table: assessments, outcome: pain}, cuts: [50], levels: [low, high]}
  age_group: {source: {table: participants, field: age}, cuts: [40], levels: [young, old]}
"""


def test_simulated_tables_give_back_every_covariate_that_was_drawn() -> None:
    study = plan(DRAWN, ASSUMED)
    trial = coxa.simulate_study(study, seed=4, truth_size=200)
    derived = derive_covariates(coxa.read_cohort(trial.study, trial.tables))
    for name in ("labral_tear", "weekly", "level", "weak", "sign", "first_pain", "age_group"):
        levels = list(study.covariates[name].level_labels())
        assert derived[name].map(levels.index).tolist() == trial.drawn.covariates[name].tolist(), name
    assert derived["strength"].to_numpy() == pytest.approx(trial.drawn.covariates["strength"])
    assert "labral_tear" not in trial.tables["participants"]
    base = trial.tables["assessments"].query("visit == 'baseline'")["pain"].reset_index(drop=True)
    means = base.groupby(derived["labral_tear"]).mean()
    assert means["yes"] - means["no"] == pytest.approx(12, abs=5)


def test_simulated_conditions_are_several_with_side_certainty_and_mechanism() -> None:
    trial = coxa.simulate_study(plan(DRAWN, ASSUMED), seed=4, truth_size=200)
    rows = trial.tables["conditions"]
    main = rows[rows["main"] == "yes"]
    assert main["participant_id"].is_unique
    assert len(main) == 400
    assert rows["condition"].value_counts()["fai_cam"] / 400 == pytest.approx(0.4 + 0.6 * 0.2, abs=0.07)
    arthritis = rows[rows["condition"] == "hip_osteoarthritis"]
    assert (arthritis["side"] == "both").mean() == pytest.approx(0.3, abs=0.09)
    assert (arthritis["mechanism"] == "traumatic").mean() == pytest.approx(0.1, abs=0.06)
    assert set(rows.loc[rows["condition"] == "labral_tear", "certainty"]) == {"confirmed"}


def test_the_number_of_conditions_is_given_back() -> None:
    number = "  number: {source: {table: conditions, take: number}, range: [1, 4]}\n"
    assumed = ASSUMED.split("    labral_tear")[0].replace(", also: 0.2", "") + "    number: {mean: 2, sd: 1}\n"
    trial = coxa.simulate_study(plan(number, assumed), seed=2, truth_size=200)
    derived = derive_covariates(coxa.read_cohort(trial.study, trial.tables))
    assert derived["number"].tolist() == trial.drawn.covariates["number"].tolist()
    assert set(derived["number"]) == {1, 2, 3, 4}


FOLLOWING = """\
  main: {source: {table: conditions, take: main}, levels: [fai_cam, other]}
  cam: {source: {table: conditions, condition: fai_cam}}
  sure: {source: {table: conditions, condition: fai_cam, at_least: confirmed}}
  joint: {source: {table: conditions, family: joint}}
  number: {source: {table: conditions, take: number}}
  several: {source: {table: conditions, take: number}, cuts: 2, levels: [one, more]}
"""


def test_covariates_of_which_nothing_is_assumed_follow_from_the_conditions_that_are() -> None:
    study = plan(FOLLOWING, ASSUMED.split("    labral_tear")[0])
    trial = coxa.simulate_study(study, seed=3, truth_size=200)
    derived = derive_covariates(coxa.read_cohort(trial.study, trial.tables))
    for name in ("main", "cam", "sure", "joint", "several"):
        levels = list(study.covariates[name].level_labels())
        assert derived[name].map(levels.index).tolist() == trial.drawn.covariates[name].tolist(), name
    assert derived["number"].tolist() == trial.drawn.covariates["number"].tolist()
    assert (derived["main"] == "fai_cam").mean() == pytest.approx(0.4, abs=0.07)
    assert (derived["cam"] == "yes").mean() == pytest.approx(0.4 + 0.6 * 0.2, abs=0.07)
    assert (derived["sure"] == "yes").mean() == pytest.approx(0.5 * (0.4 + 0.6 * 0.2), abs=0.07)
    assert set(derived["number"]) == {1, 2}


@pytest.mark.parametrize(
    ("covariate", "assumed", "fault"),
    [
        ("  cam: {source: {table: conditions, condition: fai_cam}}\n", "    cam: {shares: {no: 0.5, yes: 0.5}}\n",
         "both draw fai_cam"),
        ("  number: {source: {table: conditions, take: number}}\n", "    number: {mean: 2, sd: 1}\n",
         "draws the number of conditions"),
        ("  old: {source: {table: participants, field: bmi}, cuts: 30, levels: [a, b]}\n", "", "is not simulated"),
        ("  age_group: {source: {table: participants, field: age}, cuts: 30, levels: [a, b]}\n",
         "    age_group: {shares: {a: 0.5, b: 0.5}}\n", "follows from its source"),
        ("  all: {source: {table: sport_training, field: distance}}\n"
         "  some: {source: {table: sport_training, field: distance, sport: running}}\n", "", "both draw `distance`"),
    ],
)  # fmt: skip
def test_what_cannot_be_simulated_together_is_named(covariate: str, assumed: str, fault: str) -> None:
    with pytest.raises(PlanError) as found:
        plan(covariate, ASSUMED.split("    labral_tear")[0] + assumed)
    assert fault.lower() in found.value.findings.as_text().lower()


def test_the_example_of_the_page_is_a_plan() -> None:
    page = (Path(__file__).parents[2] / "docs" / "case-mix.md").read_text(encoding="utf-8")
    block = page.split("```yaml\n")[1].split("```")[0].removeprefix("covariates:\n")
    covariates = "".join(f"{line}\n" for line in block.splitlines() if not line.startswith("  age:"))
    study = plan(covariates)
    assert study.covariates["tendon"].level_labels() == {"no": "No", "yes": "Yes"}
    assert study.covariates["main"].level_labels()["fai_cam"] == "Femoroacetabular impingement, cam"
    assert study.covariates["number"].type == "number"
