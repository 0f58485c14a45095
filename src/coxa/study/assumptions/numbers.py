"""Numbers of a plan's assumptions, each with its rule: probabilities, standard deviations, correlations."""

from __future__ import annotations

import math
from typing import Annotated, TypeVar

from pydantic import AfterValidator, WithJsonSchema

from coxa.study.base import Name

T = TypeVar("T")


def _probability(number: float) -> float:
    if not 0 <= number <= 1:
        percent = f"; write {number / 100:g} for {number:g}%" if 1 < number <= 100 else "; write a share, such as 0.15"
        raise ValueError(f"a probability lies between 0 and 1, this one is {number:g}{percent}")
    return number


def _spread(number: float) -> float:
    if not (math.isfinite(number) and number > 0):
        raise ValueError(
            f"a standard deviation is above 0, this one is {number:g}; give the spread between participants of an "
            "arm, in the unit of the outcome"
        )
    return number


def _correlation(number: float) -> float:
    if not -1 < number < 1:
        raise ValueError(f"a correlation lies between -1 and 1, this one is {number:g}; write for example 0.6")
    return number


def _positive(number: float) -> float:
    if not (math.isfinite(number) and number > 0):
        raise ValueError(f"this is a positive number, not {number:g}; 1 means no effect of an odds ratio or factor")
    return number


def _not_negative(number: float) -> float:
    if not (math.isfinite(number) and number >= 0):
        raise ValueError(f"this is 0 or more, not {number:g}; write 0 for none")
    return number


def _people_or_share(number: float) -> float:
    if not (math.isfinite(number) and number >= 0):
        raise ValueError(f"this is a number of people, or a share below 1, not {number:g}")
    if number >= 1 and number != round(number):
        raise ValueError(f"{number:g} is neither a whole number of people nor a share below 1; write one of the two")
    return number


def _finite(number: float) -> float:
    if not math.isfinite(number):
        raise ValueError("this is a finite number; write it in the unit of the outcome")
    return number


Finite = Annotated[float, AfterValidator(_finite), WithJsonSchema({"type": "number"})]
Probability = Annotated[
    float, AfterValidator(_probability), WithJsonSchema({"type": "number", "minimum": 0, "maximum": 1})
]
Spread = Annotated[float, AfterValidator(_spread), WithJsonSchema({"type": "number", "exclusiveMinimum": 0})]
Correlation = Annotated[
    float,
    AfterValidator(_correlation),
    WithJsonSchema({"type": "number", "exclusiveMinimum": -1, "exclusiveMaximum": 1}),
]
Positive = Annotated[float, AfterValidator(_positive), WithJsonSchema({"type": "number", "exclusiveMinimum": 0})]
NotNegative = Annotated[float, AfterValidator(_not_negative), WithJsonSchema({"type": "number", "minimum": 0})]
PeopleOrShare = Annotated[float, AfterValidator(_people_or_share), WithJsonSchema({"type": "number", "minimum": 0})]
"""From 1 a number of people, below 1 a share."""

Probabilities = Probability | dict[Name, Probability]
"""A probability for all, or by arm; what is not named has 0."""
Rates = NotNegative | dict[Name, NotNegative]
"""A number for all, or by arm; what is not named has 0."""


def by_name(given: float | dict[str, float], name: str, other: float = 0.0) -> float:
    """Return the number of one arm, visit or outcome, given one number for all or a number by name.

    Examples
    --------
    >>> by_name(0.1, "exercise"), by_name({"exercise": 0.2}, "exercise"), by_name({"exercise": 0.2}, "usual_care")
    (0.1, 0.2, 0.0)
    """
    return float(given.get(name, other)) if isinstance(given, dict) else float(given)
