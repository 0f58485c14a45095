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
    from coxa.instruments.check import check_items
    from coxa.instruments.crosswalk import womac_from_hoos
    from coxa.instruments.definition import Instrument, Scale
    from coxa.instruments.document import instruments_document
    from coxa.instruments.load import InstrumentError, instrument_names, load_instrument, parse_instrument
    from coxa.instruments.scoring import score
    from coxa.instruments.threshold_lookup import Threshold, threshold, thresholds
    from coxa.instruments.wide import items_from_wide

__all__ = [
    "Instrument",
    "InstrumentError",
    "Scale",
    "Threshold",
    "check_items",
    "instrument_names",
    "instruments_document",
    "items_from_wide",
    "load_instrument",
    "parse_instrument",
    "score",
    "threshold",
    "thresholds",
    "womac_from_hoos",
]

_HOME = {
    "Instrument": "definition",
    "InstrumentError": "load",
    "Scale": "definition",
    "Threshold": "threshold_lookup",
    "check_items": "check",
    "instrument_names": "load",
    "instruments_document": "document",
    "items_from_wide": "wide",
    "load_instrument": "load",
    "parse_instrument": "load",
    "score": "scoring",
    "threshold": "threshold_lookup",
    "thresholds": "threshold_lookup",
    "womac_from_hoos": "crosswalk",
}

__getattr__ = lazy(__name__, _HOME)
