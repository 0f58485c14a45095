"""The generalised linear mixed model with one random intercept."""

from __future__ import annotations

from time import perf_counter
from typing import Literal

import numpy as np
import pandas as pd
from scipy import linalg

from coxa.models.design.matrix import Basis, orthonormal
from coxa.models.glmm.fit import GLMMFit
from coxa.models.glmm.maximise import Fitted, fitted
from coxa.models.glmm.outcomes import OUTCOMES
from coxa.models.glmm.rows import ClusteredRows, clustered_rows
from coxa.models.inference.methods import BetweenWithin, Inference, Normal, between_within_df
from coxa.models.numerics.one_thread import one_thread
from coxa.models.results.records import Optimisation
from coxa.models.spec import GLMMSpec

FEW_CLUSTERS = 10
"""Clusters below which results carry a warning."""

TOO_FEW_NODES = 1e-3
"""Change of the log-likelihood with twice as many nodes from which results carry a warning."""


def fit_glmm(
    formula: str,
    data: pd.DataFrame,
    *,
    family: Literal["binomial", "poisson", "negative_binomial"] = "binomial",
    quadrature: int = 25,
    exposure: str | None = None,
    participant: str | None = None,
    visit: str = "visit",
    ddf: Literal["normal", "between-within"] = "normal",
) -> GLMMFit:
    """Fit a generalised linear mixed model with a random intercept by maximum likelihood.

    Parameters
    ----------
    formula : str
        ``better ~ arm * visit + baseline + (1 | participant_id)``: fixed effects as in `coxa.models.design.formula`,
        and one random intercept; its factor may be a combination, ``(1 | clinic:therapist)``.
    data : DataFrame
        One row per observation. Not changed; rows without a value that the model needs are counted in `left_out`.
    family : {"binomial", "poisson", "negative_binomial"}
        Outcomes of 0 and 1 with a logit link; counts with a log link, and variance m or m + m^2 / size (nbinom2).
    quadrature : int
        Nodes of adaptive Gauss-Hermite quadrature over the random intercept, 1 to 100; 1 is Laplace's approximation.
    exposure : str, optional
        Column of a time or size that counts are proportional to; its logarithm is an offset.
    participant : str, optional
        Column that says whose row it is, for counts of participants; `participant_id` where there is one, else the
        factor of the random intercept.
    visit : str
        Column of the visit, where the formula has it.
    ddf : {"normal", "between-within"}
        z tests, or t with counted degrees of freedom: clusters less what is constant within them, or rows.

    Returns
    -------
    GLMMFit
        With a gradient that is zero in tolerance and a positive definite Hessian. A variance that was estimated at zero
        is a warning, and the fit is that without random intercepts; so is a size at infinity, and the fit is Poisson's.

    Raises
    ------
    SeparationError
        A coefficient or the variance would be infinite.
    NonConvergenceError
        No maximum is proven.
    EmptyCellError, RankDeficientError
        Coefficients that cannot be estimated.
    FitError
        The outcome has values that the family does not; too few rows or clusters; one row in each cluster.
    DataError
        A row has no participant, or an exposure that is not above zero.
    OptionError
        An option, a column, or a part of the formula is not allowed.

    Notes
    -----
    The likelihood of each cluster is integrated at nodes about the mode of its random intercept, at the scale of the
    curvature there (Liu & Pierce, Biometrika 1994, 81:624-629; Pinheiro & Bates, Journal of Computational and Graphical
    Statistics 1995, 4:12-35). Gradients are exact, of the sum over the nodes as it is computed. The Hessian is Louis's
    at the nodes (Journal of the Royal Statistical Society B 1982, 44:226-233) where a difference of gradients confirms
    it, else central differences of the gradient.

    Examples
    --------
    >>> who, visit = np.repeat(range(12), 3), np.tile(list("abc"), 12)
    >>> d = pd.DataFrame({"participant_id": who, "visit": visit, "arm": np.where(who < 6, "usual", "new")})
    >>> d["better"] = [int(answer) for answer in "000010110001000010111001110111000011"]
    >>> fit = fit_glmm("better ~ arm + (1 | participant_id)", d)
    >>> fit.params.round(3).to_dict(), round(fit.sd, 3)
    ({'Intercept': 0.515, 'arm[usual]': -1.582}, 0.772)
    """
    spec = GLMMSpec(
        formula=formula,
        family=family,
        quadrature=quadrature,
        exposure=exposure,
        participant=participant,
        visit=visit,
        ddf=ddf,
    )
    started = perf_counter()
    rows = clustered_rows(spec, data)
    with one_thread():
        basis = orthonormal(rows.design.x, rows.design.names)
        prepared = perf_counter()
        found = fitted(rows, basis, OUTCOMES[spec.family], spec.quadrature)
        seconds = {"formula": prepared - started, "optimiser": perf_counter() - prepared}
        return assembled(spec, rows, basis, found, seconds)


