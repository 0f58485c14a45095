"""Figures of a report: an Altair chart, its numbers, and its alternative as text."""

from __future__ import annotations

from typing import TYPE_CHECKING

from coxa.lazy import lazy

if TYPE_CHECKING:
    from coxa.figures.caterpillar import plot_caterpillar as plot_caterpillar
    from coxa.figures.figure import Figure as Figure
    from coxa.figures.means import model_means as model_means
    from coxa.figures.means import observed_means as observed_means
    from coxa.figures.power_curve import plot_power as plot_power
    from coxa.figures.profile import plot_profile as plot_profile

__getattr__, __dir__, __all__ = lazy(
    __name__,
    {
        "coxa.figures.caterpillar": ("plot_caterpillar",),
        "coxa.figures.figure": ("Figure",),
        "coxa.figures.means": ("model_means", "observed_means"),
        "coxa.figures.power_curve": ("plot_power",),
        "coxa.figures.profile": ("plot_profile",),
    },
)
