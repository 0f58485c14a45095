"""Fits of generalised linear models with a proven maximum."""

from __future__ import annotations

import numpy as np
import pandas as pd
from scipy import linalg

from coxa.arguments import FRAME, kinds
from coxa.errors import DataError, FitError, NonConvergenceError, OptionError, SeparationError, not_allowed
from coxa.findings import Finding, Findings
from coxa.models.design.matrix import Design, design_matrix, orthonormal
from coxa.models.design.rows import check_cells, check_frame, check_unique, place
from coxa.models.glm.families import FAMILIES, NEGATIVE_BINOMIAL, Family
from coxa.models.glm.negative_binomial import Counts, maximum
from coxa.models.glm.record import GLMFit, assembled, with_dispersion
from coxa.models.glm.separation import separation
from coxa.models.glm.spec import GLMSpec
from coxa.models.numerics.one_thread import one_thread
from coxa.models.options import GLMCovariance, GLMFamily, Information

MOST_STEPS = 50
"""Steps of Newton's method; a maximum that exists is reached in far fewer."""

FLAT = 1e-10
"""Largest element of the gradient, in an orthonormal basis and relative to the outcome's length, at a maximum."""

NEARLY_SURE = 12.0
"""Linear predictor (log odds, or log count) beyond which separation is looked for although the steps converged."""


@kinds(data=FRAME)
def fit_glm(
    formula: str,
    data: pd.DataFrame,
    *,
    family: GLMFamily = "binomial",
    exposure: str | None = None,
    vcov: GLMCovariance = "model",
    cluster: str | None = None,
    information: Information | None = None,
    participant: str = "participant_id",
) -> GLMFit:
    """Fit a generalised linear model by maximum likelihood.

    Parameters
    ----------
    formula : str
        ``better ~ baseline + arm``; see `coxa.models.design.formula`.
    data : DataFrame
        One row per participant. Not changed; rows without a value that the model needs are left out, and counted in
        ``fit.design.left_out``.
    family : {"binomial", "poisson", "quasi-poisson", "negative_binomial", "gaussian"}
        Logistic regression of 0 and 1; log-linear regression of counts, with Poisson's variance, with this times a
        dispersion (Pearson's statistic over N - p), or with variance mu + alpha mu^2, alpha by maximum likelihood;
        least squares.
    exposure : str, optional
        Column of exposure, above 0: years of follow-up, sessions attended. Counts are then rates per unit of it, its
        logarithm an offset.
    vcov : {"model", "HC0", "HC1", "HC2", "HC3", "CR0", "CR1", "CR2", "CR3"}
        Covariance of the coefficients: the model's, or a sandwich that does not rely on its variance, by rows (HC) or
        by clusters of rows (CR): CR0 is Liang and Zeger's, CR2 Kauermann and Carroll's, CR3 Mancl and DeRouen's.
        HC1 is HC0 times N / (N - p), CR1 is CR0 times G / (G - 1). A negative binomial model has those by clusters,
        with its expected information and the dispersion as it was estimated, as R's sandwich has it.
    cluster : str, optional
        Column of the clusters of CR. Where it is given, a participant may have several rows, all in one cluster.
    information : {"observed", "expected"}, optional
        Of a negative binomial model: observed (the default; SAS and Stata, with the dispersion estimated), or expected
        (R's `glm.nb`, in which the dispersion is taken as known).
    participant : str
        Column that says whose row it is; where there is one, a participant has one row.

    Returns
    -------
    GLMFit
        With a gradient that is zero to rounding. Tests of coefficients are normal; with N - p degrees of freedom where
        a variance is estimated (gaussian, quasi-poisson) and for HC1, G - 1 for CR1, and Satterthwaite's for HC2,
        HC3, CR0, CR2 and CR3.

    Raises
    ------
    SeparationError
        A coefficient would be infinite: covariates predict the outcome of some rows without error.
    EmptyCellError, RankDeficientError
        Coefficients that cannot be estimated.
    DataError
        A participant has two rows, or an exposure is not above 0.
    FewClustersError
        There are no more clusters than coefficients, or one alone determines a coefficient.
    FitError
        The outcome has values that the family does not, or there are too few rows.
    OptionError
        An option, a column, or a part of the formula is not allowed.

    Notes
    -----
    Newton's method, which with a canonical link is iteratively reweighted least squares, in an orthonormal basis of the
    design, with steps halved where the likelihood would fall. A negative binomial model is searched in the
    coefficients and log alpha together; where the likelihood is highest at alpha = 0, the fit is Poisson's, and
    ``fit.warnings`` says so.

    Examples
    --------
    >>> d = pd.DataFrame({"arm": list("aaaabbbb"), "better": [0, 1, 0, 0, 1, 1, 0, 1]})
    >>> fit_glm("better ~ arm", d).params.round(4).to_dict()
    {'Intercept': -1.0986, 'arm[b]': 2.1972}
    >>> d = d.assign(falls=[0, 9, 2, 1, 0, 0, 1, 4], years=[1, 2, 1, 1, 1, 1, 2, 1])
    >>> fit = fit_glm("falls ~ arm", d, family="negative_binomial", exposure="years")
    >>> fit.params.round(4).to_dict(), round(fit.dispersion, 4)
    ({'Intercept': 0.7005, 'arm[b]': -0.6288}, 0.8543)
    """
    spec = GLMSpec(
        formula=formula,
        family=family,
        exposure=exposure,
        vcov=vcov,
        cluster=cluster,
        information=information,
        participant=participant,
    )
    kind = FAMILIES[family]
    data = with_numbers(check_frame(data), formula)
    also = [column for column in (exposure, cluster) if column is not None]
    for column in also:
        if column not in data.columns:
            raise OptionError(not_allowed("column", column, map(str, data.columns)))
    design = design_matrix(formula, data, also=also)
    if participant in data.columns and cluster is None:
        check_unique(data, design.complete, (participant,))
    check_cells(design)
    check_outcome(design, kind)
    exposures = None if exposure is None else exposures_of(data, design, exposure)
    clusters = None if cluster is None else clusters_of(data, design, cluster, participant)
    with one_thread():
        return fitted(spec, design, kind, exposures, clusters)


