"""Analyses of the plan on many simulated trials, fitted together: repeated measures, one visit, and proportions."""

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
from coxa.estimates.proportions import comparison
from coxa.models.batch.trials import fit_trials
from coxa.models.design.matrix import DEPENDENT, design_matrix
from coxa.simulate import DrawnTrial, TrialDesign
from coxa.simulate.from_plan.sets import arm_analysed, set_members
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
            reml=analysis.reml,
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


def ancova_together(
    study: ComparativeStudy, name: str, every: pd.DataFrame, trials: int, asked: Sequence[Comparison]
) -> list[Mapping[str, Any]]:
    """Return rows of the trials of an ANCOVA in which all coefficients can be estimated.

    Ordinary least squares by the cross-products of each trial, the numbers of `coxa.models.ancova.fit_ancova`.
    """
    analysis = study.analyses[name]
    b, q = trials, len(asked)
    estimate, std_error, df = (np.full((b, q), np.nan) for _ in range(3))
    for visit in dict.fromkeys(one.visit for one in asked):
        mine = [k for k, one in enumerate(asked) if one.visit == visit]
        try:
            found = design_matrix(model_formula(study, name), every[every["visit"] == visit].drop(columns="visit"))
            rows = coefficients_of([one_at(asked[k], every) for k in mine], found.names)
        except (CoxaError, KeyError):
            return []
        trial = every.loc[every["visit"] == visit, "trial"].to_numpy()[found.complete]
        estimate[:, mine], std_error[:, mine], df[:, mine] = least_squares(found.x, found.y, trial, b, rows)
    numbers = numbers_of_t(estimate, std_error, df, analysis)
    shown = successes(study, name, asked, numbers)
    good = np.isfinite(std_error).all(axis=1) & (std_error > 0).all(axis=1)
    return [
        row_of(int(k), name, one.key)
        | {word: float(numbers[word][k, place]) for word in NUMBERS}
        | {"shown": bool(shown[k, place]), "rung": 0, "problem": ""}
        for k in np.flatnonzero(good)
        for place, one in enumerate(asked)
    ]


def one_at(one: Comparison, rows: pd.DataFrame) -> dict[str, float]:
    """Return what a comparison is of the coefficients of `arm`."""
    sides = ((one.arm, 1.0), (one.reference, -1.0))
    return {f"arm[{arm}]": sign for arm, sign in sides if arm != rows["arm"].cat.categories[0]}


def least_squares(
    x: np.ndarray, y: np.ndarray, trial: np.ndarray, trials: int, rows: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return estimates, standard errors and degrees of freedom of rows (q, p), each (B, q).

    x, y, trial : (N, p), (N,), (N,) sorted codes; not a number where a trial lacks a column of the design
    """
    p = x.shape[1]
    z = np.column_stack([x, y])
    first = np.searchsorted(trial, np.arange(trials))
    count = np.diff(np.append(first, len(trial)))
    gram = np.zeros((trials, p + 1, p + 1))
    for k in np.flatnonzero(count):
        part = z[first[k] : first[k] + count[k]]
        gram[k] = part.T @ part
    values = np.linalg.eigvalsh(_scaled(gram[:, :p, :p]))
    good = (values[:, 0] > DEPENDENT) & (count > p)
    estimate, std_error, df = (np.full((trials, len(rows)), np.nan) for _ in range(3))
    inverse = np.linalg.inv(gram[good, :p, :p])
    beta = np.einsum("bij,bj->bi", inverse, gram[good, :p, p])
    residual = np.array([((z[a : a + n, p] - z[a : a + n, :p] @ c) ** 2).sum()
                         for a, n, c in zip(first[good], count[good], beta, strict=True)])  # fmt: skip
    free = count[good] - p
    estimate[good] = beta @ rows.T
    std_error[good] = np.sqrt((residual / free)[:, None] * np.einsum("qi,bij,qj->bq", rows, inverse, rows))
    df[good] = free[:, None]
    return estimate, std_error, df


def _scaled(gram: np.ndarray) -> np.ndarray:
    """Return cross-products scaled to a unit diagonal, where there is one."""
    root = np.sqrt(np.diagonal(gram, axis1=1, axis2=2))
    safe = np.where(root > 0, root, 1.0)
    return np.asarray(gram / (safe[:, :, None] * safe[:, None, :]))


def proportions_together(
    study: ComparativeStudy, name: str, design: TrialDesign, drawn: Sequence[DrawnTrial], asked: Sequence[Comparison]
) -> list[Mapping[str, Any]]:
    """Return rows of the trials in which every compared arm has responses at every visit."""
    analysis, population = study.analyses[name], study.planned(name).estimand.population
    found: list[Mapping[str, Any]] = []
    for k, trial in enumerate(drawn):
        arms = arm_analysed(trial, population)
        status = estimand_values(design, trial, analysis.estimand)[0]
        present = np.asarray(~np.isnan(status[:, 1:]).all(axis=1))
        if analysis.option("missing_response") == "non_responder":
            inside = set_members(design, trial, population)
            status = np.where(inside[:, None], np.nan_to_num(status, nan=0.0), np.nan)
        rows = []
        for one in asked:
            column = status[:, design.visits.index(one.visit)]
            cells = []
            for arm in (one.arm, one.reference):
                mine = column[(arms == design.arms.index(arm)) & ~np.isnan(column)]
                cells.append((int(mine.sum()), len(mine)))
            if min(n for _, n in cells) == 0 or not _all_there(arms, design, one, present):
                break
            numbers = comparison(cells[0], cells[1], analysis.conf_level)[0]
            rows.append(
                row_of(k, name, one.key)
                | {word: float(numbers.get(word, np.nan)) for word in NUMBERS}
                | {"shown": bool(numbers["p_value"] < level_of(analysis)), "rung": 0, "problem": ""}
            )
        found += rows if len(rows) == len(asked) else []
    return found


def _all_there(arms: np.ndarray, design: TrialDesign, one: Comparison, present: np.ndarray) -> bool:
    """Return whether both arms have a response at some visit, without which the plan's analysis stops."""
    return all(present[arms == design.arms.index(arm)].any() for arm in (one.arm, one.reference))
