"""Generalised estimating equations of yes-or-no outcomes, counts and measurements."""

from __future__ import annotations

import numpy as np
import pandas as pd

from coxa.arguments import FRAME, kinds
from coxa.errors import NonConvergenceError
from coxa.models.design.matrix import Basis, orthonormal
from coxa.models.design.rows import check_residuals
from coxa.models.gee.data import ClusteredData, clustered_data
from coxa.models.gee.options import AlphaEstimator, GEEDf, GEEFamily, GEEVcov, WorkingCorrelation
from coxa.models.gee.result import GEEFit
from coxa.models.gee.sandwich import ClusterDf, ClusterScores, adjustments, alone, cluster_scores, sandwich_covariance
from coxa.models.gee.scoring import Solution, solve
from coxa.models.gee.spec import GEESpec
from coxa.models.gee.working import Working
from coxa.models.glm.families import FAMILIES
from coxa.models.glm.fit import NEARLY_SURE, newton, refuse_separation
from coxa.models.inference.methods import FixedDf, Inference
from coxa.models.numerics.one_thread import one_thread

NO_SPREAD = 1e-6
"""Standard error, in that of the working model, below which there is rounding alone."""

FEW_CLUSTERS = 40
"""Clusters below which an uncorrected sandwich, or the normal distribution, is named in the warnings."""

VERY_FEW_CLUSTERS = 10
"""Clusters below which no correction is known to hold its size."""

VCOV_WORDS = {
    "LZ": "sandwich without correction for few clusters (Liang-Zeger)",
    "KC": "Kauermann-Carroll sandwich",
    "MD": "Mancl-DeRouen sandwich",
    "FG": "Fay-Graubard sandwich",
}
DF_WORDS = {
    "residual": "t with clusters less coefficients",
    "satterthwaite": "t with Satterthwaite's degrees of freedom",
    "fay-graubard": "t with Fay and Graubard's degrees of freedom",
    "normal": "normal distribution",
}
LINKS = {"binomial": "logistic", "poisson": "log-linear", "gaussian": "linear"}


@kinds(data=FRAME)
def fit_gee(
    formula: str,
    data: pd.DataFrame,
    *,
    cluster: str = "participant_id",
    participant: str = "participant_id",
    family: GEEFamily = "binomial",
    working: WorkingCorrelation | str = "independence",
    order: str | None = None,
    exposure: str | None = None,
    alpha: AlphaEstimator = "geepack",
    vcov: GEEVcov = "KC",
    ddf: GEEDf = "residual",
) -> GEEFit:
    """Fit a marginal model by generalised estimating equations, with the family's canonical link.

    Effects are of the means of all, not of one participant. Rows with a gap in a column that the formula uses are left
    out and listed in ``fit.left_out``; estimates are then right where values are missing completely at random given the
    covariates of the formula, which is less than a mixed model allows.

    Parameters
    ----------
    formula : str
        ``better ~ arm * visit + baseline``; see `coxa.models.design.formula`.
    data : DataFrame
        One row per observation. Not changed.
    cluster : str
        Column that says which rows belong together: the participant, or what lies above, such as a clinic; a row
        without one is left out.
    participant : str
        Column that says whose row it is, for counts and averages where `cluster` is another. Where the data have none,
        each cluster counts as a participant.
    family : {"binomial", "poisson", "gaussian"}
        Log odds of 0 and 1, log of counts, or means.
    working : {"independence", "exchangeable", "ar1", "unstructured"}
        Correlation of the rows of a cluster that estimation works with; the sandwich is right if it is wrong. SAS's
        words are understood.
    order : str, optional
        Column of the place of a row in its cluster, whose levels are one step apart; by default `visit` where there is
        one. Needed for ``ar1`` and ``unstructured``.
    exposure : str, optional
        Column of exposure, above 0, whose logarithm is added to the linear predictor of a count.
    alpha : {"geepack", "sas"}
        Estimator of the correlation: as in R's geepack, moments over all pairs with nothing taken off; or as in SAS
        PROC GEE (and statsmodels, under exchangeable), with the coefficients taken off the number of pairs, and ar1
        from neighbours alone.
    vcov : {"LZ", "KC", "MD", "FG"}
        Sandwich over clusters: Liang and Zeger's, which SAS and geepack print; Kauermann and Carroll's, Mancl and
        DeRouen's (`bias_reduced` of statsmodels), or Fay and Graubard's correction for few clusters.
    ddf : {"residual", "satterthwaite", "fay-graubard", "normal"}
        Clusters less coefficients; from the uncertainty of the variance, by the working model or by the scores (Fay and
        Graubard); or the normal distribution, which SAS and geepack use.

    Returns
    -------
    GEEFit
        Marginal risks, rates and means by arm and visit: `coxa.estimates.marginal_effects`.

    Raises
    ------
    SeparationError
        A coefficient would be infinite: covariates predict the outcome of some rows without error.
    FewClustersError
        There are not more clusters than coefficients.
    DataError
        Rows without participant or visit, two rows of one participant at one visit, a participant in two clusters, or
        an exposure that is not above 0.
    EmptyCellError, RankDeficientError
        Coefficients that cannot be estimated.
    NonConvergenceError
        The equations are not solved.
    FitError
        The outcome has values that the family does not, or the working correlation cannot be estimated or inverted.
    OptionError
        An option, a column, or a part of the formula is not allowed.

    Notes
    -----
    Sources: Liang & Zeger, Biometrika 1986, 73:13-22; those of the corrections and of the estimators of alpha in
    `coxa.models.gee.sandwich` and `coxa.models.gee.working`. The computation is described in docs/methods/gee.md.

    Examples
    --------
    >>> d = pd.DataFrame({"participant_id": [1, 1, 2, 2, 3, 3, 4, 4, 5, 5, 6, 6], "arm": list("aaaaaabbbbbb")})
    >>> d["better"] = [0, 1, 0, 0, 0, 0, 1, 1, 0, 1, 1, 1]
    >>> fit_gee("better ~ arm", d, working="exchangeable").params.round(4).to_dict()
    {'Intercept': -1.6094, 'arm[b]': 3.2189}
    """
    spec = GEESpec(
        formula=formula,
        cluster=cluster,
        participant=participant,
        family=family,
        working=working,
        order=order,
        exposure=exposure,
        alpha=alpha,
        vcov=vcov,
        ddf=ddf,
    )
    with one_thread():
        analysed = clustered_data(spec, data)
        basis = orthonormal(analysed.design.x, analysed.design.names)
        return assembled(analysed, basis, solved(analysed, basis))


