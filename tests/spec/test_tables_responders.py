"""Responders by visit and the curve of all cuts: a drawn trial of a few participants, expected values by hand."""

from __future__ import annotations

from dataclasses import replace

import pandas as pd
import pytest

from coxa.cohort.disposition import Disposition
from coxa.derive.build import observed_dataset
from coxa.derive.dataset import AnalysisDataset
from coxa.estimates import compare_proportions
from coxa.estimates.number_needed import number_needed
from coxa.estimates.two_proportions import Limits
from coxa.findings import Findings
from coxa.report.document import Section
from coxa.report.topics.analyses.number_needed import needed_cell
from coxa.report.topics.responders import tables
from coxa.report.topics.responders.curve import _within, plot_responder_curve, responder_curve
from coxa.report.topics.responders.section import responders_section
from coxa.report.topics.responders.tables import Response, responders_by_visit, responses
from coxa.study.kinds import study_of
from coxa.study.outcome import Responder
from coxa.tables.table import Statistic, Table
from tests.spec.small_trial import Report, cohort, plan, report

ARMS = ("usual_care", "exercise", "manual_therapy")
CHANGES = {
    "usual_care": [12.0, 10.0, 4.0, -3.0, None],
    "exercise": [25.0, 10.0, 11.0, 2.0, 50.0, None],
    "manual_therapy": [15.0, 20.0],
}
RULE = Responder(measure="change", at_least=10, source="drawn")


def dataset() -> AnalysisDataset:
    """Return one visit; the fifth of exercise had an operation, after which nobody responds, whatever the value."""
    rows = [
        {"participant_id": f"{arm}{k}", "arm": arm, "visit": "week_12", "change": change, "handled": ""}
        for arm, changes in CHANGES.items()
        for k, change in enumerate(changes)
    ]
    frame = pd.DataFrame(rows)
    frame.loc[frame["change"] == 50.0, "handled"] = "composite: hip_surgery"
    frame["arm"] = pd.Categorical(frame["arm"], categories=list(CHANGES))
    frame["visit"] = pd.Categorical(frame["visit"])
    frame = frame.assign(change=frame["change"].astype(float), value=frame["change"].astype(float) + 50, baseline=50.0)
    return AnalysisDataset("response", frame, "responder", Findings(), Disposition(pd.DataFrame(), pd.DataFrame()))


def response(missing: str = "observed", rule: Responder = RULE, *, higher: bool = True) -> Response:
    return Response("pain", rule, higher, dataset(), ARMS, ("week_12",), missing, "response", 0.95)


def texts(table: Table) -> dict[str, list[str]]:
    return {row.label: [cell.text for cell in row.cells] for row in table.rows()}


def test_counts_are_of_those_with_a_value_and_an_operation_is_no_response() -> None:
    rows = texts(responders_by_visit(plan(), response()))
    assert rows["Usual care (reference)"] == ["2/4 (50.0%)", "1", "", ""]
    assert rows["Exercise therapy"][:2] == ["3/5 (60.0%)", "1"]
    assert rows["Manual therapy"][:2] == ["2/2 (100.0%)", "0"]
    assert rows["Exercise therapy"][2].startswith("10.0 (")


def test_missing_as_no_response_enlarges_the_denominator_and_is_said() -> None:
    table = responders_by_visit(plan(), response("non_responder"))
    assert texts(table)["Usual care (reference)"][:2] == ["2/5 (40.0%)", "1"]
    assert texts(table)["Exercise therapy"][:2] == ["3/6 (50.0%)", "1"]
    said = " ".join(note.text for note in table.footnotes)
    assert "Participants without a value at a visit count as no response, as in the analysis Response." in said
    assert "Source of the threshold: drawn." in said
    assert table.subtitle == "A responder has an improvement of at least 10 points from baseline"


