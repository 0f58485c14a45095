"""Which arms treat in sessions, so that their harms can be counted per session."""

from __future__ import annotations

from coxa.study.comparative import ComparativeStudy
from coxa.study.delivery.components import components
from coxa.study.parts import Arm


def treats_in_sessions(arm: Arm) -> bool:
    """Return whether the sessions of an arm are treatment; an arm of which the plan does not say it is taken to treat.

    Examples
    --------
    >>> treats_in_sessions(Arm(delivers=("usual_care", "education"))), treats_in_sessions(Arm(delivers=("education",)))
    (False, True)
    >>> treats_in_sessions(Arm(delivers=("usual_care", "acupuncture"))), treats_in_sessions(Arm())
    (True, True)
    """
    delivered = [components()[code] for code in arm.delivers]
    informed = all(one.kind == "neither" for one in delivered)
    return not (informed and any(not one.treatment for one in delivered))


def untreated_arms(study: ComparativeStudy) -> tuple[str, ...]:
    """Return the arms whose sessions are not treatment, in the order of the plan."""
    return tuple(arm for arm in study.arm_order if not treats_in_sessions(study.arms[arm]))
