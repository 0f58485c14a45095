"""How participants, responders and harms were counted, in words: what stands beside the analyses of the plan."""

from __future__ import annotations

from collections.abc import Iterator

from coxa.report.record import Report
from coxa.report.references.cited import descriptions_used, marks
from coxa.study.wording import join_words
from coxa.tables.phrases import mid_sentence
from coxa.tables.responders import responses


def described_methods(report: Report) -> Iterator[str]:
    """Yield a paragraph on each kind of description that the report has: balance, responders, harms."""
    study, ran = report.study, report.fits
    used = descriptions_used(study)
    if "standardised-differences" in used:
        cite = marks(study, ran, "standardised-differences")
        yield (
            "Arms at baseline were described, not tested; standardised differences are those of means over the root of "
            f"the mean variance, and for categories the distance of the distributions{cite}."
        )
    if "number-needed" in used and (found := responses(study, report.datasets)):
        names = dict.fromkeys(mid_sentence(study.label("outcomes", one.outcome)) for one in found)
        cite = marks(study, ran, "number-needed")
        yield (
            f"Responders in {join_words(list(names))} were counted at each visit by the rules that stand with them; "
            "differences in proportions have Newcombe's intervals, and numbers needed to treat are their reciprocals, "
            f"through infinity where a difference includes zero{cite}."
        )
    if "rates" in used and len(report.cohort.table("adverse_events")):
        yield (
            "Harms were counted in the participants who started treatment, by the arm received. Rates are events over "
            f"time of follow-up, and over sessions attended; their intervals are exact for Poisson counts"
            f"{marks(study, ran, 'rates')}."
        )
