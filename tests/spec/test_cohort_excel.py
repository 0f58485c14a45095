"""Workbooks as they are found: titles and groups above the header, charts, formulas, percentages, logical values."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path

import openpyxl
import pandas as pd
import pytest
from openpyxl.chart import BarChart

from coxa.cohort.cohort import Cohort
from coxa.cohort.contracts import Contract
from coxa.cohort.dictionary import Field
from coxa.cohort.mapping.cells import Column, convert
from coxa.cohort.mapping.missing import MissingCodes
from coxa.cohort.read import read_cohort
from coxa.cohort.readers.raw import Percent, RawFile, ReadOptions, Unstored
from coxa.cohort.readers.registry import read_raw
from coxa.cohort.readers.size import check_archive
from coxa.findings import Finding
from coxa.study import read_study
from coxa.study.source import code_text

EXPORT = [
    ["Register, export of 3 June", None, None, None, None],
    [],
    ["Patient", None, "Start", None, "End"],
    ["No", "Site", "NPRS", "LEFS", "NPRS"],
    ["001", "Hill", 6, 40, 3],
    ["002", "Mill", 7, 35, None],
]
"""A title, an empty row, groups, names, two patients."""


def workbook(path: Path, rows: Sequence[Sequence[object]], merged: Sequence[str] = ()) -> Path:
    book = openpyxl.Workbook()
    for row in rows:
        book.active.append(list(row))
    for cells in merged:
        book.active.merge_cells(cells)
    book.save(path)
    return path


def read(path: Path, **options: object) -> RawFile:
    result = read_raw(path, ReadOptions(**options))  # type: ignore[arg-type]
    assert result.raw is not None, result.findings
    return result.raw


def fault(path: Path, **options: object) -> Finding:
    result = read_raw(path, ReadOptions(**options))  # type: ignore[arg-type]
    (error,) = [item for item in result.findings if item.severity == "error"]
    return error


def rewritten(path: Path, parts: dict[str, str], replaced: Sequence[tuple[str, str]] = ()) -> Path:
    """Rename parts of a workbook, and replace text in all of them."""
    with zipfile.ZipFile(path) as archive:
        contents = {parts.get(name, name): archive.read(name) for name in archive.namelist()}
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in contents.items():
            for old, new in replaced:
                content = content.replace(old.encode(), new.encode())
            archive.writestr(name, content)
    return path


MERGED = ("A1:E1", "A3:B3", "C3:D3")


@pytest.mark.parametrize("merged", [(), MERGED], ids=["groups at the left of their columns", "merged groups"])
def test_two_header_rows_below_a_title_are_proposed_and_joined(tmp_path: Path, merged: Sequence[str]) -> None:
    path = workbook(tmp_path / "table.xlsx", EXPORT, merged)
    finding = fault(path)
    assert (finding.rule, finding.value) == ("Row 1 does not name every column", "Register, export of 3 June")
    assert finding.remedy == (
        "Rows 3 and 4 look like the header: write `header_row: [3, 4]` in its table, which joins their names "
        "(Start NPRS, End NPRS)."
    )
    raw = read(path, header_row=(3, 4))
    assert list(raw.sheet.frame.columns) == ["Patient No", "Patient Site", "Start NPRS", "Start LEFS", "End NPRS"]
    assert raw.sheet.frame["Start NPRS"].tolist() == [6, 7]
    assert raw.sheet.source_row.tolist() == [5, 6]
    assert raw.source.details == {"sheet": "Sheet", "header_row": "3, 4"}


def test_one_header_row_below_a_title_is_proposed(tmp_path: Path) -> None:
    path = workbook(tmp_path / "table.xlsx", [["Export of June"], ["id", "arm", "pain"], ["1", "a", 3]])
    assert fault(path).remedy == "Row 2 looks like the header (id, arm, pain, ...): write `header_row: 2` in its table."
    assert read(path, header_row=(2,)).sheet.frame["pain"].tolist() == [3]


def test_a_group_over_two_columns_in_the_first_row_is_joined_with_the_second(tmp_path: Path) -> None:
    rows = [["id", "pain", None], [None, "baseline", "week 6"], ["1", 3, 4]]
    path = workbook(tmp_path / "table.xlsx", rows, ["A1:A2", "B1:C1"])
    assert "`header_row: [1, 2]`" in fault(path).remedy
    assert list(read(path, header_row=(1, 2)).sheet.frame.columns) == ["id", "pain baseline", "pain week 6"]


def test_a_header_with_an_unnamed_column_is_not_mistaken_for_a_title(tmp_path: Path) -> None:
    path = workbook(tmp_path / "table.xlsx", [["id", None, "arm"], ["a", "x", "b"], ["c", "y", "d"]])
    assert (fault(path).rule, fault(path).value) == ("a column has no name", "no name for column 2")


def test_a_row_beyond_the_sheet_cannot_be_its_header(tmp_path: Path) -> None:
    path = workbook(tmp_path / "table.xlsx", EXPORT)
    assert fault(path, header_row=(9,)).rule == "The file has no row 9 to take column names from"


def test_the_first_sheet_with_cells_is_read(tmp_path: Path) -> None:
    book = openpyxl.Workbook()
    book.active.title = "People"
    for row in (["id", "pain"], ["1", 4]):
        book.active.append(row)
    chart = book.create_chartsheet("Chart", 0)
    chart.add_chart(BarChart())
    book.create_sheet("Empty", 1)
    hidden = book.create_sheet("Lists", 2)
    hidden.append(["M", "F"])
    hidden.sheet_state = "hidden"
    path = tmp_path / "table.xlsx"
    book.save(path)
    result = read_raw(path)
    assert result.raw is not None
    assert result.raw.source.details == {"sheet": "People"}
    assert result.findings[0].rule == "Sheet People was read, because Chart, the first, is hidden or holds no cells"
    assert fault(path, sheet="Chart").rule == "Sheet Chart holds a chart and no cells"
    assert read(path, sheet="Lists").sheet.frame.columns.tolist() == ["M", "F"]


FORMULA = [["id", "a", "sum"], ["1", 2, "=B2+1"], ["2", 3, None]]


@pytest.mark.parametrize(
    ("parts", "replaced"),
    [
        ({}, ()),
        ({"xl/worksheets/sheet1.xml": "xl/worksheets/Data.xml"}, [("worksheets/sheet1.xml", "worksheets/Data.xml")]),
        ({}, [("<f>", "<f >"), ("<row", "<row\n")]),
    ],
    ids=["usual", "a part of another name", "space in a tag"],
)
def test_a_formula_without_result_is_no_missing_value(
    tmp_path: Path, parts: dict[str, str], replaced: Sequence[tuple[str, str]]
) -> None:
    path = rewritten(workbook(tmp_path / "table.xlsx", FORMULA), parts, replaced)
    cell, nothing = read(path).sheet.frame["sum"]
    assert isinstance(cell, Unstored)
    assert (cell, cell.rule, nothing) == ("=B2+1", "The formula has no stored result", None)


def test_a_formula_without_result_is_found_under_prefixed_tags(tmp_path: Path) -> None:
    main = 'xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"'
    sheet = (
        f"<x:worksheet {main.replace('xmlns', 'xmlns:x')}><x:sheetData>"
        '<x:row r="1"><x:c r="A1" t="inlineStr"><x:is><x:t>id</x:t></x:is></x:c></x:row>'
        '<x:row r="2"><x:c r="A2"><x:f>1+2</x:f></x:c></x:row>'
        '<x:row r="3"><x:c r="A3" t="str"><x:f>""</x:f><x:v></x:v></x:c></x:row>'
        '<x:row r="4"><x:c r="A4"><x:f>1+2</x:f><x:v>3</x:v></x:c></x:row></x:sheetData></x:worksheet>'
    )
    path = workbook(tmp_path / "table.xlsx", [["id"]])
    with zipfile.ZipFile(path) as archive:
        contents = {name: archive.read(name) for name in archive.namelist()}
    contents["xl/worksheets/sheet1.xml"] = sheet.encode()
    with zipfile.ZipFile(path, "w") as archive:
        for name, content in contents.items():
            archive.writestr(name, content)
    cells = read(path).sheet.frame["id"].tolist()
    assert [isinstance(cell, Unstored) for cell in cells] == [True, False, False]
    assert cells[2] == 3


def test_a_share_shown_as_a_percentage_is_told_from_other_numbers(tmp_path: Path) -> None:
    book = openpyxl.Workbook()
    for row in (["a", "b", "c"], [0.45, 0.45, 45]):
        book.active.append(row)
    book.active["A2"].number_format = "0.0%"
    book.active["C2"].number_format = '0"%"'
    path = tmp_path / "table.xlsx"
    book.save(path)
    (row,) = read(path).sheet.frame.itertuples(index=False)
    assert [type(cell) for cell in row] == [Percent, float, int]


def test_cells_under_a_merged_cell_are_no_missing_values(tmp_path: Path) -> None:
    path = workbook(tmp_path / "table.xlsx", [["id", "pain"], ["1", 3], [None, 4]], ["A2:A3"])
    first, second = read(path).sheet.frame["id"]
    assert first == "1"
    assert isinstance(second, Unstored)
    assert second.rule == "The cell is covered by a merged cell"


def test_empty_columns_without_a_name_are_no_columns(tmp_path: Path) -> None:
    path = workbook(tmp_path / "table.xlsx", [["id", None, "pain"], ["1", None, 3]])
    assert read(path).sheet.frame.columns.tolist() == ["id", "pain"]


PLAN = """
study: s
title: T
arms: {a: {reference: true}, b: {}}
visits: {"v1": {day: 0}, "v2": {day: 42}, "v2a": {day: 60}}
outcomes: {pain: {range: [0, 100], unit: points, higher_is_better: false}}
estimands:
  primary:
    treatment: {compare: [b], against: a}
    endpoint: {outcome: pain, measure: change, visit: v2}
    summary: difference_in_means
