"""Groups or therapists in one arm only: a partially nested comparison of means."""

from __future__ import annotations

import math
from typing import Literal

from coxa.design.closed_form.answer import Accuracy, Power, Question, check_positive, solve, t_power, with_numbers
from coxa.design.closed_form.cluster import design_effect
from coxa.errors import OptionError


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
        raise OptionError(f"clusters keep {size:g} participants after dropout; make them larger")
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
