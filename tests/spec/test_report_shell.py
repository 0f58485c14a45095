"""A shell is the planned report with blanks: nothing in it comes from data."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from typer.testing import CliRunner

from coxa.cli.main import app
from coxa.report.document import Document, Paragraph
from coxa.report.output.render import render_document
from coxa.report.trace.places import places
from coxa.report.transform.shell import AFTERWARDS, BANNER, FOUND, as_shell, shell
from coxa.study.reading.read import parse_study
from coxa.tables.cells import Cell, Statistic
from coxa.tables.formats import cell
from coxa.tables.table import Column, Row, RowGroup, Table
from tests.spec.assumed_trial import assumed
from tests.spec.cluster_trial import PLAN
from tests.spec.pages import without_scripts
from tests.spec.small_trial import built, read_text

runner = CliRunner()


@pytest.fixture(scope="module")
def planned() -> Document:
    return shell(assumed())


def texts(document: Document) -> str:
    return read_text(without_scripts(str(render_document(document, "html"))))


def test_a_shell_has_the_sections_and_tables_of_the_report_and_no_statistic(planned: Document) -> None:
    document, blank = built(), as_shell(built())
    assert [section.id for section in blank.sections] == [section.id for section in document.sections]
    assert {table.id for table in blank.tables()} == {table.id for table in document.tables()} - {
        "findings",
        "files",
        "left-out",
        "checklist-consort-2025",
    }
    assert [figure.title for figure in blank.figures()] == [figure.title for figure in document.figures()]
    for made_up in (blank, planned):
        assert not [place for place in places(made_up) if place.cell.statistics]
        assert all(figure.data.empty for figure in made_up.figures())


def test_nothing_of_the_data_is_left(planned: Document) -> None:
    """Two data sets of one plan give the same shell."""
    plain = assumed("\nassumptions:\n  participants: 90\n  outcomes: {pain: {baseline: {mean: 20, sd: 4}}}\n")
    assert texts(planned) == texts(shell(plain))


def test_numbers_are_written_as_their_places_and_verdicts_are_open(planned: Document) -> None:
    said = texts(planned).replace("\xa0", " ")
    assert BANNER in said
    assert (
        "Exercise against Usual care at Week 12: difference in means xx.x points (95% CI xx.x to xx.x; p = x.xxx); […]."
    ) in said
    assert "Usual care (N = xx)" in said
    assert "in favour of" not in said


def test_what_only_data_can_say_is_left_open(planned: Document) -> None:
    for section in planned.sections:
        if section.id in AFTERWARDS:
            assert section.blocks == (Paragraph(AFTERWARDS[section.id]),)
            assert not section.sections
    plan = assumed()
    assert plan.origin is None or set(re.findall(r"[0-9a-f]{64}", texts(planned))) <= {plan.origin.sha256}


def test_rows_found_in_the_data_become_one() -> None:
    at = Statistic("", analysis="harms", term="x")

    def line(label: str, n: int, found: bool) -> Row:
        return Row(label, (cell("count", {"n": n}, at), Cell("mild")), found=found)

    rows = (line("Any", 5, False), line("Fall", 2, True), line("Rash", 3, True), line("Deaths", 0, False))
    table = Table("harms", "Harms", "Term", (Column("n"), Column("Severity")), (RowGroup("", rows),))
    blank = next(as_shell(_with_table(table)).tables())
    shown = [(row.label, *(one.text for one in row.cells)) for row in blank.rows()]
    assert shown == [("Any", "xx", "mild"), (FOUND, "xx", "mild"), ("Deaths", "xx", "mild")]


def _with_table(table: Table) -> Document:
    from coxa.report.document import Section, TableBlock

    return Document("T", "S", (), (Section("harms", "Harms", (TableBlock(table),)),))


def test_a_plan_without_assumptions_and_with_clusters_has_a_shell() -> None:
    text = PLAN[: PLAN.index("data:")] if "data:" in PLAN else PLAN
    said = texts(shell(parse_study(text.encode())))
    assert "site (xx levels)" in said or "clinic (xx levels)" in said


def test_the_command_writes_every_form_without_reading_data(tmp_path: Path) -> None:
    runner.invoke(app, ["new", str(tmp_path / "trial")])
    for path in (tmp_path / "trial" / "data").glob("*"):
        path.unlink()
    plan = str(tmp_path / "trial" / "study.yaml")
    made = runner.invoke(app, ["report", plan, "--shell", "--format", "html,pdf,docx", "--out", str(tmp_path / "out")])
    assert made.exit_code == 0, made.output
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == ["shell.docx", "shell.html", "shell.pdf"]
    refused = runner.invoke(app, ["report", plan, "--shell", "--data", str(tmp_path)])
    assert (refused.exit_code, "A shell is made without data. Leave out `--data`" in refused.output) == (2, True)
