"""A report in the style of a journal: the same numbers, written otherwise, and still traced and verified."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from pathlib import Path

import pandas as pd
import pytest
from typer.testing import CliRunner

from coxa.cli.main import app
from coxa.errors import OptionError
from coxa.figures.blank import blank_figure
from coxa.figures.drawing import Drawing
from coxa.figures.figure import Figure
from coxa.report.build import build_document
from coxa.report.document import FORMATS, Document, FigureBlock, Section
from coxa.report.output.render import render_document
from coxa.report.trace.kept import read_kept, write_kept, write_numbers
from coxa.report.trace.results import results_frame
from coxa.report.trace.why import why
from coxa.report.transform.styled import in_style
from coxa.tables.cells import Statistic
from coxa.tables.formats import RULES, cell, write
from coxa.tables.prose import prose
from coxa.tables.styles import STYLES
from tests.spec.drawn_trial import drawn_trial
from tests.spec.small_trial import built, rendered, report

ROOT = Path(__file__).parents[2]
DEMO = ROOT / "analyses" / "hip_oa_trial" / "study.yaml"
runner = CliRunner()


@pytest.mark.parametrize("style", STYLES)
def test_what_is_shown_is_made_from_the_values_by_rule_pattern_and_style(style: str) -> None:
    frame = results_frame(report(), built(style))
    assert set(frame["style"]) == {style}
    for _, rows in frame[frame["format"] != ""].groupby("cell", sort=False):
        first = rows.iloc[0]
        values = dict(zip(rows["statistic"], rows["value"], strict=True))
        assert write(first["format"], values, first["decimals"], STYLES[style]) == first["shown"]
        assert RULES[first["format"]] == first["pattern"]


@pytest.mark.parametrize("style", STYLES)
def test_the_numbers_are_the_same_in_every_style(style: str) -> None:
    plain, other = (results_frame(report(), built(name)) for name in ("plain", style))
    address = ["cell", "statistic", "estimand", "analysis", "visit", "arm", "reference", "term"]
    assert plain[address].equals(other[address])
    assert plain["value"].equals(other["value"])


def test_in_the_lancet_no_number_of_a_table_or_figure_has_a_point() -> None:
    document = built("lancet")
    texts = [cell.text for table in document.tables() for row in table.rows() for cell in row.cells if cell.statistics]
    assert any("\N{MIDDLE DOT}" in text for text in texts)
    assert not any("." in text for text in texts)
    forest, before = (next(one for one in made.figures() if one.shown) for made in (document, built("plain")))
    assert all(cell.text in forest.alt and cell.text in forest.spec() for cell in forest.shown)
    assert not any(cell.text in forest.spec() for cell in before.shown)
    assert "\N{MIDDLE DOT}" in forest.svg()


def test_in_jama_headings_say_percent_and_cells_do_not() -> None:
    baseline = next(table for table in built("jama").tables() if table.id == "baseline")
    rows = {row.label: [cell.text for cell in row.cells] for row in baseline.rows()}
    assert "Symptom duration (months), median (Q1–Q3)" in rows
    assert not any("[" in text for text in rows["Symptom duration (months), median (Q1–Q3)"])
    assert not any("%" in text for texts in rows.values() for text in texts)
    headings = {column.label for table in built("jama").tables() for column in table.columns}
    assert "P" in headings
    assert "p" not in headings


@cache
def built_again(style: str) -> Document:
    return build_document(report(), style)


@pytest.mark.some(2)
@pytest.mark.parametrize("form", FORMATS)
@pytest.mark.parametrize("style", ["jama", "lancet"])
def test_every_form_can_be_had_in_every_style_and_is_the_same_twice(style: str, form: str) -> None:
    assert rendered(form, style) == render_document(built_again(style), form)


def test_an_unknown_style_is_refused_with_those_that_are_there() -> None:
    with pytest.raises(OptionError, match=r'`style` is "bmj"\..*plain'):
        in_style(built(), "bmj")
    shown = runner.invoke(app, ["report", str(DEMO), "--style", "bmj"])
    assert shown.exit_code == 2


def test_why_names_the_style(tmp_path: Path) -> None:
    document = built("jama")
    write_kept(report(), document, write_numbers(report(), document, tmp_path), tmp_path, {})
    kept = read_kept(tmp_path)
    p = kept.results[kept.results["format"] == "p_value"].iloc[0]
    assert dict(why(kept, p["cell"]))["format"] == "p_value: {p_value:p}, as jama"


@pytest.mark.parametrize("which", ["drawn", pytest.param("demonstration", marks=pytest.mark.slow)])
def test_a_report_in_a_style_is_verified_in_that_style(tmp_path: Path, which: str) -> None:
    plan, out = drawn_trial(tmp_path / "trial", 1, 40) if which == "drawn" else DEMO, tmp_path / "out"
    made = runner.invoke(app, ["report", str(plan), "--out", str(out), "--style", "lancet", "-q"])
    assert made.exit_code == 0, made.output
    shown = runner.invoke(app, ["verify", str(out / "report.html"), "-q"])
    assert shown.exit_code == 0, shown.output
    assert "0 difference(s)" in shown.output


def test_a_chart_is_made_when_it_is_drawn_and_once_in_the_style_of_the_report() -> None:
    made: list[list[str]] = []

    def draw(texts: Sequence[str]) -> Drawing:
        made.append(list(texts))
        return Drawing(10, 20, ())

    shown = cell("mean", {"mean": 1.25}, Statistic())
    figure = Figure("f", "F", draw, prose("Mean ", shown, "."), pd.DataFrame(), (shown,))
    document = Document("D", "", (), (Section("s", "S", (FigureBlock(figure),)),))
    (lancet,) = in_style(document, "lancet").figures()
    blank_figure(figure).svg()
    assert not made
    for _ in range(2):
        lancet.svg()
        lancet.spec()
    assert made == [["1\N{MIDDLE DOT}2"]]
    assert lancet.alt == "Mean 1\N{MIDDLE DOT}2."
