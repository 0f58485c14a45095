"""Presets and their figures in words, for the command and for the page of the docs."""

from __future__ import annotations

import math
from collections.abc import Mapping

from coxa.simulate.from_plan.numbers import arm_numbers
from coxa.simulate.published import Comparison
from coxa.study.assumptions.published import Figure
from coxa.study.comparative import ComparativeStudy
from coxa.study.delivery.arm import Delivery

KINDS: Mapping[str, str] = {
    "mean": "mean",
    "sd": "standard deviation",
    "change": "mean change",
    "change_sd": "standard deviation of change",
    "residual_sd": "residual standard deviation",
    "difference": "difference",
    "change_difference": "difference in change",
    "standardised_difference": "standardised difference",
    "interaction": "interaction",
    "responders": "share of responders",
    "risk_difference": "difference in shares",
    "retention": "share retained",
    "attendance": "share of sessions attended",
    "attended_at_least": "share attending sessions",
    "adverse_events": "share with an adverse event",
}
TAGS: Mapping[str, str] = {"read": "read", "secondary": "read in a secondary source", "computed": "computed"}


def figure_words(study: ComparativeStudy, figure: Figure) -> str:
    """Say what a figure is: kind, outcome, visit, arms.

    Examples
    --------
    >>> from coxa.simulate.presets import preset
    >>> moa = preset("moa-2013")
    >>> figure_words(moa, moa.source.figures[2])
    'difference, WOMAC total, Year 1, Manual therapy less Usual care'
    """
    kind = f"share attending {figure.sessions} sessions or more" if figure.sessions else KINDS[figure.kind]
    named = [
        study.label(what, name)
        for what, name in (("outcomes", figure.outcome), ("visits", figure.visit), ("arms", figure.arm))
        if name is not None
    ]
    if figure.against is not None:
        named[-1] += f" less {study.label('arms', figure.against)}"
    return ", ".join([kind, *named])


def origin_words(figure: Figure) -> str:
    """Say where a figure comes from: tag, how it was computed, source, and why the simulation may be off."""
    parts = [TAGS[figure.tag], figure.how, figure.origin, figure.because]
    return "; ".join(part for part in parts if part)


def decimals_of(figure: Figure) -> int:
    """Return the decimals with which a figure was printed."""
    shown = f"{figure.value:.10g}"
    return max(len(shown.partition(".")[2]), math.floor(-math.log10(figure.rounding)) if figure.rounding else 0)


def published_words(figure: Figure) -> str:
    """Return the published number, with its interval."""
    digits = decimals_of(figure)
    interval = f" ({figure.interval[0]:g} to {figure.interval[1]:g})" if figure.interval else ""
    return f"{figure.value:.{digits}f}{interval}"


def simulated_words(told: Comparison) -> tuple[str, str]:
    """Return the simulated number and how far it may be off, with one decimal more than the published one."""
    digits = decimals_of(told.figure) + 1
    return f"{told.simulated:.{digits}f}", f"{told.allowed:.{digits}f}"


def arm_words(study: ComparativeStudy) -> list[str]:
    """Return, arm by arm, its label, number, components and dose."""
    part = study.assumptions
    numbers = arm_numbers(study, part) if part else [0] * len(study.arms)
    words = []
    for name, number in zip(study.arm_order, numbers, strict=True):
        arm = study.arms[name]
        delivers = ", ".join(component.replace("_", " ") for component in arm.delivers)
        dose = dose_words(arm.delivery) if arm.delivery else ""
        told = "; ".join(part for part in (delivers, dose) if part)
        words.append(f"{study.label('arms', name)} ({number})" + (f": {told}" if told else ""))
    return words


def dose_words(delivery: Delivery) -> str:
    """Say the dose of an arm in one line.

    Examples
    --------
    >>> dose_words(Delivery(sessions=12, weeks=12, minutes=(60, 90), home_per_week=2))
    '12 sessions, 12 weeks, 60 to 90 minutes, 2 times a week at home'
    """
    told = [
        ("{} sessions", delivery.sessions),
        ("{} weeks", delivery.weeks),
        ("{} minutes", delivery.minutes),
        ("{} times a week", delivery.per_week),
        ("{} times a week at home", delivery.home_per_week),
    ]
    parts = [text.format(_span(value)) for text, value in told if value is not None]
    if delivery.exercises:
        parts.append(f"exercises: {', '.join(each.exercise.replace('_', ' ') for each in delivery.exercises)}")
    return ", ".join(parts)


def _span(value: float | tuple[float, float]) -> str:
    return f"{value[0]:g} to {value[1]:g}" if isinstance(value, tuple) else f"{value:g}"


def primary_words(study: ComparativeStudy) -> str:
    """Return outcome and visit of the first estimand."""
    endpoint = next(iter(study.estimands.values())).endpoint
    visits = ", ".join(study.label("visits", visit) for visit in endpoint.visit)
    return f"{study.label('outcomes', endpoint.outcome)}, {visits}"
