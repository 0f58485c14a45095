"""Which checklists go with a plan."""

from __future__ import annotations

from coxa.report.topics.checklists.answer import exercise_arms
from coxa.report.topics.checklists.definition import GUIDELINES
from coxa.study import Study
from coxa.study.comparative import ComparativeStudy


def by_design(study: Study, *, reported: bool = True) -> tuple[str, ...]:
    """Return the checklists that go with a design.

    Parameters
    ----------
    study
        The plan.
    reported
        True for a report, False for a plan before there are data.

    Returns
    -------
    tuple of str
        A cohort has STROBE, and a study without arms none.
        A series of n-of-1 trials has CENT 2015. Another randomised trial has CONSORT 2025, with CONSORT-PRO if an
        outcome is an instrument and the extension for stepped wedge trials if it is one. Before there are data a trial
        has SPIRIT 2025. Where an arm delivers exercise, TIDieR and CERT go with them.
    """
    delivered = ("tidier", "cert") if exercise_arms(study) else ()
    if not isinstance(study, ComparativeStudy):
        return ()
    if study.design == "cohort":
        return ("strobe", *delivered)
    if not reported:
        return ("spirit-2025", *delivered)
    if study.design == "n_of_1":
        return ("cent", *delivered)
    patients = ("consort-pro",) if any(outcome.instrument for outcome in study.outcomes.values()) else ()
    stepped = ("consort-stepped-wedge",) if study.design == "stepped_wedge" else ()
    return ("consort-2025", *patients, *stepped, *delivered)


def wanted(study: Study) -> tuple[str, ...]:
    """Return the checklists that a report carries, by `report: checklists:`, in the order of `GUIDELINES`."""
    words = study.report.checklists
    names = {*words, *(by_design(study) if "by_design" in words else ())}
    return () if "none" in words else tuple(name for name in GUIDELINES if name in names)
