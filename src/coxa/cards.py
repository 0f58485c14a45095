"""How a record shows itself: a few lines in a terminal, a card in a notebook."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from html import escape

STYLE = "max-width:60em;border:1px solid #8886;border-radius:6px;padding:.6em .9em;margin:.3em 0"
NAME = "text-align:left;vertical-align:top;padding:.1em 1em .1em 0;font-weight:600;white-space:nowrap"
TEXT = "text-align:left;vertical-align:top;padding:.1em 0"
CELL = "text-align:right;padding:.1em .7em;white-space:nowrap"
MOST = 20
"""Rows of a table that are shown."""


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


def counted(n: int, one: str, many: str = "") -> str:
    """Return a number with its noun.

    Examples
    --------
    >>> counted(1, "analysis", "analyses"), counted(2, "analysis", "analyses"), counted(1234, "row")
    ('1 analysis', '2 analyses', '1,234 rows')
    """
    return f"{n:,} {one if n == 1 else many or one + 's'}"
