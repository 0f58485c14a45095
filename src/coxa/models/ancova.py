"""Analysis of covariance of one visit."""

from __future__ import annotations

from typing import Any, Literal

import numpy as np
import pandas as pd
from statsmodels.regression.linear_model import OLS

from coxa.errors import FitError
from coxa.models.design.matrix import Design, design_matrix, orthonormal
from coxa.models.design.rows import check_cells, check_frame, check_keys, check_residuals, check_unique, visit_order
from coxa.models.inference.methods import FixedDf
from coxa.models.mmrm.data import label_text, rows_left_out
from coxa.models.numerics.one_thread import one_thread
from coxa.models.results.fit import Fit
from coxa.models.results.records import Sample
from coxa.models.spec import ANCOVASpec

MODEL_BASED = {"model": "model-based"}


def fit_ancova(
    formula: str,
    data: pd.DataFrame,
    *,
    participant: str = "participant_id",
    visit: str = "visit",
    at_visit: Any = None,
    vcov: Literal["model", "HC3"] = "model",
) -> Fit:
    """Fit an analysis of covariance by ordinary least squares (statsmodels) to the rows of one visit.

    Parameters
    ----------
    formula : str
        ``change ~ baseline + arm``; see `coxa.models.design.formula`.
    data : DataFrame
        One row per participant, or per participant and visit if `at_visit` is given. Not changed.
    participant : str
        Column that says whose row it is.
    visit : str
        Column of the visit; read only if `at_visit` is given.
    at_visit : label, optional
        The visit to analyse, as it is in the column. Without it every row is used.
    vcov : {"model", "HC3"}
        Covariance of the coefficients: of one variance of all rows, or one that allows unequal variances (MacKinnon &
        White, Journal of Econometrics 1985, 29:305-325).

    Returns
    -------
    Fit
        With one visit. Its degrees of freedom are observations less fixed effects, its log-likelihood the full
        one.

    Raises
    ------
    OptionError
        An option, a column, the visit, or a part of the formula is not allowed.
    DataError
        A participant is missing or has two rows.
    EmptyCellError, RankDeficientError
        Fixed effects that cannot be estimated.
    FitError
        The outcome has no variance, or there are too few rows.

    Examples
    --------
    >>> d = pd.DataFrame({"participant_id": range(6), "arm": list("aaabbb"), "y": [1.0, 2, 3, 4, 5, 6]})
    >>> fit_ancova("y ~ arm", d).params.round(3).to_dict()
    {'Intercept': 2.0, 'arm[b]': 3.0}
    """
    spec = ANCOVASpec(formula=formula, participant=participant, visit=visit, at_visit=at_visit, vcov=vcov)
    with one_thread():
        return fit_visit(spec, check_frame(data))


def fit_visit(spec: ANCOVASpec, data: pd.DataFrame) -> Fit:
    """Fit the model to the rows of its visit; the errors are those of `fit_ancova`."""
    participant, visit, at_visit = spec.participant, spec.visit, spec.at_visit
    single = at_visit is None
    check_keys(data, (participant,) if single else (participant, visit))
    if single:
        keep = np.ones(len(data), dtype=bool)
    else:
        order = visit_order(data[visit], [at_visit])
        keep = data[visit].isin(order.labels).to_numpy()
    design = design_matrix(spec.formula, data, keep=keep)
    check_unique(data, design.complete, (participant,))
    check_cells(design)
    basis = orthonormal(design.x, design.names)
    freedom = len(design.y) - len(design.names)
    if freedom < 1 or np.ptp(design.y) == 0:
        raise FitError(
            f"{len(design.y)} rows, {len(design.names)} fixed effects, outcome from {design.y.min():g} to "
            f"{design.y.max():g}: no variance is left to estimate",
            ["Use a smaller formula, or look whether the right rows and the right outcome were given."],
        )
    check_residuals(float((design.y - basis.q @ (basis.q.T @ design.y)).std()), float(np.abs(design.y).max()))
    result = OLS(design.y, design.x).fit(cov_type="nonrobust" if spec.vcov == "model" else spec.vcov, use_t=True)
    label = "" if single else label_text(at_visit)
    visits = pd.Series(np.full(len(data), "")) if single else data[visit]
    table = data.assign(**{visit: visits.array})
    return Fit(
        model="ancova",
        spec=spec,
        design=design,
        params=pd.Series(result.params, list(design.names)),
        inference=FixedDf(np.asarray(result.cov_params()), float(freedom)),
        ddf="residual",
        sample=Sample(
            participant_column=participant,
            visit_column=None,
            participant=data.loc[design.complete, participant].to_numpy(),
            visit=np.full(len(design.y), label, dtype=object),
            visits=(label,),
            left_out=rows_left_out(table, design, keep, participant, visit, visits),
        ),
        loglik=float(result.llf),
        reml=False,
        structure="residual",
        covariance=pd.DataFrame([[result.mse_resid]], [label], [label]),
        covariance_parameters=pd.Series({"variance": result.mse_resid}),
        method=f"{kind_of(design)}, ordinary least squares, {MODEL_BASED.get(spec.vcov, spec.vcov)} standard errors",
        warnings=design.unused_said,
    )


def kind_of(design: Design) -> str:
    """Return what a comparison at one visit is called: an analysis of covariance has something to adjust for.

    Examples
    --------
    >>> d = pd.DataFrame({"arm": list("aabb"), "age": [1.0, 3, 2, 5], "y": [1.0, 2, 3, 5]})
    >>> [kind_of(design_matrix(f"y ~ {right}", d)) for right in ("arm", "arm + age", "age", "1")]
    ['comparison of means', 'ANCOVA', 'linear regression', 'mean']
    """
    variables = design.formula.variables
    factors = [name for name in variables if name in design.levels]
    if not variables:
        return "mean"
    if not factors:
        return "linear regression"
    return "ANCOVA" if len(variables) > 1 else "comparison of means"
