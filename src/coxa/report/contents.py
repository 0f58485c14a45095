"""The tables or the figures of a report by their numbers."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Generic, TypeVar

from coxa.errors import OptionError
from coxa.figures.figure import Figure
from coxa.tables.table import Table

Shown = TypeVar("Shown", Table, Figure)


class Contents(Mapping[str, Shown], Generic[Shown]):
    """Tables or figures of a report in reading order; keys are their numbers, such as T2 or F1.

    Parameters
    ----------
    kind
        "Table" or "Figure".
    shown
        The tables or figures.

    Examples
    --------
    >>> tables = Contents("Table", [Table("baseline", "Baseline characteristics", "", (), ())])
    >>> tables
    T1  Baseline characteristics
    >>> tables["Table 1"] is tables["T1"] is tables["baseline"]
    True
    >>> "Table 1" in tables, "baseline" in tables, "T2" in tables
    (True, True, False)
    >>> tables["T2"]
    Traceback (most recent call last):
    coxa.errors.OptionError: The report has no table 'T2'. Choose one of these:
      T1  Baseline characteristics
    """

    def __init__(self, kind: str, shown: list[Shown]) -> None:
        self._kind = kind
        self._shown: dict[str, Shown] = {f"{kind[0]}{number}": one for number, one in enumerate(shown, start=1)}

    def __getitem__(self, name: str) -> Shown:
        key = self._key(name)
        if key is None:
            kind = self._kind.lower()
            choice = f"Choose one of these:\n{self._list('  ')}" if self._shown else f"It has no {kind} at all."
            raise OptionError(f"The report has no {kind} {name!r}. {choice}")
        return self._shown[key]

    def __contains__(self, name: object) -> bool:
        return self._key(name) is not None

    def _key(self, name: object) -> str | None:
        """Return the key that a number or an identifier means; None where there is none."""
        number = re.fullmatch(rf"\s*(?:{self._kind}|{self._kind[0]})?\s*(\d+)\s*", str(name), re.IGNORECASE)
        if number and (key := f"{self._kind[0]}{int(number[1])}") in self._shown:
            return key
        return next((key for key, one in self._shown.items() if one.id == name), None)

    def __iter__(self) -> Iterator[str]:
        return iter(self._shown)

    def __len__(self) -> int:
        return len(self._shown)

    def __repr__(self) -> str:
        return self._list("")

    def _list(self, indent: str) -> str:
        width = max(map(len, self._shown), default=0)
        return "\n".join(f"{indent}{key:<{width}}  {one.title}" for key, one in self._shown.items())
