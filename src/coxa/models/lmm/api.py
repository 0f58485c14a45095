"""The linear mixed model: fixed effects, and effects that vary between participants, therapists, clinics."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from time import perf_counter
from typing import Literal

import numpy as np
import pandas as pd

from coxa.covariances import Covariance
from coxa.models.design.rows import check_frame
from coxa.models.lmm.data import mixed_data
from coxa.models.lmm.fit import fit_independent
from coxa.models.lmm.predictions import random_part_of
from coxa.models.lmm.random_part import RandomPart
from coxa.models.lmm.rows import built, terms_of
from coxa.models.lmm.structured import fit_with_structure
from coxa.models.numerics.mixed.search import optimum_of
from coxa.models.numerics.mixed.starts import starts
from coxa.models.numerics.one_thread import one_thread
from coxa.models.options import DfMethod, Information, chosen_ddf, chosen_information
from coxa.models.results.fit import Fit
from coxa.models.spec import Engine, LMMSpec


def fit_lmm(
    formula: str,
    data: pd.DataFrame,
    *,
    participant: str | None = None,
    visit: str = "visit",
    covariance: Literal["independent"] | Covariance | str = "independent",
    time: str | None = None,
    weights: str | None = None,
    partially_nested: Mapping[str, str] | None = None,
    reml: bool = True,
    ddf: DfMethod | None = None,
    information: Information | None = None,
    engine: Engine = "coxa",
) -> Fit:
    """Fit a linear mixed model: random intercepts and slopes, nested and crossed factors, correlated residuals.

    Rows with a gap in a column that the formula uses are left out and listed in ``fit.left_out``; a participant counts
    with the rest of his or her rows (missing at random).

    Parameters
    ----------
    formula : str
        Fixed effects as in `coxa.models.design.formula`, and random effects in brackets:
        ``(week | participant_id)`` for correlated intercepts and slopes, ``||`` for independent ones,
        ``(0 + week | participant_id)`` without intercept, ``(1 | clinic/therapist)`` for therapists within clinics,
        ``(1 | rater) + (1 | participant_id)`` for crossed factors, ``(1 | gr(therapist, by = arm))`` for a variance in
        each arm.
    data : DataFrame
        One row per observation. Not changed.
    participant : str, optional
        Column that says whose row it is; by default ``participant_id`` if there is one, else the factor with the most
        levels.
    visit : str
        Column of the visit. If it is a factor of the formula, marginal means are taken at its levels.
    covariance : str
        "independent", or a covariance structure within participants (`coxa.models.covariance.STRUCTURES`): ``ar1`` over
        the visits, ``sp_exp`` over continuous time, as a diary needs it, ``sp_exp_nugget`` with an error of each
        rating besides (nlme's ``corExp(nugget = TRUE)``).
    time : str, optional
        Column of the time of each row, for a `covariance` that is not independent; a number, such as days.
    weights : str, optional
        Column of weights of the rows, above 0: the residual variance of a row is the model's over its weight.
    partially_nested : mapping, optional
        Factor of which some rows are meant to be without -> the column that says which, as
        ``{"therapist": "arm"}``: in arms in which nobody has a therapist there is no therapist effect. In the others a
        row without therapist is left out and listed, as any row with a gap.
    reml : bool
        Restricted likelihood (the default), or the full one.
    ddf : {"satterthwaite", "kenward-roger", "kenward-roger-linear", "residual"}, optional
        Degrees of freedom, and whether the covariance of the coefficients is adjusted. By default satterthwaite; with a
        factor of fewer than ten levels above the participants kenward-roger. The covariance is linear in the variances
        of random effects; the two Kenward-Roger differ only with a `covariance` that is not independent.
    information : {"observed", "expected"}, optional
        What the uncertainty of the variances is taken from. By default what R prints: observed for Satterthwaite
        (lmerTest), expected for Kenward-Roger (pbkrtest; Kenward & Roger 1997). With observed information a variance
        estimated at zero counts as known (as in SAS); with expected it does not.
    engine : {"coxa", "statsmodels"}
        statsmodels' MixedLM has normal tests and no predictions; it is there for comparison.

    Returns
    -------
    Fit
        With ``variance_components``, ``random_effects()`` and ``predict()``; see also
        `coxa.models.lmm.variances.variance_intervals` and `icc`.

    Raises
    ------
    OptionError
        An option, a column, or a part of the formula is not allowed.
    DataError
        Rows without participant; with correlated residuals two rows at one time; a weight that is not above 0.
    RankDeficientError
        Fixed effects that cannot be estimated.
    NonConvergenceError
        There is no proven optimum; what was tried is in the message.
    FitError
        A factor with one level, one for each row, or the levels of another factor; an outcome without variance; too
        many levels of crossed factors.

    Notes
    -----
    A variance that is estimated at zero, and a correlation of 1, are optima at the boundary: they are proven there and
    named in ``fit.warnings``. So are a correlation over time of 0 or 1 and a nugget of 0: these simpler models are
    fitted too, and kept unless the likelihood of an optimum inside is higher. Sources: Laird & Ware, Biometrics 1982,
    38:963-974; Bates, Mächler, Bolker & Walker, JSS 2015, 67(1), for the formula; the computation is described in
    docs/methods/random-effects.md.

    Examples
    --------
    >>> import numpy as np
    >>> rng = np.random.default_rng(1)
    >>> who, week = np.repeat(np.arange(40), 5), np.tile(np.arange(5.0), 40)
    >>> d = pd.DataFrame({"participant_id": who, "week": week})
    >>> d["pain"] = 6 - 0.5 * week + rng.normal(size=40)[who] + rng.normal(scale=0.5, size=200)
    >>> fit = fit_lmm("pain ~ week + (1 | participant_id)", d)
    >>> fit.variance_components["factor"].to_list()
    ['participant_id', 'residual']
    """
    clock = [perf_counter()]
    spec = LMMSpec(
        formula=formula,
        participant=participant,
        visit=visit,
        covariance=covariance,
        time=time,
        weights=weights,
        partially_nested=partially_nested,
        reml=reml,
        ddf=ddf,
        information=information,
        engine=engine,
    )
    structure = spec.structure
    data = check_frame(data)
    with one_thread():
        analysed = mixed_data(spec, data)
        if engine == "statsmodels":
            from coxa.models.lmm.statsmodels import fit_by_statsmodels

            return fit_by_statsmodels(analysed, spec)
        method = chosen_ddf(ddf, "kenward-roger", analysed.factors, analysed.sample, reml=spec.reml)
        spec = replace(spec, ddf=method, information=chosen_information(information, method))
        if structure is not None:
            return fit_with_structure(analysed, data, structure, spec, clock=clock)
        return fit_independent(analysed, spec, clock=clock)


@dataclass(frozen=True, slots=True)
class Refitted:
    """What another outcome gives.

    params : (p,) coefficients of the formula
    theta  : (K,) parameters of the search, in the scale of the first fit
    """

    params: np.ndarray
    theta: np.ndarray


def refit(fit: Fit, outcome: np.ndarray) -> Refitted | None:
    """Fit the model to another outcome (N,) on the analysed rows; None where no optimum is proven.

    The design, the factors and the scale are those of the fit, so that functions of its parameters are functions of
    these.
    """
    part: RandomPart = random_part_of(fit)
    ready = part.ready
    root = 1.0 if fit.sample.weights is None else np.sqrt(fit.sample.weights)
    guess = ready.basis.q.T @ outcome
    left = (outcome - ready.basis.q @ guess) / ready.size * root
    with one_thread():
        model, _ = built(part.setting, replace(ready, xy=np.column_stack([ready.xy[:, :-1], left])), reml=fit.reml)
        begin = [("the first fit", np.where(part.optimum.free, part.optimum.theta, 0.1)), *starts(model)]
        optimum, _ = optimum_of(model, begin, terms_of(model, part.setting))
    if optimum is None:
        return None
    return Refitted(ready.basis.back @ (guess + ready.size * optimum.at.beta), optimum.theta)
