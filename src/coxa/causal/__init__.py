"""Effects under stated assumptions: weights and matching, compliers, dose, mediators and moderators."""

from __future__ import annotations

from typing import TYPE_CHECKING

from coxa.lazy import lazy

if TYPE_CHECKING:
    from coxa.causal.balance import CovariateBalance as CovariateBalance
    from coxa.causal.balance import balance_of as balance_of
    from coxa.causal.bootstrap import Bootstrapped as Bootstrapped
    from coxa.causal.bootstrap import bootstrap_groups as bootstrap_groups
    from coxa.causal.compare import Comparison as Comparison
    from coxa.causal.compare import compare_group_times as compare_group_times
    from coxa.causal.compare import compare_groups as compare_groups
    from coxa.causal.compare import unadjusted as unadjusted
    from coxa.causal.explained_away import EValue as EValue
    from coxa.causal.explained_away import e_value as e_value
    from coxa.causal.matching import Matched as Matched
    from coxa.causal.matching import match_nearest as match_nearest
    from coxa.causal.matching import matched_difference as matched_difference
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
        "coxa.causal.compare": ("Comparison", "compare_group_times", "compare_groups", "unadjusted"),
        "coxa.causal.explained_away": ("EValue", "e_value"),
        "coxa.causal.matching": ("Matched", "match_nearest", "matched_difference"),
        "coxa.causal.unmeasured": ("Unmeasured", "unmeasured_confounding"),
        "coxa.causal.weights": ("Weights", "balancing_weights", "observation_weights"),
    },
)
