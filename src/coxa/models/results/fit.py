"""A fitted model of a continuous outcome, whatever fitted it: as text, as a card, and under statsmodels' names."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from coxa.arguments import FRAME, Kind, kinds
from coxa.cards import Card
from coxa.errors import FitError
from coxa.models.covariance import STRUCTURES
from coxa.models.lmm.predictions import predict, predictions, random_effects, random_part_of
from coxa.models.lmm.random_part import variance_components
from coxa.models.results.record import FitRecord

if TYPE_CHECKING:
    from coxa.models.results.record import FitRecord


@dataclass(frozen=True, slots=True, repr=False)
class StatsmodelsNames(FitRecord):
    """What a fit has, under the names of statsmodels' results; each says where its meaning differs.

    `params`, `cov_params()`, `conf_int()`, `summary()` and `predict()` have the same name in both.
    """

    @property
    def bse(self) -> pd.Series:
        """Standard errors of the coefficients; `std_error`."""
        return self.std_error

    @property
    def tvalues(self) -> pd.Series:
        """Coefficients over their standard errors: t with `df`, also where statsmodels takes them as normal."""
        return self.params / self.std_error

    @property
    def pvalues(self) -> pd.Series:
        """Two-sided p-values of the coefficients; `p_values`."""
        return self.p_values

    @property
    def llf(self) -> float:
        """Log-likelihood with all constants, restricted under REML; `loglik`."""
        return self.loglik

    @property
    def aic(self) -> float:
        """Akaike's criterion, -2 `llf` + 2 k, smaller is better.

        k counts the covariance parameters, and without REML the coefficients too, as SAS and R count. statsmodels gives
        none under REML, and does not count the variance of an OLS: its AIC is smaller by 2.
        """
        return float(self.criteria["aic"])

    @property
    def bic(self) -> float:
        """Bayesian criterion, -2 `llf` + k log(participants), smaller is better; k as in `aic`.

        statsmodels takes the logarithm of the rows, and does not count the variance of an OLS.
        """
        return float(self.criteria["bic"])

    @property
    def nobs(self) -> int:
        """Analysed rows; `n_observations`."""
        return self.n_observations

    @property
    def df_resid(self) -> int:
        """Analysed rows less coefficients; tests use `df`, which a method chose for each coefficient."""
        return self.n_observations - len(self.params)

    @property
    def fittedvalues(self) -> pd.Series:
        """Fitted outcome of each analysed row, with the predicted random effects where there are any.

        Raises
        ------
        FitError
            The fit was made from chunks and has no rows, or did not keep its random effects.
        """
        return pd.Series(fitted(self), self.design.frame.index, name=self.outcome)

    @property
    def resid(self) -> pd.Series:
        """Outcome less `fittedvalues`; `coxa.models.residuals` has them standardised."""
        return pd.Series(self.design.y - fitted(self), self.design.frame.index, name=self.outcome)


def fitted(fit: FitRecord) -> np.ndarray:
    """Return the fitted outcome of each analysed row (N,), with the predicted random effects."""
    if fit.totals is not None:
        raise FitError("a fit of chunks has no rows, and so no fitted values", ["Fit the rows as one frame."])
    values = fit.design.x @ fit.params.to_numpy()
    if fit.has_random_effects:
        part = random_part_of(fit)
        for factor, effects in zip(part.factors, predictions(part).values, strict=True):
            with_level = factor.codes >= 0
            values[with_level] += (effects[factor.codes[with_level]] * factor.effects[with_level]).sum(axis=1)
    return np.asarray(values)


TITLES = {"comparison of means": "Comparison of means", "linear regression": "Linear regression", "mean": "Mean"}
"""Titles of models of one visit that have nothing to adjust for, by the first words of their method."""

SHOWN = {
    "estimate": "coef",
    "std_error": "std err",
    "df": "df",
    "statistic": "t",
    "p_value": "P>|t|",
    "conf_low": "[0.025",
    "conf_high": "0.975]",
}


def coefficients(fit: FitRecord) -> pd.DataFrame:
    """Return the coefficients as text, one row each, with 95% limits."""
    table = fit.tidy().set_index("term")[list(SHOWN)]
    table.index.name = None
    shown = pd.DataFrame({SHOWN[name]: [f"{value:.4f}" for value in table[name]] for name in SHOWN})
    shown["df"] = [f"{value:.1f}" for value in table["df"]]
    shown["P>|t|"] = ["< 0.001" if value < 0.001 else f"{value:.3f}" for value in table["p_value"]]
    return shown.set_index(table.index)


def in_sas(fit: FitRecord) -> str:
    """Return the options of SAS PROC MIXED that print the same degrees of freedom and standard errors.

    SAS's Kenward-Roger takes second derivatives in its own parameters: where the covariance is linear in these there
    are none, and elsewhere they differ from ours.
    """
    linear = fit.structure in STRUCTURES and STRUCTURES[fit.structure].linear
    named = {
        "kenward-roger-linear": "ddfm=kr" if linear else "ddfm=kr(firstorder)",
        "kenward-roger": "not printed by SAS (it is what R's mmrm prints)",
        "between-within": "ddfm=bw",
    }
    robust = {"model": "", "CR0": ", empirical"}
    if fit.vcov not in robust:
        return f"not printed by SAS ({fit.vcov} is what R's mmrm prints)"
    return named.get(fit.ddf, f"ddfm={fit.ddf}") + robust[fit.vcov]


def facts(fit: FitRecord) -> dict[str, str]:
    """Return what is said about a fit above its coefficients, name and value."""
    criteria = fit.criteria
    said = {
        "Outcome": fit.outcome,
        "Formula": fit.formula,
        "Method": fit.method,
        "Participants": str(fit.n_participants),
        "Observations": f"{fit.n_observations} ({len(fit.left_out)} rows left out)",
        "Log-likelihood": f"{fit.loglik:.4f} ({'restricted' if fit.reml else 'full'})",
        "AIC, AICC, BIC": ", ".join(f"{criteria[name]:.2f}" for name in ("aic", "aicc", "bic")),
    }
    if fit.optimisation is not None:
        record = fit.optimisation
        if fit.random is None:
            said["In SAS"] = in_sas(fit)
        said["Converged"] = (
            f"{record.iterations} Newton steps; largest derivative {record.gradient_norm:.1e}, "
            f"smallest scaled eigenvalue {record.min_eigenvalue:.1e}"
        )
    left = [f"{a.structure} from {a.start}: {a.failure}" for a in fit.attempts if a.failure]
    if left:
        said["Tried before"] = "; ".join(left)
    if fit.warnings:
        said["Warnings"] = "; ".join(fit.warnings)
    return said


def component_table(fit: FitRecord) -> pd.DataFrame:
    """Return variances of the random effects as text."""
    table = variance_components(random_part_of(fit))
    return pd.DataFrame(
        {
            "factor": table["factor"],
            "effect": [f"{a}, {b}" if b else a for a, b in zip(table["effect"], table["other"], strict=True)],
            "variance": [f"{value:.4f}" for value in table["variance"]],
            "sd": ["" if value != value else f"{value:.4f}" for value in table["sd"]],
            "correlation": ["" if value != value else f"{value:.3f}" for value in table["correlation"]],
            "levels": [str(count) if count else "" for count in table["levels"]],
            "boundary": table["boundary"],
        }
    )


def components(fit: FitRecord) -> str:
    """Return variances of the random effects, and the parameters of a structured residual, as text."""
    lines = [component_table(fit).to_string(index=False)]
    if fit.spec.of_random_effects and fit.structure != "independent":
        lines += [
            f"{name}: {v:.4f}" for name, v in fit.covariance_parameters.items() if str(name).startswith("residual")
        ]
    return "\n".join(lines)


def title_of(fit: FitRecord) -> str:
    """Return what kind of model it is."""
    return {
        "mmrm": "Mixed model for repeated measures",
        "ancova": TITLES.get(fit.method.partition(",")[0], "Analysis of covariance"),
        "lmm": "Linear mixed model",
    }.get(fit.model, fit.spec.title)


def fit_text(fit: FitRecord) -> str:
    """Return the summary of a fit as text."""
    said = facts(fit)
    width = max(map(len, said)) + 2
    blocks = [
        "\n".join(f"{name + ':':<{width}}{value}" for name, value in said.items()),
        coefficients(fit).to_string(),
    ]
    if fit.random is not None:
        blocks.append("Random effects\n" + components(fit))
    elif fit.has_random_effects:
        blocks.append("Random effects\n" + fit.covariance_parameters.to_string(float_format="{:.4f}".format))
    if not fit.spec.of_random_effects or len(fit.covariance) > 1:
        within = "Covariance within a participant" + (
            " in addition to the random effects" if fit.random is not None else ""
        )
        blocks.append(f"{within}\n" + fit.covariance.to_string(float_format="{:.4f}".format))
    wide = max(len(line) for block in blocks[1:] for line in block.splitlines())
    rule = "=" * wide
    return "\n".join([title_of(fit).center(wide), rule, f"\n{'-' * wide}\n".join(blocks), rule])


def fit_card(fit: FitRecord) -> Card:
    """Return what a fit shows of itself: facts, and its coefficients; `summary` has the covariance too."""
    table = coefficients(fit)
    rows = [[str(name), *map(str, line)] for name, line in zip(table.index, table.to_numpy(), strict=True)]
    said = dict(facts(fit))
    if fit.random is not None:
        spread = component_table(fit)[["factor", "effect", "sd"]].itertuples(index=False)
        said["SD of random effects"] = "\n".join(f"{factor}: {effect} {sd}" for factor, effect, sd in spread if sd)
    return Card(title_of(fit), said, ["", *map(str, table.columns)], rows, note="`summary()` has the covariance too")


@dataclass(frozen=True, slots=True, repr=False)
class Fit(StatsmodelsNames):
    """A fitted model of a continuous outcome: fixed effects, their uncertainty, and how they came about.

    Its attributes are those of `coxa.models.results.record.FitRecord`; it also answers to statsmodels' names, such as
    `bse` and `llf` (`coxa.models.results.fit`).

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

    @kinds(data=FRAME)
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
