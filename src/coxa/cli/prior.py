"""The prior of an effect, from two numbers or from the file that `coxa pool` writes."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

from coxa.cli.lists import pair
from coxa.errors import OptionError

if TYPE_CHECKING:
    from coxa.study.comparative import ComparativeStudy

OPTION = "--assurance"
KEYS = ("measure", "mean", "sd", "higher_is_better")


def prior_of(plan: ComparativeStudy, text: str | None) -> tuple[float, float] | None:
    """Return mean and standard deviation of the effect in the unit and direction of a plan's main outcome.

    Raises
    ------
    OptionError
        There are not two numbers, or the file is not a prior that fits the outcome.

    Notes
    -----
    A standardised effect is multiplied by the standard deviation that the plan assumes at the visit of its main
    analysis. Its sign is turned where the reviews and the plan count in opposite directions.
    """
    if text is None or not text.endswith(".json"):
        return pair(OPTION, text)
    given = _read(Path(text))
    if given["measure"] not in ("md", "smd"):
        raise OptionError(
            f"The prior in {text} is of `{given['measure']}`, which has no unit of the outcome. Give mean and standard "
            "deviation of the difference, such as 6,2."
        )
    planned = plan.main_analysis
    factor = 1.0 if planned.scale.higher_is_better == given["higher_is_better"] else -1.0
    if given["measure"] == "smd":
        factor *= _spread(plan)
    return factor * float(given["mean"]), abs(factor) * float(given["sd"])


def _read(path: Path) -> dict[str, Any]:
    try:
        given = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        given = None
    if not isinstance(given, dict) or any(given.get(key) is None for key in KEYS):
        raise OptionError(f"{path} is not a prior. Give the next_trial.json of `coxa pool`, or two numbers.")
    return given


def _spread(plan: ComparativeStudy) -> float:
    """Return the standard deviation of the main outcome that the plan assumes at its visit."""
    from coxa.simulate import trial_design

    design, endpoint = trial_design(plan), plan.main_analysis.estimand.endpoint
    return float(design.sd[design.outcomes.index(endpoint.outcome), design.visits.index(endpoint.visit[-1])])
