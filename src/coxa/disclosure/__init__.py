"""Disclosure control: which counts are hidden so that no small one can be worked out, and the attack on that."""

from __future__ import annotations

from typing import TYPE_CHECKING

from coxa.lazy import lazy

if TYPE_CHECKING:
    from coxa.disclosure.attack import Attack as Attack
    from coxa.disclosure.attack import attack_tables as attack_tables
    from coxa.disclosure.choose import counts_to_hide as counts_to_hide
    from coxa.disclosure.protect import Certificate as Certificate
    from coxa.disclosure.protect import Protected as Protected
    from coxa.disclosure.protect import protect_tables as protect_tables
    from coxa.disclosure.ranges import feasible_range as feasible_range
    from coxa.disclosure.sums import Sums as Sums
    from coxa.disclosure.sums import SumsBuilder as SumsBuilder
    from coxa.disclosure.tables import CountTable as CountTable

__getattr__, __dir__, __all__ = lazy(
    __name__,
    {
        "coxa.disclosure.attack": ("Attack", "attack_tables"),
        "coxa.disclosure.choose": ("counts_to_hide",),
        "coxa.disclosure.protect": ("Certificate", "Protected", "protect_tables"),
        "coxa.disclosure.ranges": ("feasible_range",),
        "coxa.disclosure.sums": ("Sums", "SumsBuilder"),
        "coxa.disclosure.tables": ("CountTable",),
    },
)
