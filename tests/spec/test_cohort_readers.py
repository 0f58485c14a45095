"""One small table through every format, and every way in which a file can be broken."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as arrow_parquet
import pyreadstat
import pytest

from coxa.cohort.dictionary import Field
from coxa.cohort.mapping.cells import Column, convert
from coxa.cohort.mapping.codes import code_texts
from coxa.cohort.readers.raw import RawFile, ReadOptions
from coxa.cohort.readers.registry import READERS, read_raw
from coxa.findings import Finding

TABLE = pd.DataFrame({"id": ["01", "02", "03"], "Größe": ["klein, rund", "groß", None], "value": [1.5, 22.0, np.nan]})
LINES = [["id", "Größe", "value"], ["01", "klein, rund", "1.5"], ["02", "groß", "22"], ["03", "", ""]]


def read(path: Path, **options: str | int) -> RawFile:
    result = read_raw(path, ReadOptions(**options))  # type: ignore[arg-type]
    assert result.raw is not None, result.findings
    return result.raw


def fault(path: Path, **options: str | int) -> Finding:
    result = read_raw(path, ReadOptions(**options))  # type: ignore[arg-type]
    errors = [item for item in result.findings if item.severity == "error"]
    assert len(errors) == 1
    return errors[0]


def text(delimiter: str = ",", decimal: str = ".", end: str = "\n") -> str:
    cells = [[cell.replace(".", decimal) for cell in line] for line in LINES]
    return end.join(delimiter.join(f'"{cell}"' if delimiter in cell else cell for cell in line) for line in cells) + end


@pytest.mark.parametrize(
    ("raw", "details"),
    [
        (text().encode(), {"encoding": "utf-8", "delimiter": "comma", "decimal": "."}),
        (text().encode("utf-8-sig"), {"encoding": "utf-8", "delimiter": "comma", "decimal": "."}),
        (text(";", ",").encode("cp1252"), {"encoding": "cp1252", "delimiter": "semicolon", "decimal": ","}),
        (text("\t", ".", "\r\n").encode(), {"encoding": "utf-8", "delimiter": "tab", "decimal": "."}),
        (text("|", ",", "\r").encode(), {"encoding": "utf-8", "delimiter": "bar", "decimal": ","}),
        (text(";").encode("utf-16"), {"encoding": "utf-16-le", "delimiter": "semicolon", "decimal": "."}),
    ],
    ids=["plain", "byte-order mark", "German Excel", "tabs", "old Mac", "UTF-16"],
)
def test_text_files(tmp_path: Path, raw: bytes, details: dict[str, str]) -> None:
    path = tmp_path / "table.csv"
    path.write_bytes(raw)
    result = read(path)
    mark = details["decimal"]
    assert result.sheet.frame["Größe"].tolist()[:2] == ["klein, rund", "groß"]
    assert result.sheet.frame["value"].tolist()[:2] == [f"1{mark}5", "22"]
    assert result.sheet.frame["value"].isna().tolist() == [False, False, True]
    assert result.sheet.source_row.tolist() == [2, 3, 4]
    assert result.source.details == details
    assert (result.source.format, result.source.n_rows, len(result.source.sha256)) == ("csv", 3, 64)


def test_quoted_line_ends_stay_in_their_cell(tmp_path: Path) -> None:
    path = tmp_path / "table.csv"
    path.write_text('id,note\n1,"first\nsecond"\n2,x\n')
    result = read(path)
    assert result.sheet.frame["note"].tolist() == ["first\nsecond", "x"]


def test_windows_text_is_noted(tmp_path: Path) -> None:
    path = tmp_path / "table.csv"
    path.write_bytes(text().encode("cp1252"))
    note = read_raw(path).findings[0]
    assert (note.severity, note.rule) == (
        "note",
        "the text file is not UTF-8 and was read as Windows text (cp1252)",
    )
    assert read_raw(path, ReadOptions(encoding="cp1252")).findings == ()


def test_ragged_rows_are_named_and_the_others_keep_their_numbers(tmp_path: Path) -> None:
    path = tmp_path / "table.csv"
    path.write_text("id,a,b\n1,2,3\n2,3\n\n4,5,6\n")
    result = read_raw(path)
    assert result.raw is not None
    assert result.raw.sheet.source_row.tolist() == [2, 4, 5]
    assert result.raw.sheet.unreadable == ((3, "2 cells instead of 3"),)
    assert result.findings[0].rule == "a row has fewer cells than the header"
    assert result.findings[0].row == 3


def test_rows_that_do_not_fit_have_their_own_fault_each(tmp_path: Path) -> None:
    path = tmp_path / "table.csv"
    path.write_text("id;a;note\n1;2;x\n2;3\n3;4;y; z\n4;5;fell\n6 Nov;x\n7;8;y\n8;no\nnote;y\n9;1;x\n10;1;x\n11;1;x\n")
    findings = {finding.rule: finding for finding in read_raw(path).findings}
    long, short, broken = (
        findings["a row has more cells than the header"],
        findings["a row has fewer cells than the header"],
        findings["a row is cut in two by a line break"],
    )
    assert (long.row, long.value) == (4, "row 4: 4 cells instead of 3")
    assert long.remedy.startswith("Put quotation marks around a text that has a semicolon in it")
    assert (short.value, short.remedy.split(",")[0]) == (
        "row 3: 2 cells instead of 3; row 6: 2 cells instead of 3",
        "Look whether the end of the row is lost",
    )
    assert broken.value == "row 8: 2 cells instead of 3; row 9: 2 cells instead of 3"


def test_excel(tmp_path: Path) -> None:
    path = tmp_path / "table.xlsx"
    with pd.ExcelWriter(path) as book:
        pd.DataFrame({"other": [1]}).to_excel(book, sheet_name="notes", index=False)
        TABLE.to_excel(book, sheet_name="data", index=False)
    result = read(path, sheet="data")
    assert result.sheet.frame["id"].tolist() == ["01", "02", "03"]
    assert result.sheet.frame["value"].tolist() == [1.5, 22, None]
    assert result.sheet.source_row.tolist() == [2, 3, 4]
    assert result.source.details == {"sheet": "data"}
    assert read(path, sheet=2).source.details == {"sheet": "data"}
    assert fault(path, sheet="date").remedy == "Choose one of notes, data; did you mean data?"


def test_parquet(tmp_path: Path) -> None:
    path = tmp_path / "table.parquet"
    TABLE.astype({"Größe": "category"}).to_parquet(path)
    result = read(path)
    assert result.sheet.frame["Größe"].tolist()[:2] == ["klein, rund", "groß"]
    assert result.sheet.source_row.tolist() == [1, 2, 3]


LONG = 123456789012345678


def test_parquet_keeps_every_digit_of_long_whole_numbers(tmp_path: Path) -> None:
    path = tmp_path / "table.parquet"
    columns = {"whole": pa.array([LONG, None], pa.int64()), "double": [float(LONG), 1.0], "n": pa.array([1, None])}
    arrow_parquet.write_table(pa.table(columns), path)
    sheet = read(path).sheet
    assert code_texts(sheet.frame["whole"]).tolist()[0] == str(LONG)
    assert sheet.exact == {"double": 2.0**53}
    assert sheet.frame["n"].dtype == float


@pytest.mark.parametrize(
    ("suffix", "kind", "exact"), [(".sav", float, 2.0**53), (".dta", float, 2.0**53), (".dta", np.float32, 2.0**24)]
)
def test_numbers_of_statistical_packages_keep_so_many_digits(
    tmp_path: Path, suffix: str, kind: type, exact: float
) -> None:
    path = tmp_path / f"table{suffix}"
    frame = pd.DataFrame({"id": np.array([1, 2], kind)})
    if suffix == ".sav":
        pyreadstat.write_sav(frame, path)
    else:
        frame.to_stata(path, write_index=False)
    assert read(path).sheet.exact == {"id": exact}


@pytest.mark.parametrize(("value", "lost"), [(2.0**53, False), (2.0**53 + 2, True)])
def test_an_identifier_that_a_number_cannot_hold_is_a_problem(value: float, lost: bool) -> None:
    column = Column("id", pd.Series([value, 1.0]), exact=2.0**53)
    cells = convert(column, Field("participant_id", "id", "who"))
    assert [len(problem.rows) for problem in cells.problems] == ([1] if lost else [])
    assert cells.values.isna().tolist() == [lost, False]
    numbers = convert(column, Field("value", "number", "what"))
    assert numbers.problems == ()


def test_true_and_false_of_parquet_are_no_numbers(tmp_path: Path) -> None:
    path = tmp_path / "table.parquet"
    pd.DataFrame({"id": ["1", "2"], "pain": pd.array([True, None], "boolean")}).to_parquet(path)
    values = read(path).sheet.frame["pain"]
    (problem,) = convert(Column("pain", values), Field("value", "number", "what")).problems
    assert (problem.rows.tolist(), problem.rule) == ([0], "The cell holds TRUE or FALSE, not a number")
    assert convert(Column("pain", values), Field("came", "boolean", "what")).problems == ()
    coded = convert(Column("pain", values, missing=frozenset({"1"})), Field("value", "number", "what"))
    assert len(coded.problems) == 1


@pytest.mark.parametrize("suffix", [".parquet", ".sav", ".dta"])
def test_a_file_of_too_many_cells_is_refused_by_its_header(tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"table{suffix}"
    frame = pd.DataFrame(1.0, index=range(100), columns=["a", "b"])
    {".parquet": frame.to_parquet, ".sav": lambda to: pyreadstat.write_sav(frame, to),
     ".dta": lambda to: pyreadstat.write_dta(frame, to)}[suffix](path)  # fmt: skip
    assert fault(path, max_cells=199).rule == "The file has more cells than the limit of 199"
    assert read(path, max_cells=200).source.n_rows == 100


def test_a_parquet_file_that_unpacks_to_too_much_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "table.parquet"
    texts = ["x" * 110_000 + str(k) for k in range(100)]
    arrow_parquet.write_table(pa.table({"note": texts}), path, use_dictionary=False)
    assert fault(path, max_cells=1000).rule.startswith("Unpacked, the file takes more than the limit")


LABELLED = pd.DataFrame({"id": [1.0, 2.0, 3.0], "arm": [0.0, 1.0, 1.0], "pain": [12.5, 999.0, np.nan]})


@pytest.mark.parametrize("suffix", [".sav", ".zsav"])
def test_spss_labels_and_user_missing_values(tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"table{suffix}"
    pyreadstat.write_sav(
        LABELLED,
        path,
        variable_value_labels={"arm": {0: "Control", 1: "Active"}},
        missing_ranges={"pain": [999]},
        compress=suffix == ".zsav",
    )
    sheet = read(path).sheet
    assert sheet.labels == {"arm": {"0": "Control", "1": "Active"}}
    assert sheet.missing_codes == {"pain": frozenset({"999"})}
    assert sheet.frame["pain"].tolist()[:2] == [12.5, 999.0]
    assert sheet.source_row.tolist() == [1, 2, 3]


def test_stata_labels_and_extended_missing_values(tmp_path: Path) -> None:
    path = tmp_path / "table.dta"
    frame = LABELLED.astype({"arm": int, "pain": object})
    frame["pain"] = [12.5, "a", None]
    pyreadstat.write_dta(
        frame, path, variable_value_labels={"arm": {0: "Control", 1: "Active"}}, missing_user_values={"pain": ["a"]}
    )
    sheet = read(path).sheet
    assert sheet.labels == {"arm": {"0": "Control", "1": "Active"}}
    assert sheet.missing_codes == {"pain": frozenset({"a"})}


@pytest.mark.parametrize("suffix", [".sav", ".dta", ".xpt"])
def test_text_of_length_0_is_an_empty_cell(tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"table{suffix}"
    write = {".sav": pyreadstat.write_sav, ".dta": pyreadstat.write_dta, ".xpt": pyreadstat.write_xport}[suffix]
    write(pd.DataFrame({"id": ["1", "2"], "reason": ["", "moved"]}), path)
    assert read(path).sheet.frame["reason"].isna().tolist() == [True, False]


def test_sas_transport(tmp_path: Path) -> None:
    path = tmp_path / "table.xpt"
    pyreadstat.write_xport(LABELLED, path, table_name="TABLE")
    sheet = read(path).sheet
    assert sheet.frame["pain"].tolist()[:2] == [12.5, 999.0]
    assert read(path).source.format == "sas"


@pytest.mark.parametrize(
    ("name", "raw", "rule"),
    [
        ("empty.csv", b"", "the file is empty"),
        ("blank.csv", b"\n\n", "the file is empty"),
        ("header.csv", b"id,arm\n", "the file has no rows below its header"),
        ("twice.csv", b"id,arm,id\n1,2,3\n", "a column name occurs more than once"),
        ("unnamed.csv", b"id,,arm\n1,2,3\n", "a column has no name"),
        ("binary.csv", b"\1\2\0\4\5\6", "The file holds zero bytes, as text never does"),
        ("workbook.csv", b"PK\x03\x04rest", "the file is not a .csv file"),
        ("text.xlsx", b"id,arm\n1,2\n", "the file is no .xlsx file: it is not a zip archive"),
        ("text.sav", b"id,arm\n1,2\n", "the file cannot be read as sav"),
        ("text.parquet", b"id,arm\n1,2\n", "the file cannot be read as parquet"),
        ("old.xls", b"\xd0\xcf\x11\xe0", "the format of the file is unknown"),
        ("table.cvs", b"id\n1\n", "the format of the file is unknown"),
    ],
)
def test_broken_files_are_findings(tmp_path: Path, name: str, raw: bytes, rule: str) -> None:
    path = tmp_path / name
    path.write_bytes(raw)
    finding = fault(path)
    assert (finding.table, finding.rule) == (name, rule)
    assert finding.remedy


def test_remedies_name_the_right_suffix(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_bytes(b"$FL2 and so on")
    (tmp_path / "a.cvs").write_bytes(b"id\n1\n")
    assert (fault(tmp_path / "a.csv").remedy, fault(tmp_path / "a.csv").value) == (
        "Rename it to .sav.",
        "it is an SPSS file",
    )
    assert fault(tmp_path / "a.cvs").remedy.endswith("Did you mean .csv?")


@pytest.mark.parametrize("suffix", [".sav", ".dta", ".xpt", ".parquet", ".xlsx"])
@pytest.mark.parametrize("share", [0.3, 0.7, 0.97])
def test_truncated_files_are_findings(tmp_path: Path, suffix: str, share: float) -> None:
    path = tmp_path / f"table{suffix}"
    frame = pd.DataFrame({"id": np.arange(500.0), "pain": np.arange(500.0)})
    write = {
        ".sav": lambda: pyreadstat.write_sav(frame, path),
        ".dta": lambda: pyreadstat.write_dta(frame, path),
        ".xpt": lambda: pyreadstat.write_xport(frame, path),
        ".parquet": lambda: frame.to_parquet(path),
        ".xlsx": lambda: frame.to_excel(path, index=False),
    }
    write[suffix]()
    path.write_bytes(path.read_bytes()[: int(path.stat().st_size * share)])
    assert fault(path).table == f"table{suffix}"


def test_every_suffix_has_a_reader() -> None:
    from importlib import import_module

    for module in READERS.values():
        assert callable(getattr(import_module(f"coxa.cohort.readers.{module}"), f"read_{module}"))