@pytest.mark.parametrize(
    ("limits", "text"),
    [
        ((0.25, 0.1, 0.4), "NNTB 4.0 (2.5 to 10.0)"),
        ((0.10, -0.05, 0.25), "NNTB 10.0 (NNTB 4.0 to ∞ to NNTH 20.0)"),
        ((-0.10, -0.25, 0.05), "NNTH 10.0 (NNTH 4.0 to ∞ to NNTB 20.0)"),
        ((-0.25, -0.5, -0.2), "NNTH 4.0 (2.0 to 5.0)"),
        ((0.25, 0.0, 0.5), "NNTB 4.0 (2.0 to ∞)"),
        ((0.0, -0.2, 0.25), "∞ (NNTB 4.0 to ∞ to NNTH 5.0)"),
    ],
)
def test_a_number_needed_is_written_with_its_side(limits: tuple[float, float, float], text: str) -> None:
    assert needed_cell(*limits, at=Statistic()).text == text


def test_the_number_needed_in_the_table_inverts_its_own_difference() -> None:
    table = responders_by_visit(plan(), response())
    row = next(row for row in table.rows() if row.label == "Exercise therapy")
    difference = {number.name: number.value for number in row.cells[2].statistics}
    needed = {number.name: number.value for number in row.cells[3].statistics}
    found = number_needed(difference["estimate"], difference["conf_low"], difference["conf_high"])
    assert needed == {"number_needed": found.estimate, "nearest": found.nearest, "farthest": found.farthest}


@pytest.mark.parametrize(
    ("limits", "said"),
    [
        ("newcombe", "by Newcombe's method"),
        ("miettinen-nurminen", "score limits by Miettinen and Nurminen"),
        ("exact", "exact, by the score statistic"),
    ],
)
def test_differences_have_the_limits_of_the_plan(limits: Limits, said: str) -> None:
    table = responders_by_visit(plan(), replace(response(), limits=limits))
    row = next(row for row in table.rows() if row.label == "Exercise therapy")
    shown = {number.name: number.value for number in row.cells[2].statistics}
    wanted = compare_proportions((3, 5), (2, 4), limits=limits).only(term="risk_difference").frame.iloc[0]
    assert [shown[name] for name in ("conf_low", "conf_high")] == pytest.approx(
        [wanted["conf_low"], wanted["conf_high"]], rel=1e-6
    )
    assert f"CI, confidence interval, {said}. " in " ".join(str(note.text) for note in table.footnotes)


def test_exact_limits_of_many_participants_are_by_the_score(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tables, "MOST_TABLES", 20)
    found, score = (
        responders_by_visit(plan(), replace(response(), limits=limits)) for limits in ("exact", "miettinen-nurminen")
    )
    assert texts(found)["Exercise therapy"] == texts(score)["Exercise therapy"]
    assert "or score limits where arms are too large" in " ".join(str(note.text) for note in found.footnotes)


def test_the_limits_are_those_of_the_first_analysis_of_proportions() -> None:
    content = plan().model_dump(mode="json", exclude_unset=True)
    estimand = next(name for name, one in content["estimands"].items() if one["endpoint"].get("outcome"))
    of_responders = {**content["estimands"][estimand], "summary": "risk_difference"}
    of_responders["endpoint"] = {**of_responders["endpoint"], "measure": "responder"}
    analyses = {
        "main": {"estimand": estimand, "model": "logistic"},
        "raw": {"estimand": estimand, "model": "proportions", "limits": "exact", "role": "sensitivity"},
    }
    outcome = of_responders["endpoint"]["outcome"]
    rule = {"measure": "change", "at_least": 10, "source": "drawn"}
    outcomes = {outcome: {**content["outcomes"][outcome], "responder": rule}}
    study = study_of({**content, "estimands": {estimand: of_responders}, "analyses": analyses, "outcomes": outcomes})
    found = responses(study, {estimand: dataset()}, {})
    assert {one.limits for one in found} == {"exact"}


def test_the_curve_counts_who_reaches_each_cut() -> None:
    curve = responder_curve(plan(), response(), "week_12")
    usual = curve[curve["arm"] == "usual_care"].set_index("cut")["n"]
    assert usual.loc[[-3.0, 2.0, 4.0, 10.0, 11.0, 12.0, 15.0]].to_list() == [4, 3, 3, 2, 1, 1, 0]
    exercise = curve[curve["arm"] == "exercise"].set_index("cut")
    assert exercise["total"].unique().tolist() == [5]
    assert exercise.loc[[-3.0, 10.0, 25.0], "n"].to_list() == [4, 3, 1]
    assert 50.0 not in curve["cut"].to_list()


