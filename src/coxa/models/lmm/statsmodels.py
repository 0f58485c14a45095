"""The linear mixed model by statsmodels' MixedLM, as a second engine."""

from __future__ import annotations

import warnings
from collections.abc import Sequence

import numpy as np
import pandas as pd
from statsmodels.regression.mixed_linear_model import MixedLM, VCSpec

from coxa.errors import NonConvergenceError, OptionError
from coxa.models.inference.methods import FixedDf
from coxa.models.lmm.data import MixedData
from coxa.models.lmm.factors import RandomFactor
from coxa.models.results.fit import Fit
from coxa.models.spec import LMMSpec


def fit_by_statsmodels(analysed: MixedData, spec: LMMSpec) -> Fit:
    """Fit by MixedLM: tests are normal, without degrees of freedom, and nothing is predicted.

    One factor may have correlated effects; the others, and uncorrelated effects, are variance components within the
    levels of the factor that all others are nested in, or within the whole where they cross.

    Raises
    ------
    OptionError
        Weights, correlated effects of more than one factor, beside independent ones, or of a factor that some rows are
        without: MixedLM has none of these.
    NonConvergenceError
        MixedLM says that it did not converge.
    """
    reml = spec.reml
    if analysed.weights is not None:
        raise OptionError("Engine 'statsmodels' has no weights. Use engine='coxa'.")
    design, factors = analysed.design, analysed.factors
    correlated = [factor for factor in factors if max(factor.parts) > 1]
    if len(correlated) > 1 or (correlated and len(factors) > 1):
        raise OptionError("Engine 'statsmodels' takes correlated effects of one factor alone. Use engine='coxa'.")
    if correlated and (len(correlated[0].parts) > 1 or (correlated[0].codes < 0).any()):
        raise OptionError(
            "Engine 'statsmodels' takes correlated effects in one bracket, in all rows, and those of "
            f"{correlated[0].name} are in several, or some rows are without. Use engine='coxa'."
        )
    top = outermost(factors)
    groups = np.zeros(len(design.y), dtype=int) if top is None else top.codes
    effects = correlated[0].effects if correlated else None
    components = None if correlated else component_spec(factors, groups)
    model = MixedLM(design.y, design.x, groups, exog_re=effects, exog_vc=components)
    with warnings.catch_warnings(record=True) as heard:
        warnings.simplefilter("always")
        result = model.fit(reml=reml, method=["bfgs", "lbfgs"])
    if not result.converged:
        raise NonConvergenceError("statsmodels' MixedLM did not converge", ["Use engine='coxa'."])
    p = len(design.names)
    scale = float(result.scale)
    parameters = component_parameters(factors, np.asarray(result.cov_re), np.asarray(result.vcomp), correlated)
    parameters["sd[residual]"] = float(np.sqrt(scale))
    covariance = np.asarray(result.cov_params())[:p, :p]
    return Fit(
        model="lmm",
        spec=spec,
        design=design,
        params=pd.Series(np.asarray(result.fe_params), list(design.names)),
        inference=FixedDf(covariance, np.inf),
        ddf="normal",
        sample=analysed.sample,
        loglik=float(result.llf),
        reml=reml,
        structure="independent",
        covariance=pd.DataFrame([[scale]], ["residual"], ["residual"]),
        covariance_parameters=pd.Series(parameters),
        method=f"linear mixed model by statsmodels MixedLM, {'REML' if reml else 'ML'}, normal tests",
        warnings=tuple(dict.fromkeys(str(each.message) for each in heard)),
    )


def outermost(factors: Sequence[RandomFactor]) -> RandomFactor | None:
    """Return the factor in whose levels all others are nested, or None where they cross."""
    for factor in sorted(factors, key=lambda one: len(one.labels)):
        inside = all(
            pd.DataFrame({"outer": factor.codes, "inner": other.codes}).drop_duplicates()["inner"].is_unique
            for other in factors
            if other is not factor
        )
        if inside and (factor.codes >= 0).all():
            return factor
    return None


def component_spec(factors: Sequence[RandomFactor], groups: np.ndarray) -> VCSpec:
    """Return the uncorrelated effects of all factors as variance components within groups."""
    names, columns, matrices = [], [], []
    labels = list(range(int(groups.max()) + 1))
    for factor in factors:
        for k, name in enumerate(factor.names):
            names.append(f"{factor.name}: {name}")
            own_names, own = [], []
            for label in labels:
                rows = groups == label
                codes = factor.codes[rows]
                levels = np.unique(codes[codes >= 0])
                own.append((codes[:, None] == levels) * factor.effects[rows, k][:, None])
                own_names.append([str(level) for level in levels])
            columns.append(own_names)
            matrices.append(own)
    return VCSpec(names, columns, matrices)


def component_parameters(
    factors: Sequence[RandomFactor], cov_re: np.ndarray, vcomp: np.ndarray, correlated: Sequence[RandomFactor]
) -> dict[str, float]:
    """Return standard deviations and correlations by name."""
    if not correlated:
        names = [f"sd[{factor.name}: {name}]" for factor in factors for name in factor.names]
        return dict(zip(names, np.sqrt(np.maximum(vcomp, 0)).tolist(), strict=True))
    factor = correlated[0]
    sd = np.sqrt(np.diag(cov_re))
    named = {f"sd[{factor.name}: {name}]": float(value) for name, value in zip(factor.names, sd, strict=True)}
    for i, name in enumerate(factor.names):
        for j in range(i):
            value = float(cov_re[i, j] / (sd[i] * sd[j]))
            named[f"correlation[{factor.name}: {factor.names[j]}, {name}]"] = value
    return named