analyses: {primary: {estimand: primary, role: primary, model: ancova, adjust: [baseline]}}
"""


def cohort(tmp_path: Path, rows: Sequence[Sequence[object]], keys: str = "", shape: str = "") -> Cohort:
    """Return the cohort of a plan whose assessments are in a workbook with the columns id, when, pain."""
    (tmp_path / "p.csv").write_text("participant_id,arm,randomisation_date\n1,a,2024-01-01\n2,b,2024-01-01\n")
    book = openpyxl.Workbook()
    for row in (["id", "when", "pain"], *rows):
        book.active.append(row)
    for cell in book.active["C"]:
        cell.number_format = shape or cell.number_format
    book.save(tmp_path / "a.xlsx")
    data = f"""
data:
  tables:
    participants: {{file: p.csv}}
    assessments:
      file: a.xlsx
      columns: {{participant_id: id, visit: when}}
      values: {{visit: {{1: v1, 2: v2, 2a: v2a}}}}
      outcomes: {{pain: pain}}
{keys}
"""
    (tmp_path / "study.yaml").write_text(PLAN + data)
    return read_cohort(read_study(tmp_path / "study.yaml"))


def test_true_among_numbers_is_an_error(tmp_path: Path) -> None:
    found = cohort(tmp_path, [["1", 1, 40], ["1", 2, True], ["2", 1, 50]])
    (error,) = found.findings.errors
    assert (error.row, error.field, error.rule) == (3, "pain", "The cell holds TRUE or FALSE, not a number")
    assert found.table("assessments")["value"].tolist() == [40, 50]


def test_percentages_are_read_only_as_the_plan_says(tmp_path: Path) -> None:
    rows = [["1", 1, 0.57], ["1", 2, 0.4]]
    error = next(iter(cohort(tmp_path, rows, shape="0%").findings.errors))
    assert (error.row, error.rule) == (2, "the cell shows a percentage and stores a fraction, as 0.57 for 57%")
    assert error.remedy == "Write `percent: shown` in its table to read 57, or `percent: stored` to read 0.57."
    shown = cohort(tmp_path, rows, "      percent: shown", "0%")
    assert shown.table("assessments")["value"].tolist() == [57, 40]
    stored = cohort(tmp_path, rows, "      percent: stored", "0%")
    assert stored.table("assessments")["value"].tolist() == [0.57, 0.4]


def test_visits_of_numbers_and_text_in_one_column_are_one_set_of_codes(tmp_path: Path) -> None:
    found = cohort(tmp_path, [["1", 1, 40], ["1", 2.0, 30], ["1", "2a", 20], [2, "1", 50]])
    assert not found.findings.errors
    table = found.table("assessments")
    assert table[["participant_id", "visit"]].to_numpy().tolist() == [
        ["1", "v1"], ["1", "v2"], ["1", "v2a"], ["2", "v1"],
    ]  # fmt: skip


def test_a_total_row_with_a_lost_formula_can_be_excluded(tmp_path: Path) -> None:
    rows = [["1", 1, 40], ["2", 1, 50], ["Total", 2, "=SUM(C2:C3)"]]
    (error,) = [item for item in cohort(tmp_path, rows).findings.errors if item.field == "pain"]
    assert (error.row, error.rule, error.value) == (4, "The formula has no stored result", "=SUM(C2:C3)")
    keys = "  exclude_rows: [{table: assessments, row: 4, because: total}]"
    assert not cohort(tmp_path, rows, keys).findings.errors


def test_long_identifiers_stored_as_numbers_are_refused(tmp_path: Path) -> None:
    found = cohort(tmp_path, [[123456789012345678, 1, 40], ["2", 1, 50]])
    (error,) = found.findings.errors
    assert (error.row, error.field) == (2, "participant_id (id)")
    assert error.rule == (
        "The identifier is stored as a number that keeps its digits only up to "
        "1,000,000,000,000,000, so that the last are lost"
    )


def large(path: Path, rows: int, columns: int) -> Path:
    """Write a workbook of one sheet full of the number 1; a few bytes an archive needs for thousands of cells."""
    workbook(path, [["id"]])
    with zipfile.ZipFile(path) as archive:
        contents = {name: archive.read(name) for name in archive.namelist()}
    sheet = io.BytesIO()
    sheet.write(b'<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><sheetData>')
    sheet.write((b"<row>" + b"<c><v>1</v></c>" * columns + b"</row>") * rows)
    sheet.write(b"</sheetData></worksheet>")
    contents["xl/worksheets/sheet1.xml"] = sheet.getvalue()
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in contents.items():
            archive.writestr(name, content)
    return path


def test_a_workbook_that_unpacks_to_too_much_is_refused_by_its_directory(tmp_path: Path) -> None:
    path = large(tmp_path / "table.xlsx", 700, 1000)
    finding = fault(path, max_cells=20_000)
    assert finding.rule == "Unpacked, the file takes more than the limit of 10 MB for 20,000 cells"
    assert "raise `max_cells` under `data`" in finding.remedy
    assert path.stat().st_size < 50_000


def test_a_sheet_of_too_many_cells_is_refused_when_they_are_counted(tmp_path: Path) -> None:
    path = large(tmp_path / "table.xlsx", 100, 1000)
    finding = fault(path, max_cells=40_000)
    assert (finding.rule, finding.value) == (
        "The file has more cells than the limit of 40,000",
        "100,000 cells",
    )


def test_the_cells_of_all_sheets_count(tmp_path: Path) -> None:
    book = openpyxl.Workbook()
    for row in (["id", "pain"], ["1", 3]):
        book.active.append(row)
    for _ in range(1000):
        book.worksheets[-1].append([1, 2])
    other = book.create_sheet("Other")
    for _ in range(1000):
        other.append([1, 2])
    book.save(tmp_path / "table.xlsx")
    assert fault(tmp_path / "table.xlsx", max_cells=3000).value == "4,004 cells"
    assert read(tmp_path / "table.xlsx", max_cells=5000).source.n_rows == 1001


def test_two_cells_far_apart_do_not_make_a_sheet_of_all_between(tmp_path: Path) -> None:
    book = openpyxl.Workbook()
    book.active["A1"], book.active["XFD1048576"] = "id", 1
    book.save(tmp_path / "table.xlsx")
    assert fault(tmp_path / "table.xlsx").value == "17,179,869,184 cells"


def test_formatted_empty_cells_do_not_count_as_columns(tmp_path: Path) -> None:
    book = openpyxl.Workbook()
    for row in (["id", "pain"], ["1", 3]):
        book.active.append(row)
    book.active["Z900"].number_format = "0.0"
    book.save(tmp_path / "table.xlsx")
    assert read(tmp_path / "table.xlsx").sheet.frame.shape == (1, 2)


def test_a_directory_with_false_sizes_is_no_way_around_the_limit(tmp_path: Path) -> None:
    path = large(tmp_path / "table.xlsx", 700, 1000)
    raw = bytearray(path.read_bytes())
    with zipfile.ZipFile(path) as archive:
        size = archive.getinfo("xl/worksheets/sheet1.xml").file_size
    place = raw.rfind(size.to_bytes(4, "little"))
    raw[place : place + 4] = (900).to_bytes(4, "little")
    path.write_bytes(raw)
    check_archive(path, ReadOptions(max_cells=20_000))
    assert fault(path, max_cells=20_000).remedy == "Export or copy it again."


def test_dates_are_read_as_dates(tmp_path: Path) -> None:
    path = workbook(tmp_path / "table.xlsx", [["id", "day"], ["1", datetime(2024, 3, 1)]])
    assert read(path).sheet.frame["day"].tolist() == [datetime(2024, 3, 1)]


def test_words_that_a_plan_declares_missing_hold_for_dates_and_other_codes_do_not() -> None:
    codes = MissingCodes(frozenset({"open", "n/a", "2024-01-02", "99"}))
    agreed = Contract("t", (), (), {"day": Field("day", "date", "when"), "age": Field("age", "number", "how old")})
    assert codes.words_of(agreed, "day") == {"open", "n/a"}
    column = Column("Until", pd.Series(["open", "2024-01-02", "soon"]), missing=codes.words_of(agreed, "day"))
    cells = convert(column, agreed.fields["day"])
    assert cells.values.notna().tolist() == [False, True, False]
    (problem,) = cells.problems
    assert (problem.rows.tolist(), problem.rule) == ([2], "the value is not a date")
    assert '`missing: ["soon"]`' in problem.remedy


def test_a_day_of_a_workbook_is_one_code_with_the_same_day_as_text() -> None:
    assert code_text(datetime(2024, 3, 1)) == code_text("2024-03-01") == "2024-03-01"
    assert code_text(datetime(2024, 3, 1, 10)) == "2024-03-01 10:00:00"
