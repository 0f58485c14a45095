"""How wide a line of text is in a sans-serif type, and where it is broken so that it fits."""

from __future__ import annotations

import unicodedata

WIDTHS = {
    " !,./:;I[\\]ft": 278,
    "'ijl": 222,
    "|": 260,
    '"': 355,
    "()-r`": 333,
    "{}": 334,
    "*": 389,
    "^": 469,
    "Jcksvxyz": 500,
    "#$0123456789?L_abdeghnopqu": 556,
    "+<=>~": 584,
    "FTZ": 611,
    "&ABEKPSVXY": 667,
    "CDHNRUw": 722,
    "GOQ": 778,
    "Mm": 833,
    "%": 889,
    "W": 944,
    "@": 1015,
}
"""Thousandths of the size of the type, in Helvetica, which Arial and Liberation Sans share."""
WIDTH = {character: width / 1000 for characters, width in WIDTHS.items() for character in characters}
WIDE, CAPITAL, PLAIN = 1.0, 0.78, 0.66
"""Of characters that are not in the table: East Asian ones, capitals, others. Rather too wide than too narrow."""
EMOJI = 1.4
BOLD = 1.08
"""How much wider bold type is."""
SAFETY = 1.03
"""Another type of the family may be a little wider."""


def text_width(text: str, size: float, *, bold: bool = False) -> float:
    """Return the width of a line of text in pixels.

    Examples
    --------
    >>> text_width("ii", 10) < text_width("mm", 10) < text_width("mm", 10, bold=True)
    True
    """
    return sum(map(_em, text)) * size * SAFETY * (BOLD if bold else 1.0)


def _em(character: str) -> float:
    if character in WIDTH:
        return WIDTH[character]
    kind = unicodedata.category(character)
    if kind in ("Mn", "Me", "Cf", "Cc"):
        return 0.0
    base = unicodedata.normalize("NFD", character)[0]
    if base in WIDTH:
        return WIDTH[base]
    if ord(character) >= 0x1F000:
        return EMOJI
    if unicodedata.east_asian_width(character) in "WF":
        return WIDE
    return CAPITAL if kind == "Lu" else WIDE if kind == "So" else PLAIN


def wrapped(text: str, width: float, size: float, *, bold: bool = False) -> tuple[str, ...]:
    """Break a text into lines that fit into a width: between words, and inside a word only where it is too long.

    Examples
    --------
    >>> wrapped("lost to follow-up, 2", 70, 12)
    ('lost to', 'follow-up, 2')
    """
    lines: list[str] = []
    for word in text.split(" "):
        joined = f"{lines[-1]} {word}" if lines else word
        if lines and text_width(joined, size, bold=bold) <= width:
            lines[-1] = joined
        elif text_width(word, size, bold=bold) <= width:
            lines.append(word)
        else:
            start = f"{lines.pop()} " if lines else ""
            lines += _broken(start, word, width, size, bold)
    return tuple(lines) or ("",)


def _broken(start: str, word: str, width: float, size: float, bold: bool) -> list[str]:
    """Break a word after the start of a line; one character stands alone where not even that fits."""
    pieces = [start]
    for character in word:
        if pieces[-1] and text_width(pieces[-1] + character, size, bold=bold) > width:
            pieces.append("")
        pieces[-1] += character
    return [piece.rstrip(" ") for piece in pieces]
