"""Free text that is to be shown: without the identifiers of participants."""

from __future__ import annotations

import re
from collections.abc import Iterable

import pandas as pd

SOMEBODY = "[participant]"
SHORT = 4
"""A number with fewer digits is taken as a number, although it may be somebody's."""

WORD = re.compile(r"[\w-]+")


def unnamed(texts: pd.Series, participants: Iterable[object]) -> pd.Series:
    """Return texts in which a word that is the identifier of a participant is replaced.

    Examples
    --------
    >>> texts = pd.Series(["fall, told by H023", "pain for 12 days", "h023-b"])
    >>> unnamed(texts, ["H023", "12"]).tolist()
    ['fall, told by [participant]', 'pain for 12 days', 'h023-b']
    """
    known = {str(one) for one in participants}
    known = {one for one in known if len(one) >= SHORT or not one.isdigit()}

    def said(text: str) -> str:
        return WORD.sub(lambda found: SOMEBODY if found.group() in known else found.group(), text)

    return texts.map({text: said(str(text)) for text in texts.unique()}).astype(object)
