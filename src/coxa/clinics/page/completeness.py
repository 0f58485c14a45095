"""How complete the data are: from eligible to an outcome in time, by clinic, group and period, and who is missing."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from itertools import groupby

from coxa.clinics.page.cascade import cascade_figure, cascade_table
from coxa.clinics.page.intervals import difference_values, share_values
from coxa.clinics.page.seen import ALL, NO_WEIGHTS, Seen, at, column, known, mostly_hidden, row
from coxa.clinics.page.words import NOT_RECORDED, dimension_label, level_label
from coxa.report.document import Block, FigureBlock, Paragraph, Section, TableBlock
from coxa.tables.cells import Cell
from coxa.tables.prose import Prose, prose
from coxa.tables.records import Record, records
from coxa.tables.table import Column, Footnote, Row, RowGroup, Table

COLUMNS = (
    column("Eligible"),
    column("Intake filled in"),
    column("Discharge due"),
    column("In time"),
    column("Complete (95% CI)"),
    column("Counting forms"),
)

NOTES = (
    "Complete: discharge questionnaires filled in within their window, of all that were due, whether or not the "
    "patient was asked. CI, confidence interval (Wilson).",
    "Counting forms: all discharge questionnaires divided by all intake questionnaires, without linking them.",
)
MOSTLY_HIDDEN = "Completeness by therapist is not shown, as more than half of its numbers would be hidden."


def completeness_section(page: Seen) -> Section:
    """Return the cascade, completeness by clinic, and by group and period."""
    blocks: list[Block] = [FigureBlock(cascade_figure(page)), TableBlock(cascade_table(page))]
    if len(page.counts("clinic")):
        blocks.append(TableBlock(_by_clinic(page), stacked=True))
    columns = ("clinic", "condition", *page.audit.plan.descriptors)
    blocks += [Paragraph(text, "warning") for name in columns if (text := page.why(name))]
    who = _who_is_missing(page)
    return Section("completeness", "How complete are the data?", tuple(blocks), (who,) if who else ())


def completeness_detail(page: Seen) -> Section | None:
    """Return completeness by period and by therapist, and the weights; None where there is none of it."""
    blocks: list[Block] = []
    if len(page.counts("period")):
        blocks.append(TableBlock(_by_period(page)))
    if len(page.counts("clinic", "therapist")):
        table = _by_therapist(page)
        blocks.append(Paragraph(MOSTLY_HIDDEN) if mostly_hidden(table) else TableBlock(table))
    blocks += list(_weights(page))
    return (
        Section("completeness-detail", "Completeness in detail", tuple(blocks), part="supplement") if blocks else None
    )


def counts_row(
    page: Seen, label: str, one: Record, unit: str, period: str = "", of: str = "", strong: bool = False
) -> Row:
    """Return the counts of a group as a row of `COLUMNS`; `of` is the dimension that it is a group of."""

    def count(term: str) -> Cell:
        return page.number("count", {"n": one[term]}, at(f"completeness {of}".strip(), term, unit, period))

    place = at(f"completeness {of}".strip(), "complete", unit, period)
    naive = one["forms"] / one["intakes"] if one["intakes"] > 0 else float("nan")
    return row(
        label,
        *(count(term) for term in ("eligible", "intake", "of", "of_done")),
        page.number("share_interval", share_values(one["of_done"], one["of"]), place),
        page.number("share", {"share": naive}, at(place.analysis, "naive", unit, period)),
        strong=strong,
    )


def all_row(page: Seen) -> Row:
    """Return the counts of all clinics as a row of `COLUMNS`."""
    return counts_row(page, "All clinics", page.all_counts(), ALL, strong=True)


def counts_table(page: Seen, name: str, title: str, stub: str, groups: Sequence[RowGroup]) -> Table:
    """Return a table of counts."""
    notes = tuple(map(Footnote, NOTES))
    return page.noted(Table(name, title, stub, COLUMNS, tuple(groups), notes))


def _by_clinic(page: Seen) -> Table:
    rows = [counts_row(page, one["clinic"], one, str(one["clinic"])) for one in records(page.counts("clinic"))]
    groups = (RowGroup("", (*rows, all_row(page))),)
    return counts_table(page, "complete-by-clinic", "Completeness by clinic", "Clinic", groups)


def _by_period(page: Seen) -> Table:
    found = records(page.counts("period"))
    rows = [counts_row(page, one["period"], one, ALL, str(one["period"]), "period") for one in found]
    return counts_table(
        page, "complete-by-period", "Completeness by period of intake", "Period", (RowGroup("", tuple(rows)),)
    )


def _by_therapist(page: Seen) -> Table:
    found = groupby(records(page.counts("clinic", "therapist")), key=lambda one: str(one["clinic"]))
    groups = [
        RowGroup(clinic, tuple(counts_row(page, one["therapist"], one, f"{clinic} {one['therapist']}") for one in rows))
        for clinic, rows in found
    ]
    return counts_table(page, "complete-by-therapist", "Completeness by therapist", "Therapist", groups)


def _who_is_missing(page: Seen) -> Section | None:
    """Return completeness by condition and by descriptors, each group against a reference."""
    groups = tuple(_missing_groups(page))
    if not groups:
        return None
    columns = (
        column("Discharge due"),
        column("In time"),
        column("Complete (95% CI)"),
        column("Difference (95% CI), points"),
    )
    notes = (
        Footnote(
            "Difference: from the reference, the largest group whose numbers are shown, in percentage points; "
            "intervals by Newcombe. A difference whose interval excludes zero is in bold."
        ),
    )
    table = Table("who-is-missing", "Completeness by group of patients", "Group", columns, groups, notes)
    lead = "Outcomes speak for those who answered. The table shows which groups of patients answer less often."
    return Section(
        "who-is-missing-section", "Who is missing?", (Paragraph(lead), TableBlock(page.noted(table), stacked=True))
    )


def _missing_groups(page: Seen) -> Iterator[RowGroup]:
    for name in ("condition", *page.audit.plan.completeness_by):
        found = records(page.counts(name))
        if len(found) > 1:
            shown = [one for one in found if known(one["of"]) and known(one["of_done"]) and not _unknown(one[name])]
            reference = max(shown, key=lambda one: one["of"], default=None)
            rows = tuple(_compared(page, name, one, reference) for one in found)
            yield RowGroup(dimension_label(page.audit.plan, name), rows)


def _unknown(level: object) -> bool:
    return str(level) in (NOT_RECORDED, "", "None")


def _compared(page: Seen, name: str, one: Record, reference: Record | None) -> Row:
    """Return a group of patients and how it differs from the reference."""
    unit, of = str(one[name]), f"completeness {name}"
    other = reference or {"of_done": math.nan, "of": math.nan}
    values = difference_values(one["of_done"], one["of"], other["of_done"], other["of"])
    clear = values["conf_low"] > 0 or values["conf_high"] < 0
    shown = (
        Cell("reference") if one is reference else page.number("points_interval", values, at(of, "difference", unit))
    )
    return row(
        level_label(page.audit.plan, name, one[name]),
        page.number("count", {"n": one["of"]}, at(of, "of", unit)),
        page.number("count", {"n": one["of_done"]}, at(of, "of_done", unit)),
        page.number("share_interval", share_values(one["of_done"], one["of"]), at(of, "complete", unit)),
        shown,
        strong=one is not reference and clear,
    )


def _weights(page: Seen) -> Iterator[Block]:
    """Yield how those who were seen are weighted, or why they are not."""
    found = page.audit.completeness
    if found.without:
        yield Paragraph(page.reason(found.without, NO_WEIGHTS), "warning")
    if not len(found.weights):
        return
    rows = records(found.weights)
    yield Paragraph(_weights_sentence(page, next((one for one in rows if str(one["clinic"]) == ALL), rows[0])))
    columns: tuple[Column, ...] = tuple(
        map(column, ("Due", "Seen", "Lowest weight", "Highest weight", "Effective number", "Weights capped"))
    )
    table = Table(
        "weights", "Weights for those who were seen", "Clinic", columns,
        (RowGroup("", tuple(_weights_row(page, one) for one in rows)),),
        (Footnote("Effective number: how many patients of equal weight would say as much."),),
    )  # fmt: skip
    yield TableBlock(page.noted(table))


def _weights_sentence(page: Seen, one: Record) -> Prose:
    limits = {"conf_low": one["lowest"], "conf_high": one["highest"]}
    return prose(
        "Patients who answered can be weighted so that they resemble all whose questionnaire was due, by what was "
        "known of them at intake. The weights run from ",
        page.number("limits", limits, at("weights", "range", ALL), 2),
        "; with them ",
        page.number("count", {"n": one["n_seen"]}, at("weights", "n_seen", ALL)),
        " patients say as much as ",
        page.number("count", {"n": one["effective_n"]}, at("weights", "effective_n", ALL)),
        " of equal weight. What was not recorded at intake cannot be weighted for.",
    )


def _weights_row(page: Seen, one: Record) -> Row:
    unit = str(one["clinic"])

    def shown(term: str, rule: str, name: str, decimals: int = 0) -> Cell:
        return page.number(rule, {name: one[term]}, at("weights", term, unit), decimals)

    return row(
        "All clinics" if unit == ALL else unit,
        shown("n_due", "count", "n"),
        shown("n_seen", "count", "n"),
        shown("lowest", "estimate", "estimate", 2),
        shown("highest", "estimate", "estimate", 2),
        shown("effective_n", "estimate", "estimate"),
        shown("n_capped", "count", "n"),
        strong=unit == ALL,
    )
