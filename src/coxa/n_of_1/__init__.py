"""N-of-1 trials: each participant takes the treatments several times in random order.

Functions take frames of one row per period or day. Names are loaded when first used.

Examples
--------
>>> from coxa.n_of_1 import person_effect
>>> person_effect([-2.0, -1.0, -3.0, -2.5]).randomisation_p
0.125
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from coxa.lazy import lazy

if TYPE_CHECKING:
    from coxa.n_of_1.days import DayEffect as DayEffect
    from coxa.n_of_1.days import day_effect as day_effect
    from coxa.n_of_1.differences import block_differences as block_differences
    from coxa.n_of_1.person import PersonEffect as PersonEffect
    from coxa.n_of_1.person import person_effect as person_effect
    from coxa.n_of_1.series import SeriesEffect as SeriesEffect
    from coxa.n_of_1.series import pool_series as pool_series

__getattr__, __dir__, __all__ = lazy(
    __name__,
    {
        "coxa.n_of_1.days": ("DayEffect", "day_effect"),
        "coxa.n_of_1.differences": ("block_differences",),
        "coxa.n_of_1.person": ("PersonEffect", "person_effect"),
        "coxa.n_of_1.series": ("SeriesEffect", "pool_series"),
    },
)
