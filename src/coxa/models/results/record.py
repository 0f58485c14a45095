"""What is known of a fitted model: the record, tests of its coefficients, and the columns of every table of results."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd
from scipy import stats

from coxa.errors import FitError, OptionError, check_level, shortened
from coxa.models.covariance.structure import correlation
from coxa.models.design.matrix import Design
from coxa.models.inference.methods import Inference
from coxa.models.lmm.random_part import RandomPart
from coxa.models.numerics.marginal_fit import Attempt
from coxa.models.results.records import JointTest, LinearTest, Optimisation, Sample, Totals, criteria
from coxa.models.spec import Spec

RESULT_COLUMNS = (
    "estimand",
    "analysis",
    "outcome",
    "visit",
    "arm",
    "reference",
    "term",
    "estimate",
    "std_error",
    "df",
    "statistic",
    "p_value",
    "conf_low",
    "conf_high",
    "conf_level",
    "n_participants",
    "n_observations",
    "method",
    "warning",
)

TEXT_COLUMNS = ("estimand", "analysis", "outcome", "visit", "arm", "reference", "term", "method", "warning")
"""Columns of text; what does not apply is the empty string there, and NaN in the columns of numbers."""

COUNT_COLUMNS = ("n_participants", "n_observations")


def _absent(value: Any) -> bool:
    """Return whether there is no value: None, or one that is not itself."""
    return value is None or value is pd.NA or bool(value != value)


def result_frame(rows: Iterable[Mapping[str, Any]]) -> pd.DataFrame:
    """Return rows that name some of the columns as a frame of all of them, in order and typed."""
    given = list(rows)
    columns: dict[str, Any] = {}
    for name in RESULT_COLUMNS:
        values = [row.get(name) for row in given]
        if name in TEXT_COLUMNS:
            columns[name] = pd.array(["" if _absent(value) else str(value) for value in values], dtype="str")
        elif name in COUNT_COLUMNS:
            gone = np.array([_absent(value) for value in values], dtype=bool)
            whole = np.array([0 if _absent(value) else value for value in values], dtype=np.int64)
            columns[name] = pd.arrays.IntegerArray(whole, gone)
        else:
            columns[name] = np.array([math.nan if value is None else value for value in values], dtype=float)
    return pd.DataFrame(columns)


Rows = np.ndarray | Mapping[str, float]


@dataclass(frozen=True, slots=True, kw_only=True)
class Coefficients:
    """What a fitted model of any kind knows of its coefficients: their uncertainty, and tests of them.

    Attributes
    ----------
    design : the analysed rows as arrays, and the recipe for new ones
    spec : every option of the model, as `coxa.models.spec` describes it; ``spec.call()`` gives the fit again
    params : (p,) coefficients by name, on the scale of the linear predictor
    inference : covariance of the coefficients and degrees of freedom
    ddf : name of the method of the degrees of freedom
    sample : rows used and left out
    structure : short name of the covariance, or of the working correlation
    method : the model in a sentence, for a footnote
    warnings : what a reader of any result should know
    """

    design: Design = field(repr=False)
    spec: Spec = field(repr=False)
    params: pd.Series = field(repr=False)
    inference: Inference = field(repr=False)
    ddf: str
    sample: Sample = field(repr=False)
    structure: str
    method: str
    warnings: tuple[str, ...] = ()

    @property
    def formula(self) -> str:
        """The formula as written."""
        return self.design.formula.text

    @property
    def outcome(self) -> str:
        """Name of the outcome."""
        return self.design.formula.response

    @property
    def n_participants(self) -> int:
        """Participants with at least one analysed row."""
        return len(pd.unique(self.sample.participant))

    @property
    def n_observations(self) -> int:
        """Analysed rows."""
        return len(self.design.y)

    @property
    def left_out(self) -> pd.DataFrame:
        """Rows that are not analysed, each with its reason."""
        return self.sample.left_out

    def cov_params(self) -> pd.DataFrame:
        """Return the covariance of the coefficients, adjusted where the method adjusts it."""
        return pd.DataFrame(self.inference.covariance, self.params.index, self.params.index)

    @property
    def std_error(self) -> pd.Series:
        """Standard errors of the coefficients."""
        return pd.Series(self._std_errors(np.eye(len(self.params))), self.params.index)

    @property
    def df(self) -> pd.Series:
        """Degrees of freedom of the coefficients."""
        return pd.Series([self.inference.df(row) for row in np.eye(len(self.params))], self.params.index)

    @property
    def p_values(self) -> pd.Series:
        """Two-sided p-values of the coefficients."""
        return pd.Series(self.test(np.eye(len(self.params))).p_value, self.params.index)

    def conf_int(self, conf_level: float = 0.95, *, alpha: float | None = None) -> pd.DataFrame:
        """Return confidence limits `conf_low` and `conf_high` of the coefficients.

        Parameters
        ----------
        conf_level
            Level between 0 and 1.
        alpha
            One less the level, as statsmodels has it; instead of `conf_level`.

        Examples
        --------
        >>> from coxa.models import fit_ancova
        >>> d = pd.DataFrame({"participant_id": range(4), "y": [1.0, 2, 3, 4]})
        >>> fit_ancova("y ~ 1", d).conf_int(alpha=0.1).round(2).to_numpy().tolist()
        [[0.98, 4.02]]
        """
        level = conf_level if alpha is None else 1 - alpha
        check_level(level)
        half = stats.t.ppf((1 + level) / 2, self.df) * self.std_error
        return pd.DataFrame({"conf_low": self.params - half, "conf_high": self.params + half})

    def test(self, rows: Rows) -> LinearTest:
        """Test each of one or more linear functions of the coefficients against zero.

        Parameters
        ----------
        rows : (p,) or (q, p) array, or mapping
            Weights of the coefficients; a mapping names those that are not zero.

        Returns
        -------
        LinearTest
            Arrays of length q.

        Raises
        ------
        FitError
            The adjusted variance of a row is negative.

        Examples
        --------
        >>> from coxa.models import fit_ancova
        >>> d = pd.DataFrame({"participant_id": range(6), "arm": list("aaabbb"), "y": [1.0, 2, 3, 4, 5, 6]})
        >>> fit_ancova("y ~ arm", d).test({"Intercept": 1, "arm[b]": 1}).estimate.round(6).tolist()
        [5.0]
        """
        matrix = self.weights(rows)
        estimate = matrix @ self.params.to_numpy()
        std_error = self._std_errors(matrix)
        df = np.array([self.inference.df(row) for row in matrix])
        statistic = estimate / std_error
        p_value = np.asarray(2 * stats.t.sf(np.abs(statistic), df))
        return LinearTest(estimate, std_error, df, statistic, p_value)

    def joint_test(self, rows: np.ndarray) -> JointTest:
        """Test that all rows (q, p) are zero together; rows that repeat others are counted once.

        Raises
        ------
        OptionError
            All rows are zero.
        """
        _, values, basis = np.linalg.svd(self.weights(rows), full_matrices=False)
        independent = basis[values > 1e-10 * max(values.max(), 1.0)]
        if not len(independent):
            raise OptionError("All rows are zero. Give a joint test at least one row that is not zero.")
        f, denominator = self.inference.f_test(independent, self.params.to_numpy())
        q = len(independent)
        p_value = stats.f.sf(f, q, denominator) if np.isfinite(denominator) else stats.chi2.sf(q * f, q)
        return JointTest(f, q, denominator, float(p_value))

    def _std_errors(self, matrix: np.ndarray) -> np.ndarray:
        """Return the standard errors of rows (q, p); raise FitError where an adjusted variance is negative."""
        variance = np.einsum("ia,ab,ib->i", matrix, self.inference.covariance, matrix)
        if (variance < 0).any():
            raise FitError(
                f"ddf '{self.ddf}' adjusts a variance to {variance.min():.3g}: the data say too little of the "
                f"{self.structure} covariance for the adjustment",
                ["Use a covariance with fewer parameters.", "Use ddf='satterthwaite', which adjusts no variance."],
            )
        return np.sqrt(variance)

    def weights(self, rows: Rows | str) -> np.ndarray:
        """Return rows as an array (q, p).

        Raises
        ------
        OptionError
            A coefficient is unknown, or the number of columns is wrong.
        """
        names = list(self.params.index)
        if isinstance(rows, str):
            raise OptionError(
                f"`rows` is '{rows}'. Give weights of the coefficients, as an array or a mapping from their "
                f"names. For the test of a term, use coxa.joint_test(fit, '{rows}')."
            )
        if isinstance(rows, Mapping):
            unknown = [name for name in rows if name not in names]
            if unknown:
                raise OptionError(f"There is no coefficient '{unknown[0]}'. Choose from {', '.join(names)}.")
            return np.array([[rows.get(name, 0.0) for name in names]], dtype=float)
        try:
            matrix = np.atleast_2d(np.asarray(rows, dtype=float))
        except (TypeError, ValueError):
            raise OptionError(f"`rows` is {shortened(rows)}. Give weights of the coefficients, as numbers.") from None
        if matrix.shape[1] != len(names):
            raise OptionError(f"A row has {matrix.shape[1]} weights. Give {len(names)}, one per coefficient.")
        return matrix

    def tidy(self, conf_level: float = 0.95) -> pd.DataFrame:
        """Return one row per coefficient in the columns of every result; `term` is the coefficient's name."""
        tested = self.test(np.eye(len(self.params)))
        table = pd.DataFrame(
            {
                "outcome": self.outcome,
                "term": self.params.index,
                "estimate": tested.estimate,
                "std_error": tested.std_error,
                "df": tested.df,
                "statistic": tested.statistic,
                "p_value": tested.p_value,
                **self.conf_int(conf_level).reset_index(drop=True),
                "conf_level": conf_level,
                "n_participants": self.n_participants,
                "n_observations": self.n_observations,
                "method": self.method,
                "warning": "; ".join(self.warnings),
            }
        )
        return result_frame({str(k): v for k, v in row.items()} for row in table.to_dict("records"))


