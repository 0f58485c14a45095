"""ADaM data sets: names and labels that fit, values and flags that are those of the analysis data sets."""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from pathlib import Path

import pandas as pd
import pytest

from coxa.cohort.cohort import Cohort
from coxa.cohort.read import read_cohort
from coxa.derive import derive_dataset
from coxa.derive.dataset import AnalysisDataset
from coxa.derive.harms import derive_harms
from coxa.exchange import to_adam
from coxa.exchange.adam.build import adam_datasets
from coxa.exchange.adam.crosswalk import LONGEST_LABEL, LONGEST_NAME, adam_label, crosswalk
from coxa.exchange.adam.outcomes import relative_day
from coxa.report.analyse import analyse
from coxa.study import read_study
from coxa.study.comparative import ComparativeStudy, with_arms
from coxa.study.kinds import study_of
from tests.spec import clinic, small_trial
from tests.spec.events_trial import made

HIP_OA = Path(__file__).parents[2] / "analyses" / "hip_oa_trial" / "study.yaml"
MEASURES = {"AVAL": "value", "BASE": "baseline", "CHG": "change", "PCHG": "percent_change"}


@cache
def hip_oa() -> Cohort:
    return read_cohort(read_study(HIP_OA)).require_clean()


def flagged(adqs: pd.DataFrame, place: int) -> pd.DataFrame:
    return adqs[adqs[f"ANL{place:02d}FL"] == "Y"].sort_values(["USUBJID", "AVISITN"], ignore_index=True)


def same_rows(adqs: pd.DataFrame, place: int, dataset: AnalysisDataset, study: ComparativeStudy) -> None:
    """Assert that the rows with a flag are those of an estimand, number by number."""
    ours = flagged(adqs, place)
    theirs = dataset.analysed.assign(
        USUBJID=study.study + "-" + dataset.analysed["participant_id"].astype(str),
        AVISITN=dataset.analysed["visit"]
        .astype(str)
        .map({name: at for at, name in enumerate((study.baseline_visit, *study.post_visits))}),
    ).sort_values(["USUBJID", "AVISITN"], ignore_index=True)
    assert ours["USUBJID"].tolist() == theirs["USUBJID"].tolist()
    for name, column in MEASURES.items():
        pd.testing.assert_series_equal(ours[name], theirs[column], check_names=False, check_exact=True)
    if theirs["responder"].notna().any():
        assert ours["CRIT1FL"].map({"Y": 1.0, "N": 0.0}).tolist() == theirs["responder"].tolist()


def test_every_name_and_label_fits_a_transport_file() -> None:
    for name, one in {**crosswalk(), **adam_datasets(hip_oa())}.items():
        assert len(name) <= LONGEST_NAME
        assert len(one.label) <= LONGEST_LABEL
        names = [variable.name for variable in one.variables]
        assert len(set(names)) == len(names)
        assert all(0 < len(each) <= LONGEST_NAME for each in names)
        assert all(0 < len(variable.label) <= LONGEST_LABEL for variable in one.variables)


def test_long_names_of_a_plan_become_short_ones_that_differ() -> None:
    plan = small_trial.plan().model_dump(exclude_unset=True)
    covariate = {"type": "number", "label": "Days of pain in the last month, as asked at the first visit"}
    plan["covariates"] |= {"days_of_pain_left": covariate, "days_of_pain_right": covariate}
    study = study_of(plan)
    cohort = small_trial.report().cohort
    people = cohort.table("participants").assign(days_of_pain_left=1.0, days_of_pain_right=2.0)
    again = replace(cohort, study=study, tables={**cohort.tables, "participants": people})
    subjects = adam_datasets(again)["ADSL"]
    found = {one.name: one.label for one in subjects.variables if one.name.startswith("DAYSO")}
    assert found == {"DAYSOFPA": adam_label(covariate["label"]), "DAYSOFP2": adam_label(covariate["label"])}
    assert subjects.frame["DAYSOFP2"].unique().tolist() == [2.0]


def test_subjects_are_the_participants_with_arms_dates_and_sets() -> None:
    adsl, people = to_adam(hip_oa())["ADSL"], hip_oa().table("participants")
    assert adsl["SUBJID"].tolist() == sorted(people["participant_id"])
    assert adsl["TRT01P"].value_counts().to_dict() == dict.fromkeys(
        ["Usual care", "Exercise therapy", "Manual therapy"], 63
    )
    assert adsl.groupby("TRT01P")["TRT01PN"].unique().map(list).to_dict() == {
        "Usual care": [1], "Exercise therapy": [2], "Manual therapy": [3],
    }  # fmt: skip
    assert set(adsl["SEX"]) == {"F", "M"}
    assert set(adsl["AGEU"]) == {"YEARS"}
    assert (adsl[["ITTFL", "FASFL"]] == "Y").all(axis=None)
    harms = derive_harms(hip_oa())
    assert harms is not None
    assert (adsl["SAFFL"] == "Y").sum() == len(harms.people)


