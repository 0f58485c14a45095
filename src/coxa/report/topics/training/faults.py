"""What is known to be wrong with each measure of training load, in a sentence, with its source."""

from __future__ import annotations

from coxa.derive.workload_ratio import WORKLOAD_VARIANTS, Variant

RULE_OF_TEN = (
    "Rule of 10%: the rule did not lower injuries of novice runners in a randomised trial (20.8% with it, 20.3% "
    "without; Buist et al., American Journal of Sports Medicine 2008, 36:33-39), and a share of a small week is few "
    "minutes."
)
RATIOS: dict[Variant, str] = {
    "coupled": "Coupled ratio: acute load is part of its own chronic load, which alone makes the two correlate (Windt "
    "& Gabbett, British Journal of Sports Medicine 2019, 53:988).",
    "uncoupled": "Uncoupled ratio: it needs 35 days of diary, and is still a ratio that hides whether acute load is "
    "high or chronic load is low.",
    "ewma": "Exponentially weighted ratio: its value depends on where the diary begins and on how missing days are "
    "taken (Williams et al., British Journal of Sports Medicine 2017, 51:209, for the weights).",
    "week_on_week": "Week on week: a single missed or easy week makes the next one an increase, so that it marks more "
    "days than any other (33.4% of sessions, against 16.2% to 25.8% by the ratios; Cloosterman et al., Journal of "
    "Athletic Training 2024, 59:1028-1034).",
}
EVERY_RATIO = (
    "No ratio is shown to cause injury or pain: studies of load and injury cannot say whether changing it changes risk "
    "(Impellizzeri et al., Journal of Athletic Training 2020, 55:893-901)."
)
MONOTONY = (
    "Monotony is the mean over the standard deviation of the days of a week, and strain load times monotony: both go "
    "to infinity as days become alike, so that a week of equal short sessions has the highest; weeks of equal days are "
    "left out."
)


def ratio_label(variant: Variant) -> str:
    """Return what a variant is called in a table.

    Examples
    --------
    >>> ratio_label("week_on_week")
    'Week on week: 7 days over the 7 days before them'
    """
    name = {"coupled": "Coupled", "uncoupled": "Uncoupled", "ewma": "Weighted", "week_on_week": "Week on week"}[variant]
    return f"{name}: {WORKLOAD_VARIANTS[variant].label}"
