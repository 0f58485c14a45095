"""Reporting checklists: an item is answered where the plan has the key or the report the section, and nowhere else."""

from __future__ import annotations

import csv
import io
import json
import types
from dataclasses import replace
from pathlib import Path
from typing import Annotated, Any, Union, get_args, get_origin

import pytest
from typer.testing import CliRunner

from coxa.cli.main import app
from coxa.errors import OptionError
from coxa.report.build import build_document
from coxa.report.document import PARTS, Document, Paragraph, Section
from coxa.report.output.render import render_document
from coxa.report.references.bibliography import entry
from coxa.report.topics.checklists.answer import Answer, Checklist, fill
from coxa.report.topics.checklists.definition import GUIDELINES, Need, load_guideline
from coxa.report.topics.checklists.files import asked_form, markdown, write_checklists
from coxa.report.topics.checklists.places import section_place
from coxa.report.topics.checklists.select import by_design, wanted
from coxa.report.topics.checklists.table import checklist_table, counts_words
from coxa.study import Study
from coxa.study.delivery.items import CERT, TIDIER
from coxa.study.kinds import ClusterPeriodTrial, NOfOneTrial, Trial, study_of
from coxa.study.parts import Arm, Part
from tests.spec.pages import without_scripts
from tests.spec.small_trial import NASTY, plan, report

TEMPLATE = Path(__file__).parents[2] / "src" / "coxa" / "study" / "templates" / "parallel-trial" / "study.yaml"
SECTIONS = {
    *("answer", "flow", "at-baseline", "results", "trial-design", "estimands", "missing-values", "observed-outcomes"),
    "sets",
    *("analyses", "methods", "as-delivered", "co-interventions-section", "harms", "protocol", "responders"),
    *(OF_WEDGES := ("clusters-in-periods", "baseline-by-treatment")),
}
"""Sections that an item may point at; a report need not have all of them."""

PROTOCOL = {
    "background": "Hips hurt",
    "funding": "A charity",
    "blinding": {"who": "assessors"},
    "framework": "Superiority",
    "protocol_access": NASTY,
}


def planned(**keys: Any) -> Study:
    """Return the small plan with some keys of its top level in place of its own."""
    return study_of({**plan().model_dump(exclude_unset=True), **keys})


def answers(name: str, study: Study, document: Document | None = None) -> dict[str, Answer]:
    return {answer.item.item: answer for answer in fill(load_guideline(name), study, document).answers}


def without(document: Document, gone: str) -> Document:
    """Return a document without one section, wherever it stands."""

    def kept(sections: tuple[Section, ...]) -> tuple[Section, ...]:
        return tuple(replace(one, sections=kept(one.sections)) for one in sections if one.id != gone)

    return replace(document, sections=kept(document.sections))


@pytest.fixture(scope="module")
def document() -> Document:
    made = report()
    return build_document(replace(made, study=planned(protocol=PROTOCOL)))


# -- the checklists as data ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "rows", "items"),
    [("consort-2025", 42, 30), ("cent", 41, 25), ("consort-pro", 5, 5), ("consort-stepped-wedge", 16, 14),
     ("spirit-2025", 53, 34), ("strobe", 34, 22), ("tidier", 12, 12), ("cert", 19, 16)],
)  # fmt: skip
def test_a_checklist_has_all_its_items(name: str, rows: int, items: int) -> None:
    numbers = [item.item for item in load_guideline(name).items()]
    assert len(numbers) == len(set(numbers)) == rows
    if name not in ("consort-pro", "consort-stepped-wedge"):
        whole = [int(number.partition(".")[0].rstrip("abcde")) for number in numbers]
        assert sorted(set(whole)) == list(range(1, items + 1))
        assert whole == sorted(whole)


@pytest.mark.parametrize("name", GUIDELINES)
def test_a_checklist_names_source_and_licence(name: str) -> None:
    guideline = load_guideline(name)
    assert entry(guideline.reference).title
    assert guideline.licence.terms
    assert bool(guideline.compared) == (name in ("cent", "consort-stepped-wedge"))


def needs() -> list[tuple[str, Need]]:
    return [
        (f"{name} {item.item}", need)
        for name in GUIDELINES
        for item in load_guideline(name).items()
        for need in item.needs
    ]


