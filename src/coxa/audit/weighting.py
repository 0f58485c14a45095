"""Weights that let patients with an outcome speak for those like them who have none."""

from __future__ import annotations

import warnings
from dataclasses import dataclass

import numpy as np
import pandas as pd
from statsmodels.discrete.discrete_model import Logit
from statsmodels.tools.sm_exceptions import PerfectSeparationError, PerfectSeparationWarning

from coxa.arguments import FRAME, TEXT, kinds
from coxa.audit.limits import Floats
from coxa.errors import FitError, OptionError
from coxa.models.design.matrix import design_matrix, orthonormal
from coxa.models.numerics.weights import effective_size


@dataclass(frozen=True, slots=True)
class CompletenessWeights:
    """Inverse-probability weights of those who were seen.

    weights          : one per row of the data; NaN of those not seen and of rows with a gap in the formula
    probability      : of being seen, by the model; NaN of rows with a gap
    params           : coefficients of the logistic model
    lowest, highest  : range of the weights
    effective_n      : how many equally weighted patients have the same precision: (sum w)^2 / sum w^2
    n_seen           : patients seen
    n_capped         : weights that were cut down to the cap
    left_out         : rows with a gap, and the column

    Examples
    --------
    >>> people = pd.DataFrame({"sex": list("fffmmm"), "done": [1, 1, 0, 1, 0, 0]})
    >>> found = completeness_weights("done ~ sex", people)
    >>> found.weights.round(2).tolist(), round(found.effective_n, 2)
    ([1.5, 1.5, nan, 3.0, nan, nan], 2.67)
    """

    weights: pd.Series
    probability: pd.Series
    params: pd.Series
    lowest: float
    highest: float
    effective_n: float
    n_seen: int
    n_capped: int
    left_out: pd.DataFrame


@kinds(formula=TEXT, data=FRAME)
def completeness_weights(
    formula: str, data: pd.DataFrame, *, cap: float | None = None, normalised: bool = False
) -> CompletenessWeights:
    """Return weights 1 / p for patients with an outcome, p being the probability of having one.

    Parameters
    ----------
    formula
        ``seen ~ terms`` as in `coxa.models`; `seen` is 0 or 1, or true or false.
    data
        One row per patient, all who were due. Not changed.
    cap
        Largest weight; larger ones are set to it, before they are normalised.
    normalised
        Divide by the mean, so that the weights add up to the number of patients seen.

    Returns
    -------
    CompletenessWeights

    Raises
    ------
    OptionError
        The formula has something that is not allowed, or the cap is not above 1.
    FitError
        The response is not 0 or 1, all or none were seen, or the terms tell exactly who was seen.

    Notes
    -----
    A logistic model by statsmodels' `Logit`. Weights protect against differences that the terms explain, and against
    no other; for the rest see `tipping_means`. Source: Seaman and White, Statistical Methods in Medical Research 2013,
    22:278-295.

    Examples
    --------
    >>> people = pd.DataFrame({"sex": list("fffmmm"), "done": [1, 1, 0, 1, 0, 0]})
    >>> completeness_weights("done ~ sex", people, cap=2.0, normalised=True).weights.round(2).tolist()
    [0.9, 0.9, nan, 1.2, nan, nan]
    """
    if cap is not None and not cap > 1:
        raise OptionError(f"`cap` is {cap}. Give a weight above 1, for example 5.")
    booleans = {name: float for name in data.columns if data[name].dtype == bool}
    design = design_matrix(formula, data.astype(booleans))
    if not np.isin(design.y, (0, 1)).all() or np.ptp(design.y) == 0:
        raise FitError(
            "The response of the formula is not 0 for some patients and 1 for others.",
            ["Count all who were due, with 1 for those who have an outcome and 0 for those who have none."],
        )
    orthonormal(design.x, design.names)
    params, probability = _logistic(design.y, design.x)
    seen = design.y == 1
    raw = 1 / probability[seen]
    used = raw if cap is None else np.minimum(raw, cap)
    used = used / used.mean() if normalised else used
    rows, n = np.flatnonzero(design.complete), len(data)
    weights, chances = np.full(n, np.nan), np.full(n, np.nan)
    weights[rows[seen]], chances[rows] = used, probability
    return CompletenessWeights(
        weights=pd.Series(weights, data.index),
        probability=pd.Series(chances, data.index),
        params=pd.Series(params, list(design.names)),
        lowest=float(used.min()),
        highest=float(used.max()),
        effective_n=effective_size(used),
        n_seen=int(seen.sum()),
        n_capped=0 if cap is None else int((raw > cap).sum()),
        left_out=design.left_out,
    )


def _logistic(seen: Floats, x: Floats) -> tuple[Floats, Floats]:
    """Return coefficients and fitted probabilities of a logistic model, if its likelihood has an optimum."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", PerfectSeparationWarning)  # what it warns of is refused below
            fit = Logit(seen, x).fit(disp=0, maxiter=100, warn_convergence=False)
    except (PerfectSeparationError, np.linalg.LinAlgError):
        fit = None
    if fit is None or not fit.mle_retvals["converged"] or np.abs(x.T @ (seen - fit.predict())).max() > 1e-6 * len(x):
        raise FitError(
            "The terms of the formula tell of some patients exactly whether they were seen.",
            ["Leave out the term, or join levels in which all or none were seen."],
        )
    return np.asarray(fit.params), np.asarray(fit.predict())
