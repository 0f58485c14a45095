"""What the population-level summaries of estimands are: rows of a table of results, and how they are written."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal

from coxa.study.words import Summary

EndpointKind = Literal["mean", "binary", "ordered", "count", "time", "ranking"]
"""What is analysed: a mean, a yes or no, a level, a number of events, a time to an event, or a ranking."""

Scale = Literal["units", "points", "ratio", "probability", "rate", "days"]
"""How a comparison is written: in units of the outcome, in percentage points, as a ratio, as a probability (0 to 1),
in events per unit of time, or in days."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Effect:
    """What a population-level summary is in a table of results.

    term      : kind of row of its comparisons (`coxa.estimates.table.TERMS`)
    arms      : kind of row of each arm that belongs to it; empty where an arm has no number of its own
    words     : what it is called, as in "the difference in means"
    scale     : how it is written
    null      : its value where the arms do not differ
    arm_words : what the number of an arm is called, as the head of a column
    of_wins   : whether it counts wins, so that more of it is better whatever the direction of the outcome
    of_spread : whether it compares spreads, so that less of it is better whatever the direction of the outcome
    """

    term: str
    arms: str
    words: str
    scale: Scale
    null: float = 0.0
    arm_words: str = ""
    of_wins: bool = False
    of_spread: bool = False

    @property
    def is_ratio(self) -> bool:
        """Whether it is a ratio, whose intervals are symmetric on the log scale."""
        return self.scale == "ratio"


EFFECTS: dict[Summary, Effect] = {
    "difference_in_means": Effect(
        term="difference", arms="marginal_mean", words="difference in means", scale="units", arm_words="Mean"
    ),
    "risk_difference": Effect(
        term="risk_difference", arms="risk", words="difference in proportions", scale="points", arm_words="Proportion"
    ),
    "risk_ratio": Effect(
        term="risk_ratio", arms="risk", words="risk ratio", scale="ratio", null=1.0, arm_words="Proportion"
    ),
    "odds_ratio": Effect(
        term="odds_ratio", arms="risk", words="odds ratio", scale="ratio", null=1.0, arm_words="Proportion"
    ),
    "conditional_odds_ratio": Effect(
        term="conditional_odds_ratio",
        arms="risk",
        words="conditional odds ratio",
        scale="ratio",
        null=1.0,
        arm_words="Proportion",
    ),
    "cumulative_odds_ratio": Effect(
        term="cumulative_odds_ratio", arms="", words="odds ratio of a higher level", scale="ratio", null=1.0
    ),
    "win_probability": Effect(
        term="win_probability",
        arms="",
        words="probability of the better value",
        scale="probability",
        null=0.5,
        of_wins=True,
    ),
    "rate_ratio": Effect(term="rate_ratio", arms="rate", words="rate ratio", scale="ratio", null=1.0, arm_words="Rate"),
    "rate_difference": Effect(
        term="rate_difference", arms="rate", words="difference in rates", scale="rate", arm_words="Rate"
    ),
    "hazard_ratio": Effect(
        term="hazard_ratio", arms="risk", words="hazard ratio", scale="ratio", null=1.0, arm_words="Risk"
    ),
    "subdistribution_hazard_ratio": Effect(
        term="subdistribution_hazard_ratio",
        arms="risk",
        words="subdistribution hazard ratio",
        scale="ratio",
        null=1.0,
        arm_words="Cumulative incidence",
    ),
    "difference_in_restricted_means": Effect(
        term="difference_in_restricted_means",
        arms="restricted_mean",
        words="difference in restricted mean time",
        scale="days",
        arm_words="Restricted mean time",
    ),
    "win_ratio": Effect(term="win_ratio", arms="", words="win ratio", scale="ratio", null=1.0, of_wins=True),
    "win_odds": Effect(term="win_odds", arms="", words="win odds", scale="ratio", null=1.0, of_wins=True),
    "net_benefit": Effect(term="net_benefit", arms="", words="net benefit", scale="probability", of_wins=True),
    "complier_average_effect": Effect(
        term="complier_average_effect", arms="", words="complier average causal effect", scale="units"
    ),
    "natural_indirect_effect": Effect(
        term="natural_indirect_effect", arms="", words="natural indirect effect", scale="units"
    ),
    "effect_per_dose": Effect(term="effect_per_dose", arms="", words="effect per unit of dose", scale="units"),
    "within_person_sd_ratio": Effect(
        term="within_person_sd_ratio",
        arms="within_person_sd",
        words="ratio of standard deviations within participants",
        scale="ratio",
        null=1.0,
        arm_words="SD of days",
        of_spread=True,
    ),
}
"""Summary -> what it is."""

SUMMARIES: dict[EndpointKind, tuple[Summary, ...]] = {
    "mean": (
        "difference_in_means",
        "win_probability",
        "win_odds",
        "complier_average_effect",
        "natural_indirect_effect",
        "effect_per_dose",
        "within_person_sd_ratio",
    ),
    "binary": (
        "risk_difference",
        "risk_ratio",
        "odds_ratio",
        "conditional_odds_ratio",
        "complier_average_effect",
        "natural_indirect_effect",
    ),
    "ordered": ("cumulative_odds_ratio", "win_probability", "win_odds"),
    "count": ("rate_ratio", "rate_difference"),
    "time": ("hazard_ratio", "difference_in_restricted_means", "risk_difference", "subdistribution_hazard_ratio"),
    "ranking": ("win_ratio", "win_odds", "net_benefit"),
}
"""What is analysed -> the summaries that fit it."""

MEASURES: dict[str, tuple[str, ...]] = {
    "score": ("value", "change", "percent_change", "responder"),
    "yes_no": ("value",),
    "ordered": ("value",),
    "count": ("value",),
    "event": ("event", "count", "time"),
    "composite": ("ranking",),
}
"""Kind of an outcome -> the measures that it has."""

KINDS: dict[tuple[str, str], EndpointKind] = {
    ("score", "responder"): "binary",
    ("yes_no", "value"): "binary",
    ("ordered", "value"): "ordered",
    ("count", "value"): "count",
    ("event", "event"): "binary",
    ("event", "count"): "count",
    ("event", "time"): "time",
    ("composite", "ranking"): "ranking",
}
"""Kind of an outcome and measure -> what is analysed; a mean where it is not here."""


def endpoint_kind(kind: str, measure: str) -> EndpointKind:
    """Return what is analysed of an outcome.

    Examples
    --------
    >>> endpoint_kind("score", "change"), endpoint_kind("event", "time")
    ('mean', 'time')
    """
    return KINDS.get((kind, measure), "mean")


def effect_of(summary: Summary, kind: EndpointKind) -> Effect:
    """Return what a summary is; what is in units of an outcome is in percentage points of a yes or no.

    Examples
    --------
    >>> effect_of("complier_average_effect", "mean").scale, effect_of("complier_average_effect", "binary").scale
    ('units', 'points')
    """
    effect = EFFECTS[summary]
    return replace(effect, scale="points") if effect.scale == "units" and kind == "binary" else effect
