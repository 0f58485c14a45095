"""Phrases of tables: how a sentence begins, how a label stands inside one, and what abbreviations mean."""

from __future__ import annotations

import re
from collections.abc import Iterable

ABBREVIATIONS = {
    "CI": "CI, confidence interval",
    "SE": "SE, standard error",
    "df": "df, degrees of freedom",
    "SD": "SD, standard deviation",
    "Q1": "Q1 and Q3, lower and upper quartile",
}


def sentence_case(text: str) -> str:
    """Return the text with a capital first letter."""
    return text[:1].upper() + text[1:]


def abbreviations(texts: Iterable[str]) -> str:
    """Say what the abbreviations in headings mean, and only those that are there.

    Examples
    --------
    >>> abbreviations(["Mean (95% CI)", "df"])
    'CI, confidence interval; df, degrees of freedom.'
    """
    words = {word for text in texts for word in re.findall(r"\w+", text)}
    said = "; ".join(meaning for word, meaning in ABBREVIATIONS.items() if word in words)
    return f"{said}." if said else ""


def cut_short(text: str, letters: int) -> str:
    """Return a text that is not longer, cut where a clause ends and with no bracket left open.

    Examples
    --------
    >>> cut_short("six to ten points, in hips (n = 160, global rating; modelled)", 40)
    'six to ten points, in hips ...'
    >>> cut_short("a short one", 40)
    'a short one'
    """
    if len(text) <= letters:
        return text
    part = text[:letters].rsplit(" ", 1)[0]
    if part.count("(") > part.count(")"):
        part = part[: part.rindex("(")]
    return part.rstrip(" ,;.(") + " ..."
