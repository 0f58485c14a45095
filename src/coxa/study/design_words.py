"""What people, groups and time are called: a trial randomises to arms, a cohort finds groups, a service has neither.

Every text of a report, a table, a figure or a finding that names what participants were put into takes the name from
here, so that a cohort is never described as a trial, or the other way round.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from coxa.study.words import AnalysisSet

EXCEPT = ", except those excluded afterwards"
"""What is left unsaid of a full analysis set from which nobody was excluded."""


@dataclass(frozen=True, slots=True)
class DesignWords:
    """The words of a design.

    arm, arms   : what is compared
    start       : what happens on the first day ("excluded after randomisation")
    started     : what was done with everybody on that day ("254 randomised participants")
    enrolled    : heading of everybody who takes part
    placed      : heading of everybody in an arm or a group
    membership  : whose participants these are, as a note below a table
    received    : by what participants are counted who started another treatment
    receivers   : whose treatment it was that somebody received
    outside     : why somebody is in no arm or group
    switched    : why somebody is left out who received another treatment
    sets        : who is in each analysis set
    favour      : what an interval without zero says of the better arm or group
    side        : what a side of zero in a figure says of the arm or group that it is good for
    compared    : name of the attribute of an estimand that names what is compared
    question    : what an estimand asks
    caution     : what holds for every comparison, however it was estimated; empty where nothing does
    baseline    : how arms or groups are compared at baseline
    by_visit    : how a table or a figure is divided
    allocates   : whether chance divides participants, so that numbers needed to treat mean something
    """

    arm: str
    arms: str
    start: str
    started: str
    enrolled: str
    placed: str
    membership: str
    received: str
    receivers: str
    outside: str
    switched: str
    sets: Mapping[AnalysisSet, str]
    favour: str
    side: str
    compared: str
    question: str
    caution: str
    baseline: str
    by_visit: str
    allocates: bool

    def say(self, text: str) -> str:
        """Fill `{arm}`, `{arms}`, `{Arm}`, `{Arms}`, `{start}` and the other words into a text.

        Examples
        --------
        >>> TRIAL.say("{Arms} after {start}"), COHORT.say("{Arms} after {start}")
        ('Arms after randomisation', 'Groups after inclusion')
        """
        words = {name: getattr(self, name) for name in ("arm", "arms", "start", "started", "received", "receivers")}
        return text.format(**words, Arm=self.arm.capitalize(), Arms=self.arms.capitalize())


TRIAL = DesignWords(
    arm="arm",
    arms="arms",
    start="randomisation",
    started="randomised",
    enrolled="Randomised",
    placed="Allocated to an arm",
    membership="Participants as allocated",
    received="arm received",
    receivers="another arm's",
    outside="not allocated to an arm",
    switched="received another arm than allocated",
    sets={
        "randomised_set": "all randomised participants",
        "full_analysis_set": "all randomised participants, as allocated" + EXCEPT,
        "per_protocol_set": "participants treated as the protocol asks",
        "safety_set": "participants who started treatment, in the arm they received",
    },
    favour="in favour of",
    side="favours",
    compared="Treatment",
    question="What is the effect of {arm}, compared with {against}, on {endpoint}?",
    caution="",
    baseline="No tests: arms differ by chance.",
    by_visit="by visit and arm",
    allocates=True,
)

SEQUENCES = replace(
    TRIAL,
    arm="sequence",
    arms="sequences",
    placed="Allocated to a sequence",
    received="sequence received",
    receivers="another sequence's",
    outside="not allocated to a sequence",
    switched="received another sequence than allocated",
    sets={**TRIAL.sets, "safety_set": "participants who started treatment, in the sequence they received"},
    baseline="No tests: sequences differ by chance.",
    by_visit="by visit and sequence",
)
"""Of a trial whose arms are sequences of treatments."""

OWN_SEQUENCES = replace(
    TRIAL,
    arm="group",
    arms="groups",
    placed="Randomised to an order of treatments",
    sets={**TRIAL.sets, "safety_set": "participants who started treatment"},
    baseline="Participants are compared with themselves.",
    by_visit="by visit",
)
"""Of n-of-1 trials: all participants are in one arm, and each takes every treatment."""

COHORT = DesignWords(
    arm="group",
    arms="groups",
    start="inclusion",
    started="included",
    enrolled="Included in the cohort",
    placed="In a group",
    membership="Participants in the group they were in at the start",
    received="group of the treatment received",
    receivers="another group's",
    outside="in no group",
    switched="received the treatment of another group",
    sets={
        "randomised_set": "all participants of the cohort",
        "full_analysis_set": "all participants of the cohort, in the group they were in at the start" + EXCEPT,
        "per_protocol_set": "participants treated as the protocol asks",
        "safety_set": "participants who started treatment, in the group whose treatment they received",
    },
    favour="better in",
    side="better in",
    compared="Groups compared",
    question="How far does {endpoint} differ between {arm} and {against}?",
    caution="The study did not decide who was in which group: a difference between groups is an association, and can "
    "come from anything else in which they differ.",
    baseline="Not tested: standardised differences show how far the groups differ.",
    by_visit="by visit and group",
    allocates=False,
)

SERVICE = DesignWords(
    arm="group",
    arms="groups",
    start="intake",
    started="included",
    enrolled="Included in the evaluation",
    placed="Included",
    membership="All participants of the evaluation",
    received="treatment received",
    receivers="another",
    outside="not included",
    switched="received another treatment",
    sets={
        "randomised_set": "all participants of the evaluation",
        "full_analysis_set": "all participants of the evaluation" + EXCEPT,
        "per_protocol_set": "participants treated as the protocol asks",
        "safety_set": "participants who started treatment",
    },
    favour="better in",
    side="better in",
    compared="Groups compared",
    question="What is {endpoint}?",
    caution="",
    baseline="",
    by_visit="by visit",
    allocates=False,
)
