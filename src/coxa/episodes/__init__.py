"""Episodes of care, from files and databases, as one relation that is asked in SQL."""

from __future__ import annotations

from typing import TYPE_CHECKING

from coxa.lazy import lazy

if TYPE_CHECKING:
    from coxa.episodes.episodes import Episodes as Episodes
    from coxa.episodes.episodes import episodes_of_frame as episodes_of_frame
    from coxa.episodes.read import read_episodes as read_episodes

__getattr__, __dir__, __all__ = lazy(
    __name__,
    {"coxa.episodes.episodes": ("Episodes", "episodes_of_frame"), "coxa.episodes.read": ("read_episodes",)},
)
