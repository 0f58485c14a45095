"""Delivery and harms in a report: where they stand, what is said where nothing is known, and hostile words."""

from __future__ import annotations

import io
from dataclasses import replace
from functools import cache

import pandas as pd
from docx import Document as open_word
from pypdf import PdfReader

from coxa.derive.harms import derive_harms
from coxa.report.build import build_document
from coxa.report.document import Card, Document, Paragraph, Section
from coxa.report.output.html import render_html
from coxa.report.output.pdf import render_pdf
from coxa.report.output.word.render import render_word
from coxa.report.report import Report
from coxa.report.topics.delivery.section import delivery_section
from coxa.report.topics.harms.figures import plot_harms
from coxa.report.topics.harms.section import assessed_sentence, harms_section, serious_sentence
from coxa.report.topics.harms.tables import harm_risks
from coxa.study.protocol import Protocol
from tests.spec.small_trial import NASTY, built, report
from tests.spec.treated_trial import cohort, plan

RTL = "\u202eright to left\u202c \U0001f9bf"
LONG = "very " * 400 + "long"


def hostile() -> Report:
    """Return the small trial with sessions, harms and co-interventions in hostile words."""
    made = report()
    people = made.cohort.table("participants")["participant_id"].tolist()
    arms = {
        name: arm.model_copy(update={"delivery": {"exercise": DELIVERY}.get(name), "sessions_planned": 3})
        for name, arm in made.study.arms.items()
    }
    study = made.study.model_copy(update={"arms": arms})
    sessions = pd.DataFrame(
        {
            "participant_id": people * 2,
            "attended": [True] * len(people) + [False] * len(people),
            "reason_missed": [None] * len(people) + [f"{NASTY} {people[3]}", RTL, LONG] * (len(people) // 3),
            "components": NASTY,
            "minutes": 30.0,
        }
    )
    events = pd.DataFrame(
        {
            "participant_id": people[:4],
            "kind": ["adverse_event", "flare", "soreness", "adverse_event"],
            "term": [NASTY, RTL, f"{LONG} ({people[5]})", "\x00"],
            "study_day": [3.0, 4.0, 5.0, 6.0],
            "severity": "mild",
            "serious": [True, False, False, False],
        }
    )
    tables = {**made.cohort.tables, "treatment_sessions": sessions, "adverse_events": events}
    return replace(made, study=study, cohort=replace(made.cohort, study=study, tables=tables))


DELIVERY = plan(exercise={"delivery": {"why": NASTY, "provider": RTL, "setting": LONG}}).arms["exercise"].delivery


@cache
def document() -> Document:
    return build_document(hostile())


def section(made: Document, name: str) -> Section:
    return next(part for part in made.walk() if part.id == name)


def said(part: Section) -> list[str]:
    return [str(block.text) for block in part.blocks if isinstance(block, Paragraph)]


def test_delivery_comes_after_who_was_analysed_and_harms_after_the_results() -> None:
    order = [part.id for part in built().sections]
    assert order.index("delivery") == order.index("analysed") + 1
    assert order.index("harms") == order.index("results") + 1


def test_without_data_a_sentence_says_so_and_no_table_is_there() -> None:
    made = built()
    assert said(section(made, "harms")) == [
        "The plan does not describe how harms are assessed.",
        "No adverse events table was given: harms cannot be reported.",
    ]
    assert said(section(made, "as-delivered"))[0].startswith("No table of treatment sessions was given")
    assert said(section(made, "co-interventions-section"))[0].startswith("No table of co-interventions was given")
    assert "TIDieR and CERT cannot be shown" in said(section(made, "as-planned"))[0]
    assert not {"delivered", "harms-by-arm", "harm-rates", "tidier", "cert"} & {table.id for table in made.tables()}


def test_no_event_is_said_with_the_population() -> None:
    made = report()
    empty = pd.DataFrame(columns=["participant_id", "kind", "term", "study_day"])
    quiet = replace(made, cohort=replace(made.cohort, tables={**made.cohort.tables, "adverse_events": empty}))
    part = harms_section(quiet)
    assert len(part.blocks) == 3
    assert "no soreness, flare or adverse event after randomisation in the 72 participants" in said(part)[1]
    assert str(serious_sentence(quiet)) == (
        "At least one serious adverse event (safety set, arm received): 0 of 24 participants under Usual care, 0 of 24 "
        "participants under Exercise therapy and 0 of 24 participants under Manual therapy."
    )


def test_how_harms_were_asked_for_is_the_plans_word_arm_by_arm() -> None:
    asked = {"delivery": {"harms": "asked at every session"}}
    assert assessed_sentence(plan(exercise=asked)) == (
        "Planned assessment of harms. Exercise: Asked at every session. Not described for Usual care."
    )
    assert "Usual care and Exercise: Asked at every session." in assessed_sentence(
        plan(exercise=asked, usual_care=asked)
    )


def test_an_arm_without_words_of_its_own_has_those_of_the_protocol() -> None:
    asked = plan(exercise={"delivery": {"harms": "asked at every session"}})
    study = asked.model_copy(update={"protocol": Protocol(harms_assessment="Asked for at every visit")})
    assert assessed_sentence(study) == (
        "Planned assessment of harms. Usual care: Asked for at every visit. Exercise: Asked at every session."
    )


def test_serious_adverse_events_are_in_the_answer() -> None:
    (card,) = (block for block in section(document(), "answer").blocks if isinstance(block, Card))
    said = str(dict(card.facts)["Harms"])
    assert said.startswith("Participants with at least one under Usual care, Exercise therapy and Manual therapy: ")
    assert "serious adverse event 1 (4.2%), 0 (0.0%) and 0 (0.0%)." in said
    assert "1 of 24 participants under Usual care" in str(serious_sentence(hostile()))


def test_without_a_word_on_it_seriousness_cannot_be_reported() -> None:
    made = hostile()
    silent = made.cohort.tables["adverse_events"].drop(columns="serious")
    tables = {**made.cohort.tables, "adverse_events": silent}
    assert serious_sentence(replace(made, cohort=replace(made.cohort, tables=tables))) == (
        "No event says whether it was serious: serious adverse events cannot be reported."
    )


def test_hostile_words_are_text_in_every_form() -> None:
    made = document()
    page = render_html(made)
    assert "<script>alert" not in page
    assert "&lt;script&gt;alert" in page
    assert "QZX" not in page
    assert "[participant]" in page
    text = "".join(one.extract_text() for one in PdfReader(io.BytesIO(render_pdf(made))).pages)
    assert "QZX" not in text
    word = open_word(io.BytesIO(render_word(made)))
    cells = {cell.text for table in word.tables for row in table.rows for cell in row.cells}
    assert NASTY in cells


def test_the_figure_says_its_numbers_and_is_drawn_without_a_comparison() -> None:
    harms = derive_harms(cohort())
    assert harms is not None
    figure = plot_harms(plan(), harm_risks(plan(), harms), figure_id="harms", title="Harms")
    assert "Serious adverse event: Usual care 0 of 3; Exercise 1 of 2, difference 50.0 (" in figure.alt
    one_arm = cohort(participants=cohort().table("participants").assign(arm_received="usual_care"))
    alone = derive_harms(one_arm)
    assert alone is not None
    assert "<svg" in plot_harms(plan(), harm_risks(plan(), alone), figure_id="harms", title="Harms").svg()


def test_sessions_that_nobody_planned_or_attended_are_a_sentence() -> None:
    made = report()
    people = made.cohort.table("participants")["participant_id"]
    nothing = pd.DataFrame({"participant_id": people, "attended": False, "planned": False})
    tables = {**made.cohort.tables, "treatment_sessions": nothing}
    part = delivery_section(replace(made, cohort=replace(made.cohort, tables=tables)))
    assert said(part.sections[0]) == [
        "The tables have no session that was planned or attended, and no exercise at home."
    ]
