"""Two means: compared by a t test, or adjusted for baseline covariates at one visit."""

from __future__ import annotations

import math
from typing import Literal

from coxa.design.closed_form.answer import Accuracy, Power, Question, check_positive, t_answer, with_numbers
from coxa.errors import OptionError


@with_numbers
def power_two_means(
    *,
    sd: float,
    difference: float | None = None,
    n: int | None = None,
    power: float | None = None,
    ratio: float = 1.0,
    alpha: float = 0.05,
    sides: Literal[1, 2] = 2,
    dropout: float = 0.0,
) -> Power:
    """Solve the two-sample t test for power, sample size or detectable difference.

    Parameters
    ----------
    sd
        Standard deviation within an arm, in units of the outcome.
    difference, n, power
        Difference between the arms in the same units; participants randomised to the reference arm; power. The one
        that is left out is found.
    ratio
        Participants in the compared arm for each one in the reference arm.
    alpha, sides
        Level of the test, and 2 or 1 sides.
    dropout
        Share of the randomised that has no outcome. `n` is before dropout, the power after it.

    Returns
    -------
    Power

    Raises
    ------
    OptionError
        Not exactly one quantity is left out, or a number is out of its range.
    FitError
        Nothing gives the power that is asked for.

    Notes
    -----
    Noncentral t distribution with n1 + n2 - 2 degrees of freedom and SE = sd sqrt(1/n1 + 1/n2) (statsmodels).

    Examples
    --------
    >>> power_two_means(sd=1, difference=0.5, power=0.8).n
    (64, 64)
    >>> power_two_means(sd=1, difference=0.5, power=0.8, dropout=0.2).n
    (80, 80)
    """
    check_positive("sd", sd)
    question = Question(difference, n, power, ratio, alpha, sides, dropout)

    def accuracy(reference: float, compared: float) -> Accuracy:
        return Accuracy(sd * math.sqrt(1 / reference + 1 / compared), reference + compared - 2)

    inputs = {"sd": sd, "ratio": ratio, "dropout": dropout}
    return t_answer("two-sample t test", question, accuracy, inputs, "statsmodels.stats.power.ttest_power")


@with_numbers
def power_ancova(
    *,
    sd: float,
    correlation: float,
    covariates: int = 1,
    difference: float | None = None,
    n: int | None = None,
    power: float | None = None,
    ratio: float = 1.0,
    alpha: float = 0.05,
    sides: Literal[1, 2] = 2,
    dropout: float = 0.0,
) -> Power:
    """Solve the analysis of covariance for power, sample size or detectable difference.

    Parameters
    ----------
    sd
        Standard deviation of the outcome within an arm, not adjusted.
    correlation
        Between outcome and baseline within an arm; with several covariates, their multiple correlation.
    covariates
        Number of covariates.
    difference, n, power, ratio, alpha, sides, dropout
        As `power_two_means`.

    Returns
    -------
    Power

    Raises
    ------
    OptionError, FitError
        As `power_two_means`; the correlation is not between -1 and 1.

    Notes
    -----
    The residual variance is sd^2 (1 - r^2) (Borm, Fransen & Lemmens, Journal of Clinical Epidemiology 2007,
    60:1234-1238). Chance imbalance of q normal covariates over N participants inflates the variance of the
    difference on average by (N - 3) / (N - 3 - q): given the covariates it is inflated by 1 + T^2 / (N - 2) with
    Hotelling's T^2 between the arms. Degrees of freedom N - 2 - q.

    Examples
    --------
    >>> power_ancova(sd=1, correlation=0.6, difference=0.5, power=0.8).n
    (42, 42)
    """
    check_positive("sd", sd)
    check_correlation(correlation)
    if covariates < 1:
        raise OptionError(f"`covariates` is {covariates}. Give 1 or more, or use `power_two_means`.")
    question = Question(difference, n, power, ratio, alpha, sides, dropout)
    residual = sd * math.sqrt(1 - correlation**2)

    def accuracy(reference: float, compared: float) -> Accuracy:
        se = residual * math.sqrt((1 / reference + 1 / compared) * imbalance_factor(reference + compared, covariates))
        return Accuracy(se, reference + compared - 2 - covariates)

    inputs = {"sd": sd, "correlation": correlation, "covariates": covariates, "ratio": ratio, "dropout": dropout}
    source = "Borm, Fransen & Lemmens 2007; mean of the inflation by chance imbalance"
    return t_answer("analysis of covariance", question, accuracy, inputs, source)


def imbalance_factor(total: float, covariates: int) -> float:
    """Return by how much chance imbalance of normal covariates inflates the variance of a difference, on average."""
    return (total - 3) / (total - 3 - covariates) if total > 3 + covariates else math.inf


def check_correlation(value: float) -> None:
    """Raise `OptionError` unless a correlation lies between -1 and 1."""
    if not -1 < value < 1:
        raise OptionError(f"The correlation is {value:g}. Give a number between -1 and 1.")
