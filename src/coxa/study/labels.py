"""Labels of the parts of a plan: as the plan says, or made from their names."""

from __future__ import annotations

ABBREVIATIONS = {"ADL", "ANCOVA", "BMI", "HOOS", "ITT", "LEFS", "MMRM", "MRI", "NPRS", "NRS", "QOL", "VAS", "WOMAC"}
"""Words of names that are written in capitals in a label made from the name."""


def readable(name: str) -> str:
    """Return a name as words, abbreviations in capitals.

    Examples
    --------
    >>> readable("week_12"), readable("ancova"), readable("pain_mmrm")
    ('Week 12', 'ANCOVA', 'Pain MMRM')
    """
    words = [word.upper() if word.upper() in ABBREVIATIONS else word for word in name.split("_")]
    text = " ".join(words)
    return text[:1].upper() + text[1:]


def label_of(name: str, part: object) -> str:
    """Return the part's label, or its name made readable: `week_12` becomes `Week 12`, `ancova` `ANCOVA`."""
    return getattr(part, "label", None) or readable(name)
