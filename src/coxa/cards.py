"""How a record shows itself: a few lines in a terminal, a card in a notebook."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields, is_dataclass
from html import escape
from numbers import Number
from typing import Any

STYLE = "max-width:60em;border:1px solid #8886;border-radius:6px;padding:.6em .9em;margin:.3em 0"
NAME = "text-align:left;vertical-align:top;padding:.1em 1em .1em 0;font-weight:600;white-space:nowrap"
TEXT = "text-align:left;vertical-align:top;padding:.1em 0"
CELL = "text-align:right;padding:.1em .7em;white-space:nowrap"
MOST = 20
"""Rows of a table that are shown."""
WHOLE = 10_000
"""Numbers from here on are shown in full, without decimals."""
LONG = 80
"""Letters of a list that is still shown in full."""


@dataclass(frozen=True, slots=True)
class Card:
    """What a record shows of itself.

    title : what it is
    facts : name -> text, in order; several lines of a text are an indented list
    head  : headings of a table below the facts
    rows  : its rows, as texts
    more  : how many more rows there are
    note  : a last line
    """

    title: str
    facts: Mapping[str, str] = field(default_factory=dict)
    head: Sequence[str] = ()
    rows: Sequence[Sequence[str]] = ()
    more: int = 0
    note: str = ""

    def text(self) -> str:
        """Return the card for a terminal.

        Examples
        --------
        >>> print(Card("Cohort of hips", {"Participants": "189", "Files": "2"}).text())
        Cohort of hips
          Participants  189
          Files         2
        """
        width = max(map(len, self.facts), default=0) + 2
        lines = [self.title]
        for name, said in self.facts.items():
            first, *others = said.splitlines() or [""]
            lines += [f"  {name:<{width}}{first}", *(" " * (width + 2) + line for line in others)]
        if self.head:
            table = [list(self.head), *map(list, self.rows[:MOST])]
            widths = [max(len(row[k]) for row in table) for k in range(len(self.head))]
            lines += [
                "  " + "  ".join(f"{cell:>{wide}}" for cell, wide in zip(row, widths, strict=True)) for row in table
            ]
        return "\n".join([*lines, *(f"  {line}" for line in self._notes())])

    def html(self) -> str:
        """Return the card for a notebook; every text is escaped.

        Examples
        --------
        >>> "&lt;b&gt;" in Card("<b>").html()
        True
        """
        facts = "".join(
            f'<tr style="background:none"><th scope="row" style="{NAME}">{escape(name)}</th>'
            f'<td style="{TEXT}">{"<br>".join(map(escape, said.splitlines()))}</td></tr>'
            for name, said in self.facts.items()
        )
        parts = [f'<div style="font-weight:600;margin-bottom:.3em">{escape(self.title)}</div>']
        parts += [f"<table>{facts}</table>"] if facts else []
        if self.head:
            head = "".join(f'<th scope="col" style="{CELL}">{escape(name)}</th>' for name in self.head)
            rows = "".join(
                "<tr>" + "".join(f'<td style="{CELL}">{escape(cell)}</td>' for cell in row) + "</tr>"
                for row in self.rows[:MOST]
            )
            table = f"<table><thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table>"
            parts.append(f'<div tabindex="0" style="overflow-x:auto">{table}</div>')
        parts += [f'<div style="opacity:.75;margin-top:.3em">{escape(line)}</div>' for line in self._notes()]
        return f'<div style="{STYLE}">{"".join(parts)}</div>'

    def _notes(self) -> list[str]:
        more = max(len(self.rows) - MOST, 0) + self.more
        return [*([f"and {counted(more, 'more row')}"] if more else []), *([self.note] if self.note else [])]


class Carded:
    """A record that shows itself by its card; its dataclass is made with `repr=False`."""

    __slots__ = ()

    def card(self) -> Card:
        """Return what a terminal and a notebook show: every field, and the first frame as a table."""
        return card_of(self)

    def __repr__(self) -> str:
        return self.card().text()

    def _repr_html_(self) -> str:
        return self.card().html()


def card_of(record: Any) -> Card:
    """Return the card of a dataclass: its fields by name, and its first frame as a table.

    Examples
    --------
    >>> @dataclass(frozen=True, repr=False)
    ... class Found(Carded):
    ...     estimate: float
    ...     limits: tuple[float, float]
    >>> Found(1 / 3, (0.1, 0.5))
    Found
      estimate  0.3333
      limits    0.1, 0.5
    """
    facts: dict[str, str] = {}
    head: Sequence[str] = ()
    rows: list[list[str]] = []
    more = 0
    for each in fields(record):
        value = getattr(record, each.name)
        if hasattr(value, "itertuples") and not head and len(value):
            head = ["" if isinstance(name, int) else str(name) for name in value.columns]
            rows = [[shown(cell) for cell in row] for row in value.head(MOST).itertuples(index=False)]
            more = len(value) - len(rows)
        elif each.repr and value is not None and (text := shown(value)):
            facts[each.name] = text
    return Card(type(record).__name__, facts, head, rows, more)


def shown(value: Any) -> str:
    """Return a value as a card has it: numbers to four digits, short lists in full, others by their size.

    Examples
    --------
    >>> shown(0.123456), shown([1, 2.5]), shown(range(400)), shown({"a": 1.0})
    ('0.1235', '1, 2.5', '400 values', 'a: 1')
    """
    if isinstance(value, str | bool):
        return str(value)
    if isinstance(value, Number) or (hasattr(value, "item") and getattr(value, "ndim", 1) == 0):
        return "" if value != value else f"{value:.4g}" if abs(complex(value)) < WHOLE else f"{value:.0f}"
    if isinstance(value, Mapping):
        each = [f"{name}: {shown(one)}" for name, one in value.items()]
        return ", ".join(each) if len(", ".join(each)) < LONG else counted(len(each), "value")
    if hasattr(value, "shape") and len(value.shape) > 1:
        return f"{' by '.join(map(str, value.shape))} values"
    if hasattr(value, "__len__"):
        each = [shown(one) for one in value] if len(value) < LONG else []
        fits = each and len(", ".join(each)) < LONG and not any("\n" in one for one in each)
        return ", ".join(each) if fits else counted(len(value), "value") if len(value) else ""
    if callable(value) or is_dataclass(value):
        return getattr(value, "__name__", type(value).__name__)
    return str(value)


def coefficient_rows(table: Any, names: Sequence[str]) -> list[list[str]]:
    """Return a row for each coefficient of a fit: its term, and columns to four decimals."""
    return [[str(row["term"]), *(f"{row[name]:.4f}" for name in names)] for row in table.to_dict("records")]


def counted(n: int, one: str, many: str = "") -> str:
    """Return a number with its noun.

    Examples
    --------
    >>> counted(1, "analysis", "analyses"), counted(2, "analysis", "analyses"), counted(1234, "row")
    ('1 analysis', '2 analyses', '1,234 rows')
    """
    return f"{n:,} {one if n == 1 else many or one + 's'}"
