"""The factors of a two by two factorial design, from what the arms are declared to have."""

from __future__ import annotations

from collections.abc import Mapping

from coxa.study.parts import Arm


def arm_factors(arms: Mapping[str, Arm]) -> dict[str, tuple[str, ...]]:
    """Return arm -> the factors that it has and some other arm has not.

    They are what the arms name as `factors`; where no arm names any, what the arms deliver. What all arms have is no
    factor.

    Examples
    --------
    >>> both = ("education", "exercise_therapy")
    >>> arm_factors({"control": Arm(delivers=("education",)), "exercise": Arm(delivers=both)})
    {'control': (), 'exercise': ('exercise_therapy',)}
    """
    named = any(arm.factors is not None for arm in arms.values())
    having: dict[str, tuple[str, ...]] = {
        name: (arm.factors or ()) if named else arm.delivers for name, arm in arms.items()
    }
    shared = set.intersection(*(set(factors) for factors in having.values()))
    return {name: tuple(factor for factor in factors if factor not in shared) for name, factors in having.items()}


def factorial_problem(arms: Mapping[str, Arm]) -> str | None:
    """Return why the arms are not a two by two design, and the remedy; None if they are."""
    having = {name: frozenset(factors) for name, factors in arm_factors(arms).items()}
    names = set().union(*having.values())
    if len(arms) == 4 and len(names) == 2 and len(set(having.values())) == 4:
        return None
    found = ", ".join(f"{name}: {' + '.join(sorted(factors)) or 'none'}" for name, factors in having.items())
    return (
        f"a factorial design has four arms, with neither, one, the other and both of two factors; this plan "
        f"has {found}; write what each arm adds, for example `factors: [exercise, manual_therapy]` and `factors: []`"
    )
