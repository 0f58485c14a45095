"""Disclosure control: which counts are hidden so that no small one can be worked out, and the attack on that."""

from __future__ import annotations

from typing import TYPE_CHECKING

from coxa.lazy import lazy

if TYPE_CHECKING:
    from coxa.disclosure.attack import feasible_range
    from coxa.disclosure.choose import counts_to_hide
    from coxa.disclosure.sums import Sums, SumsBuilder

__all__ = ["Sums", "SumsBuilder", "counts_to_hide", "feasible_range"]

__getattr__ = lazy(
    "coxa.disclosure",
    {
        "Sums": "sums",
        "SumsBuilder": "sums",
        "counts_to_hide": "choose",
        "feasible_range": "attack",
    },
)
