"""Cohort data: read, named, checked, accounted for. Names are loaded when first used."""

from __future__ import annotations

from typing import TYPE_CHECKING

from coxa.lazy import lazy

if TYPE_CHECKING:
    from coxa.cohort.cohort import Cohort as Cohort
    from coxa.cohort.disposition import Disposition as Disposition
    from coxa.cohort.read import read_cohort as read_cohort
    from coxa.cohort.readers.chunks import read_chunks as read_chunks

__getattr__, __dir__, __all__ = lazy(
    __name__,
    {
        "coxa.cohort.cohort": ("Cohort",),
        "coxa.cohort.disposition": ("Disposition",),
        "coxa.cohort.read": ("read_cohort",),
        "coxa.cohort.readers.chunks": ("read_chunks",),
    },
)
