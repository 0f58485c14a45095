"""Cohort data: read, named, checked, accounted for. Names are loaded when first used."""

from __future__ import annotations

from typing import TYPE_CHECKING

from coxa.lazy import lazy

if TYPE_CHECKING:
    from coxa.cohort.cohort import Cohort, SourceFile
    from coxa.cohort.disposition import Disposition
    from coxa.cohort.document import dictionary_document
    from coxa.cohort.read import read_cohort

__all__ = ["Cohort", "Disposition", "SourceFile", "dictionary_document", "read_cohort"]

_HOME = {
    "Cohort": "cohort",
    "Disposition": "disposition",
    "SourceFile": "cohort",
    "dictionary_document": "document",
    "read_cohort": "read",
}

__getattr__ = lazy(__name__, _HOME)
