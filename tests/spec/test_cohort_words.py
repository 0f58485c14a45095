"""Words, dates and labels of everyday files: what means missing, what is the same, and what is left alone."""

from __future__ import annotations

import os
import subprocess
import sys
import unicodedata
from pathlib import Path

import pandas as pd
import pytest

from coxa.cohort.cohort import Cohort
from coxa.cohort.mapping.codes import parse_days
from tests.spec.cohort_trial import LONG, PARTICIPANTS, PLAN, assessments, messages, only, read_tiny

NA = LONG.replace("data:\n", "data:\n  missing: [NA, 99]\n")


def people(**columns: list[str]) -> pd.DataFrame:
    return PARTICIPANTS.assign(**columns)


@pytest.mark.parametrize(
    ("text", "day"),
    [
        ("2024-01-05", "2024-01-05"),
        ("2024-01-05 10:30:00", "2024-01-05"),
        ("2024-01-05T10:30:00Z", "2024-01-05"),
        ("2024-01-05T10:30:00.123+01:00", "2024-01-05"),
        ("2024-01-05 9:30", "2024-01-05"),
        ("2024-01-05 garbage", None),
        ("2024-01-05 25:00", None),
        ("2024-01-05 10:30 or later", None),
        ("2024-01-05x", None),
        ("2024-02-30", None),
    ],
)
def test_behind_a_date_only_a_time_of_day_may_follow(text: str, day: str | None) -> None:
    days, bad = parse_days(pd.Series([text], dtype="str"), None)
    assert bad.tolist() == [day is None]
    assert day is None or days[0] == pd.Timestamp(day)


def test_a_time_may_follow_a_date_of_a_declared_format() -> None:
    days, bad = parse_days(pd.Series(["05/01/2024 10:30", "05/01/2024", "05/01/2024 soon"], dtype="str"), ["%d/%m/%Y"])
    assert bad.tolist() == [False, False, True]
    assert days[0] == days[1] == pd.Timestamp("2024-01-05")


def test_a_date_that_garbage_follows_is_an_error_with_its_value(tmp_path: Path) -> None:
    values = assessments()
    values.loc[0, "date"] = "2025-01-10 garbage"
    assert only(read_tiny(tmp_path, values=values), "error").value == "2025-01-10 garbage"


def test_a_word_declared_missing_is_no_date_no_therapist_and_no_visit(tmp_path: Path) -> None:
    given = people(birth_date=["1964-01-01", "NA", "NA", "1959-01-01"], therapist_id=["T1", "NA", "T2", "T1"])
    values = assessments()
    values.loc[2, "visit"] = "NA"
    cohort = read_tiny(tmp_path, given, values, data=NA)
    assert cohort.findings.errors.items == ()
    assert cohort.table("participants")["birth_date"].isna().tolist() == [False, True, True, False]
    assert cohort.table("participants")["therapist_id"].isna().tolist() == [False, True, False, False]
    assert cohort.table("assessments")["visit"][2] == "week_6"


def test_a_missing_code_that_is_a_number_never_deletes_an_identifier(tmp_path: Path) -> None:
    given, values = people(id=["99", "02", "03", "04"]), assessments()
    values["id"] = values["id"].replace("01", "99")
    cohort = read_tiny(tmp_path, given, values, data=NA)
    assert cohort.table("participants")["participant_id"].tolist() == ["99", "02", "03", "04"]


def test_a_word_that_the_plan_maps_is_not_missing(tmp_path: Path) -> None:
    given = people(arm=["NA", "exercise", "NA", "exercise"])
    mapped = NA.replace(
        "{participant_id: id}}", "{participant_id: id}, values: {arm: {NA: usual_care, exercise: exercise}}}", 1
    )
    assert read_tiny(tmp_path, given, data=mapped).table("participants")["arm"].tolist() == [
        "usual_care", "exercise", "usual_care", "exercise",
    ]  # fmt: skip


def test_a_word_in_a_date_is_answered_with_the_key_that_declares_it(tmp_path: Path) -> None:
    given = people(birth_date=["1964-01-01", "NA", "NA", "1959-01-01"])
    assert 'write `missing: ["NA"]`' in next(iter(read_tiny(tmp_path, given).findings.errors)).remedy


def test_columns_that_only_describe_are_left_out_where_the_plan_does_not_name_them(tmp_path: Path) -> None:
    given = people(height=["n/a"] * 4, main_condition=["?"] * 4)
    ignoring = LONG.replace("data:\n", "data:\n  ignore_unlisted: true\n")
    assert messages(read_tiny(tmp_path, given, data=ignoring)) == []
    assert len(read_tiny(tmp_path, given).findings.errors) > 0
    named = ignoring.replace("{participant_id: id}}", "{participant_id: id, height: height}}", 1)
    assert {item.field for item in read_tiny(tmp_path, given, data=named).findings.errors} == {"height"}