def fitted(
    spec: GLMSpec, design: Design, kind: Family, exposures: np.ndarray | None, clusters: np.ndarray | None
) -> GLMFit:
    """Return the fit of checked rows; exposures (N,), and codes of clusters (N,)."""
    basis = orthonormal(design.x, design.names)
    offset = np.zeros(len(design.y)) if exposures is None else np.log(exposures)
    try:
        gamma, steps = newton(basis.q, design.y, kind, offset)
    except NonConvergenceError:
        refuse_separation(design, kind)
        raise
    if np.abs(basis.q @ gamma).max() > NEARLY_SURE:
        refuse_separation(design, kind)
    if kind is NEGATIVE_BINOMIAL:
        return with_dispersion(
            spec, design, basis, maximum(Counts.of(basis.q, design.y, offset), gamma), exposures, clusters
        )
    return assembled(spec, design, basis, gamma, steps, exposures, clusters)


def fitted_design(spec: GLMSpec, design: Design, exposures: np.ndarray | None) -> GLMFit:
    """Return the fit of a design without clusters; the errors are those of `fit_glm`."""
    check_cells(design)
    check_outcome(design, FAMILIES[spec.family])
    return fitted(spec, design, FAMILIES[spec.family], exposures, None)


def exposures_of(data: pd.DataFrame, design: Design, column: str) -> np.ndarray:
    """Return the exposure of the analysed rows (N,), or raise DataError naming the rows without any."""
    if not pd.api.types.is_numeric_dtype(data[column].dtype):
        raise OptionError(f"`exposure` '{column}' is not a number ({data[column].dtype}). Turn it into numbers first.")
    values = data.loc[design.complete, column].to_numpy(dtype=float)
    wrong = np.flatnonzero(design.complete)[~((values > 0) & np.isfinite(values))]
    findings = Findings.of(
        Finding(
            "error",
            "data",
            f"the exposure '{column}' is not a number above 0",
            "Correct it, or leave the row out and count it: without exposure there is no rate.",
            row=place(row),
            field=column,
            value=str(data[column].iloc[row]),
        )
        for row in wrong
    )
    if findings:
        raise DataError("rows have no exposure:", findings)
    return values


