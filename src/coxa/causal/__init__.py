"""Effects under stated assumptions: weights and matching, compliers, dose, mediators and moderators."""

from __future__ import annotations

from coxa.lazy import lazy

__getattr__, __dir__, __all__ = lazy(
    __name__,
    {},
)