@pytest.mark.parametrize(("in_file", "in_plan"), [("NFD", "NFC"), ("NFC", "NFD")])
def test_letters_are_the_same_composed_or_in_parts(tmp_path: Path, in_file: str, in_plan: str) -> None:
    def form(text: str, name: str) -> str:
        return unicodedata.normalize(name, text)  # type: ignore[arg-type]

    given = people(arm=[form(word, in_file) for word in ("Übung", "Üblich", "Übung", "Üblich")])
    given = given.rename(columns={"arm": form("Größe der Übung", in_file)})
    keys = "{participant_id: id, arm: Größe der Übung}, values: {arm: {Übung: exercise, Üblich: usual_care}}}"
    data = form(LONG.replace("{participant_id: id}}", keys, 1), in_plan)
    cohort = read_tiny(tmp_path, given, data=data)
    assert messages(cohort) == []
    assert cohort.table("participants")["arm"].tolist() == ["exercise", "usual_care"] * 2


def labelled(folder: Path, labels: list[str], field: str = "therapist_id") -> Cohort:
    return read_tiny(folder, people(**{field: labels}))


@pytest.mark.parametrize("other", ["t03", "T3", "T 03", "T-03", "t03 ", "Ｔ03"])
@pytest.mark.parametrize("field", ["therapist_id", "site_id", "discontinuation_reason"])
def test_labels_that_are_nearly_the_same_are_named_with_their_map(tmp_path: Path, other: str, field: str) -> None:
    finding = only(labelled(tmp_path, ["T03", "T03 ", other, "T04"], field), "warning")
    name = other.strip()
    assert (finding.field, finding.value) == (field, f"T03 (2 rows), {name} (1 row)")
    assert finding.remedy == f'If they mean the same, write `values: {{{field}: {{"{name}": "T03"}}}}` in its table.'


def test_the_proposed_map_makes_one_label_of_them(tmp_path: Path) -> None:
    data = LONG.replace("{participant_id: id}}", '{participant_id: id}, values: {therapist_id: {"t03": "T03"}}}', 1)
    cohort = read_tiny(tmp_path, people(therapist_id=["T03", "t03", "T04", "T04"]), data=data)
    assert messages(cohort) == []
    assert cohort.table("participants")["therapist_id"].tolist() == ["T03", "T03", "T04", "T04"]


def test_labels_that_differ_in_a_digit_or_a_sign_are_not_alike(tmp_path: Path) -> None:
    assert messages(labelled(tmp_path, ["1-11", "11-1", "A+", "A"])) == []


@pytest.mark.parametrize(("field", "word", "level"), [("arm", "Exercise", "exercise"), ("sex", "FEMALE", "female")])
def test_a_level_written_differently_is_proposed_as_a_map(tmp_path: Path, field: str, word: str, level: str) -> None:
    labels = PARTICIPANTS[field].tolist()
    labels[labels.index(level)] = word
    finding = next(iter(read_tiny(tmp_path, people(**{field: labels})).findings.errors))
    assert finding.remedy.startswith(f'Write `values: {{{field}: {{"{word}": {level}}}}}` in its table')


@pytest.mark.some(3)
@pytest.mark.parametrize("encoding", ["cp1252", "ascii", "latin-1"])
@pytest.mark.parametrize("options", [[], ["--json"], ["-q"]])
def test_a_console_that_cannot_show_a_letter_shows_its_code(tmp_path: Path, encoding: str, options: list[str]) -> None:
    PARTICIPANTS.assign(arm=["日本é", *PARTICIPANTS["arm"][1:]]).to_csv(tmp_path / "participants.csv", index=False)
    assessments().to_csv(tmp_path / "assessments.csv", index=False)
    study = tmp_path / "plan.yaml"
    study.write_text(PLAN + LONG, encoding="utf-8")
    shown = subprocess.run(
        [sys.executable, "-m", "coxa.cli.main", "check", str(study), *options],
        capture_output=True, check=False, env={**os.environ, "PYTHONIOENCODING": encoding},
    )  # fmt: skip
    assert shown.returncode == 1, shown.stderr
    assert b"\\u65e5\\u672c" in shown.stdout
    assert b"UnicodeEncodeError" not in shown.stderr


def test_wrong_use_is_shown_on_such_a_console_too(tmp_path: Path) -> None:
    for asked in (["check", "日本.yaml"], ["check", "--日本"], ["日本"]):
        shown = subprocess.run(
            [sys.executable, "-m", "coxa.cli.main", *asked],
            capture_output=True, check=False, cwd=tmp_path, env={**os.environ, "PYTHONIOENCODING": "ascii"},
        )  # fmt: skip
        assert shown.returncode == 2, shown.stderr
        assert b"Traceback" not in shown.stderr


def test_a_word_of_the_plan_is_itself_where_the_map_names_another_code_only(tmp_path: Path) -> None:
    data = LONG.replace("{participant_id: id}}", '{participant_id: id}, values: {arm: {"Exercise": exercise}}}')
    table = read_tiny(tmp_path, people(arm=["usual_care", "Exercise", "usual_care", "exercise"]), data=data)
    assert messages(table) == []
    assert table.table("participants")["arm"].tolist() == ["usual_care", "exercise"] * 2


def test_a_level_that_is_a_number_is_not_itself_where_the_codes_are_mapped(tmp_path: Path) -> None:
    plan = PLAN.replace("levels: [female, male]", 'levels: ["0", "1"]')
    data = LONG.replace("{participant_id: id}}", '{participant_id: id}, values: {sex: {1: "0", 2: "1"}}}')
    finding = only(read_tiny(tmp_path, people(sex=["1", "2", "0", "1"]), data=data, plan=plan), "error")
    assert (finding.field, finding.value, finding.rule) == ("sex", "0", "the code of sex is unknown")
