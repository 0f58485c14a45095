"""Estimates: marginal means, contrasts, tests and adjusted p-values, one row per number."""

from __future__ import annotations

from typing import TYPE_CHECKING

from coxa.lazy import lazy

if TYPE_CHECKING:
    from coxa.estimates.differences import contrast_rows as contrast_rows
    from coxa.estimates.differences import contrasts as contrasts
    from coxa.estimates.differences import joint_test as joint_test
    from coxa.estimates.effect_size import standardised_by_model as standardised_by_model
    from coxa.estimates.effect_size import standardised_effect as standardised_effect
    from coxa.estimates.factorial import factorial_contrasts as factorial_contrasts
    from coxa.estimates.mann_whitney import win_probability as win_probability
    from coxa.estimates.marginal import marginal_effects as marginal_effects
    from coxa.estimates.marginal_by_subgroup import marginal_subgroups as marginal_subgroups
    from coxa.estimates.margins import margin_test as margin_test
    from coxa.estimates.means import linear_combination as linear_combination
    from coxa.estimates.means import marginal_means as marginal_means
    from coxa.estimates.multiplicity import adjust_multiplicity as adjust_multiplicity
    from coxa.estimates.number_needed import NumberNeeded as NumberNeeded
    from coxa.estimates.number_needed import numbers_needed as numbers_needed
    from coxa.estimates.ordinal import category_probabilities as category_probabilities
    from coxa.estimates.ordinal import cumulative_odds_ratios as cumulative_odds_ratios
    from coxa.estimates.ordinal import standardised_win_probability as standardised_win_probability
    from coxa.estimates.over_clusters import population_averaged as population_averaged
    from coxa.estimates.population_by_subgroup import population_subgroups as population_subgroups
    from coxa.estimates.profile import Profile as Profile
    from coxa.estimates.profile import auc as auc
    from coxa.estimates.profile import average as average
    from coxa.estimates.profile import slope as slope
    from coxa.estimates.proportions import fit_proportions as fit_proportions
    from coxa.estimates.rates import fit_rates as fit_rates
    from coxa.estimates.rates_by_model import model_rates as model_rates
    from coxa.estimates.resampled import Resampled as Resampled
    from coxa.estimates.resampled import bootstrap_participants as bootstrap_participants
    from coxa.estimates.responder_gap import ResponderComparison as ResponderComparison
    from coxa.estimates.responder_gap import compare_responders as compare_responders
    from coxa.estimates.responder_model import responder_by_model as responder_by_model
    from coxa.estimates.responder_subgroups import responders_in_subgroups as responders_in_subgroups
    from coxa.estimates.restricted_mean import RestrictedMean as RestrictedMean
    from coxa.estimates.restricted_mean import RestrictedMeanDifference as RestrictedMeanDifference
    from coxa.estimates.restricted_mean import restricted_difference as restricted_difference
    from coxa.estimates.restricted_mean import restricted_time as restricted_time
    from coxa.estimates.row_mean_scores import RowMeanScores as RowMeanScores
    from coxa.estimates.row_mean_scores import row_mean_scores_test as row_mean_scores_test
    from coxa.estimates.standardised import Standardised as Standardised
    from coxa.estimates.standardised import standardised_means as standardised_means
    from coxa.estimates.standardised import standardised_risks as standardised_risks
    from coxa.estimates.subgroup_effects import effects_in_subgroups as effects_in_subgroups
    from coxa.estimates.subgroups import subgroup_contrasts as subgroup_contrasts
    from coxa.estimates.table import Estimates as Estimates
    from coxa.estimates.time_differences import TimeDifference as TimeDifference
    from coxa.estimates.time_differences import incidence_difference as incidence_difference
    from coxa.estimates.time_differences import survival_difference as survival_difference
    from coxa.estimates.two_proportions import compare_proportions as compare_proportions
    from coxa.estimates.two_proportions import number_needed_to_treat as number_needed_to_treat
    from coxa.estimates.win_ratio import BinaryEndpoint as BinaryEndpoint
    from coxa.estimates.win_ratio import MeasuredEndpoint as MeasuredEndpoint
    from coxa.estimates.win_ratio import TimeEndpoint as TimeEndpoint
    from coxa.estimates.win_ratio import WinStatistics as WinStatistics
    from coxa.estimates.win_ratio import win_statistics as win_statistics

__getattr__, __dir__, __all__ = lazy(
    __name__,
    {
        "coxa.estimates.differences": ("contrast_rows", "contrasts", "joint_test"),
        "coxa.estimates.effect_size": ("standardised_by_model", "standardised_effect"),
        "coxa.estimates.factorial": ("factorial_contrasts",),
        "coxa.estimates.marginal_by_subgroup": ("marginal_subgroups",),
        "coxa.estimates.margins": ("margin_test",),
        "coxa.estimates.marginal": ("marginal_effects",),
        "coxa.estimates.means": ("linear_combination", "marginal_means"),
        "coxa.estimates.rates_by_model": ("model_rates",),
        "coxa.estimates.multiplicity": ("adjust_multiplicity",),
        "coxa.estimates.number_needed": ("NumberNeeded", "numbers_needed"),
        "coxa.estimates.over_clusters": ("population_averaged",),
        "coxa.estimates.population_by_subgroup": ("population_subgroups",),
        "coxa.estimates.ordinal": (
            "category_probabilities",
            "cumulative_odds_ratios",
            "standardised_win_probability",
        ),
        "coxa.estimates.profile": ("Profile", "auc", "average", "slope"),
        "coxa.estimates.proportions": ("fit_proportions",),
        "coxa.estimates.rates": ("fit_rates",),
        "coxa.estimates.resampled": ("Resampled", "bootstrap_participants"),
        "coxa.estimates.responder_gap": ("ResponderComparison", "compare_responders"),
        "coxa.estimates.responder_model": ("responder_by_model",),
        "coxa.estimates.restricted_mean": (
            "RestrictedMean",
            "RestrictedMeanDifference",
            "restricted_difference",
            "restricted_time",
        ),
        "coxa.estimates.row_mean_scores": ("RowMeanScores", "row_mean_scores_test"),
        "coxa.estimates.standardised": ("Standardised", "standardised_means", "standardised_risks"),
        "coxa.estimates.responder_subgroups": ("responders_in_subgroups",),
        "coxa.estimates.subgroup_effects": ("effects_in_subgroups",),
        "coxa.estimates.subgroups": ("subgroup_contrasts",),
        "coxa.estimates.table": ("Estimates",),
        "coxa.estimates.time_differences": ("TimeDifference", "incidence_difference", "survival_difference"),
        "coxa.estimates.two_proportions": ("compare_proportions", "number_needed_to_treat"),
        "coxa.estimates.mann_whitney": ("win_probability",),
        "coxa.estimates.win_ratio": (
            "BinaryEndpoint",
            "MeasuredEndpoint",
            "TimeEndpoint",
            "WinStatistics",
            "win_statistics",
        ),
    },
)