def solved(analysed: ClusteredData, basis: Basis) -> Solution:
    """Solve the equations, from the maximum of independence; raise SeparationError where there is none."""
    design, spec, by = analysed.design, analysed.spec, analysed.by
    family = FAMILIES[spec.family]
    q, y, offset = basis.q[by], design.y[by], analysed.offset[by]
    try:
        start, _ = newton(q, y, family, offset)
    except NonConvergenceError:
        refuse_separation(design, family)
        raise
    if np.abs(q @ start).max() > NEARLY_SURE:
        refuse_separation(design, family)
    if family.scaled:
        check_residuals(float((y - q @ start).std()), float(np.abs(y).max()))
    return solve(q, y, offset, family, analysed.clusters, working=spec.working, estimator=spec.alpha, start=start)


def assembled(analysed: ClusteredData, basis: Basis, found: Solution) -> GEEFit:
    """Return the fit, its rows in the order of the data."""
    design, spec = analysed.design, analysed.spec
    names = list(design.names)
    scores = cluster_scores(found.rows, found.residuals, basis.back, analysed.clusters)
    fitted = np.empty_like(found.mean)
    fitted[analysed.by] = found.mean
    inference = inference_of(spec, scores)
    model = found.working.scale * scores.root @ scores.root.T
    return GEEFit(
        design=design,
        spec=spec,
        params=pd.Series(basis.back @ found.gamma, names),
        inference=inference,
        ddf=spec.ddf,
        sample=analysed.sample,
        structure=spec.working,
        method=described(spec),
        warnings=(*analysed.warnings, *few_clusters(spec, scores), *without_spread(names, model, inference)),
        family=spec.family,
        alpha=named_alpha(found.working, analysed.sample.visits),
        scale=found.working.scale,
        working=found.working,
        model_covariance=pd.DataFrame(model, names, names),
        cluster=analysed.cluster,
        fitted=fitted,
        offset=analysed.offset,
        steps=found.steps,
        last_step=found.step,
    )


def inference_of(spec: GEESpec, scores: ClusterScores) -> Inference:
    """Return the sandwich covariance with its degrees of freedom."""
    adjusted = adjustments(spec.vcov, scores)
    covariance = sandwich_covariance(scores, adjusted)
    count, p = scores.scores.shape
    if spec.ddf in ("residual", "normal"):
        return FixedDf(covariance, float(count - p) if spec.ddf == "residual" else np.inf)
    return ClusterDf(covariance, scores, adjusted, spec.ddf)


def named_alpha(working: Working, visits: tuple[str, ...]) -> pd.Series:
    """Return the parameters of a working correlation by name."""
    if working.name == "unstructured":
        names = [f"{a}, {b}" for k, a in enumerate(visits) for b in visits[k + 1 :]]
    else:
        names = ["alpha"] * len(working.alpha)
    return pd.Series(working.alpha, names, dtype=float)


def few_clusters(spec: GEESpec, scores: ClusterScores) -> list[str]:
    """Say what few clusters, and clusters that determine a coefficient alone, mean for standard errors."""
    count = len(scores.scores)
    said = []
    if count < FEW_CLUSTERS and (spec.vcov == "LZ" or spec.ddf == "normal"):
        said.append(
            f"{count} clusters, fewer than {FEW_CLUSTERS}: standard errors without a correction, and limits by the "
            "normal distribution, are too small; vcov='KC' with ddf='residual' corrects both"
        )
    if count < VERY_FEW_CLUSTERS:
        said.append(f"{count} clusters, fewer than {VERY_FEW_CLUSTERS}: no corrected standard error is reliable")
    lonely = int(alone(scores).sum())
    if lonely:
        said.append(
            f"{lonely} clusters determine a coefficient alone, so that its standard error lacks their variation"
        )
    return said


def without_spread(names: list[str], model: np.ndarray, inference: Inference) -> list[str]:
    """Say which coefficients no cluster departs from, so that their standard error is zero."""
    none = np.diag(inference.covariance) < NO_SPREAD**2 * np.diag(model)
    return [
        f"the standard error of {name} is zero but for rounding, since no cluster departs from it: it has no test"
        for name, lacking in zip(names, none, strict=True)
        if lacking
    ]


def described(spec: GEESpec) -> str:
    """Return the model in a sentence, for a footnote."""
    estimator = "" if spec.working == "independence" else f", alpha as in {'SAS' if spec.alpha == 'sas' else 'geepack'}"
    return (
        f"generalised estimating equations, {LINKS[spec.family]} model, {spec.working} working correlation{estimator}; "
        f"{VCOV_WORDS[spec.vcov]}, {DF_WORDS[spec.ddf]}"
    )
