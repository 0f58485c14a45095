"""Audit of clinics: funnels with exact limits, and how much more clinics differ than by chance."""

from __future__ import annotations

from typing import TYPE_CHECKING

from coxa.lazy import lazy

if TYPE_CHECKING:
    from coxa.audit.dispersion import Dispersion as Dispersion
    from coxa.audit.dispersion import over_dispersion as over_dispersion
    from coxa.audit.funnel import Funnel as Funnel
    from coxa.audit.funnel import funnel_means as funnel_means
    from coxa.audit.funnel import funnel_proportions as funnel_proportions
    from coxa.audit.funnel import funnel_ratios as funnel_ratios
    from coxa.audit.limits import binomial_limits as binomial_limits
    from coxa.audit.limits import normal_limits as normal_limits
    from coxa.audit.limits import poisson_count_limits as poisson_count_limits
    from coxa.audit.limits import poisson_predictive_limits as poisson_predictive_limits
    from coxa.disclosure.attack import Attack as Attack
    from coxa.disclosure.attack import attack_tables as attack_tables
    from coxa.disclosure.protect import Certificate as Certificate
    from coxa.disclosure.protect import Protected as Protected
    from coxa.disclosure.protect import protect_tables as protect_tables
    from coxa.disclosure.tables import CountTable as CountTable

__getattr__, __dir__, __all__ = lazy(
    __name__,
    {
        "coxa.audit.dispersion": ("Dispersion", "over_dispersion"),
        "coxa.audit.funnel": ("Funnel", "funnel_means", "funnel_proportions", "funnel_ratios"),
        "coxa.audit.limits": ("binomial_limits", "normal_limits", "poisson_count_limits", "poisson_predictive_limits"),
        "coxa.disclosure.attack": ("Attack", "attack_tables"),
        "coxa.disclosure.protect": ("Certificate", "Protected", "protect_tables"),
        "coxa.disclosure.tables": ("CountTable",),
    },
)
