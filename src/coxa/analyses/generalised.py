"""Generalised linear models of a plan, one at each visit: their rows, the record of a model, and observed numbers."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd

from coxa.analyses.clusters import ROBUST
from coxa.analyses.methods.method import Telling
from coxa.analyses.model_rows import check_arms_at
from coxa.analyses.rows import AnalysisRows, at_visit
from coxa.errors import FitError, SeparationError
from coxa.estimates import Estimates
from coxa.models import GLMFit, fit_glm
from coxa.models.results.records import Sample
from coxa.models.results.run import AnyFit, ModelRun
from coxa.study.comparative import PlannedAnalysis
from coxa.study.wording import factor_words, model_formula

NO_EXPOSURE = "no exposure"
"""Why a row without time in which events could be counted is left out."""


def rows_at(planned: PlannedAnalysis, dataset: AnalysisRows, visit: str) -> pd.DataFrame:
    """Return the rows of a visit, a missing yes or no as no where the plan says so."""
    rows = with_non_responders(planned, at_visit(dataset.frame, visit))
    arms = rows["arm"].dtype
    if isinstance(arms, pd.CategoricalDtype) and tuple(arms.categories) == tuple(planned.study.arm_order):
        return rows
    return rows.assign(arm=pd.Categorical(rows["arm"].astype(str), planned.study.arm_order))


def with_non_responders(planned: PlannedAnalysis, rows: pd.DataFrame) -> pd.DataFrame:
    """Return the rows with a missing yes or no as no, where the plan says so."""
    if planned.analysis.option("missing_response") != "non_responder":
        return rows
    return rows.assign(**{planned.response: rows[planned.response].fillna(0.0)})


def fitted_at(
    planned: PlannedAnalysis,
    dataset: AnalysisRows,
    visit: str,
    subgroup: str | None = None,
    *,
    by: Callable[..., GLMFit] = fit_glm,
    **options: Any,
) -> ModelRun:
    """Return the model of a visit, as a function fits it, with who is in it and who is not.

    Raises
    ------
    FitError
        It cannot be fitted; an arm without an event, or with nothing else, has a remedy in the words of a plan.
    """
    rows = rows_at(planned, dataset, visit)
    unexposed = rows["exposure"] <= 0 if "exposure" in options else None
    kept = rows if unexposed is None or not unexposed.any() else rows[~unexposed]
    check_arms_at(planned, kept[kept[planned.response].notna()], visit)
    formula = model_formula(planned.study, planned.name, subgroup)
    try:
        fit = by(formula, kept, **options)
    except SeparationError as error:
        raise SeparationError(f"analysis {planned.name}: {error.message}", _remedies(planned)) from error
    sample = Sample(
        participant_column="participant_id",
        visit_column=None,
        participant=kept.loc[fit.design.complete, "participant_id"].to_numpy(),
        visit=np.full(fit.nobs, visit, dtype=object),
        visits=(visit,),
        left_out=_left_out(kept, fit, visit)
        if kept is rows
        else pd.concat([_left_out(kept, fit, visit), _without_exposure(rows.drop(index=kept.index), visit)]),
    )
    clusters = f" over {fit.clusters} clusters" if fit.clusters else ""
    return ModelRun(
        formula=formula,
        spec=replace(fit.spec, data=expression(planned, visit, with_exposure="exposure" in options)),
        sample=sample,
        model=fit,
        method=f"{fit.family} model, {fit.spec.vcov} covariance{clusters}",
        warnings=fit.warnings,
        vcov=fit.spec.vcov,
    )


def _remedies(planned: PlannedAnalysis) -> tuple[str, ...]:
    without = (
        "Use `model: proportions`, which has limits for an arm without any."
        if planned.kind == "binary"
        else "Write the numbers of events by arm; there is no finite rate ratio."
    )
    return (
        without,
        "Join levels of a covariate with few participants, or take it out of `adjust`.",
        "Look at the numbers of events in each arm and level: the table of observed outcomes.",
    )


def expression(planned: PlannedAnalysis, visit: str, *, with_exposure: bool = False) -> str:
    """Return how the rows of a model are made of those of the estimand, in a recorded call."""
    text = f"data[data['visit'] == {visit!r}]"
    if with_exposure:
        text = f"data[(data['visit'] == {visit!r}) & (data['exposure'].isna() | (data['exposure'] > 0))]"
    if planned.analysis.option("missing_response") == "non_responder":
        text += f".fillna({{{planned.response!r}: 0.0}})"
    return text


def _left_out(rows: pd.DataFrame, fit: GLMFit, visit: str) -> pd.DataFrame:
    """Return the rows with a missing value, each with its reason."""
    gone = rows[~fit.design.complete]
    return pd.DataFrame(
        {
            "row": gone.index,
            "participant_id": gone["participant_id"].to_numpy(),
            "visit": visit,
            "reason": [f"missing {columns}" for columns in fit.design.left_out["missing"]],
        }
    )


def _without_exposure(rows: pd.DataFrame, visit: str) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "row": rows.index,
            "participant_id": rows["participant_id"].to_numpy(),
            "visit": visit,
            "reason": NO_EXPOSURE,
        }
    )


def of_glm(fit: AnyFit) -> GLMFit:
    """Return the generalised linear model of a run."""
    assert isinstance(fit, ModelRun)
    assert isinstance(fit.model, GLMFit)
    return fit.model


def over_clusters(telling: Telling, cluster: str) -> str:
    """Say how the numbers of a model have standard errors over its cluster, after what they are."""
    levels = factor_words(telling.planned.study, cluster)
    return (
        f"have standard errors by the delta method, covariates taken as given, robust over the levels of {levels} and "
        f"corrected for their number{telling.cite('KC')}, with t limits and tests by Satterthwaite's degrees of freedom"
        f"{telling.cite(ROBUST)}; observed shares and rates have no limits, because theirs take participants as "
        "independent"
    )


def adjusted_rows(planned: PlannedAnalysis, found: Estimates, visit: str) -> Estimates:
    """Return the rows of a model as a report has them: arms as adjusted numbers, and the comparisons of the plan."""
    frame = found.frame
    arms = frame["term"].isin(["risk", "rate"])
    keep = frame["arm"].isin(planned.arms) & (arms | frame["arm"].isin(planned.compare))
    named = frame.assign(visit=visit, term=frame["term"].mask(arms, "marginal_mean"))
    return Estimates(named if keep.all() else named[keep].reset_index(drop=True))


def each_visit(
    planned: PlannedAnalysis, dataset: AnalysisRows, subgroup: str | None, **options: Any
) -> Iterator[ModelRun]:
    """Yield the model of each visit with a response; one that the estimand does not name may fail, and others say so.

    Raises
    ------
    FitError
        That of a visit of the estimand cannot be fitted.
    """
    seen = set(map(str, dataset.analysed["visit"].unique()))
    fits, left_out = [], []
    for visit in planned.model_visits:
        if visit not in seen and visit not in planned.visits:
            continue
        try:
            fits.append(fitted_at(planned, dataset, visit, subgroup, **options))
        except FitError as error:
            if visit in planned.visits:
                raise
            left_out.append(f"no model at {planned.study.label('visits', visit)}: {error.message}")
    for fit in fits:
        yield replace(fit, warnings=(*fit.warnings, *left_out))
