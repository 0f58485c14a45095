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
"""So many of the rows and values of a folded finding are written out."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One problem.

    severity       : error stops the run, warning travels into the report, note is for the record
    table          : table of the cohort, or the name of the plan file
    rule           : the fault as a fact, without a stop ("the value is not between 0 and 100")
    remedy         : what to do about it, a sentence with a capital and a full stop
    row            : row of the source file as its reader would count it (header is row 1), or line of the plan
    participant_id : whose row it is, where there is one; never shown in anything meant for sharing
    field          : column of the table, or key of the plan
    value          : the offending value as text
    n_rows         : how many rows the finding stands for (1 unless repeats were folded into one)
    rows           : all these rows, where repeats were folded into one

    Examples
    --------
    >>> age = Finding("error", "participants", "age is below 18", "Correct the age.", row=2, field="age", value="7")
    >>> print(age.as_text())
    error: participants, row 2, age: age is below 18 (found '7'). Correct the age.
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
        place = ", ".join(part for part in (*self.place(), self.field or "") if part)
        value = f" (found {self.value!r})" if self.value is not None else ""
        return f"{self.severity}: {place}: {self.rule}{value}. {self.remedy}"

    def place(self) -> tuple[str, ...]:
        """Return the table, the rows (of many the first, and how many there are) and the participant, in words."""
        if self.n_rows > 1:
            return self.table, self._many()
        row = f"{self._counted()} {self.row}" if self.row is not None else ""
        return self.table, row, f"participant {self.participant_id}" if self.participant_id else ""

    def _many(self) -> str:
        numbers = self.rows or (() if self.row is None else (self.row,))
        listed = ", ".join(map(str, numbers[:EXAMPLES]))
        more = ", ..." if self.n_rows > EXAMPLES or self.n_rows > len(numbers) else ""
        return f"{self.n_rows} {self._counted()}s" + (f" ({listed}{more})" if listed else "")

    def _counted(self) -> str:
        return "line" if self.table.endswith((".yaml", ".yml")) else "row"


COLUMNS = tuple(field.name for field in fields(Finding))


def fold(alike: Sequence[Finding]) -> Finding:
    """Return one finding for several that differ only in row, participant and value; it counts and lists their rows.

    Examples
    --------
    >>> days = [Finding("error", "diary", "the day is not whole", "Correct it.", row=k, value="1.5") for k in (2, 3)]
    >>> print(fold(days).as_text())
    error: diary, 2 rows (2, 3): the day is not whole (found '1.5'). Correct it.
    """
    if len(alike) == 1:
        return alike[0]
    numbers = [row for item in alike for row in (item.rows or (() if item.row is None else (item.row,)))]
    return replace(alike[0], value=_values(alike), n_rows=sum(item.n_rows for item in alike), rows=tuple(numbers))


def _values(alike: Sequence[Finding]) -> str | None:
    """Return the values of several findings: the one that all have, or the first with their rows."""
    values = [item.value for item in alike]
    if len(set(values)) == 1:
        return values[0]
    valued = [item for item in alike if item.value is not None]
    several = all(item.n_rows == 1 and item.row is not None for item in valued)
    shown = [f"{item.value} in row {item.row}" if several else str(item.value) for item in valued[:EXAMPLES]]
    more = len(valued) - len(shown)
    return "; ".join(shown) + (f"; and {more} more" if more else "")


@dataclass(frozen=True, slots=True)
class Findings:
    """Every problem found, in the order found. Immutable; add two to join them.

    Examples
    --------
    >>> found = Findings((Finding("warning", "participants", "sex is missing", "Ask the site.", row=3),))
    >>> len(found), len(found.errors)
    (1, 0)
    >>> found = found + Findings((Finding("error", "participants", "age is below 18", "Correct the age.", row=2),))
    >>> len(found), len(found.errors)
    (2, 1)
    """

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

    def folded(self) -> Findings:
        """Return one finding per kind: like ones are folded into the first of them."""
        alike: dict[tuple[str | None, ...], list[Finding]] = {}
        for item in self.items:
            alike.setdefault((item.severity, item.table, item.field, item.rule, item.remedy), []).append(item)
        return Findings(tuple(fold(group) for group in alike.values()))

    def to_frame(self) -> pd.DataFrame:
        """Return one row per finding, columns as the fields of `Finding`; `rows` as text, "2, 5, 9"."""
        import pandas as pd

        records = [{**asdict(item), "rows": ", ".join(map(str, item.rows)) or None} for item in self.items]
        frame = pd.DataFrame(records, columns=list(COLUMNS))
        return frame.astype({"row": "Int64", "n_rows": "Int64"})

    def as_text(self, limit: int = 50) -> str:
        """Return one line per kind of finding, the first `limit` of them, and how many more there are."""
        items = self.folded().items
        lines = [item.as_text() for item in items[:limit]]
        more = len(items) - limit
        return "\n".join(lines + ([f"... and {more} more"] if more > 0 else []))

    def _repr_html_(self) -> str:
        return str(self.to_frame()._repr_html_())  # type: ignore[operator]
