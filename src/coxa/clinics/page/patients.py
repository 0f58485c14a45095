"""What patients reach: important improvements, the recovery that can be expected, attendance and standards."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from coxa.clinics.audit import Rates, Shares
from coxa.clinics.page.calibration import can_recover, recovery_figure
from coxa.clinics.page.funnel import Drawn, funnel_figure
from coxa.clinics.page.intervals import share_values
from coxa.clinics.page.seen import ALL, Seen, at, column, known, mostly_hidden, row
from coxa.clinics.page.words import POSITIONS, rate_label, reached, threshold
from coxa.figures.figure import Figure
from coxa.report.document import Block, FigureBlock, Paragraph, Section, TableBlock
from coxa.sentences import mid_sentence
from coxa.tables.cells import Cell
from coxa.tables.formats import NONE
from coxa.tables.hidden import HIDDEN, RULE
from coxa.tables.records import Record, records
from coxa.tables.table import Footnote, Row, RowGroup, Table, identifier


def patients_section(page: Seen) -> Section:
    """Return what patients reach, what they can expect, and how care is delivered."""
    sections = [_reached(page), _expected(page), _care(page)]
    return Section("patients", "What do patients reach?", (), tuple(one for one in sections if one))


def patients_detail(page: Seen) -> Section | None:
    """Return what patients of each clinic reach, kind by kind, and standards by clinic; None where there is none."""
    tables = [shares_by_clinic(page, one) for one in page.audit.shares if len(one.clinics)]
    tables += [rates_by_clinic(page, one) for one in page.audit.rates if len(one.clinics)]
    shown = [one for one in tables if len(one.columns) > 1 and not mostly_hidden(one)]
    blocks: list[Block] = [TableBlock(one) for one in shown]
    if gone := [mid_sentence(one.title) for one in tables if one not in shown]:
        blocks.append(Paragraph(f"Not shown, as more than half of their numbers would be hidden: {'; '.join(gone)}."))
    title = "What patients reach, by clinic"
    return Section("patients-detail", title, tuple(blocks), part="supplement") if blocks else None


def _reached(page: Seen) -> Section | None:
    shares = page.audit.shares
    if not shares:
        return None
    rows = tuple(_share_row(page, one) for one in shares)
    columns = (column("Patients"), column("Reached"), column("Share (95% CI)"), column("Counts as reached", "left"))
    notes = tuple(Footnote(text) for text in _sources(page, shares))
    table = Table("reached", "What patients reach at discharge", "Result", columns, (RowGroup("", rows),), notes)
    blocks: list[Block] = [TableBlock(page.noted(table), stacked=True)]
    main = next((one for one in shares if one.kind == "important" and len(one.clinics)), None)
    if main and (figure := _funnel(page, main)):
        blocks.append(FigureBlock(figure))
    return Section("reached-section", "Important changes", tuple(blocks))


def _share_row(page: Seen, one: Shares) -> Row:
    where = f"{one.kind} {one.outcome}"
    value = page.number("number", {"n": one.value}, at(where, "threshold"), 1).text if known(one.value) else ""
    n, events = one.n, one.events
    return row(
        reached(page.audit.plan, one),
        page.number("count", {"n": n}, at(where, "n", ALL)),
        page.number("count", {"n": events}, at(where, "events", ALL)),
        page.number("share_interval", share_values(events, n), at(where, "share", ALL)),
        Cell(threshold(page.audit.plan, one, value)),
    )


def _sources(page: Seen, shares: Sequence[Shares]) -> Iterator[str]:
    """Yield where each threshold is from; being worse has that of an improvement."""
    for one in shares:
        if one.source and one.kind != "worse":
            yield f"Source of the threshold, {mid_sentence(reached(page.audit.plan, one))}: {one.source.rstrip('.')}."


def _funnel(page: Seen, one: Shares) -> Figure | None:
    label, share = reached(page.audit.plan, one), one.events / one.n if one.n else float("nan")
    value = "adjusted" if one.clinics["adjusted"].notna().any() else "share"
    adjusted = ", adjusted for case mix" if value == "adjusted" else ""
    drawn = Drawn(
        identifier("funnel", one.kind, one.outcome), f"{label}: share of each clinic{adjusted}", "Share of patients",
        "Episodes with an outcome", "share", "share", f"{one.kind} {one.outcome}", share,
    )  # fmt: skip
    return funnel_figure(page, drawn, one.clinics, value)


def _expected(page: Seen) -> Section | None:
    main = page.main
    if main is None or main.without or not can_recover(main):
        return None
    lead = (
        "What a patient who is otherwise typical (average in every number, in the largest group of every other "
        "descriptor) can expect, by the value at intake. Below the "
        "dashed line the value is lower at discharge than at intake. It describes patients of these clinics; it is "
        "no promise."
    )
    return Section("recovery-section", "Expected recovery",
                   (Paragraph(lead), FigureBlock(recovery_figure(page, page.audit.plan.main, main))))  # fmt: skip


def _care(page: Seen) -> Section | None:
    rates, plan = page.audit.rates, page.audit.plan
    blocks: list[Block] = []
    if rates:
        columns = (column("Of", "left"), column("Number"), column("Done"), column("Share (95% CI)"), column("Target"),
                   column("Clinics worse than the limits", "left"))  # fmt: skip
        rows = tuple(_rate_row(page, one) for one in rates)
        table = Table("care", "Attendance and standards", "Measure", columns, (RowGroup("", rows),))
        blocks.append(TableBlock(page.noted(table), stacked=True))
    reasons = {name: page.why(name) for name in ("attended", *plan.standards)}
    blocks += [Paragraph(f"{rate_label(plan, name)}: {text}", "warning") for name, text in reasons.items() if text]
    return Section("care-section", "Attendance and standards", tuple(blocks)) if blocks else None


def _rate_row(page: Seen, one: Rates) -> Row:
    where = f"rate {one.name}"
    target = page.number("share", {"share": one.target}, at(where, "target")) if one.target else Cell(NONE)
    n, events = one.n, one.events
    worse = "high" if one.name == "missed" else "low"
    places = records(one.clinics)
    outside = [str(each["clinic"]) for each in places if each["position"] == worse]
    unknown = [HIDDEN] if page.note and any(not each["position"] for each in places) else []
    return row(
        rate_label(page.audit.plan, one.name),
        Cell(one.of),
        page.number("count", {"n": n}, at(where, "n", ALL)),
        page.number("count", {"n": events}, at(where, "events", ALL)),
        page.number("share_interval", share_values(events, n), at(where, "share", ALL)),
        target,
        Cell(", ".join([*outside, *unknown]) or "None", rule=RULE if unknown else ""),
    )


def shares_by_clinic(page: Seen, one: Shares) -> Table:
    """Return who reaches something, by clinic: raw and adjusted share, limits and position."""
    where, label = f"{one.kind} {one.outcome}", reached(page.audit.plan, one)

    def shown(each: Record) -> Row:
        unit = str(each["clinic"])
        return row(
            unit,
            page.number("count", {"n": each["n"]}, at(where, "n", unit)),
            page.number("count", {"n": each["events"]}, at(where, "events", unit)),
            page.number("share", {"share": each["share"]}, at(where, "share", unit)),
            page.number("share", {"share": each["adjusted"]}, at(where, "adjusted", unit)),
            *_limits(page, each, where, unit),
        )

    columns = (column("Patients"), column("Reached"), column("Share"), column("Adjusted"), column("99.8% limits"),
               column("Position", "left"))  # fmt: skip
    notes = (Footnote("Adjusted: the share of all, multiplied by observed and divided by expected."),)
    groups = (RowGroup("", tuple(map(shown, records(one.clinics)))),)
    return page.noted(
        Table(identifier("shares", one.kind, one.outcome), f"{label}, by clinic", "Clinic", columns, groups, notes)
    )


def rates_by_clinic(page: Seen, one: Rates) -> Table:
    """Return attendance or a standard by clinic: share, limits and position; not adjusted."""
    where, label = f"rate {one.name}", rate_label(page.audit.plan, one.name)

    def shown(each: Record) -> Row:
        unit = str(each["clinic"])
        return row(
            unit,
            page.number("count", {"n": each["n"]}, at(where, "n", unit)),
            page.number("count", {"n": each["events"]}, at(where, "events", unit)),
            page.number("share_interval", share_values(each["events"], each["n"]), at(where, "share", unit)),
            *_limits(page, each, where, unit),
        )

    columns = (column(one.of.capitalize()), column("Done"), column("Share (95% CI)"), column("99.8% limits"),
               column("Position", "left"))  # fmt: skip
    notes = tuple(Footnote(text) for text in _rate_notes(one))
    groups = (RowGroup("", tuple(map(shown, records(one.clinics)))),)
    return page.noted(Table(identifier("rates", one.name), f"{label}, by clinic", "Clinic", columns, groups, notes))


def _rate_notes(one: Rates) -> Iterator[str]:
    yield "Not adjusted for case mix."
    if one.method:
        yield f"Limits: {one.method}."


def _limits(page: Seen, each: Record, where: str, unit: str) -> tuple[Cell, Cell]:
    limits = {"conf_low": each["low_99.8"], "conf_high": each["high_99.8"]}
    position = page.word(POSITIONS.get(str(each["position"]), ""))
    return page.number("share_limits", limits, at(where, "limits", unit)), position
