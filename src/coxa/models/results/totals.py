"""Counts and means of the analysed rows, for marginal means: from the rows, or kept while chunks went by."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from coxa.errors import OptionError
from coxa.models.results.records import COUNT, VISIT

if TYPE_CHECKING:
    from coxa.models.results.record import FitRecord


def covariate_mean(fit: FitRecord, name: str) -> float:
    """Return the mean of a covariate over the analysed rows."""
    return float(fit.design.frame[name].mean()) if fit.totals is None else fit.totals.means[name]


def rows_by(fit: FitRecord, factors: Sequence[str], visits: Sequence[Any] | None = None) -> pd.Series:
    """Return the number of analysed rows of each combination of levels, at some of the visits or all."""
    if fit.totals is None:
        frame = fit.design.frame
        if visits is not None:
            frame = frame[pd.Index(fit.sample.visit).isin(list(visits))]
        return frame.groupby(list(factors), observed=True).size()
    totals = fit.totals
    cells = totals.chosen(totals.cells, {} if visits is None else {VISIT: visits})
    return cells.groupby(list(factors), observed=True)[COUNT].sum()


def participants_by(fit: FitRecord, factor: str) -> pd.Series:
    """Return the number of participants with analysed rows at each level of a factor."""
    if fit.totals is None:
        frame = fit.design.frame.assign(**{COUNT: fit.sample.participant})
        return frame.groupby(factor, observed=True)[COUNT].nunique()
    totals = fit.totals
    if factor not in totals.people:
        raise OptionError(f"chunks do not count participants at each '{factor}'; fit the rows as one data frame")
    return totals.chosen(totals.people, {}).groupby(factor, observed=True)[COUNT].sum()


def counted_at(fit: FitRecord, levels: Mapping[str, Sequence[Any]], visit: Any | None) -> tuple[int, int]:
    """Return participants of the levels named, and their rows, at one visit or all."""
    if fit.totals is None:
        frame = fit.design.frame
        chosen = np.logical_and.reduce([frame[name].isin(list(wanted)).to_numpy() for name, wanted in levels.items()])
        here = chosen if visit is None else chosen & (fit.sample.visit == visit)
        return len(set(fit.sample.participant[chosen])), int(here.sum())
    totals = fit.totals
    at = levels if visit is None else {**levels, VISIT: [visit]}
    people = totals.chosen(totals.people, levels)[COUNT].sum()
    return int(people), int(totals.chosen(totals.cells, at)[COUNT].sum())
