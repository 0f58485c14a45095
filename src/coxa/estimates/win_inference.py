"""Win ratio, net benefit and win odds with their limits, from the wins and losses of each participant."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, get_args

import numpy as np
import pandas as pd
from scipy.stats import norm

from coxa.errors import FitError

Variance = Literal["u_statistic", "no_difference"]
Weighting = Literal["mantel-haenszel", "equal"]
VARIANCES: tuple[Variance, ...] = get_args(Variance)
WEIGHTINGS: tuple[Weighting, ...] = get_args(Weighting)


@dataclass(frozen=True, slots=True)
class Compared:
    """The pairs of n treated and m of the reference, all of one stratum.

    won, lost : of each of the treated (n,), and of each of the reference (m,): the pairs that the treated won, or lost
    """

    won: tuple[np.ndarray, np.ndarray]
    lost: tuple[np.ndarray, np.ndarray]

    @property
    def pairs(self) -> int:
        """The number of pairs, n m."""
        return len(self.won[0]) * len(self.won[1])

    @property
    def wins(self) -> int:
        """Pairs that the treated won."""
        return int(self.won[0].sum())

    @property
    def losses(self) -> int:
        """Pairs that the treated lost."""
        return int(self.lost[0].sum())


def covariance(compared: Compared) -> np.ndarray:
    """Return the (2, 2) covariance of the numbers of wins and losses, by Hoeffding's projection.

    The variance of each participant's share of wins and losses over the group's size, with n - 1, of both groups.
    """
    parts = [np.cov(np.stack([won, lost])) * len(won) for won, lost in zip(compared.won, compared.lost, strict=True)]
    return np.asarray(parts[0] + parts[1])


def null_variance(compared: Compared) -> float:
    """Return the variance of wins less losses where the groups do not differ.

    Two different pairs of one participant are multiplied, so that it is unbiased where the net benefit is zero.

    Notes
    -----
    Source: Dong, Li, Ballerstedt & Vandemeulebroecke, Pharmaceutical Statistics 2016, 15:430-437; what R's package WINS
    prints. With D_ij 1, 0 or -1 it is the sum over i of (D_i.)^2 - sum_j D_ij^2, over (m - 1), times m, and the same
    for the other group.
    """
    n, m = len(compared.won[0]), len(compared.won[1])
    decided = compared.wins + compared.losses
    squares = [((won - lost) ** 2).sum() - decided for won, lost in zip(compared.won, compared.lost, strict=True)]
    return float(m * squares[0] / (m - 1) + n * squares[1] / (n - 1))


def weights_of(strata: list[Compared], weighting: Weighting) -> np.ndarray:
    """Return the weight of the pairs of each stratum: one, or one over the participants."""
    if weighting == "equal":
        return np.ones(len(strata))
    return np.array([1 / (len(each.won[0]) + len(each.won[1])) for each in strata])


def win_table(strata: list[Compared], weighting: Weighting, variance: Variance, conf_level: float) -> pd.DataFrame:
    """Return win ratio, net benefit and win odds with limits, by the delta method, of weighted sums over strata."""
    weights = weights_of(strata, weighting)
    pairs = float(weights @ [each.pairs for each in strata])
    win, loss = (float(weights @ [getattr(each, side) for each in strata]) / pairs for side in ("wins", "losses"))
    if variance == "no_difference":
        spread = float(weights**2 @ [null_variance(each) for each in strata]) / pairs**2
        se = np.sqrt(np.maximum([4 * spread / (win + loss) ** 2, spread, 4 * spread], 0.0)) if win + loss else None
        return rows_of(win, loss, se, conf_level)
    both = sum((w**2 * covariance(each) for w, each in zip(weights, strata, strict=True)), np.zeros((2, 2))) / pairs**2
    return rows_of(win, loss, delta_errors(win, loss, both), conf_level)


def delta_errors(win: float, loss: float, both: np.ndarray) -> np.ndarray | None:
    """Return standard errors of log win ratio, net benefit and log win odds; None where all wins are of one group."""
    if not win or not loss:
        return None
    spread = both[0, 0] + both[1, 1] - 2 * both[0, 1]
    ratio = np.array([1 / win, -1 / loss])
    return np.sqrt([ratio @ both @ ratio, spread, 4 * spread / (1 - (win - loss) ** 2) ** 2])


def rows_of(win: float, loss: float, se: np.ndarray | None, conf_level: float) -> pd.DataFrame:
    """Return the three rows, of the shares of wins and of losses and the standard errors (3,)."""
    if not win or not loss or se is None:
        raise FitError(
            "all pairs that differ are decided for the same group, so that the win ratio is zero or infinite",
            ["Report the numbers of wins, losses and ties.", "Check which direction of each endpoint is better."],
        )
    if not (se > 0).all():
        raise FitError("all participants of a group compare alike, so that there is no variance", ["Add participants."])
    net = win - loss
    estimate = np.array([win / loss, net, (1 + net) / (1 - net)])
    centre = np.array([np.log(estimate[0]), net, np.log(estimate[2])])
    half = norm.ppf((1 + conf_level) / 2) * se
    return pd.DataFrame(
        {
            "statistic": ["win_ratio", "net_benefit", "win_odds"],
            "estimate": estimate,
            "se": se,
            "conf_low": off_the_logarithm(centre - half),
            "conf_high": off_the_logarithm(centre + half),
            "p_value": 2 * norm.sf(np.abs(centre) / se),
        }
    )


def off_the_logarithm(limits: np.ndarray) -> np.ndarray:
    """Return limits of the two ratios off the logarithm."""
    return np.array([np.exp(limits[0]), limits[1], np.exp(limits[2])])
