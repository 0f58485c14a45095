"""What is wrong with a plan or with data, as one table.

A finding names the place (file and line, or table, row and participant), the rule that was broken and the
remedy. Nothing in coxa stops at the first problem: checks return `Findings`, findings add up, and only the
edge of the program decides to stop.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass, fields, replace
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["Finding", "Findings"]

Severity = Literal["error", "warning", "note"]

EXAMPLES = 5
"""So many of the rows of a folded finding are written out; more findings alike are folded where a list is long."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One problem.

    severity       : error stops the run, warning travels into the report, note is for the record
    table          : table of the cohort, or the name of the plan file
    rule           : the rule that was broken, in words ("value is between 0 and 100")
    remedy         : what to do about it
    row            : row of the source file as its reader would count it (header is row 1), or line of the plan
    participant_id : whose row it is, where there is one; never shown in anything meant for sharing
    field          : column of the table, or key of the plan
    value          : the offending value as text
    n_rows         : how many rows the finding stands for (1 unless repeats were folded into one)
    rows           : all these rows, where repeats were folded into one
    """

    severity: Severity
    table: str
    rule: str
    remedy: str
    row: int | None = None
    participant_id: str | None = None
    field: str | None = None
    value: str | None = None
    n_rows: int = 1
    rows: tuple[int, ...] = ()

    def as_text(self) -> str:
        """Return the finding as one line."""
        counted = "line" if self.table.endswith((".yaml", ".yml")) else "row"
        parts = [
            self.table,
            f"{counted} {self.row}" if self.row is not None else "",
            f"participant {self.participant_id}" if self.participant_id else "",
            self.field or "",
        ]
        place = ", ".join(part for part in parts if part)
        value = f" (found {self.value!r})" if self.value is not None else ""
        many = f" [{self.n_rows} rows]" if self.n_rows > 1 else ""
        return f"{self.severity}: {place}: {self.rule}{value}{many}. {self.remedy}"


COLUMNS = tuple(field.name for field in fields(Finding))


def fold(alike: Sequence[Finding]) -> Finding:
    """Return one finding for several that differ only in row, participant and value; it counts and lists their rows.

    Examples
    --------
    >>> days = [Finding("error", "daily_diary", "a day is whole", "Correct it", row=k, value="1.5") for k in (2, 3)]
    >>> print(fold(days).as_text())
    error: daily_diary, row 2: a day is whole (found '1.5 in row 2; 1.5 in row 3') [2 rows]. Correct it
    """
    if len(alike) == 1:
        return alike[0]
    numbers = [row for item in alike for row in (item.rows or (() if item.row is None else (item.row,)))]
    if all(item.n_rows == 1 for item in alike):
        places = [_place(item) for item in alike[:EXAMPLES]]
    else:
        places = [item.value for item in alike[:EXAMPLES] if item.value]
    more = len(alike) - len(places)
    value = "; ".join(place for place in places if place) + (f"; and {more} more" if more and places else "")
    return replace(alike[0], value=value or None, n_rows=sum(item.n_rows for item in alike), rows=tuple(numbers))


def _place(item: Finding) -> str:
    """Return the value of a finding with its row, for a list of several."""
    counted = "line" if item.table.endswith((".yaml", ".yml")) else "row"
    row = "" if item.row is None else f"{counted} {item.row}"
    return row if item.value is None else f"{item.value} in {row}" if row else item.value


@dataclass(frozen=True, slots=True)
class Findings:
    """Every problem found, in the order found. Immutable; add two to join them."""

    items: tuple[Finding, ...] = ()

    def __add__(self, other: Findings) -> Findings:
        return Findings(self.items + other.items)

    def __iter__(self) -> Iterator[Finding]:
        return iter(self.items)

    def __len__(self) -> int:
        return len(self.items)

    @classmethod
    def of(cls, items: Iterable[Finding]) -> Findings:
        """Collect findings from any iterable."""
        return cls(tuple(items))

    @property
    def errors(self) -> Findings:
        """The findings that stop a run."""
        return self.only("error")

    @property
    def warnings(self) -> Findings:
        """The findings that travel into the report."""
        return self.only("warning")

    def only(self, severity: Severity) -> Findings:
        """Return the findings of one severity."""
        return Findings(tuple(item for item in self.items if item.severity == severity))

    def folded(self, above: int = EXAMPLES) -> Findings:
        """Return the findings with like ones folded into the first of them, where there are more than `above`."""
        alike: dict[tuple[str | None, ...], list[Finding]] = {}
        for item in self.items:
            alike.setdefault((item.severity, item.table, item.field, item.rule, item.remedy), []).append(item)
        folded: list[Finding] = []
        for group in alike.values():
            folded += [fold(group)] if len(group) > above else group
        return Findings(tuple(folded))

    def to_frame(self) -> pd.DataFrame:
        """Return one row per finding, columns as the fields of `Finding`; `rows` as text, "2, 5, 9"."""
        import pandas as pd

        records = [{**asdict(item), "rows": ", ".join(map(str, item.rows)) or None} for item in self.items]
        frame = pd.DataFrame(records, columns=list(COLUMNS))
        return frame.astype({"row": "Int64", "n_rows": "Int64"})

    def as_text(self, limit: int = 50) -> str:
        """Return one line per finding, the first `limit` of them, and how many more there are.

        Where there are more than `limit`, like findings are folded into one line, so that none hides the next.
        """
        items = self.items if len(self.items) <= limit else self.folded().items
        lines = [item.as_text() for item in items[:limit]]
        more = len(items) - limit
        return "\n".join(lines + ([f"... and {more} more"] if more > 0 else []))

    def _repr_html_(self) -> str:
        return str(self.to_frame()._repr_html_())  # type: ignore[operator]
