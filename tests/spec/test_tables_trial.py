"""The tables of a small made-up trial: what they show, what they say below, and what they keep to themselves."""

from __future__ import annotations

import re
from dataclasses import replace
from itertools import pairwise

import pandas as pd
import pytest

from coxa.analyses.comparisons import adjust_planned
from coxa.cohort.disposition import COUNT_COLUMNS, LEFT_OUT_COLUMNS, Disposition
from coxa.estimates import Estimates
from coxa.findings import Finding, Findings
from coxa.report.topics.analyses.adjusted import is_adjusted, unadjusted_note
from coxa.report.topics.analyses.arms_table import results_table
from coxa.report.topics.analyses.results import differences_table, means_table, responder_table
from coxa.report.topics.data.findings import findings_table
from coxa.report.topics.missing.reasons import silent_participants
from coxa.report.topics.participants.baseline import baseline_table
from coxa.report.topics.participants.sets import files_table, left_out_table, participants_table
from coxa.tables.phrases import abbreviations
from coxa.tables.records import records
from coxa.tables.table import Cell, Column, Footnote, Row, RowGroup, Table
from tests.spec.small_trial import NASTY, PER_ARM, Report, plan, report, with_holm, with_newcomer


@pytest.fixture(scope="module")
def trial() -> Report:
    return report()


def texts(table: Table) -> dict[str, list[str]]:
    return {row.label: [cell.text for cell in row.cells] for row in table.rows()}


def footnotes(table: Table) -> str:
    return " ".join(str(note.text) for note in table.footnotes)


def test_baseline_table_describes_each_variable_as_planned(trial: Report) -> None:
    table = baseline_table(trial.cohort)
    people = trial.cohort.table("participants")
    usual = people[people["arm"] == "usual_care"]
    rows = texts(table)
    age = usual["age"].astype(float)
    assert [str(column.label).replace("\xa0", " ") for column in table.columns] == [
        "Usual care (N = 24)",
        "Exercise therapy (N = 24)",
        "Manual therapy (N = 24)",
        "All (N = 72)",
    ]
    assert rows["Age (years), mean (SD)"][0] == f"{age.mean():.1f} ({age.std():.1f})"
    assert re.fullmatch(r"[\d.]+ \[[\d.]+, [\d.]+\]", rows["Symptom duration (months), median [Q1, Q3]"][0])
    females, known = int((usual["sex"] == "female").sum()), int(usual["sex"].notna().sum())
    assert rows["Female"][0] == f"{females}/{known} ({100 * females / known:.1f}%)"
    norths = int((usual["site"] == "north").sum())
    assert rows["North"][0] == f"{norths} ({100 * norths / PER_ARM:.1f}%)"
    assert "Hip pain score (0 to 100, higher is better), mean (SD)" in rows


def test_baseline_table_has_a_missing_row_only_where_something_is_missing(trial: Report) -> None:
    table = baseline_table(trial.cohort)
    missing = [(row.label, [cell.text for cell in row.cells]) for row in table.rows() if row.label == "Missing"]
    assert missing == [("Missing", ["1", "0", "0", "1"]), ("Missing", ["1", "1", "0", "2"])]


def test_baseline_table_has_no_tests(trial: Report) -> None:
    table = baseline_table(trial.cohort)
    assert not any(item.name == "p_value" for item in table.statistics())
    assert "p" not in [str(column.label) for column in table.columns]


def test_every_participant_of_a_set_is_accounted_for_at_every_visit(trial: Report) -> None:
    table = participants_table(trial.cohort, trial.datasets)
    group = table.groups[1]
    counts = [int(row.cells[-1].text) for row in group.rows]
    labels = [row.label for row in group.rows]
    assert group.label == "Estimands: Primary; Response"
    assert labels[:4] == ["In the analysis set", "Week 6: analysed", "No value", "Week 12: analysed"]
    starts = [index for index, label in enumerate(labels) if label.endswith("analysed")] + [len(labels)]
    for first, after in pairwise(starts):
        assert sum(counts[first:after]) == counts[0] == 3 * PER_ARM
    assert "After hip surgery (hypothetical)" in labels


