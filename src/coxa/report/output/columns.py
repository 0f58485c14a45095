"""How wide the columns of a table must be, and how large its type can be, on a page of fixed width.

HTML scrolls; paper does not. Widths are counted in ems from the characters: exact to a few percent, the same on
every machine, and enough to choose between smaller type and a page on its side.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from coxa.tables.characters import kept_whole
from coxa.tables.table import Table

NARROW = frozenset("iljtfrI.,:;'!|()[]- \N{NO-BREAK SPACE}")
EM_NARROW, EM_PLAIN, EM_CAPITAL, EM_WIDE = 0.31, 0.51, 0.68, 1.0
PADDING = 0.9
"""Space beside the text of a cell, in ems."""
BOLD = 1.06
"""How much wider bold type is."""
INDENT = 1.2
WORDS_AT_LEAST, WORDS_AT_MOST = 7.0, 16.0
"""A text that is shorter is not wrapped, a column of words that needs more is not given it before others have theirs;
in ems."""

SIZES = (9.0, 8.5, 8.0, 7.5, 7.0)
"""Sizes of type of a table in points, the largest that fits is used."""
WIDER_FONT = 1.25
"""How much wider letters are in DejaVu Sans, which is shown where nothing else is there."""
UPRIGHT, SIDEWAYS = 482.0, 729.0
"""Width of the text on an A4 page with margins of 20 mm, in points."""
ONE_PAGE_ROWS, ONE_PAGE_CHARACTERS = 16, 5000
"""A table of up to so many rows, with so many characters in them and in its notes, is not broken over two pages."""

PHONE, PHONE_HEADING, PHONE_PADDING = 23.8, 9.8, 1.5
"""Width of a phone of 390 pixels, the most of it that row headings take, and the space beside a cell there, in ems."""

PIXEL = 0.62
"""Points of a pixel of a figure: letters of 13 pixels are 8 points high, unless the figure is wider than the page."""

TALLEST = 620.0
"""Height of a figure on an A4 page, below two headings and its caption, in points."""


@dataclass(frozen=True, slots=True)
class Layout:
    """How a table stands on paper.

    size     : of its type, in points
    sideways : whether its page is turned
    widths   : of the row headings and of each column, in points; together at most the width of the text
    whole    : whether it is not broken over two pages
    """

    size: float
    sideways: bool
    widths: tuple[float, ...]
    whole: bool


def layout(table: Table, other_fonts: bool = False) -> Layout:
    """Choose the size of type, the direction of the page and the widths of the columns.

    Numbers are never broken where that can be avoided: first the type gets smaller, then the page is turned. What
    is left over goes to the columns of words.

    Parameters
    ----------
    table
        What is set.
    other_fonts
        Whether it may be read in a wider font than it is made for, as a Word file is; columns have room for that.

    Examples
    --------
    >>> layout(table).sideways  # doctest: +SKIP
    False
    """
    least, wished = _needs(table)
    whole = _stands_on_one_page(table)
    if other_fonts:
        least = [WIDER_FONT * width for width in least]
        wished = [WIDER_FONT * width for width in wished]
    for sideways, room in ((False, UPRIGHT), (True, SIDEWAYS)):
        for size in SIZES:
            if sum(least) * size <= room:
                return Layout(size, sideways, _share(least, wished, size, room), whole)
    scale = SIDEWAYS / sum(least)
    return Layout(SIZES[-1], True, tuple(scale * width for width in least), whole)


def _stands_on_one_page(table: Table) -> bool:
    rows = sum(len(group.rows) + bool(group.label) for group in table.groups)
    cells = (len(cell.text) for row in table.rows() for cell in row.cells)
    others = (table.title, table.subtitle, *(str(note.text) for note in table.footnotes))
    texts = (*others, *(row.label for row in table.rows()), *(group.label for group in table.groups))
    characters = sum(cells) + sum(map(len, texts))
    return rows <= ONE_PAGE_ROWS and characters <= ONE_PAGE_CHARACTERS


def figure_width(width: float, height: float) -> float:
    """Return the width of a figure on a page in points, given its size in pixels: it fits, with its caption, on one.

    Examples
    --------
    >>> figure_width(560, 300), figure_width(2000, 300), figure_width(600, 2000)
    (347.2, 482.0, 186.0)
    """
    return min(PIXEL * width, UPRIGHT, TALLEST * width / height)


def half(lengths: Sequence[int]) -> int:
    """Return how many of some texts, given their lengths, go into the first of two columns to make them most alike.

    Examples
    --------
    >>> half([300, 100, 120, 250]), half([]), half([40])
    (2, 0, 1)
    """

    def uneven(n: int) -> int:
        return abs(sum(lengths[:n]) - sum(lengths[n:]))

    return min(range(len(lengths), -1, -1), key=uneven)


def fits_phone(table: Table) -> bool:
    """Return whether a table can be read on a phone without moving it sideways; its row headings wrap."""
    (heading, *columns), _ = _needs(table)
    return min(heading, PHONE_HEADING) + sum(columns) + (PHONE_PADDING - PADDING) * len(columns) <= PHONE


def ems(text: str) -> float:
    """Return the width of a line of text, in ems."""
    return sum(map(_em, text))


def _em(character: str) -> float:
    if character in NARROW:
        return EM_NARROW
    if ord(character) > 0x2E80:
        return EM_WIDE
    return EM_CAPITAL if character.isupper() or character in "mwMW%&@" else EM_PLAIN


def _needs(table: Table) -> tuple[list[float], list[float]]:
    """Return the least and the wished width of the row headings and of each column, in ems."""
    labels = [(ems(row.label), _longest_word(row.label), INDENT * row.level) for row in table.rows()]
    wished = [max([BOLD * ems(table.stub), *(whole + indent for whole, _, indent in labels)])]
    least = [max([BOLD * _longest_word(table.stub), *(word + indent for _, word, indent in labels)])]
    least[0] = min(max(least[0], min(wished[0], WORDS_AT_MOST)), WORDS_AT_MOST)
    for index, column in enumerate(table.columns):
        texts = [row.cells[index].text + row.cells[index].mark for row in table.rows()]
        whole = max([0.0, *map(ems, texts)])
        words = max([min(whole, WORDS_AT_LEAST), *map(_longest_word, texts)])
        cells = whole if column.align == "right" else min(words, WORDS_AT_MOST)
        least.append(max(cells, BOLD * min(_longest_word(str(column.label)), WORDS_AT_MOST)))
        wished.append(max(least[-1], whole, BOLD * ems(str(column.label))))
    headings = max((BOLD * ems(group.label) for group in table.groups), default=0.0)
    wished[0] = max(wished[0], headings - sum(wished[1:]))
    return [width + PADDING for width in least], [width + PADDING for width in wished]


def _longest_word(text: str) -> float:
    return max((ems(word) for word in kept_whole(text).split(" ")), default=0.0)


def _share(least: list[float], wished: list[float], size: float, room: float) -> tuple[float, ...]:
    """Give every column what it needs, and share what is left by what each still wishes."""
    wishes = [max(0.0, want - need) for need, want in zip(least, wished, strict=True)]
    left = room / size - sum(least)
    share = min(1.0, left / sum(wishes)) if sum(wishes) > 0 else 0.0
    return tuple(size * (need + share * wish) for need, wish in zip(least, wishes, strict=True))
