"""A trial's result carried to the case mix of a clinic by its plan: what is read, refused and shown."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from coxa.analyses.carried import carried
from coxa.causal import transport
from coxa.cohort.read import read_cohort
from coxa.errors import CoxaError
from coxa.report.analyse import analyse
from coxa.report.build import build_document
from coxa.report.report import Report
from coxa.report.transform.sharing import shared
from coxa.simulate import simulate_study
from coxa.study import Study, read_study
from coxa.study.reading.read import parse_study
from coxa.study.transport import transport_of
from tests.spec.test_target_trial import cells, tables


def plan(**changes: Any) -> dict[str, Any]:
    made: dict[str, Any] = {
        "study": "carried",
        "title": "Programme and usual care",
        "arms": {"usual": {"label": "Usual care", "reference": True}, "programme": {"label": "Programme"}},
        "visits": {"baseline": {"day": 0}, "week_12": {"day": 84}},
        "outcomes": {"pain": {"label": "Hip pain", "range": [0, 100], "higher_is_better": False, "unit": "mm"}},
        "covariates": {
            "age": {"label": "Age", "type": "number", "unit": "years", "range": [18, 95]},
            "severity": {"label": "Severity", "type": "category", "levels": {"mild": "Mild", "severe": "Severe"}},
        },
        "estimands": {
            "pain": {
                "label": "Pain at week 12",
                "treatment": {"compare": "programme", "against": "usual"},
                "endpoint": {"outcome": "pain", "visit": "week_12"},
            }
        },
        "analyses": {"primary": {"estimand": "pain", "role": "primary", "model": "ancova", "adjust": ["baseline"]}},
        "transport": {
            "label": "Referrals in 2024",
            "source": {
                "file": "clinic.csv",
                "columns": {
                    "participant_id": "Number",
                    "age": "Age in years",
                    "severity": "Severity",
                    "baseline": "Hip pain",
                },
                "values": {"severity": {1: "mild", 2: "severe"}},
                "missing": [-9],
            },
            "covariates": {
                "age": "Older patients gain more.",
                "severity": "Severe disease is worked on longer.",
                "baseline": "Who has more pain can lose more.",
            },
        },
        "assumptions": {
            "participants": {"usual": 90, "programme": 90},
            "outcomes": {"pain": {"baseline": {"mean": 50, "sd": 10}, "correlation": 0.5, "scale": "bounded"}},
            "covariates": {"age": {"mean": 62, "sd": 7}, "severity": {"shares": {"mild": 0.6, "severe": 0.4}}},
        },
        "data": {
            "tables": {
                "participants": {"file": "people.csv"},
                "assessments": {"file": "pain.csv", "outcomes": {"pain": "pain"}},
            }
        },
        "report": {"checklists": ["none"]},
    }
    made.update(changes)
    return {key: value for key, value in made.items() if value is not None}


def study(**changes: Any) -> Study:
    return parse_study(json.dumps(plan(**changes), indent=1).encode())


def of_transport(**changes: Any) -> dict[str, Any]:
    return {**plan()["transport"], **changes}


def patients(n: int = 150, seed: int = 2) -> pd.DataFrame:
    """Return the file of a clinic whose patients are older and have more pain, one of them 93 years old."""
    rng = np.random.default_rng(seed)
    age = np.append(rng.normal(67, 5, n - 2).round(), [93, 66])
    return pd.DataFrame(
        {
            "Number": [f"k{k}" for k in range(n)],
            "Age in years": age,
            "Severity": rng.choice([1, 2], n, p=[0.3, 0.7]),
            "Hip pain": np.append(rng.normal(58, 8, n - 1).round(), -9),
        }
    )


@cache
def trial() -> dict[str, pd.DataFrame]:
    """Return a simulated trial in which the programme takes half a millimetre of pain per year of age from 55."""
    drawn = simulate_study(study(data=None), truth_size=2000, seed=4)
    people = drawn.tables["participants"].set_index("participant_id")
    rows = drawn.tables["assessments"].copy()
    who = rows["participant_id"].map(people["arm"]).eq("programme") & rows["visit"].eq("week_12")
    gain = 0.5 * (rows["participant_id"].map(people["age"]).astype(float) - 55)
    rows["pain"] = (rows["pain"] - np.where(who, gain, 0)).clip(0, 100)
    return {**drawn.tables, "assessments": rows}


@cache
def report() -> Report:
    return analyse(study(), {**trial(), "clinic": patients()})


def section(of: Report) -> Any:
    return next(one for one in build_document(of).walk() if one.id == "transport")


def test_the_result_of_the_plan_is_that_of_the_library() -> None:
    record = report()
    assert record.cohort.clinic is not None
    assert (len(record.cohort.clinic.frame), record.cohort.clinic.without) == (149, 1)
    rows = record.datasets["pain"].frame
    rows = rows[rows["visit"].eq("week_12") & rows["value"].notna()]
    plain = rows.assign(arm=rows["arm"].astype(str), severity=rows["severity"].astype(str))
    clinic = record.cohort.clinic.frame.assign(severity=lambda d: d["severity"].astype(str))
    direct = transport(
        plain, clinic, outcome="value", arm="arm", treated="programme", covariates=["age", "severity", "baseline"]
    ).estimates.only(term="difference").frame.iloc[0]  # fmt: skip
    shown = cells(tables(section(record))["Difference in means in the trial and in the case mix of Referrals in 2024"])
    in_clinic = float(shown["Programme, Week 12"][1].split(" ")[0].replace("\N{MINUS SIGN}", "-"))
    in_trial = float(shown["Programme, Week 12"][0].split(" ")[0].replace("\N{MINUS SIGN}", "-"))
    assert in_clinic == pytest.approx(direct["estimate"], abs=0.051)
    assert in_clinic < in_trial - 1, "older patients gain more"


def test_the_section_says_who_of_the_clinic_no_participant_resembles() -> None:
    found = section(report())
    warned = [block for block in found.blocks if getattr(block, "found", False)]
    assert "Patients whom no participant of the trial resembles" in str(warned[0].text)
    shown = cells(tables(found)["Referrals in 2024: whom participants resemble"])
    assert shown["Patients with every covariate"] == ["149"]
    assert shown["Without a covariate, left out"] == ["1"]
    assert int(shown["Age: above the trial's range"][0].split(" ")[0]) >= 1
    reasons = cells(tables(found)["Case mix of trial and clinic"])
    assert reasons["Hip pain at baseline"][0] == "Who has more pain can lose more."
    assert [block.figure.id for block in found.blocks if hasattr(block, "figure")] == ["transport-love"]


@pytest.mark.parametrize("estimator", ["weighted", "standardised"])
def test_every_estimator_carries_the_result(estimator: str) -> None:
    of = analyse(study(transport=of_transport(estimator=estimator)), {**trial(), "clinic": patients()})
    assert "Difference in means in the trial and in the case mix of Referrals in 2024" in tables(section(of))


def test_without_the_patients_the_report_says_that_nothing_is_carried() -> None:
    found = section(analyse(study(), trial()))
    assert [str(block.text) for block in found.blocks] == [
        "The patients of Referrals in 2024 are not at hand: the result is not carried to them."
    ]


@pytest.mark.parametrize(
    ("change", "fault"),
    [
        ({"covariates": {"height": "A reason."}}, "height"),
        ({"covariates": {}}, "covariates"),
        ({"estimand": "other"}, "other"),
        ({"source": {"file": "c.csv", "outcomes": {"pain": "p"}}}, "Outcomes and items are not read"),
    ],
)
def test_patients_that_do_not_fit_the_plan_are_refused_by_name(change: Any, fault: str) -> None:
    with pytest.raises(CoxaError, match=fault):
        study(transport=of_transport(**change))


def test_the_file_is_read_and_checked_as_participants_are(tmp_path: Path) -> None:
    made = plan()
    (tmp_path / "study.yaml").write_text(json.dumps(made), encoding="utf-8")
    trial()["participants"].to_csv(tmp_path / "people.csv", index=False)
    trial()["assessments"].to_csv(tmp_path / "pain.csv", index=False)
    good = patients()
    good.to_csv(tmp_path / "clinic.csv", index=False)
    cohort = read_cohort(read_study(tmp_path / "study.yaml"))
    assert cohort.clinic is not None
    assert len(cohort.clinic.frame) == 149
    assert "clinic.csv" in [source.name for source in cohort.sources]
    good.assign(Severity=3, **{"Age in years": 300}).to_csv(tmp_path / "clinic.csv", index=False)
    errors = read_cohort(read_study(tmp_path / "study.yaml")).findings.errors
    assert {(one.table, str(one.field).split(" ")[0]) for one in errors} == {
        ("transport", "age"),
        ("transport", "severity"),
    }
    assert {one.n_rows for one in errors} == {150}
    (tmp_path / "clinic.csv").unlink()
    errors = read_cohort(read_study(tmp_path / "study.yaml")).findings.errors
    assert any("clinic.csv" in str(one) for one in errors)


def planted(**changes: Any) -> dict[str, Any]:
    """Return a plan whose effect depends on age and severity, in which the clinic is older and has more severe pain."""
    assumed = plan()["assumptions"]
    pain = {
        "baseline": {"mean": 55, "sd": 10}, "mean_change": {"programme": {"week_12": -6.0}}, "correlation": 0.5,
        "scale": "continuous", "covariates": {"age": 0.3, "severity": {"mild": -3, "severe": 3}},
        "modifiers": {"age": {"programme": -0.4}, "severity": {"programme": {"mild": 2, "severe": -2}}},
    }  # fmt: skip
    clinic = {
        "patients": 250,
        "covariates": {"age": {"mean": 66, "sd": 4}, "severity": {"shares": {"mild": 0.3, "severe": 0.7}}},
    }
    whole = {**assumed, "participants": {"usual": 150, "programme": 150}, "outcomes": {"pain": pain}, "clinic": clinic}
    return {"data": None, "assumptions": {**whole, **changes}}


def test_a_simulated_clinic_has_its_case_mix_in_the_columns_of_the_plan_and_a_known_truth() -> None:
    drawn = simulate_study(study(**planted()), truth_size=20_000, seed=3)
    assert drawn.clinic is not None
    assert list(drawn.clinic.columns) == ["Number", "Age in years", "Severity", "Hip pain"]
    assert drawn.clinic["Age in years"].mean() == pytest.approx(66, abs=1)
    assert (drawn.clinic["Severity"].astype(str) == "2").mean() == pytest.approx(0.7, abs=0.1)
    # age: 4 years more, at -0.4 a year; severity: 0.3 more are severe, who gain 4 more
    whole, here = drawn.truth.values[0], drawn.truth.in_clinic[0]
    assert whole.value == pytest.approx(-6.0, abs=1e-9)
    assert here.value == pytest.approx(-6.0 - 1.6 - 1.2, abs=4 * here.monte_carlo_error + 0.01)
    assert type(drawn.truth).from_json(drawn.truth.to_json()).in_clinic[0].value == pytest.approx(here.value, abs=1e-6)


def test_the_carried_result_has_the_planted_truth_of_the_clinic_and_that_of_the_trial_has_not() -> None:
    drawn = simulate_study(study(**planted(participants={"usual": 600, "programme": 600})), truth_size=20_000, seed=4)
    report = analyse(drawn)
    clinic = report.cohort.clinic
    plan_of = transport_of(report.study)
    assert clinic is not None
    assert plan_of is not None
    one = next(carried(report.study.planned("primary"), plan_of, report.datasets["pain"], clinic.frame))
    truth = drawn.truth.in_clinic[0].value
    assert one.row()["conf_low"] < truth < one.row()["conf_high"]
    assert one.row(in_trial=True)["conf_low"] > truth


@pytest.mark.parametrize(
    ("clinic", "fault"),
    [
        ({"covariates": {"height": {"mean": 170}}}, "height"),
        ({"covariates": {"age": {"shares": {"old": 1.0}}}}, "Give its mean and sd"),
        ({"covariates": {"severity": {"mean": 2}}}, "Give the `shares`"),
        ({"covariates": {"severity": {"shares": {"worst": 1.0}}}}, "worst"),
    ],
)
def test_an_assumed_clinic_that_does_not_fit_is_refused_by_name(clinic: dict[str, Any], fault: str) -> None:
    with pytest.raises(CoxaError, match=fault):
        study(**planted(clinic=clinic))


def test_an_assumed_clinic_needs_a_result_that_is_carried_to_it() -> None:
    with pytest.raises(CoxaError, match="no result is carried to a clinic"):
        study(**planted(), transport=None)


def test_a_shared_page_hides_in_the_figure_what_it_hides_in_the_table() -> None:
    """Of responders numbers of the clinic could be functions of hidden counts; of means they are not."""
    endpoint = {"outcome": "pain", "visit": "week_12", "measure": "responder"}
    pain = {**plan()["outcomes"]["pain"], "responder": {"measure": "change", "at_least": 10, "source": "A trial."}}
    of_yes = {
        **planted(),
        "outcomes": {"pain": pain},
        "estimands": {"pain": {**plan()["estimands"]["pain"], "summary": "risk_difference", "endpoint": endpoint}},
        "analyses": {"primary": {"estimand": "pain", "role": "primary", "model": "logistic"}},
    }
    for changes, hidden in ((planted(), False), (of_yes, True)):
        report = analyse(simulate_study(study(**changes), truth_size=2000, seed=3))
        document = shared(build_document(report), report)
        found = next(one for one in document.sections if one.id == "transport")
        mix = cells(tables(found)["Case mix of trial and clinic"])
        drawn = next(block.figure for block in found.blocks if hasattr(block, "figure"))
        assert (mix["Age"][1] == "*") == hidden
        assert ("0." not in str(drawn.words)) == hidden
