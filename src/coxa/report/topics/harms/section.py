"""Harms: in whom, how many, how often, and what they were."""

from __future__ import annotations

from collections.abc import Iterator

from coxa.derive.harms import Harms, derive_harms
from coxa.report.document import Block, FigureBlock, Paragraph, Section, TableBlock, silent
from coxa.report.record import ReportRecord
from coxa.report.topics.harms.figures import plot_harms
from coxa.report.topics.harms.notes import absent_sentence, exposed_words
from coxa.report.topics.harms.tables import (
    harm_rates_table,
    harm_risks,
    harm_sizes,
    harm_terms_table,
    harmed_people,
    harms_table,
)
from coxa.sentences import join_words, mid_sentence
from coxa.study.comparative import ComparativeStudy
from coxa.tables.cells import Cell, Statistic
from coxa.tables.formats import cell, counted
from coxa.tables.phrases import sentence_case
from coxa.tables.prose import Text, in_sentence, joined, prose

NO_TABLE = "No adverse events table was given: harms cannot be reported."


def harms_section(report: ReportRecord) -> Section:
    """Return harms by arm (CONSORT 2025, items 15 and 27).

    Where there is no table, or no event, a sentence says so; no table is empty.
    """
    study, harms = report.study, derive_harms(report.cohort)
    if harms is None:
        blocks: tuple[Block, ...] = (silent(NO_TABLE, "warning"),)
    elif harms.events.empty:
        blocks = tuple(Paragraph(text) for text in _nothing(study, harms))
    else:
        title = study.words.say("Participants with at least one harm by {arm}, and risk differences")
        figure = plot_harms(study, harm_risks(study, harms), figure_id="harms-at-a-glance", title=title)
        absent = absent_sentence(harms)
        blocks = (
            *([silent(absent)] if absent else []),
            TableBlock(harms_table(study, harms)),
            FigureBlock(figure),
        )
    return Section("harms", "Harms", (silent(assessed_sentence(study)), *blocks))


def harms_detail_section(report: ReportRecord) -> Section | None:
    """Return how often harms happened and what they were; None where there is no event."""
    study, harms = report.study, derive_harms(report.cohort)
    if harms is None or harms.events.empty:
        return None
    tables = (TableBlock(harm_rates_table(study, harms)), TableBlock(harm_terms_table(study, harms)))
    return Section("harms-detail", "Rates and terms of harms", tables)


def assessed_sentence(study: ComparativeStudy) -> str:
    """Say how the plan has harms asked for and recorded, arm by arm (CONSORT 2025, item 15).

    What the protocol says of the whole study holds for each arm that has no words of its own.
    """
    everywhere = study.protocol.harms_assessment if study.protocol else None
    told: dict[str, list[str]] = {}
    for arm in study.arm_order:
        delivery = study.arms[arm].delivery
        how = (delivery.harms if delivery else None) or everywhere
        told.setdefault(how or "", []).append(study.label("arms", arm))
    silent = told.pop("", [])
    if not told:
        return "The plan does not describe how harms are assessed."
    said = " ".join(f"{join_words(arms)}: {sentence_case(how).removesuffix('.')}." for how, arms in told.items())
    gap = f" Not described for {join_words(silent)}." if silent else ""
    return f"Planned assessment of harms. {said}{gap}"


def serious_sentence(report: ReportRecord) -> Text:
    """Say in one sentence how many participants of each arm had a serious adverse event."""
    study, harms = report.study, derive_harms(report.cohort)
    if harms is None:
        return NO_TABLE
    if not harms.serious_recorded:
        return "No event says whether it was serious: serious adverse events cannot be reported."
    serious = harms.of("adverse_event", serious=True)
    people = serious.groupby("arm")["participant_id"].nunique()
    said = [
        prose(
            counted(int(people.get(arm, 0)), "harms", "serious adverse event: participants", arm),
            " of ",
            counted(n, "harms", "safety set", arm),
            f" participants under {study.label('arms', arm)}",
        )
        for arm, n in harm_sizes(study, harms).items()
    ]
    gap: tuple[Text | Cell, ...] = ()
    if unknown := harms.lacking["serious"]:
        events = counted(unknown, "harms", "events without serious")
        gap = (" Whether it was serious is not recorded of ", events, " events.")
    return prose(
        study.words.say("At least one serious adverse event (safety set, {received}): "),
        in_sentence(said),
        ".",
        *gap,
    )


MOST_IN_ORDER = 3
"""Arms whose numbers are given in their order; of more each number has the name of its arm."""


def harms_sentence(report: ReportRecord) -> Text:
    """Say in how many participants of each arm there was at least one harm of each kind; of none, that it is so."""
    study, harms = report.study, derive_harms(report.cohort)
    if harms is None or harms.events.empty or not harms.serious_recorded:
        return serious_sentence(report)
    people, labels = harmed_people(study, harms), [study.label("arms", arm) for arm in study.arm_order]
    if len(labels) > MOST_IN_ORDER:
        named = [
            prose(
                f"{mid_sentence(kind)}: ",
                in_sentence([prose(f"{label} ", cell) for label, cell in zip(labels, cells, strict=True)]),
            )
            for kind, cells in people
        ]
        return prose("Participants with at least one ", joined("; ", named), ".")
    kinds = [prose(f"{mid_sentence(kind)} ", in_sentence(cells)) for kind, cells in people]
    arms = join_words(labels)
    return prose(f"Participants with at least one under {arms}: ", joined("; ", kinds), ".")


def _nothing(study: ComparativeStudy, harms: Harms) -> Iterator[Text]:
    sizes = harm_sizes(study, harms)
    by_arm = [
        prose(counted(n, "harms", "safety set", arm), f" under {study.label('arms', arm)}") for arm, n in sizes.items()
    ]
    yield prose(
        study.words.say("The table of adverse events has no soreness, flare or adverse event after {start} in the "),
        counted(sum(sizes.values()), "harms", "safety set"),
        " participants of the safety set (",
        in_sentence(by_arm),
        ").",
    )
    if before := sum(harms.before.values()):
        yield prose(
            "Left out: ",
            counted(before, "harms", "events before randomisation"),
            f" events before {study.words.start}.",
        )
    if outside := sum(harms.outside.values()):
        events = counted(outside, "harms", "events outside the safety set")
        yield prose("Left out: ", events, " events of participants who are not in the safety set.")
    years = cell("number", {"n": harms.people["years"].sum()}, Statistic(analysis="harms", term="person-years"), 1)
    yield prose("They were followed for ", years, f" person-years. {exposed_words(study)}")
