"""Missing outcomes: what is assumed of them, and the estimates under each assumption."""

from __future__ import annotations

from typing import TYPE_CHECKING

from coxa.lazy import lazy

if TYPE_CHECKING:
    from coxa.impute.strategies import Strategy as Strategy
    from coxa.impute.strategies import carry_from as carry_from
    from coxa.impute.strategies import strategy_named as strategy_named

__getattr__, __dir__, __all__ = lazy(
    __name__,
    {
        "coxa.impute.strategies": ("Strategy", "carry_from", "strategy_named"),
    },
)
