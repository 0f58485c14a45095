"""Labels of the parts of a plan: as the plan says, or made from their names."""

from __future__ import annotations

from coxa.sentences import mid_sentence
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


def measured(measure: str, label: str) -> str:
    """Return what is measured of an outcome, inside a sentence.

    Examples
    --------
    >>> measured("change", "Function (LEFS)"), measured("time", "Hip pain")
    ('change from baseline in function (LEFS)', 'time to hip pain')
    """
    return MEASURE_WORDS[measure].format(outcome=mid_sentence(label))


def at_visit(measure: str, visit: str) -> str:
    """Return when an outcome is measured: at a visit, or until it where what happens over time is followed.

    Examples
    --------
    >>> at_visit("change", "Week 12"), at_visit("time", "Week 12")
    ('at Week 12', 'until Week 12')
    """
    return f"{'until' if measure in OVER_TIME else 'at'} {visit}"
