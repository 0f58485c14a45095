"""Letters: one page for each clinic and each therapist, with their own numbers next to those of all."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass, field

from coxa.clinics.audit import Audit, Rates, Shares
from coxa.clinics.measures.few_points import FEW_POINTS, RUN_NONE
from coxa.clinics.page.intervals import share_values
from coxa.clinics.page.place import place_figure
from coxa.clinics.page.points import last_cells, last_point, limits_and_n, why_signal
from coxa.clinics.page.rare import own_blocks
from coxa.clinics.page.seen import ALL, Published, Seen, at, column, known, row, seen
from coxa.clinics.page.words import VARIATIONS, rate_label, reached, series_label
from coxa.report.document import Block, Document, FigureBlock, Paragraph, Section, TableBlock
from coxa.report.transform.sharing.rounding import as_printed
from coxa.report.transform.styled import in_style
from coxa.sentences import mid_sentence
from coxa.tables.cells import Cell
from coxa.tables.prose import Text, prose
from coxa.tables.records import Record, records
from coxa.tables.table import Footnote, Row, RowGroup, Table, identifier


@dataclass(frozen=True, slots=True)
class Pair(Seen):
    """An audit for the eyes of one clinic or therapist, with what is published of all clinics together.

    every : the numbers of all clinics that the page shows
    """

    every: Seen = field(kw_only=True)

    @classmethod
    def of(cls, own: Seen, every: Seen) -> Pair:
        """Return an audit with what is published of it."""
        return cls(own.audit, own.certificate, own.note, own.findings, every=every)

    def mean_of_all(self) -> Cell:
        """Return the mean improvement of all clinics, as the page shows it."""
        main, plan = self.every.main, self.audit.plan
        place = at(f"change {plan.main}", "mean", ALL)
        return self.every.number(
            "estimate", {"estimate": main.target if main else None}, place, self.decimals(plan.main)
        )


SMALL = 30
"""Episodes below which a letter says that they say little."""


def letters(given: Published | Audit, published: Published | None = None) -> dict[str, Document]:
    """Return a letter for each clinic and each therapist, by a name for its file.

    Parameters
    ----------
    given
        The audit with every number, or what is published of it.
    published
        What is published of the audit: of all clinics together a letter has the numbers that are there, and no other,
        as several letters laid side by side would give away what the page hides. Unless given, `given` itself.

    Returns
    -------
    dict of Document
        Each has the numbers of its own clinic or therapist and of all together, and none of another.

    Examples
    --------
    >>> sorted(letters(audit))  # doctest: +SKIP
    ['clinic-harbour', 'therapist-harbour-t01']
    """
    page = Pair.of(seen(given), seen(published or given))
    made: dict[str, Document] = {}
    for one in records(page.counts("clinic")):
        clinic = str(one["clinic"])
        made[_name(made, "clinic", clinic)] = _letter(page, clinic, _clinic(page, one))
    for one in records(page.counts("clinic", "therapist")):
        clinic, therapist = str(one["clinic"]), str(one["therapist"])
        made[_name(made, "therapist", clinic, therapist)] = _letter(
            page, f"{therapist}, {clinic}", _therapist(page, one)
        )
    return made


def _name(there: dict[str, Document], *words: str) -> str:
    """Return a name for a file that no other letter has."""
    name, number = identifier(*words), 2
    while name in there:
        name, number = f"{identifier(*words)}-{number}", number + 1
    return name


def _letter(page: Pair, whose: str, blocks: Iterator[Block]) -> Document:
    facts = (("Audit", page.audit.plan.audit), ("Data cut", page.audit.data_cut.isoformat()))
    section = Section("letter", f"Your numbers: {whose}", tuple(blocks), part="answer")
    document = Document(page.audit.plan.title, f"Letter to {whose}", facts, (section,), length="brief")
    styled = in_style(document, page.audit.plan.style)
    return as_printed(styled) if page.note else styled


def _clinic(page: Pair, counts: Record) -> Iterator[Block]:
    """Yield the letter of a clinic."""
    unit = str(counts["clinic"])
    yield Paragraph("This letter is for your own eyes. It shows your numbers next to those of all clinics together.")
    main = page.main
    adjusted = _of_unit(records(main.clinics), clinic=unit) if main and not main.without else None
    yield Paragraph(_complete(page, counts, unit), "lead")
    if adjusted:
        yield Paragraph(_place(page, adjusted, unit, "clinic"), "lead")
        yield from _drawn(page, adjusted)
    yield Paragraph(_changing(page, unit), "lead")
    yield TableBlock(_table(page, unit, counts, adjusted, (*_shares(page, unit), *_rates(page, unit))))
    yield from own_blocks(page, unit)
    yield from _cannot(page, adjusted, unit)


def _therapist(page: Pair, counts: Record) -> Iterator[Block]:
    """Yield the letter of a therapist."""
    clinic, therapist = str(counts["clinic"]), str(counts["therapist"])
    unit, main = f"{clinic} {therapist}", page.main
    yield Paragraph(
        "This letter is for your own eyes. It shows the numbers of your patients next to those of all clinics "
        "together. It is meant to start a conversation; it is no assessment of a person."
    )
    rows = records(main.therapists) if main and not main.without else []
    adjusted = _of_unit(rows, clinic=clinic, therapist=therapist)
    yield Paragraph(_complete(page, counts, unit), "lead")
    if adjusted:
        yield Paragraph(_place(page, adjusted, unit, "therapist"), "lead")
        yield from _drawn(page, adjusted)
    yield TableBlock(_table(page, unit, counts, adjusted, ()))
    yield from _cannot(page, adjusted, unit)


def _of_unit(rows: list[Record], **names: str) -> Record | None:
    return next((one for one in rows if all(str(one[key]) == name for key, name in names.items())), None)


def _complete(page: Pair, counts: Record, unit: str) -> Text:
    """Say how many of the own questionnaires are there, next to all."""
    every = page.every.all_counts()
    return prose(
        "Of ",
        page.number("count", {"n": counts["of"]}, at("completeness", "of", unit)),
        " discharge questionnaires of your patients that were due, ",
        page.number("count", {"n": counts["of_done"]}, at("completeness", "of_done", unit)),
        " were completed in time: ",
        page.number(
            "share_interval", share_values(counts["of_done"], counts["of"]), at("completeness", "complete", unit)
        ),
        "; in all clinics ",
        page.every.number(
            "share",
            {"share": every["of_done"] / every["of"] if every["of"] > 0 else None},
            at("completeness", "complete", ALL),
        ),
        ". The brackets hold the 95% confidence interval.",
    )


def _place(page: Pair, one: Record, unit: str, kind: str) -> Text:
    """Say the adjusted improvement, its limits, and what its position means."""
    plan, main = page.audit.plan, page.main
    assert main is not None
    outcome, where, decimals = plan.main, f"change {plan.main}", page.decimals(plan.main)
    return prose(
        f"Adjusted for case mix, {mid_sentence(plan.label('outcomes', outcome))} of your patients improved by ",
        page.number("estimate", {"estimate": one["adjusted"]}, at(where, "adjusted", unit), decimals),
        f" {plan.scale(outcome).unit} (n = ",
        page.number("count", {"n": one["n"]}, at(where, "n", unit)),
        "); in all clinics by ",
        page.mean_of_all(),
        ". The 99.8% limits are ",
        page.number(
            "limits", {"conf_low": one["low_99.8"], "conf_high": one["high_99.8"]}, at(where, "limits", unit), decimals
        ),
        ". ",
        Cell(_meaning(one, main.target, kind)),
    )


def _meaning(one: Record, mean: float, kind: str) -> str:
    """Say what a position means; one within the limits is not told to be like the others where it may not be."""
    others = f"chance and the usual differences between {kind}s"
    match one["position"]:
        case "low" | "high":
            way = "lower" if one["position"] == "low" else "higher"
            return f"That is {way} than {others} explain."
        case "within":
            if side := _side(one, mean):
                return f"That is within the 99.8% limits, but probably {side} than the mean of all. Look closer."
            return f"That is within what {others} explain; it does not mean that it equals the others."
    return "The position is not shown."


def _side(one: Record, mean: float) -> str:
    """Return on which side of the mean a unit probably is: outside the 95% limits, or by its best guess."""
    narrow = str(one.get("position_95", ""))
    if narrow == "low" or one["shrunken_high"] < mean:
        return "lower"
    return "higher" if narrow == "high" or one["shrunken_low"] > mean else ""


def _drawn(page: Pair, one: Record) -> Iterator[Block]:
    """Yield the drawing of the own place, where it can be shown."""
    main = page.every.main
    if main and known(main.target) and (figure := place_figure(page, page.audit.plan.main, one, main.target)):
        yield FigureBlock(figure)


def _changing(page: Pair, unit: str) -> Text:
    """Say which charts of a clinic show a signal in the last period."""
    charts = [one for one in page.audit.series if one.clinic == unit and one.variation in VARIATIONS and len(one.frame)]
    charts = [one for one in charts if one.variation != FEW_POINTS]
    signals = [one for one in charts if one.variation not in ("common_cause", RUN_NONE)]
    if not charts:
        return "There are too few periods for charts over time."
    if not signals:
        return "No chart of your clinic shows a change that chance alone does not explain."
    parts = []
    for one in signals:
        value, limits, n = last_cells(page, one)
        label, period = series_label(one), last_point(one)["period"]
        shown = f" {label}: {VARIATIONS[one.variation].lower()}, "
        parts.append(prose(shown, value, f" in {period}", limits_and_n(limits, n), why_signal(one), "."))
    return prose("Changed by more than chance alone explains:", *parts)


def _table(page: Pair, unit: str, counts: Record, adjusted: Record | None, more: tuple[Row, ...]) -> Table:
    """Return the own numbers next to those of all clinics."""
    every, plan = page.every.all_counts(), page.audit.plan

    def count(label: str, term: str) -> Row:
        cells = (
            whose.number("count", {"n": one[term]}, at("completeness", term, name))
            for whose, one, name in ((page, counts, unit), (page.every, every, ALL))
        )
        return row(label, *cells)

    rows = [
        count("Eligible episodes", "eligible"),
        count("Intake questionnaires", "intake"),
        count("Discharge questionnaires due", "of"),
    ]
    rows.append(count("Completed in time", "of_done"))
    if adjusted:
        rows += _means(page, unit, adjusted)
    title = (
        f"Your numbers and those of all clinics ({plan.label('outcomes', plan.main)} in {plan.scale(plan.main).unit})"
    )
    columns = (column("Yours"), column("All clinics"))
    note = Footnote(
        "Best guess: your improvement pulled towards the mean of all, the more the fewer patients you have."
    )
    table = Table("own-numbers", title, "Number", columns, (RowGroup("", (*rows, *more)),), (note,) if adjusted else ())
    return page.noted(table)


def _means(page: Pair, unit: str, one: Record) -> Iterator[Row]:
    where, decimals = f"change {page.audit.plan.main}", page.decimals(page.audit.plan.main)

    def mean(term: str) -> Cell:
        return page.number("estimate", {"estimate": one[term]}, at(where, term, unit), decimals)

    of_all, every = page.mean_of_all(), page.every.main
    n_all = every.n if every and not every.without else None
    n = page.number("count", {"n": one["n"]}, at(where, "n", unit))
    yield row(
        "Episodes with an outcome",
        n,
        page.every.number("count", {"n": n_all}, at(where, "n", ALL)),
    )
    yield row("Observed improvement", mean("change"), of_all)
    yield row("Expected for your case mix", mean("expected"), Cell("\N{EN DASH}"))
    shrunken = {"estimate": one["shrunken"], "conf_low": one["shrunken_low"], "conf_high": one["shrunken_high"]}
    yield row(
        "Best guess (95% CI)", page.number("estimate_interval", shrunken, at(where, "shrunken", unit), decimals), of_all
    )


def _shares(page: Pair, unit: str) -> Iterator[Row]:
    """Yield who reaches something, of the clinic and of all."""
    published = {(one.outcome, one.kind): one for one in page.every.audit.shares}
    for one in page.audit.shares:
        where, own = f"{one.kind} {one.outcome}", _of_unit(records(one.clinics), clinic=unit)
        if own:
            every = _every(published.get((one.outcome, one.kind)))
            yield _pair(page, reached(page.audit.plan, one), where, unit, (own["events"], own["n"]), every)


def _rates(page: Pair, unit: str) -> Iterator[Row]:
    """Yield attendance and standards, of the clinic and of all."""
    published = {one.name: one for one in page.every.audit.rates}
    for one in page.audit.rates:
        own = _of_unit(records(one.clinics), clinic=unit)
        if own:
            label, every = rate_label(page.audit.plan, one.name), _every(published.get(one.name))
            yield _pair(page, label, f"rate {one.name}", unit, (own["events"], own["n"]), every)


def _every(one: Shares | Rates | None) -> tuple[float, float]:
    """Return events and people of all clinics, as the page shows them; NaN where it does not."""
    if one is None:
        return math.nan, math.nan
    return one.events, one.n


def _pair(page: Pair, label: str, where: str, unit: str, own: tuple[float, float], every: tuple[float, float]) -> Row:
    cells = (
        whose.number("share_interval", share_values(*counts), at(where, "share", name))
        for whose, counts, name in ((page, own, unit), (page.every, every, ALL))
    )
    return row(f"{label} (95% CI)", *cells)


def _cannot(page: Pair, adjusted: Record | None, unit: str) -> Iterator[Block]:
    """Yield what these numbers cannot say."""
    plan = page.audit.plan
    where, decimals = f"change {plan.main}", page.decimals(plan.main)
    if adjusted and known(adjusted["smallest"]):
        smallest = page.number("estimate", {"estimate": adjusted["smallest"]}, at(where, "smallest", unit), decimals)
        few = known(adjusted["n"]) and adjusted["n"] < SMALL
        start = "You have few patients with an outcome. " if few else ""
        yield Paragraph(
            prose(
                f"{start}Your numbers could show a difference from the others of ",
                smallest,
                f" {plan.scale(plan.main).unit} or more in 80 of 100 cases; a smaller one would mostly go unseen. "
                "Not being outside the limits is no proof of being like the others.",
            )
        )
    yield Paragraph(
        "Patients without a discharge questionnaire are not in the improvement. What was not recorded at intake is not "
        "adjusted for."
    )
