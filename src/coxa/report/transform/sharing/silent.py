"""Texts whose numbers are all hidden: a comparison is written as one that is not shown, and why."""

from __future__ import annotations

from collections.abc import Iterable

from coxa.tables.hidden import RULE
from coxa.tables.prose import Prose, Text, cells_of, prose


def is_silent(texts: Iterable[Text]) -> bool:
    """Say whether texts have numbers, and all of them are hidden."""
    rules = [cell.rule for text in texts for cell in cells_of(text) if cell.rule]
    return bool(rules) and set(rules) == {RULE}


def without_signs(text: Text, k: int) -> Text:
    """Return a text on a comparison of which no number is shown up to its first number, and why it ends there.

    Examples
    --------
    >>> from coxa.tables.cells import Cell, Statistic
    >>> ratio = Cell("*", (Statistic("estimate", arm="a", reference="b"),), rule="suppressed")
    >>> str(without_signs(prose("A against B: hazard ratio ", ratio, "; better in B."), 5))
    'A against B: hazard ratio not shown, because a count from 1 to 4 could be worked out.'
    """
    if not isinstance(text, Prose) or not is_silent([text]):
        return text
    if not any(one.reference for cell in cells_of(text) for one in cell.statistics):
        return text
    first = next(at for at, piece in enumerate(text.pieces) if not isinstance(piece, str) and piece.rule)
    said = str(Prose(text.pieces[:first])).rstrip().removesuffix(" from")
    return prose(f"{said} not shown, because a count from 1 to {k - 1} could be worked out.")
