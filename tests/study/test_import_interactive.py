"""A clinic's own spreadsheet, as spreadsheets are, from `coxa import --interactive` to plan, check and audit."""

from __future__ import annotations

import csv
import random
from datetime import date, timedelta
from pathlib import Path

import pytest
import yaml
from openpyxl import Workbook
from typer.testing import CliRunner

from coxa import read_audit
from coxa.cli.main import app
from coxa.episodes import read_episodes

runner = CliRunner()
WIDE = {"COLUMNS": "200"}
N, COPIES = 90, 3
HEADS = (
    "Patienten-Nr.", "Name", "Standort", "Geburtsdatum", "Geschlecht", "Beginn Behandlung", "Ende Behandlung",
    "Diagnose (ICD-10)", "Schmerz VAS Aufnahme", "Schmerz VAS Entlassung", None, "HOOS Schmerz Aufnahme",
    "HOOS Schmerz Entlassung", "Anzahl Einheiten", None, "Bemerkung",
)  # fmt: skip


def comma(value: float) -> str:
    return f"{value:.1f}".replace(".", ",")


def rows() -> list[list[object]]:
    """Return episodes with dates in four ways, commas in numbers, umlauts, two empty columns, and copies of rows."""
    drawn = random.Random(5)
    found: list[list[object]] = []
    for number in range(N):
        start = date(2024, 1, 8) + timedelta(days=drawn.randrange(600))
        end = start + timedelta(days=drawn.randint(35, 110))
        way = ("%Y-%m-%d", "%d.%m.%Y", "%d.%m.%y", "")[number % 4]
        days: list[object] = [day.strftime(way) if way else day for day in (start, end)]
        pain = drawn.randint(30, 100) / 10
        hip = drawn.randint(200, 700) / 10
        after = [None, None] if number % 4 == 1 else [comma(pain / 2), comma(hip + 20)]
        found.append([
            f"{10_000 + number}", "Müller", ("Köln", "Münster", "Würzburg")[number % 3], f"0{1 + number % 9}.05.1960",
            ("m", "w", "männlich")[number % 3], *days, ("M16.1", "S73.0")[number % 2], comma(pain), after[0], None,
            comma(hip), after[1], drawn.randint(3, 14), None, ("Größere Übung", "", "k. A.")[number % 3],
        ])  # fmt: skip
    return [*found, *(list(found[place]) for place in range(COPIES))]


def workbook(path: Path) -> Path:
    """Write a title in merged cells above the header, a total below, and a second sheet that explains abbreviations."""
    book = Workbook()
    sheet = book.active
    assert sheet is not None
    sheet.append(["Auswertung Hüft-Reha – Stand 01.11.2026"])
    sheet.merge_cells("A1:P1")
    sheet.append([])
    sheet.append(list(HEADS))
    for row in rows():
        sheet.append(row)
    sheet.append([])
    sheet.append(["Summe", *[None] * 12, 999])
    book.create_sheet("Legende").append(["Kürzel", "Bedeutung"])
    book.save(path)
    return path


def asked(file: Path, out: Path, *answers: str) -> tuple[str, str]:
    """Return what `coxa import --interactive` prints, and its messages, where the answers are typed."""
    arguments = ["import", str(file), "--out", str(out), "--interactive"]
    shown = runner.invoke(app, arguments, input="".join(f"{answer}\n" for answer in answers), env=WIDE)
    assert shown.exit_code == 0, shown.output
    return shown.stdout, shown.stderr


