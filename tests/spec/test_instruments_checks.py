"""Bad item tables: every problem at once, with row, participant, field, value, rule and remedy."""

import pandas as pd
import pytest

from coxa.errors import DataError
from coxa.instruments import check_items, score
from coxa.instruments.check import blank_bad_answers

GOOD = ("a", "baseline", "q1", 1)


def table(*rows):
    return pd.DataFrame(rows, columns=["participant_id", "visit", "item", "value"])


def only(findings):
    (finding,) = findings
    return finding


def test_good_items_have_no_findings():
    assert len(check_items(table(GOOD, ("a", "baseline", "q2", None)), "hoos")) == 0


def test_an_answer_out_of_range():
    finding = only(check_items(table(GOOD, ("b", "week_12", "p3", 5)), "hoos"))
    assert (finding.row, finding.participant_id, finding.field, finding.value) == (3, "b", "p3", "5")
    assert finding.rule == "the answer is not between 0 and 4"
    assert finding.remedy == "Correct the answer, or leave it empty if it is not known."


def test_an_answer_that_is_not_whole():
    finding = only(check_items(table(("a", "baseline", "q1", 1.5)), "hoos"))
    assert finding.rule == "the answer is not a whole number between 0 and 4"
    assert len(check_items(table(("a", "baseline", "item_1", 1.5)), "ihot_12")) == 0


def test_an_answer_that_is_not_a_number():
    finding = only(check_items(table(GOOD, ("a", "baseline", "q2", "mild")), "hoos"))
    assert (finding.rule, finding.value) == ("the answer is not a number", "mild")


def test_an_unknown_item_is_one_finding_however_often_it_comes():
    rows = [("a", "baseline", "pp1", 1), ("b", "baseline", "pp1", 1), GOOD]
    finding = only(check_items(table(*rows), "hoos"))
    assert (finding.row, finding.n_rows, finding.value) == (2, 2, "pp1")
    assert finding.rule == "the item is not one of hoos's"
    assert finding.remedy.startswith("Use 'p1' if that is meant. Codes: s1-s5")


def test_an_item_answered_twice():
    finding = only(check_items(table(GOOD, ("a", "baseline", "q1", 2)), "hoos"))
    assert finding.rule == "the item is answered twice at one visit (a, baseline), also in row 2"
    assert (finding.row, finding.value) == (3, "2")


def test_a_row_of_the_file_that_comes_twice_is_one_finding_that_names_both():
    answers = [("a", "baseline", f"q{k}", 1) for k in (1, 2, 3)]
    items = table(*answers, *answers).assign(source_row=[2] * 3 + [9] * 3)
    finding = only(check_items(items, "hoos"))
    assert (finding.row, finding.field) == (9, None)
    assert finding.rule == "the visit (a, baseline) has two rows: row 9 repeats row 2"


def test_answers_that_cannot_be_are_set_missing_and_listed():
    items = table(GOOD, ("a", "baseline", "q2", 7), ("a", "baseline", "q3", "mild"), ("a", "baseline", "q4", 1.5))
    blanked, findings = blank_bad_answers(items, "hoos")
    assert blanked["value"].isna().tolist() == [False, True, True, True]
    assert items["value"].tolist() == [1, 7, "mild", 1.5]
    assert {(finding.field, finding.value, finding.severity) for finding in findings} == {
        ("q2", "7", "warning"),
        ("q3", "mild", "warning"),
        ("q4", "1.5", "warning"),
    }
    assert score(blanked, "hoos", scales="qol")["items_answered"].tolist() == [1]


def test_a_row_without_a_participant_or_an_item():
    findings = check_items(table((None, "baseline", "q1", 1), ("a", "baseline", None, 1)), "hoos")
    assert [(finding.field, finding.row) for finding in findings] == [("participant_id", 2), ("item", 3)]


def test_a_missing_column_suggests_the_nearest():
    finding = only(check_items(table(GOOD).rename(columns={"value": "values"}), "hoos"))
    assert (finding.field, finding.remedy) == ("value", "Rename 'values' to 'value'.")
    with pytest.raises(DataError, match="Rename 'values' to 'value'"):
        score(table(GOOD).rename(columns={"value": "values"}), "hoos")


def test_an_answer_is_judged_by_the_version():
    item = table(("a", "baseline", "p1", 60))
    assert len(check_items(item, "womac", version="vas")) == 0
    assert only(check_items(item, "womac", version="nrs")).rule == "the answer is not between 0 and 10"


def test_a_changed_list_of_activities():
    items = table(
        ("a", "baseline", "activity_1", 2),
        ("a", "baseline", "activity_2", 3),
        ("a", "week_12", "activity_1", 5),
        ("b", "baseline", "activity_1", 5),
    )
    finding = only(check_items(items, "psfs"))
    assert (finding.participant_id, finding.field, finding.row) == ("a", "activity_2", 3)
    assert finding.rule.endswith("differ between visits (not listed at week_12)")


def test_scoring_refuses_with_all_problems_at_once():
    bad = table(GOOD, ("a", "baseline", "q2", 7), ("a", "baseline", "q99x", 1), ("a", "baseline", "q1", 1))
    with pytest.raises(DataError, match="These items cannot be scored as hoos") as raised:
        score(bad, "hoos")
    assert len(raised.value.findings) == 3
    assert raised.value.findings.to_frame()["row"].tolist() == [4, 3, 5]
