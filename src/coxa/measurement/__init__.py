"""Measurement properties and change that can be trusted: reliability, agreement, important and reliable change.

Functions take arrays; participants are rows, items or raters are columns. Names are loaded when first used.

Examples
--------
>>> from coxa.measurement import reliable_change
>>> reliable_change([32.5], [47.5], sd=7.5, reliability=0.8, cutoff=50, higher_is_better=True).status
('improved',)
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from coxa.lazy import lazy

if TYPE_CHECKING:
    from coxa.measurement.agreement import Agreement as Agreement
    from coxa.measurement.agreement import bland_altman as bland_altman
    from coxa.measurement.change import ReliableChange as ReliableChange
    from coxa.measurement.change import clinical_cutoffs as clinical_cutoffs
    from coxa.measurement.change import reliable_change as reliable_change
    from coxa.measurement.important import Important as Important
    from coxa.measurement.important import important_change as important_change
    from coxa.measurement.reliability import Alpha as Alpha
    from coxa.measurement.reliability import Reliability as Reliability
    from coxa.measurement.reliability import cronbach_alpha as cronbach_alpha
    from coxa.measurement.reliability import floor_and_ceiling as floor_and_ceiling
    from coxa.measurement.reliability import intraclass_correlation as intraclass_correlation

__getattr__, __dir__, __all__ = lazy(
    __name__,
    {
        "coxa.measurement.agreement": ("Agreement", "bland_altman"),
        "coxa.measurement.change": ("ReliableChange", "clinical_cutoffs", "reliable_change"),
        "coxa.measurement.important": ("Important", "important_change"),
        "coxa.measurement.reliability": (
            "Alpha",
            "Reliability",
            "cronbach_alpha",
            "floor_and_ceiling",
            "intraclass_correlation",
        ),
    },
)