def assembled(spec: GLMMSpec, rows: ClusteredRows, basis: Basis, found: Fitted, seconds: dict[str, float]) -> GLMMFit:
    """Return the fit, its coefficients those of the design."""
    names, best, p = list(rows.design.names), found.maximum, len(rows.design.names)
    sd, shape = float(best.theta[p]), best.theta[p + 1 :]
    joint = joint_covariance(best.hessian, basis, at_zero=found.at_zero)
    every = [*names, "sd", *(["log_size"] if len(shape) else [])]
    at = best.at
    return GLMMFit(
        design=rows.design,
        spec=spec,
        params=pd.Series(basis.back @ best.theta[:p], names),
        inference=inference(spec, rows, joint[:p, :p]),
        ddf=spec.ddf,
        sample=rows.sample,
        structure="random intercept",
        method=described(spec, rows.cluster, at_zero=found.at_zero),
        warnings=warned(spec, rows, found),
        cluster=rows.cluster,
        sd=sd,
        sd_error=float("nan") if found.at_zero else float(np.sqrt(joint[p, p])),
        at_zero=found.at_zero,
        size=float(np.exp(shape[0])) if len(shape) else np.inf if found.is_poisson else float("nan"),
        joint=pd.DataFrame(joint, every, every),
        loglik=at.loglik,
        loglik_without=found.without,
        quadrature=spec.quadrature,
        quadrature_change=found.checked - at.loglik,
        intercepts=pd.DataFrame(
            {"level": rows.labels, "mode": sd * at.modes, "mean": sd * at.means, "std_error": sd * at.scales}
        ),
        exposure=rows.exposure,
        optimisation=Optimisation(best.evaluations, best.distance, best.min_eigenvalue, seconds),
    )


def joint_covariance(hessian: np.ndarray, basis: Basis, *, at_zero: bool) -> np.ndarray:
    """Return the covariance (P, P) of coefficients, sd and shape parameters; zero for an sd that is at zero."""
    p = len(basis.back)
    free = np.ones(len(hessian), dtype=bool)
    free[p] = not at_zero
    covariance = np.zeros_like(hessian)
    covariance[np.ix_(free, free)] = linalg.inv(hessian[np.ix_(free, free)])
    back = np.eye(len(hessian))
    back[:p, :p] = basis.back
    covariance = back @ covariance @ back.T
    return np.asarray((covariance + covariance.T) / 2)


def inference(spec: GLMMSpec, rows: ClusteredRows, covariance: np.ndarray) -> Inference:
    """Return how coefficients are tested."""
    if spec.ddf == "normal":
        return Normal(covariance)
    intercept = np.array([name == "Intercept" for name in rows.design.names])
    return BetweenWithin(covariance, between_within_df(rows.codes, rows.design.x, intercept))


def described(spec: GLMMSpec, cluster: str, *, at_zero: bool) -> str:
    """Return the model in a sentence."""
    how = "Laplace approximation"
    if spec.quadrature > 1:
        how = f"adaptive Gauss-Hermite quadrature with {spec.quadrature} nodes"
    tests = "z tests" if spec.ddf == "normal" else "t tests with between-within degrees of freedom"
    zero = " (variance estimated at zero)" if at_zero else ""
    return f"{OUTCOMES[spec.family].words}, random intercept of {cluster}{zero}, {how}, {tests}"


def warned(spec: GLMMSpec, rows: ClusteredRows, found: Fitted) -> tuple[str, ...]:
    """Return what a reader of any result should know."""
    said = list(rows.design.unused_said)
    if found.at_zero:
        said.append(
            f"the variance of Intercept between levels of {rows.cluster} was estimated at zero: the likelihood falls "
            "with it, and results are those of a model without a random intercept"
        )
    if found.is_poisson:
        said.append(
            "the size of the negative binomial was estimated at infinity: the counts vary no more than Poisson's, and "
            "results are those of family='poisson'"
        )
    if len(rows.labels) < FEW_CLUSTERS:
        said.append(
            f"{rows.cluster} has {len(rows.labels)} levels, fewer than {FEW_CLUSTERS}: its variance is imprecise, and "
            "standard errors of what varies between them are too small"
        )
    change = found.checked - found.maximum.at.loglik
    if spec.quadrature > 1 and abs(change) > TOO_FEW_NODES:
        nodes = 2 * spec.quadrature + 1
        said.append(
            f"with {nodes} nodes in place of {spec.quadrature} the log-likelihood differs by {abs(change):.2g}: "
            "use more nodes"
        )
    return tuple(said)