@pytest.mark.parametrize("place", range(1, 7))
def test_flagged_rows_are_those_of_the_estimand(place: int) -> None:
    study = with_arms(hip_oa().study, "the test")
    name = list(study.estimands)[place - 1]
    same_rows(to_adam(hip_oa())["ADQS"], place, derive_dataset(hip_oa(), name), study)


def test_recorded_values_are_all_there_and_derived_ones_say_how() -> None:
    adqs = to_adam(hip_oa())["ADQS"]
    composite = adqs[adqs["DTYPE"] == "COMPOSITE"]
    assert set(adqs["DTYPE"].dropna()) == {"COMPOSITE"}
    assert composite["AVAL"].unique().tolist() == [0.0]
    assert set(composite["CRIT1FL"]) == {"N"}
    assert composite[["ADT", "ADY", "SRCSEQ"]].isna().all(axis=None)
    recorded = adqs[adqs["DTYPE"].isna()]
    assert not recorded.duplicated(["USUBJID", "PARAMCD", "AVISITN"]).any()
    assert recorded["SRCSEQ"].notna().all()
    baseline = adqs[adqs["ABLFL"] == "Y"]
    assert (baseline["AVAL"] == baseline["BASE"]).all()
    assert baseline["CHG"].isna().all()
    assert set(baseline["AVISITN"]) == {0}


def test_values_carried_while_on_treatment_have_rows_of_their_own() -> None:
    plan = small_trial.plan().model_dump(exclude_unset=True)
    plan["estimands"]["primary"]["intercurrent_events"] = {"hip_surgery": "while_on_treatment"}
    study = with_arms(study_of(plan), "the test")
    cohort = replace(small_trial.report().cohort, study=study)
    adqs = to_adam(cohort)["ADQS"]
    assert set(adqs["DTYPE"].dropna()) == {"LOCF"}
    same_rows(adqs, 1, derive_dataset(cohort, "primary"), study)
    same_rows(adqs, 2, derive_dataset(cohort, "response"), study)


def test_a_report_gives_the_same_as_its_cohort() -> None:
    report = small_trial.report()
    for name, frame in to_adam(report).items():
        pd.testing.assert_frame_equal(frame, to_adam(report.cohort)[name])


def test_events_have_one_row_each_in_the_terms_of_adam() -> None:
    adae, events = to_adam(hip_oa())["ADAE"], hip_oa().table("adverse_events")
    assert len(adae) == len(events)
    assert not adae.duplicated(["USUBJID", "AESEQ"]).any()
    assert (adae["AESER"] == "Y").sum() == events["serious"].sum()
    assert set(adae["AECAT"]) == {"ADVERSE EVENT", "FLARE", "SORENESS"}
    assert set(adae["AESEV"]) <= {"MILD", "MODERATE", "SEVERE"}


def test_there_is_no_day_zero() -> None:
    assert relative_day(pd.Series([-1.0, 0.0, 13.0])).tolist() == [-1.0, 1.0, 14.0]
    early = to_adam(made("parallel"))["ADAE"]
    assert early["ASTDY"].tolist() == [-4, 21, 31]
    assert early["TRTEMFL"].tolist() == [None, "Y", "Y"]


def test_a_cohort_has_groups_and_no_planned_treatment() -> None:
    adam = to_adam(made("cohort"))
    for frame in adam.values():
        assert "GROUP" in frame
        assert not {"TRT01P", "TRTP", "TRTA", "ARM", "ITTFL", "RANDDT"} & set(frame)
    assert set(adam["ADSL"]["ENRLFL"]) == {"Y"}


def test_a_service_has_neither_groups_nor_flags_of_estimands(tmp_path: Path) -> None:
    report = analyse(clinic.clinic(tmp_path))
    adam = to_adam(report)
    assert list(adam) == ["ADSL", "ADQS"]
    assert not [name for name in adam["ADQS"] if name.startswith(("ANL", "TRT", "GROUP"))]
    assert len(adam["ADSL"]) == clinic.PATIENTS
    assert len(adam["ADQS"]) == report.cohort.table("assessments")["value"].notna().sum()
