"""A text file is read completely, or refused with the line; its encoding and delimiter are those of the plan."""

from __future__ import annotations

import codecs
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from coxa.cohort.readers.raw import ReadOptions
from coxa.cohort.readers.registry import read_raw
from coxa.errors import PlanError
from coxa.study.reading.read import parse_study
from coxa.study.source import TableSource
from tests.spec.cohort_trial import LONG, PLAN
from tests.spec.test_cohort_readers import fault, read

HEADER = "id,visit,pain,note"
ROWS = [f"P{k:02d},{visit},{40 + k}," for k in range(1, 31) for visit in ("baseline", "week_6")]


def written(folder: Path, rows: list[str], header: str = HEADER, end: str = "\n") -> Path:
    path = folder / "a.csv"
    path.write_bytes((end.join([header, *rows]) + end).encode())
    return path


def changed(row: int, note: str, rows: list[str] | None = None) -> list[str]:
    """Return the rows with a note in one of them; `row` counts from 0."""
    rows = list(rows or ROWS)
    rows[row] += note
    return rows


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_an_unclosed_quote_is_refused_with_its_line(tmp_path: Path, end: str) -> None:
    finding = fault(written(tmp_path, changed(21, '"knee swollen'), end=end))
    assert finding.rule == "The quotation mark opened in line 23 is never closed"


def test_an_unclosed_quote_in_the_last_row_is_refused(tmp_path: Path) -> None:
    assert fault(written(tmp_path, changed(59, '"knee swollen'))).rule.startswith(
        "The quotation mark opened in line 61"
    )


def test_a_quote_that_the_next_quoted_cell_closes_is_refused(tmp_path: Path) -> None:
    rows = changed(40, '"fine"', changed(21, '"knee swollen'))
    assert fault(written(tmp_path, rows)).rule == (
        "Text follows the closing quotation mark of the cell that was opened in line 23 and closed in line 42"
    )


def test_text_behind_a_closing_quote_is_refused(tmp_path: Path) -> None:
    finding = fault(written(tmp_path, changed(3, '"he said "ouch" today"')))
    assert finding.rule == "Text follows the closing quotation mark of the cell that was opened in line 5"


def test_a_cell_that_swallowed_rows_is_refused_though_its_quotes_are_in_order(tmp_path: Path) -> None:
    rows = changed(40, 'knee pain"', changed(21, '"knee swollen'))
    finding = fault(written(tmp_path, rows))
    assert finding.rule == "The quoted cell that begins in line 23 holds 19 lines that look like rows of the file"
    assert finding.remedy == "Close its quotation mark in line 23, or write the text of the cell on one line."


def test_a_cell_that_swallowed_one_row_is_refused(tmp_path: Path) -> None:
    rows = changed(22, 'knee pain"', changed(21, '"knee swollen'))
    assert "holds a line that looks like a row" in fault(written(tmp_path, rows)).rule


def test_a_quoted_cell_may_hold_line_ends_delimiters_and_quotes(tmp_path: Path) -> None:
    note = '"Swollen, ""warm"".\nSecond day, third visit, less pain, better\n\nAll well."'
    sheet = read(written(tmp_path, changed(21, note))).sheet
    assert len(sheet.frame) == len(ROWS)
    assert sheet.frame["note"][21] == note[1:-1].replace('""', '"')
    assert sheet.frame["id"].tolist() == [row[:3] for row in ROWS]


def test_a_note_of_two_columns_is_no_row_though_its_lines_have_two_cells(tmp_path: Path) -> None:
    path = written(tmp_path, ['P01,"pain, then\nHad 2 falls, 1 fracture"', "P02,well", "P03,better"], "id,note")
    assert read(path).sheet.frame["note"].tolist()[1:] == ["well", "better"]


def test_quotes_within_an_unquoted_cell_are_letters(tmp_path: Path) -> None:
    sheet = read(written(tmp_path, changed(3, "5' 10\" tall"))).sheet
    assert sheet.frame["note"][3] == "5' 10\" tall"


