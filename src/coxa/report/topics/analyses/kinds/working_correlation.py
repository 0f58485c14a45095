"""The working correlation of estimating equations, and how much the sandwich differs from the working model."""

from __future__ import annotations

import math
from collections.abc import Iterator

import numpy as np
import pandas as pd

from coxa.analyses.methods.gee import cluster_words
from coxa.models import GEEFit
from coxa.models.results.run import ModelRun
from coxa.report.document import Block, TableBlock
from coxa.report.record import ReportRecord
from coxa.study.comparative import PlannedAnalysis
from coxa.tables.formats import cell, counted
from coxa.tables.table import Column, Footnote, Row, RowGroup, Statistic, Table, identifier

DECIMALS = 2
"""Decimals of a ratio of standard errors."""


def working_correlation_blocks(report: ReportRecord, planned: PlannedAnalysis) -> list[Block]:
    """Return the table of the working correlation; none of another kind of model."""
    models = [fit.model for fit in report.fits.get(planned.name, ()) if isinstance(fit, ModelRun)]
    return [TableBlock(working_correlation_table(planned, fit)) for fit in models if isinstance(fit, GEEFit)]


def working_correlation_table(planned: PlannedAnalysis, fit: GEEFit) -> Table:
    """Return the number of clusters, the working correlation, and the sandwich over the working model."""
    cluster = cluster_words(planned)
    rows = [
        Row(
            f"Number of {cluster}s",
            (counted(fit.n_clusters, planned.name, "clusters", estimand=planned.estimand_name),),
        ),
        *_correlations(planned, fit),
        _ratio(planned, fit),
    ]
    return Table(
        identifier("working-correlation", planned.name),
        f"{planned.outcome_label}: working correlation within {cluster}s",
        "Quantity",
        (Column("Estimate"),),
        (RowGroup("", tuple(rows)),),
        tuple(map(Footnote, _notes(fit))),
    )


def _correlations(planned: PlannedAnalysis, fit: GEEFit) -> Iterator[Row]:
    """Yield each parameter of the working correlation."""
    labels = [planned.study.label("visits", str(visit)) for visit in fit.sample.visits]
    pairs = [f"{a} and {b}" for k, a in enumerate(labels) for b in labels[k + 1 :]]
    names = {"exchangeable": ["any two rows"], "ar1": ["neighbouring visits"], "unstructured": pairs}
    for name, value in zip(names.get(fit.structure, []), fit.alpha, strict=True):
        at = Statistic("", math.nan, planned.estimand_name, planned.name, f"working correlation of {name}")
        yield Row(f"Correlation of {name}", (cell("correlation", {"correlation": float(value)}, at),))


def _ratio(planned: PlannedAnalysis, fit: GEEFit) -> Row:
    """Return the largest ratio of a standard error to that of the working model, among the coefficients of the arms."""
    model = pd.Series(np.sqrt(np.diag(fit.model_covariance)), fit.params.index)
    arms = [name for name in fit.params.index if name.startswith("arm[")]
    ratio = (fit.std_error / model)[arms]
    at = Statistic("", math.nan, planned.estimand_name, planned.name, "sandwich over working model")
    value = float(ratio[(np.log(ratio)).abs().idxmax()])
    return Row("SE of the arms, sandwich over working model", (cell("number", {"n": value}, at, DECIMALS),))


def _notes(fit: GEEFit) -> Iterator[str]:
    """Yield what the numbers are."""
    if fit.structure == "independence":
        yield "Working correlation: independence; the sandwich takes account of what is alike within a cluster."
    else:
        estimator = "geepack" if fit.spec.alpha == "geepack" else "SAS PROC GEE"
        yield f"Working correlation: {fit.structure}, estimated as in {estimator}."
    yield (
        "Sandwich over working model: of the log odds or log rate of an arm, the ratio farthest from 1. Far from 1 it "
        "says that the working correlation, or the variance of the family, is not that of the data; estimates and "
        "sandwich hold all the same."
    )
