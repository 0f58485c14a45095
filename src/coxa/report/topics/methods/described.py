"""How participants, responders and harms were counted, in words: what stands beside the analyses of the plan."""

from __future__ import annotations

from collections.abc import Iterator

from coxa.report.record import ReportRecord
from coxa.report.references.cited import descriptions_used, marks
from coxa.report.topics.responders.tables import LIMITS, responses
from coxa.sentences import join_words, mid_sentence


def described_methods(report: ReportRecord) -> Iterator[str]:
    """Yield a paragraph on each kind of description that the report has: balance, responders, harms."""
    study, ran, words = report.study, report.fits, report.study.words
    used = descriptions_used(study)
    if "standardised-differences" in used:
        cite = marks(study, ran, "standardised-differences")
        yield (
            f"{words.arms.capitalize()} at baseline were described, not tested; standardised differences are those of "
            f"means over the root of the mean variance, for categories the Mahalanobis distance of distributions{cite}."
        )
    if found := responses(study, report.datasets, report.observed):
        names = dict.fromkeys(mid_sentence(study.label("outcomes", one.outcome)) for one in found)
        kinds = dict.fromkeys(LIMITS[one.limits] for one in found)
        intervals = [f"{what}{marks(study, ran, cited) if cited else ''}" for what, _, cited in kinds]
        needed = ""
        if "number-needed" in used:
            needed = (
                ", and numbers needed to treat are their reciprocals: where the interval includes zero, that of the "
                "number needed runs from benefit through infinity to harm"
                f"{marks(study, ran, 'number-needed')}"
            )
        yield (
            f"Responders in {join_words(list(names))} were counted at each visit by the rules that their tables name; "
            f"differences in proportions have {join_words(intervals)}{needed}."
        )
    if "rates" in used and len(report.cohort.table("adverse_events")):
        yield (
            f"Harms were counted in the participants who started treatment, by the {words.received}. Rates are events "
            f"over time of follow-up, and over sessions attended; their intervals are exact for Poisson counts"
            f"{marks(study, ran, 'rates')}."
        )
