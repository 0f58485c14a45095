"""The report as one HTML file: complete, safe, the same every time, and about nobody in particular."""

from __future__ import annotations

import base64
import hashlib
import json
import re
from dataclasses import replace
from html import unescape
from html.parser import HTMLParser
from itertools import pairwise

import pandas as pd
import pytest

from coxa.errors import OptionError
from coxa.figures.drawing import Drawing
from coxa.figures.figure import Figure
from coxa.models.numerics.marginal_fit import Attempt
from coxa.report.build import build_document
from coxa.report.document import Card, Document, FigureBlock, List, Paragraph, Section, TableBlock
from coxa.report.output.html import printed_class, render_html
from coxa.report.output.render import render
from coxa.report.report import Report
from coxa.report.text import report_text
from coxa.report.topics.analyses.sensitivity import agreement_sentences
from coxa.report.topics.analyses.sentences import result_sentence, result_sentences
from coxa.report.topics.methods.analyses import analysis_methods, formula_words, references
from coxa.report.topics.missing.section import missing_section
from coxa.tables.characters import plain
from coxa.tables.records import records
from coxa.tables.table import Cell, Column, Footnote, Row, RowGroup, Table
from tests.spec.pages import without_scripts
from tests.spec.small_trial import NASTY, built, plan, read_text, rendered, report, with_holm, with_newcomer

VOID = {"meta", "link", "br", "img", "hr", "input", "wbr"}


