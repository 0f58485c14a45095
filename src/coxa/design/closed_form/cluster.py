"""Clusters: randomised as wholes, or groups and therapists in one arm only (a partially nested comparison)."""

from __future__ import annotations

import math
from typing import Literal

from coxa.design.closed_form.answer import (
    Accuracy,
    Power,
    Question,
    check_not_negative,
    check_positive,
    solve,
    t_power,
    with_numbers,
)
from coxa.errors import OptionError


def design_effect(cluster_size: float, icc: float, cluster_size_cv: float = 0.0) -> float:
    """Return by how much clusters inflate the variance of a mean.

    Parameters
    ----------
    cluster_size
        Mean number of participants per cluster, m.
    icc
        Intracluster correlation, the clusters' share of the variance.
    cluster_size_cv
        Coefficient of variation of the cluster sizes: their standard deviation over their mean.

    Notes
    -----
    1 + ((1 + CV^2) m - 1) ICC, for a mean in which every participant counts alike (Eldridge, Ashby & Kerry,
    International Journal of Epidemiology 2006, 35:1292-1300). A mixed model weights clusters better and loses less.

    Examples
    --------
    >>> round(design_effect(20, 0.05), 2), round(design_effect(20, 0.05, 0.6), 2)
    (1.95, 2.31)
    """
    if not cluster_size >= 1:
        raise OptionError(f"`cluster_size` is {cluster_size:g}. Give at least 1.")
    if not 0 <= icc < 1:
        raise OptionError(f"`icc` is {icc:g}. Give a number from 0 to below 1.")
    check_not_negative("cluster_size_cv", cluster_size_cv)
    return 1 + ((1 + cluster_size_cv**2) * cluster_size - 1) * icc


@with_numbers
def power_cluster(
    *,
    sd: float,
    icc: float,
    cluster_size: float,
    cluster_size_cv: float = 0.0,
    difference: float | None = None,
    clusters: int | None = None,
    power: float | None = None,
    ratio: float = 1.0,
    alpha: float = 0.05,
    sides: Literal[1, 2] = 2,
    dropout: float = 0.0,
) -> Power:
    """Solve a cluster-randomised comparison of means for power, number of clusters or detectable difference.

    Parameters
    ----------
    sd
        Standard deviation of the outcome within an arm, between and within clusters together.
    icc, cluster_size, cluster_size_cv
        As `design_effect`; the size before dropout.
    difference, power, alpha, sides
        As `power_two_means`.
    clusters
        Clusters randomised to the reference arm.
    ratio
        Clusters in the compared arm for each one in the reference arm.
    dropout
        Share of the participants without an outcome, spread over the clusters.

    Returns
    -------
    Power
        `solved` is "n" where the number of clusters was found; they are in `clusters`.

    Raises
    ------
    OptionError, FitError
        As `power_two_means`.

    Notes
    -----
    SE^2 = sd^2 DE / m (1/k1 + 1/k2), t with k1 + k2 - 2 degrees of freedom (Donner & Klar, Design and Analysis of
    Cluster Randomization Trials in Health Research, 2000), exact for clusters of one size. For a proportion p use
    sd = sqrt(p (1 - p)).

    Examples
    --------
    >>> power_cluster(sd=1, icc=0.05, cluster_size=20, difference=0.5, power=0.8).clusters
    (8, 8)
    """
    check_positive("sd", sd)
    question = Question(difference, clusters, power, ratio, alpha, sides, dropout)
    size = cluster_size * (1 - dropout)
    effect = design_effect(size, icc, cluster_size_cv)

    def accuracy(reference: int, compared: int) -> Accuracy:
        variance = sd**2 * effect / size * (1 / reference + 1 / compared)
        return Accuracy(math.sqrt(variance), reference + compared - 2)

    found = solve(question, lambda d, *k: t_power(d, accuracy(*k), alpha, sides))
    at = accuracy(*found.n)
    inputs = {
        "sd": sd,
        "icc": icc,
        "cluster_size": cluster_size,
        "cluster_size_cv": cluster_size_cv,
        "design_effect": effect,
        "ratio": ratio,
        "dropout": dropout,
    }
    return Power(
        method="t test over clusters",
        solved=question.solved,
        difference=found.difference,
        power=found.power,
        n=(math.ceil(found.n[0] * cluster_size), math.ceil(found.n[1] * cluster_size)),
        n_analysed=(found.n[0] * size, found.n[1] * size),
        clusters=found.n,
        std_error=at.std_error,
        df=at.df,
        alpha=alpha,
        sides=sides,
        inputs=inputs,
        source="Donner & Klar 2000; Eldridge, Ashby & Kerry 2006",
    )


