"""A fitted mixed location scale model: coefficients of level and variability, SDs and their ratios, predictions."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import stats

from coxa.arguments import FRAME, kinds
from coxa.cards import Card, Carded
from coxa.errors import OptionError, check_level
from coxa.frames import Frame, as_pandas
from coxa.models.design.matrix import Design
from coxa.models.location_scale.spec import LocationScaleSpec
from coxa.models.results.record import result_frame

Floats = NDArray[np.float64]

METHOD = "mixed location scale model by maximum likelihood, random intercept of each participant"


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class LocationScaleFit(Carded):
    """A mixed location scale model.

    coefficients : one row per coefficient: `part` (mean; between and within: of the logarithm of a variance; scale: SD
                   of the random scale, and its correlation with the level), `term`, `estimate`, `std_error`,
                   `statistic`, `p_value`, `conf_low`, `conf_high`
    loglik       : maximised; of weighted days the weighted one
    n_participants, n_days : in the model
    conf_level   : of the limits
    df           : degrees of freedom of tests and limits; infinite for normal ones
    persons      : one row per participant: `level`, by how much it lies above the mean, and `sd_ratio`, how many times
                   the SD of an average participant of the same covariates, both predicted
    random_scale : whether persons differ in their variance
    warnings     : what was found on the way
    covariance   : of the coefficients; of the random scale those of the logarithm of its SD and of Fisher's z
    spec         : every option; ``spec.call()`` gives the fit again
    designs      : mean and within: the analysed rows as arrays, and the recipe for new ones

    Examples
    --------
    >>> from coxa.models import fit_location_scale
    >>> rows = pd.DataFrame({"participant_id": list("aaabbbccc"), "y": [1.0, 2, 3, 4, 6, 5, 9, 8, 7]})
    >>> fit_location_scale("y ~ 1", rows, random_scale=False).n_days
    9
    """

    coefficients: pd.DataFrame
    loglik: float
    n_participants: int
    n_days: int
    conf_level: float
    df: float
    persons: pd.DataFrame
    random_scale: bool
    warnings: tuple[str, ...]
    covariance: Floats = field(repr=False)
    spec: LocationScaleSpec = field(repr=False)
    designs: Mapping[str, Design] = field(repr=False)
    who: NDArray[np.intp] = field(repr=False)

    @property
    def formula(self) -> str:
        """The formula of the mean, as written."""
        return self.spec.formula

    @property
    def outcome(self) -> str:
        """Name of the outcome."""
        return self.formula.split("~")[0].strip()

    @property
    def names(self) -> pd.Index:
        """Names of the coefficients: those of the mean as they are, others with their part, as ``within: arm[b]``."""
        rows = zip(self.coefficients["part"], self.coefficients["term"], strict=True)
        return pd.Index([str(term) if part == "mean" else f"{part}: {term}" for part, term in rows])

    @property
    def params(self) -> pd.Series:
        """Coefficients by name."""
        return self._by_name("estimate")

    @property
    def bse(self) -> pd.Series:
        """Standard errors of the coefficients."""
        return self._by_name("std_error")

    @property
    def tvalues(self) -> pd.Series:
        """Coefficients over their standard errors; not of the random scale, whose SD is not tested so."""
        return self._by_name("statistic")

    @property
    def pvalues(self) -> pd.Series:
        """Two-sided p-values of the coefficients."""
        return self._by_name("p_value")

    @property
    def llf(self) -> float:
        """Maximised log-likelihood; `loglik`."""
        return self.loglik

    @property
    def nobs(self) -> int:
        """Analysed days; `n_days`."""
        return self.n_days

    @property
    def aic(self) -> float:
        """Akaike's criterion: smaller is better."""
        return 2.0 * len(self.coefficients) - 2.0 * self.loglik

    @property
    def bic(self) -> float:
        """Bayesian criterion, by the number of participants: smaller is better."""
        return float(np.log(self.n_participants)) * len(self.coefficients) - 2.0 * self.loglik

    @property
    def fittedvalues(self) -> pd.Series:
        """Mean of each analysed day with the predicted level of its participant."""
        design = self.designs["mean"]
        level = self.persons["level"].to_numpy()[self.who]
        return pd.Series(design.x @ self._part("mean") + level, design.frame.index, name=self.outcome)

    @property
    def resid(self) -> pd.Series:
        """Outcome less `fittedvalues`."""
        return pd.Series(self.designs["mean"].y, self.fittedvalues.index, name=self.outcome) - self.fittedvalues

    def cov_params(self) -> pd.DataFrame:
        """Return the covariance of the coefficients; of the random scale, of the logarithm of its SD and Fisher's z."""
        return pd.DataFrame(self.covariance, self.names, self.names)

    def conf_int(self, conf_level: float | None = None, *, alpha: float | None = None) -> pd.DataFrame:
        """Return confidence limits `conf_low` and `conf_high` of the coefficients.

        Parameters
        ----------
        conf_level
            Level between 0 and 1; that of the fit unless given.
        alpha
            One less the level, as statsmodels has it; instead of `conf_level`.
        """
        level = self.conf_level if conf_level is None and alpha is None else conf_level
        level = 1 - alpha if alpha is not None else level
        assert level is not None
        check_level(level)
        error = np.sqrt(np.diagonal(self.covariance))
        half = self.quantile(level) * error
        middle = self.params.to_numpy().copy()
        if not self.random_scale:
            return pd.DataFrame({"conf_low": middle - half, "conf_high": middle + half}, self.names)
        middle[-2:] = np.log(middle[-2]), np.arctanh(middle[-1])
        low, high = middle - half, middle + half
        for limits in (low, high):
            limits[-2:] = np.exp(limits[-2]), np.tanh(limits[-1])
        return pd.DataFrame({"conf_low": low, "conf_high": high}, self.names)

    def quantile(self, conf_level: float) -> float:
        """Return the quantile that limits at a level take: t with `df`, or normal."""
        return float(stats.t.ppf((1 + conf_level) / 2, self.df))

    def tidy(self, conf_level: float | None = None) -> pd.DataFrame:
        """Return one row per coefficient in the columns of every result; `term` is its name, as `params` has it."""
        level = self.conf_level if conf_level is None else conf_level
        limits = self.conf_int(level)
        ends = {"conf_low": limits["conf_low"].to_numpy(), "conf_high": limits["conf_high"].to_numpy()}
        rows = self.coefficients.assign(term=self.names, **ends)
        shared: dict[str, Any] = {
            "outcome": self.outcome,
            "df": self.df,
            "conf_level": level,
            "n_participants": self.n_participants,
            "n_observations": self.n_days,
            "method": METHOD,
            "warning": "; ".join(self.warnings),
        }
        every = ({str(name): value for name, value in row.items()} for row in rows.assign(**shared).to_dict("records"))
        return result_frame(every)

    @kinds(data=FRAME)
    def predict(self, data: Frame, *, conf_level: float | None = None) -> pd.DataFrame:
        """Predict the level and the SD of the days of an average participant.

        Parameters
        ----------
        data : frame
            Rows with the columns of the mean and of the variance within participants; not changed.
        conf_level : float, optional
            That of the fit unless given.

        Returns
        -------
        DataFrame
            A row for each of `data`: `level`, `level_low`, `level_high` in units of the outcome, `sd`, `sd_low`,
            `sd_high` of the days about it, limits taken on the logarithm of the variance.

        Raises
        ------
        OptionError
            A column is missing or has a gap, or has a level that the fit does not know.

        Examples
        --------
        >>> from coxa.models import fit_location_scale
        >>> rows = pd.DataFrame({"participant_id": list("aaabbbccc"), "y": [1.0, 2, 3, 4, 6, 5, 9, 8, 7]})
        >>> fit_location_scale("y ~ 1", rows, random_scale=False).predict(rows[:1])["level"].round(2).tolist()
        [5.0]
        """
        rows, level = as_pandas(data), self.conf_level if conf_level is None else conf_level
        check_level(level)
        found: dict[str, Floats] = {}
        for part, name in (("mean", "level"), ("within", "sd")):
            design = self.designs[part]
            needed = list(design.formula.variables)
            absent = [column for column in needed if column not in rows.columns]
            if absent:
                raise OptionError(f"The rows to predict have no column {', '.join(absent)}. Add it.")
            if rows[needed].isna().to_numpy().any():
                raise OptionError(f"A row to predict has a gap in {' or '.join(needed)}. Leave it out.")
            x, at = design.rows(rows), self._places(part)
            middle = x @ self._part(part)
            half = self.quantile(level) * np.sqrt(np.einsum("ia,ab,ib->i", x, self.covariance[np.ix_(at, at)], x))
            ends = {name: middle, f"{name}_low": middle - half, f"{name}_high": middle + half}
            found |= {word: np.exp(one / 2.0) for word, one in ends.items()} if name == "sd" else ends
        return pd.DataFrame(found, rows.index)

    def sd_ratio(self, term: str, conf_level: float | None = None) -> dict[str, float]:
        """Return the ratio of SDs within participants per unit of a term of the variance: estimate, limits, p.

        Raises
        ------
        OptionError
            The variance has no such term.
        """
        names, wanted = list(self.names), f"within: {term}"
        if wanted not in names:
            terms = [name.removeprefix("within: ") for name in names if name.startswith("within: ")]
            raise OptionError(f"The variance has no term {term!r}. Name one of {', '.join(terms)}.")
        limits = self.conf_int(conf_level).loc[wanted]
        values = {"estimate": self.params[wanted], "conf_low": limits["conf_low"], "conf_high": limits["conf_high"]}
        found = {name: float(np.exp(float(value) / 2.0)) for name, value in values.items()}
        return {**found, "p_value": float(self.pvalues[wanted])}

    def summary(self) -> str:
        """Return the fit as text."""
        return self.card().text()

    def card(self) -> Card:
        """Return what a terminal and a notebook show."""
        facts = {
            "Participants": str(self.n_participants),
            "Days": str(self.n_days),
            "Log-likelihood": f"{self.loglik:.4f}",
            "Warnings": "; ".join(self.warnings),
        }
        head = ["part", "term", "estimate", "std_error", "p_value"]
        rows = [[f"{cell:.4g}" if isinstance(cell, float) else str(cell) for cell in row]
                for row in self.coefficients[head].itertuples(index=False)]  # fmt: skip
        return Card(self.spec.title, {name: said for name, said in facts.items() if said}, head, rows)

    def _by_name(self, column: str) -> pd.Series:
        return pd.Series(self.coefficients[column].to_numpy(dtype=float), self.names, name=column)

    def _places(self, part: str) -> NDArray[np.intp]:
        return np.flatnonzero(self.coefficients["part"].to_numpy() == part)

    def _part(self, part: str) -> Floats:
        return self.coefficients["estimate"].to_numpy(dtype=float)[self._places(part)]