def clusters_of(data: pd.DataFrame, design: Design, column: str, participant: str) -> np.ndarray:
    """Return the code of each analysed row's cluster (N,); DataError where a participant is in two."""
    codes, _ = pd.factorize(data.loc[design.complete, column])
    if participant in data.columns and participant != column:
        who = pd.factorize(data.loc[design.complete, participant])[0]
        pairs = pd.DataFrame({"who": who, "cluster": codes}).query("who >= 0").drop_duplicates()
        twice = pairs["who"].duplicated()
        if twice.any():
            name = data.loc[design.complete, participant].iloc[
                int(np.flatnonzero(who == pairs["who"][twice].iloc[0])[0])
            ]
            finding = Finding(
                "error",
                "data",
                f"the participant has rows in two clusters of '{column}'",
                "Take clusters that are whole: the participant, or what participants are within.",
                participant_id=str(name),
                field=column,
            )
            raise DataError("clusters share participants:", Findings.of([finding]))
    return np.asarray(codes)


def with_numbers(data: pd.DataFrame, formula: str) -> pd.DataFrame:
    """Return the data with a boolean outcome as 0 and 1."""
    response = formula.split("~", 1)[0].strip()
    if response in data.columns and pd.api.types.is_bool_dtype(data[response].dtype):
        return data.assign(**{response: data[response].astype("Float64").astype(float)})
    return data


def check_outcome(design: Design, family: Family) -> None:
    """Raise FitError where the outcome has values that the family does not, or leaves nothing to estimate."""
    wrong = design.y[~family.allowed(design.y)]
    name = design.formula.response
    if len(wrong):
        raise FitError(
            f"the outcome '{name}' has other values than {family.values}, such as {wrong[0]:g}, which a {family.kind} "
            f"of the family '{family.name}' does not have",
            ["Choose the family of the outcome, or make it yes or no first, by a threshold with a source."],
        )
    if len(design.y) <= len(design.names) or (family.scaled and np.ptp(design.y) == 0):
        raise FitError(
            f"{len(design.y)} rows and {len(design.names)} coefficients: nothing is left to tell how sure they are",
            ["Use a smaller formula, or look whether the right rows and the right outcome were given."],
        )


def newton(q: np.ndarray, y: np.ndarray, family: Family, offset: np.ndarray | float = 0.0) -> tuple[np.ndarray, int]:
    """Return the coefficients of orthonormal columns at the maximum, and the steps it took.

    Of a negative binomial family these are Poisson's, from which its own search starts.

    Raises
    ------
    NonConvergenceError
        The gradient does not come down to zero.
    """
    gamma = np.zeros(q.shape[1])
    if family.of_counts:
        gamma = q.T @ np.full_like(y, np.log(max(y.mean(), 1e-3) / np.exp(offset).mean()))
    value = family.loglik(y, family.mean(q @ gamma + offset)).sum()
    size = max(float(np.sqrt((y**2).sum())), 1.0)
    for step in range(MOST_STEPS):
        mean = family.mean(q @ gamma + offset)
        gradient = q.T @ (y - mean)
        if np.abs(gradient).max() <= FLAT * size:
            return gamma, step
        try:
            move = linalg.cho_solve(linalg.cho_factor((q.T * family.slope(mean)) @ q), gradient)
        except linalg.LinAlgError:
            break
        for _ in range(30):
            after = family.loglik(y, family.mean(q @ (gamma + move) + offset)).sum()
            if after >= value - 1e-12 * abs(value):
                break
            move = move / 2
        gamma, value = gamma + move, after
    raise NonConvergenceError(
        f"the likelihood of a {family.kind} has no proven maximum after {MOST_STEPS} steps",
        ["Look at the covariates for values that are far from all others.", "Use a smaller formula."],
    )


def refuse_separation(design: Design, family: Family) -> None:
    """Raise SeparationError where there is no maximum, naming the coefficients that would be infinite."""
    length = np.sqrt((design.x**2).mean(axis=0))
    found = separation(design.x / length, design.y, family)
    if found is None:
        return
    names = [name for name, part in zip(design.names, found.direction, strict=True) if abs(part) > 1e-6]
    shown = [name for name in names if name != "Intercept"] or names
    share = f"{found.rows.sum()} of {len(design.y)} rows"
    raise SeparationError(
        f"the outcome '{design.formula.response}' is separated: {share} are predicted "
        f"without error by {', '.join(map(repr, shown))}, which would be infinite",
        [
            "Join levels of a factor with few participants, or leave the covariate out.",
            "Where an arm has no event, or nothing but events, use coxa.estimates.compare_proportions.",
        ],
    )
