"""Meta-analysis: effects of published trials, pooled; what they say of the next one; `coxa pool`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from coxa.lazy import lazy

if TYPE_CHECKING:
    from coxa.meta.binary import CommonEffect as CommonEffect
    from coxa.meta.binary import count_effects as count_effects
    from coxa.meta.binary import mantel_haenszel as mantel_haenszel
    from coxa.meta.binary import peto as peto
    from coxa.meta.continuous import mean_differences as mean_differences
    from coxa.meta.continuous import single_means as single_means
    from coxa.meta.continuous import small_sample_factor as small_sample_factor
    from coxa.meta.continuous import standardised_mean_differences as standardised_mean_differences
    from coxa.meta.effects import Effects as Effects
    from coxa.meta.levels import ThreeLevel as ThreeLevel
    from coxa.meta.levels import pool_levels as pool_levels
    from coxa.meta.pooled import PooledEffect as PooledEffect
    from coxa.meta.pooled import PoolSpec as PoolSpec
    from coxa.meta.pooled import pool_effects as pool_effects
    from coxa.meta.predicted import NextTrial as NextTrial
    from coxa.meta.predicted import assurance as assurance
    from coxa.meta.predicted import next_trial as next_trial
    from coxa.meta.predicted import success_power as success_power
    from coxa.meta.review.run import Review as Review
    from coxa.meta.review.run import pool_studies as pool_studies
    from coxa.meta.shown.forest import plot_forest_of_trials as plot_forest_of_trials
    from coxa.meta.small_studies import Egger as Egger
    from coxa.meta.small_studies import TrimFill as TrimFill
    from coxa.meta.small_studies import egger_test as egger_test
    from coxa.meta.small_studies import trim_and_fill as trim_and_fill
    from coxa.meta.studies import leave_one_out as leave_one_out
    from coxa.meta.studies import trial_influence as trial_influence
    from coxa.meta.subgroups import Subgroups as Subgroups
    from coxa.meta.subgroups import pool_subgroups as pool_subgroups
    from coxa.meta.summaries import error_from_interval as error_from_interval
    from coxa.meta.summaries import error_from_p_value as error_from_p_value
    from coxa.meta.summaries import standardised as standardised

__getattr__, __dir__, __all__ = lazy(
    __name__,
    {
        "coxa.meta.binary": ("CommonEffect", "count_effects", "mantel_haenszel", "peto"),
        "coxa.meta.continuous": (
            "mean_differences",
            "single_means",
            "small_sample_factor",
            "standardised_mean_differences",
        ),
        "coxa.meta.effects": ("Effects",),
        "coxa.meta.studies": ("leave_one_out", "trial_influence"),
        "coxa.meta.levels": ("ThreeLevel", "pool_levels"),
        "coxa.meta.shown.forest": ("plot_forest_of_trials",),
        "coxa.meta.predicted": ("NextTrial", "assurance", "next_trial", "success_power"),
        "coxa.meta.pooled": ("PoolSpec", "PooledEffect", "pool_effects"),
        "coxa.meta.review.run": ("Review", "pool_studies"),
        "coxa.meta.small_studies": ("Egger", "TrimFill", "egger_test", "trim_and_fill"),
        "coxa.meta.subgroups": ("Subgroups", "pool_subgroups"),
        "coxa.meta.summaries": ("error_from_interval", "error_from_p_value", "standardised"),
    },
)
