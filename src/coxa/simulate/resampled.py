"""The bootstrap over participants of any estimate: who was in the trial is drawn, and the model fitted again."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from coxa.arguments import FRAME, kinds
from coxa.cards import Carded
from coxa.errors import CoxaError, FitError, OptionError, check_level, not_allowed
from coxa.estimates.table import Estimates
from coxa.models.ancova import fit_ancova
from coxa.models.lmm.api import fit_lmm
from coxa.models.mmrm.api import fit_mmrm
from coxa.models.mmrm.clda import fit_clda
from coxa.models.results.fit import FIT, Fit
from coxa.models.spec import Spec
from coxa.simulate.bootstrap import FEWEST
from coxa.simulate.seeds import generator

FITS: dict[str, Callable[..., Fit]] = {
    "fit_mmrm": fit_mmrm,
    "fit_clda": fit_clda,
    "fit_ancova": fit_ancova,
    "fit_lmm": fit_lmm,
}
KEYS = ["visit", "arm", "reference", "term", "analysis"]
"""Columns that say which number a row of estimates is."""


@dataclass(frozen=True, slots=True, repr=False)
class Resampled(Carded):
    """Estimates of trials whose participants were drawn from one trial, with replacement.

    original : the estimates of the trial itself
    draws    : (replicates, rows) estimates of each draw that could be fitted
    failed   : draws that could not

    Examples
    --------
    >>> own = Estimates.of([{"term": "difference", "arm": "b", "reference": "a", "estimate": 2.0}])
    >>> Resampled(own, np.array([[1.0], [2.0], [3.0]]), 0).estimates().frame["std_error"].tolist()
    [1.0]
    """

    original: Estimates
    draws: np.ndarray = field(repr=False)
    failed: int

    def estimates(self, conf_level: float = 0.95) -> Estimates:
        """Return the trial's own estimates with the standard errors and percentile limits of the draws.

        The standard error of a ratio is that of its logarithm; there are no tests.
        """
        check_level(conf_level)
        tail = (1 - conf_level) / 2
        low, high = np.quantile(self.draws, [tail, 1 - tail], axis=0)
        ratio = self.original.frame["term"].str.endswith("ratio").to_numpy()
        spread = np.where(ratio, np.log(np.where(ratio, self.draws, 1.0)), self.draws).std(axis=0, ddof=1)
        said = f"bootstrap over participants, {len(self.draws)} draws, percentile limits"
        frame = self.original.frame.assign(
            std_error=spread,
            conf_low=low,
            conf_high=high,
            conf_level=conf_level,
            df=np.nan,
            statistic=np.nan,
            p_value=np.nan,
        )
        return Estimates(frame.assign(method=frame["method"] + "; " + said))


@kinds(fit=FIT, data=FRAME)
def bootstrap_participants(
    fit: Fit,
    data: pd.DataFrame,
    estimate: Callable[[Fit], Estimates],
    *,
    strata: str | None = "arm",
    replicates: int = 999,
    seed: int = 1,
) -> Resampled:
    """Draw participants with replacement, fit the model again, and estimate again (nonparametric bootstrap).

    Parameters
    ----------
    fit : Fit
        From `coxa.fit_mmrm`, or `fit_clda`, `fit_ancova` or `fit_lmm` with participants.
    data : DataFrame
        The frame that was fitted. Not changed.
    estimate : function of a Fit
        What is estimated, such as ``lambda fit: responder_by_model(fit, 10, higher_is_better=True)``.
    strata : str or None
        Column within whose levels participants are drawn; by default as many of each arm as there were.
    replicates : int
        At least 100.
    seed : int
        The same seed gives the same draws; each draw has a generator of its own.

    Returns
    -------
    Resampled
        `estimates()` has standard errors and percentile limits; draws without a fit are counted in `failed`.

    Raises
    ------
    OptionError
        Too few replicates, a column is not there, or the fit has no participants.
    FitError
        Fewer than half of the draws could be fitted.

    Notes
    -----
    Source: Efron & Tibshirani, An Introduction to the Bootstrap, 1993, chapters 6 and 13.

    Examples
    --------
    >>> from coxa.estimates import marginal_means
    >>> from coxa.models import fit_ancova
    >>> d = pd.DataFrame({"participant_id": range(8), "arm": list("aaaabbbb"), "y": [1.0, 5, 9, 5, 8, 12, 16, 12]})
    >>> found = bootstrap_participants(fit_ancova("y ~ arm", d), d, marginal_means, replicates=100, seed=1)
    >>> found.original.frame["estimate"].round(6).tolist(), found.failed
    ([5.0, 12.0], 0)
    """
    if replicates < FEWEST:
        raise OptionError(f"`replicates` is {replicates}, too few for limits of 95%. Give {FEWEST} or more.")
    who = fit.sample.participant_column
    for column in (who, *([strata] if strata is not None else [])):
        if column not in data.columns:
            raise OptionError(not_allowed("column", column, map(str, data.columns)))
    places = rows_of_participants(data, who)
    groups = stratum_of(data, places, strata)
    original = estimate(fit)
    keys = original.frame[KEYS]
    draws = []
    for k in range(replicates):
        drawn = again(data, who, places, groups, generator(f"participants {k}", seed))
        try:
            found = estimate(fitted_again(fit.spec, drawn)).frame
        except CoxaError:
            continue
        draws.append(in_rows_of(keys, found))
    kept = np.array([draw for draw in draws if np.isfinite(draw).all()])
    if 2 * len(kept) < replicates:
        raise FitError(
            f"{replicates - len(kept)} of {replicates} draws of participants could not be fitted",
            ["Use a covariance or a formula with fewer parameters."],
        )
    return Resampled(original, kept, replicates - len(kept))


def in_rows_of(keys: pd.DataFrame, found: pd.DataFrame) -> np.ndarray:
    """Return the estimates of a draw in the rows of the trial's own, NaN where the draw has no such row."""
    if found[KEYS].equals(keys):
        return found["estimate"].to_numpy()
    return found.set_index(KEYS)["estimate"].reindex(pd.MultiIndex.from_frame(keys)).to_numpy()


