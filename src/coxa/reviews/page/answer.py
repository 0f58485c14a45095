"""Page one: what the trials together say, how sure that is, and the forest plot."""

from __future__ import annotations

import math
from collections.abc import Iterator

from coxa.meta.review.run import Review
from coxa.meta.shown.forest import plot_forest_of_trials
from coxa.meta.shown.written import Written, at, df_words, number
from coxa.report.document import Card, FigureBlock, Paragraph, Section
from coxa.sentences import mid_sentence
from coxa.tables.formats import cell, counted
from coxa.tables.prose import Prose, prose

FEW = 5
"""Trials below which the variance between trials is hardly known."""


def answer_section(review: Review) -> Section:
    """Return a few sentences, the forest plot, and the question."""
    leads = (effect_sentence(review), next_sentence(review), heterogeneity_sentence(review), important_sentence(review))
    blocks = [Paragraph(text, "lead", found=True) for text in leads if text is not None]
    cautions = list(_cautions(review))
    if cautions:
        blocks.append(Paragraph("Caution: " + " ".join(cautions), "warning", found=True))
    question = review.plan.question
    facts = [] if question is None else [
        ("For whom?", question.population), ("What?", question.intervention), ("Against what?", question.comparator),
        *([("When?", question.time)] if question.time else []),
    ]  # fmt: skip
    card = (Card("", tuple(facts)),) if facts else ()
    forest = FigureBlock(plot_forest_of_trials(review, title=f"{review.plan.outcome.label}: {_measured(review)}"))
    return Section("answer", "The answer", (*blocks, forest, *card), part="answer")


def _measured(review: Review) -> str:
    written = Written(review.plan)
    arms = review.plan.arms
    compared = (
        "" if review.plan.outcome.measure == "mean" else f", {mid_sentence(arms[0])} against {mid_sentence(arms[1])}"
    )
    return f"{written.measure}{compared}"


def effect_sentence(review: Review) -> Prose:
    """Say the pooled effect, with its interval, and in whose favour it is."""
    plan, main, written = review.plan, review.main, Written(review.plan)
    outcome, (compared, reference) = plan.outcome, plan.arms
    shown = written.interval(main.estimate, main.limits, "effect")
    trials = counted(main.trials, "pooled", "trials")
    noun = " trial" if main.trials == 1 else " trials"
    more = (
        ()
        if main.comparisons == main.trials
        else (" with ", counted(main.comparisons, "pooled", "comparisons"), " comparisons")
    )
    behind: tuple[object, ...] = (" in ", trials, noun, *more)
    numbers = (f": {written.measure} ", shown, f" with its {written.level} confidence interval")
    p = (", ", cell("p_words", {"p_value": main.p_value}, at("pooled", "effect")), ".")
    if outcome.measure == "mean":
        return prose(f"{outcome.label}", *behind, *numbers, ".")  # type: ignore[arg-type]
    low, high = main.limits
    if low > 0 or high < 0:
        side = "better" if written.is_benefit(main.estimate) else "worse"
        start = f"{outcome.label} was {side} with {mid_sentence(compared)} than with {mid_sentence(reference)}"
    else:
        start = (
            f"Whether {mid_sentence(outcome.label)} is better with {mid_sentence(compared)} or with "
            f"{mid_sentence(reference)} is not known"
        )
    return prose(start, *behind, *numbers, *p)  # type: ignore[arg-type]


def next_sentence(review: Review) -> Prose | None:
    """Say where the effect of a next trial lies."""
    main, written = review.main, Written(review.plan)
    low, high = main.prediction
    if math.isnan(low):
        return None
    interval = written.limits((low, high), "prediction")
    said = ", a benefit or none." if low < 0 < high else "."
    return prose(
        f"The {written.level} prediction interval of the true effect in a next trial like these is ", interval,
        f" ({df_words(main.prediction_df)})", said,
    )  # fmt: skip


def heterogeneity_sentence(review: Review) -> Prose | None:
    """Say whether the trials differ more than chance explains, and how little few trials tell of that."""
    main, pooled = review.main, review.main.pooled
    if main.trials == 1:
        return None
    i2 = number("share", "share", pooled.i2, "pooled", "I2")
    q = cell("p_words", {"p_value": pooled.q_p_value}, at("pooled", "Q"))
    differ = (
        "The trials differ no more than chance explains" if main.tau2 == 0 else "The true effects of the trials differ"
    )
    few = ", which so few trials hardly tell" if main.trials <= FEW else ""
    return prose(f"{differ} (I\N{SUPERSCRIPT TWO} ", i2, "; test of heterogeneity, ", q, f"){few}.")


def important_sentence(review: Review) -> Prose | None:
    """Say how the effect compares with the smallest that matters."""
    important, main, written = review.plan.outcome.important, review.main, Written(review.plan)
    if important is None:
        return None
    matters = math.log(important.value) if written.is_ratio else important.value / written.factor
    sign = 1.0 if review.plan.outcome.higher_is_better else -1.0
    best, worst = sorted((sign * main.limits[0], sign * main.limits[1]), reverse=True)
    said = (
        "the whole interval is beyond it" if worst >= matters
        else "the interval has effects below and above it" if best >= matters
        else "the whole interval is below it"
    )  # fmt: skip
    shown = cell("estimate", {"estimate": important.value}, at("pooled", "important"), written.decimals)
    return prose("The smallest effect that matters is ", shown, f" ({important.source}); {said}.")


def _cautions(review: Review) -> Iterator[str]:
    plan = review.plan
    if review.main.trials < FEW:
        yield f"There are {review.main.trials} trials; intervals and heterogeneity depend on each of them."
    if plan.process.search is None:
        yield "No search of the literature is described, so that these are the trials at hand and not all there are."
    if plan.process.risk_of_bias is None:
        yield "Risk of bias is not judged."
    if review.left_out:
        labels = ", ".join(one.label for one in review.left_out)
        yield f"Without an effect, and not pooled: {labels}."
