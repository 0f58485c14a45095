"""Items of questionnaires and times, by the names of columns."""

from __future__ import annotations

from pathlib import Path

import pytest

import coxa
from coxa.importing import Proposal, answered, propose, write_plan
from coxa.importing.study.items import item_groups, named_item
from coxa.importing.study.times import glued_numbers, parse_time, timed_columns, visit_name
from coxa.instruments import load_instrument

ARMS = ("usual care", "exercise")


def found(columns: list[str], low: float = 0, high: float = 4) -> list[tuple[str, tuple[str, ...], str | None]]:
    """Return prefix, candidates and pattern of the items among columns whose values lie in a range."""

    def fits(_: str, least: float, most: float) -> float:
        return float(least <= low and high <= most)

    groups = item_groups(columns, timed_columns(columns), fits)
    return [(each.prefix, each.candidates, each.pattern() if each.columns[0].item else None) for each in groups]


@pytest.mark.parametrize(
    ("text", "unit", "day"),
    [
        ("12wk", "weeks", 84),
        ("Week 6", "weeks", 42),
        ("6 weeks", "weeks", 42),
        ("w26", "weeks", 182),
        ("3mo", "months", 91),
        ("12 Monate", "months", 365),
        ("1y", "years", 365),
        ("baseline_arm_1", "baseline", 0),
        ("pre", "baseline", 0),
        ("post", "after", None),
        ("t0", "order", 0),
        ("T2", "order", None),
        ("Visit 3", "order", None),
        ("12", "number", None),
    ],
)
def test_times_in_words(text: str, unit: str, day: int | None) -> None:
    time = parse_time(text)
    assert time is not None
    assert (time.unit, time.day) == (unit, day)


@pytest.mark.parametrize("text", ["pain", "p1", "hoos", "affected", "12 people", "s", ""])
def test_words_that_are_no_times(text: str) -> None:
    assert parse_time(text) is None


def test_names_of_visits_by_their_day() -> None:
    assert [visit_name(day) for day in (0, 7, 84, 182, 365, 730, 45)] == [
        "baseline",
        "week_1",
        "week_12",
        "week_26",
        "month_12",
        "month_24",
        "day_45",
    ]


@pytest.mark.parametrize(
    ("columns", "template"),
    [
        (["pain_0", "pain_6"], "pain_{visit}"),
        (["t0_pain", "t1_pain"], "{visit}_pain"),
        (["pain12wk", "pain0wk"], "pain{visit}"),
        (["HOOS Pain 6 months", "HOOS Pain Baseline"], "HOOS Pain {visit}"),
        (["Q1 in", "Q1 out"], "Q1 {visit}"),
    ],
)
def test_a_time_is_found_at_the_end_or_the_beginning_of_names(columns: list[str], template: str) -> None:
    assert {each.template for each in timed_columns(columns).values()} == {template}


@pytest.mark.parametrize(
    "columns",
    [
        ["start_date", "end_date"],
        ["ihot_12"],
        ["Sign in", "Date"],
        ["stage_1", "grade_2"],
        ["T2_lesion", "age"],
    ],
)
def test_names_that_only_look_like_times(columns: list[str]) -> None:
    assert not timed_columns(columns)


def test_the_number_of_an_instrument_is_no_time_beside_times() -> None:
    assert set(timed_columns(["ihot_12", "pain_0", "pain_12"])) == {"pain_0", "pain_12"}


def test_numbers_without_a_separator_have_to_be_shared() -> None:
    assert set(glued_numbers(["pk1", "pk2", "f1", "f2"])) == {"pk1", "pk2", "f1", "f2"}
    assert not glued_numbers(["pk1", "pk2", "f3", "f4"])


def test_an_item_is_named_by_the_longest_name_of_an_instrument() -> None:
    assert next(named_item("hoos12_p1"))[0] == "hoos_12"
    assert next(named_item("HOOS_S03")) == ("hoos", "s3", "S03")
    assert next(named_item("eq5d_selfcare"))[:2] == ("eq_5d_5l", "self_care")
    assert not list(named_item("houses"))


def test_items_over_times_have_one_pattern() -> None:
    columns = [f"HOOS_{item.upper()}_{time}" for item in load_instrument("hoos").items for time in ("BL", "12wk")]
    assert found(columns) == [("hoos_", ("hoos",), "HOOS_{item}_{visit}")]


def test_scores_of_a_questionnaire_at_three_times_are_not_its_items() -> None:
    assert not found(["lefs_0", "lefs_6", "lefs_12"], 10, 70)


def test_numbered_items_are_those_of_every_instrument_with_so_many_items_and_this_range() -> None:
    columns = [f"Q{k} {time}" for k in range(1, 13) for time in ("in", "out")]
    assert found(columns) == [("q", ("hoos_12", "ihot_12", "ohs"), None)]
    assert found(columns, 0, 90) == [("q", ("ihot_12",), None)]
    assert not found(columns, 0, 200)


def items_csv(folder: Path, head: list[str], values: int = 5) -> Path:
    rows = [
        ",".join([f"P{k:02}", ARMS[k % 2], *(str((k + j) % values) for j in range(len(head)))]) for k in range(1, 21)
    ]
    path = folder / "items.csv"
    path.write_text("\n".join([",".join(["id", "arm", *head]), *rows]) + "\n", encoding="utf-8")
    return path


def item_roles(proposal: Proposal) -> dict[str, str]:
    return {each.column: each.role for each in proposal.readings if each.role.startswith("item")}


