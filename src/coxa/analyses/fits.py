"""The models of one analysis of a plan: which rows they are fitted to, and what is said where that cannot be done."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

import pandas as pd

from coxa.analyses.clusters import clustered_rows, partially_nested
from coxa.analyses.remedies import in_plan_words
from coxa.analyses.rows import AnalysisRows
from coxa.errors import EmptyCellError, FitError
from coxa.models import Fit, fit_ancova, fit_mmrm
from coxa.study import Study
from coxa.study.analysis import Analysis
from coxa.study.formula import model_formula
from coxa.study.wording import join_words
from coxa.study.words import SPATIAL_COVARIANCE


def planned_fits(
    study: Study, name: str, analysis: Analysis, dataset: AnalysisRows, subgroup: str | None = None
) -> Iterator[Fit]:
    """Yield the models of an analysis: one over the visits, or one per visit.

    A repeated-measures model with data of one visit is an analysis of covariance, and is fitted as one.

    Raises
    ------
    FitError
        A model cannot be fitted; its remedies are in the words of a plan.
    """
    rows = rows_of_model(study, name, dataset)
    visits = list(rows["visit"].cat.categories)
    formula = model_formula(study, name, subgroup, visits)
    if analysis.model == "mmrm" and len(visits) > 1:
        check_cells(study, name, rows)
    try:
        if analysis.model == "ancova":
            yield from _each_visit(study, name, analysis, formula, rows)
        elif len(visits) == 1 and is_least_squares(analysis):
            yield fit_ancova(formula, rows, visit=visits[0])
        else:
            yield _repeated(analysis, formula, rows, analysis.covariance if len(visits) > 1 else ("us",))
    except FitError as error:
        raise in_plan_words(study, name, error) from error


def rows_of_model(study: Study, name: str, dataset: AnalysisRows) -> pd.DataFrame:
    """Return the rows with a response at the visits of the model, without categories of visits that have none."""
    rows = dataset.analysed
    rows = rows[rows["visit"].isin(study.model_visits(name))]
    return rows.assign(visit=rows["visit"].cat.remove_unused_categories())


def is_least_squares(analysis: Analysis) -> bool:
    """Return whether a repeated-measures model is one of least squares where it has one visit."""
    return (
        not analysis.random
        and analysis.covariance_by is None
        and analysis.observation_weights is None
        and analysis.standard_errors == "model"
        and analysis.estimation == "reml"
    )


def _repeated(analysis: Analysis, formula: str, rows: pd.DataFrame, covariance: Sequence[str]) -> Fit:
    return fit_mmrm(
        formula,
        clustered_rows(analysis, rows),
        covariance=covariance,
        group=analysis.covariance_by,
        weights=analysis.observation_weights,
        time="study_day" if set(SPATIAL_COVARIANCE) & set(covariance) else None,
        reml=analysis.estimation == "reml",
        ddf=analysis.ddf,
        vcov=analysis.standard_errors,
        partially_nested=partially_nested(analysis) or None,
    )


def _each_visit(study: Study, name: str, analysis: Analysis, formula: str, rows: pd.DataFrame) -> Iterator[Fit]:
    """Yield a model of each visit; one that the estimand does not name may fail, and the others then say so."""
    asked = study.estimands[analysis.estimand].endpoint.visit
    fits, left_out = [], []
    for visit in rows["visit"].cat.categories:
        here = rows[rows["visit"] == visit]
        try:
            check_arms_at(study, name, here, visit)
            fits.append(fit_ancova(formula, here, visit=visit, robust=analysis.robust))
        except FitError as error:
            if visit in asked:
                raise
            left_out.append(f"no model at {study.label('visits', visit)}: {error.message}")
    for fit in fits:
        yield replace(fit, warnings=(*fit.warnings, *left_out))


def compared_arms(study: Study, name: str) -> tuple[str, ...]:
    """Return the arms that an analysis compares, the comparator last."""
    treatment = study.estimands[study.analyses[name].estimand].treatment
    return (*treatment.compare, treatment.against)


def check_arms(study: Study, name: str, dataset: AnalysisRows) -> None:
    """Raise EmptyCellError where an arm that is compared has no outcome at any visit."""
    present = set(dataset.analysed["arm"].dropna().astype(str))
    absent = [arm for arm in compared_arms(study, name) if arm not in present]
    if absent:
        raise EmptyCellError(
            f"analysis {name}: no outcome in arm {', '.join(absent)}",
            (
                "Look at the table of what was left out: `coxa check`.",
                "Check the value map of `arm` in the plan.",
                "Take the arm out of the estimand, if it was never meant to be compared.",
            ),
        )


def check_arms_at(study: Study, name: str, rows: pd.DataFrame, visit: str) -> None:
    """Raise EmptyCellError where an arm that is compared has no outcome at a visit."""
    absent = [arm for arm in compared_arms(study, name) if not (rows["arm"] == arm).any()]
    if absent:
        raise EmptyCellError(f"no outcome of arm {', '.join(absent)} at {visit}")


def check_cells(study: Study, name: str, rows: pd.DataFrame) -> None:
    """Raise EmptyCellError where an arm of a repeated-measures model has no outcome at one of its visits."""
    counts = pd.crosstab(rows["arm"].astype(str), rows["visit"].astype(str))
    empty = [(arm, visit) for arm in counts.index for visit in counts.columns if not counts.loc[arm, visit]]
    if not empty:
        return
    visits = list(rows["visit"].cat.categories)
    said = join_words([f"no outcome of arm {arm} at {visit}" for arm, visit in empty])
    without = {visit for _, visit in empty}
    kept = [visit for visit in visits if visit not in without]
    named = [visit for visit in study.estimands[study.analyses[name].estimand].endpoint.visit if visit in without]
    raise EmptyCellError(
        f"analysis {name}: {said}, and the model has an effect of each arm at each visit",
        (
            *(
                [f"Take {join_words(named)} out of the estimand, if the arms were not meant to be compared there."]
                if named
                else [f"Write `visits: [{', '.join(kept)}]` in analysis {name}, which fits its model to these visits."]
            ),
            "Look at the rows that were left out: `coxa check`.",
            "Check the value maps of `arm` and `visit`, and the windows of the visits, in the plan.",
        ),
    )