def leads_somewhere(kind: Any, steps: list[str]) -> bool:
    """Say whether the models of a plan have such a key; `*` stands for a name."""
    if get_origin(kind) in (Union, types.UnionType):
        return any(leads_somewhere(member, steps) for member in get_args(kind))
    if get_origin(kind) is Annotated:
        return leads_somewhere(get_args(kind)[0], steps)
    if not steps:
        return True
    if get_origin(kind) is dict:
        return steps[0] == "*" and leads_somewhere(get_args(kind)[1], steps[1:])
    if isinstance(kind, type) and issubclass(kind, Part) and steps[0] in kind.model_fields:
        return leads_somewhere(kind.model_fields[steps[0]].annotation, steps[1:])
    return False


def test_every_key_that_an_item_asks_for_is_a_key_of_a_plan() -> None:
    wrong = [
        (where, key)
        for where, need in needs()
        for key in (*need.plan, *need.when)
        if not any(leads_somewhere(kind, key.split(".")) for kind in (Trial, ClusterPeriodTrial, NOfOneTrial))
    ]
    wrong += [(where, key) for where, need in needs() for key in need.arms if not leads_somewhere(Arm, key.split("."))]
    assert not wrong
    assert not leads_somewhere(Study, ["protocol", "backgroud"])


def test_every_section_that_an_item_points_at_is_one_of_those_agreed() -> None:
    assert {name for _, need in needs() for name in need.report} <= SECTIONS


@pytest.mark.parametrize(("name", "keys"), [("tidier", TIDIER), ("cert", CERT)])
def test_items_of_treatment_are_those_that_delivery_names(name: str, keys: Any) -> None:
    ours = {
        item.item: {key.removeprefix("delivery.") for need in item.needs for key in need.arms}
        for item in load_guideline(name).items()
    }
    assert ours == {number: set(said) or {"label"} for number, (_, said) in keys.items()}


# -- answers ---------------------------------------------------------------------------------------------------------


def test_a_key_of_the_plan_answers_and_without_it_there_is_a_gap() -> None:
    said = answers("consort-2025", planned(protocol={"background": "Hips hurt"}))["6"]
    assert (said.status, said.where, said.missing) == ("answered", ("plan: protocol.background",), ())
    silent = answers("consort-2025", planned(protocol={"objectives": "To see"}))["6"]
    assert (silent.status, silent.where, silent.missing) == ("gap", (), ("background",))
    assert silent.keys == ("protocol.background",)


def test_an_item_that_is_half_said_names_the_other_half() -> None:
    said = answers("consort-2025", planned(protocol={"funding": "A charity"}))["5a"]
    assert (said.status, said.missing, said.keys) == ("partly", ("role of the funders",), ("protocol.sponsor_role",))


def test_every_section_that_an_item_points_at_is_in_a_full_report(document: Document) -> None:
    there = {section.id for section in document.walk()}
    assert {name for _, need in needs() for name in need.report} - {*OF_WEDGES} <= there


def test_a_section_of_the_report_answers_and_without_it_there_is_a_gap(document: Document) -> None:
    study = planned(protocol=PROTOCOL)
    found = answers("consort-2025", study, document)["25"]
    assert (found.status, found.where) == ("answered", ("Section 3.2, Baseline, Table 2",))
    assert answers("consort-2025", study, without(document, "at-baseline"))["25"].status == "gap"
    assert answers("consort-2025", study)["25"].status == "gap"


def test_an_item_that_the_supplement_answers_says_so(document: Document) -> None:
    numbers = document.section_numbers()
    in_supplement = {numbers[one.id] for one in document.sections if one.part not in PARTS["journal"]}
    assert len(in_supplement) > 5
    said = answers("consort-2025", planned(protocol=PROTOCOL), document)
    places = [place for one in said.values() for place in one.where if place.startswith("Section ")]
    for place in places:
        number, _, rest = place.removeprefix("Section ").replace(",", " ,", 1).partition(" ")
        assert rest.startswith("of the supplement ,") == (number.partition(".")[0] in in_supplement)
    assert {"of the supplement" in place for place in places} == {True, False}
    assert said["26"].where[0].startswith("Section 4, Results, Tables ")
    assert said["28"].where[0].startswith("Section 14 of the supplement, ")


