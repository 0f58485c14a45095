"""Many outcomes on one design, fitted together: simulated trials, imputed or resampled data sets."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd
from scipy import stats

from coxa.covariances import Covariance
from coxa.errors import OptionError
from coxa.models.batch.likelihood import BatchSums, batch_sums
from coxa.models.batch.search import kenward_roger_adjustments, optima, satterthwaite_of, theta_covariances, variances
from coxa.models.covariance.structure import Structure
from coxa.models.design.matrix import Basis, orthonormal
from coxa.models.design.rows import check_frame, check_memory, check_residuals
from coxa.models.inference.methods import BetweenWithin, between_within_df
from coxa.models.mmrm.data import RepeatedData, repeated_data
from coxa.models.numerics.one_thread import one_thread
from coxa.models.numerics.pattern_sums import Pattern, patterns
from coxa.models.options import DfMethod, check_ddf
from coxa.models.spec import MMRMSpec

BLOCK = 64
"""Outcomes fitted at a time: enough to spread the cost of a call, few enough to stay in the processor's cache."""

NUMBERS = 32_000_000
"""Numbers in the largest array of derivatives of the outcomes that are fitted at a time."""


@dataclass(frozen=True, slots=True)
class BatchTests:
    """Standard errors and degrees of freedom of q rows by one method, each of shape (B, q)."""

    std_error: np.ndarray
    df: np.ndarray


@dataclass(frozen=True, slots=True)
class BatchFit:
    """B fits of one model. Sets without a proven optimum are not numbers in every result.

    names     : p names of the coefficients
    rows      : (q, p) linear functions of the coefficients that were asked for
    params    : (B, p)
    loglik    : (B,) log-likelihood with all constants; restricted unless ML was asked for
    converged : (B,) whether gradient and Hessian prove an optimum
    single    : (B,) whether the set was fitted singly, from several starts
    tests     : standard errors and degrees of freedom of the rows, by method

    Examples
    --------
    >>> import pandas as pd
    >>> who = np.repeat(np.arange(40), 2)
    >>> d = pd.DataFrame({"participant_id": who, "visit": ["a", "b"] * 40, "y": np.sin(np.arange(80.0) ** 2)})
    >>> many = np.cos(np.outer([1.0, 2.0], np.arange(80) ** 2))
    >>> fits = fit_batch("y ~ visit", d, many, [{"visit[b]": 1}])
    >>> fits.names, fits.params.shape
    (('Intercept', 'visit[b]'), (2, 2))
    """

    names: tuple[str, ...]
    rows: np.ndarray
    params: np.ndarray = field(repr=False)
    loglik: np.ndarray = field(repr=False)
    converged: np.ndarray = field(repr=False)
    single: np.ndarray = field(repr=False)
    tests: Mapping[str, BatchTests] = field(repr=False)

    @property
    def estimate(self) -> np.ndarray:
        """Estimates of the rows, shape (B, q), in units of the outcome."""
        return self.params @ self.rows.T

    def p_value(self, ddf: str) -> np.ndarray:
        """Return two-sided p-values of the rows, shape (B, q), by one of the methods of `tests`."""
        tests = self.tests[ddf]
        return np.asarray(2 * stats.t.sf(np.abs(self.estimate) / tests.std_error, tests.df))


