"""Many trials of one plan, each with its own participants, covariates and gaps, fitted together."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from coxa.covariances import Covariance
from coxa.errors import OptionError, not_allowed
from coxa.models.batch.api import (
    BLOCK,
    BatchFit,
    BatchTests,
    checked_methods,
    checked_rows,
    fit_sums_of,
    joined,
    shared_times,
)
from coxa.models.batch.likelihood import BatchSums, trial_sums
from coxa.models.design.matrix import DEPENDENT, orthonormal
from coxa.models.design.rows import check_frame
from coxa.models.mmrm.data import RepeatedData, repeated_data
from coxa.models.numerics.one_thread import one_thread
from coxa.models.numerics.pattern_sums import patterns
from coxa.models.options import DfMethod
from coxa.models.spec import MMRMSpec

WHO = "participant of the trial"
"""Column that tells participants of different trials apart."""


def fit_trials(
    formula: str,
    data: pd.DataFrame,
    rows: np.ndarray | Sequence[Mapping[str, float]],
    *,
    trial: str = "trial",
    participant: str = "participant_id",
    visit: str = "visit",
    covariance: Covariance | str = "us",
    time: str | None = None,
    reml: bool = True,
    ddf: DfMethod | Sequence[DfMethod] = "satterthwaite",
    visits: Sequence[Any] | None = None,
) -> BatchFit:
    """Fit the model of `fit_mmrm` to each of many trials that stand one under the other.

    Trials share the formula and the levels of its factors, and nothing else: participants, covariates and gaps are
    those of each. The numbers are those of single fits; the searches run together on one more array axis.

    Parameters
    ----------
    formula, participant, visit, covariance, time, reml, visits
        As for `coxa.models.fit_mmrm`; one structure, no ladder.
    data : DataFrame
        One row per trial, participant and visit. Not changed.
    rows : (q, p) array, or sequence of mappings
        Linear functions of the coefficients to be tested; a mapping names those that are not zero.
    trial : str
        Column that says which trial a row is of.
    ddf : str or sequence of str
        One method for degrees of freedom, or several from the same fits; not between-within.

    Returns
    -------
    BatchFit
        One entry per trial, in the order of their sorted labels. A trial in which a fixed effect cannot be estimated,
        or without a proven optimum, is not a number everywhere.

    Raises
    ------
    OptionError
        An option, a column or a row is not allowed.
    FitError, DataError
        As `fit_mmrm`, for all trials together.

    Examples
    --------
    >>> who = np.tile(np.repeat(np.arange(30), 2), 3)
    >>> d = pd.DataFrame({"trial": np.repeat([1, 2, 3], 60), "participant_id": who, "visit": ["a", "b"] * 90})
    >>> d["y"] = np.sin(np.arange(180.0) ** 2)
    >>> fits = fit_trials("y ~ visit", d.drop(index=[3, 70]), [{"visit[b]": 1}], ddf="kenward-roger")
    >>> fits.estimate.shape, bool(fits.converged.all())
    ((3, 1), True)
    """
    spec = MMRMSpec(
        formula=formula,
        participant=WHO,
        visit=visit,
        covariance=covariance,
        time=time,
        reml=reml,
        visits=visits,
    )
    structure, methods = spec.ladder[0], checked_methods(ddf, reml=reml)
    if "between-within" in methods:
        raise OptionError("Between-within degrees of freedom are counted trial by trial. Use fit_mmrm for each.")
    data = check_frame(data)
    for column in (trial, participant):
        if column not in data.columns:
            raise OptionError(not_allowed("column", column, map(str, data.columns)))
    codes, labels = pd.factorize(data[trial], sort=True)
    people = pd.factorize(data[participant])[0]
    table = data.assign(**{WHO: codes * (int(people.max()) + 1) + people})
    with one_thread():
        analysed = repeated_data(spec, table)
        wanted = checked_rows(rows, analysed.design.names)
        spaced = shared_times(analysed)
        basis = orthonormal(analysed.design.x, analysed.design.names)
        guess = basis.q.T @ analysed.design.y
        values = np.column_stack([basis.q, analysed.design.y - basis.q @ guess])
        of_row = codes[analysed.design.complete]
        blocks = []
        for first in range(0, len(labels), BLOCK):
            trials = min(BLOCK, len(labels) - first)
            sums = block_sums(analysed, of_row - first, trials, values, spaced)
            good = estimable(sums)
            fitted = fit_sums_of(
                sums.take(good), analysed.design.names, guess, basis, structure, methods, wanted, reml=reml
            )
            blocks.append(fitted if good.all() else with_gaps(fitted, good))
    return joined(blocks, methods)


def block_sums(
    analysed: RepeatedData, trial: np.ndarray, trials: int, values: np.ndarray, times: np.ndarray | None
) -> BatchSums:
    """Return the sums of the trials with codes from 0; `trial` (N,) and `values` (N, p + 1) are of all rows."""
    in_block = np.flatnonzero((trial >= 0) & (trial < trials))
    who = pd.factorize(analysed.who[in_block])[0]
    alike = tuple(patterns(who, analysed.when[in_block]))
    return trial_sums(trial[in_block], alike, values[in_block], trials, len(analysed.labels), times)


def estimable(sums: BatchSums) -> np.ndarray:
    """Return which trials (B,) have all columns of the design, by the smallest eigenvalue of their products."""
    pairs = (sums.index[1] == sums.index[2]).astype(float)
    gram = (pairs @ sums.xx).reshape(sums.size, sums.p, sums.p)
    values = np.linalg.eigvalsh(gram)
    return np.asarray(values[:, 0] > DEPENDENT * values[:, -1])


def with_gaps(fitted: BatchFit, good: np.ndarray) -> BatchFit:
    """Return the fits of the trials that are `good` (B,) among those of all, which are not numbers."""

    def spread(values: np.ndarray, fill: float | bool) -> np.ndarray:
        every = np.full((len(good), *values.shape[1:]), fill, dtype=values.dtype)
        every[good] = values
        return every

    tests = {
        name: BatchTests(spread(one.std_error, np.nan), spread(one.df, np.nan)) for name, one in fitted.tests.items()
    }
    return BatchFit(
        names=fitted.names,
        rows=fitted.rows,
        params=spread(fitted.params, np.nan),
        loglik=spread(fitted.loglik, np.nan),
        converged=spread(fitted.converged, False),
        single=spread(fitted.single, False),
        tests=tests,
    )