def test_without_data_nothing_that_needs_data_is_ticked() -> None:
    said = answers("consort-2025", planned(protocol=PROTOCOL))
    results = ("22a", "22b", "24a", "25", "26", "27", "28")
    assert {said[item].status for item in results} == {"gap"}


def test_a_section_without_content_answers_nothing(document: Document) -> None:
    empty = Section("harms", "Harms", (Paragraph(" "),))
    held = replace(document, sections=(*document.sections, empty))
    assert section_place(held, empty) == ""
    assert answers("consort-2025", plan(), held)["27"].status == "gap"
    told = Section("harms", "Harms", (Paragraph("No adverse event was recorded."),))
    held = replace(document, sections=(*document.sections, told))
    assert answers("consort-2025", plan(), held)["27"].where == (f"Section {len(held.sections)}, Harms",)


def test_what_the_report_prints_of_the_protocol_is_found_there(document: Document) -> None:
    said = answers("consort-2025", planned(protocol=PROTOCOL), document)
    assert said["6"].where == ("Section 8 of the supplement, Trial design (Background)",)
    assert said["9"].where == ("Section 8 of the supplement, Trial design (Type of study; Framework)",)
    assert said["9"].missing == ("allocation ratio",)
    elsewhere = answers("consort-2025", planned(protocol=PROTOCOL), without(document, "trial-design"))
    assert elsewhere["6"].where == ("plan: protocol.background",)


def test_only_authors_can_interpret(document: Document) -> None:
    said = answers("consort-2025", planned(protocol=PROTOCOL), document)
    assert {said["29"].status, said["30"].status} == {"gap"}
    assert said["1b"].status == "partly"


def test_the_title_says_what_it_says() -> None:
    named = answers("consort-2025", planned(title="A randomised trial of exercise"))["1a"]
    assert (named.status, named.where) == ("answered", ("plan: title",))
    assert answers("consort-2025", plan())["1a"].status == "gap"


def test_additional_analyses_are_ticked_only_where_the_plan_has_some(document: Document) -> None:
    assert answers("consort-2025", plan(), document)["28"].status == "answered"
    primary = {"primary": plan().analyses["primary"].model_dump(exclude_unset=True)}
    alone = planned(analyses=primary)
    assert answers("consort-2025", alone, document)["28"].status == "gap"


def test_an_item_about_arms_names_the_arms_that_are_silent() -> None:
    arms = plan().model_dump(exclude_unset=True)["arms"]
    arms["exercise"]["delivery"] = {"why": "Strong hips hurt less"}
    said = answers("tidier", planned(arms=arms))["2"]
    assert (said.status, said.where) == ("partly", ("plan: delivery.why of Exercise therapy",))
    assert said.missing == ("why of Usual care and Manual therapy",)
    assert said.keys == ("arms.*.delivery.why",)


def test_cert_asks_only_arms_with_exercise() -> None:
    arms = plan().model_dump(exclude_unset=True)["arms"]
    arms["exercise"] |= {"delivers": ["exercise_therapy"], "delivery": {"mode": "group"}}
    assert answers("cert", planned(arms=arms))["3"].status == "answered"
    assert answers("cert", plan())["3"].status == "gap"


def test_counts_are_those_of_the_rows() -> None:
    filled = fill(load_guideline("strobe"), planned(design="cohort"))
    counts = filled.counts()
    assert sum(counts.values()) == len(filled.answers) == 34
    assert counts_words(filled) == f"{counts['answered']} answered, {counts['partly']} partly, {counts['gap']} gaps"


# -- which checklists ------------------------------------------------------------------------------------------------


def test_checklists_go_with_the_design() -> None:
    assert by_design(plan()) == ("consort-2025",)
    assert by_design(plan(), reported=False) == ("spirit-2025",)
    assert by_design(planned(design="cohort")) == ("strobe",)
    arms = plan().model_dump(exclude_unset=True)["arms"]
    arms["exercise"]["delivers"] = ["strengthening"]
    outcomes = {"pain": {"instrument": "hoos", "scale": "pain", "responder": {"measure": "change", "at_least": 10}}}
    assert by_design(planned(arms=arms, outcomes=outcomes)) == ("consort-2025", "consort-pro", "tidier", "cert")


