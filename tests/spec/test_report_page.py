"""A page by its length: what is folded, what a number says of itself, and what a figure gives away."""

from __future__ import annotations

import io
import json
import re
from dataclasses import replace
from functools import cache

import pandas as pd
import pytest

from coxa.report.build import build_document
from coxa.report.document import Document, FigureBlock, Section
from coxa.report.output.html import render_html
from coxa.report.trace.explained import ADDRESS, explained
from coxa.report.trace.facts import model_facts
from coxa.report.trace.places import places
from coxa.report.trace.provenance import provenance
from coxa.report.transform.shell import as_shell
from coxa.tables.records import records
from tests.spec.pages import without_scripts
from tests.spec.small_trial import NASTY, built, report

BEHIND = re.compile(r'<script type="application/json" id="behind">(.*?)</script>', re.DOTALL)
DATA = re.compile(r'<script type="application/json" class="data">(.*?)</script>', re.DOTALL)


@cache
def page(length: str) -> str:
    return render_html(replace(built(), length=length))


@cache
def shared() -> Document:
    return build_document(report(), share=True)


def test_a_full_page_opens_with_what_is_read_and_folds_supplement_and_records() -> None:
    html = page("full")
    folds = re.findall(r'<details class="fold">\n<summary><h3 id="([^"]+)"', html)
    parts = {section.id: section.part for section in built().shown}
    assert folds == [name for name, part in parts.items() if part in ("supplement", "annex")]
    headings = re.findall(r'<h2 id="([^"]+)" tabindex', html)
    assert headings == [name for name in parts if name not in folds] + ["part-supplement", "part-annex"]
    assert [re.search(rf'<h2 id="part-{name}"[^>]*>([^<]*)<', html).group(1) for name in ("supplement", "annex")] == [
        "Supplement",
        "Records",
    ]
    assert re.findall(r'<details class="fold" open', html) == []


def test_what_comes_first_is_kind_title_facts_and_the_answer() -> None:
    main = without_scripts(page("full"))
    order = ('class="kind"', "<h1>", 'class="facts"', 'id="answer"', 'class="lead"', 'id="T1"', '"card"', "<figure")
    at = [main.index(part) for part in order]
    assert at == sorted(at)


@pytest.mark.parametrize("length", ["journal", "supplement", "full"])
def test_a_page_that_is_long_has_numbers_and_only_the_full_one_is_folded(length: str) -> None:
    html = page(length)
    assert "<b>Table " in html
    assert '<span class="number">' in html
    assert ('class="fold"' in html) == (length == "full")


def test_a_brief_page_has_no_numbers_of_sections_tables_and_figures_and_the_same_places() -> None:
    html = without_scripts(page("brief"))
    assert re.findall(r"<b>(?:Table|Figure) \d|class=\"number\"|>(?:Table|Figure) \d", html) == []
    shown = set(re.findall(r'data-cell="([^"]+)"', html))
    assert shown
    assert shown <= set(re.findall(r'data-cell="([^"]+)"', page("full")))


def test_the_supplement_says_of_what_it_is_the_supplement() -> None:
    html = page("supplement")
    assert f"<title>Supplement: {built().title}</title>" in html
    assert "This is the supplement to the report of the study (report.html)" in html
    assert all("supplement to the report" not in page(length).lower() for length in ("brief", "journal", "full"))


def test_what_is_behind_the_numbers_is_in_the_page_and_is_that_of_why() -> None:
    (found,) = BEHIND.findall(page("full"))
    behind = json.loads(found)
    assert behind == json.loads(json.dumps(explained(report())))
    told = provenance(report())
    assert list(behind["models"]) == list(told["models"])
    for name, model in told["models"].items():
        (first, call), *rest = behind["models"][name]
        assert (first, call) == ("Model", model["call"])
        assert [tuple(fact) for fact in rest][: len(list(model_facts(model)))] == list(model_facts(model))
    for name, plan in told["estimands"].items():
        assert behind["estimands"][name][0][1].startswith(f"{plan['label']} (")
        lost = [fact for fact in behind["rows"][name] if fact[0] == "Left out"]
        assert sum(int(text.split()[0]) for _, text, _ in lost) == sum(part["n"] for part in plan["left_out"])


def test_every_estimate_that_is_shown_is_found_with_its_participants() -> None:
    estimates = built().behind["estimates"]
    rows = {tuple(row[name] for name in ADDRESS): row for row in records(report().estimates.frame)}
    n = 0
    for place in places(built()):
        for one in place.cell.statistics:
            row = rows.get(tuple(getattr(one, name) for name in ADDRESS))
            if row is not None:
                n += 1
                key = "/".join(getattr(one, name) or "-" for name in ADDRESS)
                assert estimates[key][1] == row["n_participants"]
    assert n > 50


def test_nothing_is_behind_the_numbers_of_a_shared_report_or_a_shell() -> None:
    for document in (shared(), as_shell(built())):
        html = render_html(document)
        assert document.behind == {}
        assert BEHIND.findall(html) == []
        assert "fit_mmrm(" not in without_scripts(html)


def test_figures_carry_their_data_but_not_those_of_single_participants() -> None:
    data = [pd.read_csv(io.StringIO(json.loads(text))) for text in DATA.findall(page("full"))]
    figures = list(built().figures())
    given = [figure.data for figure in figures if not figure.of_people and len(figure.data)]
    assert len(data) == len(given) < len(figures)
    for read, frame in zip(data, given, strict=True):
        assert list(read) == list(frame)
        assert len(read) == len(frame)


def test_the_data_of_shared_figures_are_those_of_the_shared_document() -> None:
    for text in DATA.findall(render_html(shared())):
        assert not {"n_participants", "n_observations"} & set(pd.read_csv(io.StringIO(json.loads(text))))


def test_hostile_data_of_a_figure_end_no_script_and_compute_nothing() -> None:
    figure = replace(next(built().figures()), data=pd.DataFrame({"arm": [NASTY, "=1+1"], "n": [1, 2]}))
    document = Document("T", "S", (), (Section("only", "Only", (FigureBlock(figure),)),))
    (text,) = DATA.findall(render_html(document))
    assert "<" not in text
    assert pd.read_csv(io.StringIO(json.loads(text)))["arm"].tolist() == [NASTY, "'=1+1"]