def test_numbered_items_are_asked_and_read_by_their_number(tmp_path: Path) -> None:
    head = [f"q{k}_{time}" for k in range(1, 13) for time in ("bl", "6wk")]
    first = propose(items_csv(tmp_path, head), "trial")
    (question,) = [each for each in first.questions if each.key == "items.q"]
    assert [each.word for each in question.answers] == ["hoos_12", "ihot_12", "ohs", "unused"]
    assert {each.status for each in first.readings if each.column in head} == {"asked"}
    decided = {"arm.reference": "usual_care", "primary.outcome": "ohs_total", "primary.visit": "week_6"}
    last = answered(first, {"items.q": "ohs", **decided})
    assert item_roles(last)["q3_6wk"] == "item item_3 of ohs at week_6"
    cohort = coxa.read_cohort(coxa.read_study(write_plan(last, tmp_path)))
    assert not cohort.findings.errors
    assert len(cohort.tables["item_responses"]) == 20 * 24


def test_answers_beyond_the_range_of_an_instrument_are_not_taken_for_its_items(tmp_path: Path) -> None:
    head = [f"lefs_{k}" for k in range(1, 21)]
    proposal = propose(items_csv(tmp_path, head, values=9), "trial")
    assert not item_roles(proposal)
    assert not any(each.status == "mapped" for each in proposal.readings if each.column in head)


def test_scores_are_not_read_where_the_items_are_there(tmp_path: Path) -> None:
    head = [f"ohs_{k}_{time}" for k in range(1, 13) for time in ("bl", "6wk")] + ["ohs_total_bl", "ohs_total_6wk"]
    proposal = propose(items_csv(tmp_path, head), "trial")
    unused = {each.column: each.why for each in proposal.readings if each.status == "unused"}
    assert unused == dict.fromkeys(("ohs_total_bl", "ohs_total_6wk"), "Scores of ohs are computed from its items.")


def test_of_the_items_of_two_instruments_one_is_chosen(tmp_path: Path) -> None:
    head = [f"ohs_{k}_bl" for k in range(1, 13)] + [f"ohs_{k}_6wk" for k in range(1, 13)]
    head += [f"lefs_{k}_{time}" for k in range(1, 21) for time in ("bl", "6wk")]
    first = propose(items_csv(tmp_path, head), "trial")
    assert "items.instrument" in [question.key for question in first.questions if question.needed]
    last = answered(first, {"items.instrument": "lefs"})
    assert last.plan["data"]["tables"]["item_responses"]["items"] == "lefs_{item}_{visit}"
    assert {each.status for each in last.readings if each.column.startswith("ohs")} == {"unused"}


def coded_csv(folder: Path, low: int, high: int) -> Path:
    head = [f"ohs_{k}_{time}" for k in range(1, 13) for time in ("bl", "6wk")]
    span = high - low + 1
    rows = [
        ",".join([f"P{k:02}", ARMS[k % 2], *(str(low + (k + j) % span) for j in range(len(head)))])
        for k in range(1, 21)
    ]
    path = folder / "coded.csv"
    path.write_text("\n".join([",".join(["id", "arm", *head]), *rows]) + "\n", encoding="utf-8")
    return path


@pytest.mark.parametrize("high", [4, 5])
def test_answers_without_the_lowest_one_may_be_one_more_and_are_asked(tmp_path: Path, high: int) -> None:
    first = propose(coded_csv(tmp_path, 1, high), "trial")
    (question,) = [each for each in first.questions if each.key == "items.ohs.coding"]
    words = [each.word for each in question.answers]
    assert words == [*(["as_is"] if high == 4 else []), "less_one", "turned", "unused"]
    assert "outcomes" not in first.plan
    assert [each.key for each in first.questions if each.key.startswith("outcomes")] == []


@pytest.mark.parametrize("answer", ["less_one", "turned"])
def test_answers_are_read_by_the_coding_that_was_answered(tmp_path: Path, answer: str) -> None:
    decided = {"arm.reference": "usual_care", "primary.outcome": "ohs_total", "primary.visit": "week_6"}
    proposal = propose(coded_csv(tmp_path, 1, 5), "trial", {"items.ohs.coding": answer, **decided})
    cohort = coxa.read_cohort(coxa.read_study(write_plan(proposal, tmp_path)))
    assert not cohort.findings.errors
    values = cohort.tables["item_responses"]
    assert (values["value"].min(), values["value"].max()) == (0, 4)
    first = values.query("participant_id == 'P01' and item == 'item_1' and visit == 'baseline'")["value"].item()
    assert first == {"less_one": 1, "turned": 3}[answer]


def test_items_on_another_scale_are_one_question(tmp_path: Path) -> None:
    head = [f"ihot12_{k}_{time}" for k in range(1, 13) for time in ("bl", "6wk")]
    first = propose(items_csv(tmp_path, head, values=11), "trial")
    assert [each.key for each in first.questions if each.key.startswith(("items", "outcomes"))] == [
        "items.ihot_12.coding"
    ]


def test_a_row_for_each_item_is_not_taken_for_an_outcome(tmp_path: Path) -> None:
    rows = [f"P{k:02},{ARMS[k % 2]},0,ohs,{j},{(k + j) % 5}" for k in range(1, 11) for j in range(1, 13)]
    file = tmp_path / "rows.csv"
    file.write_text("\n".join(["id,arm,week,instrument,item,value", *rows]) + "\n", encoding="utf-8")
    proposal = propose(file, "trial")
    unused = {each.column for each in proposal.readings if each.why.startswith("Rows are of items")}
    assert unused == {"instrument", "item", "value"}
    assert "outcomes" not in proposal.plan
