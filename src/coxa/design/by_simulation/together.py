"""One repeated-measures analysis of the plan on many simulated trials, fitted together."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
from scipy import stats
from statsmodels.stats.multitest import multipletests

from coxa.analyses.methods import method_of
from coxa.analyses.methods.method import course_weights
from coxa.design.by_simulation.comparisons import Comparison, level_of
from coxa.design.by_simulation.plan_run import NUMBERS, row_of
from coxa.errors import CoxaError
from coxa.estimates.margins import ALPHA
from coxa.estimates.multiplicity import METHODS
from coxa.models.batch.trials import fit_trials
from coxa.simulate import DrawnTrial, TrialDesign
from coxa.simulate.from_plan.sets import arm_analysed
from coxa.simulate.from_plan.strategies import estimand_values
from coxa.study.analysis import Analysis
from coxa.study.comparative import ComparativeStudy
from coxa.study.models.repeated import RepeatedMeasures
from coxa.study.wording import model_formula

Floats = np.ndarray


def fits_together(study: ComparativeStudy, name: str) -> bool:
    """Return whether the trials of an analysis can be fitted together, with the numbers of single fits."""
    return method_of(study.analyses[name]).together(study.planned(name)) is not None


def mmrm_together(
    study: ComparativeStudy, name: str, rows: pd.DataFrame, trials: int, asked: Sequence[Comparison]
) -> list[Mapping[str, Any]]:
    """Return rows of the trials that the first structure of the ladder fits; the others have none.

    The numbers are those of the plan's analysis of each trial, to rounding. `rows` are those of the trials with a
    response, under each other, and `trial` says of which (from 0).
    """
    analysis = study.analyses[name]
    assert isinstance(analysis, RepeatedMeasures)
    rows = rows[rows["visit"].isin(study.model_visits(name))]
    rows = rows.assign(visit=rows["visit"].cat.remove_unused_categories())
    try:
        fits = fit_trials(
            model_formula(study, name),
            rows,
            [coefficients(study, rows, one) for one in asked],
            covariance=analysis.covariance[0],
            reml=analysis.estimation == "reml",
            ddf=analysis.ddf,
        )
    except CoxaError:
        return []
    if len(fits.converged) != trials:
        return []
    tests = fits.tests[analysis.ddf]
    numbers = numbers_of_t(fits.estimate, tests.std_error, tests.df, analysis)
    shown = successes(study, name, asked, numbers)
    return [
        row_of(int(k), name, one.key)
        | {word: float(numbers[word][k, q]) for word in NUMBERS}
        | {"shown": bool(shown[k, q]), "rung": 0, "problem": ""}
        for k in np.flatnonzero(fits.converged & np.isfinite(tests.std_error).all(axis=1))
        for q, one in enumerate(asked)
    ]


def stacked(design: TrialDesign, drawn: Sequence[DrawnTrial], estimand: str) -> pd.DataFrame:
    """Return the rows with a response of many trials under each other, in the columns that a formula may name."""
    plan = design.study.estimands[estimand]
    measure = plan.endpoint.measure
    values = [estimand_values(design, trial, estimand) for trial in drawn]
    response = np.stack([found for found, _ in values])[:, :, 1:]
    baseline = np.stack([value[:, 0] for _, value in values])
    trial, person, visit = np.nonzero(~np.isnan(response))
    columns: dict[str, object] = {
        "trial": trial,
        "participant_id": person,
        "visit": _category(visit, design.visits[1:]),
        "arm": _category(np.stack([arm_analysed(one, plan.population) for one in drawn])[trial, person], design.arms),
        "baseline": baseline[trial, person],
        measure: response[trial, person, visit],
    }
    for name, covariate in design.study.covariates.items():
        column = np.stack([one.covariates[name] for one in drawn])[trial, person]
        columns[name] = _category(column, covariate.level_labels()) if covariate.type == "category" else column
    return pd.DataFrame(columns)


def _category(codes: np.ndarray, levels: Iterable[str]) -> pd.Categorical:
    return pd.Categorical.from_codes(codes, pd.Index(list(levels), dtype="str"))


def coefficients(study: ComparativeStudy, rows: pd.DataFrame, one: Comparison) -> dict[str, float]:
    """Return what a comparison is of the coefficients of ``arm * visit``, as name -> weight."""
    visits, first = list(rows["visit"].cat.categories), rows["arm"].cat.categories[0]
    weights: Mapping[str, float] = {one.visit: 1.0}
    if not one.visit:
        days = {visit: float(study.visits[visit].day) for visit in visits}
        weights = course_weights(study.planned(one.analysis), one.term.removeprefix("difference_in_"), days)
    found: dict[str, float] = {}
    for arm, sign in ((one.arm, 1.0), (one.reference, -1.0)):
        if arm == first:
            continue
        found[f"arm[{arm}]"] = sign * sum(weights.values())
        found |= {f"arm[{arm}]:visit[{visit}]": sign * w for visit, w in weights.items() if visit != visits[0]}
    return found


def coefficients_of(wanted: Sequence[Mapping[str, float]], names: Sequence[str]) -> Floats:
    """Return rows (q, p) of weights by name; KeyError where a name is unknown."""
    place = {name: k for k, name in enumerate(names)}
    rows = np.zeros((len(wanted), len(names)))
    for row, weights in zip(rows, wanted, strict=True):
        for name, weight in weights.items():
            row[place[name]] = weight
    return rows


def numbers_of_t(estimate: Floats, std_error: Floats, df: Floats, analysis: Analysis) -> dict[str, Floats]:
    """Return estimates, tests and limits, each (B, q), with p-values adjusted over the row as the plan says."""
    half = stats.t.ppf((1 + analysis.conf_level) / 2, df) * std_error
    p_value = np.asarray(2 * stats.t.sf(np.abs(estimate) / std_error, df))
    return {
        "estimate": estimate,
        "std_error": std_error,
        "df": df,
        "p_value": adjusted(p_value, analysis.multiplicity),
        "conf_low": estimate - half,
        "conf_high": estimate + half,
    }


def adjusted(p_value: Floats, multiplicity: str) -> Floats:
    """Return p-values (B, q) adjusted over each row, as the plan says."""
    if multiplicity == "none":
        return p_value
    found = p_value.copy()
    for k in np.flatnonzero(np.isfinite(p_value).all(axis=1)):
        found[k] = multipletests(p_value[k], method=METHODS[multiplicity])[1]
    return found


def successes(
    study: ComparativeStudy, name: str, asked: Sequence[Comparison], numbers: Mapping[str, Floats]
) -> np.ndarray:
    """Return (B, q) whether a comparison is significant, or keeps the margin of the plan where it has one."""
    analysis = study.analyses[name]
    shown = numbers["p_value"] < level_of(analysis)
    margin = analysis.option("margin")
    if margin is None:
        return np.asarray(shown)
    sign = 1.0 if study.planned(name).higher_is_better else -1.0
    benefit, se = sign * numbers["estimate"], numbers["std_error"]
    statistic = {
        "noninferiority": (benefit + margin.value) / se,
        "superiority": (benefit - margin.value) / se,
        "equivalence": (margin.value - np.abs(benefit)) / se,
    }[margin.type]
    at_visit = np.array([bool(one.visit) for one in asked])
    p_value = np.asarray(stats.t.sf(statistic, numbers["df"]))
    p_value[:, at_visit] = adjusted(p_value[:, at_visit], analysis.multiplicity)
    kept = p_value < (ALPHA[margin.type] if margin.alpha is None else margin.alpha)
    return np.where(at_visit, kept, shown)
