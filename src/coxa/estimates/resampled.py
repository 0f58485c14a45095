"""The bootstrap over participants of any estimate: who was in the trial is drawn, and the model fitted again."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np
import pandas as pd
from scipy import stats

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

FITS: dict[str, Callable[..., Fit]] = {
    "fit_mmrm": fit_mmrm,
    "fit_clda": fit_clda,
    "fit_ancova": fit_ancova,
    "fit_lmm": fit_lmm,
}
FEWEST = 100
"""Samples below which limits of 95% cannot be told."""

STREAM = 7014
"""Keeps the draws of this bootstrap apart from those of others with the same seed."""

KEYS = ["visit", "arm", "reference", "term", "analysis"]
"""Columns that say which number a row of estimates is."""


@dataclass(frozen=True, slots=True, repr=False)
class Resampled(Carded):
    """Estimates of trials whose participants were drawn from one trial, with replacement.

    original : the estimates of the trial itself
    draws    : (draws, rows) estimates of each draw that could be fitted; NaN where the trial itself has none, as of a
               test
    failed   : draws that could not
    seed     : of the draws

    Examples
    --------
    >>> own = Estimates.of([{"term": "difference", "arm": "b", "reference": "a", "estimate": 2.0}])
    >>> Resampled(own, np.array([[1.0], [2.0], [3.0]]), 0, 1).estimates().frame["std_error"].tolist()
    [1.0]
    """

    original: Estimates
    draws: np.ndarray = field(repr=False)
    failed: int
    seed: int

    def estimates(self, conf_level: float = 0.95) -> Estimates:
        """Return the trial's own estimates with the standard errors, percentile limits and p-values of the draws.

        The standard error of a ratio is that of its logarithm. The p-value of a comparison is twice the smaller share
        of the draws on either side of no difference, the trial itself counted on both, and agrees with the limits but
        for that one. Rows without an estimate, such as tests, are as they were.
        """
        check_level(conf_level)
        frame = self.original.frame
        known = np.isfinite(self.draws).all(axis=0)
        tail = (1 - conf_level) / 2
        low, high = np.quantile(self.draws[:, known], [tail, 1 - tail], axis=0)
        ratio = frame["term"].str.endswith("ratio").to_numpy()[known]
        none = np.where(ratio, 1.0, 0.0)
        drawn = self.draws[:, known]
        spread = np.where(ratio, np.log(np.where(ratio, drawn, 1.0)), drawn).std(axis=0, ddof=1)
        sides = np.minimum((drawn <= none).sum(axis=0), (drawn >= none).sum(axis=0))
        p_values = np.minimum(2 * (sides + 1) / (len(drawn) + 1), 1.0)
        compared = frame["reference"].fillna("").ne("").to_numpy()[known]
        found = frame.copy()
        found.loc[known, ["std_error", "conf_low", "conf_high", "conf_level"]] = np.column_stack(
            [spread, low, high, np.full(known.sum(), conf_level)]
        )
        found.loc[known, ["df", "statistic"]] = np.nan
        found.loc[known, "p_value"] = np.where(compared, p_values, np.nan)
        found.loc[known, "method"] = found.loc[known, "method"] + f"; {self.words(conf_level)}"
        return Estimates(found)

    def monte_carlo(self, conf_level: float = 0.95) -> tuple[float, float]:
        """Return the Monte Carlo errors of a standard error, and of a limit, as shares of a standard error.

        1 / sqrt(2 (b - 1)) of b draws; of a limit, the quantile of a normal distribution, sqrt(a (1 - a) / b) over its
        density there.

        Examples
        --------
        >>> own = Estimates.of([{"term": "difference", "arm": "b", "reference": "a", "estimate": 2.0}])
        >>> [round(share, 3) for share in Resampled(own, np.zeros((1001, 1)), 0, 1).monte_carlo()]
        [0.022, 0.084]
        """
        return monte_carlo(len(self.draws), conf_level)

    def words(self, conf_level: float = 0.95) -> str:
        """Return what was done, in words."""
        failed = f", {self.failed} more could not be fitted" if self.failed else ""
        of_error, of_limit = (f"{100 * share:.1f}%" for share in self.monte_carlo(conf_level))
        return (
            f"bootstrap over participants, {len(self.draws)} draws, seed {self.seed}{failed}, percentile limits; Monte "
            f"Carlo error {of_error} of a standard error, and {of_limit} of it in a limit"
        )


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
        The frame that was fitted, or one with more rows: participants and visits that were not analysed are not drawn.
        Not changed.
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
        `estimates()` has standard errors, percentile limits and p-values; draws without a fit are counted in `failed`.

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
    data = analysed_rows(fit, data)
    places = rows_of_participants(data, who)
    groups = stratum_of(data, places, strata)
    original = estimate(fit)
    keys, known = original.frame[KEYS], original.frame["estimate"].notna().to_numpy()
    draws = []
    for k in range(replicates):
        rng = np.random.default_rng(np.random.SeedSequence([seed, STREAM, k]))
        drawn = again(data, who, places, groups, rng)
        try:
            found = estimate(fitted_again(fit.spec, drawn)).frame
        except CoxaError:
            continue
        draws.append(np.where(known, in_rows_of(keys, found), np.nan))
    kept = np.array([draw for draw in draws if np.isfinite(draw[known]).all()])
    if 2 * len(kept) < replicates:
        raise FitError(
            f"{replicates - len(kept)} of {replicates} draws of participants could not be fitted",
            ["Use a covariance or a formula with fewer parameters."],
        )
    return Resampled(original, kept, replicates - len(kept), seed)


def monte_carlo(draws: int, conf_level: float) -> tuple[float, float]:
    """Return the Monte Carlo errors of a standard error and of a percentile limit, as shares of a standard error."""
    tail = (1 - conf_level) / 2
    density = float(stats.norm.pdf(stats.norm.ppf(tail)))
    return 1 / math.sqrt(2 * (draws - 1)), math.sqrt(tail * (1 - tail) / draws) / density


def analysed_rows(fit: Fit, data: pd.DataFrame) -> pd.DataFrame:
    """Return the rows of participants and visits that a fit has."""
    sample = fit.sample
    kept = data[sample.participant_column].isin(pd.unique(pd.Series(sample.participant)))
    if sample.visit_column is not None and sample.visit_column in data.columns:
        kept &= data[sample.visit_column].isin(list(sample.visits))
    return data if kept.all() else data[kept]


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
