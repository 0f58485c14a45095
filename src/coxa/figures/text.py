"""Figures in words: what is drawn, with the numbers."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import pandas as pd

from coxa.tables.formats import cell
from coxa.tables.prose import Prose, joined, prose
from coxa.tables.records import records
from coxa.tables.table import Cell, Statistic


def profile_text(labelled: pd.DataFrame, quantity: str, direction: str, over: str = "visits") -> Prose:
    """Say the means of each arm at each visit, with their limits (cells in `text`) and n."""
    said = f"Lines over the {over}. {quantity} with confidence interval{direction and '; '}{direction}."
    arms = []
    for arm, rows in labelled.groupby("arm_label", sort=False):
        points = [prose(f"{row['visit_label']} ", row["text"], f", n {row['n']}") for row in records(rows)]
        arms.append(prose(f"{arm}: ", joined("; ", points), "."))
    return joined(" ", [said, *arms])


def interval_cells(
    rows: pd.DataFrame, estimate: str, decimals: int, rule: str = "estimate_interval"
) -> tuple[Cell, ...]:
    """Write an estimate, by the name of its column, with its limits, for each row."""
    return tuple(
        cell(rule, {"estimate": value, "conf_low": low, "conf_high": high}, Statistic(), decimals)
        for value, low, high in zip(rows[estimate], rows["conf_low"], rows["conf_high"], strict=True)
    )


def forest_text(
    labels: Iterable[str],
    shown: Iterable[Cell],
    quantity: str,
    sides: tuple[str, str],
    null: float = 0.0,
    bounds: Sequence[float] = (),
) -> Prose:
    """Say each comparison with its limits, and what the two sides of no difference mean."""
    at, what = (f"{null:g}", "Comparisons") if null else ("zero", "Differences")
    said = (
        f"{what} with confidence interval, one row each. {quantity}. Below {at}: {sides[0]}; above {at}: {sides[1]}. "
        + (f"Line of the margin at {' and '.join(f'{one:.4g}' for one in bounds)}. " if bounds else "")
    )
    rows = [prose(f"{label}, ", difference) for label, difference in zip(labels, shown, strict=True)]
    return prose(said, joined("; ", rows), ".")


def missing_text(labelled: pd.DataFrame, by: str) -> str:
    """Say how many values are missing in each arm at each visit; `by` says how: "by visit and arm"."""
    arms = []
    for arm, rows in labelled.groupby("arm_label", sort=False):
        points = [f"{row['visit_label']} {row['missing']} of {row['total']}" for row in records(rows)]
        arms.append(f"{arm}: {', '.join(points)}.")
    return f"Bars: missing values {by}. {' '.join(arms)}"
