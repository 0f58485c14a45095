"""The sections after page one: trials, how they differ, other ways to pool, small trials, methods."""

from __future__ import annotations

import math
from collections.abc import Iterator

from coxa.meta.pooled import PooledEffect
from coxa.meta.review.answer import Answer
from coxa.meta.review.run import Review
from coxa.meta.shown.charts import baujat_figure, funnel_figure
from coxa.meta.shown.tables import trials_table
from coxa.meta.shown.written import METHOD_WORDS, TEST_WORDS, Written, at, column, count, df_words, number
from coxa.report.document import Block, FigureBlock, List, Paragraph, Section, TableBlock
from coxa.tables.cells import Cell
from coxa.tables.formats import NONE, cell
from coxa.tables.prose import prose
from coxa.tables.table import Footnote, Row, RowGroup, Table, identifier

TAU2 = "\N{GREEK SMALL LETTER TAU}\N{SUPERSCRIPT TWO}"
I2 = "I\N{SUPERSCRIPT TWO}"
DASH = Cell(NONE)


def trials_section(review: Review) -> Section:
    """Return the trials with their numbers, sources and context; and those that are not pooled."""
    blocks: list[Block] = [TableBlock(trials_table(review), stacked=True)]
    if review.plan.excluded:
        rows = tuple(Row(one.label, (Cell(one.reason),)) for one in review.plan.excluded.values())
        columns = (column("Reason", "left"),)
        blocks.append(
            TableBlock(Table("excluded", "Trials that are not pooled", "Trial", columns, (RowGroup("", rows),)))
        )
    return Section("trials", "The trials", tuple(blocks))


def heterogeneity_section(review: Review) -> Section:
    """Return the variance between trials in every form, subgroups and meta-regression."""
    blocks: list[Block] = [TableBlock(_heterogeneity_table(review))]
    blocks += [TableBlock(_subgroup_table(review, name)) for name in review.subgroups]
    if review.moderators is not None:
        blocks.append(TableBlock(_moderator_table(review, review.moderators)))
    blocks += [Paragraph(note, "warning") for note in review.notes if note.startswith("Meta-regression")]
    return Section("heterogeneity", "How the trials differ", tuple(blocks))


def _heterogeneity_table(review: Review) -> Table:
    written, main, pooled = Written(review.plan), review.main, review.main.pooled
    level = written.level
    rows = [
        _fact("Trials; comparisons", Cell(f"{main.trials}; {main.comparisons}")),
        _fact(f"Variance between trials, {TAU2}", number("number", "n", main.tau2, "pooled", "tau2", 4)),
    ]
    if main.levels is not None:
        rows += [
            _fact("of trials", number("number", "n", main.levels.between, "pooled", "tau2 between", 4), 1),
            _fact(
                "of comparisons within a trial",
                number("number", "n", main.levels.within, "pooled", "tau2 within", 4),
                1,
            ),
        ]
    low, high = pooled.tau2_interval
    values = {"conf_low": low, "conf_high": high}
    if not math.isnan(low):
        rows.append(_fact(f"{level} interval of {TAU2} (Q profile, one estimate per trial)",
                          cell("limits", values, at("pooled", "tau2 interval"), 4)))  # fmt: skip
    if pooled.q_df:
        rows += [
            _fact(f"Cochran's Q on {pooled.q_df} df", number("number", "n", pooled.q, "pooled", "Q", 2)),
            _fact("p of no heterogeneity", number("p_value", "p_value", pooled.q_p_value, "pooled", "Q")),
            _fact(I2, number("share", "share", pooled.i2, "pooled", "I2")),
            _fact("H\N{SUPERSCRIPT TWO}", number("number", "n", pooled.h2, "pooled", "H2", 2)),
        ]
    rows.append(_fact(f"Pooled effect ({df_words(main.df)})", written.interval(main.estimate, main.limits, "effect")))
    if not math.isnan(main.prediction[0]):
        rows.append(_fact(f"Prediction interval ({df_words(main.prediction_df)})",
                          written.limits(main.prediction, "prediction")))  # fmt: skip
    columns = (column("Value"),)
    return Table("heterogeneity-table", "How the trials differ", "Quantity", columns, (RowGroup("", tuple(rows)),))