def test_mixed_line_ends_and_a_last_line_without_end_lose_no_row(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_bytes(b"id,pain\r\n1,10\n2,20\r3,30\r\n4,40")
    assert read(path).sheet.frame["pain"].tolist() == ["10", "20", "30", "40"]


def test_an_unclosed_quote_in_a_large_file_is_named_and_no_limit_of_a_library(tmp_path: Path) -> None:
    rows = [f"P{k:06d},baseline,{k % 100}," for k in range(20_000)]
    rows[1] += '"swollen'
    assert fault(written(tmp_path, rows)).rule == "The quotation mark opened in line 3 is never closed"


def test_a_header_with_fewer_names_than_every_row_has_cells_is_refused(tmp_path: Path) -> None:
    path = written(tmp_path, ['"1",P01,50', '"2",P02,60'], "id,pain")
    finding = fault(path)
    assert finding.rule == "No row has as many cells as the header (2)"
    assert finding.remedy.startswith("Add a name at the beginning of the header")


TEXT = st.text(st.sampled_from(['"', ",", "\n", "a", "1", " ", "\r"]), max_size=60)


@given(body=TEXT)
def test_every_line_is_a_row_or_within_a_cell_or_the_file_is_refused(
    tmp_path_factory: pytest.TempPathFactory, body: str
) -> None:
    path = tmp_path_factory.mktemp("text") / "a.csv"
    path.write_bytes(("id,note\n" + body).encode())
    result = read_raw(path)
    if result.raw is None:
        assert result.findings
        return
    sheet = result.raw.sheet
    lines = ("id,note\n" + body).replace("\r\n", "\n").replace("\r", "\n").removesuffix("\n").count("\n")
    inside = sum(text.count("\n") for name in sheet.frame for text in sheet.frame[name].dropna())
    if not sheet.unreadable:
        assert len(sheet.frame) + inside == lines
    assert len(sheet.frame) + len(sheet.unreadable) == result.raw.source.n_rows


PLAIN = "id,ort\n1,Köln\n2,Gießen\n"


@pytest.mark.parametrize("encoding", ["utf-16-le", "utf-16-be", "utf-16", "utf-32-le", "latin-1", "cp1252", "utf-8"])
def test_an_encoding_is_read_as_declared(tmp_path: Path, encoding: str) -> None:
    path = tmp_path / "a.csv"
    path.write_bytes(PLAIN.encode(encoding))
    assert read(path, encoding=encoding).sheet.frame["ort"].tolist() == ["Köln", "Gießen"]


@pytest.mark.parametrize(
    ("mark", "encoding"),
    [
        (codecs.BOM_UTF16_LE, "utf-16-le"),
        (codecs.BOM_UTF16_BE, "utf-16-be"),
        (codecs.BOM_UTF32_LE, "utf-32-le"),
        (codecs.BOM_UTF8, "utf-8"),
    ],
)
def test_a_byte_order_mark_tells_the_encoding(tmp_path: Path, mark: bytes, encoding: str) -> None:
    path = tmp_path / "a.csv"
    path.write_bytes(mark + PLAIN.encode(encoding))
    assert read(path).sheet.frame["ort"].tolist() == ["Köln", "Gießen"]


def test_utf_16_without_a_mark_is_refused_with_its_name(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_bytes(PLAIN.encode("utf-16-le"))
    assert fault(path).remedy.endswith("Write `encoding: utf-16-le` in its table.")


@pytest.mark.parametrize(
    ("encoding", "rule"),
    [
        ("utf-99", "The encoding `utf-99` of the plan is not known"),
        ("rot13", "The encoding `rot13` of the plan is not known"),
        ("ascii", "The file is not text in ascii: line 2 has other bytes"),
    ],
)
def test_an_encoding_that_does_not_fit_is_a_finding(tmp_path: Path, encoding: str, rule: str) -> None:
    path = tmp_path / "a.csv"
    path.write_bytes(PLAIN.encode())
    assert fault(path, encoding=encoding).rule == rule


@pytest.mark.parametrize(
    ("written_as", "mark"),
    [('"\\t"', "\t"), ("'\\t'", "\t"), ("tab", "\t"), ('" "', " "), ("space", " "), ("semicolon", ";"), ('"|"', "|")],
)
def test_a_delimiter_of_the_plan_is_kept(written_as: str, mark: str) -> None:
    study = parse_study((PLAN + LONG.replace("assessments.csv", f"a.csv, delimiter: {written_as}")).encode())
    assert study.data is not None
    assert study.data.tables["assessments"].delimiter == mark


@pytest.mark.parametrize("delimiter", ["", ";;", '"', "§"])
def test_a_delimiter_is_one_character(delimiter: str) -> None:
    with pytest.raises(PlanError, match="the delimiter is not one ASCII character"):
        parse_study((PLAN + LONG.replace("assessments.csv", f"a.csv, delimiter: '{delimiter}'")).encode())


def test_names_of_files_and_sheets_keep_their_blanks() -> None:
    source = TableSource(file=" a.xlsx", sheet="Data ")
    assert (source.file, source.sheet) == (" a.xlsx", "Data ")


def test_a_declared_tab_is_used_though_commas_fit_too(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text("id\tnote,a,b\n1\tx,y,z\n2\tu,v,w\n")
    assert read_raw(path, ReadOptions(delimiter="\t")).raw.sheet.frame.columns.tolist() == ["id", "note,a,b"]  # type: ignore[union-attr]


def test_row_names_of_r_and_the_index_of_pandas_are_a_column_of_their_own(tmp_path: Path) -> None:
    path = written(tmp_path, ['"1",P01,50', '"2",P02,60'], '"",id,pain')
    result = read_raw(path)
    assert result.raw is not None
    assert result.raw.sheet.frame.columns.tolist() == ["unnamed_1", "id", "pain"]
    assert [(item.severity, item.rule) for item in result.findings] == [
        ("note", "Column 1 has no name and is read as unnamed_1")
    ]


def test_columns_without_name_and_values_are_left_out_with_a_note(tmp_path: Path) -> None:
    result = read_raw(written(tmp_path, ["P01,50,,", "P02,60,,"], "id,pain,,"))
    assert result.raw is not None
    assert result.raw.sheet.frame.columns.tolist() == ["id", "pain"]
    assert result.findings[0].rule == "Columns 3 and 4 have neither a name nor a value"


def test_a_column_with_values_needs_a_name(tmp_path: Path) -> None:
    finding = fault(written(tmp_path, ["P01,50,x"], "id,pain,"))
    assert (finding.rule, finding.value) == ("a column has no name", "no name for column 3")