@with_numbers
def power_partially_nested(
    *,
    sd: float,
    icc: float,
    cluster_size: float,
    cluster_size_cv: float = 0.0,
    sd_compared: float | None = None,
    difference: float | None = None,
    clusters: int | None = None,
    power: float | None = None,
    ratio: float = 1.0,
    alpha: float = 0.05,
    sides: Literal[1, 2] = 2,
    dropout: float = 0.0,
) -> Power:
    """Solve a trial whose compared arm is treated in groups, or by few therapists, and whose reference arm is not.

    Parameters
    ----------
    sd
        Standard deviation of the outcome in the reference arm.
    icc, cluster_size, cluster_size_cv
        Of the compared arm, as `design_effect`; the size before dropout.
    sd_compared
        Standard deviation in the compared arm, between and within its clusters together; `sd` if not given.
    difference, power, alpha, sides
        As `power_two_means`.
    clusters
        Clusters of the compared arm.
    ratio
        Participants in the compared arm for each one in the reference arm.
    dropout
        Share of the participants without an outcome.

    Returns
    -------
    Power
        `solved` is "n" where the number of clusters was found; `clusters` is 0 for the reference arm.

    Raises
    ------
    OptionError, FitError
        As `power_two_means`.

    Notes
    -----
    SE^2 = sd^2 / n0 + sd1^2 DE / (k m) (Roberts & Roberts, Clinical Trials 2005, 2:152-162; Moerbeek & Wong, Statistics
    in Medicine 2008, 27:2850-2864). The two parts have n0 - 1 and k - 1 degrees of freedom, joined by
    Satterthwaite's rule, as in the test of individuals against cluster means with unequal variances.

    Examples
    --------
    >>> found = power_partially_nested(sd=1, icc=0.05, cluster_size=8, difference=0.5, power=0.8)
    >>> found.clusters, found.n
    ((0, 10), (80, 80))
    """
    check_positive("sd", sd)
    own = sd if sd_compared is None else sd_compared
    check_positive("sd_compared", own)
    question = Question(difference, clusters, power, 1.0, alpha, sides, dropout)
    check_positive("ratio", ratio)
    kept = 1 - dropout
    size = cluster_size * kept
    if size < 1:
        raise OptionError(f"Clusters keep {size:g} participants after dropout. Make them larger.")
    effect = design_effect(size, icc, cluster_size_cv)

    def reference(k: int) -> int:
        return max(2, math.ceil(k * cluster_size / ratio - 1e-9))

    def accuracy(k: int) -> Accuracy:
        single, nested = sd**2 / (reference(k) * kept), own**2 * effect / (k * size)
        df = (single + nested) ** 2 / (single**2 / max(reference(k) * kept - 1, 1e-9) + nested**2 / (k - 1))
        return Accuracy(math.sqrt(single + nested), df)

    found = solve(question, lambda d, k, _: t_power(d, accuracy(k), alpha, sides))
    k = found.n[0]
    at = accuracy(k)
    inputs = {
        "sd": sd,
        "sd_compared": own,
        "icc": icc,
        "cluster_size": cluster_size,
        "cluster_size_cv": cluster_size_cv,
        "design_effect": effect,
        "ratio": ratio,
        "dropout": dropout,
    }
    return Power(
        method="t test, clusters in one arm",
        solved=question.solved,
        difference=found.difference,
        power=found.power,
        n=(reference(k), math.ceil(k * cluster_size)),
        n_analysed=(reference(k) * kept, k * size),
        clusters=(0, k),
        std_error=at.std_error,
        df=at.df,
        alpha=alpha,
        sides=sides,
        inputs=inputs,
        source="Roberts & Roberts 2005; Moerbeek & Wong 2008",
    )
