"""What was done, in plain words: definitions, limits, small numbers, privacy, and what became of the data."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from coxa.clinics.measures.design import SQUARED
from coxa.clinics.page.answer import certificate_text
from coxa.clinics.page.seen import Seen, at, column, known, row
from coxa.clinics.page.words import dimension_label, reached
from coxa.report.document import Block, Card, List, Paragraph, Section, TableBlock
from coxa.sentences import join_words, mid_sentence
from coxa.study.audit.plan import CONDITION
from coxa.tables.cells import Cell
from coxa.tables.formats import counted
from coxa.tables.prose import Text, joined, prose
from coxa.tables.records import records
from coxa.tables.table import Footnote, Row, RowGroup, Table

LIMITS = (
    "Limits of a clinic say where its value lies in 950 or 998 of 1,000 cases if chance alone is at work. They are "
    "wide for a small clinic. Where clinics vary more than chance alone explains (over-dispersion), the limits of "
    "adjusted changes are widened by that variation: they then hold chance and the usual differences between clinics, "
    "and a clinic is outside only if it differs from the others more than they do among themselves."
)
SMALL = (
    "Small numbers: a clinic within its limits may still be better or worse than the others. The smallest "
    "difference that its numbers could show is given for each clinic. The best guess for a small clinic is close to "
    "the mean of all."
)
OVER_TIME = (
    "Charts over time follow Making Data Count (NHS England). Shares have limits of three standard deviations of "
    "each period, means and counts limits from the differences between neighbouring periods. The variation icon is "
    "that of the last point; the target icon compares the target with the last limits."
)
CASE_MIX = (
    "Case mix: the improvement that is expected of each patient follows from a model of all clinics. What was not "
    "recorded, or recorded differently, is not adjusted for. Patients without an outcome are not in the model."
)
FEW_LEFT_OUT = "What became of the rows is not shown, as their numbers would tell of few people."


def methods_section(page: Seen) -> Section:
    """Return how the audit was done."""
    blocks: list[Block] = [List(tuple(_definitions(page))), *(Paragraph(text) for text in _methods(page))]
    blocks.append(Card("Hidden numbers", tuple(_privacy(page))))
    return Section("methods", "How this was done", tuple(blocks), part="annex")


def _definitions(page: Seen) -> Iterator[Text]:
    """Yield what counts as an episode, as due, as in time and as improvement."""
    plan = page.audit.plan
    repeats = {
        "each": "Each episode of a patient counts.",
        "first": "Of a patient with several episodes the first counts.",
    }
    yield repeats[plan.repeats]
    low, high = plan.follow_up.window
    day = (
        f"{plan.follow_up.days} days after {plan.follow_up.after}"
        if plan.follow_up.days
        else f"on the day of {plan.follow_up.after}"
    )
    yield (
        f"A discharge questionnaire is due {day}. It is in time from {-low} days before to {high} days after that "
        "day, and counts as due when that time is over at the day of the export."
    )
    for name in plan.outcomes:
        scale, label = plan.scale(name), plan.label("outcomes", name)
        way = "discharge minus intake" if scale.higher_is_better else "intake minus discharge"
        span = f"{scale.low:g} to {scale.high:g} {scale.unit}"
        yield f"{label}: {span}, {scale.direction} ({scale.source}). Improvement is {way}."
    for one in page.audit.shares:
        if one.source and one.kind != "worse":
            yield f"{reached(plan, one)}: the threshold is from {one.source.rstrip('.')}."


def _methods(page: Seen) -> Iterator[Text]:
    yield f"{CASE_MIX} Adjusted for: {join_words(adjusted_for(page))}."
    yield LIMITS
    yield SMALL
    yield OVER_TIME


def adjusted_for(page: Seen) -> list[str]:
    """Return what the model of the main outcome adjusts for; without a model, what the plan asks for."""
    plan, main = page.audit.plan, page.main
    terms: list[str] = list(plan.adjusters)
    squared = False
    if main is not None and len(main.coefficients):
        terms = list(dict.fromkeys(str(term) for term in main.coefficients["term"]))
        squared = bool((main.coefficients["level"] == SQUARED).any())
    named = [mid_sentence(dimension_label(plan, name)) for name in terms if name in (*plan.descriptors, CONDITION)]
    return ["value at intake", *(["its square"] if squared else []), *named]


def _privacy(page: Seen) -> Iterator[tuple[str, Text]]:
    small = page.audit.plan.small_cells
    if page.certificate is None:
        yield "Nothing is hidden", "These numbers are for those whose data they are. Do not pass them on."
        return
    zeros = " Zeros are hidden too." if small.zeros_disclose else ""
    rounding = f" Counts are rounded to multiples of {small.round_to}." if small.round_to > 1 else ""
    yield "Rule", f"Counts from 1 to {small.k - 1} are hidden, with others that would give them away.{zeros}{rounding}"
    yield "Proof", certificate_text(page)
    yield "Limits of the proof", "What a reader knows from elsewhere is not covered. Therapists have codes."


def data_section(page: Seen) -> Section:
    """Return where the data are from, what was found in them, and what became of the rows."""
    blocks: list[Block] = [Paragraph(_findings_sentence(page))]
    if page.certificate is None and len(page.audit.findings):
        blocks.append(
            List(
                tuple(
                    f"{one.rule[:1].upper()}{one.rule[1:]} ({one.n_rows}). {one.remedy}"
                    for one in page.audit.findings.folded()
                )
            )
        )
    if len(page.audit.disposition.counts):
        blocks.append(Paragraph(FEW_LEFT_OUT) if _few(page) else TableBlock(_rows_table(page)))
    if page.audit.sources:
        facts = tuple((one.name, f"{one.format}, SHA-256 {one.sha256[:16]}") for one in page.audit.sources)
        blocks.append(Card("Sources", facts))
    return Section("about-data", "About the data", tuple(blocks), part="annex")


def _few(page: Seen) -> bool:
    """Say whether the rows tell of so few people that their number is not published.

    So few were left out, or empty; or so few of those that are kept are not eligible, which follows from the number of
    those who are. Where that is hidden, or rounded, the rows would tell it.
    """
    if page.certificate is None:
        return False
    counts, k = page.audit.disposition.counts, page.certificate.k
    eligible = float(page.all_counts()["eligible"])
    others = [float(counts["kept"].iloc[-1]) - eligible] if len(counts) else []
    if not known(eligible) or page.certificate.rounded_to > 1:
        return True
    numbers = np.concatenate([counts[["empty", "left_out"]].to_numpy(dtype=float).ravel(), others])
    return bool(((numbers > 0) & (numbers < k)).any())


def _findings_sentence(page: Seen) -> Text:
    words = {"error": "errors", "warning": "warnings", "note": "notes"}
    least = page.certificate.k if page.certificate else 0
    parts = [
        prose(
            counted(n, "findings", kind) if n >= least else Cell(f"fewer than {least}"),
            f" {word}",
        )
        for kind, word in words.items()
        if (n := page.findings.get(kind, 0))
    ]
    if not parts:
        return "The checks found nothing in the data."
    return prose(
        "Rows with findings of the checks: ", joined(", ", parts), ". The list is with those whose data they are."
    )


def _rows_table(page: Seen) -> Table:
    """Return how many rows entered each step, and how many were kept or left out."""

    def shown(one: dict[str, object]) -> Row:
        where = f"{one['stage']} {one['table']}"
        return row(
            f"{str(one['stage']).capitalize()}: {one['table']}",
            Cell(str(one["counted"])),
            *(
                page.number("count", {"n": one[term]}, at("rows", f"{where} {term}"))
                for term in ("entered", "kept", "empty", "left_out")
            ),
        )

    columns = (column("Counted", "left"), *map(column, ("Entered", "Kept", "Empty", "Left out")))
    groups = (RowGroup("", tuple(map(shown, records(page.audit.disposition.counts)))),)
    note = Footnote(
        "Each row that was read is kept, empty, or left out for a reason that is in the list of rows left out."
    )
    return page.noted(Table("rows", "What became of the rows", "Step", columns, groups, (note,)))
