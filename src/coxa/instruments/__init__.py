"""Outcome measures as data: items, ranges, scoring rules, thresholds and their sources. Never item wording.

Names are loaded when first used, so that importing `coxa` stays light.

Examples
--------
>>> from coxa.instruments import load_instrument
>>> load_instrument("hoos").scale("pain").label
'Pain'
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from coxa.lazy import lazy

if TYPE_CHECKING:
    from coxa.instruments.check import check_items as check_items
    from coxa.instruments.crosswalk import womac_from_hoos as womac_from_hoos
    from coxa.instruments.definition import Instrument as Instrument
    from coxa.instruments.definition import Scale as Scale
    from coxa.instruments.load import InstrumentError as InstrumentError
    from coxa.instruments.load import instrument_names as instrument_names
    from coxa.instruments.load import load_instrument as load_instrument
    from coxa.instruments.load import parse_instrument as parse_instrument
    from coxa.instruments.scoring import score as score
    from coxa.instruments.threshold_lookup import Threshold as Threshold
    from coxa.instruments.threshold_lookup import threshold as threshold
    from coxa.instruments.threshold_lookup import thresholds as thresholds
    from coxa.instruments.wide import items_from_wide as items_from_wide

__getattr__, __dir__, __all__ = lazy(
    __name__,
    {
        "coxa.instruments.check": ("check_items",),
        "coxa.instruments.crosswalk": ("womac_from_hoos",),
        "coxa.instruments.definition": ("Instrument", "Scale"),
        "coxa.instruments.load": ("InstrumentError", "instrument_names", "load_instrument", "parse_instrument"),
        "coxa.instruments.scoring": ("score",),
        "coxa.instruments.threshold_lookup": ("Threshold", "threshold", "thresholds"),
        "coxa.instruments.wide": ("items_from_wide",),
    },
)