def _fact(label: str, shown: Cell, level: int = 0) -> Row:
    return Row(label, (shown,), level)


def _subgroup_table(review: Review, name: str) -> Table:
    written, groups = Written(review.plan), review.subgroups[name]
    rows = []
    for level, one in zip(groups.levels, groups.pooled, strict=True):
        term = f"{name} {level}"
        (low, high) = one.conf_int[0]
        cells = (
            count(one.k, "subgroup", term), written.interval(one.estimate, (float(low), float(high)), term, "subgroup"),
            number("number", "n", one.tau2, "subgroup", f"{term} tau2", 4),
            number("share", "share", one.i2, "subgroup", term),
        )  # fmt: skip
        rows.append(Row(level, cells))
    p = number("p_value", "p_value", groups.p_value, "subgroup", name)
    note = Footnote(prose("Test of a difference between subgroups (meta-regression with one ", TAU2, "): p = ", p, "."))
    columns = (column("k"), column(f"{written.short} ({written.level} CI)"), column(TAU2), column(I2))
    title = f"Subgroups by {name.replace('_', ' ')}"
    return Table(identifier("subgroups", name), title, "Subgroup", columns, (RowGroup("", tuple(rows)),), (note,))


def _moderator_table(review: Review, fit: PooledEffect) -> Table:
    written = Written(review.plan)
    limits, rows = fit.conf_int, []
    for place, name in enumerate(fit.names):
        values = {"estimate": fit.coefficients[place], "conf_low": limits[place, 0], "conf_high": limits[place, 1]}
        shown = cell("estimate_interval", values, at("moderators", name), 3)
        p = number("p_value", "p_value", float(fit.p_values[place]), "moderators", name)
        rows.append(Row(name.replace("_", " ").capitalize(), (shown, p)))
    scale = "on the logarithm" if written.is_ratio else "per unit of the moderator"
    notes = (Footnote(f"Coefficients {scale}. k = {fit.k}; residual {TAU2} {fit.tau2:.4f}."),)
    columns = (column(f"Coefficient ({written.level} CI)"), column("p"))
    return Table("moderators", "Meta-regression", "Moderator", columns, (RowGroup("", tuple(rows)),), notes)


def sensitivity_section(review: Review) -> Section:
    """Return the answer in other ways, and without each trial; what each trial does."""
    written = Written(review.plan)
    groups = [RowGroup("", (_answer_row(written, review.main, "The answer", strong=True),))]
    if review.sensitivity:
        rows = (_answer_row(written, one, one.label) for one in review.sensitivity)
        groups.append(RowGroup("Pooled in another way", tuple(rows)))
    if review.without:
        rows = (_answer_row(written, one, f"Without {review.trial_label(one.label)}") for one in review.without)
        groups.append(RowGroup("Without one trial", tuple(rows)))
    columns = (
        column("Trials"), column(f"{written.short} ({written.level} CI)"), column("p"), column(TAU2),
        column("Prediction interval"),
    )  # fmt: skip
    table = Table("sensitivity-table", "The same question in other ways", "Analysis", columns, tuple(groups))
    blocks: list[Block] = [TableBlock(table)]
    if review.influence is not None:
        blocks += [TableBlock(_influence_table(review)), FigureBlock(baujat_figure(review))]
    return Section("sensitivity", "Other ways to pool", tuple(blocks), part="supplement")


def _answer_row(written: Written, one: Answer, label: str, *, strong: bool = False) -> Row:
    term = one.label or "effect"
    interval = (
        DASH if math.isnan(one.prediction[0]) else written.limits(one.prediction, f"{term} prediction", "sensitivity")
    )
    cells = (
        count(one.trials, "sensitivity", term), written.interval(one.estimate, one.limits, term, "sensitivity"),
        number("p_value", "p_value", one.p_value, "sensitivity", term),
        number("number", "n", one.tau2, "sensitivity", f"{term} tau2", 4), interval,
    )  # fmt: skip
    return Row(label, cells, strong=strong)


