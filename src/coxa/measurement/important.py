"""Minimal important change from an anchor: mean change, ROC, predictive modelling and its two adjustments."""

from __future__ import annotations

import math
from dataclasses import dataclass, field

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike
from scipy import stats

from coxa.cards import Carded
from coxa.errors import FitError, OptionError
from coxa.measurement.reliability import check_level

FEWEST = 10
"""Participants of each kind below which nothing is estimated."""


@dataclass(frozen=True, slots=True, repr=False)
class Important(Carded):
    """Minimal important change by several methods.

    frame       : method, estimate, std_error, conf_low, conf_high (NaN where the method has none), and a note
    improved    : share of participants who improved by the anchor
    correlation : between anchor (yes or no) and change, point-biserial
    auc, auc_std_error : area under the ROC curve, with DeLong's error
    sensitivity, specificity : at the threshold of the ROC
    n           : participants with both
    warnings    : what speaks against a use of the numbers
    curve       : ROC: threshold, sensitivity, specificity

    Examples
    --------
    >>> rng = np.random.default_rng(1)
    >>> improved = rng.random(200) < 0.6
    >>> found = important_change(rng.normal(10 * improved, 8), improved)
    >>> found.frame["method"].tolist()
    ['mean_change', 'roc', 'predictive', 'adjusted_2017']
    """

    frame: pd.DataFrame
    improved: float
    correlation: float
    auc: float
    auc_std_error: float
    sensitivity: float
    specificity: float
    n: int
    warnings: tuple[str, ...]
    curve: pd.DataFrame = field(repr=False)

    def estimate(self, method: str) -> float:
        """Return the estimate of a method."""
        return float(self.frame.set_index("method")["estimate"][method])


def important_change(
    change: ArrayLike,
    improved: ArrayLike,
    *,
    minimally: ArrayLike | None = None,
    anchor_reliability: float | None = None,
    conf_level: float = 0.95,
) -> Important:
    """Estimate the minimal important change of a score by an anchor.

    Parameters
    ----------
    change : array_like
        (n,) change, positive towards better.
    improved : array_like
        (n,) whether a participant improved by the anchor (the answers that count are of the caller's choice).
    minimally : array_like, optional
        (n,) whether the anchor says improved by a little; the mean change is then of these, and else of all improved.
    anchor_reliability : float, optional
        Of the transition rating, from 0 to 1, for the adjustment of 2022; it has no default.
    conf_level : float
        Of the limits.

    Returns
    -------
    Important
        `predictive`, where the anchor's odds are those of the whole sample; `adjusted_2017` and `adjusted_2022` correct
        it for a share improved other than a half; `roc`, at the largest Youden index, thresholds midway between scores.

    Raises
    ------
    OptionError
        Shapes or numbers do not fit, or fewer than ten participants improved or did not.
    FitError
        Change does not rise with the anchor, or separates it completely.

    Notes
    -----
    With q the share improved, L = ln(q / (1 - q)) and logit = C + B change: predictive (L - C) / B (Terluin et al.,
    Journal of Clinical Epidemiology 2015, 68:1388-1396); 2017: less (0.090 + 0.103 r) SD L (83:90-100); 2022: less
    (0.8 / rel - 0.5) SD r L. Standard errors of the predictive MIC by the delta method, with q as known. AUC: DeLong,
    DeLong & Clarke-Pearson, Biometrics 1988, 44:837-845.

    Examples
    --------
    >>> rng = np.random.default_rng(1)
    >>> improved = rng.random(200) < 0.5
    >>> found = important_change(rng.normal(10 * improved, 8), improved)
    >>> 3 < found.estimate("predictive") < 7
    True
    """
    check_level(conf_level)
    if anchor_reliability is not None and not 0 < anchor_reliability <= 1:
        raise OptionError(f"`anchor_reliability` is {anchor_reliability:g}. Give a number above 0 and at most 1.")
    d, y, little = _checked(change, improved, minimally)
    r = float(np.corrcoef(d, y)[0, 1])
    if not r > 0:
        raise FitError("change does not rise with the anchor", ("Check the direction of `change` and the anchor.",))
    share = float(y.mean())
    rows = [_mean_change(d, y, little, conf_level)]
    curve = roc_curve(d, y)
    best = curve.iloc[int((curve["sensitivity"] + curve["specificity"]).to_numpy().argmax())]
    rows.append(_row("roc", float(best["threshold"]), math.nan, conf_level, "largest Youden index"))
    rows += _predictive(d, y, share, r, anchor_reliability, conf_level)
    auc, error = delong(d, y)
    return Important(
        pd.DataFrame(rows), share, r, auc, error, float(best["sensitivity"]), float(best["specificity"]), len(d),
        tuple(_warnings(r, share, d)), curve,
    )  # fmt: skip


