"""The result in people: of 100 in each arm, how many reach what counts as a response."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from textwrap import wrap

import pandas as pd

from coxa.estimates.proportions import comparison
from coxa.figures.drawing import Drawing, circle, group, text
from coxa.figures.figure import Figure
from coxa.figures.theme import OKABE_ITO, RULE, TEXT_SIZE
from coxa.report.document import Block, FigureBlock, Paragraph, Section
from coxa.report.record import ReportRecord
from coxa.report.topics.analyses.written import written
from coxa.report.topics.responders.tables import (
    Count,
    Response,
    missing_words,
    response_address,
    response_counts,
    responses,
)
from coxa.sentences import join_words, mid_sentence
from coxa.study.comparative import ComparativeStudy, PlannedAnalysis
from coxa.study.wording import rule_words
from coxa.tables.cells import Cell, Statistic
from coxa.tables.formats import NO_BREAK, cell, share
from coxa.tables.hidden import Protected
from coxa.tables.phrases import cut_short
from coxa.tables.prose import Prose, in_sentence, joined, prose
from coxa.tables.records import Record, records

IN_PEOPLE = "In people"
OF = 100
ACROSS = 10
STEP, RADIUS = 15.0, 5.5
PANEL = ACROSS * STEP
GAP, TOP = 34.0, 40.0
LINE, LETTERS = 15.0, 24
"""Height of a line of a label, and letters in it."""
PANELS_ACROSS = 4
SOURCE = 160
"""Letters of a source in a sentence; the table of responders has all of it."""


def main_response(report: ReportRecord) -> Response | None:
    """Return the rule by which responders of the main outcome are counted; None without one or without anybody."""
    outcome = report.study.main_analysis.outcome_name
    found = responses(report.study, report.datasets, report.observed)
    mine = next((one for one in found if one.outcome == outcome), None)
    return mine if mine and all(one.total for one in response_counts(mine, _visit(report, mine)).values()) else None


def people_sentence(report: ReportRecord, response: Response) -> Prose:
    """Return "Of 100 participants, about 44 under exercise and 33 under usual care have an improvement of ..."."""
    study, visit = report.study, _visit(report, response)
    counts = response_counts(response, visit)
    parts = [
        prose(_of_hundred(response, visit, arm, n), f" under {study.label('arms', arm)}") for arm, n in counts.items()
    ]
    return prose(
        f"Of {OF} participants, about ",
        in_sentence(parts),
        f" have {rule_words(study, response.outcome, response.rule)} at {study.label('visits', visit)}.",
        _set_aside(study, response),
    )


def _set_aside(study: ComparativeStudy, response: Response) -> str:
    """Say after which events a participant counts as without a response."""
    if not response.never.any():
        return ""
    handling = study.estimands[response.dataset.estimand].intercurrent_events
    events = [study.label("intercurrent_events", name) for name, how in handling.items() if how.strategy == "composite"]
    return f" After {mid_sentence(join_words(events, 'or'))} a participant counts as without it."


def events_sentence(report: ReportRecord, planned: PlannedAnalysis) -> Prose | None:
    """Return the estimated share of each arm with an event until the endpoint; None of what is no time to an event."""
    if planned.kind != "time" or planned.effect.arms != "risk":
        return None
    rows = planned.rows(report.estimates.frame, "risk")
    rows = rows[rows["visit"].isin(planned.visits) & rows["estimate"].notna()]
    said = [_share_at(planned, str(visit), records(mine)) for visit, mine in rows.groupby("visit", sort=False)]
    return prose(joined(" ", said)) if said else None


def _share_at(planned: PlannedAnalysis, visit: str, rows: Sequence[Record]) -> Prose:
    shares = [
        prose(written(planned, "estimate", row, "estimate"), f" ({planned.study.label('arms', row['arm'])})")
        for row in rows
    ]
    event = mid_sentence(planned.outcome_label)
    return prose(f"Estimated share with {event} {planned.at(visit)}: ", in_sentence(shares), ".")


def people_section(report: ReportRecord, response: Response) -> Section:
    """Return a page for patients and those who treat them: the result in plain words, and drawn in people."""
    study, visit = report.study, _visit(report, response)
    rule = response.rule
    said: list[Block] = [
        Paragraph(people_sentence(report, response), "lead"),
        *(Paragraph(text) for text in _differences(study, response, visit)),
        FigureBlock(people_figure(study, response, visit)),
        Paragraph(
            f"{missing_words(study, response)} These are shares of the people who took part, as they were observed; "
            "they do not foretell the course of one person."
        ),
        Paragraph(
            f"What counts: {rule_words(study, response.outcome, response.rule)} in "
            f"{study.label('outcomes', response.outcome)}. Source: "
            f"{_whole_sentence(cut_short(rule.source or 'not stated in the plan', SOURCE))}"
        ),
    ]
    return Section("people", IN_PEOPLE, tuple(said), part="people")


def _whole_sentence(text: str) -> str:
    """Return a text with a full stop, unless one or an ellipsis ends it."""
    return text if text.endswith(".") else f"{text}."


def _visit(report: ReportRecord, response: Response) -> str:
    return max(response.endpoint, key=lambda name: report.study.visits[name].day)


def _of_hundred(response: Response, visit: str, arm: str, counted: Count) -> Cell:
    """Return "44 (25 of 57)"."""
    values = {"of_100": OF * share(counted.n, counted.total), "n": counted.n, "total": counted.total}
    return cell("of_hundred", values, response_address(response, visit, arm))


def _differences(study: ComparativeStudy, response: Response, visit: str) -> Iterator[Prose]:
    """Yield, for each arm, how many more or fewer of 100 that is than under the reference, and what chance allows."""
    counts = response_counts(response, visit)
    against = response.arms[0]
    other = counts[against]
    for arm in response.arms[1:]:
        own = counts[arm]
        found = comparison((own.n, own.total), (other.n, other.total), response.conf_level)[0]
        at = response_address(response, visit, arm, against)
        limits = {name: OF * float(found[name]) for name in ("estimate", "conf_low", "conf_high")}
        of_hundred = replace(at, term=f"{at.term} of {OF}")
        yield prose(
            f"{study.label('arms', arm)} against {study.label('arms', against)}: ",
            cell("of_hundred_difference", {"estimate": limits.pop("estimate")}, of_hundred),
            f" of {OF} ({100 * response.conf_level:g}%{NO_BREAK}CI ",
            cell("of_hundred_limits", limits, of_hundred),
            ").",
        )


def people_figure(study: ComparativeStudy, response: Response, visit: str) -> Figure:
    """Draw 100 people for each arm, those who respond filled.

    Returns
    -------
    Figure
        Ten rows of ten circles for each arm. Where a report is shared, arms whose counts are hidden are not drawn.
    """
    counts = response_counts(response, visit)
    rows = [
        {"arm": arm, "arm_label": study.label("arms", arm), "n": one.n, "total": one.total,
         "of_100": OF * share(one.n, one.total)}
        for arm, one in counts.items()
    ]  # fmt: skip
    what = f"{rule_words(study, response.outcome, response.rule)} in {study.label('outcomes', response.outcome)}"
    title = (
        f"{OF} participants under each {study.words.arm}: filled, those with {what} at {study.label('visits', visit)}"
    )
    at = {arm: response_address(response, visit, arm) for arm in counts}
    return _people(pd.DataFrame(rows), title, at)


def _people(data: pd.DataFrame, title: str, at: Mapping[str, Statistic]) -> Figure:
    def hiding(protected: Protected) -> Figure:
        known = [
            all(protected.shows(replace(at[row["arm"]], name=name, value=row[name])) for name in ("n", "total"))
            for row in records(data)
        ]
        return _people(data[known], title, at)

    labels = [(str(label), round(value)) for label, value in zip(data["arm_label"], data["of_100"], strict=True)]
    words = "; ".join(f"{label}: {filled} of {OF}" for label, filled in labels)
    numbers = data.drop(columns="arm_label")
    return Figure(
        "people-of-100", title, lambda _: _drawing(labels), f"{words}.", numbers, hiding=hiding, by_address=True
    )


def _drawing(labels: Sequence[tuple[str, int]]) -> Drawing:
    across = max(1, min(PANELS_ACROSS, len(labels)))
    down = -(-len(labels) // across)
    named = [(wrap(label, LETTERS) or [""], filled) for label, filled in labels]
    top = TOP + LINE * (max((len(lines) for lines, _ in named), default=1) - 1)
    marks = [
        _panel(lines, filled, (place % across) * (PANEL + GAP), (place // across) * (PANEL + top + GAP), top)
        for place, (lines, filled) in enumerate(named)
    ]
    return Drawing(across * (PANEL + GAP) - GAP, max(1, down) * (PANEL + top + GAP) - GAP, tuple(marks), "people")


def _panel(lines: Sequence[str], filled: int, x: float, y: float, top: float) -> str:
    """Return one arm: its label in lines, how many of 100, and the people, row by row from the top."""
    people = [
        circle(x + RADIUS + 1 + (place % ACROSS) * STEP, y + top + RADIUS + (place // ACROSS) * STEP, RADIUS,
               fill=OKABE_ITO[0] if place < filled else "none", stroke=OKABE_ITO[0] if place < filled else RULE)
        for place in range(OF)
    ]  # fmt: skip
    heading = [
        *(text(x, y + 14 + LINE * at, line, TEXT_SIZE + 1, bold=True) for at, line in enumerate(lines)),
        text(x, y + 31 + LINE * (len(lines) - 1), f"{filled} of {OF}", TEXT_SIZE + 1),
    ]
    return group(f"people-{' '.join(lines)}", "people", [*heading, *people])
