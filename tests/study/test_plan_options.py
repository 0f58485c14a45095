"""What a plan can ask of a model beyond differences at each visit reaches the estimates and the report."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner

import coxa
from coxa.cli.main import app
from coxa.estimates import margin_test
from coxa.report.report import Report
from coxa.study.reading.read import parse_study
from coxa.tables.characters import plain

ROOT = Path(__file__).parents[2]
ANALYSES = """\
analyses:
  main:
    estimand: primary
    model: mmrm
    adjust: [baseline * visit, site]
    covariance: [UN, TOEPH]
    contrasts: [by_visit, average, slope, auc]
    margin: {type: noninferiority, value: 3, source: made up}
    multiplicity: dunnett
    subgroups: [sex]
  robust:
    estimand: primary
    role: sensitivity
    model: mmrm
    adjust: [baseline * visit]
    covariance: ARH(1)
    group: arm
    vcov: CR2
    ddf: satterthwaite
    averaging: counterfactual
  weighted:
    estimand: primary
    role: sensitivity
    model: mmrm
    adjust: [baseline * visit]
    weights: bmi
  spatial:
    estimand: primary
    role: sensitivity
    model: mmrm
    covariance: sp_exp
    multiplicity: tukey
  ancova:
    estimand: primary
    role: sensitivity
    model: ancova
    adjust: [baseline]
    margin: {type: equivalence, value: 15}
    subgroups: [sex]
