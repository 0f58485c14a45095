"""Labels of the parts of a plan: as the plan says, or made from their names."""

from __future__ import annotations

from coxa.study.words import MEASURE_WORDS, OVER_TIME

ABBREVIATIONS = {
    "ADL", "ANCOVA", "BMI", "HAGOS", "HOOS", "HOS", "ITT", "LEFS", "MMRM", "MRI", "NPRS", "NRS", "PSFS", "QOL",
    "UCLA", "VAS", "WOMAC",
}  # fmt: skip
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


def mid_sentence_label(label: str) -> str:
    """Return a label inside a sentence: with a small letter, unless it begins with an abbreviation."""
    return label if label[1:2].isupper() else label[:1].lower() + label[1:]


def measured(measure: str, label: str) -> str:
    """Return what is measured of an outcome, inside a sentence; an event or a ranking is no name: a small letter.

    Examples
    --------
    >>> measured("change", "Function (LEFS)"), measured("time", "Hip pain")
    ('change from baseline in Function (LEFS)', 'time to hip pain')
    """
    small = measure in (*OVER_TIME, "ranking")
    return MEASURE_WORDS[measure].format(outcome=mid_sentence_label(label) if small else label)


def at_visit(measure: str, visit: str) -> str:
    """Return when an outcome is measured: at a visit, or until it where what happens over time is followed.

    Examples
    --------
    >>> at_visit("change", "Week 12"), at_visit("time", "Week 12")
    ('at Week 12', 'until Week 12')
    """
    return f"{'until' if measure in OVER_TIME else 'at'} {visit}"
