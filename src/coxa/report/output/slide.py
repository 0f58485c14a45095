"""How large the type of a slide is: what is said has to fit beside the figure, above what is asked."""

from __future__ import annotations

from collections.abc import Sequence

from coxa.report.document import Block, Card, Document, Paragraph

SIZES = (100, 90, 80, 70, 60)
"""Per cent of the usual type, each a class of `static/slide.css`; the last one where nothing fits."""

WIDTH, HEIGHT = 43.0, 56.25
"""Of the column of text, and of the slide, in hundredths of its width."""

USUAL = 1.42
"""Type of a paragraph in hundredths of the width of the slide."""

LARGER = {"lead": 1.2, "text": 1.0, "warning": 0.88}
"""Kind of a paragraph -> its type against the usual one."""

LETTER, LINE, GAP = 0.46, 1.36, 0.63
"""Width of a letter, height of a line, and space between paragraphs, in the size of the type."""


def size_class(document: Document, blocks: Sequence[Block]) -> str:
    """Return the class of the type in which the paragraphs of a slide fit: "size-100", "size-80".

    Examples
    --------
    >>> document = Document("A trial", "Randomised trial", (), ())
    >>> [size_class(document, (Paragraph("A result of some sixty letters, with its interval and p. " * n, "lead"),))
    ...  for n in (1, 14, 24)]
    ['size-100', 'size-100', 'size-80']
    """
    room = HEIGHT - _others(document, blocks)
    texts = [one for one in blocks if isinstance(one, Paragraph) and str(one.text)]
    fits = (size for size in SIZES if sum(_height(one, size) for one in texts) <= room)
    return f"size-{next(fits, SIZES[-1])}"


def _height(paragraph: Paragraph, size: int) -> float:
    type_size = USUAL * LARGER[paragraph.kind] * size / 100
    return _lines(str(paragraph.text), type_size, WIDTH - 1.2) * LINE * type_size + GAP * USUAL * size / 100


def _lines(text: str, type_size: float, width: float) -> int:
    return -(-len(text) // int(width / (LETTER * type_size)))


def _others(document: Document, blocks: Sequence[Block]) -> float:
    """Return the height of title, facts, footer and margins."""
    title = 2.3 * 1.2 * _lines(document.title, 2.3, 90) + 1.15 * LINE + 0.7
    facts = [text for one in blocks if isinstance(one, Card) for _, text in one.facts if str(text)]
    asked = 1.2 * 1.3 * (1 + max((_lines(str(text), 1.2, 92 / len(facts)) for text in facts), default=0))
    return title + asked + 1.15 * LINE + 4.0 + 3 * 1.1
