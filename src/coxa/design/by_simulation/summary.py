"""What replicates say of a design: power, bias, coverage, errors of sign and size, each with its Monte Carlo error."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from coxa.design.by_simulation.comparisons import Comparison, TrueDifference

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
        In `POWER_COLUMNS`. A trial without a number counts as one that shows nothing; bias, coverage and width are
        of the others. type_s: share of the significant results on the wrong side of zero; type_m: by how much
        significant results exaggerate, mean absolute estimate over the true value (both not numbers where the truth is
        zero). fallback: share of all trials in which another structure than the first was used.

    Notes
    -----
    Sources: Morris, White & Crowther, Statistics in Medicine 2019, 38:2074-2102, for the measures and their Monte
    Carlo errors; Gelman & Carlin, Perspectives on Psychological Science 2014, 9:641-651, for types S and M.
    """
    total = len(rows)
    shown = rows["shown"].to_numpy(dtype=bool)
    estimate, low, high = (rows[name].to_numpy(dtype=float) for name in ("estimate", "conf_low", "conf_high"))
    there = ~np.isnan(estimate)
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
        "width": float((high - low)[there].mean()) if there.any() else np.nan,
        "converged": float(there.mean()),
        "fallback": float((rows["rung"].to_numpy() > 0).mean()),
    }
    known = _against_truth(estimate[there], low[there], high[there], shown[there], truth)
    return {name: {**found, **known}.get(name, np.nan) for name in POWER_COLUMNS}


def _against_truth(
    estimate: np.ndarray, low: np.ndarray, high: np.ndarray, shown: np.ndarray, truth: TrueDifference | None
) -> Mapping[str, float]:
    """Return what can be said where the truth is known."""
    count = len(estimate)
    if truth is None or count < 2:
        return {} if truth is None else {"truth": truth.value}
    covered = (low <= truth.value) & (truth.value <= high)
    found = {
        "truth": truth.value,
        "bias": float(estimate.mean() - truth.value),
        "bias_error": float(np.hypot(estimate.std(ddof=1) / np.sqrt(count), truth.error)),
        "coverage": float(covered.mean()),
        "coverage_error": share_error(float(covered.sum()), count),
    }
    if shown.any() and abs(truth.value) > 2 * truth.error:
        found["type_s"] = float((np.sign(estimate[shown]) != np.sign(truth.value)).mean())
        found["type_m"] = float(np.abs(estimate[shown]).mean() / abs(truth.value))
    return found