@dataclass(frozen=True, slots=True, kw_only=True)
class FitRecord(Coefficients):
    """Fixed effects, their uncertainty, and how they came about; `Fit` adds what is predicted and shown.

    Attributes
    ----------
    those of `Coefficients`, and
    model : "mmrm", "lmm" or "ancova"
    loglik : log-likelihood with all constants; restricted if `reml`
    reml : whether it is restricted
    covariance : visit by visit covariance of the outcome within a participant, in squared units; with a covariance
        for each group the rows are indexed by group and visit, and ``covariance.loc[group]`` is one of them; where it
        depends on times, at the mean time of each visit
    covariance_parameters : the structure's parameters by name
    vcov : covariance of the coefficients: by the "model", or a sandwich "CR0", "CR2", "CR3"
    group : column whose levels have a covariance each; None where all share one
    attempts : what was tried, in order, why it was left, and the criteria of what was kept
    optimisation : the optimiser's record; None where there was nothing to optimise
    totals : counts of the rows where the fit was made from chunks and has no rows itself; else None
    random : random effects and their variances; None where there are none
    """

    model: str
    loglik: float
    reml: bool
    covariance: pd.DataFrame = field(repr=False)
    covariance_parameters: pd.Series = field(repr=False)
    vcov: str = "model"
    group: str | None = None
    attempts: tuple[Attempt, ...] = field(default=(), repr=False)
    optimisation: Optimisation | None = field(default=None, repr=False)
    totals: Totals | None = field(default=None, repr=False)
    random: RandomPart | None = field(default=None, repr=False)

    @property
    def has_random_effects(self) -> bool:
        """Whether it has random effects, kept (`random`) or, of another engine, not."""
        return self.random is not None or self.spec.of_random_effects

    @property
    def n_observations(self) -> int:
        """Analysed rows."""
        return len(self.design.y) if self.totals is None else self.totals.n_observations

    @property
    def correlation(self) -> pd.DataFrame:
        """Visit by visit correlation of the outcome within a participant, in each group as `covariance`."""
        m = self.covariance.shape[1]
        values = correlation(self.covariance.to_numpy().reshape(-1, m, m)).reshape(-1, m)
        return pd.DataFrame(values, self.covariance.index, self.covariance.columns)

    @property
    def criteria(self) -> pd.Series:
        """AIC, AICC and BIC, smaller is better.

        What is counted is said in `coxa.models.results.records.criteria`.
        """
        p, k = len(self.params), len(self.covariance_parameters)
        return pd.Series(criteria(self.loglik, k, p, self.n_observations, self.n_participants, reml=self.reml))
