"""`coxa score` as a user meets it: what is printed, what is written, which exit code."""

from __future__ import annotations

import json
from pathlib import Path

import openpyxl
import pandas as pd
import pyreadstat
import pytest
from click.testing import Result
from typer.testing import CliRunner

from coxa.cli.main import app
from coxa.instruments import load_instrument

HOOS = load_instrument("hoos").items


def score(file: Path, *options: str) -> Result:
    return CliRunner().invoke(app, ["score", str(file), "--instrument", "hoos", *options])


def words(shown: Result) -> str:
    return " ".join(shown.output.split())


@pytest.fixture
def answers() -> pd.DataFrame:
    """Two participants with every answer 1, so that every scale is 75."""
    return pd.DataFrame({"participant_id": ["007", "8"], **{f"HOOS_{code.upper()}": ["1", "1"] for code in HOOS}})


def saved(frame: pd.DataFrame, folder: Path) -> Path:
    file = folder / "items.csv"
    frame.to_csv(file, index=False)
    return file


def test_a_spreadsheet_export_is_scored(tmp_path: Path) -> None:
    items, out = tmp_path / "items.csv", tmp_path / "scores.csv"
    header = "id;" + ";".join(f"hoos_p{k}" for k in range(1, 11))
    items.write_text(f"{header}\n007;1;1;1;1;1;;;;;\n8;1;99;;;;;;;;\n", encoding="cp1252")
    shown = score(items, "--prefix", "hoos", "--participant", "id", "--out", str(out), "--missing", "99")
    assert shown.exit_code == 0, shown.output
    scores = pd.read_csv(out, dtype={"participant_id": str}).query("scale == 'pain'").set_index("participant_id")
    assert scores.loc["007", "value"] == 75.0
    assert "1 of 10 items answered" in scores.loc["8", "reason"]


def test_the_prefix_that_was_found_and_the_columns_left_out_are_said(answers: pd.DataFrame, tmp_path: Path) -> None:
    shown = score(saved(answers.assign(hoos_total=[1, 2]), tmp_path))
    assert shown.exit_code == 0, shown.output
    assert "The prefix of the item columns is taken to be 'hoos_'" in words(shown)
    assert "Left out: hoos_total." in words(shown)
    assert "10 scores, 0 of them missing" in words(shown)


def test_an_item_without_a_column_is_a_warning(answers: pd.DataFrame, tmp_path: Path) -> None:
    shown = score(saved(answers.drop(columns="HOOS_S1"), tmp_path), "-q")
    assert shown.exit_code == 0, shown.output
    assert "Taken as unanswered: s1." in words(shown)


def test_the_wrong_instrument_is_told(answers: pd.DataFrame, tmp_path: Path) -> None:
    shown = CliRunner().invoke(app, ["score", str(saved(answers, tmp_path)), "--instrument", "ihot_12"])
    assert shown.exit_code == 1
    assert "look like items of hoos" in words(shown)
    assert "Rename" not in shown.output


def test_answers_out_of_range_stop_and_are_written_down(answers: pd.DataFrame, tmp_path: Path) -> None:
    file, out = saved(answers.assign(HOOS_P1=["9", "1"], HOOS_P2=["1", "x"]), tmp_path), tmp_path / "scores.csv"
    shown = score(file, "--out", str(out))
    assert shown.exit_code == 1
    assert "The answer is not between 0 and 4" in words(shown)
    assert not out.exists()
    findings = pd.read_csv(tmp_path / "scores.findings.csv", dtype=str).query("severity == 'error'")
    assert findings[["row", "field", "value"]].to_numpy().tolist() == [["3", "p2", "x"], ["2", "p1", "9"]]
    as_json = json.loads(score(file, "--json").stdout)
    assert [(finding["row"], finding["value"]) for finding in as_json] == [(3, "x"), (2, "9")]


def test_leave_out_scores_the_rest_and_lists_what_was_left_out(answers: pd.DataFrame, tmp_path: Path) -> None:
    file, out = saved(answers.assign(HOOS_P1=["9", "1"]), tmp_path), tmp_path / "scores.parquet"
    shown = score(file, "--leave-out", "--out", str(out))
    assert shown.exit_code == 0, shown.output
    assert "Until then it is set to missing" in words(shown)
    scores = pd.read_parquet(out).query("scale == 'pain'")
    assert scores["items_answered"].tolist() == [9, 10]
    assert scores["value"].tolist() == [75.0, 75.0]
    findings = pd.read_csv(tmp_path / "scores.findings.csv", dtype=str).query("severity == 'warning'")
    assert findings[["participant_id", "field", "value"]].to_numpy().tolist() == [["007", "p1", "9"]]


