"""Rows that describe participants: numbers, categories, how many are missing, and how alike two arms are."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from coxa.estimates.balance import moments, standardised_difference, standardised_difference_of_shares
from coxa.study import Study
from coxa.study.parts import Covariate
from coxa.tables.formats import cell, share
from coxa.tables.table import Cell, Row, Statistic

SUMMARY_LABELS = {"mean_sd": "mean (SD)", "median_iqr": "median [Q1, Q3]"}
QUARTILES = (0.25, 0.5, 0.75)

Columns = dict[str, pd.DataFrame]
"""Key of a column (arm, or `total`) -> the participants in it."""


@dataclass(frozen=True, slots=True)
class Described:
    """Who is described, and how.

    columns  : the participants in each column
    address  : variable and key of a column -> where a number of it belongs
    weight   : column of weights; empty where every participant counts the same
    compared : keys of columns, each pair (arm, reference) a column of standardised differences after the others
    """

    columns: Columns
    address: Callable[[str, str], Statistic]
    weight: str = ""
    compared: tuple[tuple[str, str], ...] = ()

    def weights(self, key: str) -> np.ndarray | None:
        """Return the weights of a column's participants."""
        return self.columns[key][self.weight].to_numpy(dtype=float) if self.weight else None

    def difference(self, name: str, values: Callable[[str, str], float]) -> tuple[Cell, ...]:
        """Return the cells of standardised differences; `values` computes one of two columns."""
        return tuple(
            cell(
                "standardised",
                {"standardised_difference": values(arm, reference)},
                replace(self.address(name, arm), reference=reference),
            )
            for arm, reference in self.compared
        )

    @property
    def blank(self) -> tuple[Cell, ...]:
        """Empty cells under the standardised differences."""
        return (Cell(""),) * len(self.compared)


def characteristic_rows(study: Study, name: str, described: Described) -> Iterator[Row]:
    """Yield the rows of a covariate or outcome, by the type that the plan declares."""
    if name in study.covariates:
        covariate = study.covariates[name]
        label = study.label("covariates", name)
        if covariate.type == "category":
            yield from _category_rows(name, label, covariate, described)
        else:
            unit = f" ({covariate.unit})" if covariate.unit else ""
            yield from _number_rows(name, f"{label}{unit}", covariate.summary, described)
        return
    scale = study.scale(name)
    label = f"{study.label('outcomes', name)} ({outcome_range(study, name)})"
    if levels := outcome_levels(study, name):
        coded = replace(described, columns={key: _coded(rows, name) for key, rows in described.columns.items()})
        yield from _category_rows(name, label, Covariate(type="category", levels=levels), coded)
        return
    yield from _number_rows(name, label, "mean_sd", described, scale.decimals)


def outcome_range(study: Study, name: str) -> str:
    """Return what the values of an outcome can be, and which are better: "0 to 10, lower is better".

    The unit is there where it is more than points: "0 to 200 km, higher is better".
    """
    scale = study.scale(name)
    if values := {"yes_no": "yes or no", "count": "a count"}.get(outcome_kind(study, name)):
        return f"{values}, {'more' if scale.higher_is_better else 'fewer'} is better"
    unit = "" if scale.unit in ("", "points") else f" {scale.unit}"
    return f"{scale.low:g} to {scale.high:g}{unit}, {scale.direction}"


def outcome_kind(study: Study, name: str) -> str:
    """Return the kind of an outcome that is measured: score, yes_no, ordered or count."""
    return str(getattr(study.outcomes[name], "kind", "score"))


def outcome_levels(study: Study, name: str) -> dict[str, str]:
    """Return code -> label of the levels of an outcome that has some: those of the plan, or no and yes."""
    if outcome_kind(study, name) == "yes_no":
        return {"0": "No", "1": "Yes"}
    return {str(code): label for code, label in (getattr(study.outcomes[name], "levels", None) or {}).items()}


