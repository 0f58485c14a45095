"""The columns that a proposed audit uses, and what they are."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from coxa.importing.draft import Draft
from coxa.importing.profile import ColumnProfile
from coxa.importing.tables import FileTable
from coxa.study.audit.plan import BIRTH_DATE


@dataclass(frozen=True, slots=True)
class Column:
    """A column in use, and the range of its numbers, where it has one."""

    profile: ColumnProfile
    low: float = float("-inf")
    high: float = float("inf")


@dataclass(slots=True)
class Used:
    """The table of the episodes, and its columns in use.

    columns : coxa's column, such as `patient`, `sex` or `pain_intake` -> the file's
    values  : coxa's column -> {the file's spelling: coxa's word}
    """

    draft: Draft
    table: FileTable
    profiles: tuple[ColumnProfile, ...]
    columns: dict[str, Column] = field(default_factory=dict)
    values: dict[str, dict[str, str | int | float]] = field(default_factory=dict)

    def free(self) -> Iterator[ColumnProfile]:
        """Yield the columns of which nothing is known yet."""
        return (one for one in self.profiles if self.draft.free(one))

    def take(
        self, name: str, profile: ColumnProfile, why: str, role: str = "", limits: tuple[float, float] | None = None
    ) -> None:
        """Use a column under coxa's name."""
        self.columns[name] = Column(profile, *limits) if limits else Column(profile)
        self.draft.is_role(profile, role or name, why)

    def map(self, name: str, words: Mapping[str, str | int | float]) -> None:
        """Map spellings of a column."""
        if words:
            self.values.setdefault(name, {}).update(words)

    def latest_days(self) -> list[str]:
        """Return the latest day of each column of dates, as ISO, but for days of birth."""
        columns = [one.profile for name, one in self.columns.items() if name != BIRTH_DATE]
        return [one.days[1] for one in columns if one.kind == "date" and one.days]

    def named(self, column: str) -> ColumnProfile:
        """Return a column of the table by its name."""
        return next(one for one in self.profiles if one.column == column)
