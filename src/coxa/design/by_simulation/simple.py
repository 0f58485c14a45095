"""Analyses of one visit on many simulated trials: covariance analysis by least squares, and proportions."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from coxa.design.by_simulation.comparisons import Comparison, level_of
from coxa.design.by_simulation.plan_run import NUMBERS, row_of
from coxa.design.by_simulation.together import coefficients_of, numbers_of_t, successes
from coxa.errors import CoxaError
from coxa.estimates.proportions import comparison
from coxa.models.design.matrix import DEPENDENT, design_matrix
from coxa.simulate import DrawnTrial, TrialDesign
from coxa.simulate.from_plan.sets import arm_analysed, set_members
from coxa.simulate.from_plan.strategies import estimand_values
from coxa.study.comparative import ComparativeStudy
from coxa.study.wording import model_formula


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
