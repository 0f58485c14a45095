"""Numbers needed to treat as they are written, with their side and an interval that may pass through infinity."""

from __future__ import annotations

import math

from coxa.estimates.number_needed import number_needed
from coxa.tables.cells import Cell, Statistic
from coxa.tables.formats import NONE, cell

NEEDED = (
    "NNTB and NNTH, number needed to treat for {more} (benefit) or for {less} (harm): the inverse of the difference. "
    "Where the interval of the difference includes zero, that of the number passes through infinity (Altman 1998)."
)
"""What is said of numbers needed, in a note."""


def needed_cell(difference: float, conf_low: float, conf_high: float, *, at: Statistic) -> Cell:
    """Write the number needed of a risk difference, with its side."""
    found = number_needed(difference, conf_low, conf_high)
    values = {"number_needed": found.estimate, "nearest": found.nearest, "farthest": found.farthest}
    finite = {name: value for name, value in values.items() if math.isfinite(value)}
    if "number_needed" not in finite:
        return cell("nnt_infinite", finite, at) if len(finite) == 2 else Cell(NONE)
    side = "nntb" if found.benefit else "nnth"
    if "farthest" not in finite:
        return cell(f"{side}_to_infinity", finite, at)
    return cell(f"{side}_through_infinity" if found.through_infinity else side, finite, at)
