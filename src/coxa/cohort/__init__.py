"""Cohort data: read, named, checked, accounted for. Names are loaded when first used."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

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


def __getattr__(name: str) -> Any:
    if name not in _HOME:
        raise AttributeError(f"module 'coxa.cohort' has no attribute '{name}'")
    return getattr(import_module(f"coxa.cohort.{_HOME[name]}"), name)
