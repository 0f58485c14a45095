"""First screen: how many, how complete, how each clinic compares for its case mix, and what is changing."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from coxa.clinics.audit import CaseMix, Series
from coxa.clinics.measures.few_points import FEW_POINTS, RUN_SIGNAL
from coxa.clinics.page.intervals import share_values
from coxa.clinics.page.points import last_cells, last_point, limits_and_n, shown_charts, why_signal
from coxa.clinics.page.rare import rare_sentence
from coxa.clinics.page.seen import ALL, NO_WEIGHTS, TOO_FEW, Seen, at, column, known, row
from coxa.clinics.page.standards import standards_sentence
from coxa.clinics.page.words import POSITIONS, VARIATIONS, day, place_words, series_label
from coxa.report.document import Block, Card, Paragraph, Section, TableBlock
from coxa.sentences import mid_sentence
from coxa.tables.cells import Cell
from coxa.tables.formats import counted
from coxa.tables.prose import Prose, Text, in_sentence, joined, prose
from coxa.tables.records import Record, records
from coxa.tables.table import Footnote, Row, RowGroup, Table

MOST = 3
"""Clinics or charts that are named in a sentence; more are counted."""

LIMITS = (
    "The 99.8% limits allow for chance and, where clinics differ more than chance alone explains, for the usual "
    "differences between clinics as well: 998 of 1,000 clinics of that size would be within them. Being within the "
    "limits does not mean being equal to the others. A signal over time is a change that chance alone rarely makes."
)

FEW_CLINICS = 10
"""Clinics below which a test of whether they differ finds little."""

SIGNIFICANT = 0.05

UPPER_LIMIT = (
    " That share is an upper limit: many episodes that began long ago have no day of discharge and count as not due."
)

FEW = 30
"""Episodes below which limits are too wide to say much."""


def answer_section(page: Seen) -> Section:
    """Return a few sentences, the clinics in one table, cautions, and what is hidden."""
    sentences = (
        episodes_sentence(page),
        standards_sentence(page),
        complete_sentence(page),
        position_sentence(page),
        change_sentence(page),
        rare_sentence(page),
    )
    blocks: list[Block] = [Paragraph(text, "lead", found=True) for text in sentences if text]
    cautions = list(_cautions(page))
    if cautions:
        blocks.append(Paragraph(joined(" ", ("Caution:", *cautions)), "warning", found=True))
    blocks.append(TableBlock(glance_table(page)))
    privacy = (("Privacy", certificate_text(page)),) if page.certificate else ()
    blocks.append(Card("", (("Limits", LIMITS), *privacy)))
    return Section("answer", "The answer", tuple(blocks), part="answer")


def episodes_sentence(page: Seen) -> Prose:
    """Say how many episodes, patients and clinics there are, and from when."""
    audit, counts = page.audit, page.all_counts()
    seen = audit.n_patients if known(counts["eligible"]) else None  # nearly as many, so that one gives the other away
    patients = (
        prose("each counts as a patient, since the data have no column of patients")
        if audit.without.get("patient")
        else prose(page.number("count", {"n": seen}, at("episodes", "patients", ALL)), " patients were seen")
    )
    return prose(
        f"From {day(audit.first)} to {day(audit.last)}, ",
        page.number("count", {"n": counts["eligible"]}, at("completeness", "eligible", ALL)),
        " eligible episodes began in ",
        counted(len(page.clinics), "episodes", "clinics"),
        " clinics" if len(page.clinics) != 1 else " clinic",
        "; ",
        patients,
        f". The data were taken on {day(audit.data_cut)}.",
    )


def complete_sentence(page: Seen) -> Prose:
    """Say how many of the questionnaires that were due are there, and what counting forms gives."""
    counts, target = page.all_counts(), page.audit.plan.targets.complete
    done, due = counts["of_done"], counts["of"]
    place = at("completeness", "complete", ALL)
    parts: list[str | Cell | Prose] = [
        "Of ",
        page.number("count", {"n": due}, at("completeness", "of", ALL)),
        " discharge questionnaires that were due, ",
        page.number("count", {"n": done}, at("completeness", "of_done", ALL)),
        " were completed in time: ",
        page.number("share_interval", share_values(done, due), place),
        " with its 95% confidence interval",
    ]
    if target:
        parts += [", against a target of ", page.number("share", {"share": target}, at("completeness", "target", ALL))]
    naive = counts["forms"] / counts["intakes"] if counts["intakes"] > 0 else float("nan")
    claimed = page.number("share", {"share": naive}, at("completeness", "naive", ALL))
    limit = [UPPER_LIMIT] if page.audit.without.get("discharge_date") else []
    higher = known(naive) and due > 0 and known(done) and naive > done / due
    counting = " Counting forms would have claimed " if higher else " Counting forms gives "
    return prose(*parts, ".", *limit, counting, claimed, ".")


def position_sentence(page: Seen) -> Prose | None:
    """Say how the main outcome changed, which clinics are outside the limits, and whose the variation is."""
    plan, main = page.audit.plan, page.main
    if main is None or main.without or not len(main.clinics):
        return None
    outcome, decimals = plan.main, page.decimals(plan.main)
    where = f"change {outcome}"
    mean = page.number("estimate", {"estimate": main.target}, at(where, "mean", ALL), decimals)
    n = page.number("count", {"n": main.n}, at(where, "n", ALL))
    rows = [one for one in records(main.clinics) if one["position"] in POSITIONS]
    outside = {side: [one for one in rows if one["position"] == side] for side in ("high", "low")}
    named = [
        prose(f" {POSITIONS[side]}: ", _named_clinics(page, outcome, found), ".")
        for side, found in outside.items()
        if found
    ]
    compared = counted(len(rows), where, "clinics compared")
    n_outside = sum(map(len, outside.values()))
    outlying = counted(n_outside, where, "clinics outside")
    hidden = "" if len(rows) == len(main.clinics) else " whose numbers are shown"
    are = f" clinics{hidden} {'is' if n_outside == 1 else 'are'} outside the 99.8% limits"
    compared_words = prose("; ", outlying, " of ", compared, are) if rows else ""
    return prose(
        f"Adjusted for case mix, {mid_sentence(plan.label('outcomes', outcome))} improved by ",
        mean,
        f" {plan.scale(outcome).unit} on average (n = ",
        n,
        ")",
        compared_words,
        ".",
        *named,
        *_equal(page, main, where),
        *_whose(page, main, where),
    )


def _equal(page: Seen, main: CaseMix, where: str) -> Iterator[str | Cell]:
    """Yield that clinics within the limits are not equal, where they differ or are too few to tell."""
    if not known(main.p_value) or not (main.p_value < SIGNIFICANT or main.n_clinics < FEW_CLINICS):
        return
    tested = page.number("p_words", {"p_value": main.p_value}, at(where, "p_value", ALL))
    if main.p_value < SIGNIFICANT:
        yield " Clinics differ more than chance alone explains ("
        yield tested
        yield "), and the limits allow for that: within the limits does not mean equal."
    else:
        yield " With so few clinics, the numbers cannot show whether they differ more than chance alone explains ("
        yield tested
        yield "): within the limits does not mean equal."


def _named_clinics(page: Seen, outcome: str, rows: Sequence[Record]) -> Prose:
    """Name clinics with what they reached, their limits and their numbers."""
    decimals = page.decimals(outcome)
    named: list[Text] = []
    for one in rows[:MOST]:
        unit = str(one["clinic"])
        limits = {"conf_low": one["low_99.8"], "conf_high": one["high_99.8"]}
        named.append(
            prose(
                f"{unit}, ",
                page.number(
                    "estimate", {"estimate": one["adjusted"]}, at(f"change {outcome}", "adjusted", unit), decimals
                ),
                " (limits ",
                page.number("limits", limits, at(f"change {outcome}", "limits", unit), decimals),
                ", n = ",
                page.number("count", {"n": one["n"]}, at(f"change {outcome}", "n", unit)),
                ")",
            )
        )
    if len(rows) > MOST:
        named.append(prose(counted(len(rows) - MOST, f"change {outcome}", "clinics not named"), " more"))
    return in_sentence(named)


def _whose(page: Seen, main: CaseMix, where: str) -> Iterator[str | Cell]:
    """Yield what share of the variation is between clinics and, if the model has therapists, between therapists."""
    shares = {str(one["level"]): one["share"] for one in records(main.variances)}
    if not all(map(known, shares.values())) or "clinic" not in shares:
        return
    yield " Of the differences in improvement that case mix does not explain, "
    yield page.number("share", {"share": shares["clinic"]}, at(where, "share of variance", "clinic"))
    if "therapist" not in shares:
        yield " are between clinics; the rest are between patients."
        return
    yield " are between clinics and "
    yield page.number("share", {"share": shares["therapist"]}, at(where, "share of variance", "therapist"))
    yield " between therapists; the rest are between patients of the same therapist."


def change_sentence(page: Seen) -> Text | None:
    """Say which charts show an improvement or a concern in the last period."""
    charts = shown_charts(page)
    if not charts:
        return None
    last = max(str(last_point(one)["period"]) for one in charts)
    kinds = {"concern": "Concern", "improvement": "Improvement", "neutral": "Change without a direction"}
    kinds |= {RUN_SIGNAL: "Shift or trend about the median"}
    groups = {kind: [one for one in charts if one.variation.startswith(kind)] for kind in kinds}
    parts = [prose(f" {kinds[kind]}: ", _named_charts(page, found), ".") for kind, found in groups.items() if found]
    few = sum(one.variation == FEW_POINTS for one in charts)
    if few == len(charts):
        return "Every chart over time has too few points for limits, so that none can show a change."
    short = counted(few, "over time", "charts of few points")
    have = "has" if few == 1 else "have"
    parts += [prose(" ", short, f" {have} too few points for limits.")] if few else []
    n_signals = sum(map(len, groups.values()))
    signals = counted(n_signals, "over time", "charts with a signal")
    return prose(
        f"At the last point of each chart ({last} at the latest), ",
        signals,
        " of ",
        counted(len(charts), "over time", "charts"),
        f" charts {'shows' if n_signals == 1 else 'show'} a change that chance alone does not explain.",
        *parts,
    )


def _named_charts(page: Seen, charts: Sequence[Series]) -> Prose:
    """Name charts with their last value, its limits and its numbers."""
    named: list[Text] = []
    for one in charts[:MOST]:
        value, limits, n = last_cells(page, one)
        whose = "in all clinics" if one.clinic == ALL else f"in {one.clinic}"
        start = f"{series_label(one).lower()} {whose}, "
        named.append(prose(start, value, limits_and_n(limits, n), why_signal(one)))
    if len(charts) > MOST:
        named.append(prose(counted(len(charts) - MOST, "over time", "charts not named"), " more"))
    return joined("; ", named)


def glance_table(page: Seen) -> Table:
    """Return the clinics at a glance: completeness, adjusted change, position, and what is changing."""
    plan, main = page.audit.plan, page.main
    unit = f"{plan.label('outcomes', plan.main)}, {plan.scale(plan.main).unit}"
    columns = (
        column("Eligible episodes"),
        column("Complete (95% CI)"),
        column(f"Adjusted improvement ({unit})"),
        column("99.8% limits"),
        column("Position", "left"),
        column("Changing in the last period", "left"),
    )
    adjusted = {str(one["clinic"]): one for one in records(main.clinics)} if main and not main.without else {}
    rows = [_glance(page, one, adjusted.get(str(one["clinic"]), {})) for one in records(page.counts("clinic"))]
    notes = [Footnote("Complete: discharge questionnaires completed in time, of those due.")]
    if page.note and page.audit.series and not _every_chart(page):
        notes.append(Footnote("Changing in the last period: as far as charts of the clinic are shown."))
    return page.noted(
        Table(
            "clinics-at-a-glance",
            "The clinics at a glance",
            "Clinic",
            columns,
            (RowGroup("", tuple(rows)),),
            tuple(notes),
        )
    )


def _glance(page: Seen, one: Record, adjusted: Record) -> Row:
    unit, outcome = str(one["clinic"]), page.audit.plan.main
    decimals, where = page.decimals(outcome), f"change {outcome}"
    limits = {"conf_low": adjusted.get("low_99.8"), "conf_high": adjusted.get("high_99.8")}
    return row(
        unit,
        page.number("count", {"n": one["eligible"]}, at("completeness", "eligible", unit)),
        page.number("share_interval", share_values(one["of_done"], one["of"]), at("completeness", "complete", unit)),
        page.number("estimate", {"estimate": adjusted.get("adjusted")}, at(where, "adjusted", unit), decimals),
        page.number("limits", limits, at(where, "limits", unit), decimals),
        page.word(place_words(adjusted)),
        _changing(page, unit),
        strong=adjusted.get("position") in ("low", "high"),
    )


def _changing(page: Seen, unit: str) -> Cell:
    """Return the signals of a clinic's charts, in words; without any, how many of the charts are shown."""
    charts = [one for one in page.audit.series if one.clinic == unit and one.variation in VARIATIONS]
    signals = [(one.variation.split("_")[0], series_label(one, short=True)) for one in charts]
    parts = []
    for kind in ("concern", "improvement"):
        names = [name for what, name in signals if what == kind]
        parts += [f"{kind.capitalize()}: {', '.join(names)}"] if names else []
    runs = [series_label(one, short=True) for one in charts if one.variation == RUN_SIGNAL]
    parts += [f"Shift or trend: {', '.join(runs)}"] if runs else []
    if parts or not charts:
        return page.word("; ".join(parts))
    few = all(one.variation == FEW_POINTS for one in charts)
    return Cell(VARIATIONS[FEW_POINTS] if few else "No signal")


