"""Time to an event that others compete with: participants for a cause-specific or a subdistribution hazard ratio."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Literal, get_args

from coxa.design.closed_form.answer import Power, Question, check_positive, check_share, with_numbers
from coxa.design.closed_form.normal import logarithm, normal_answer
from coxa.errors import OptionError, check_option

HazardOf = Literal["cause_specific", "subdistribution"]


@with_numbers
def power_competing_risks(
    *,
    event_probability: float,
    competing_probability: float,
    hazard_ratio: float | None = None,
    of: HazardOf = "cause_specific",
    competing_hazard_ratio: float = 1.0,
    n: int | None = None,
    power: float | None = None,
    ratio: float = 1.0,
    alpha: float = 0.05,
    sides: Literal[1, 2] = 2,
    dropout: float = 0.0,
) -> Power:
    """Solve the comparison of two arms on an event that others compete with, for power, size or hazard ratio.

    Parameters
    ----------
    event_probability, competing_probability
        Cumulative incidence of the event, and of the competing ones, in the reference arm by the end of follow-up.
        Together below 1.
    hazard_ratio
        Hazard of the compared arm over that of the reference. Where it is found, it is below 1.
    of : {"cause_specific", "subdistribution"}
        Which hazard: of those still free of all events (Cox model, log-rank test), or of the cumulative incidence
        (Fine and Gray's model).
    competing_hazard_ratio
        Of `of="cause_specific"`: ratio of the cause-specific hazards of the competing events.
    n, power, ratio, alpha, sides, dropout
        As `power_two_means`.

    Returns
    -------
    Power
        `effect` is the hazard ratio, `difference` its logarithm, `events` the events of interest expected.

    Raises
    ------
    OptionError, FitError
        As `power_two_means`; a probability is not between 0 and 1, or the two add up to 1 or more.

    Notes
    -----
    SE of the log hazard ratio 1 / sqrt(D p (1 - p)), with D the expected events of interest and p the share of the
    compared arm: Schoenfeld's formula, for a subdistribution hazard Latouche, Porcher & Chevret, Statistics in Medicine
    2004, 23:3263-3274. Cause-specific hazards are taken as constant: with total hazard H = -log(1 - F1 - F2) the
    event's is H F1 / (F1 + F2), and the compared arm has F1' = h1' / (h1' + h2') (1 - exp(-(h1' + h2'))). A
    subdistribution ratio r gives F1' = 1 - (1 - F1)^r. All are followed for the same time.

    Examples
    --------
    >>> found = power_competing_risks(event_probability=0.4, competing_probability=0.2, hazard_ratio=0.6, power=0.8)
    >>> found.n, round(found.events)
    ((181, 181), 121)
    """
    check_share("event_probability", event_probability)
    check_share("competing_probability", competing_probability)
    check_option("of", of, get_args(HazardOf))
    check_positive("competing_hazard_ratio", competing_hazard_ratio)
    if not event_probability + competing_probability < 1:
        raise OptionError(
            f"`event_probability` and `competing_probability` add up to {event_probability + competing_probability:g}. "
            "Give two that add up to less than 1."
        )
    log = logarithm("hazard_ratio", hazard_ratio)
    question = Question(log, n, power, ratio, alpha, sides, dropout, "hazard_ratio")
    total = -math.log(1 - event_probability - competing_probability)
    own = total * event_probability / (event_probability + competing_probability)
    other = competing_hazard_ratio * (total - own)

    def compared_probability(log_ratio: float) -> float:
        if of == "subdistribution":
            return 1 - (1 - event_probability) ** math.exp(log_ratio)
        mine = own * math.exp(log_ratio)
        return mine / (mine + other) * -math.expm1(-(mine + other))

    def events(log_ratio: float, reference: float, compared: float) -> float:
        return reference * event_probability + compared * compared_probability(log_ratio)

    def std_error(log_ratio: float, reference: float, compared: float) -> float:
        return (reference + compared) / math.sqrt(reference * compared * events(log_ratio, reference, compared))

    inputs = {
        "event_probability": event_probability,
        "competing_probability": competing_probability,
        "of": of,
        "competing_hazard_ratio": competing_hazard_ratio,
        "ratio": ratio,
        "dropout": dropout,
    }
    method, source = {
        "cause_specific": ("log-rank test of the cause-specific hazards", "Schoenfeld 1983"),
        "subdistribution": ("test of the subdistribution hazards", "Latouche et al. 2004"),
    }[of]
    found = normal_answer(method, question, std_error, inputs, source, "hazard ratio", find=-1)
    return replace(found, events=events(found.difference, *found.n_analysed))
