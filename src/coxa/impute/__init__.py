"""Missing outcomes: what is assumed of them, and the estimates under each assumption."""

from __future__ import annotations

from typing import TYPE_CHECKING

from coxa.lazy import lazy

if TYPE_CHECKING:
    from coxa.impute.conditional import ConditionalMean as ConditionalMean
    from coxa.impute.conditional import conditional_mean as conditional_mean
    from coxa.impute.deltas import Delta as Delta
    from coxa.impute.joint_tests import PooledTest as PooledTest
    from coxa.impute.joint_tests import pool_chi_squares as pool_chi_squares
    from coxa.impute.joint_tests import pool_joint as pool_joint
    from coxa.impute.joint_tests import pool_likelihood_ratios as pool_likelihood_ratios
    from coxa.impute.outcomes import IncompleteOutcomes as IncompleteOutcomes
    from coxa.impute.outcomes import incomplete_outcomes as incomplete_outcomes
    from coxa.impute.pooling import Enough as Enough
    from coxa.impute.pooling import Pooled as Pooled
    from coxa.impute.pooling import enough_imputations as enough_imputations
    from coxa.impute.pooling import pool_rubin as pool_rubin
    from coxa.impute.strategies import Strategy as Strategy
    from coxa.impute.strategies import carry_from as carry_from
    from coxa.impute.strategies import strategy_named as strategy_named
    from coxa.impute.tipping import TippingMap as TippingMap
    from coxa.impute.tipping import TippingPoint as TippingPoint
    from coxa.impute.tipping import tipping_map as tipping_map
    from coxa.impute.tipping import tipping_point as tipping_point

__getattr__, __dir__, __all__ = lazy(
    __name__,
    {
        "coxa.impute.conditional": ("ConditionalMean", "conditional_mean"),
        "coxa.impute.deltas": ("Delta",),
        "coxa.impute.joint_tests": ("PooledTest", "pool_chi_squares", "pool_joint", "pool_likelihood_ratios"),
        "coxa.impute.outcomes": ("IncompleteOutcomes", "incomplete_outcomes"),
        "coxa.impute.pooling": ("Enough", "Pooled", "enough_imputations", "pool_rubin"),
        "coxa.impute.strategies": ("Strategy", "carry_from", "strategy_named"),
        "coxa.impute.tipping": ("TippingMap", "TippingPoint", "tipping_map", "tipping_point"),
    },
)