def _every_chart(page: Seen) -> bool:
    """Say whether each measure has a chart of each clinic."""
    charts = {(one.measure, one.clinic) for one in page.audit.series}
    return all((one.measure, clinic) in charts for one in page.audit.series for clinic in page.clinics)


def _cautions(page: Seen) -> Iterator[Text]:
    """Yield what a reader has to know before anything is concluded."""
    counts, main = page.all_counts(), page.main
    if known(counts["of_done"]) and counts["of_done"] < counts["of"]:
        missing = {"share": 1 - counts["of_done"] / counts["of"]}
        shown = page.number("share", missing, at("completeness", "missing", ALL))
        yield prose("The outcome is missing for ", shown, " of the episodes that were due.")
    if text := page.why("discharge_date"):
        yield text
    if main is None or main.without:
        yield page.reason(main.without, TOO_FEW) if main else "No change is adjusted for case mix."
    else:
        small = int((main.clinics["n"].astype(float) < FEW).sum())
        if small:
            have = "clinic has" if small == 1 else "clinics have"
            shown = counted(small, "case mix", f"clinics below {FEW} episodes")
            yield prose(
                shown, f" {have} fewer than {FEW} episodes with an outcome; being within the limits says little."
            )
        yield "A clinic outside the limits is a reason to look closer, not a verdict."
    if why := page.reason(page.audit.completeness.without, NO_WEIGHTS):
        yield why


def certificate_text(page: Seen) -> Text:
    """Say how it was tried to find hidden counts, and what was found."""
    proof = page.certificate
    if proof is None:
        return ""
    return prose(
        "All tables together have ",
        counted(proof.n_cells, "certificate", "counts"),
        " different counts, of which ",
        counted(proof.n_hidden, "certificate", "hidden"),
        " are hidden. A program tried to work them out from everything that is published: it could trace none to fewer "
        "than ",
        counted(proof.k, "certificate", "k"),
        f" people. {page.note}",
    )
