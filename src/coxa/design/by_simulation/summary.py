"""What replicates say of a design: power, bias, coverage, errors of sign and size, each with its Monte Carlo error."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from coxa.design.by_simulation.comparisons import Comparison, TrueDifference
from coxa.estimates.table import RATIOS, null_value

POWER_COLUMNS = (
    "estimand", "analysis", "arm", "reference", "visit", "term", "setting", "n", "replicates", "power", "power_error",
    "truth", "bias", "bias_error", "coverage", "coverage_error", "type_s", "type_m", "width", "converged", "fallback",
)  # fmt: skip


def share_error(count: float, replicates: int) -> float:
    """Return the Monte Carlo standard error of a share.

    Of (count + 1) / (replicates + 2) rather than count / replicates, so that it is not zero where all or none did.

    Examples
    --------
    >>> round(share_error(900, 1000), 4), round(share_error(100, 100), 4)
    (0.0095, 0.0099)
    """
    if replicates == 0:
        return float("nan")
    share = (count + 1) / (replicates + 2)
    return float(np.sqrt(share * (1 - share) / replicates))


def summary(
    rows: pd.DataFrame, one: Comparison, truth: TrueDifference | None, *, setting: str, n: int
) -> dict[str, Any]:
    """Return what the replicates of one comparison say of it.

    Parameters
    ----------
    rows
        One row per replicate, in the columns of `pieces.COLUMNS`.
    one
        The comparison.
    truth
        Its true value; None where there is no single one: bias, coverage and type M are then not numbers.
    setting, n
        Labels.

    Returns
    -------
    dict
        In `POWER_COLUMNS`. Of a ratio bias, width and type M are of its logarithm. A trial without a number counts as
        one that shows nothing; bias, coverage and width are of the others. type_s: share of the significant results on
        the wrong side of no difference; type_m: by how much significant results exaggerate, mean absolute estimate over
        the true value (both not numbers where there is no difference). fallback: share of all trials in which another
        structure than the first was used.

    Notes
    -----
    Sources: Morris, White & Crowther, Statistics in Medicine 2019, 38:2074-2102, for the measures and their Monte
    Carlo errors; Gelman & Carlin, Perspectives on Psychological Science 2014, 9:641-651, for types S and M.
    """
    total = len(rows)
    shown = rows["shown"].to_numpy(dtype=bool)
    numbers = (rows[name].to_numpy(dtype=float) for name in ("estimate", "conf_low", "conf_high"))
    estimate, low, high = (from_null(each, one.term) for each in numbers)
    there = ~np.isnan(estimate)
    finite = there & np.isfinite(high - low)
    found: dict[str, Any] = {
        "estimand": one.estimand,
        "analysis": one.analysis,
        "arm": one.arm,
        "reference": one.reference,
        "visit": one.visit,
        "term": one.term,
        "setting": setting,
        "n": n,
        "replicates": total,
        "power": float(shown.mean()),
        "power_error": share_error(float(shown.sum()), total),
        "width": float((high - low)[finite].mean()) if finite.any() else np.nan,
        "converged": float(there.mean()),
        "fallback": float((rows["rung"].to_numpy() > 0).mean()),
    }
    of_null = truth and TrueDifference(*truth_from_null(truth, one.term))
    known = _against_truth(estimate[there], low[there], high[there], shown[there], of_null)
    if truth is not None:
        known = {**known, "truth": truth.value}
    return {name: {**found, **known}.get(name, np.nan) for name in POWER_COLUMNS}


def from_null(values: np.ndarray, term: str) -> np.ndarray:
    """Return comparisons as distances from no difference: logarithms of ratios, and others less their null value.

    Examples
    --------
    >>> from_null(np.array([1.0, 2.0]), "odds_ratio").round(3).tolist()
    [0.0, 0.693]
    """
    if term in RATIOS:
        with np.errstate(divide="ignore", invalid="ignore"):
            return np.asarray(np.log(values))
    return np.asarray(values - null_value(term))


def truth_from_null(truth: TrueDifference, term: str) -> tuple[float, float]:
    """Return a true value and its error as a distance from no difference."""
    value = float(from_null(np.array([truth.value]), term)[0])
    return value, truth.error / truth.value if term in RATIOS else truth.error


def _against_truth(
    estimate: np.ndarray, low: np.ndarray, high: np.ndarray, shown: np.ndarray, truth: TrueDifference | None
) -> Mapping[str, float]:
    """Return what can be said where the truth is known."""
    count = len(estimate)
    if truth is None or count < 2:
        return {} if truth is None else {"truth": truth.value}
    covered = (low <= truth.value) & (truth.value <= high)
    finite = np.isfinite(estimate)  # a ratio of nothing has no logarithm
    spread = estimate[finite].std(ddof=1) if finite.sum() > 1 else np.nan
    found = {
        "truth": truth.value,
        "bias": float(estimate[finite].mean() - truth.value) if finite.any() else np.nan,
        "bias_error": float(np.hypot(spread / np.sqrt(max(finite.sum(), 1)), truth.error)),
        "coverage": float(covered.mean()),
        "coverage_error": share_error(float(covered.sum()), count),
    }
    if shown.any() and abs(truth.value) > 2 * truth.error:
        found["type_s"] = float((np.sign(estimate[shown]) != np.sign(truth.value)).mean())
        found["type_m"] = float(np.abs(estimate[shown & finite]).mean() / abs(truth.value))
    return found