def test_the_curve_agrees_with_the_table_at_the_cut_and_says_so_in_words() -> None:
    figure = plot_responder_curve(plan(), response(), "week_12", [RULE], figure_id="curve", title="Curve")
    assert (
        "An improvement of at least 10 points from baseline: Usual care 2 of 4 (50.0%), Exercise therapy 3 of 5 "
        "(60.0%), Manual therapy 2 of 2 (100.0%). Source of this threshold: drawn."
    ) in figure.alt
    assert "No worsening: Usual care 3 of 4 (75.0%)" in figure.alt


def test_a_value_that_is_better_when_lower_has_a_rising_curve() -> None:
    """Values are 50 more than the changes: of usual care 47, 54, 60 and 62 are known, and at most 54 are two."""
    rule = Responder(measure="value", at_least=54)
    curve = responder_curve(plan(), response(rule=rule, higher=False), "week_12")
    usual = curve[curve["arm"] == "usual_care"].set_index("cut")["n"]
    assert usual.loc[[47.0, 54.0, 60.0, 62.0]].to_list() == [1, 2, 3, 4]
    rows = texts(responders_by_visit(plan(), response(rule=rule, higher=False)))
    assert rows["Usual care (reference)"][0] == "2/4 (50.0%)"


def test_what_is_drawn_ends_at_the_limits_of_the_axis_with_the_share_that_reaches_them() -> None:
    curve = pd.DataFrame({"cut": [-40.0, 0.0, 10.0, 30.0], "share": [1.0, 0.8, 0.5, 0.2], "arm_label": "Usual care"})
    falling = _within(curve, (-20.0, 25.0), 1.0)
    assert falling["cut"].to_list() == [-20.0, 0.0, 10.0, 25.0]
    assert falling["share"].to_list() == [0.8, 0.8, 0.5, 0.2]
    rising = _within(curve.assign(share=[0.2, 0.5, 0.8, 1.0]), (-20.0, 25.0), -1.0)
    assert rising["share"].to_list() == [0.2, 0.5, 0.8, 0.8]
    assert _within(curve, (-20.0, 50.0), 1.0)["share"].to_list() == [0.8, 0.8, 0.5, 0.2, 0.0], "nobody beyond the last"


def test_an_outcome_of_yes_or_no_has_counts_and_no_curve() -> None:
    made = report()
    data = made.datasets["response"]
    blocks = [type(block).__name__ for block in section_of(made).blocks]
    assert blocks == ["TableBlock", "FigureBlock"]
    twofold = replace(data, frame=data.frame.assign(change=(data.frame["change"] > 10).astype(float)))
    of_two = section_of(replace(made, datasets={**made.datasets, "response": twofold}))
    assert [type(block).__name__ for block in of_two.blocks] == ["TableBlock"]


def section_of(made: Report) -> Section:
    """Return the section of the one outcome."""
    whole = responders_section(made)
    assert whole is not None
    return whole.sections[0]


def test_no_participant_is_in_the_figure() -> None:
    figure = plot_responder_curve(plan(), response(), "week_12", [RULE], figure_id="curve", title="Curve")
    assert "usual_care0" not in figure.svg() + figure.data.to_csv()


def test_the_rules_of_a_report_are_the_plans_own_and_the_thresholds_asked_for() -> None:
    made = report()
    (own,) = responses(made.study, made.datasets, {})
    assert (own.rule.at_least, own.dataset.estimand, own.missing, own.said_by) == (
        10,
        "response",
        "observed",
        "response",
    )
    study = study_of(hoos_plan({"kind": "pass", "population": "hip_replacement_patients"}))
    asked = responses(study, made.datasets, {})
    assert [(found.rule.measure, found.rule.at_least) for found in asked] == [("change", 10), ("value", 91)]
    assert "patient acceptable symptom state" in str(asked[1].rule.source)
    table = responders_by_visit(study, replace(asked[1], dataset=made.datasets["response"]))
    assert table.subtitle == "A responder has a value of at least 91 points"


