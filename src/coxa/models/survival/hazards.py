"""What fitted models of hazards share: coefficients in a table, limits, and how they show themselves."""

from __future__ import annotations

import numpy as np
import pandas as pd
from scipy.stats import t

from coxa.cards import Card, Carded, coefficient_rows
from coxa.errors import check_level


class Hazards(Carded):
    """Log hazard ratios `coef` (p,) of covariates `names`, with standard errors `se` (p,)."""

    __slots__ = ()

    names: tuple[str, ...]
    coef: np.ndarray
    vcov: np.ndarray

    @property
    def se(self) -> np.ndarray:
        """Standard errors of the log hazard ratios."""
        return np.asarray(np.sqrt(np.diag(self.vcov)))

    @property
    def params(self) -> pd.Series:
        """Log hazard ratios by covariate."""
        return pd.Series(self.coef, list(self.names))

    @property
    def bse(self) -> pd.Series:
        """Their standard errors by covariate."""
        return pd.Series(self.se, list(self.names))

    def conf_int(self, conf_level: float = 0.95) -> pd.DataFrame:
        """Return the limits of the log hazard ratios, a row per covariate and columns 0 and 1."""
        half = self._half(conf_level)
        return pd.DataFrame({0: self.coef - half, 1: self.coef + half}, index=list(self.names))

    def tidy(self, conf_level: float = 0.95) -> pd.DataFrame:
        """Return one row per covariate.

        Parameters
        ----------
        conf_level : float
            Of the limits, above 0 and below 1.

        Returns
        -------
        DataFrame
            `term`, `estimate` (log hazard ratio), `std_error`; `hazard_ratio`, its `conf_low` and `conf_high`; z, or t
            where the variance is corrected, as `statistic`; `p_value`.
        """
        half, statistic = self._half(conf_level), self.coef / self.se
        return pd.DataFrame(
            {
                "term": self.names,
                "estimate": self.coef,
                "std_error": self.se,
                "hazard_ratio": np.exp(self.coef),
                "conf_low": np.exp(self.coef - half),
                "conf_high": np.exp(self.coef + half),
                "statistic": statistic,
                "p_value": 2 * t.sf(np.abs(statistic), self._df()),
            }
        )

    def _half(self, conf_level: float) -> np.ndarray:
        check_level(conf_level)
        return np.asarray(t.ppf((1 + conf_level) / 2, self._df()) * self.se)

    def _df(self) -> np.ndarray:
        return np.full(len(self.coef), np.inf)

    def card(self) -> Card:
        """Return what a terminal and a notebook show."""
        spec = getattr(self, "spec", None)
        asked = {} if spec is None else {"Formula": str(spec.formula)}
        table = self.tidy()
        names = [str(name) for name in table.columns[1:]]
        facts = {**asked, **self.card_facts()}
        return Card("Proportional hazards", facts, ["", *names], coefficient_rows(table, names))

    def card_facts(self) -> dict[str, str]:
        """Return what the card says above the coefficients."""
        return {}