def test_a_spreadsheet_with_everything_that_spreadsheets_have_becomes_a_plan_by_two_answers(tmp_path: Path) -> None:
    out = tmp_path / "mine"
    shown, complaints = asked(
        workbook(tmp_path / "Klinik Export.xlsx"), out, "0", "vas", "1", "31.31.2026", "1.11.2026"
    )
    assert "Columns 11 and 15 have neither a name nor a value." in shown
    assert "The sheet Legende is not used: the file has no rows below its header." in shown
    assert complaints.count("is none of the answers. Type a number from 1 to 3.") == 2
    assert "31.31.2026 is no day" in complaints
    assert "14 columns: 11 used, 0 in question, 3 not used; 0 open questions" in shown
    assert f"  coxa audit {out / 'audit.yaml'} --out {out / 'out'}" in shown.replace("'", "")
    assert not any(private in shown for private in ("Müller", "10000", "1960"))
    plan = yaml.safe_load((out / "audit.yaml").read_text(encoding="utf-8"))
    assert plan["title"].startswith("Pain VAS and HOOS pain by clinic, 2024 to 2025")
    data = plan["data"]
    assert (data["header_row"], data["decimal"], data["drop_identical_rows"]) == (3, ",", True)
    assert sorted(data["date_format"]) == ["%Y-%m-%d", "%d.%m.%Y", "%d.%m.%y"]
    assert data["exclude_rows"] == [3 + N + COPIES + 2]
    assert (data["columns"]["intake_date"], data["columns"]["discharge_date"]) == (
        "Beginn Behandlung",
        "Ende Behandlung",
    )
    assert plan["outcomes"]["pain_vas"]["range"] == [0.0, 10.0]
    assert plan["outcomes"]["pain_vas"]["higher_is_better"] is False
    episodes = read_episodes(read_audit(out / "audit.yaml"))
    assert not episodes.findings.errors
    found = episodes.query("SELECT COUNT(*) AS n, COUNT(pain_vas_discharge) AS done FROM episodes").iloc[0]
    assert (int(found["n"]), int(found["done"])) == (N, N - len(range(1, N, 4)))
    checked = runner.invoke(app, ["check", str(out / "audit.yaml")], env=WIDE)
    assert (checked.exit_code, "0 error(s)" in checked.output) == (0, True)


def test_the_same_rows_as_text_with_semicolons_of_windows(tmp_path: Path) -> None:
    path, out = tmp_path / "klinik.csv", tmp_path / "mine"
    with path.open("w", encoding="cp1252", newline="") as file:
        written = csv.writer(file, delimiter=";")
        written.writerow(["" if head is None else head for head in HEADS])
        for row in rows():
            written.writerow([cell.strftime("%d.%m.%Y") if isinstance(cell, date) else cell for cell in row])
    shown, _ = asked(path, out, "1", "")
    assert "read as Windows text (cp1252)" in shown
    assert "Münster" in shown
    plan = read_audit(out / "audit.yaml")
    episodes = read_episodes(plan)
    assert not episodes.findings.errors
    clinics = episodes.query("SELECT clinic, COUNT(*) AS n FROM episodes GROUP BY 1 ORDER BY 1")
    assert clinics.values.tolist() == [["Köln", 30], ["Münster", 30], ["Würzburg", 30]]


def test_back_takes_an_answer_back_and_a_range_is_judged_when_it_is_typed(tmp_path: Path) -> None:
    shown, complaints = asked(
        workbook(tmp_path / "export.xlsx"), tmp_path / "mine", "back", "2", "0", "0 100", "back", "0 10", "2", ""
    )
    assert "This is the first question." in shown
    assert "0 is no range. Answer `range:pain_vas` with two numbers, such as 0 100." in complaints
    assert shown.count("Which values of Schmerz VAS Aufnahme are better?") == 2
    plan = yaml.safe_load((tmp_path / "mine" / "audit.yaml").read_text(encoding="utf-8"))
    assert (plan["outcomes"]["pain_vas"]["range"], plan["outcomes"]["pain_vas"]["higher_is_better"]) == ([0, 10], False)


@pytest.mark.slow
def test_the_plan_gives_an_audit_whose_sentences_have_no_therapists_where_the_file_has_none(tmp_path: Path) -> None:
    asked(workbook(tmp_path / "export.xlsx"), tmp_path / "mine", "1", "")
    done = runner.invoke(
        app, ["audit", str(tmp_path / "mine" / "audit.yaml"), "--out", str(tmp_path / "out")], env=WIDE
    )
    assert done.exit_code == 0, done.output
    assert "eligible episodes began in 3 clinics" in done.output
    assert "therapist" not in done.output
    assert (tmp_path / "out" / "audit.html").exists()


def test_a_reason_that_all_columns_share_is_given_once_and_numbers_are_short(tmp_path: Path) -> None:
    path = tmp_path / "scores.csv"
    lines = [f"{20.123456789 + number},{number % 7}" for number in range(20)]
    path.write_text("\n".join(["Lung,Steps", *lines]), encoding="utf-8")
    shown = runner.invoke(app, ["import", str(path), "--out", str(tmp_path / "mine")], env=WIDE).output
    assert "? What are the data of? (needed)" in shown
    assert shown.count("It is read once it is known what the data are of.") == 1
    assert "20.1235, 21.1235, 22.1235" in shown