class Page(HTMLParser):
    """Reads a page: elements with their attributes, ids, headings with their text, and whether tags are balanced."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.headings: list[tuple[int, str, str]] = []
        self.open: list[str] = []
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)
        if re.fullmatch(r"h[1-6]", tag):
            self.headings.append((int(tag[1]), dict(attrs).get("id") or "", ""))

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if self.open and re.fullmatch(r"h[1-6]", self.open[-1]):
            level, name, text = self.headings[-1]
            self.headings[-1] = (level, name, text + data)

    def ids(self) -> list[str]:
        return [str(attrs["id"]) for _, attrs in self.elements if attrs.get("id")]

    def all(self, tag: str) -> list[dict[str, str | None]]:
        return [attrs for name, attrs in self.elements if name == tag]


def planned_differences(made: Report) -> pd.DataFrame:
    """The differences that the primary estimand asks for."""
    return made.study.planned("primary").asked(made.estimates.frame, "difference")


@pytest.fixture(scope="module")
def html() -> str:
    return str(rendered("html"))


@pytest.fixture(scope="module")
def page(html: str) -> Page:
    return Page(html)


def test_the_same_report_gives_the_same_bytes(html: str) -> None:
    assert render(report()) == html


def test_the_page_asks_the_network_for_nothing(html: str, page: Page) -> None:
    assert re.findall(r"https?://|url\((?!#)|@import|src=", without_scripts(html)) == []
    targets = [attrs.get("href") or "" for tag, attrs in page.elements if tag in ("a", "link")]
    assert targets
    assert all(target.startswith(("#", "data:")) for target in targets)
    policy = next(attrs["content"] for attrs in page.all("meta") if attrs.get("http-equiv"))
    assert policy is not None
    assert policy.startswith("default-src 'none'; style-src 'unsafe-inline'; img-src data:; script-src 'sha256-")


def test_only_the_two_scripts_of_coxa_may_run_and_none_by_evaluation(html: str) -> None:
    scripts = re.findall(r"<script(?: type=\"text/plain\" id=\"engine\")?>(.*?)</script>", html, re.DOTALL)
    allowed = re.search(r"script-src ([^\"]*)", html)
    assert allowed is not None
    hashes = [base64.b64encode(hashlib.sha256(script.encode()).digest()).decode() for script in scripts]
    assert len(hashes) == 2
    assert {f"'sha256-{one}'" for one in hashes} == {item.replace("&#39;", "'") for item in allowed.group(1).split()}


def test_each_figure_has_its_chart_in_the_page_and_nothing_in_it_ends_the_script(html: str) -> None:
    charts = re.findall(r"<script type=\"application/json\">(.*?)</script>", html, re.DOTALL)
    figures = list(built().figures())
    assert [json.loads(chart) for chart in charts] == [json.loads(figure.spec()) for figure in figures if figure.spec()]
    assert len(figures) - 2 == len(charts) > 5  # the flow and the people are drawings
    assert not any("<" in chart for chart in charts)
    assert not any(re.search(r'"(?:view|param|name)_\d+"', chart) for chart in charts)


def test_a_figure_without_a_chart_is_a_drawing_and_needs_no_engine() -> None:
    drawing = Drawing(4, 2, (), "flow")
    drawn = Figure("flow", "Flow of participants", drawing, "Sixty were assessed.", pd.DataFrame())
    document = Document("T", "S", (), (Section("only", "Only", (FigureBlock(drawn),)),))
    text = render_html(document)
    assert re.search(r'<svg role="img" [^>]* class="flow" viewBox="0 0 4 2"', text)
    assert 'id="engine"' not in text
    assert "application/json" not in text


def test_no_participant_is_in_the_page(html: str) -> None:
    identifiers = report().cohort.table("participants")["participant_id"]
    assert identifiers.str.startswith("QZX").all()
    assert "QZX" not in html


def test_every_section_is_in_the_contents_and_headings_are_in_order(page: Page) -> None:
    linked = {str(attrs["href"])[1:] for attrs in page.all("a")}
    levels = [level for level, _, _ in page.headings]
    assert levels[0] == 1
    assert levels.count(1) == 1
    assert all(later - earlier <= 1 for earlier, later in pairwise(levels))
    named = {name for _, name, _ in page.headings if name and name != "contents-title"}
    assert len(named) > 15
    assert named <= linked
    assert linked <= set(page.ids())


def test_ids_are_unique_and_references_to_them_lead_somewhere(page: Page) -> None:
    ids = page.ids()
    assert len(ids) == len(set(ids))
    for _, attrs in page.elements:
        for name in ("aria-labelledby", "aria-describedby"):
            assert set((attrs.get(name) or "").split()) <= set(ids)


def test_the_page_has_landmarks_a_skip_link_and_a_language(page: Page) -> None:
    tags = [tag for tag, _ in page.elements]
    assert tags.count("main") == tags.count("header") == tags.count("nav") == 1
    assert page.all("a")[0]["href"] == "#main"
    assert page.all("html")[0]["lang"] == "en"


def test_tables_have_captions_scopes_and_a_focusable_region(html: str, page: Page) -> None:
    n = len(page.all("table"))
    assert n == len(list(built().tables())) > 8
    assert len(page.all("caption")) == n
    assert all(attrs.get("scope") in ("col", "colgroup", "row", "rowgroup") for attrs in page.all("th"))
    regions = [attrs for attrs in page.all("div") if attrs.get("class") == "scroll"]
    assert len(regions) == n + len(page.all("figure"))
    assert all(attrs["tabindex"] == "0" and attrs["role"] == "region" for attrs in regions)
    assert [f"Table {k}." in html for k in range(1, n + 1)] == [True] * n


def test_figures_are_named_drawings_with_their_numbers_in_words(html: str, page: Page) -> None:
    drawings = page.all("svg")
    assert len(drawings) == len(page.all("figure")) == len(page.all("desc")) >= 5
    assert all(attrs["role"] == "img" for attrs in drawings)
    results, diagnostics = html.split('id="diagnostics"', 1)
    described = re.findall(r"<desc[^>]*>([^<]*)</desc>", results)
    assert all(len(re.findall(r"\d+\.\d|\d+ of \d+|: \d+[;.]", text)) >= 2 for text in described)
    described = re.findall(r"<desc[^>]*>([^<]*)</desc>", diagnostics)
    assert len(described) == 3
    assert all(re.search(r"\d+ points|\d+ residuals|differ by 0\.\d+", text) for text in described)


def test_every_number_of_an_analysis_carries_its_address_and_value(page: Page) -> None:
    shown: dict[str, float] = {}
    for attrs in page.all("td"):
        shown |= json.loads(attrs.get("data-trace") or "{}")
    frame = report().estimates.frame
    frame = frame[frame["term"].isin(["difference", "risk_difference", "marginal_mean"])]
    for row in records(frame):
        address = "/".join(row[name] for name in ("estimand", "analysis", "term", "visit", "arm"))
        assert shown[f"{address}/estimate"] == row["estimate"]
        assert shown[f"{address}/conf_low"] == row["conf_low"]


def test_the_answer_is_the_primary_result_with_what_a_reader_asks_next() -> None:
    made = report()
    answer = built().sections[0]
    assert (answer.id, answer.part) == ("answer", "answer")
    said = [block.text for block in answer.blocks if isinstance(block, Paragraph)]
    assert said[0] == (
        "What is the effect of Exercise therapy and of Manual therapy, compared with Usual care, on change from "
        "baseline in hip pain score at Week 12 (0 to 100 points, higher is better)?"
    )
    assert said[1:3] == result_sentences(made, made.study.planned("primary"))
    (caution,) = said[3:]
    assert str(caution).startswith("Caution: The two arms start far apart (Manual therapy against Usual care")
    kinds = [block.kind for block in answer.blocks if isinstance(block, Paragraph)]
    assert kinds == ["text", "lead", "lead", "warning"]
    (card,) = (block for block in answer.blocks if isinstance(block, Card))
    facts = dict(card.facts)
    agreed = agreement_sentences(made.study.planned("primary"), made.estimates)
    assert str(facts["How sure?"]) == " ".join(map(str, agreed))
    assert facts["Harms"] == "No adverse events table was given: harms cannot be reported."
    assert str(facts["For whom?"]).startswith("72 randomised participants (24 Usual care, 24 Exercise therapy and 24 ")


def test_a_result_is_in_the_answer_and_in_no_other_sentence(html: str) -> None:
    read = read_text(html)
    assert read.count(plain(str(result_sentences(report(), report().study.planned("primary"))[0]))) == 1


def test_a_number_in_a_sentence_says_where_it_is_and_what_is_behind_it(html: str) -> None:
    found = re.search(r'<span data-cell="answer.b2.n1" data-trace="([^"]*)"[^>]*>([^<]*)</span>', html)
    assert found is not None
    row = planned_differences(report()).iloc[0]
    ((key, value),) = json.loads(unescape(found.group(1))).items()
    assert key.endswith("/difference/week_12/exercise/estimate")
    assert value == row["estimate"]
    assert found.group(2) == f"{row['estimate']:.1f}".replace("-", "\N{MINUS SIGN}")


def test_warnings_of_a_primary_model_are_in_the_answer() -> None:
    made = report()
    failed = Attempt("us", "moments of the residuals", "the gradient did not vanish")
    fit = replace(made.fits["primary"][0], warnings=("another covariance was used",), attempts=(failed,))
    warned = replace(made, fits={**made.fits, "primary": (fit,)})
    document = build_document(warned)
    answer = document.sections[0]
    warnings = [block.text for block in answer.blocks if isinstance(block, Paragraph) and block.kind == "warning"]
    assert [str(text) for text in warnings if str(text).startswith("Warning on Primary")][:2] == [
        "Warning on Primary: another covariance was used.",
        "Warning on Primary: tried before and left: unstructured from moments of the residuals: the gradient did not "
        "vanish.",
    ]
    assert '<p class="warning">Warning on Primary' in render_html(document)


def test_an_adjusted_p_value_is_said_to_be_so_and_the_limits_not() -> None:
    holm = with_holm(report())
    row = {
        **planned_differences(holm).iloc[0].to_dict(),
        "p_value": 0.014,
        "estimate": 5.5,
        "conf_low": 2.0,
        "conf_high": 9.0,
    }
    said = str(result_sentence(holm.study.planned("primary"), row)).replace("\xa0", " ")
    assert "(95% CI 2.0 to 9.0, not adjusted; Holm-adjusted p = 0.014); in favour of Exercise therapy." in said
    doubtful = str(result_sentence(holm.study.planned("primary"), {**row, "p_value": 0.06}))
    assert doubtful.endswith("in favour of Exercise therapy by the interval, not by the adjusted p-value.")
    elsewhere = str(result_sentence(holm.study.planned("primary"), {**row, "visit": "week_6"}))
    assert "adjusted" not in elsewhere
    assert "by the method of Holm over the 2 planned comparisons (Week 12); confidence limits were not." in (
        str(analysis_methods(holm, holm.study.planned("primary")))
    )


def missing_figures(made: Report) -> list[Figure | Drawing]:
    """Return the figures of missing values, in their section of the report."""
    figures = Document("T", "S", (), (missing_section(made),)).figures()
    return [figure for figure in figures if figure.id.startswith("missing")]


def test_missing_values_are_drawn_once_per_outcome_and_pattern_of_primary_estimands() -> None:
    plain = report()
    response = plain.study.analyses["response"].model_copy(update={"role": "primary"})
    study = plain.study.model_copy(update={"analyses": {**plain.study.analyses, "response": response}})
    other = {**plain.datasets, "response": with_newcomer(plain.datasets["response"])}
    secondary = [figure.id for figure in missing_figures(replace(plain, datasets=other))]
    assert secondary == ["missing-pain"]
    made = replace(plain, study=study)
    titles = [figure.title for figure in missing_figures(made)]
    assert titles == ["Hip pain score: missing values by visit and arm"]
    figures = missing_figures(replace(made, datasets=other))
    assert [(figure.id, figure.title.partition("(")[2]) for figure in figures] == [
        ("missing-pain-primary", "estimand: Primary)"),
        ("missing-pain-response", "estimand: Response)"),
    ]


def test_a_report_in_a_few_lines() -> None:
    made = report()
    lines = report_text(made).splitlines()
    assert lines[:2] == [
        "Report of small-trial: Exercise and manual therapy for hip pain",
        f"72 participants, 3 analyses, {len(made.estimates)} estimates, 2 findings",
    ]
    assert lines[2:] == [
        f"Primary: {said}".replace("\xa0", " ") for said in result_sentences(made, made.study.planned("primary"))
    ]


@pytest.mark.parametrize(
    ("term", "estimate", "low", "high", "verdict"),
    [
        ("difference", 6.25, 2.0, 10.5, "6.2 points (95% CI 2.0 to 10.5; p = 0.004); in favour of Exercise therapy."),
        ("difference", -6.0, -9.0, -3.0, "−6.0 points (95% CI −9.0 to −3.0; p = 0.004); in favour of Usual care."),
        (
            "difference",
            1.0,
            -3.0,
            5.0,
            "1.0 points (95% CI −3.0 to 5.0; p = 0.004); the interval includes zero.",
        ),
        (
            "risk_difference",
            0.2,
            0.05,
            0.35,
            "20.0 percentage points (95% CI 5.0 to 35.0; p = 0.004); in favour of Exercise therapy.",
        ),
    ],
)
def test_a_result_in_a_sentence(term: str, estimate: float, low: float, high: float, verdict: str) -> None:
    row = {
        "estimand": "primary",
        "analysis": "primary",
        "visit": "week_12",
        "arm": "exercise",
        "reference": "usual_care",
        "term": term,
        "estimate": estimate,
        "conf_low": low,
        "conf_high": high,
        "conf_level": 0.95,
        "p_value": 0.004,
    }
    planned = report().study.planned("response" if term == "risk_difference" else "primary")
    said = str(result_sentence(planned, row)).replace("\xa0", " ")
    assert said.startswith("Exercise therapy against Usual care at Week 12: difference in ")
    assert said.endswith(verdict)


def test_methods_say_what_ran() -> None:
    said = str(analysis_methods(report(), report().study.planned("primary")))
    for words in (
        "mixed model for repeated measures of change from baseline in hip pain score",
        "restricted maximum likelihood",
        "arm, visit, arm by visit, baseline value, baseline value by visit and site",
        "was unstructured",
        "Kenward-Roger (linear)",
        "equal weight",
        "all randomised participants",
        "missing at random",
    ):
        assert words in said
    assert references(report())[:3] == [
        "International Council for Harmonisation. Addendum on estimands and sensitivity analysis in clinical trials to "
        "the guideline on statistical principles for clinical trials E9(R1). ICH; 2019.",
        "Mallinckrodt CH, Lane PW, Schnell D, Peng Y, Mancuso JP. Recommendations for the primary analysis of "
        "continuous endpoints in longitudinal clinical trials. Drug Information Journal 2008;42(4):303-319. "
        "doi:10.1177/009286150804200402",
        "Patterson HD, Thompson R. Recovery of inter-block information when block sizes are unequal. Biometrika "
        "1971;58(3):545-554. doi:10.1093/biomet/58.3.545",
    ]


def test_methods_say_what_was_tried_before_and_why_it_was_left() -> None:
    made = report()
    fit = made.fits["primary"][0]
    failed = Attempt("us", "moments of the residuals", "the gradient did not vanish")
    tried = replace(made, fits={**made.fits, "primary": (replace(fit, attempts=(failed, *fit.attempts)),)})
    said = str(analysis_methods(tried, tried.study.planned("primary")))
    assert "Tried before and left: unstructured from moments of the residuals: the gradient did not vanish." in said


def test_a_formula_in_words() -> None:
    study = plan()
    assert formula_words(study, "change ~ arm") == "arm"
    assert formula_words(study, "change ~ arm + baseline:visit + duration") == (
        "arm, baseline value by visit and symptom duration"
    )


def test_an_unknown_format_is_answered_with_those_there_are() -> None:
    with pytest.raises(OptionError, match=r'`format` is "htm". Choose one of html, pdf, docx; did you mean html'):
        render(report(), "htm")


def test_a_label_of_the_plan_reaches_the_reader_as_text_everywhere() -> None:
    made = Page(text := without_scripts(render(report(NASTY))))
    assert "script" not in {tag for tag, _ in made.elements}
    assert "<script" not in text
    assert text.count("&lt;script&gt;") > 50


def test_text_is_escaped_in_every_kind_of_block() -> None:
    figure = next(built().figures())
    table = Table(
        "t",
        NASTY,
        NASTY,
        (Column(NASTY, spanner=NASTY),),
        (RowGroup(NASTY, (Row(NASTY, (Cell(NASTY, mark=NASTY),)),)),),
        (Footnote(NASTY, NASTY),),
        NASTY,
    )
    blocks = (
        Paragraph(NASTY),
        List((NASTY,)),
        Card(NASTY, ((NASTY, NASTY),)),
        TableBlock(table),
        FigureBlock(replace(figure, title=NASTY, words=NASTY)),
    )
    inner = Section("inner", NASTY, (Paragraph(NASTY),))
    document = Document(NASTY, NASTY, ((NASTY, NASTY),), (Section("outer", NASTY, blocks, (inner,)),))
    text = without_scripts(render_html(document))
    made = Page(text)
    assert "script" not in {tag for tag, _ in made.elements}
    assert "alert('x')" not in text
    assert '"quoted"' not in text
    assert "<script" not in text


def test_a_printed_table_keeps_its_numbers_whole_where_paper_is_wide_enough() -> None:
    def of(columns: int) -> Table:
        row = Row("Clinic 1", (Cell("61.0% (59.7% to 62.2%)"),) * columns)
        return Table("t", "Title", "Clinic", tuple(map(Column, "abcdefgh"[:columns])), (RowGroup("", (row,)),))

    assert re.fullmatch(r"whole size(90|85|80|75|70)", printed_class(of(3)))
    assert printed_class(of(8)) == ""