def rows_of_participants(data: pd.DataFrame, who: str) -> list[np.ndarray]:
    """Return the positions of each participant's rows, in the order of first appearance."""
    codes = pd.factorize(data[who])[0]
    order = np.argsort(codes, kind="stable")
    return [part for part in np.split(order, np.flatnonzero(np.diff(codes[order])) + 1) if codes[part[0]] >= 0]


def stratum_of(data: pd.DataFrame, places: list[np.ndarray], strata: str | None) -> np.ndarray:
    """Return the stratum of each participant (n,) as a code."""
    if strata is None:
        return np.zeros(len(places), dtype=int)
    return pd.factorize(data[strata].iloc[[rows[0] for rows in places]])[0]


def again(
    data: pd.DataFrame, who: str, places: list[np.ndarray], groups: np.ndarray, rng: np.random.Generator
) -> pd.DataFrame:
    """Return the rows of as many participants of each stratum, drawn with replacement, each with a name of its own."""
    chosen = np.concatenate([rng.choice(members, size=len(members)) for members in members_of(groups)])
    rows = [places[k] for k in chosen]
    names = np.repeat(np.arange(len(rows)), [len(each) for each in rows])
    return data.iloc[np.concatenate(rows)].reset_index(drop=True).assign(**{who: names})


def members_of(groups: np.ndarray) -> list[np.ndarray]:
    """Return the positions of each group."""
    return [np.flatnonzero(groups == group) for group in np.unique(groups)]


def fitted_again(spec: Spec, data: pd.DataFrame) -> Fit:
    """Return the fit of the same model to other rows."""
    options = {name: value for name, value in spec.options().items() if value is not None}
    first = [options.pop("formula")] if "formula" in options else []
    return FITS[spec.function](*first, data, **options)
