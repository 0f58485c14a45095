"""The random intercept of a generalised linear mixed model: its spread, and odds ratios at one value of it."""

from __future__ import annotations

import math
from collections.abc import Iterator

from scipy import stats

from coxa.analyses.methods.glmm import cluster_words
from coxa.models import GLMMFit
from coxa.models.results.run import ModelRun
from coxa.report.document import Block, TableBlock
from coxa.report.record import ReportRecord
from coxa.report.topics.analyses.results import INTERVAL, comparison_label, estimate_cell
from coxa.study.comparative import PlannedAnalysis
from coxa.tables.formats import NONE, cell
from coxa.tables.phrases import sentence_case
from coxa.tables.records import records
from coxa.tables.table import Cell, Column, Footnote, Row, RowGroup, Statistic, Table, identifier

DECIMALS = 2
"""Decimals of what is on the scale of the linear predictor."""


def random_intercept_blocks(report: ReportRecord, planned: PlannedAnalysis) -> list[Block]:
    """Return the table of the random intercept; none of another kind of model."""
    models = [fit.model for fit in report.fits.get(planned.name, ()) if isinstance(fit, ModelRun)]
    return [TableBlock(random_intercept_table(report, planned, fit)) for fit in models if isinstance(fit, GLMMFit)]


def random_intercept_table(report: ReportRecord, planned: PlannedAnalysis, fit: GLMMFit) -> Table:
    """Return the spread of the random intercept with its test, and the conditional odds ratios at each visit."""
    cluster = cluster_words(planned)
    groups = [RowGroup("Random intercept", tuple(_spread(planned, fit)))]
    if compared := tuple(_conditional(report, planned)):
        groups.append(RowGroup("Conditional odds ratios, given the random intercept", compared))
    return Table(
        identifier("random-intercept", planned.name),
        f"{planned.outcome_label}: random intercept of each {cluster}",
        "Quantity",
        (Column("Estimate (CI)"), Column("SE"), Column("p")),
        tuple(groups),
        tuple(map(Footnote, _notes(fit))),
    )


def _spread(planned: PlannedAnalysis, fit: GLMMFit) -> Iterator[Row]:
    """Yield the standard deviation with the test that it is zero, the ICC, and the size of a negative binomial."""
    at = Statistic("", math.nan, planned.estimand_name, planned.name, "random intercept")
    test = 2 * (fit.loglik - fit.loglik_without)
    p = 1.0 if fit.at_zero else float(stats.chi2.sf(test, 1) / 2)
    error = Cell(NONE) if fit.at_zero else cell("std_error", {"std_error": fit.sd_error}, at, DECIMALS - 1)
    shown = cell("sd", {"sd": fit.sd}, at, DECIMALS - 1)
    yield Row("Standard deviation", (shown, error, cell("p_value", {"p_value": p}, at)))
    if fit.family == "binomial":
        there = Statistic("", math.nan, planned.estimand_name, planned.name, "intraclass correlation")
        yield Row(
            "Intraclass correlation, log odds", (cell("correlation", {"correlation": fit.icc}, there), *_empty(2))
        )
    if math.isfinite(fit.size):
        there = Statistic("", math.nan, planned.estimand_name, planned.name, "negative binomial size")
        yield Row("Size of the negative binomial", (cell("number", {"n": fit.size}, there, DECIMALS), *_empty(2)))


def _conditional(report: ReportRecord, planned: PlannedAnalysis) -> Iterator[Row]:
    """Yield the conditional odds ratio of each comparison at each visit."""
    study = planned.study
    for record in records(planned.rows(report.estimates.frame, "conditional_odds_ratio")):
        visit = study.label("visits", record["visit"])
        cells = (
            estimate_cell("two_decimals_interval", record, *INTERVAL),
            estimate_cell("std_error", record, "std_error", decimals=DECIMALS - 1),
            estimate_cell("p_value", record, "p_value"),
        )
        strong = planned.effect.term == record["term"] and record["visit"] in planned.visits
        yield Row(f"{comparison_label(study, record)}, {visit}", cells, strong=strong)


def _notes(fit: GLMMFit) -> Iterator[str]:
    """Yield what the numbers are."""
    how = "Laplace's approximation" if fit.quadrature == 1 else f"adaptive quadrature with {fit.quadrature} nodes"
    scale = "log odds" if fit.family == "binomial" else "log rate"
    yield (
        f"{sentence_case(how)}. Standard deviation on the scale of the {scale}; its p-value is of the likelihood "
        "ratio, halved because a variance is not below zero."
    )
    if not math.isnan(fit.size):
        infinite = "" if math.isfinite(fit.size) else ", which was estimated at infinity (a Poisson model)"
        yield f"Counts have the variance m + m\N{SUPERSCRIPT TWO}/size at a mean of m{infinite}."
    yield "CI, confidence interval. SE, standard error; of an odds ratio, of its logarithm."


def _empty(n: int) -> tuple[Cell, ...]:
    return (Cell(NONE),) * n
