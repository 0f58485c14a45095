"""Two proportions compared by a normal test."""

from __future__ import annotations

import math
from typing import Literal

from statsmodels.stats.proportion import power_proportions_2indep

from coxa.arguments import NUMBER, kinds
from coxa.design.closed_form.answer import Power, Question, check_share, solve, with_numbers
from coxa.errors import FitError, OptionError


@with_numbers
@kinds(reference=NUMBER, difference=NUMBER)
def power_two_proportions(
    *,
    reference: float,
    difference: float | None = None,
    n: int | None = None,
    power: float | None = None,
    ratio: float = 1.0,
    alpha: float = 0.05,
    sides: Literal[1, 2] = 2,
    dropout: float = 0.0,
) -> Power:
    """Solve the comparison of two proportions for power, sample size or detectable difference.

    Parameters
    ----------
    reference
        Proportion in the reference arm.
    difference
        Proportion in the compared arm less `reference`; where it is found, it is an increase.
    n, power, ratio, alpha, sides, dropout
        As `power_two_means`.

    Returns
    -------
    Power
        `std_error` is that of the difference under the alternative.

    Raises
    ------
    OptionError
        As `power_two_means`; a proportion is not between 0 and 1.
    FitError
        Nothing gives the power that is asked for.

    Notes
    -----
    Normal test with the pooled variance under the null hypothesis and the own variances under the alternative, without
    continuity correction (statsmodels; Fleiss, Levin & Paik, Statistical Methods for Rates and Proportions, 3rd ed.
    2003, chapter 4).

    Examples
    --------
    >>> power_two_proportions(reference=0.5, difference=0.25, power=0.9).n
    (77, 77)
    """
    check_share("reference", reference)
    if difference is not None and not 0 < reference + difference < 1:
        raise OptionError(
            f"The compared proportion is {reference + difference:g}. Choose reference and difference so that it "
            "is between 0 and 1."
        )
    question = Question(difference, n, power, ratio, alpha, sides, dropout)
    kept = 1 - dropout

    def power_of(change: float, first: int, second: int) -> float:
        if not 0 < reference + change < 1:
            return 1.0
        up = change if sides == 2 else abs(change)
        base = reference if up == change else 1 - reference
        alternative = "two-sided" if sides == 2 else "larger"
        return float(
            power_proportions_2indep(
                up, base, second * kept, first / second, alpha, alternative=alternative, return_results=False
            )
        )

    found = solve(question, power_of)
    compared = reference + found.difference
    if not 0 < compared < 1 or (question.power is not None and found.power < question.power - 1e-6):
        raise FitError("no proportion below 1 has this power", ["Use more participants, or a lower reference."])
    analysed = (found.n[0] * kept, found.n[1] * kept)
    variance = reference * (1 - reference) / analysed[0] + compared * (1 - compared) / analysed[1]
    return Power(
        method="normal test of two proportions",
        solved=question.solved,
        difference=found.difference,
        power=found.power,
        n=found.n,
        n_analysed=analysed,
        clusters=None,
        std_error=math.sqrt(variance),
        df=math.inf,
        alpha=alpha,
        sides=sides,
        inputs={"reference": reference, "ratio": ratio, "dropout": dropout},
        source="statsmodels.stats.proportion.power_proportions_2indep",
    )
