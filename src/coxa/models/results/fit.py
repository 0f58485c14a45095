"""A fitted model of a continuous outcome, whatever fitted it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import pandas as pd

from coxa.arguments import Kind
from coxa.models.lmm.predictions import predict, random_effects, random_part_of
from coxa.models.lmm.random_part import variance_components
from coxa.models.results.statsmodels_names import StatsmodelsNames
from coxa.models.results.text import fit_card, fit_text


@dataclass(frozen=True, slots=True, repr=False)
class Fit(StatsmodelsNames):
    """A fitted model of a continuous outcome: fixed effects, their uncertainty, and how they came about.

    Its attributes are those of `coxa.models.results.record.FitRecord`; it also answers to statsmodels' names, such as
    `bse` and `llf` (`coxa.models.results.statsmodels_names`).

    Examples
    --------
    >>> from coxa.models import fit_ancova
    >>> d = pd.DataFrame({"participant_id": range(6), "arm": list("aaabbb"), "y": [1.0, 2, 3, 4, 5, 6]})
    >>> fit = fit_ancova("y ~ arm", d)
    >>> fit.params.round(6).to_dict(), fit.n_participants
    ({'Intercept': 2.0, 'arm[b]': 3.0}, 6)
    """

    @property
    def variance_components(self) -> pd.DataFrame:
        """Variances and covariances of the random effects, and of an independent residual; see `random_part`."""
        return variance_components(random_part_of(self))

    def random_effects(self, factor: str | None = None) -> pd.DataFrame:
        """Predict the random effects of each level; see `coxa.models.lmm.predictions.random_effects`."""
        return random_effects(self, factor)

    def predict(
        self, data: pd.DataFrame, *, random: bool | Sequence[str] = True, conf_level: float = 0.95
    ) -> pd.DataFrame:
        """Predict the mean outcome of new rows; see `coxa.models.lmm.predictions.predict`."""
        return predict(self, data, random=random, conf_level=conf_level)

    def summary(self) -> str:
        """Return the fit as text, in the manner of statsmodels."""
        return fit_text(self)

    def __repr__(self) -> str:
        return fit_card(self).text()

    def _repr_html_(self) -> str:
        return fit_card(self).html()


FIT = Kind((Fit,), "a fitted model (`Fit`)", "Fit one first, such as by `coxa.fit_mmrm(formula, data)`.")