def test_differences_table_prints_the_estimates(trial: Report) -> None:
    table = differences_table(trial.study.planned("primary"), trial.estimates, trial.fits["primary"])
    frame = trial.estimates.only(analysis="primary", term="difference", visit="week_12", arm="exercise").frame
    wanted = frame.iloc[0]
    group = next(group for group in table.groups if group.label == "Week 12 (endpoint)")
    row = group.rows[0]
    assert row.label == "Exercise therapy minus Usual care"
    assert row.strong
    limits = f"({wanted['conf_low']:.1f} to {wanted['conf_high']:.1f})"
    assert row.cells[0].text.replace("−", "-") == f"{wanted['estimate']:.1f} {limits}"
    assert row.cells[1].text == f"{wanted['std_error']:.2f}"
    assert [cell.statistics[0].value for cell in row.cells] == [
        wanted[name] for name in ("estimate", "std_error", "df", "p_value")
    ]
    assert table.title == "Differences between arms by visit"
    assert table.subtitle == (
        "Change from baseline in hip pain score: Exercise therapy and Manual therapy against Usual care"
    )


@pytest.mark.parametrize(
    ("analysis", "words"),
    [
        (
            "primary",
            [
                "Mixed model for repeated measures",
                "change ~ arm * visit + baseline * visit + site",
                "unstructured",
                "Kenward-Roger (linear)",
                "all randomised participants",
                "as allocated (N = 72, none excluded)",
                "Analysed: 72 participants, 257 values.",
                "missing at random",
                "higher is better",
            ],
        ),
        (
            "simpler",
            [
                "Analysis of covariance",
                "change ~ arm + baseline",
                "residual",
                "N = 72",
                "Analysed: 70 participants at Week 6",
                "nothing imputed",
            ],
        ),
    ],
)
def test_footnotes_name_model_covariance_df_population_and_n(trial: Report, analysis: str, words: list[str]) -> None:
    dataset = trial.datasets["primary"]
    for build in (differences_table, means_table):
        said = footnotes(build(trial.study.planned(analysis), trial.estimates, trial.fits[analysis], dataset))
        assert [word for word in words if word not in said] == []


def test_an_ancova_says_how_many_were_analysed_at_each_visit(trial: Report) -> None:
    rows = trial.datasets["primary"].analysed
    counts = [f"{(rows['visit'] == visit).sum()}" for visit in ("week_6", "week_12", "week_26", "week_52")]
    said = footnotes(differences_table(trial.study.planned("simpler"), trial.estimates, trial.fits["simpler"]))
    expected = "Analysed: {} participants at Week 6, {} at Week 12, {} at Week 26 and {} at Week 52."
    assert expected.format(*counts) in said
    assert "values" not in said


@pytest.mark.parametrize(
    ("handled", "reason"),
    [("", "no value after baseline"), ("hypothetical: hip_surgery", "after hip surgery (hypothetical)")],
)
def test_who_is_analysed_at_no_visit_is_counted_with_the_reason(trial: Report, handled: str, reason: str) -> None:
    dataset = with_newcomer(trial.datasets["primary"], handled)
    said = footnotes(means_table(trial.study.planned("primary"), trial.estimates, trial.fits["primary"], dataset))
    assert "(N = 73, none excluded)" in said
    assert f"Analysed: 72 participants, 257 values. Not analysed at any visit: 1, {reason}." in said
    group = participants_table(trial.cohort, {"primary": dataset}).groups[1]
    assert [(row.label, [cell.text for cell in row.cells]) for row in group.rows[:2]] == [
        ("In the analysis set", ["24", "25", "24", "73"]),
        (f"Not analysed at any visit: {reason}", ["0", "1", "0", "1"]),
    ]
    assert silent_participants(dataset, trial.study)["reason"].to_list() == [reason]