def _coded(rows: pd.DataFrame, name: str) -> pd.DataFrame:
    """Return rows with the numbers of an outcome as the codes of its levels."""
    if name not in rows:
        return rows
    codes = [pd.NA if pd.isna(value) else f"{value:g}" for value in rows[name]]
    return rows.assign(**{name: pd.Series(codes, rows.index, dtype="string")})


def _number_rows(name: str, label: str, summary: str, described: Described, decimals: int = 1) -> Iterator[Row]:
    values = {key: _numbers(rows, name) for key, rows in described.columns.items()}
    found = {key: moments(series, described.weights(key)) for key, series in values.items()}
    cells = []
    for key, series in values.items():
        at = described.address(name, key)
        if summary == "mean_sd":
            cells.append(cell("mean_sd", {"mean": found[key].mean, "sd": found[key].sd}, at, decimals))
        else:
            q1, median, q3 = _quartiles(series, described.weights(key))
            cells.append(cell("median_iqr", {"median": median, "q1": q1, "q3": q3}, at, decimals))
    alike = described.difference(name, lambda arm, against: standardised_difference(found[arm], found[against]))
    weighted = "weighted " if described.weight else ""
    yield Row(f"{label}, {weighted}{SUMMARY_LABELS[summary]}", (*cells, *alike))
    yield from _missing_row(name, {key: int(np.isnan(series).sum()) for key, series in values.items()}, described)


def _numbers(rows: pd.DataFrame, name: str) -> np.ndarray:
    found = rows[name] if name in rows else pd.Series(float("nan"), index=rows.index)
    return np.asarray(pd.to_numeric(found).astype(float))


def _quartiles(values: np.ndarray, weights: np.ndarray | None) -> tuple[float, float, float]:
    """Return the quartiles: interpolated, or with weights those where the cumulative weight gets there."""
    known = np.isfinite(values)
    if not known.any():
        return (math.nan,) * 3
    options = {} if weights is None else {"weights": weights[known], "method": "inverted_cdf"}
    q1, median, q3 = np.quantile(values[known], QUARTILES, **options)
    return float(q1), float(median), float(q3)


def _category_rows(name: str, label: str, covariate: Covariate, described: Described) -> Iterator[Row]:
    values = {
        key: rows[name].astype("string") if name in rows else pd.Series(pd.NA, rows.index, dtype="string")
        for key, rows in described.columns.items()
    }
    levels = covariate.level_labels()
    sums = {key: _sums(series, list(levels), described.weights(key)) for key, series in values.items()}
    missing = {key: int(series.isna().sum()) for key, series in values.items()}
    alike = described.difference(name, lambda arm, against: standardised_difference_of_shares(sums[arm], sums[against]))
    heading = f"{label}, weighted %" if described.weight else f"{label}, n (%)"
    yield Row(heading, (*(Cell("") for _ in values), *alike))
    rule = "share" if described.weight else "count_of_percent" if any(missing.values()) else "count_percent"
    for place, (level, level_label) in enumerate(levels.items()):
        cells = []
        for key, of_levels in sums.items():
            n, total = float(of_levels[place]), float(of_levels.sum())
            counts = {"n": n, "total": total, "share": share(n, total)}
            shown = {"share": ("share",), "count_percent": ("n", "share")}.get(rule, tuple(counts))
            at = described.address(f"{name}={level}", key)
            cells.append(cell(rule, {number: counts[number] for number in shown}, at))
        yield Row(level_label, (*cells, *described.blank), level=1)
    yield from _missing_row(name, missing, described)


def _sums(values: pd.Series, levels: list[str], weights: np.ndarray | None) -> np.ndarray:
    """Return the number, or the sum of weights, of each level."""
    w = np.ones(len(values)) if weights is None else weights
    return np.array([w[(values == level).fillna(False).to_numpy(dtype=bool)].sum() for level in levels])


def _missing_row(name: str, missing: dict[str, int], described: Described) -> Iterator[Row]:
    """Yield the row of how many are missing, where any are; never weighted."""
    if any(missing.values()):
        cells = (cell("count", {"n": n}, described.address(f"{name}=missing", key)) for key, n in missing.items())
        yield Row("Missing, n" if described.weight else "Missing", (*cells, *described.blank), level=1)
