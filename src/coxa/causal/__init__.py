"""Effects under stated assumptions: weights and matching, compliers, dose, mediators and moderators."""

from __future__ import annotations

from typing import TYPE_CHECKING

from coxa.lazy import lazy

if TYPE_CHECKING:
    from coxa.causal.balance import CovariateBalance as CovariateBalance
    from coxa.causal.balance import balance_of as balance_of
    from coxa.causal.bootstrap import Bootstrapped as Bootstrapped
    from coxa.causal.bootstrap import bootstrap_groups as bootstrap_groups
    from coxa.causal.compare import compare_groups as compare_groups
    from coxa.causal.compare import unadjusted as unadjusted
    from coxa.causal.compare_times import compare_group_times as compare_group_times
    from coxa.causal.comparison import Comparison as Comparison
    from coxa.causal.comparison import SeveralGroups as SeveralGroups
    from coxa.causal.compliers import ComplierEffect as ComplierEffect
    from coxa.causal.compliers import complier_effect as complier_effect
    from coxa.causal.compliers import received_at_least as received_at_least
    from coxa.causal.courses import compare_group_courses as compare_group_courses
    from coxa.causal.dose import DoseResponse as DoseResponse
    from coxa.causal.dose import dose_response as dose_response
    from coxa.causal.explained_away import EValue as EValue
    from coxa.causal.explained_away import e_value as e_value
    from coxa.causal.instrumental import AndersonRubin as AndersonRubin
    from coxa.causal.instrumental import InstrumentalEffect as InstrumentalEffect
    from coxa.causal.instrumental import instrumental_effect as instrumental_effect
    from coxa.causal.matched_groups import compare_matched as compare_matched
    from coxa.causal.matched_groups import compare_matched_times as compare_matched_times
    from coxa.causal.matching import Matched as Matched
    from coxa.causal.matching import match_nearest as match_nearest
    from coxa.causal.matching import matched_difference as matched_difference
    from coxa.causal.mediation import MediatedEffects as MediatedEffects
    from coxa.causal.mediation import mediated_effects as mediated_effects
    from coxa.causal.mediation import product_limits as product_limits
    from coxa.causal.moderators import Curved as Curved
    from coxa.causal.moderators import EffectOver as EffectOver
    from coxa.causal.moderators import band_quantile as band_quantile
    from coxa.causal.moderators import curved_modifier as curved_modifier
    from coxa.causal.moderators import effect_over as effect_over
    from coxa.causal.permuted_clusters import PermutedClusters as PermutedClusters
    from coxa.causal.permuted_clusters import permute_clusters as permute_clusters
    from coxa.causal.several import compare_several_groups as compare_several_groups
    from coxa.causal.several_balance import GroupsBalance as GroupsBalance
    from coxa.causal.several_balance import balance_of_groups as balance_of_groups
    from coxa.causal.several_courses import compare_several_courses as compare_several_courses
    from coxa.causal.several_times import compare_several_times as compare_several_times
    from coxa.causal.several_weights import GroupWeights as GroupWeights
    from coxa.causal.several_weights import weights_of_groups as weights_of_groups
    from coxa.causal.shrinkage import ShrunkenEffects as ShrunkenEffects
    from coxa.causal.shrinkage import shrink_subgroups as shrink_subgroups
    from coxa.causal.splines import restricted_cubic as restricted_cubic
    from coxa.causal.splines import spline_knots as spline_knots
    from coxa.causal.transported import Transported as Transported
    from coxa.causal.transported import transport as transport
    from coxa.causal.unmeasured import Unmeasured as Unmeasured
    from coxa.causal.unmeasured import unmeasured_confounding as unmeasured_confounding
    from coxa.causal.weights import Weights as Weights
    from coxa.causal.weights import balancing_weights as balancing_weights
    from coxa.causal.weights import observation_weights as observation_weights

__getattr__, __dir__, __all__ = lazy(
    __name__,
    {
        "coxa.causal.balance": ("CovariateBalance", "balance_of"),
        "coxa.causal.bootstrap": ("Bootstrapped", "bootstrap_groups"),
        "coxa.causal.compare": ("compare_groups", "unadjusted"),
        "coxa.causal.matched_groups": ("compare_matched", "compare_matched_times"),
        "coxa.causal.compare_times": ("compare_group_times",),
        "coxa.causal.comparison": ("Comparison", "SeveralGroups"),
        "coxa.causal.courses": ("compare_group_courses",),
        "coxa.causal.explained_away": ("EValue", "e_value"),
        "coxa.causal.matching": ("Matched", "match_nearest", "matched_difference"),
        "coxa.causal.several": ("compare_several_groups",),
        "coxa.causal.several_courses": ("compare_several_courses",),
        "coxa.causal.several_times": ("compare_several_times",),
        "coxa.causal.several_balance": ("GroupsBalance", "balance_of_groups"),
        "coxa.causal.several_weights": ("GroupWeights", "weights_of_groups"),
        "coxa.causal.permuted_clusters": ("PermutedClusters", "permute_clusters"),
        "coxa.causal.transported": ("Transported", "transport"),
        "coxa.causal.unmeasured": ("Unmeasured", "unmeasured_confounding"),
        "coxa.causal.weights": ("Weights", "balancing_weights", "observation_weights"),
        "coxa.causal.compliers": ("ComplierEffect", "complier_effect", "received_at_least"),
        "coxa.causal.dose": ("DoseResponse", "dose_response"),
        "coxa.causal.instrumental": ("AndersonRubin", "InstrumentalEffect", "instrumental_effect"),
        "coxa.causal.mediation": ("MediatedEffects", "mediated_effects", "product_limits"),
        "coxa.causal.moderators": ("Curved", "EffectOver", "band_quantile", "curved_modifier", "effect_over"),
        "coxa.causal.shrinkage": ("ShrunkenEffects", "shrink_subgroups"),
        "coxa.causal.splines": ("restricted_cubic", "spline_knots"),
    },
)