def test_the_plan_chooses_what_the_report_carries() -> None:
    assert wanted(planned(report={"checklists": "none"})) == ()
    assert wanted(planned(report={"checklists": ["spirit-2025", "by_design"]})) == ("consort-2025", "spirit-2025")
    assert wanted(planned(report={"checklists": "strobe"})) == ("strobe",)


def test_the_report_ends_with_its_checklists(document: Document) -> None:
    last = document.sections[-1]
    assert (last.id, [part.title for part in last.sections]) == ("checklists", ["CONSORT 2025"])
    silent = replace(report(), study=planned(report={"checklists": "none"}))
    assert "checklists" not in {section.id for section in build_document(silent).walk()}


# -- how they look ---------------------------------------------------------------------------------------------------


def filled() -> Checklist:
    return fill(load_guideline("consort-2025"), planned(title=NASTY, protocol=PROTOCOL))


def test_a_table_has_item_topic_status_and_place() -> None:
    table = checklist_table(filled())
    row = next(row for row in table.rows() if row.label == "5a")
    assert [cell.text for cell in row.cells] == [
        "Funding, and what the funders did",
        "Partly",
        "Plan: `protocol.funding`. Missing: role of the funders",
    ]


@pytest.mark.parametrize("form", ["html", "pdf", "docx"])
def test_checklists_are_files_of_their_own(form: str, tmp_path: Path) -> None:
    path = write_checklists(planned(title=NASTY), (filled(),), tmp_path / f"list.{form}", form)
    assert path.stat().st_size > 5000
    if form == "html":
        assert NASTY not in path.read_text(encoding="utf-8")


@pytest.mark.slow
def test_a_report_with_hostile_texts_renders_in_every_form() -> None:
    hostile = dict.fromkeys(("background", "funding", "setting", "ethics"), NASTY * 3 + " \u202eשלום 🦴")
    made = build_document(replace(report(), study=planned(protocol=hostile)))
    shown = render_document(made, "html")
    assert isinstance(shown, str)
    assert "<script>" not in without_scripts(shown)
    assert all(render_document(made, form) for form in ("pdf", "docx"))


def test_csv_and_markdown(tmp_path: Path) -> None:
    path = write_checklists(planned(), (filled(),), tmp_path / "list.csv", "csv")
    rows = list(csv.DictReader(io.StringIO(path.read_text(encoding="utf-8"))))
    assert len(rows) == 42
    assert rows[5] == {
        "guideline": "consort-2025",
        "item": "5a",
        "topic": "Funding, and what the funders did",
        "status": "partly",
        "where": "plan: protocol.funding",
        "missing": "role of the funders",
        "keys": "protocol.sponsor_role",
    }
    said = markdown(planned(title=NASTY), (filled(),))
    assert "<script>" not in said
    assert said.count("\n| ") == 43


def test_another_ending_is_refused() -> None:
    with pytest.raises(OptionError, match="Choose one of html, pdf, docx, csv, md"):
        asked_form(Path("list.txt"))


def test_the_command_prints_counts_and_gaps(tmp_path: Path) -> None:
    run = CliRunner().invoke(app, ["checklist", str(TEMPLATE), "--guideline", "spirit-2025"])
    assert run.exit_code == 0
    assert "SPIRIT 2025:" in run.stdout
    assert "missing: background (protocol.background)" in run.stdout
    run = CliRunner().invoke(app, ["checklist", str(TEMPLATE), "--guideline", "consort-2025", "--json"])
    rows = json.loads(run.stdout)
    assert {row["status"] for row in rows if row["item"] in ("25", "26")} == {"gap"}
    out = tmp_path / "new" / "list.md"
    run = CliRunner().invoke(app, ["checklist", str(TEMPLATE), "-q", "--out", str(out)])
    assert run.exit_code == 0
    assert out.read_text(encoding="utf-8").startswith("# Reporting checklists of ")


def test_the_command_refuses_what_there_is_not() -> None:
    run = CliRunner().invoke(app, ["checklist", str(TEMPLATE), "--guideline", "consort-2010"])
    assert run.exit_code == 2
    assert "did you mean consort-2025?" in run.stderr
