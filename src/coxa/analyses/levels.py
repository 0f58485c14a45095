"""Comparisons without a model within the levels of a subgroup, each of its own participants, and how they differ."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from coxa.errors import EmptyCellError, FitError
from coxa.estimates.levels import chi_square_of_levels, differences_between
from coxa.study.comparative import PlannedAnalysis

DIFFER = "differences of the separate estimates by their variances, as levels share no participant"


def rows_of_levels(
    planned: PlannedAnalysis, rows: pd.DataFrame, subgroup: str, arms: Sequence[str] | None = None
) -> dict[str, pd.DataFrame]:
    """Return level -> its rows, in the order of the plan; rows without a level are in none.

    Each level needs an outcome of each of the arms, those of the comparison unless given.

    Raises
    ------
    EmptyCellError
        A level has no outcome of an arm that is compared, or there are fewer than two levels.
    """
    mine = rows[subgroup].astype("str").where(rows[subgroup].notna())
    planned_levels = [str(level) for level in planned.study.covariates[subgroup].level_labels()]
    seen = set(mine.dropna())
    levels = [*(level for level in planned_levels if level in seen), *sorted(seen - set(planned_levels))]
    if len(levels) < 2:
        raise EmptyCellError(
            f"analysis {planned.name}: {len(levels)} level of {subgroup} has outcomes, and subgroups need two",
            (f"Take {subgroup} out of `subgroups`.",),
        )
    found = {level: rows[mine == level] for level in levels}
    for level, here in found.items():
        for arm in arms or planned.arms:
            if not (here["arm"] == arm).any():
                raise EmptyCellError(
                    f"analysis {planned.name}: no outcome of arm {arm} where {subgroup} is {level}",
                    (f"Join {level} with another level of {subgroup}, or take {subgroup} out of `subgroups`.",),
                )
    return found


def without_level(rows: pd.DataFrame, subgroup: str) -> tuple[str, ...]:
    """Say how many rows of a visit are in no level; nothing where all are in one."""
    n = int(rows[subgroup].isna().sum())
    return (f"{n} participants without {subgroup} are in no subgroup",) if n else ()


def each_level(
    planned: PlannedAnalysis, levels: Mapping[str, pd.DataFrame], subgroup: str, compare: Callable[[pd.DataFrame], Any]
) -> dict[str, Any]:
    """Return level -> what `compare` gives of its rows; an error says which level it was."""
    found = {}
    for level, rows in levels.items():
        try:
            found[level] = compare(rows)
        except FitError as error:
            raise FitError(f"analysis {planned.name}, {subgroup} {level}: {error.message}", error.remedies) from error
    return found


def separate_rows(
    planned: PlannedAnalysis, within: Mapping[str, Mapping[str, Any]], subgroup: str, warnings: Sequence[str]
) -> Iterator[dict[str, Any]]:
    """Yield the comparisons of an arm within the levels, how these differ, and the chi-square of all levels.

    `within` is level -> its row of the comparison that the estimand asks for; of a ratio its standard error is that of
    the logarithm.
    """
    rows, ratio = list(within.values()), planned.effect.is_ratio
    values = np.array([np.log(row["estimate"]) if ratio else row["estimate"] for row in rows])
    covariance = np.diag([row["std_error"] ** 2 for row in rows])
    shared = {name: rows[0][name] for name in ("arm", "reference", "visit")}
    shared["warning"] = "; ".join(warnings)
    for level, row in within.items():
        method = f"separate comparison within each level of {subgroup}; {row['method']}"
        yield {**row, **shared, "term": "subgroup_difference", "analysis": f"{subgroup}={level}", "method": method}
    names, conf_level = list(within), planned.analysis.conf_level
    people = sum(int(row["n_participants"]) for row in rows)
    for pair, row in differences_between(names, values, covariance, ratio=ratio, conf_level=conf_level):
        own = {"term": "difference_between_subgroups", "analysis": f"{subgroup}={pair}", "method": DIFFER}
        yield {**shared, **row, **own}
    statistic, df, p_value = chi_square_of_levels(values[None, :], covariance)
    yield {
        **shared,
        "term": "interaction_test",
        "analysis": f"{subgroup}=*",
        "statistic": statistic,
        "p_value": p_value,
        "n_participants": people,
        "n_observations": people,
        "method": f"{DIFFER}; chi-square of all levels with {df} degrees of freedom",
    }
