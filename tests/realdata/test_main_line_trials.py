"""The plans of two real trials, from the raw file to the published number.

The trials are not in the repository; see test_models_trials.py for where they are looked for and what they are.
"""

from __future__ import annotations

from pathlib import Path

import pytest

import coxa
from coxa.report.report import Report
from coxa.report.topics.missing.patterns import completion_table
from coxa.report.topics.participants.flow.build import participant_flow
from coxa.report.topics.responders.tables import responders_by_visit, responses
from tests.realdata.test_models_trials import ACUPUNCTURE, SAS, agrees, pytestmark  # noqa: F401
from tests.study.test_recorded_calls import every_call_gives_its_fit

PLANS = Path(__file__).parents[2] / "analyses"
SAV = ACUPUNCTURE.with_suffix(".sav")


@pytest.fixture(scope="module")
def acupuncture() -> Report:
    return coxa.analyse(PLANS / "acupuncture_headache" / "study.yaml", SAV)


@pytest.fixture(scope="module")
def antidepressant() -> Report:
    return coxa.analyse(PLANS / "antidepressant" / "study.yaml", SAS / "chapter15_example.sas7bdat")


def one(report: Report, **where: str) -> dict[str, float]:
    (row,) = report.estimates.only(**where).frame.to_dict("records")
    return row


def test_every_recorded_call_gives_its_fit(acupuncture: Report, antidepressant: Report) -> None:
    assert every_call_gives_its_fit(acupuncture)
    assert every_call_gives_its_fit(antidepressant)


def test_the_published_completers_and_their_means(acupuncture: Report) -> None:
    frame = acupuncture.datasets["primary"].frame
    at_12 = frame[frame["visit"] == "month_12"].dropna(subset=["value"]).groupby("arm", observed=True)["value"]
    found = {arm: (len(values), round(values.mean(), 1), round(values.std(), 1)) for arm, values in at_12}
    assert found == {"acupuncture": (161, 16.2, 13.7), "usual_care": (140, 22.3, 17.0)}


def test_the_published_baseline_of_completers(acupuncture: Report) -> None:
    """Headache score at baseline of the 161 and 140 completers: 24.6 (14.1) and 26.7 (16.8)."""
    table = completion_table(acupuncture.cohort, acupuncture.datasets["primary"])
    assert table is not None
    headings = [(column.spanner, str(column.label).replace("\xa0", " ")) for column in table.columns]
    row = next(row for row in table.rows() if row.label.startswith("Headache score"))
    found = dict(zip(headings, (cell.text for cell in row.cells), strict=True))
    assert found["Acupuncture", "With (N = 161)"] == "24.6 (14.1)"
    assert found["Usual care", "With (N = 140)"] == "26.7 (16.8)"


def test_the_number_needed_of_the_published_responders(acupuncture: Report) -> None:
    """Published 4.6 (3.0 to 9.1), with Wald limits of the difference; Newcombe's give nearly the same."""
    (response,) = responses(acupuncture.study, acupuncture.datasets, {})
    table = responders_by_visit(acupuncture.study, response)
    row = next(row for row in table.groups[-1].rows if row.label == "Acupuncture")
    assert row.cells[0].text == "87/161 (54.0%)"
    needed = {number.name: number.value for number in row.cells[3].statistics}
    assert round(needed["number_needed"], 1) == 4.6
    assert (needed["nearest"], needed["farthest"]) == pytest.approx((3.0, 9.1), abs=0.3)


def test_the_published_ancova_of_the_headache_score(acupuncture: Report) -> None:
    """4.6 (2.2 to 7.0), P = 0.0002; the paper adjusts for practice as well, so its last limit is 0.1 lower."""
    row = one(acupuncture, analysis="published_ancova", term="difference", visit="month_12")
    assert [round(-row[name], 1) for name in ("estimate", "conf_high", "conf_low")] == [4.6, 2.2, 7.1]
    assert row["p_value"] == pytest.approx(0.0002, abs=0.00005)


def test_the_published_ancova_of_days_with_headache(acupuncture: Report) -> None:
    """1.8 (0.6 to 2.9), P = 0.003: right only once the zeros of missing visits are declared missing."""
    row = one(acupuncture, analysis="days_ancova", term="difference", visit="month_12")
    assert [round(-row[name], 1) for name in ("estimate", "conf_high")] == [1.8, 0.6]
    assert -row["conf_low"] == pytest.approx(2.9, abs=0.1)
    assert row["p_value"] == pytest.approx(0.0025, abs=0.0005)