def test_the_endpoint_is_marked_where_other_visits_are_shown_too(trial: Report) -> None:
    table = means_table(trial.study.planned("primary"), trial.estimates)
    assert [row.label for row in table.rows()] == ["Week 6", "Week 12 (endpoint)", "Week 26", "Week 52"]
    responders = responder_table(trial.study.planned("response"), trial.estimates)
    assert [group.label for group in responders.groups] == ["Week 12"]


def test_only_abbreviations_that_are_there_are_explained(trial: Report) -> None:
    means = footnotes(means_table(trial.study.planned("primary"), trial.estimates))
    differences = footnotes(differences_table(trial.study.planned("primary"), trial.estimates))
    assert "CI, confidence interval." in means
    assert "degrees of freedom;" not in means
    assert "CI, confidence interval; SE, standard error; df, degrees of freedom." in differences
    both = footnotes(baseline_table(trial.cohort))
    assert "SD, standard deviation; Q1 and Q3, lower and upper quartile." in both
    assert abbreviations(["Age (years), mean (SD)"]) == "SD, standard deviation."


def test_adjusted_p_values_are_marked_and_the_note_says_which_and_over_what(trial: Report) -> None:
    holm = with_holm(trial)
    table = differences_table(holm.study.planned("primary"), holm.estimates, holm.fits["primary"])
    marks = [[row.cells[3].mark for row in group.rows] for group in table.groups]
    assert marks == [["", ""], ["†", "†"], ["", ""], ["", ""]]
    assert (
        Footnote(
            "P-value adjusted for multiplicity by the method of Holm over the 2 planned comparisons (Week 12). "
            "The other p-values are not adjusted.",
            "†",
        )
        in table.footnotes
    )
    analyses = [holm.study.planned(name) for name in ("primary", "response")]
    planned = results_table(holm, analyses, "planned", "Planned comparisons")
    assert [[row.cells[5].mark for row in group.rows] for group in planned.groups] == [
        ["", "†", "†"],
        ["", "", ""],
    ]
    note = "P-value adjusted for multiplicity. Primary: by the method of Holm over the 2 planned comparisons (Week 12)."
    assert Footnote(note, "†") in planned.footnotes
    assert "adjusted for" not in footnotes(means_table(holm.study.planned("primary"), holm.estimates))
    assert "adjusted for" not in footnotes(differences_table(trial.study.planned("primary"), trial.estimates))


def test_p_values_that_another_analysis_adjusts_are_said_not_to_be_adjusted(trial: Report) -> None:
    holm = with_holm(trial)
    study = holm.study
    own = study.estimands["primary"]
    later = own.model_copy(update={"endpoint": own.endpoint.model_copy(update={"visit": ("week_26",)})})
    other = study.analyses["primary"].model_copy(update={"multiplicity": "none", "estimand": "later", "label": "Later"})
    analyses, estimands = {**study.analyses, "later": other}, {**study.estimands, "later": later}
    study = study.model_copy(update={"analyses": analyses, "estimands": estimands})
    rows = holm.estimates.frame[holm.estimates.frame["analysis"] == "primary"]
    assert unadjusted_note(study.planned("later"), rows) == (
        "P-values at Week 12 are not adjusted for multiplicity here; the adjusted ones are those of Primary."
    )
    assert unadjusted_note(trial.study.planned("primary"), rows) == ""


def test_the_p_values_marked_are_those_that_the_run_adjusts(trial: Report) -> None:
    holm = with_holm(trial)
    before = holm.estimates.only(analysis="primary").frame
    after = adjust_planned(Estimates(before), holm.study.planned("primary")).frame
    touched = after["method"].ne(before["method"])
    assert touched.sum() == 2
    assert [
        is_adjusted(holm.study.planned(record["analysis"]), record) for record in records(after)
    ] == touched.to_list()