def fit_batch(
    formula: str,
    data: pd.DataFrame,
    outcomes: np.ndarray,
    rows: np.ndarray | Sequence[Mapping[str, float]],
    *,
    participant: str = "participant_id",
    visit: str = "visit",
    covariance: Covariance | str = "us",
    time: str | None = None,
    reml: bool = True,
    ddf: DfMethod | Sequence[DfMethod] = "satterthwaite",
    visits: Sequence[Any] | None = None,
) -> BatchFit:
    """Fit the model of `fit_mmrm` to many outcomes that share design and pattern of missing visits.

    The sums of the design are made once, and the searches run together on one more array axis; a set that they do
    not bring to a proven optimum is fitted singly, from several starts. The numbers are those of single fits.

    Parameters
    ----------
    formula, participant, visit, covariance, time, reml, visits
        As for `coxa.models.fit_mmrm`; one structure, no ladder.
    data : DataFrame
        The design, one row per participant and visit. Its outcome says which rows are analysed: those where it, and
        every other column of the formula, has a value. Not changed.
    outcomes : (B, len(data)) array
        The outcomes to fit; what stands in rows that are not analysed is not looked at.
    rows : (q, p) array, or sequence of mappings
        Linear functions of the coefficients to be tested; a mapping names those that are not zero.
    ddf : str or sequence of str
        One method for degrees of freedom, or several from the same fits.

    Returns
    -------
    BatchFit

    Raises
    ------
    OptionError
        An option is not allowed, the outcomes have another shape, or a row another length or an unknown name.
    FitError, DataError
        As `fit_mmrm`, for the design; an outcome without a number in an analysed row.

    Examples
    --------
    >>> who = np.repeat(np.arange(40), 2)
    >>> d = pd.DataFrame({"participant_id": who, "visit": ["a", "b"] * 40, "y": np.sin(np.arange(80.0) ** 2)})
    >>> many = np.cos(np.outer([1.0, 2.0, 3.0], np.arange(80) ** 2))
    >>> fits = fit_batch("y ~ visit", d, many, [{"visit[b]": 1}], ddf="kenward-roger")
    >>> fits.estimate.shape, bool(fits.converged.all())
    ((3, 1), True)
    """
    spec = MMRMSpec(
        formula=formula,
        participant=participant,
        visit=visit,
        covariance=covariance,
        time=time,
        reml=reml,
        visits=visits,
    )
    structure, methods = spec.ladder[0], checked_methods(ddf, reml=reml)
    data = check_frame(data)
    with one_thread():
        analysed = repeated_data(spec, data)
        wanted = checked_rows(rows, analysed.design.names)
        y = checked_outcomes(outcomes, analysed.design.complete)
        spaced = shared_times(analysed)
        basis = orthonormal(analysed.design.x, analysed.design.names)
        alike = tuple(patterns(analysed.who, analysed.when))
        check_memory([len(pattern.visits) for pattern in alike], len(analysed.design.names))
        step = together(
            structure.count(len(analysed.labels)), len(analysed.labels), len(alike), len(analysed.design.names)
        )
        blocks = [
            fit_block(y[k : k + step], k, analysed, alike, basis, structure, spaced, methods, wanted, reml=reml)
            for k in range(0, len(y), step)
        ]
    return joined(blocks, methods)


