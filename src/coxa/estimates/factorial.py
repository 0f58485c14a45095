"""Two by two factorial arms: main effects at the margins, simple effects, and the interaction."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

import numpy as np

from coxa.errors import OptionError, check_level
from coxa.estimates.means import counts, described, kept, numbers, visit_of
from coxa.estimates.reference_grid import Averaging, check_fit, reference_grid
from coxa.estimates.table import Estimates
from coxa.models.results.fit import Fit


def factorial_contrasts(
    fit: Fit,
    factors: Mapping[str, Collection[str]],
    over: str = "arm",
    *,
    by: str | None = "visit",
    averaging: Averaging = "equal",
    at: Mapping[str, Any] | None = None,
    conf_level: float = 0.95,
) -> Estimates:
    """Estimate what each of two factors adds, alone, on top of the other and on average, and their interaction.

    Parameters
    ----------
    fit : Fit
        A model in which the four arms are levels of one factor.
    factors : mapping
        Arm -> the factors that it has: ``{"usual_care": [], "exercise": ["exercise"], "manual_therapy":
        ["manual_therapy"], "both": ["exercise", "manual_therapy"]}``.
    over, by, averaging, at, conf_level
        As in `coxa.estimates.marginal_means`.

    Returns
    -------
    Estimates
        At each visit: ``main_effect`` of each factor, arms with it less arms without it, the two strata of the
        other factor alike (`arm` the factor, `reference` ``without`` it); ``simple_effect`` of each factor without
        and with the other (`arm` and `reference` are arms); ``interaction``: both less either plus none (`arm`
        both factors), below zero where, on a scale on which higher is better, together they give less than
        their sum.

    Raises
    ------
    OptionError
        The arms are not the four of a two by two design, or not those of the model.

    Notes
    -----
    A main effect is the effect of a factor in practice only where there is no interaction (McAlister et al., JAMA
    2003, 289:2545-2553); the simple effects are there for the other case.

    Examples
    --------
    >>> import pandas as pd
    >>> from coxa.models.ancova import fit_ancova
    >>> d = pd.DataFrame({"participant_id": range(8), "arm": ["none", "e", "m", "em"] * 2})
    >>> d["y"] = [0.0, 3, 5, 6, 1, 4, 6, 7]
    >>> has = {"none": [], "e": ["e"], "m": ["m"], "em": ["e", "m"]}
    >>> factorial_contrasts(fit_ancova("y ~ arm", d), has).only(term="interaction").frame["estimate"].round(6).item()
    -2.0
    """
    check_level(conf_level)
    check_fit(fit)
    grid = reference_grid(fit, kept(fit, over, by), averaging=averaging, at=at)
    counted = counts(fit, grid)
    cells = dict(zip(grid.keys, grid.rows, strict=True))
    rests = list(dict.fromkeys(key[1:] for key in grid.keys))
    asked = [(*part, rest) for rest in rests for part in parts(two_by_two(factors, fit.design.levels[over], over))]
    rows = np.array([sum(w * cells[arm, *rest] for arm, w in arms.items()) for _, _, _, arms, rest in asked])
    method = described(fit, over, by, averaging, at)
    return Estimates.of(
        {
            **row,
            "outcome": fit.outcome,
            "visit": visit_of(fit, ("", *rest)),
            "arm": arm,
            "reference": reference,
            "term": term,
            "n_participants": sum(counted[level, *rest][0] for level in arms),
            "n_observations": sum(counted[level, *rest][1] for level in arms),
            "method": method,
            "warning": "; ".join(fit.warnings),
        }
        for (term, arm, reference, arms, rest), row in zip(asked, numbers(fit, rows, conf_level), strict=True)
    )


def two_by_two(
    factors: Mapping[str, Collection[str]], levels: Collection[Any], over: str
) -> tuple[tuple[str, str], dict[frozenset[str], Any]]:
    """Return the two factors, and for each combination of them the arm that has it.

    Raises
    ------
    OptionError
        Not every arm of the model, or not each of the four combinations exactly once.
    """
    named = {str(level): level for level in levels}
    if set(factors) != set(named):
        raise OptionError(
            f"There are factors of {', '.join(factors)}, and a factorial design needs those of every {over}. "
            f"Give the factors of {', '.join(named)}."
        )
    names = list(dict.fromkeys(name for having in factors.values() for name in having))
    found = {frozenset(having): named[arm] for arm, having in factors.items()}
    if len(names) != 2 or len(found) != 4 or len(factors) != 4:
        raise OptionError(
            f"The arms have the factors { ({arm: sorted(having) for arm, having in factors.items()}) }, not "
            "those of a two by two design. Give four arms: neither of two factors, one, the other, both."
        )
    return (names[0], names[1]), found


def parts(
    design: tuple[tuple[str, str], dict[frozenset[str], Any]],
) -> list[tuple[str, str, str, dict[Any, float]]]:
    """Return term, arm, reference and the weights of the four arms, for all effects of a two by two design."""
    (a, b), arm_of = design
    none, both = arm_of[frozenset()], arm_of[frozenset((a, b))]
    alone = {factor: arm_of[frozenset((factor,))] for factor in (a, b)}
    found: list[tuple[str, str, str, dict[Any, float]]] = []
    for factor, other in ((a, b), (b, a)):
        with_it, without = alone[factor], alone[other]
        halves = {with_it: 0.5, none: -0.5, both: 0.5, without: -0.5}
        found += [
            ("main_effect", factor, f"without {factor}", halves),
            ("simple_effect", str(with_it), str(none), {with_it: 1.0, none: -1.0}),
            ("simple_effect", str(both), str(without), {both: 1.0, without: -1.0}),
        ]
    apart = {both: 1.0, alone[a]: -1.0, alone[b]: -1.0, none: 1.0}
    return [*found, ("interaction", f"{a} with {b}", "the sum of both", apart)]
