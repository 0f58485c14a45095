"""Repeated measures with one follow-up, or with an arm that one visit did not have: from files to the report."""

from __future__ import annotations

import re
from pathlib import Path

import pandas as pd
import pytest
from typer.testing import CliRunner

import coxa
from coxa.cli.main import app
from coxa.errors import EmptyCellError, PlanError
from coxa.report.report import Report
from coxa.study.reading.read import parse_study
from tests.spec.classes_trial import PLAN, page, written


def differences(report: Report, analysis: str) -> pd.DataFrame:
    return report.estimates.only(analysis=analysis, term="difference", visit="week_12").frame


def test_with_one_follow_up_repeated_measures_are_an_analysis_of_covariance(tmp_path: Path) -> None:
    report = coxa.analyse(written(tmp_path, visits=["baseline", "week_12"]))
    numbers = ["estimate", "std_error", "df", "conf_low", "conf_high", "p_value", "method"]
    found, ancova = (differences(report, name)[numbers] for name in ("primary", "ancova"))
    pd.testing.assert_frame_equal(found, ancova)
    assert found["df"].item() == 37
    text = page(report)
    assert re.search(r"An analysis of covariance of change from baseline in pain \[\d\] was fitted at Week 12", text)
    assert "Mixed model for repeated measures" not in text
    assert "Covariance over the visits" not in text


def test_one_visit_with_therapists_is_a_linear_mixed_model(tmp_path: Path) -> None:
    options = ", random: {therapist_id: {}}, covariance: [us, cs]"
    report = coxa.analyse(written(tmp_path, options, visits=["baseline", "week_12"]))
    found, rows = differences(report, "primary").iloc[0], report.datasets["primary"].analysed
    known = coxa.fit_lmm("change ~ arm + baseline + (1 | therapist_id)", rows, ddf="kenward-roger-linear")
    other = coxa.contrasts(known, by=None).frame.iloc[0]
    for number in ("estimate", "std_error", "df", "p_value"):
        assert found[number] == pytest.approx(other[number], rel=1e-6)
    assert found["method"].startswith("linear mixed model, random effects: Intercept by therapist_id, independent")
    text = page(report)
    assert "A linear mixed model of change from baseline in pain at Week 12 was fitted by restricted maximum" in text
    assert "Random effects: therapist ( 12 levels)" in text


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (", vcov: CR2, ddf: satterthwaite", "linear model of one visit, residual variance, REML, CR2"),
        (", group: arm", "linear model of one visit, residual variance for each arm, REML"),
    ],
)
def test_other_options_of_one_visit_are_kept(tmp_path: Path, options: str, said: str) -> None:
    report = coxa.analyse(written(tmp_path, options, visits=["baseline", "week_12"]))
    assert differences(report, "primary")["method"].str.startswith(said).all()
    assert "analysis of covariance" in page(report)


def test_an_arm_not_seen_at_a_visit_stops_only_the_analysis_that_needs_it(tmp_path: Path) -> None:
    report = coxa.analyse(written(tmp_path, unseen=("classes", "week_6")))
    why = report.not_fitted["primary"]
    assert why.message.endswith(
        "no outcome of arm classes at week_6, and the model has an effect of each arm at each visit"
    )
    assert why.remedies[0] == "Write `visits: [week_12]` in analysis primary, which fits its model to these visits."
    found = report.findings.errors.items
    assert [(item.field, item.row) for item in found] == [("analyses.primary", 11)]
    ancova = differences(report, "ancova")
    assert len(ancova) == 1
    assert ancova["warning"].item() == "no model at Week 6: no outcome of arm classes at week_6"
    text = page(report)
    assert text.count("Primary could not be fitted: no outcome of arm classes at week_6") == 3


def test_a_plan_can_choose_the_visits_of_a_model(tmp_path: Path) -> None:
    report = coxa.analyse(written(tmp_path, ", visits: [week_12]", unseen=("classes", "week_6")))
    assert not report.not_fitted
    both = [differences(report, name)["estimate"].item() for name in ("primary", "ancova")]
    assert both[0] == pytest.approx(both[1])
    two = coxa.analyse(written(tmp_path, ", visits: [week_6, week_12]"))
    every = coxa.analyse(written(tmp_path))
    pd.testing.assert_frame_equal(differences(two, "primary"), differences(every, "primary"))


def test_a_visit_of_the_estimand_has_to_be_among_those_of_the_model() -> None:
    text = PLAN.replace("OUTCOME", "").replace("OPTIONS", ", visits: [week_6]")
    with pytest.raises(PlanError, match="the estimand is about week_12, which the analysis leaves out"):
        parse_study(text.encode())
    with pytest.raises(PlanError, match='no visit after baseline "baseline"'):
        parse_study(PLAN.replace("OUTCOME", "").replace("OPTIONS", ", visits: [baseline, week_12]").encode())
    with pytest.raises(PlanError, match="a course needs two visits after baseline"):
        parse_study(PLAN.replace("OUTCOME", "").replace("OPTIONS", ", visits: [week_12], contrasts: average").encode())


def test_where_nothing_can_be_fitted_the_remedies_are_in_the_words_of_the_plan(tmp_path: Path) -> None:
    with pytest.raises(EmptyCellError, match=r"Analysis ancova: no outcome of arm classes at week_12.\n") as error:
        coxa.analyse(written(tmp_path, unseen=("classes", "week_12")))
    assert not {"formula", "visits=[", "fit."} & set(str(error.value).split())


def test_the_command_writes_the_others_and_ends_with_a_finding(tmp_path: Path) -> None:
    plan = written(tmp_path, unseen=("classes", "week_6"))
    done = CliRunner().invoke(app, ["analyse", str(plan), "--out", str(tmp_path / "out")])
    assert done.exit_code == 1
    assert "Analysis primary: no outcome of arm classes at week_6" in done.stderr
    assert "1. Write `visits: [week_12]` in analysis primary" in done.stderr
    frame = pd.read_csv(tmp_path / "out" / "estimates.csv")
    assert set(frame["analysis"]) == {"ancova"}


def test_each_analysis_is_told_before_it_begins_and_nothing_is_printed_into_a_file(tmp_path: Path) -> None:
    plan = written(tmp_path)
    told: list[tuple[str, int, int]] = []
    coxa.analyse(plan, progress=lambda step, done, total: told.append((step, done, total)))
    assert told == [("Primary", 0, 2), ("ANCOVA", 1, 2)]
    done = CliRunner().invoke(app, ["report", str(plan), "--out", str(tmp_path / "out")])
    assert (done.exit_code, done.stderr) == (0, "")
