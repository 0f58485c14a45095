"""Exports of REDCap: forms, events and repeated forms as tables of their own."""

from __future__ import annotations

from collections.abc import Iterator

from coxa.importing.draft import Draft, Material
from coxa.importing.study_tables import StudyTable


def redcap_tables(draft: Draft, material: Material) -> Iterator[StudyTable]:
    """Yield the tables of REDCap exports."""
    yield from ()