def test_a_warning_of_an_estimate_becomes_a_marked_footnote(trial: Report) -> None:
    frame = trial.estimates.frame
    here = (frame["term"] == "difference") & (frame["visit"] == "week_12") & (frame["arm"] == "exercise")
    warned = Estimates(frame.assign(warning=frame["warning"].mask(here, "few participants")))
    table = differences_table(trial.study.planned("primary"), warned)
    marks = [row.cells[0].mark for row in table.rows()]
    assert marks == ["", "", "a", "", "", "", "", ""]
    assert Footnote("few participants", "a") in table.footnotes


def test_means_table_has_n_and_mean_under_each_arm(trial: Report) -> None:
    table = means_table(trial.study.planned("primary"), trial.estimates, trial.fits["primary"])
    assert table.spanners() == (("Usual care", 2), ("Exercise therapy", 2), ("Manual therapy", 2))
    analysed = trial.datasets["primary"].analysed
    here = analysed[(analysed["visit"] == "week_12") & (analysed["arm"] == "usual_care")]
    assert texts(table)["Week 12 (endpoint)"][0] == str(len(here))


def test_adjusted_proportions_have_a_column_where_a_model_gives_them(trial: Report) -> None:
    planned = trial.study.planned("response")
    risks = planned.rows(trial.estimates.frame, "risk")
    adjusted = risks.assign(term="marginal_mean", estimate=0.25, conf_low=0.125, conf_high=0.5)
    estimates = Estimates.of([*trial.estimates.frame.to_dict("records"), *adjusted.to_dict("records")])
    table = responder_table(planned, estimates)
    assert [str(column.label) for column in table.columns][1] == "Adjusted, % (95% CI)"
    assert {row.cells[1].text for row in table.rows()} == {"25.0 (12.5 to 50.0)"}
    shown = results_table(replace(trial, estimates=estimates), [planned], "results-by-arm", "Results")
    assert {row.cells[3].text for row in shown.rows()} == {"25.0% (12.5 to 50.0)"}


def test_responder_table_counts_and_compares(trial: Report) -> None:
    table = responder_table(trial.study.planned("response"), trial.estimates)
    rows = trial.datasets["response"].analysed
    usual = rows[(rows["visit"] == "week_12") & (rows["arm"] == "usual_care")]["responder"]
    first, *others = table.groups[0].rows
    assert first.label == "Usual care (reference)"
    assert first.cells[0].text == f"{usual.sum():.0f}/{len(usual)} ({100 * usual.mean():.1f}%)"
    assert [cell.text for cell in first.cells[1:]] == ["–"] * 4
    assert [row.label for row in others] == ["Exercise therapy", "Manual therapy"]
    assert [item.name for item in others[0].cells[1].statistics] == ["estimate", "conf_low", "conf_high"]


def test_files_table_shows_counts_that_add_up() -> None:
    counts = pd.DataFrame(
        [("reading", "assessments", "a.csv", "rows", 10, 7, 2, 1), ("set", "participants", None, "people", 5, 5, 0, 0)],
        columns=list(COUNT_COLUMNS),
    )
    rows = texts(files_table(plan(), Disposition(counts=counts)))
    assert rows == {
        "Reading": ["Assessments", "a.csv", "rows", "10", "7", "2", "1"],
        "Set": ["Participants", "", "people", "5", "5", "0", "0"],
    }


def test_left_out_table_counts_by_reason_in_the_order_of_steps_and_visits() -> None:
    listed = pd.DataFrame(
        [
            ("reading", "assessments", "a.csv", 3, "", "P1", "week_26", "pain", "repeats another row"),
            ("reading", "assessments", "a.csv", 4, "", "P2", "week_6", "pain", "out of range"),
            ("reading", "assessments", "a.csv", 5, "", "P3", "week_26", "pain", "repeats another row"),
        ],
        columns=list(LEFT_OUT_COLUMNS),
    )
    table = left_out_table(plan(), Disposition(left_out=listed), {})
    assert [(row.label, [cell.text for cell in row.cells]) for row in table.rows()] == [
        ("Assessments", ["Hip pain score", "Week 6", "out of range", "1"]),
        ("Assessments", ["Hip pain score", "Week 26", "repeats another row", "2"]),
    ]
    assert [group.label for group in table.groups] == ["Reading"]