def test_several_rows_per_participant_need_a_visit(answers: pd.DataFrame, tmp_path: Path) -> None:
    file = saved(pd.concat([answers.assign(week="w0"), answers.assign(week="w12")]), tmp_path)
    shown = score(file)
    assert shown.exit_code == 1
    assert "Several rows per participant (rows 2 and 4 are of one). Name the visit column with --visit." in words(shown)
    assert score(file, "--visit", "week").exit_code == 0
    assert "--visit names no column of the file" in words(score(file, "--visit", "weak"))


def test_a_row_that_comes_twice_is_one_message_with_both_rows(answers: pd.DataFrame, tmp_path: Path) -> None:
    file = saved(pd.concat([answers, answers.iloc[:1]]).assign(visit="w0"), tmp_path)
    shown = score(file, "--json")
    assert shown.exit_code == 1
    ((finding),) = json.loads(shown.stdout)
    assert finding["rule"] == "the visit (007, w0) has two rows: row 4 repeats row 2"


@pytest.mark.parametrize("suffix", [".sav", ".dta"])
def test_codes_that_the_file_declares_missing_are_no_answers(tmp_path: Path, suffix: str) -> None:
    items, out = tmp_path / f"items{suffix}", tmp_path / "scores.csv"
    frame = pd.DataFrame({"id": ["a", "b"]} | {f"ihot_item_{k}": [10.0 * k, 50.0] for k in range(1, 11)})
    if suffix == ".sav":
        frame.loc[0, "ihot_item_1"] = 99
        frame.loc[1, "ihot_item_2"] = 97
        declared = {"ihot_item_1": [99], "ihot_item_2": [{"lo": 97, "hi": 99}]}
        pyreadstat.write_sav(frame, items, missing_ranges=declared)
    else:
        frame = frame.astype({"ihot_item_1": object, "ihot_item_2": object})
        frame.loc[0, "ihot_item_1"], frame.loc[1, "ihot_item_2"] = "a", "b"
        pyreadstat.write_dta(frame, items, missing_user_values={"ihot_item_1": ["a"], "ihot_item_2": ["b"]})
    arguments = ["score", str(items), "--instrument", "ihot_12", "--participant", "id", "--out", str(out)]
    shown = CliRunner().invoke(app, arguments)
    assert shown.exit_code == 0, shown.output
    scores = pd.read_csv(out).set_index("participant_id")
    assert scores.loc["a", "value"] == pytest.approx(sum(range(20, 101, 10)) / 9)
    assert scores["items_answered"].tolist() == [9, 9]
    assert "2 answers have a code that the file declares missing" in words(shown)


def test_a_sheet_with_a_title_is_scored_by_its_header_row(tmp_path: Path) -> None:
    book = openpyxl.Workbook()
    book.active.append(["Export of June"])
    sheet = book.create_sheet("Answers")
    for row in (["Answers"], ["id", "nprs_pain"], ["a", 4], ["b", True]):
        sheet.append(row)
    book.save(tmp_path / "items.xlsx")
    arguments = ["score", str(tmp_path / "items.xlsx"), "--instrument", "nprs", "--participant", "id", "--json"]
    chosen = [*arguments, "--sheet", "Answers", "--header-row", "2"]
    refused = CliRunner().invoke(app, chosen)
    assert refused.exit_code == 1
    assert "True" in refused.output
    scores = json.loads(CliRunner().invoke(app, [*chosen, "--leave-out"]).stdout)
    assert [score["value"] for score in scores] == [4, None]


def test_a_percentage_is_no_answer(tmp_path: Path) -> None:
    book = openpyxl.Workbook()
    for row in (["participant_id", "vas_pain"], ["a", 0.45], ["b", 45]):
        book.active.append(row)
    book.active["B2"].number_format = "0%"
    book.save(tmp_path / "items.xlsx")
    shown = CliRunner().invoke(app, ["score", str(tmp_path / "items.xlsx"), "--instrument", "vas"])
    assert shown.exit_code == 1
    assert "45%" in shown.output


def test_a_file_larger_than_the_limit_is_not_scored(answers: pd.DataFrame, tmp_path: Path) -> None:
    answers.to_excel(tmp_path / "items.xlsx", index=False)
    assert "--max-cells" in words(score(tmp_path / "items.xlsx", "--max-cells", "50"))
    assert score(tmp_path / "items.xlsx", "--max-cells", "1000").exit_code == 0