def _influence_table(review: Review) -> Table:
    assert review.influence is not None
    rows = []
    for trial, one in zip(review.trials, review.influence.to_dict("records"), strict=True):
        numbers = [number("share", "share", one["weight"], "influence", f"{trial} weight")]
        numbers += [
            number("number", "n", one[name], "influence", f"{trial} {name}", 2)
            for name in ("rstudent", "cooks_distance", "heterogeneity", "influence")
        ]
        rows.append(Row(review.trial_label(trial), tuple(numbers)))
    columns = (column("Weight"), column("Distance from the others, SE"), column("Cook's distance"),
               column("Part of Q"), column("Influence on the common effect"))  # fmt: skip
    note = Footnote("One combined estimate for each trial. A distance beyond 2 in either direction is unusual.")
    return Table("influence-table", "What each trial does", "Trial", columns, (RowGroup("", tuple(rows)),), (note,))


def small_trials_section(review: Review) -> Section | None:
    """Return the funnel plot with Egger's test and trim and fill; None of one trial."""
    if review.main.trials < 2:
        return None
    written = Written(review.plan)
    blocks: list[Block] = [FigureBlock(funnel_figure(review))]
    if review.egger is not None:
        p = cell("p_words", {"p_value": review.egger.p_value}, at("egger", "slope"))
        t = number("number", "n", review.egger.statistic, "egger", "slope", 2)
        blocks.append(
            Paragraph(prose("Egger's regression on the standard error: t = ", t, f" on {review.egger.df} df, ", p, "."))
        )
    blocks += [Paragraph(note) for note in review.notes if note.startswith("Asymmetry")]
    if review.filled is not None:
        filled = review.filled
        low, high = filled.pooled.conf_int[0]
        shown = written.interval(filled.pooled.estimate, (float(low), float(high)), "filled", "trim and fill")
        many = "no trial" if filled.k0 == 0 else f"{filled.k0} trial{'s' if filled.k0 > 1 else ''} on the {filled.side}"
        blocks.append(Paragraph(prose(
            f"Trim and fill adds {many} and gives ", shown, ". It shows what asymmetry could mean, and corrects "
            "nothing."
        )))  # fmt: skip
    return Section("small-trials", "Small trials", tuple(blocks), part="supplement")


def methods_section(review: Review) -> Section:
    """Return what was done, in sentences, and what was done to single trials."""
    blocks: list[Block] = [Paragraph(text) for text in _method_sentences(review)]
    process = review.plan.process.model_dump(exclude_none=True)
    if process:
        blocks.append(List(tuple(f"{name.replace('_', ' ').capitalize()}: {text}" for name, text in process.items())))
    return Section("methods", "Methods", tuple(blocks), part="supplement")


def _method_sentences(review: Review) -> Iterator[str]:
    plan, main, written = review.plan, review.main, Written(review.plan)
    model = plan.model
    yield (
        f"Effects are {written.measure}s; ratios are pooled as logarithms."
        if written.is_ratio
        else f"Effects are {written.measure}s."
    )
    if plan.outcome.measure == "smd":
        yield (
            "Differences are divided by the standard deviation within arms, pooled where both are known, and "
            "reduced by "
            f"Hedges' factor ({plan.outcome.correction}) where the numbers of participants are known."
        )
    if main.levels is not None:
        yield (
            "Several comparisons of a trial: three-level model (trials, comparisons within trials) by restricted "
            "maximum "
            f"likelihood, errors of comparisons of a trial correlated by {model.correlation:g}; CR2 robust errors "
            "by trial "
            "with Satterthwaite's degrees of freedom."
        )
    else:
        yield f"Variance between trials: {METHOD_WORDS[model.method]}. Test: {TEST_WORDS[model.test]}."
    if main.by_the_model:
        yield "The robust error was smaller than that of the model, which is used in its place (ad hoc rule)."
    if main.pooled.ad_hoc and main.levels is None:
        yield "The variance of Hartung and Knapp was smaller than without it, and was not used (ad hoc rule)."
    if main.comparisons > main.trials:
        yield (
            "Heterogeneity (Q, I\N{SUPERSCRIPT TWO}), influence, the funnel and trim and fill are of one combined "
            "estimate "
            "for each trial, by generalised least squares."
        )
    if not math.isnan(main.prediction[0]):
        yield f"Prediction interval: {df_words(main.prediction_df)}."
    yield (
        "Meta-analysis by coxa (docs/evidence.md), which agrees with metafor and clubSandwich to eight digits. A "
        "p-curve is "
        "not drawn: it needs a search for all significant results, and fails where true effects differ."
    )