"""


def plan_text(analyses: str) -> str:
    """Return the plan of the demonstration with other analyses."""
    text = (ROOT / "analyses" / "hip_oa_trial" / "study.yaml").read_text(encoding="utf-8")
    start, end = text.index("\nanalyses:") + 1, text.index("\ndata:")
    return text[:start] + analyses + text[end:]


@pytest.fixture(scope="module")
def report() -> Report:
    study = parse_study(plan_text(ANALYSES).encode())
    return coxa.analyse(study, ROOT / "synthetic_data" / "hip_oa_trial")


def rows(report: Report, analysis: str, term: str) -> dict[tuple[str, str], dict[str, float]]:
    found = report.estimates.only(analysis=analysis, term=term).frame
    return {(row["arm"], row["visit"]): row for row in found.to_dict("records")}


def test_dunnett_of_the_plan_is_dunnett_of_the_library(report: Report) -> None:
    (fit,) = report.fits["main"]
    direct = coxa.contrasts(fit, "arm", against="usual_care", adjust="dunnett").frame
    planned = report.estimates.only(analysis="main", term="difference").frame
    np.testing.assert_allclose(planned["p_value"], direct["p_value"])
    np.testing.assert_allclose(planned["conf_low"], direct["conf_low"])


def test_courses_are_compared_once_each_over_all_visits(report: Report) -> None:
    average = rows(report, "main", "difference_in_average")
    assert set(average) == {("exercise", ""), ("manual_therapy", "")}
    each = rows(report, "main", "difference")
    mean = np.mean([each["exercise", visit]["estimate"] for visit in ("week_6", "week_12", "week_26", "week_52")])
    assert average["exercise", ""]["estimate"] == pytest.approx(mean, abs=1e-9)
    assert set(rows(report, "main", "difference_in_slope")) == set(average)
    assert set(rows(report, "main", "difference_in_auc")) == set(average)


def test_the_margin_is_tested_at_the_visit_of_the_estimand_for_both_comparisons_together(report: Report) -> None:
    (fit,) = report.fits["main"]
    plain = coxa.contrasts(fit, "arm", against="usual_care").only(visit="week_12")
    direct = margin_test(plain, 3.0, type="noninferiority", higher_is_better=True).frame
    planned = report.estimates.only(analysis="main", term="noninferiority").frame
    assert list(planned["visit"]) == ["week_12", "week_12"]
    ratio = planned["p_value"].to_numpy() / direct["p_value"].to_numpy()
    assert ((ratio > 1) & (ratio < 2)).all()  # Dunnett's lies between none and Bonferroni's for two comparisons
    assert planned["method"].str.contains("Dunnett").all()


def test_subgroups_come_with_their_interaction_test(report: Report) -> None:
    frame = report.estimates.frame
    inside = frame[frame["analysis"].str.startswith("main[sex")]
    assert {"subgroup_difference", "difference_between_subgroups", "interaction_test"} == set(inside["term"])
    assert len(inside[(inside["term"] == "subgroup_difference") & (inside["visit"] == "week_12")]) == 4


def test_covariance_by_arm_and_sandwich_reach_the_fit(report: Report) -> None:
    (fit,) = report.fits["robust"]
    assert (fit.structure, fit.group, fit.vcov, fit.ddf) == ("ar1h", "arm", "CR2", "satterthwaite")
    method = report.estimates.only(analysis="robust", term="difference").frame["method"].iloc[0]
    assert "g-computation" in method


def test_a_family_counts_courses_and_the_terminal_names_them(tmp_path: Path) -> None:
    text = plan_text(ANALYSES[: ANALYSES.index("  robust:")].replace("dunnett", "holm"))
    plan = tmp_path / "study.yaml"
    plan.write_text(text.replace("../../synthetic_data", str(ROOT / "synthetic_data")), encoding="utf-8")
    shown = CliRunner().invoke(app, ["report", str(plan), "--out", str(tmp_path / "out")])
    assert shown.exit_code == 0, shown.output
    assert "average over visits" in shown.output
    page = plain((tmp_path / "out" / "report.html").read_text(encoding="utf-8"))
    places = "Week 12, average over the visits, slope over the visits and auc over the visits"
    assert page.count(f"Holm over the 8 planned comparisons ({places})") >= 3
    assert "2 planned comparisons" not in page


def test_observation_weights_reach_the_fit(report: Report) -> None:
    (fit,) = report.fits["weighted"]
    rows = report.datasets["primary"].analysed
    direct = coxa.fit_mmrm(fit.formula, rows, ddf="kenward-roger-linear", weights="bmi")
    assert fit.loglik == pytest.approx(direct.loglik, rel=1e-12)
    assert fit.loglik != pytest.approx(coxa.fit_mmrm(fit.formula, rows).loglik, abs=0.1)


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("weights: bmi", "weights: sex", 'no numeric covariate "sex"'),
        ("group: arm", "group: therapist", 'no factor "therapist"'),
        ("    model: ancova\n", "    model: ancova\n    group: arm\n", "`group` does not belong to model ancova"),
    ],
)
def test_what_does_not_fit_is_a_fault_of_the_plan(old: str, new: str, message: str) -> None:
    assert old in ANALYSES
    with pytest.raises(coxa.errors.PlanError, match=message):
        parse_study(plan_text(ANALYSES.replace(old, new)).encode())


def test_tukey_compares_all_pairs_and_spatial_takes_the_study_day(report: Report) -> None:
    pairs = report.estimates.only(analysis="spatial", term="difference", visit="week_12").frame
    assert set(zip(pairs["arm"], pairs["reference"], strict=True)) == {
        ("exercise", "usual_care"),
        ("manual_therapy", "usual_care"),
        ("manual_therapy", "exercise"),
    }
    (fit,) = report.fits["spatial"]
    assert fit.structure == "sp_exp"
    assert fit.sample.times is not None


def test_the_report_shows_it_all(report: Report) -> None:
    page = plain(coxa.report.render(report))
    for words in (
        "Further comparisons",
        "Non-inferiority",
        "Margin 3 points (made up)",
        "Interaction of arm and sex",
        "differences between arms in subgroups",
        "CR2 sandwich over participants",
        "g-computation",
        "Model diagnostics",
    ):
        assert words in page, words


@pytest.mark.slow
def test_the_report_is_the_same_twice(report: Report) -> None:
    assert coxa.report.render(report) == coxa.report.render(report)