def test_the_published_responders(acupuncture: Report) -> None:
    """87/161 (54%) and 45/140 (32%), difference 22% (11 to 33)."""
    mine = {"analysis": "responder_proportions"}
    active = one(acupuncture, term="risk", arm="acupuncture", **mine)
    control = one(acupuncture, term="risk", arm="usual_care", **mine)
    assert round(active["estimate"] * active["n_participants"]) == 87
    assert round(control["estimate"] * control["n_participants"]) == 45
    row = one(acupuncture, term="risk_difference", **mine)
    assert round(100 * row["estimate"]) == 22
    assert (100 * row["conf_low"], 100 * row["conf_high"]) == pytest.approx((11, 33), abs=1)


def test_false_zeros_are_left_out_and_listed(acupuncture: Report) -> None:
    listed = acupuncture.disposition.left_out.query("source_column in ['f2', 'f5']")
    assert listed.groupby("source_column").size().to_dict() == {"f2": 75, "f5": 100}
    assert acupuncture.disposition.imbalance().empty


def test_false_zeros_are_found_where_the_plan_does_not_declare_them(tmp_path: Path) -> None:
    text = (PLANS / "acupuncture_headache" / "study.yaml").read_text(encoding="utf-8")
    start, end = text.index("      missing_when:"), text.index("\nreport:")
    plan = tmp_path / "study.yaml"
    plan.write_text(text[:start] + text[end:], encoding="utf-8")
    found = coxa.read_cohort(coxa.read_study(plan), SAV).findings.warnings
    flagged = {(item.field, item.n_rows) for item in found if "everything else is missing" in item.rule}
    assert {count for _, count in flagged} == {75, 100}


def test_the_model_on_3_and_12_months_uses_those_without_the_last_visit(acupuncture: Report) -> None:
    (fit,) = acupuncture.fits["mmrm"]
    assert (
        fit.n_participants
        == 401
        - acupuncture.datasets["headache_3_and_12"]
        .frame.groupby("participant_id")["change"]
        .apply(lambda values: values.isna().all())
        .sum()
    )
    row = one(acupuncture, analysis="mmrm", term="difference", visit="month_12")
    assert row["estimate"] < 0 < row["std_error"]
    assert row["conf_high"] < 0


@pytest.mark.parametrize(
    ("visit", "estimate", "std_error", "df", "p_value"),
    [
        ("visit_4", "0.0918", "0.6826", 169, "0.8932"),
        ("visit_5", "-1.4032", "0.9244", 165, "0.1309"),
        ("visit_6", "-2.2247", "1.0008", 162, "0.0276"),
        ("visit_7", "-2.8018", "1.1163", 150, "0.0131"),
    ],
)
def test_every_difference_that_sas_printed(
    antidepressant: Report, visit: str, estimate: str, std_error: str, df: int, p_value: str
) -> None:
    row = one(antidepressant, analysis="mmrm", term="difference", visit=visit)
    assert agrees(row["estimate"], estimate, 1e-6)
    assert agrees(row["std_error"], std_error, 1e-6)
    assert round(row["df"]) == df
    assert agrees(row["p_value"], p_value, 1e-6)


def test_the_likelihood_and_the_means_that_sas_printed(antidepressant: Report) -> None:
    (fit,) = antidepressant.fits["mmrm"]
    assert -2 * fit.loglik == pytest.approx(3494.20285, abs=5e-6)
    for arm, mean, error, df in [("drug", "-7.6239", "0.7914", 149), ("placebo", "-4.8221", "0.7785", 151)]:
        row = one(antidepressant, analysis="mmrm", term="marginal_mean", visit="visit_7", arm=arm)
        assert agrees(row["estimate"], mean, 1e-6)
        assert agrees(row["std_error"], error, 1e-6)
        assert round(row["df"]) == df


def test_the_flow_of_the_acupuncture_trial(acupuncture: Report) -> None:
    """401 randomised, 205 and 196; 161 and 140 completed 12 months (Vickers 2004)."""
    flow = participant_flow(acupuncture.cohort, acupuncture.datasets["primary"])
    found = {box.id: box.count for box in flow.boxes}
    assert found["enrolled"].n == 401
    assert {arm: found[f"allocated.{arm}"].n for arm, _ in flow.arms} == {"usual_care": 196, "acupuncture": 205}
    analysed = {arm: [part.n for part in found[f"analysis.{arm}"].parts] for arm, _ in flow.arms}
    assert analysed == {"usual_care": [140, 56], "acupuncture": [161, 44]}
