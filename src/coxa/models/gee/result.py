"""A marginal model fitted by generalised estimating equations."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import pandas as pd
from scipy import stats

from coxa.arguments import FRAME, Kind, kinds
from coxa.cards import Card
from coxa.errors import OptionError, check_level
from coxa.models.gee.spec import GEESpec
from coxa.models.gee.working import Working
from coxa.models.glm.families import FAMILIES
from coxa.models.results.record import Coefficients

SHOWN = ("estimate", "std_error", "df", "statistic", "p_value", "conf_low", "conf_high")


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class GEEFit(Coefficients):
    """A marginal model fitted by generalised estimating equations: coefficients, their uncertainty, the correlation.

    Attributes
    ----------
    those of `coxa.models.results.record.Coefficients`, and
    family : name of the family
    alpha : parameters of the working correlation by name; none under independence
    scale : variance over that of the family, by the estimator of `spec.alpha`
    working : the working correlation
    model_covariance : (p, p) covariance of the coefficients if the working correlation were right ("naive")
    cluster : (N,) label of the cluster of each analysed row
    fitted : (N,) means of the analysed rows
    offset : (N,) logarithm of the exposure; 0 without
    steps : of Fisher scoring
    last_step : length of the next step in standard errors of the working model, which proves the solution

    Examples
    --------
    >>> from coxa.models import fit_gee
    >>> d = pd.DataFrame({"participant_id": [1, 1, 2, 2, 3, 3, 4, 4], "better": [0, 1, 0, 0, 1, 1, 0, 1]})
    >>> fit_gee("better ~ 1", d).n_clusters
    4
    """

    family: str
    alpha: pd.Series = field(repr=False)
    scale: float
    working: Working = field(repr=False)
    model_covariance: pd.DataFrame = field(repr=False)
    cluster: np.ndarray = field(repr=False)
    fitted: np.ndarray = field(repr=False)
    offset: np.ndarray = field(repr=False)
    steps: int
    last_step: float
    spec: GEESpec = field(repr=False)

    @property
    def n_clusters(self) -> int:
        """Clusters with at least one analysed row."""
        return len(pd.unique(self.cluster))

    @property
    def correlation(self) -> pd.DataFrame:
        """Working correlation of the visits; without visits of the rows of the largest cluster."""
        largest = int(pd.Series(self.cluster).value_counts().max())
        labels = list(self.sample.visits) if self.spec.ordered else list(map(str, range(1, largest + 1)))
        return pd.DataFrame(self.working.matrix(len(labels)), labels, labels)

    def means(self, x: np.ndarray) -> np.ndarray:
        """Return the means at design rows (`design.rows` makes them), per unit of exposure."""
        return FAMILIES[self.family].mean(x @ self.params.to_numpy())

    @property
    def bse(self) -> pd.Series:
        """Standard errors of the coefficients; `std_error`."""
        return self.std_error

    @property
    def tvalues(self) -> pd.Series:
        """Coefficients over their standard errors, t with `df`."""
        return self.params / self.std_error

    @property
    def pvalues(self) -> pd.Series:
        """Two-sided p-values of the coefficients; `p_values`."""
        return self.p_values

    @property
    def nobs(self) -> int:
        """Analysed rows; `n_observations`."""
        return self.n_observations

    @property
    def fittedvalues(self) -> pd.Series:
        """Mean of each analysed row."""
        return pd.Series(self.fitted, self.design.frame.index, name=self.outcome)

    @property
    def resid(self) -> pd.Series:
        """Outcome less `fittedvalues`."""
        return pd.Series(self.design.y - self.fitted, self.design.frame.index, name=self.outcome)

    @kinds(data=FRAME)
    def predict(self, data: pd.DataFrame, *, conf_level: float = 0.95) -> pd.DataFrame:
        """Predict the mean outcome of new rows, of a count per unit of exposure.

        Parameters
        ----------
        data : DataFrame
            Rows with the columns of the formula; not changed.
        conf_level : float
            Between 0 and 1.

        Returns
        -------
        DataFrame
            With the index of `data`: `estimate`, `std_error` by the delta method, `df`, and limits that are taken on
            the scale of the link. Rows with a missing covariate are not numbers.

        Raises
        ------
        OptionError
            A column is missing, or has a level that the fit does not know.

        Examples
        --------
        >>> from coxa.models import fit_gee
        >>> d = pd.DataFrame({"participant_id": [1, 1, 2, 2, 3, 3, 4, 4], "better": [0, 1, 0, 0, 1, 1, 0, 1]})
        >>> fit_gee("better ~ 1", d).predict(d[:1])["estimate"].tolist()
        [0.5]
        """
        check_level(conf_level)
        needed = list(self.design.formula.variables)
        absent = [name for name in needed if name not in data.columns]
        if absent:
            raise OptionError(f"The rows to predict have no column {', '.join(absent)}. Add it.")
        there = data[needed].notna().all(axis=1).to_numpy()
        x = self.design.rows(data.loc[there])
        linear = x @ self.params.to_numpy()
        error = np.sqrt(np.einsum("ia,ab,ib->i", x, self.inference.covariance, x))
        df = np.array([self.inference.df(row) for row in x])
        half = stats.t.ppf((1 + conf_level) / 2, df) * error
        family = FAMILIES[self.family]
        mean = family.mean(linear)
        columns = {
            "estimate": mean,
            "std_error": family.slope(mean) * error,
            "df": df,
            "conf_low": family.mean(linear - half),
            "conf_high": family.mean(linear + half),
        }
        return pd.DataFrame(columns, index=np.flatnonzero(there)).reindex(range(len(data))).set_index(data.index)

    def summary(self) -> str:
        """Return the fit as text."""
        return gee_card(self).text()

    def __repr__(self) -> str:
        return gee_card(self).text()

    def _repr_html_(self) -> str:
        return gee_card(self).html()


def gee_card(fit: GEEFit) -> Card:
    """Return what a fit shows of itself."""
    alpha = ", ".join(f"{value:.4f}" for value in fit.alpha)
    facts = {
        "Outcome": fit.outcome,
        "Formula": fit.formula,
        "Method": fit.method,
        "Clusters": f"{fit.n_clusters} ({fit.spec.cluster})",
        "Observations": f"{fit.n_observations} ({len(fit.left_out)} rows left out)",
        "Working correlation": f"{fit.structure}{': ' if alpha else ''}{alpha}",
        "Scale": f"{fit.scale:.4f}",
        "Converged": f"{fit.steps} steps; the next is {fit.last_step:.1e} standard errors long",
    }
    if fit.warnings:
        facts["Warnings"] = "; ".join(fit.warnings)
    table = fit.tidy()
    rows = [
        [str(row["term"]), *("inf" if row[name] == np.inf else f"{row[name]:.4f}" for name in SHOWN)]
        for row in table.to_dict("records")
    ]
    return Card(fit.spec.title, facts, ["", *SHOWN], rows)


GEE_FIT = Kind((GEEFit,), "a fit of estimating equations (`GEEFit`)", "Fit one first by `coxa.models.fit_gee(...)`.")
