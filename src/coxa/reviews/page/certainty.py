"""What a summary of findings by GRADE needs: the numbers; the judgements are left to people."""

from __future__ import annotations

import math
from collections.abc import Iterator

from coxa.meta.review.run import Review
from coxa.meta.shown.written import Written, column
from coxa.report.document import Paragraph, Section, TableBlock
from coxa.tables.cells import Cell
from coxa.tables.prose import joined
from coxa.tables.table import Row, RowGroup, Table

OPEN = "(to be judged)"
ENOUGH = 400
"""Participants below which GRADE asks about imprecision of a measured outcome, as a rule of thumb."""

LEAD = (
    "GRADE starts at high certainty for randomised trials and goes down for each serious concern. The numbers are "
    "here; "
    "the judgements are yours, with a reason for each."
)


def certainty_section(review: Review) -> Section:
    """Return the domains of GRADE: what the numbers say, what to consider, and an empty place for the judgement."""
    rows = tuple(
        Row(domain, (Cell(numbers), Cell(consider), Cell(OPEN))) for domain, numbers, consider in _domains(review)
    )
    columns = (column("What the numbers say", "left"), column("What to consider", "left"), column("Judgement", "left"))
    title = f"Certainty of the evidence (GRADE): {review.plan.outcome.label.lower()}"
    table = Table("grade", title, "Domain", columns, (RowGroup("", rows),))
    return Section("certainty", "Certainty of the evidence", (Paragraph(LEAD), TableBlock(table, stacked=True)))


def _domains(review: Review) -> Iterator[tuple[str, str, str]]:
    main, written = review.main, Written(review.plan)
    judged = review.plan.process.risk_of_bias
    yield (
        "Risk of bias",
        judged or "Not in the plan (`process: risk_of_bias`).",
        "Participants know their treatment in trials of exercise, and report pain themselves; allocation, dropout, "
        "selective reporting.",
    )
    level, pooled = written.level, main.pooled
    between = "one trial" if main.trials == 1 else (
        f"I\N{SUPERSCRIPT TWO} {100 * pooled.i2:.0f}%; {_prediction(review, written)}"
    )  # fmt: skip
    yield (
        "Inconsistency",
        f"{between}.",
        "Whether intervals overlap, and whether subgroups or doses explain differences.",
    )
    contexts = sorted({one.context for one in review.effects if one.context})
    yield (
        "Indirectness",
        f"{len(contexts)} descriptions of context in the table of trials." if contexts else "No context in the plan.",
        "Whether population, exercise, comparator, outcome and time are those of the question.",
    )
    sizes = [(one.compared.n, one.reference.n) for one in review.effects]
    known = [size for size in sizes if all(size)]
    told = str(_participants(review)) if known else "unknown"
    few = f" (below {ENOUGH})" if known and _participants(review) < ENOUGH else ""
    some = "" if len(known) == len(sizes) else f", of {len(known)} of {len(sizes)} comparisons"
    shown = written.interval(main.estimate, main.limits, "effect").text
    yield (
        "Imprecision",
        f"{shown} ({level} CI); participants: {told}{some}{few}.",
        "Whether both ends of the interval would lead to the same decision.",
    )
    egger = "asymmetry not tested (too few trials)" if review.egger is None else f"Egger p = {review.egger.p_value:.3f}"
    filled = "" if review.filled is None else f"; trim and fill adds {review.filled.k0}"
    yield (
        "Publication bias",
        f"{main.trials} trials; {egger}{filled}.",
        "Whether registers have trials without results, and who paid.",
    )
    yield (
        "Overall",
        str(joined("", [f"{main.trials} trials, ", shown])),
        "High, moderate, low or very low, with reasons.",
    )


def _prediction(review: Review, written: Written) -> str:
    if math.isnan(review.main.prediction[0]):
        return "no prediction interval"
    return f"prediction interval {written.limits(review.main.prediction, 'prediction').text}"


def _participants(review: Review) -> int:
    """Return participants of all trials; a reference that comparisons share is counted once."""
    references = {one.trial: one.reference.n or 0 for one in review.effects}
    return sum(one.compared.n or 0 for one in review.effects) + sum(references.values())
