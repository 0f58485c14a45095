"""Plans in whose world participants go on after an event as a strategy says, for tests of truths and of power."""

from __future__ import annotations

from typing import Any

from coxa.study.comparative import ComparativeStudy
from coxa.study.kinds import study_of

SHARE = 0.4
"""Of the exercise arm, to whom the event happens."""

WORLDS: dict[str, tuple[str, dict[str, Any]]] = {
    "mar": ("hypothetical", {"leaves": 1}),
    "j2r": ("treatment_policy", {"switch_to": "usual_care", "leaves": 1}),
    "half": ("treatment_policy", {"switch_to": "usual_care", "keeps": 0.5, "leaves": 1}),
    "cir": ("treatment_policy", {"switch_to": "usual_care", "keeps": 1, "of_last_visit": True, "leaves": 1}),
    "cr": ("treatment_policy", {"switch_to": "usual_care", "copies": True, "leaves": 1}),
    "lmcf": ("treatment_policy", {"stays": True, "leaves": 1}),
    "effect": ("treatment_policy", {"effect": -12, "build_up_days": 30, "fading_days": 90}),
    "composite": ("composite", {}),
    "while": ("while_on_treatment", {"switch_to": "usual_care"}),
}
"""World -> the strategy of the estimand for the event, and what is assumed of the event."""


def world_plan(
    world: str,
    analyses: dict[str, Any] | None = None,
    *,
    measure: str = "change",
    scale: str = "continuous",
    summary: str = "difference_in_means",
    per_arm: int = 120,
) -> ComparativeStudy:
    """Return the plan of two arms and three visits in which pain is analysed in one of the `WORLDS`."""
    strategy, event = WORLDS[world]
    worst = {"value": "worst"} if strategy == "composite" and measure != "responder" else {}
    content = {
        "study": f"world-of-{world}",
        "title": "Going on after an event",
        "arms": {"usual_care": {"reference": True}, "exercise": {}},
        "visits": {"baseline": {"day": 0}, "w6": {"day": 42}, "w12": {"day": 84}, "w26": {"day": 182}},
        "outcomes": {
            "pain": {
                "range": [0, 100],
                "higher_is_better": True,
                "responder": {"measure": "change", "at_least": 10, "source": "made up"},
            }
        },
        "intercurrent_events": {"stop": {"label": "Stopped treatment"}},
        "estimands": {
            "primary": {
                "treatment": {"compare": "exercise", "against": "usual_care"},
                "endpoint": {"outcome": "pain", "measure": measure, "visit": ["w12", "w26"]},
                "summary": summary,
                "intercurrent_events": {"stop": {"strategy": strategy, **worst}},
            }
        },
        "analyses": analyses or {"primary": {"estimand": "primary", "model": "mmrm", "adjust": ["baseline * visit"]}},
        "assumptions": {
            "participants": 2 * per_arm,
            "outcomes": {
                "pain": {
                    "baseline": {"mean": 45, "sd": 15},
                    "mean_change": {"exercise": {"w6": 4, "w12": 8, "w26": 12}},
                    "shared_change": {"w6": 2, "w12": 5, "w26": 6},
                    "scale": scale,
                    "correlation": 0.6,
                }
            },
            "events": {"stop": {"probability": {"exercise": SHARE, "usual_care": 0.1}, **event}},
        },
    }
    study = study_of(content)
    assert isinstance(study, ComparativeStudy)
    return study


def counts_plan(world: str, analyses: dict[str, Any] | None = None, per_arm: int = 150) -> ComparativeStudy:
    """Return a plan of injuries that recur, in one of the `WORLDS` that counts have."""
    strategy, event = WORLDS[world]
    content = world_plan("mar").model_dump(mode="json", exclude_unset=True)
    endpoint = {"outcome": "injury", "measure": "count", "visit": "w26"}
    content |= {
        "events": {"injury": {"label": "Injury", "higher_is_better": False, "per_days": 182}},
        "estimands": {
            "primary": {
                "treatment": {"compare": "exercise", "against": "usual_care"},
                "endpoint": endpoint,
                "summary": "rate_ratio",
                "intercurrent_events": {"stop": strategy},
            }
        },
        "analyses": analyses or {"primary": {"estimand": "primary", "model": "counts"}},
    }
    content["assumptions"] |= {
        "participants": 2 * per_arm,
        "events": {"stop": {"probability": {"exercise": SHARE, "usual_care": 0.1}, **event}},
        "happenings": {"injury": {"number": {"usual_care": 2.4, "exercise": 1.2}, "variation": 0.6}},
    }
    study = study_of(content)
    assert isinstance(study, ComparativeStudy)
    return study
