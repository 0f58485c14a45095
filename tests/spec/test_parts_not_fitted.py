"""A subgroup, an arm or a visit that cannot be fitted: the rest of its analysis is kept, and everybody reads why."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from typer.testing import CliRunner

import coxa
from coxa.analyses.planned import Analysed, run_analysis
from coxa.analyses.rows import SimulatedRows
from coxa.cli.main import app
from coxa.errors import EmptyCellError, FitError
from coxa.report.build import build_document
from coxa.report.report import Report
from coxa.study import Study
from coxa.study.kinds import study_of
from tests.spec.classes_trial import page, written

ARMS = ["usual", "exercise", "manual"]
SEX = {"type": "category", "levels": ["female", "male"]}
NUMBERS = ["arm", "visit", "term", "estimate", "std_error", "conf_low", "conf_high"]


def plan(analysis: dict[str, Any], **endpoint: Any) -> Study:
    asked = {"outcome": "pain", "measure": "value", "visit": ["week_6", "week_12"], **endpoint}
    treatment = {"compare": ARMS[1:], "against": "usual"}
    estimand = {"treatment": treatment, "endpoint": asked, "summary": endpoint.pop("summary", "difference_in_means")}
    estimand["endpoint"].pop("summary", None)
    return study_of(
        {
            "study": "parts",
            "title": "Three arms",
            "arms": {"usual": {"reference": True}, "exercise": {}, "manual": {"label": "Manual therapy"}},
            "visits": {"baseline": {"day": 0}, "week_6": {"day": 42}, "week_12": {"day": 84}},
            "outcomes": {
                "pain": {
                    "range": [0, 100],
                    "higher_is_better": False,
                    "responder": {"measure": "change", "at_least": 10, "source": "made up"},
                }
            },
            "covariates": {"sex": SEX, "site": SEX, "age": {"type": "number"}},
            "estimands": {"main": estimand},
            "analyses": {"main": {"estimand": "main", "role": "primary", **analysis}},
        }
    )


def rows(**changed: Any) -> pd.DataFrame:
    """Return 90 participants at two visits; in the arm of manual therapy all are women."""
    rng = np.random.default_rng(2)
    people = pd.DataFrame({"participant_id": range(90), "arm": np.repeat(ARMS, 30)})
    people["sex"] = np.where((people["arm"] == "manual") | (people.index % 2 == 0), "female", "male")
    people["site"] = np.where(people.index % 3 == 0, "female", "male")
    people["age"] = rng.normal(50, 9, 90)
    frame = pd.concat([people.assign(visit=visit) for visit in ("week_6", "week_12")], ignore_index=True)
    frame["value"] = 50 + rng.normal(0, 10, 180) - 4 * (frame["arm"] == "exercise")
    for name, levels in (("arm", ARMS), ("visit", ["week_6", "week_12"]), ("sex", SEX["levels"])):
        frame[name] = pd.Categorical(frame[name], levels)
    frame["site"] = pd.Categorical(frame["site"], SEX["levels"])
    return frame.assign(**changed)


def run(study: Study, frame: pd.DataFrame) -> Analysed:
    return run_analysis(study, "main", study.analyses["main"], SimulatedRows(frame, "value"))


@pytest.mark.parametrize("model", ["ancova", "mmrm"])
def test_a_subgroup_that_cannot_be_fitted_leaves_the_primary_numbers_and_the_other_subgroup(model: str) -> None:
    whole, asked = plan({"model": model}), plan({"model": model, "subgroups": ["sex", "site"]})
    alone, found = run(whole, rows()), run(asked, rows())
    kept = found.estimates.frame.head(len(alone.estimates.frame))
    pd.testing.assert_frame_equal(kept[NUMBERS], alone.estimates.frame[NUMBERS])
    (why,) = found.not_fitted
    assert (why.part, why.name) == ("subgroup", "sex")
    assert why.message.startswith("analysis main, subgroups by sex: ")
    assert why.remedies[0] == "Take sex out of `subgroups`, or what it repeats out of `adjust`."
    inside = found.estimates.frame
    inside = inside[inside["term"] == "subgroup_difference"]
    assert set(inside["analysis"]) == {"main[site=female]", "main[site=male]"}
    only = run(plan({"model": model, "subgroups": ["site"]}), rows())
    pd.testing.assert_frame_equal(found.estimates.frame, only.estimates.frame)
    assert not only.not_fitted


def test_each_subgroup_fails_by_itself_and_a_modifier_too() -> None:
    flat = rows(site=pd.Categorical(["female"] * 180, SEX["levels"]), age=50.0)
    found = run(plan({"model": "ancova", "subgroups": ["sex", "site"], "modifiers": ["age"]}), flat)
    assert [(why.part, why.name) for why in found.not_fitted] == [
        ("subgroup", "sex"),
        ("subgroup", "site"),
        ("modifier", "age"),
    ]
    assert (found.estimates.frame["term"] == "difference").sum() == 4


def test_a_visit_that_cannot_be_fitted_leaves_the_other_which_shares_its_level_with_what_was_planned() -> None:
    frame = rows()
    frame = frame[(frame["arm"] != "manual") | (frame["visit"] == "week_6")]
    found = run(plan({"model": "ancova", "multiplicity": "bonferroni"}), frame)
    alone = run(plan({"model": "ancova"}, visit=["week_6"]), frame)
    compared, single = (one.estimates.only(term="difference", visit="week_6").frame for one in (found, alone))
    pd.testing.assert_frame_equal(compared[NUMBERS], single[NUMBERS])
    assert compared["p_value"].to_numpy() == pytest.approx(np.minimum(4 * single["p_value"].to_numpy(), 1))
    assert [(why.part, why.name) for why in found.not_fitted] == [("visit", "week_12")]
    assert found.not_fitted[0].message == "analysis main, week_12: no outcome of arm manual at week_12"


def test_an_arm_without_outcomes_leaves_the_comparison_of_the_other() -> None:
    frame = rows()
    frame = frame[frame["arm"] != "manual"]
    study = plan({"model": "mann_whitney", "multiplicity": "holm"}, visit=["week_12"], summary="win_probability")
    (why,) = run(study, frame).not_fitted
    assert (why.part, why.name) == ("arm", "manual")
    found = run(study, frame).estimates.only(term="win_probability", visit="week_12").frame
    every = run(study, rows()).estimates.only(term="win_probability", visit="week_12").frame
    assert found["arm"].tolist() == ["exercise"]
    assert found["estimate"].item() == pytest.approx(every.set_index("arm").loc["exercise", "estimate"])
    assert "holm over 2" in found["method"].item()


def test_proportions_of_an_arm_without_a_response_at_the_visit_are_not_left_out_in_silence() -> None:
    frame = rows(value=(rows()["value"] > 50).astype(float))
    frame = frame[(frame["arm"] != "manual") | (frame["visit"] == "week_6")].rename(columns={"value": "responder"})
    study = plan({"model": "proportions", "multiplicity": "holm"}, measure="responder", visit=["week_12"],
                 summary="risk_difference")  # fmt: skip
    found = run_analysis(study, "main", study.analyses["main"], SimulatedRows(frame, "responder"))
    (why,) = found.not_fitted
    assert (why.part, why.name, why.message) == ("arm", "manual", "analysis main, arm manual: no outcome in arm manual")
    row = found.estimates.only(term="risk_difference").frame
    assert row["arm"].tolist() == ["exercise"]
    assert "p by holm over 2" in row["method"].item()


def test_nothing_that_can_be_fitted_is_the_error_of_the_whole() -> None:
    with pytest.raises(EmptyCellError, match="no outcome in arm usual"):
        run(plan({"model": "ancova"}), rows()[lambda d: d["arm"] != "usual"])
    constant = rows(value=1.0)
    with pytest.raises(FitError):
        run(plan({"model": "mmrm"}), constant)


def subgroup_trial(folder: Path) -> Path:
    """Write the trial of classes with two subgroups, one of which has no level with both arms."""
    file = written(folder, ", role: primary, subgroups: [side, sex]")
    both = "columns: {therapist_id: therapist, sex: sex, side: side}"
    text = file.read_text(encoding="utf-8").replace("columns: {therapist_id: therapist}", both)
    covariates = (
        "covariates: {sex: {type: category, levels: [female, male]}, side: {type: category, levels: [left, right]}}"
    )
    file.write_text(f"{text}{covariates}\n", encoding="utf-8")
    people = pd.read_csv(folder / "participants.csv")
    side = np.where(people["arm"] == "classes", "left", "right")
    people.assign(sex=np.tile(["female", "female", "male", "male"], 10), side=side).to_csv(
        folder / "participants.csv", index=False
    )
    return file


def test_the_report_keeps_the_answer_and_says_on_page_one_which_subgroup_has_no_numbers(tmp_path: Path) -> None:
    report = coxa.analyse(subgroup_trial(tmp_path))
    assert isinstance(report, Report)
    assert not report.not_fitted
    assert [why.name for why in report.parts_not_fitted["primary"]] == ["side"]
    (found,) = report.findings.errors.items
    assert (found.field, found.row) == ("analyses.primary", 11)
    document = build_document(report)
    words = "Primary: subgroups by side could not be fitted: "
    (first,) = [section for section in document.sections if section.part == "answer"]
    assert any(str(getattr(block, "text", "")).startswith(words) for block in first.blocks)
    text = page(report)
    assert text.count(words) == 3  # page one, the analysis, the methods
    assert "Female: Classes minus Usual care" in text


def test_the_command_writes_all_numbers_and_ends_with_a_finding(tmp_path: Path) -> None:
    plan_file = subgroup_trial(tmp_path)
    done = CliRunner().invoke(app, ["analyse", str(plan_file), "--out", str(tmp_path / "out")])
    assert done.exit_code == 1
    assert "Analysis primary, subgroups by side: " in done.stderr
    assert "(the rest of the analysis is in the results)" in done.stderr
    assert "1. Take side out of `subgroups`, or what it repeats out of `adjust`." in done.stderr
    frame = pd.read_csv(tmp_path / "out" / "estimates.csv")
    assert ((frame["analysis"] == "primary") & (frame["term"] == "difference")).sum() == 2
    assert "subgroups by side" in (tmp_path / "out" / "findings.csv").read_text(encoding="utf-8")
