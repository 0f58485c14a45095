"""Titles and groups above the names of the columns, in text files; workbooks are in test_cohort_excel."""

from __future__ import annotations

from pathlib import Path

import pytest

from coxa.cohort.readers.header import joined_names
from coxa.cohort.readers.raw import RawFile, ReadOptions
from coxa.cohort.readers.registry import read_raw
from coxa.findings import Finding

NAMES = ["Patient No", "Patient Site", "Start NPRS", "Start LEFS", "End NPRS"]

TITLED = 'Register;export of 3 June\n\nPatient;;Start;;End\nNo;Site;NPRS;LEFS;NPRS\n001;Hill;6;"40";3\n002;Mill;7;35;\n'

AS_EXCEL_SAVES = (
    "Register of June,,,,\n,,,,\nPatient,,Start,,End\nNo,Site,NPRS,LEFS,NPRS\n001,Hill,6,40,3\n002,Mill,7,35,\n"
)


def file(tmp_path: Path, text: str) -> Path:
    (tmp_path / "table.csv").write_text(text)
    return tmp_path / "table.csv"


def read(path: Path, **options: object) -> RawFile:
    result = read_raw(path, ReadOptions(**options))  # type: ignore[arg-type]
    assert result.raw is not None, result.findings
    return result.raw


def fault(path: Path, **options: object) -> Finding:
    (error,) = [item for item in read_raw(path, ReadOptions(**options)).findings if item.severity == "error"]  # type: ignore[arg-type]
    return error


@pytest.mark.parametrize("text", [TITLED, AS_EXCEL_SAVES], ids=["ragged title", "title filled up with delimiters"])
def test_two_header_rows_below_a_title_are_proposed_and_joined(tmp_path: Path, text: str) -> None:
    path = file(tmp_path, text)
    assert fault(path).rule == "Row 1 does not name every column"
    assert fault(path).remedy == (
        "Rows 3 and 4 look like the header: write `header_row: [3, 4]` in its table, which joins their names "
        "(Start NPRS, End NPRS)."
    )
    raw = read(path, header_row=(3, 4))
    assert list(raw.sheet.frame.columns) == NAMES
    assert raw.sheet.frame["Start LEFS"].tolist() == ["40", "35"]
    assert raw.sheet.source_row.tolist() == [5, 6]
    assert raw.source.details["header_row"] == "3, 4"


def test_one_header_row_below_a_title_is_proposed(tmp_path: Path) -> None:
    path = file(tmp_path, "Export of June\nid,arm,pain\n1,a,3\n2,b,4\n")
    assert fault(path).remedy == "Row 2 looks like the header (id, arm, pain, ...): write `header_row: 2` in its table."
    assert read(path, header_row=(2,)).sheet.frame["pain"].tolist() == ["3", "4"]


def test_rows_that_do_not_fit_keep_their_numbers_below_a_title(tmp_path: Path) -> None:
    path = file(tmp_path, "Export of June\nid,arm,pain\n1,a,3\n2,b\n3,b,5\n")
    result = read_raw(path, ReadOptions(header_row=(2,)))
    assert result.raw is not None
    assert result.raw.sheet.unreadable == ((4, "2 cells instead of 3"),)
    assert result.raw.sheet.source_row.tolist() == [3, 5]


def test_line_ends_within_quotes_below_a_title_are_accounted_for(tmp_path: Path) -> None:
    path = file(tmp_path, 'Export of June\nid,note\n1,"first\nsecond"\n2,x\n')
    assert read(path, header_row=(2,)).sheet.frame["note"].tolist() == ["first\nsecond", "x"]


def test_a_header_with_a_fault_is_not_mistaken_for_a_title(tmp_path: Path) -> None:
    path = file(tmp_path, "id,arm,id\na,b,c\nd,e,f\n")
    assert fault(path).rule == "a column name occurs more than once"


def test_a_row_beyond_the_file_cannot_be_its_header(tmp_path: Path) -> None:
    assert (
        fault(file(tmp_path, "id,arm\n1,a\n"), header_row=(7,)).rule
        == "The file has no row 7 to take column names from"
    )


def test_a_parquet_file_has_no_header_row(tmp_path: Path) -> None:
    (tmp_path / "table.parquet").write_bytes(b"PAR1")
    finding = fault(tmp_path / "table.parquet", header_row=(2,))
    assert finding.rule == "a .parquet file has no header row; it names its columns by itself"


@pytest.mark.parametrize(
    ("rows", "reach", "names"),
    [
        ([["Start", None, "End"], ["NPRS", "LEFS", "NPRS"]], [], ["Start NPRS", "Start LEFS", "End NPRS"]),
        ([["Start", None, "End"], ["NPRS", "Site", "NPRS"]], [False], ["Start NPRS", "Site", "End NPRS"]),
        ([["Id", "Pain", None], [None, "t0", "t1"]], [], ["Id", "Pain t0", "Pain t1"]),
        ([["Id", None], ["Id", "Site"]], [], ["Id", "Id Site"]),
        ([["A", None], ["b", None], ["x", "y"]], [], ["A b x", "A b y"]),
    ],
)
def test_groups_reach_to_the_right(rows: list[list[object]], reach: list[bool], names: list[str]) -> None:
    assert joined_names(rows, list(range(1, len(rows) + 1)), reach) == names
