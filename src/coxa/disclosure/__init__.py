"""Disclosure control: which counts are hidden so that no small one can be worked out, and the attack on that."""

from __future__ import annotations

from typing import TYPE_CHECKING

from coxa.lazy import lazy

if TYPE_CHECKING:
    from coxa.disclosure.choose import counts_to_hide as counts_to_hide
    from coxa.disclosure.ranges import feasible_range as feasible_range
    from coxa.disclosure.sums import Sums as Sums
    from coxa.disclosure.sums import SumsBuilder as SumsBuilder

__getattr__, __dir__, __all__ = lazy(
    __name__,
    {
        "coxa.disclosure.choose": ("counts_to_hide",),
        "coxa.disclosure.ranges": ("feasible_range",),
        "coxa.disclosure.sums": ("Sums", "SumsBuilder"),
    },
)
