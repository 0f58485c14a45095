"""The words of the page: positions, icons and measures, each in plain English."""

from __future__ import annotations

from datetime import date

from coxa.clinics.audit import Series, Shares
from coxa.clinics.measures.few_points import CROSSED_RULE, FEW_POINTS, RUN_NONE, RUN_RULE, RUN_SIGNAL
from coxa.sentences import mid_sentence
from coxa.study.audit.plan import CONDITION, AuditPlan
from coxa.study.covariates import Characteristic
from coxa.tables.phrases import sentence_case
from coxa.tables.records import Record

MEASURES = {
    "complete": "Questionnaires complete",
    "change": "Mean improvement",
    "important": "Important improvement",
    "missed": "Sessions missed",
    "episodes": "Episodes",
}
"""Measure over time -> how it is called."""

ABBREVIATIONS = ("acl", "ddh", "fai", "fais", "gtps", "oa", "pfp", "ra", "tha", "thr", "tka", "tkr")
"""Abbreviations in names of conditions, which are in capitals on the page."""

SHORT = {
    "complete": "completeness",
    "change": "mean change",
    "important": "important improvement",
    "missed": "missed sessions",
    "episodes": "episodes",
}
"""Measure over time -> how it is called in a narrow column."""

OF_SHARES = ("complete", "important", "missed")
"""Measures over time that are shares."""


def series_label(one: Series, short: bool = False) -> str:
    """Return how the measure of a chart is called: by its name, or the label of a standard."""
    found = (SHORT if short else MEASURES).get(one.measure)
    return found or (mid_sentence(one.label) if short else one.label)


def is_share(one: Series) -> bool:
    """Return whether a measure over time is a share."""
    return one.measure in OF_SHARES or one.measure not in MEASURES


POSITIONS = {"low": "Below", "within": "Within", "high": "Above"}
"""Position against the limits -> word."""

NEARLY = {"low": "Within; below the 95% limits", "high": "Within; above the 95% limits"}
"""Position of a unit that is outside the narrower limits only -> words."""

VARIATIONS = {
    "common_cause": "No signal",
    "improvement_high": "Improvement, higher",
    "improvement_low": "Improvement, lower",
    "concern_high": "Concern, higher",
    "concern_low": "Concern, lower",
    "neutral_high": "Change, higher",
    "neutral_low": "Change, lower",
    FEW_POINTS: "Too few points for limits",
    RUN_NONE: "No signal (run chart)",
    RUN_SIGNAL: "Shift or trend (run chart)",
}
"""Variation icon -> words."""

RULES = {
    "trend of seven": "one of seven points in a row that rise or fall",
    "part of two in three": "one of two in three points near a limit",
    "seven on one side": "one of seven points in a row on one side of the mean",
    RUN_RULE: "one of a run on one side of the median that is longer than chance makes it",
    CROSSED_RULE: "one of a run on one side of the median, which the series crosses less often than chance makes it",
}
"""Rule that a point within its limits breaks -> words."""

ASSURANCES = {
    "consistent_pass": "Target met",
    "consistent_fail": "Target missed",
    "inconsistent": "Target hit or miss",
}
"""Assurance icon -> words."""

NOT_RECORDED = "not recorded"


def day(when: date | None) -> str:
    """Return a day as it is written in a sentence.

    Examples
    --------
    >>> day(date(2024, 3, 5)), day(None)
    ('5 March 2024', 'an unknown day')
    """
    return f"{when.day} {when:%B %Y}" if when else "an unknown day"


def place_words(one: Record) -> str:
    """Return the position of a unit in words; empty where it is hidden.

    Examples
    --------
    >>> place_words({"position": "within", "position_95": "low"}), place_words({"position": "high"})
    ('Within; below the 95% limits', 'Above')
    """
    position = str(one.get("position", ""))
    nearly = NEARLY.get(str(one.get("position_95", "")), "") if position == "within" else ""
    return nearly or POSITIONS.get(position, "")


def rate_label(plan: AuditPlan, name: str) -> str:
    """Return how a share of sessions or episodes is called."""
    if name in plan.standards:
        return plan.label("standards", name)
    return {"attended": "Sessions attended", "missed": "Sessions missed without notice"}.get(name, name)


def dimension_label(plan: AuditPlan, name: str) -> str:
    """Return how a column is called by which groups are told apart."""
    return plan.label("descriptors", name) if name in plan.descriptors else sentence_case(name)


def level_label(plan: AuditPlan, name: str, level: object) -> str:
    """Return how a level of a descriptor, or a condition, is called.

    Examples
    --------
    >>> from coxa.simulate import simulate_registry
    >>> from coxa.study import RegistryAssumptions
    >>> plan = simulate_registry(RegistryAssumptions(), seed=1, episodes=100).plan
    >>> level_label(plan, "condition", "fai_syndrome"), level_label(plan, "condition", "groin_pain")
    ('FAI syndrome', 'Groin pain')
    """
    text, part = str(level), plan.descriptors.get(name)
    if part is not None and part.type == "category":
        return Characteristic.level_labels(part).get(text, text)
    if name != CONDITION:
        return text
    words = text.replace("_", " ").split(" ")
    return sentence_case(" ".join(word.upper() if word in ABBREVIATIONS else word for word in words))


def reached(plan: AuditPlan, one: Shares) -> str:
    """Return what patients reach, in words: "Important improvement in pain"."""
    outcome = mid_sentence(plan.label("outcomes", one.outcome))
    return {
        "important": f"Important improvement in {outcome}",
        "acceptable": f"Acceptable state of {outcome}",
        "worse": f"Worse {outcome}",
    }.get(one.kind, f"{one.kind}, {outcome}")


def threshold(plan: AuditPlan, one: Shares, value: str) -> str:
    """Return when something counts as reached."""
    scale = plan.scale(one.outcome)
    if value in ("", "\N{EN DASH}"):
        return "any value worse than at intake"
    if one.kind == "acceptable":
        return f"{value} {scale.unit} or {'more' if scale.higher_is_better else 'less'} at discharge"
    verb = "worse" if one.kind == "worse" else "better"
    return f"{value} {scale.unit} {verb} than at intake, or more"
