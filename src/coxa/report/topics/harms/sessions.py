"""Which arms treat in sessions, so that their harms can be counted per session."""

from __future__ import annotations

from coxa.study.comparative import ComparativeStudy
from coxa.study.parts import Arm

UNTREATED = frozenset({"usual_care", "wait_list"})
"""What an arm delivers that is not a treatment of the trial."""
INFORMED = frozenset({"education"})
"""What such an arm may have in its sessions and still not be treated in them."""


def treats_in_sessions(arm: Arm) -> bool:
    """Return whether the sessions of an arm are treatment; an arm of which the plan does not say it is taken to treat.

    Examples
    --------
    >>> treats_in_sessions(Arm(delivers=("usual_care", "education"))), treats_in_sessions(Arm(delivers=("education",)))
    (False, True)
    >>> treats_in_sessions(Arm(delivers=("usual_care", "acupuncture"))), treats_in_sessions(Arm())
    (True, True)
    """
    delivered = frozenset(arm.delivers)
    return not (delivered & UNTREATED and delivered <= UNTREATED | INFORMED)


def untreated_arms(study: ComparativeStudy) -> tuple[str, ...]:
    """Return the arms whose sessions are not treatment, in the order of the plan."""
    return tuple(arm for arm in study.arm_order if not treats_in_sessions(study.arms[arm]))