def together(parameters: int, m: int, patterns: int, p: int) -> int:
    """Return how many outcomes are fitted at a time: fewer where their derivatives are large."""
    return max(1, min(BLOCK, NUMBERS // (parameters * max(m * m * patterns, p * p))))


def fit_block(
    y: np.ndarray,
    first: int,
    analysed: RepeatedData,
    alike: Sequence[Pattern],
    basis: Basis,
    structure: Structure,
    spaced: np.ndarray | None,
    methods: Sequence[str],
    rows: np.ndarray,
    *,
    reml: bool,
) -> BatchFit:
    """Fit outcomes (B, N) of analysed rows together; `first` is the number of the first."""
    guess = y @ basis.q
    left = y - guess @ basis.q.T
    for k, (own, outcome) in enumerate(zip(left, y, strict=True)):
        check_residuals(float(own.std()), float(np.abs(outcome).max()), f"outcome {first + k}")
    sums = batch_sums(alike, basis.q, left, len(analysed.labels), spaced)
    counted = counted_df(analysed, rows) if "between-within" in methods else None
    return fit_sums_of(sums, analysed.design.names, guess, basis, structure, methods, rows, reml=reml, counted=counted)


def fit_sums_of(
    sums: BatchSums,
    names: tuple[str, ...],
    guess: np.ndarray,
    basis: Basis,
    structure: Structure,
    methods: Sequence[str],
    rows: np.ndarray,
    *,
    reml: bool,
    counted: np.ndarray | None = None,
) -> BatchFit:
    """Fit sums and test rows (q, p) of the formula's coefficients by each method.

    guess   : (B, p) or (p,) coefficients in the basis that were taken off the outcomes
    counted : (q,) between-within degrees of freedom, where they are asked for
    """
    optimum = optima(sums, structure, reml=reml)
    contrasts = rows @ basis.back
    information = theta_covariances(optimum)
    plain = variances(contrasts, optimum.at.phi)
    tests = {}
    for method in methods:
        variance = plain
        if method == "residual":
            free = np.asarray(sums.n_observations - sums.p, dtype=float).reshape(-1, 1)
            df = np.broadcast_to(free, plain.shape)
        elif method == "between-within" and counted is not None:
            df = np.broadcast_to(counted, plain.shape)
        else:
            df = satterthwaite_of(contrasts, optimum, information)
        if method.startswith("kenward-roger"):
            adjustment = kenward_roger_adjustments(
                sums, structure, optimum, information, curvature=method == "kenward-roger"
            )
            variance = plain + variances(contrasts, adjustment)
        std_error = np.where(optimum.converged[:, None], np.sqrt(variance), np.nan)
        tests[method] = BatchTests(std_error, np.where(optimum.converged[:, None], df, np.nan))
    known = optimum.converged
    return BatchFit(
        names=names,
        rows=rows,
        params=np.where(known[:, None], (guess + optimum.at.beta) @ basis.back.T, np.nan),
        loglik=np.where(known, optimum.at.loglik - (basis.log_det if reml else 0.0), np.nan),
        converged=known,
        single=optimum.single,
        tests=tests,
    )


def joined(blocks: Sequence[BatchFit], methods: Sequence[str]) -> BatchFit:
    """Return the fits of several blocks as one."""
    tests = {
        method: BatchTests(
            *(np.concatenate([getattr(b.tests[method], x) for b in blocks]) for x in ("std_error", "df"))
        )
        for method in methods
    }
    together = {
        name: np.concatenate([getattr(b, name) for b in blocks]) for name in ("params", "loglik", "converged", "single")
    }
    return BatchFit(blocks[0].names, blocks[0].rows, tests=tests, **together)


def checked_methods(ddf: str | Sequence[str], *, reml: bool) -> tuple[str, ...]:
    """Return the methods for degrees of freedom that are asked for, one or several; OptionError for an unknown one."""
    methods = (ddf,) if isinstance(ddf, str) else tuple(ddf)
    for method in methods:
        check_ddf(method, reml=reml)
    return methods


def counted_df(analysed: RepeatedData, rows: np.ndarray) -> np.ndarray:
    """Return between-within degrees of freedom of rows (q, p), shape (q,)."""
    intercept = np.array([name == "Intercept" for name in analysed.design.names])
    counted = BetweenWithin(np.empty((0, 0)), between_within_df(analysed.who, analysed.design.x, intercept))
    return np.array([counted.df(row) for row in rows])


def shared_times(analysed: RepeatedData) -> np.ndarray | None:
    """Return the times of the visits (m,), None where only the visits count.

    Raises
    ------
    OptionError
        The times differ between participants, so that they do not share a covariance.
    """
    if analysed.times is not None and analysed.visit_times is None:
        raise OptionError(
            "Participants have a visit at different times, and outcomes are fitted together where it is at one "
            "time for all. Fit these singly."
        )
    return analysed.visit_times


def checked_outcomes(outcomes: np.ndarray, complete: np.ndarray) -> np.ndarray:
    """Return the outcomes of the analysed rows, shape (B, N).

    Raises
    ------
    OptionError
        They have another shape, or no number at an analysed row.
    """
    y = np.asarray(outcomes, dtype=float)
    if y.ndim != 2 or y.shape[1] != len(complete) or not len(y):
        raise OptionError(
            f"`outcomes` has the shape {y.shape}. Give an array (sets, {len(complete)}), one column per row of data."
        )
    used = y[:, complete]
    wrong = np.argwhere(~np.isfinite(used))
    if len(wrong):
        row = int(np.flatnonzero(complete)[wrong[0, 1]])
        raise OptionError(
            f"Outcome {wrong[0, 0]} has no number in row {row} of data, which is analysed. Fill it in, or "
            "leave the row out of all sets by leaving its outcome in data empty."
        )
    return used


def checked_rows(rows: np.ndarray | Sequence[Mapping[str, float]], names: Sequence[str]) -> np.ndarray:
    """Return rows as an array (q, p).

    Raises
    ------
    OptionError
        A coefficient is unknown, or the number of columns is wrong.
    """
    if not isinstance(rows, np.ndarray):
        for unknown in (name for row in rows for name in row if name not in names):
            raise OptionError(f"There is no coefficient '{unknown}'. Choose from {', '.join(names)}.")
        rows = np.array([[row.get(name, 0.0) for name in names] for row in rows])
    matrix = np.atleast_2d(np.asarray(rows, dtype=float))
    if matrix.ndim != 2 or matrix.shape[1] != len(names):
        raise OptionError(
            f"The weights have the shape {matrix.shape}. Give {len(names)} in each row, one per coefficient."
        )
    return matrix
