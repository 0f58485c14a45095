"""The worked diary: its data are what the script makes, its plan checks them, and the models find what was planted."""

from __future__ import annotations

import runpy
from pathlib import Path

import pandas as pd
import pytest

import coxa
from coxa.cohort.cohort import Cohort
from coxa.diary import diary_adherence
from coxa.report.analyse import analyse_cohort
from coxa.simulate.truth import Truth
from synthetic_data.runner_diary.simulator.design import ARMS, RunnerDesign

ROOT = Path(__file__).parents[2]
DATA = ROOT / "synthetic_data" / "runner_diary"
ANALYSIS = ROOT / "analyses" / "runner_diary"

LARGEST = 200_000
"""Bytes that the files may take together."""


@pytest.fixture(scope="module")
def cohort() -> Cohort:
    return coxa.read_cohort(coxa.read_study(ANALYSIS / "study.yaml"))


@pytest.fixture(scope="module")
def truth() -> Truth:
    return Truth.from_json((DATA / "truth.json").read_text(encoding="utf-8"))


def test_the_script_makes_the_same_bytes() -> None:
    made = runpy.run_path(str(DATA / "make.py"))["build"]()
    kept = {path.name: path.read_bytes() for path in DATA.iterdir() if path.suffix in (".csv", ".json", ".md")}
    assert set(made) == set(kept)
    assert [name for name in made if made[name] != kept[name]] == []
    assert sum(len(raw) for raw in kept.values()) < LARGEST


def test_every_column_is_in_the_data_dictionary(cohort: Cohort) -> None:
    page = (DATA / "README.md").read_text(encoding="utf-8")
    assert len(cohort.sources) == 2
    for source in cohort.sources:
        columns = (DATA / source.name).read_text(encoding="utf-8").splitlines()[0].split(",")
        section = page.split(f"### {source.name}")[1].split("##")[0]
        assert [name for name in columns if f"`{name}`" not in section] == []


def test_the_data_are_clean_and_all_accounted_for(cohort: Cohort) -> None:
    assert len(cohort.findings.errors) == 0, cohort.findings.errors.as_text()
    assert cohort.disposition.imbalance().empty
    assert cohort.study.arm_order == ARMS
    assert cohort.table("participants").groupby("arm").size().to_dict() == dict.fromkeys(ARMS, 30)


def test_the_planted_coefficients_are_those_of_the_design(truth: Truth) -> None:
    assert truth.planted["fixed_effects"] == RunnerDesign().fixed_effects()


def test_the_interval_of_the_clinics_ratings_holds_the_truth(cohort: Cohort, truth: Truth) -> None:
    estimates = analyse_cohort(cohort).estimates.frame
    beside = truth.beside(estimates[estimates["term"] == "difference"])
    assert beside["inside"].tolist() == [True]


def test_the_diary_reports_more_exercises_than_were_done(cohort: Cohort, truth: Truth) -> None:
    people = cohort.table("participants")["participant_id"]
    found = diary_adherence(coxa.diary.derive_diary(cohort), last_day=56, participants=people)
    assert len(found) == 60
    assert found["exercise_adherence"].mean() > truth.planted["exercises"]["done"] + 0.1


def test_the_intervals_of_the_mixed_model_hold_what_was_planted(cohort: Cohort, truth: Truth) -> None:
    diary = coxa.diary.derive_diary(cohort)
    named = diary.assign(load=diary["training_load"] / 100, sleep=diary["sleep_hours"])
    data = coxa.diary.within_between(coxa.diary.lagged(named, "load"), ["load_lag1", "sleep"], centre="grand_mean")
    formula = "pain ~ arm * week + load_lag1_within + load_lag1_between + sleep_within + sleep_between"
    fit = coxa.fit_lmm(f"{formula} + (week | participant_id)", data, covariance="sp_exp", time="study_day")
    planted = pd.Series(truth.planted["fixed_effects"])
    limits = fit.conf_int().loc[planted.index]
    assert planted.between(limits["conf_low"], limits["conf_high"]).all(), limits.assign(planted=planted).to_string()
    assert fit.covariance_parameters["residual correlation[distance 1]"] == pytest.approx(0.6, abs=0.05)


def test_the_models_of_the_plan_hold_what_was_planted(cohort: Cohort, truth: Truth) -> None:
    found = analyse_cohort(cohort).table("diary-model-pain-and-load")
    planted = truth.planted["fixed_effects"]
    for row, name in zip(found.rows(), ("load_lag1", "sleep"), strict=True):
        for cell, part in zip(row.cells[::2], ("within", "between"), strict=True):
            limits = {one.name: one.value for one in cell.statistics}
            assert limits["conf_low"] < planted[f"{name}_{part}"] < limits["conf_high"], (name, part)


def test_the_script_prints_every_step(capsys: pytest.CaptureFixture[str]) -> None:
    runpy.run_path(str(ANALYSIS / "run.py"), run_name="__main__")
    shown = capsys.readouterr().out
    for title in ("How the diary was kept", "Progression guided by pain", "Flares of pain", "Training by week"):
        assert title in shown
    assert "Mixed model, therapists" in shown
    assert len((ANALYSIS / "run.py").read_text(encoding="utf-8").splitlines()) < 60