def _checked(
    change: ArrayLike, improved: ArrayLike, minimally: ArrayLike | None
) -> tuple[np.ndarray, np.ndarray, np.ndarray | None]:
    """Return change and anchor of the participants who have both."""
    d, y = np.asarray(change, dtype=float), np.asarray(improved, dtype=float)
    if d.ndim != 1 or d.shape != y.shape:
        raise OptionError(f"`change` has the shape {d.shape} and `improved` {y.shape}. Give both of every participant.")
    little = None if minimally is None else np.asarray(minimally, dtype=float)
    if little is not None and little.shape != d.shape:
        raise OptionError(f"`minimally` has the shape {little.shape}, and `change` {d.shape}. Give both of every one.")
    kept = np.isfinite(d) & np.isfinite(y)
    d, y = d[kept], y[kept]
    if not np.isin(y, (0, 1)).all():
        raise OptionError("`improved` has other values than yes and no. Give True or False, 1 or 0.")
    if min(y.sum(), len(y) - y.sum()) < FEWEST:
        raise OptionError(
            f"{int(y.sum())} of {len(y)} participants improved by the anchor. Give at least {FEWEST} who did, and "
            f"{FEWEST} who did not."
        )
    return d, y, None if little is None else np.nan_to_num(little[kept])


def _row(method: str, estimate: float, error: float, level: float, note: str) -> dict[str, object]:
    half = float(stats.norm.ppf((1 + level) / 2)) * error
    return {"method": method, "estimate": estimate, "std_error": error, "conf_low": estimate - half,
            "conf_high": estimate + half, "conf_level": level, "note": note}  # fmt: skip


def _mean_change(d: np.ndarray, y: np.ndarray, little: np.ndarray | None, level: float) -> dict[str, object]:
    mine = d[y == 1] if little is None else d[little == 1]
    if len(mine) < 2:
        raise OptionError(f"{len(mine)} participants improved a little. Give at least 2, or leave out `minimally`.")
    error = float(mine.std(ddof=1) / np.sqrt(len(mine)))
    whose = "all who improved" if little is None else "those who improved a little"
    return _row("mean_change", float(mine.mean()), error, level, f"mean change of {whose}, n {len(mine)}")


def _predictive(
    d: np.ndarray, y: np.ndarray, share: float, r: float, reliability: float | None, level: float
) -> list[dict[str, object]]:
    """Return the predictive MIC, and what adjusts it for the share improved."""
    import statsmodels.api as sm

    if d[y == 1].min() >= d[y == 0].max():
        raise FitError("change separates the anchor completely", ("Give more participants near the threshold.",))
    fit = sm.Logit(y, sm.add_constant(d)).fit(disp=0, method="newton", tol=1e-12)
    constant, slope = fit.params
    odds, spread = math.log(share / (1 - share)), float(d.std(ddof=1))
    mic = (odds - constant) / slope
    gradient = np.array([-1 / slope, -mic / slope])
    error = float(np.sqrt(gradient @ fit.cov_params() @ gradient))
    rows = [
        _row("predictive", float(mic), error, level, "odds of the anchor as in the sample"),
        _row("adjusted_2017", float(mic - (0.090 + 0.103 * r) * spread * odds), math.nan, level,
             "adjusted for the share improved, Terluin 2017"),
    ]  # fmt: skip
    if reliability is not None:
        adjusted = float(mic - (0.8 / reliability - 0.5) * spread * r * odds)
        note = f"adjusted for the share improved, Terluin 2022, reliability of the anchor {reliability:g}"
        rows.append(_row("adjusted_2022", adjusted, math.nan, level, note))
    return rows


def roc_curve(d: np.ndarray, y: np.ndarray) -> pd.DataFrame:
    """Return sensitivity and specificity of a change above each threshold, midway between neighbouring changes."""
    values = np.unique(d)
    thresholds = (values[:-1] + values[1:]) / 2
    above = d[:, None] > thresholds[None, :]
    sensitivity, specificity = above[y == 1].mean(axis=0), (~above[y == 0]).mean(axis=0)
    return pd.DataFrame({"threshold": thresholds, "sensitivity": sensitivity, "specificity": specificity})


def delong(d: np.ndarray, y: np.ndarray) -> tuple[float, float]:
    """Return the area under the ROC curve and DeLong's standard error."""
    yes, no = d[y == 1], d[y == 0]
    better = (yes[:, None] > no[None, :]) + 0.5 * (yes[:, None] == no[None, :])
    error = np.sqrt(better.mean(axis=1).var(ddof=1) / len(yes) + better.mean(axis=0).var(ddof=1) / len(no))
    return float(better.mean()), float(error)


def _warnings(r: float, share: float, d: np.ndarray) -> list[str]:
    """Return what speaks against a use of the numbers."""
    found = []
    if r < 0.3:
        found.append(f"The anchor correlates with change by {r:.2f}; below 0.3 it is a poor anchor.")
    if not 0.3 <= share <= 0.7:
        found.append(
            f"{100 * share:.0f}% improved by the anchor: the predictive MIC is biased towards the mean change of the "
            "sample, and the adjustments lean on their assumptions."
        )
    if len(d) < 100:
        found.append(f"{len(d)} participants are few: below 100 the estimates are imprecise.")
    return found
