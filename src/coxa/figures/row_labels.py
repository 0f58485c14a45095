"""Names of the rows of numbers below a figure: long ones in several lines, none of them cut."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from textwrap import wrap

from coxa.figures.figure import literal

NO_BREAK = "\N{NO-BREAK SPACE}"

LETTERS, LINE, PADDED = 28, 15, 8
"""Letters of a line, its height in pixels, and what is between two names of several lines."""


@dataclass(frozen=True, slots=True)
class RowLabels:
    """How the rows of numbers are named.

    expression : of Vega, which gives the lines of a name
    row        : height of a row in pixels
    """

    expression: str
    row: int


def row_labels(names: Sequence[str], row: int, after: str = "") -> RowLabels:
    """Return names in lines, and how high a row must be for them.

    Parameters
    ----------
    names
        One for each row, as the data have it.
    row
        Height of a row whose name has one line, in pixels.
    after
        What follows each name: ", n"; it is on the line of its last word.

    Examples
    --------
    >>> row_labels(["Exercise"], 20).row, row_labels(["Exercise therapy and movement retraining"], 20).row
    (20, 38)
    """
    lines = {name: _lines(name, after) for name in names}
    most = max(map(len, lines.values()), default=1)
    return RowLabels(f"({literal(lines)})[datum.value]", row if most == 1 else max(row, LINE * most + PADDED))


def _lines(name: str, after: str) -> list[str]:
    text = f"{name}{after}"
    return [text] if len(text) <= LETTERS else wrap(f"{name}{after.replace(' ', NO_BREAK)}", LETTERS)
