"""What is planned of the participants, while it is put together."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from coxa.importing.study.sources import source_of
from coxa.importing.study.tables import StudyTable


@dataclass(slots=True)
class People:
    """What is planned of the participants.

    columns, values, missing, columns_where : as under `data: tables: participants`
    """

    table: StudyTable
    columns: dict[str, str] = field(default_factory=dict)
    values: dict[str, dict[str | int, str]] = field(default_factory=dict)
    missing: dict[str, list[str | int]] = field(default_factory=dict)
    columns_where: dict[str, dict[str, str]] = field(default_factory=dict)
    covariates: dict[str, dict[str, Any]] = field(default_factory=dict)
    arms: dict[str, dict[str, Any]] = field(default_factory=dict)

    def source(self) -> dict[str, Any]:
        """Return the table of `data`."""
        source = source_of(self.table, self.columns.values())
        source["columns"] = self.columns
        for key, content in (
            ("values", self.values),
            ("missing", self.missing),
            ("columns_where", self.columns_where),
        ):
            if content:
                source[key] = content
        return source
