"""Clusters that receive treatments in periods: stepped wedge, cluster crossover, parallel clusters."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from coxa.arguments import NUMBER, kinds
from coxa.design.closed_form.answer import Accuracy, Power, check_positive, check_share, t_power
from coxa.errors import OptionError

Floats = NDArray[np.float64]


def stepped_wedge(clusters: Sequence[int]) -> list[list[int]]:
    """Return the schedule of a stepped wedge: a row per cluster, 1 where it has the new treatment.

    Parameters
    ----------
    clusters : sequence of int
        How many clusters step over after the first period, after the second, and so on.

    Returns
    -------
    list of list of int
        One row per cluster, one column per period; all clusters begin without the treatment and end with it.

    Raises
    ------
    OptionError
        No step, or a step without a cluster.

    Examples
    --------
    >>> stepped_wedge([1, 2])
    [[0, 1, 1], [0, 0, 1], [0, 0, 1]]
    """
    steps = list(clusters)
    if not steps or min(steps) < 1:
        raise OptionError(f"`clusters` is {steps}. Give one whole number of 1 or more for each step.")
    periods = len(steps) + 1
    rows = [[int(period > step) for period in range(periods)] for step in range(len(steps))]
    return [list(row) for row, times in zip(rows, steps, strict=True) for _ in range(times)]


@kinds(difference=NUMBER, sd=NUMBER, icc=NUMBER, cluster_autocorrelation=NUMBER, cluster_size=NUMBER, alpha=NUMBER,
       individual_autocorrelation=NUMBER)  # fmt: skip
def power_stepped_wedge(
    *,
    schedule: Sequence[Sequence[float]],
    difference: float,
    sd: float,
    icc: float,
    cluster_size: float,
    cluster_autocorrelation: float = 1.0,
    individual_autocorrelation: float = 0.0,
    decay: bool = False,
    alpha: float = 0.05,
    sides: Literal[1, 2] = 2,
) -> Power:
    """Return the power of a trial in which clusters change their treatment at set times.

    Parameters
    ----------
    schedule
        A row per cluster, a column per period: 1 with the new treatment, 0 without, NaN where nothing is measured. As
        of `stepped_wedge`; any other schedule, such as that of a cluster crossover, may be given.
    difference
        Effect of the treatment, in units of the outcome.
    sd
        Standard deviation of the outcome, between and within clusters together.
    icc
        Intracluster correlation of two participants of one cluster in one period.
    cluster_size
        Participants of a cluster in one period: others in each, or the same (`individual_autocorrelation`).
    cluster_autocorrelation
        Correlation between the means of a cluster in two periods, over that in one period; 1 where a cluster is the
        same in all of them (Hussey & Hughes).
    individual_autocorrelation
        Of a closed cohort: correlation of two values of a participant in two periods, beyond what the cluster
        explains; 0 where there are others in each period.
    decay
        Whether `cluster_autocorrelation` is of neighbouring periods and is raised to their distance (discrete-time
        decay).
    alpha, sides
        Level of the test, and 2 or 1 sides.

    Returns
    -------
    Power
        `n` is of participants without and with the treatment, over all periods.

    Raises
    ------
    OptionError
        A number is out of its range, or the schedule cannot tell treatment from period.

    Notes
    -----
    Generalised least squares of the means of clusters by period on treatment and period, with known variances, and a
    normal test (Hussey & Hughes, Contemporary Clinical Trials 2007, 28:182-191; Hooper et al., Statistics in Medicine
    2016, 35:4718-4728). With few clusters it is optimistic. It takes the effect to be there at once and to stay the
    same: where it grows with time since the step, a model of an immediate effect misleads.

    Examples
    --------
    >>> wedge = stepped_wedge([3, 3, 3, 3])
    >>> round(power_stepped_wedge(schedule=wedge, difference=1, sd=2.5, icc=0.05, cluster_size=10).power, 4)
    0.8497
    """
    check_positive("sd", sd)
    check_positive("cluster_size", cluster_size)
    check_share("alpha", alpha)
    if sides not in (1, 2):
        raise OptionError(f"`sides` is {sides}. Give 1 or 2.")
    if not 0 <= icc < 1:
        raise OptionError(f"`icc` is {icc:g}. Give a number from 0 to below 1.")
    shares = {"cluster_autocorrelation": cluster_autocorrelation}
    for name, value in (shares | {"individual_autocorrelation": individual_autocorrelation}).items():
        if not 0 <= value <= 1:
            raise OptionError(f"`{name}` is {value:g}. Give a number from 0 to 1.")
    treated = np.array(schedule, dtype=float)
    if treated.ndim != 2 or not np.isin(treated[~np.isnan(treated)], (0, 1)).all():
        raise OptionError("`schedule` has a row per cluster and a column per period. Write 0, 1 or NaN in each cell.")
    apart = np.abs(np.subtract.outer(np.arange(treated.shape[1]), np.arange(treated.shape[1])))
    alike = cluster_autocorrelation ** (apart if decay else np.minimum(apart, 1))
    of_people = sd**2 * (1 - icc) / cluster_size
    together = icc * sd**2 * alike + of_people * individual_autocorrelation
    variance = variance_of_treatment(treated, of_people * (1 - individual_autocorrelation), 1.0, over_periods=together)
    at = Accuracy(math.sqrt(variance), math.inf)
    both = [int((treated == value).sum()) * cluster_size for value in (0, 1)]
    return Power(
        method="Wald test over clusters in periods",
        solved="power",
        difference=difference,
        power=t_power(difference, at, alpha, sides),
        n=(math.ceil(both[0]), math.ceil(both[1])),
        n_analysed=(both[0], both[1]),
        clusters=None,
        std_error=at.std_error,
        df=at.df,
        alpha=alpha,
        sides=sides,
        inputs={
            "clusters": len(treated),
            "sd": sd,
            "icc": icc,
            "cluster_size": cluster_size,
            "cluster_autocorrelation": cluster_autocorrelation,
            "individual_autocorrelation": individual_autocorrelation,
        },
        source="Hussey & Hughes 2007; Hooper et al. 2016",
    )


def variance_of_treatment(
    treated: Floats, of_mean: float, of_cluster: float, over_periods: Floats | None = None
) -> float:
    """Return the variance of the effect of treatment, adjusted for period, by generalised least squares.

    Parameters
    ----------
    treated
        (I, T) 1, 0, or NaN where nothing is measured.
    of_mean
        Variance of the mean of a cluster in a period, given the cluster.
    of_cluster
        Variance between clusters, the same in all periods.
    over_periods
        (T, T) what it is multiplied by between two periods; 1 unless given.
    """
    periods = treated.shape[1]
    over = np.ones((periods, periods)) if over_periods is None else over_periods
    information = np.zeros((periods + 1, periods + 1))
    for row in treated:
        there = ~np.isnan(row)
        design = np.column_stack([row[there], np.eye(periods)[there]])
        covariance = of_mean * np.eye(there.sum()) + of_cluster * over[np.ix_(there, there)]
        information += design.T @ np.linalg.solve(covariance, design)
    kept = np.append(True, (~np.isnan(treated)).any(axis=0))
    information = information[np.ix_(kept, kept)]
    if np.linalg.matrix_rank(information) < len(information):
        raise OptionError(
            "The schedule cannot tell treatment from period. Give one in which clusters differ in some period."
        )
    return float(np.linalg.inv(information)[0, 0])