def test_several_rules_of_an_outcome_are_counted_and_estimands_use_the_first() -> None:
    given = plan().model_dump(exclude_unset=True)
    given["outcomes"]["pain"]["responder"] = [
        {"measure": "change", "at_least": 10},
        {"measure": "percent_change", "at_least": 30},
    ]
    study = study_of(given)
    assert study.outcomes["pain"].response == study.outcomes["pain"].responder[0]
    assert [(found.rule.measure, found.rule.at_least) for found in responses(study, report().datasets, {})] == [
        ("change", 10),
        ("percent_change", 30),
    ]
    given["outcomes"]["pain"]["responder"][1] = {"measure": "change", "at_least": 10}
    with pytest.raises(ValueError, match="same measure and cut"):
        study_of(given)


def test_a_single_rule_is_kept_as_it_is_written() -> None:
    rule = {"measure": "change", "at_least": 10.0}
    written = plan().outcomes["pain"].model_dump(exclude_unset=True)["responder"]
    assert written == rule


def test_an_outcome_without_an_estimand_is_counted_as_recorded_in_all_arms_at_every_visit() -> None:
    """Stiffness gets better by 10 or more in A1 and C1; A2 has no week 12."""
    given = plan().model_dump(exclude_unset=True)
    given["outcomes"]["stiffness"] = {"range": [0, 100], "higher_is_better": False, "responder": RULE.model_dump()}
    study = study_of(given)
    arms = {"A1": "usual_care", "A2": "usual_care", "B1": "exercise", "C1": "manual_therapy"}
    values = [("A1", 50.0, 40.0), ("A2", 50.0, None), ("B1", 50.0, 45.0), ("C1", 80.0, 20.0)]
    rows = [
        {"participant_id": name, "visit": visit, "outcome": "stiffness", "value": value}
        for name, *both in values
        for visit, value in zip(("baseline", "week_12"), both, strict=True)
        if value is not None
    ]
    people = pd.DataFrame({"participant_id": list(arms), "arm": list(arms.values())})
    made = replace(cohort(study), tables={"participants": people, "assessments": pd.DataFrame(rows)})
    recorded = observed_dataset(made, "stiffness")
    (found,) = [one for one in responses(study, report().datasets, {"stiffness": recorded}) if one.outcome != "pain"]
    table = responders_by_visit(study, found)
    assert {label: cells[:2] for label, cells in texts(table).items()} == {
        "Usual care (reference)": ["1/1 (100.0%)", "1"],
        "Exercise therapy": ["0/1 (0.0%)", "0"],
        "Manual therapy": ["1/1 (100.0%)", "0"],
    }
    assert "No estimand is about this outcome" in str(table.footnotes[1].text)


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        ({"kind": "mic", "population": "hip_oa"}, "Only a range was published"),
        ({"kind": "mcii", "population": "nobody"}, "There is no threshold for"),
        ({"kind": "pass", "outcome": "pian"}, "Choose pain"),
    ],
)
def test_a_threshold_that_is_no_single_number_is_refused(asked: dict[str, str], said: str) -> None:
    with pytest.raises(ValueError, match="parts of the plan do not agree") as caught:
        study_of(hoos_plan(asked))
    problems = caught.value.errors()[0]["ctx"]["problems"]  # type: ignore[attr-defined]
    assert [problem.path[:2] for problem in problems] == [("report", "thresholds")]
    assert said in problems[0].message


def hoos_plan(asked: dict[str, str]) -> dict[str, object]:
    """Return a plan whose outcome is of an instrument, with one threshold asked for."""
    given = plan().model_dump(exclude_unset=True)
    rule = {"measure": "change", "at_least": 10}
    given["outcomes"]["pain"] = {"instrument": "hoos", "scale": "pain", "responder": rule}
    given["report"] = {"thresholds": [{"outcome": "pain", **asked}]}
    return given
