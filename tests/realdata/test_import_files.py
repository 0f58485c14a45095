"""Real trials, and made trials that are handed round, from their files to a plan.

See test_models_trials.py for where they are looked for. The truth of a column is that of the plan in analyses/, or of
the description that comes with the file.
"""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

import coxa
from coxa.importing import answered, propose, write_plan
from tests.realdata.test_models_trials import DATA, SAS, agrees, pytestmark  # noqa: F401

PLANS = Path(__file__).parents[2] / "analyses"
SAV = DATA / "acupuncture_headache_bmj2004" / "acupuncture.sav"
MESSY = DATA.parent / "messy" / "trial_spss"

PLACES = {
    "acupuncture_headache_bmj2004/acupuncture.sav": {
        "id": "participant_id", "age": "covariates.age", "group": "arm", "practice_id": "site_id",
    },
    "acupuncture_headache_bmj2004/acupuncture_refbasedmi_long.csv": {
        "id": "participant_id", "age": "covariates.age", "treat": "arm", "practice_id": "site_id",
        "withdrawal_reason": "discontinuation_reason",
    },
    "antidepressant_dia_mmrm/antidepressant.csv": {
        "PATIENT": "participant_id", "THERAPY": "arm", "GENDER": "covariates.sex", "POOLINV": "site_id",
    },
    "antidepressant_dia_mmrm/antidepressant_refbasedmi_688rows.csv": {
        "PATIENT NUMBER": "participant_id", "TREATMENT NAME": "arm", "PATIENT SEX": "covariates.sex",
        "POOLED INVESTIGATOR": "site_id",
    },
    "mmrm_fev/fev_data.csv": {
        "USUBJID": "participant_id", "ARMCD": "arm", "RACE": "covariates.ethnicity", "SEX": "covariates.sex",
    },
    "sas_mixed_textbook/weights_strength.csv": {},
    "sas_mixed_textbook/orthodont.csv": {"Subject": "participant_id"},
    "sas_mixed_textbook/heart_rate.csv": {"Patient": "participant_id", "Drug": "arm"},
    "reliability_sets/ybalance_anterior_reach.csv": {"participant": "participant_id"},
}  # fmt: skip
"""File -> its columns whose place is sure; of all others something has to be asked, or they have none."""


@pytest.mark.parametrize("name", PLACES)
def test_no_column_of_a_real_file_is_given_a_wrong_place(name: str) -> None:
    if not (DATA / name).is_file():
        pytest.skip(f"{name} is not there")
    readings = propose(DATA / name, "trial").readings
    assert {each.column: each.role for each in readings if each.status == "mapped"} == PLACES[name]


ACUPUNCTURE_ANSWERS = {
    "arm.labels": "0:usual_care 1:acupuncture",
    "arm.reference": "usual_care",
    "values.sex": "0:male 1:female",
    "visits.numbers": "visits",
    "visits.unit": "order",
    "visits.days": "1:0 2:91 5:365",
    "outcomes.pk": "own",
    "outcomes.pk.scale": "0 140 lower points",
    "outcomes.f": "own",
    "outcomes.f.scale": "0 28 lower days",
    "columns.migraine": "category",
    "columns.chronicity": "number",
    "columns.acupuncturist": "unused",
}
ACUPUNCTURE_PRIMARY = {"primary.outcome": "pk", "primary.visit": "month_12"}


def test_the_values_of_a_real_trial_are_those_of_its_plan(tmp_path: Path) -> None:
    proposal = propose(SAV, "trial", {**ACUPUNCTURE_ANSWERS, **ACUPUNCTURE_PRIMARY})
    assert not [question.key for question in proposal.questions if question.needed]
    found = coxa.read_cohort(coxa.read_study(write_plan(proposal, tmp_path)))
    planned = coxa.read_cohort(coxa.read_study(PLANS / "acupuncture_headache" / "study.yaml"), SAV)
    assert not found.findings.errors
    names = {"pk": "headache", "week_13": "month_3"}
    keys = ["participant_id", "visit", "outcome"]
    both = [cohort.tables["assessments"].astype({"visit": str, "outcome": str}) for cohort in (found, planned)]
    values, expected = (
        frame.replace({"visit": names, "outcome": names}).query("outcome == 'headache'").set_index(keys)["value"]
        for frame in both
    )
    pd.testing.assert_series_equal(values.sort_index(), expected.sort_index(), check_names=False)
    arms = [cohort.tables["participants"].set_index("participant_id")["arm"].astype(str) for cohort in (found, planned)]
    pd.testing.assert_series_equal(*arms)


def test_an_imported_trial_gives_what_sas_printed(tmp_path: Path) -> None:
    """From the file and eight answers to the difference, standard error and degrees of freedom of PROC MIXED."""
    answers = {
        "arm.reference": "placebo",
        "visits.days": "4:7 5:14 6:28 7:42",
        "outcomes.hamdtl17": "own",
        "outcomes.hamdtl17.scale": "0 52 lower points",
        "outcomes.hamatotl": "unused",
        "outcomes.pgiimp": "unused",
        "primary.outcome": "hamdtl17",
        "primary.visit": "week_6",
    }
    proposal = propose(SAS / "chapter15_example.sas7bdat", "trial", answers)
    assert proposal.plan["data"]["tables"]["assessments"]["baselines"] == {"hamdtl17": "basval"}
    report = coxa.analyse(write_plan(proposal, tmp_path))
    (row,) = report.estimates.only(analysis="primary", term="difference", visit="week_6").frame.to_dict("records")
    assert agrees(row["estimate"], "-2.8018", 1e-6)
    assert agrees(row["std_error"], "1.1163", 1e-6)
    assert round(row["df"]) == 150


def test_of_a_messy_trial_only_the_faults_of_its_data_are_left(tmp_path: Path) -> None:
    """An impossible value, a row twice, spellings of a therapist, visits out of place, an open question."""
    if not MESSY.is_dir():
        pytest.skip("the messy trial is not there")
    files = [MESSY / name for name in ("trial.sav", "ae.xlsx", "sessions.csv", "events.csv")]
    first = propose(files, "trial")
    assert [question.key for question in first.questions if question.needed] == ["visits.days", "arm.reference"]
    second = answered(first, {"visits.days": "t1:42 t2:84 t3:182", "visits.window": "-14 21"})
    decided = {"arm.reference": "usual_care", "primary.outcome": "hoos_pain", "primary.visit": "week_12"}
    last = answered(second, {**decided, "intercurrent_events.hip_surgery": "treatment_policy"})
    assert not [question.key for question in last.questions if question.needed]
    found = coxa.read_cohort(coxa.read_study(write_plan(last, tmp_path))).findings
    assert {(each.severity, each.table, str(each.field).split(" ")[0]) for each in found} == {
        ("error", "participants", "participant_id"),
        ("error", "assessments", "nprs"),
        ("warning", "assessments", "study_day"),
        ("warning", "assessments", "visit"),
        ("warning", "participants", "therapist_id"),
        ("warning", "study.yaml", "columns.siten"),
    }
    assert len(found.errors) == 2
