"""A text that keeps the numbers in it: sentences, notes and headings whose numbers can be traced as those of cells."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from coxa.tables.cells import Cell

NB_N = "N\N{NO-BREAK SPACE}=\N{NO-BREAK SPACE}"


@dataclass(frozen=True, slots=True)
class Prose:
    """Pieces of text and cells in reading order; `str` gives the text as it is read."""

    pieces: tuple[str | Cell, ...]

    def __str__(self) -> str:
        return "".join(piece if isinstance(piece, str) else piece.text for piece in self.pieces)


Text = str | Prose
"""A text, with or without numbers that are kept."""


def prose(*pieces: str | Cell | Prose) -> Prose:
    """Put pieces together, one after the other.

    Examples
    --------
    >>> from coxa.tables.formats import cell
    >>> from coxa.tables.cells import Statistic
    >>> str(prose("Allocated: ", cell("count", {"n": 12}, Statistic()), "."))
    'Allocated: 12.'
    """
    flat: list[str | Cell] = []
    for piece in pieces:
        flat += piece.pieces if isinstance(piece, Prose) else [piece]
    return Prose(tuple(flat))


def with_n(label: str, n: Cell, *more: Text | Cell) -> Prose:
    """Return a heading with its number of participants, "Usual care (N = 59)", and what else stands in the brackets."""
    return prose(f"{label} ({NB_N}", n, *more, ")")


def joined(separator: str, parts: Iterable[Text | Cell]) -> Prose:
    """Put texts together with a separator between them."""
    pieces: list[Text | Cell] = []
    for part in parts:
        pieces += [separator, part] if pieces else [part]
    return prose(*pieces)


def in_sentence(parts: Sequence[Text | Cell], last: str = "and") -> Prose:
    """Join texts as a sentence does: "a, b and c"."""
    if len(parts) < 2:
        return prose(*parts)
    return prose(joined(", ", parts[:-1]), f" {last} ", parts[-1])


def cells_of(text: Text) -> tuple[Cell, ...]:
    """Return the cells in a text."""
    return () if isinstance(text, str) else tuple(piece for piece in text.pieces if isinstance(piece, Cell))


def with_cells(text: Text, change: Callable[[Cell], Cell]) -> Text:
    """Return a text with each of its cells changed."""
    if isinstance(text, str):
        return text
    return Prose(tuple(piece if isinstance(piece, str) else change(piece) for piece in text.pieces))
