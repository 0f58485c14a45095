"""How clinics compare for their case mix: a funnel of adjusted change, and how far its numbers can be relied on."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import groupby

import pandas as pd

from coxa.clinics.audit import CaseMix
from coxa.clinics.page.calibration import calibration_figure, can_recover, recovery_figure
from coxa.clinics.page.funnel import Drawn, funnel_figure
from coxa.clinics.page.seen import ALL, TOO_FEW, Seen, at, column, known, row
from coxa.clinics.page.words import dimension_label, level_label, place_words
from coxa.report.document import Block, FigureBlock, Paragraph, Section, TableBlock
from coxa.sentences import mid_sentence
from coxa.tables.cells import Cell
from coxa.tables.formats import NONE
from coxa.tables.prose import Prose, prose
from coxa.tables.records import Record, records
from coxa.tables.table import Footnote, Row, RowGroup, Table, identifier

INTERCEPT = "Intercept"
"""Term that depends on nothing, and is not shown."""


def case_mix_section(page: Seen) -> Section:
    """Return the main outcome by clinic, adjusted for the case mix."""
    outcome = page.audit.plan.main
    return Section("case-mix", "How do clinics compare for their case mix?", tuple(_of_outcome(page, outcome)))


def case_mix_detail(page: Seen) -> Section | None:
    """Return the other outcomes, the model of each, and therapists by their codes; None where there is none of it."""
    sections = [_model(page, outcome) for outcome in page.audit.case_mix]
    plan = page.audit.plan
    for outcome in page.audit.case_mix:
        if outcome != plan.main:
            title = f"{plan.label('outcomes', outcome)} by clinic"
            sections.append(Section(identifier("case-mix", outcome), title, tuple(_of_outcome(page, outcome))))
    sections.append(_therapists(page))
    kept = tuple(one for one in sections if one)
    return Section("case-mix-detail", "Case mix in detail", (), kept, part="supplement") if kept else None


def _of_outcome(page: Seen, outcome: str) -> Iterator[Block]:
    """Yield the funnel of an outcome and its two tables, or why they are not there."""
    found = page.audit.case_mix.get(outcome)
    if found is None or found.without or not len(found.clinics):
        why = page.reason(found.without if found else None, TOO_FEW) or page.why("change")
        yield Paragraph(why or "There is no model of this outcome.", "warning")
        return
    label, unit = page.audit.plan.label("outcomes", outcome), page.audit.plan.scale(outcome).unit
    yield Paragraph(_lead(page, outcome, found))
    drawn = Drawn(
        identifier("funnel", outcome), f"{label}: improvement of each clinic, adjusted for case mix",
        f"Adjusted improvement ({unit})", "Episodes with an outcome", "estimate", "estimate", f"change {outcome}",
        found.target, page.decimals(outcome),
    )  # fmt: skip
    if figure := funnel_figure(page, drawn, found.clinics):
        yield FigureBlock(figure)
    yield TableBlock(position_table(page, outcome, found.clinics, "clinic"), stacked=True)
    yield TableBlock(_trust_table(page, outcome, found.clinics), stacked=True)


def _lead(page: Seen, outcome: str, found: CaseMix) -> Prose:
    where = f"change {outcome}"
    return prose(
        "Improvement is positive on every scale. Each clinic is compared with what was "
        "expected of its patients; the adjusted improvement is the mean of all, ",
        page.number("estimate", {"estimate": found.target}, at(where, "mean", ALL), page.decimals(outcome)),
        f" {page.audit.plan.scale(outcome).unit}, plus what the clinic achieved beyond that. Clinics outside the solid "
        "limits (99.8%) differ by more than chance and the usual differences between clinics explain; two in 1,000 "
        "clinics would be there without any other reason.",
    )


def position_table(page: Seen, outcome: str, frame: pd.DataFrame, unit: str) -> Table:
    """Return where units are: numbers, raw, expected and adjusted improvement, limits and position."""
    plan, decimals, where = page.audit.plan, page.decimals(outcome), f"change {outcome}"
    label, scale = plan.label("outcomes", outcome), plan.scale(outcome)

    def shown(one: Record) -> Row:
        name = _name(one, unit)

        def mean(term: str) -> Cell:
            return page.number("estimate", {"estimate": one[term]}, at(where, term, name), decimals)

        limits = {"conf_low": one["low_99.8"], "conf_high": one["high_99.8"]}
        return row(
            one[unit],
            page.number("count", {"n": one["n"]}, at(where, "n", name)),
            page.number("count", {"n": one["n_lost"]}, at(where, "n_lost", name)),
            *(mean(term) for term in ("intake", "change", "expected", "adjusted")),
            page.number("limits", limits, at(where, "limits", name), decimals),
            page.word(place_words(one)),
            strong=one["position"] in ("low", "high"),
        )

    columns = (
        *map(column, ("With outcome", "Lost", "Mean at intake", "Observed improvement", "Expected improvement")),
        *map(column, ("Adjusted improvement", "99.8% limits")),
        column("Position", "left"),
    )
    notes = (
        f"{label} in {scale.unit}, {scale.direction}. Lost: due and not filled in. Expected: of patients with the same "
        "descriptors in all clinics.",
    )
    title = f"{label}: {unit}s against their limits"
    table = Table(
        identifier(unit, outcome),
        title,
        unit.capitalize(),
        columns,
        _grouped(frame, unit, shown),
        tuple(map(Footnote, notes)),
    )
    return page.noted(table)


def _name(one: Record, unit: str) -> str:
    return str(one["clinic"]) if unit == "clinic" else f"{one['clinic']} {one['therapist']}"


def _grouped(frame: pd.DataFrame, unit: str, shown: object) -> tuple[RowGroup, ...]:
    """Return rows in one group, or therapists below their clinics."""
    rows = records(frame)
    if unit == "clinic":
        return (RowGroup("", tuple(map(shown, rows))),)  # type: ignore[call-overload]
    return tuple(
        RowGroup(clinic, tuple(map(shown, group)))  # type: ignore[call-overload]
        for clinic, group in groupby(rows, key=lambda one: str(one["clinic"]))
    )


def _trust_table(page: Seen, outcome: str, frame: pd.DataFrame) -> Table:
    """Return how far the numbers of clinics can be relied on: best guess, reliability, and what the lost could do."""
    label, where, decimals = page.audit.plan.label("outcomes", outcome), f"change {outcome}", page.decimals(outcome)

    def shown(one: Record) -> Row:
        name = str(one["clinic"])
        shrunken = {"estimate": one["shrunken"], "conf_low": one["shrunken_low"], "conf_high": one["shrunken_high"]}
        return row(
            name,
            page.number("estimate_interval", shrunken, at(where, "shrunken", name), decimals),
            page.number("correlation", {"correlation": one["reliability"]}, at(where, "reliability", name)),
            page.number("estimate", {"estimate": one["smallest"]}, at(where, "smallest", name), decimals),
            page.number("estimate", {"estimate": one["weighted"]}, at(where, "weighted", name), decimals),
            *(_lost(page, outcome, one, side) for side in ("low", "high")),
        )

    columns = (
        *map(column, ("Best guess (95% CI)", "Reliability", "Smallest difference that could show")),
        *map(column, ("Weighted for non-response", "Low if the lost improved by less than")),
        column("High if the lost improved by more than"),
    )
    notes = (
        "Best guess: pulled towards the mean of all, the more the smaller the clinic. Reliability: from 0 (chance "
        "only) to 1 (no chance).",
        "Smallest difference: from the mean of all, found in 80 of 100 cases. Low, high: the mean improvement of "
        "the lost patients at which the clinic would be below or above the 99.8% limits; not possible, where the scale "
        "does not reach so far.",
    )
    title = f"{label}: how far the numbers of each clinic can be relied on"
    groups = (RowGroup("", tuple(map(shown, records(frame)))),)
    table = Table(identifier("trust", outcome), title, "Clinic", columns, groups, tuple(map(Footnote, notes)))
    return page.noted(table)


def _lost(page: Seen, outcome: str, one: Record, side: str) -> Cell:
    """Return the improvement at which the lost patients move a clinic; a dash where none was lost.

    Nobody can improve by more than the width of the scale, nor become worse by more.
    """
    if one["n_lost"] == 0:
        return Cell(NONE)
    term, scale = f"lost_{side}", page.audit.plan.scale(outcome)
    if known(one[term]) and abs(one[term]) > scale.high - scale.low:
        never = (one[term] < 0) == (side == "low")
        return Cell("not possible" if never else "always")
    place = at(f"change {outcome}", term, str(one["clinic"]))
    return page.number("estimate", {"estimate": one[term]}, place, page.decimals(outcome))


def _model(page: Seen, outcome: str) -> Section | None:
    """Return coefficients, variation, calibration and the expected recovery of an outcome."""
    found = page.audit.case_mix[outcome]
    if found.without or not len(found.coefficients):
        return None
    blocks: list[Block] = [Paragraph(prose(f"{found.method.rstrip('.')}. ", *_dispersion(page, outcome, found)))]
    blocks.append(TableBlock(_coefficients(page, outcome, found)))
    if len(found.variances):
        blocks.append(TableBlock(_variances(page, outcome, found)))
    if found.calibration[["expected", "observed"]].notna().all(axis=1).any():
        blocks.append(FigureBlock(calibration_figure(page, outcome, found.calibration)))
    if outcome != page.audit.plan.main and can_recover(found):
        blocks.append(FigureBlock(recovery_figure(page, outcome, found)))
    title = f"The model of {mid_sentence(page.audit.plan.label('outcomes', outcome))}"
    return Section(identifier("model", outcome), title, tuple(blocks))


def _dispersion(page: Seen, outcome: str, found: CaseMix) -> Sequence[str | Cell]:
    where = f"change {outcome}"
    return (
        "The variance between clinics is ",
        page.number("number", {"n": found.phi}, at(where, "phi", ALL), 2),
        " times what chance alone would give (phi; ",
        page.number("p_words", {"p_value": found.p_value}, at(where, "p_value", ALL)),
        "; beyond chance it is ",
        page.number("number", {"n": found.tau2}, at(where, "tau2", ALL), 3),
        ").",
    )


def _coefficients(page: Seen, outcome: str, found: CaseMix) -> Table:
    where, plan = f"change {outcome}", page.audit.plan

    def shown(one: Record) -> Row:
        term, level = str(one["term"]), str(one["level"] or "")
        values = {"estimate": one["estimate"], "conf_low": one["conf_low"], "conf_high": one["conf_high"]}
        name = dimension_label(plan, term)
        label = f"{name}: {level_label(plan, term, level)}" if level else name
        return row(label, page.number("estimate_interval", values, at(where, f"{term} {level}".strip()), 2))

    columns = (column(f"Difference in improvement (95% CI), {plan.scale(outcome).unit}"),)
    title = f"{plan.label('outcomes', outcome)}: what expected improvement depends on"
    groups = (RowGroup("", tuple(map(shown, records(found.coefficients[found.coefficients["term"] != INTERCEPT])))),)
    note = "Per unit of a number, or against the level that is not listed. These are associations in routine care."
    return page.noted(
        Table(identifier("coefficients", outcome), title, "Descriptor", columns, groups, (Footnote(note),))
    )


def _variances(page: Seen, outcome: str, found: CaseMix) -> Table:
    where = f"change {outcome}"

    def shown(one: Record) -> Row:
        level = str(one["level"])
        return row(
            f"Between {level}s",
            page.number("number", {"n": one["variance"]}, at(where, "variance", level), 2),
            page.number("share", {"share": one["share"]}, at(where, "share of variance", level)),
        )

    title = f"{page.audit.plan.label('outcomes', outcome)}: variation that case mix leaves"
    groups = (RowGroup("", tuple(map(shown, records(found.variances)))),)
    return page.noted(
        Table(identifier("variances", outcome), title, "Variation", (column("Variance"), column("Share")), groups)
    )


def _therapists(page: Seen) -> Section | None:
    """Return therapists by their codes, against limits of therapists."""
    outcome, found = page.audit.plan.main, page.main
    if found is None or found.without or not len(found.therapists):
        why = page.why("therapist")
        return Section("therapists", "Therapists", (Paragraph(why, "warning"),)) if why else None
    lead = (
        "Therapists have codes. Few patients are behind most of these numbers, so that most differences are chance; "
        "they are a start for a conversation, never a ranking."
    )
    table = position_table(page, outcome, found.therapists, "therapist")
    return Section("therapists", "Therapists", (Paragraph(lead), TableBlock(table)))
