"""What the trials so far mean for the next one: probabilities of its effect, and the assurance of its size."""

from __future__ import annotations

import math

from coxa.meta.predicted import NextTrial, assurance, success_power
from coxa.meta.review.run import Review
from coxa.meta.shown.written import Written, at, column, number
from coxa.report.document import Block, Paragraph, Section, TableBlock
from coxa.tables.formats import cell
from coxa.tables.prose import Prose, prose
from coxa.tables.table import Footnote, Row, RowGroup, Table

SIZES = (25, 50, 100, 150, 200, 300, 500)
"""Participants per arm of the trials that are tried."""


def next_trial_section(review: Review) -> Section | None:
    """Return the prior of a next trial and, of standardised differences, its assurance; None without one."""
    prior = review.main.next_trial
    if prior is None or review.plan.outcome.measure == "mean":
        return None
    blocks: list[Block] = [Paragraph(_benefit(review, prior))]
    if review.plan.outcome.measure == "smd":
        blocks.append(TableBlock(_assurance_table(review, prior)))
    if review.plan.outcome.measure in ("md", "smd"):
        blocks.append(Paragraph(
            f"As a prior for a trial: `coxa power study.yaml --assurance next_trial.json` (mean "
            f"{prior.centre:.3g}, standard deviation {_spread(prior):.3g}), in the unit and direction of the plan."
        ))  # fmt: skip
    return Section("next-trial", "The next trial", tuple(blocks), part="supplement")


def prior_record(review: Review) -> dict[str, object] | None:
    """Return the prior as plain data, for `coxa power --assurance` and for others; None where there is none."""
    prior = review.main.next_trial
    if prior is None:
        return None
    return {
        "pool": review.plan.pool,
        "outcome": review.plan.outcome.label,
        "measure": review.plan.outcome.measure,
        "higher_is_better": review.plan.outcome.higher_is_better,
        "scale": "logarithm" if Written(review.plan).is_ratio else "as shown",
        "distribution": "normal" if math.isinf(prior.df) else "t",
        "centre": prior.centre,
        "scale_of_distribution": prior.scale,
        "df": None if math.isinf(prior.df) else prior.df,
        "mean": prior.centre,
        "sd": _spread(prior),
    }


def _spread(prior: NextTrial) -> float:
    """Return the standard deviation of the prior; of a t with 2 df or fewer, which has none, that with 2.5."""
    if math.isinf(prior.df):
        return prior.scale
    df = max(prior.df, 2.5)
    return prior.scale * math.sqrt(df / (df - 2))


def _benefit(review: Review, prior: NextTrial) -> Prose:
    written, lower = Written(review.plan), not review.plan.outcome.higher_is_better
    some = prior.below(0.0) if lower else 1 - prior.below(0.0)
    start = ("If a next trial is like these, its true effect is a benefit with probability ",
             number("share", "share", some, "next trial", "benefit"))  # fmt: skip
    important = review.plan.outcome.important
    if important is None:
        return prose(*start, ".")
    matters = math.log(important.value) if written.is_ratio else important.value / written.factor
    large = prior.below(-matters) if lower else 1 - prior.below(matters)
    shown = cell("estimate", {"estimate": important.value}, at("next trial", "important"), written.decimals)
    return prose(*start, ", and one of ", shown, " or more with probability ",
                 number("share", "share", large, "next trial", "important benefit"), ".")  # fmt: skip


def _assurance_table(review: Review, prior: NextTrial) -> Table:
    lower = not review.plan.outcome.higher_is_better
    rows = []
    for n in SIZES:
        power = success_power(math.sqrt(2 / n), lower_is_better=lower)
        cells = (
            number("share", "share", power(prior.centre), "next trial", f"power {n}"),
            number("share", "share", assurance(prior, power), "next trial", f"assurance {n}"),
        )
        rows.append(Row(str(n), cells))
    columns = (column("Power at the pooled effect"), column("Assurance"))
    note = Footnote(
        "Two arms of equal size, two-sided 5% level, success only in the direction of benefit; standardised outcome "
        "without adjustment for its baseline, which would need fewer. Assurance is the probability of success averaged "
        "over the effects that a next trial may have."
    )
    title = "Probability that a next trial shows a benefit, by participants with an outcome in each arm"
    return Table("assurance", title, "n per arm", columns, (RowGroup("", tuple(rows)),), (note,))