def test_rows_a_model_could_not_use_are_listed_as_left_out(trial: Report) -> None:
    fit = trial.fits["primary"][0]
    lost = pd.DataFrame({"row": [1], "participant_id": ["QZX7001"], "visit": ["week_6"], "reason": ["site is missing"]})
    short = replace(fit, sample=replace(fit.sample, left_out=lost))
    table = left_out_table(trial.study, Disposition(), {"primary": (short,)})
    assert [group.label for group in table.groups] == ["Model: Primary"]
    assert texts(table) == {"": ["", "Week 6", "site is missing", "1"]}


def test_findings_table_joins_like_findings_and_names_nobody() -> None:
    found = [
        Finding("warning", "assessments", "a rule", "a remedy", row=row, participant_id=who, field="value", value=who)
        for row, who in ((2, "QZX7001"), (9, "QZX7002"))
    ]
    table = findings_table(plan(), Findings.of(found))
    assert [group.label for group in table.groups] == ["Warnings"]
    assert texts(table) == {"Assessments": ["`value`", "A rule", "a remedy", "2"]}
    assert "QZX" not in repr(table)


def test_tables_of_data_have_labels_in_place_of_keys() -> None:
    step, rule = "values of primary", "the visit is outside its window: week_6, 32 to 56"
    listed = pd.DataFrame(
        [(step, "assessments", "", None, "", "P1", "week_6", "pain", "intercurrent event, hypothetical: hip_surgery")],
        columns=list(LEFT_OUT_COLUMNS),
    )
    label = plan().label("estimands", "primary")
    (group,) = left_out_table(plan(), Disposition(left_out=listed), {}).groups
    said = ["Hip pain score", "Week 6", "intercurrent event, hypothetical: hip surgery", "1"]
    assert (group.label, group.rows[0].label) == (f"Values: {label}", "Assessments")
    assert [cell.text for cell in group.rows[0].cells] == said
    found = Finding(
        "warning", "co_interventions", rule, "Check it.", row=1, participant_id="P1", field="pain", value="1"
    )
    assert texts(findings_table(plan(), Findings.of([found]))) == {
        "Co-interventions": ["Hip pain score", "The visit is outside its window: Week 6, 32 to 56", "Check it.", "1"]
    }


def test_no_table_of_the_report_holds_a_participant(trial: Report) -> None:
    shown = [
        baseline_table(trial.cohort),
        participants_table(trial.cohort, trial.datasets),
        files_table(trial.study, trial.disposition),
        left_out_table(trial.study, trial.disposition, trial.fits),
        findings_table(trial.study, trial.findings),
    ]
    assert "QZX" not in repr(shown)


def test_an_analysis_is_named_with_its_role_once(trial: Report) -> None:
    assert trial.study.planned("primary").title == "Primary"
    assert trial.study.planned("simpler").title == "Simpler (sensitivity)"


def test_great_table_escapes_every_text_and_repeats_its_bytes() -> None:
    nasty = Table(
        "t",
        NASTY,
        NASTY,
        (Column(NASTY, spanner=NASTY),),
        (RowGroup(NASTY, (Row(NASTY, (Cell(NASTY, mark=NASTY),)),)),),
        (Footnote(NASTY, NASTY),),
        NASTY,
    )
    shown = nasty.to_great_table().as_raw_html()
    assert "<script" not in shown
    assert shown.count("&lt;script&gt;") >= 8
    assert shown == nasty.to_great_table().as_raw_html()
    assert nasty._repr_html_() == shown
