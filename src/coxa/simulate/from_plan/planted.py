"""The generator's parameters as plain numbers and words, for `truth.json`."""

from __future__ import annotations

from typing import Any

from coxa.simulate.from_plan.design import TrialDesign
from coxa.simulate.from_plan.diary import planted_diary


def planted(design: TrialDesign) -> dict[str, Any]:
    """Return the assumptions of a design, and what follows from them: means, spreads and correlations.

    Means and spreads are those before events and the ends of the scale.
    """
    part = design.assumptions
    visits = {visit: int(day) for visit, day in zip(design.visits, design.days, strict=True)}
    covariance = design.covariance()
    outcomes = {}
    for k, name in enumerate(design.outcomes):
        own = covariance[k, :, k, :]
        outcomes[name] = {
            "scale": design.measures[k].kind,
            "means": {
                arm: dict(zip(design.visits, _rounded(design.means[place, k]), strict=True))
                for place, arm in enumerate(design.arms)
            },
            "sd": dict(zip(design.visits, _rounded(design.sd[k]), strict=True)),
            **_own_spreads(design, k),
            "correlation": [_rounded(row) for row in own / design.sd[k][:, None] / design.sd[k]],
        }
    return {
        "participants": dict(zip(design.arms, map(int, design.numbers), strict=True)),
        "visits": visits,
        "outcomes": outcomes,
        "correlation_of_outcomes": [_rounded(row) for row in design.between],
        **({} if part.diary is None else {"diary": planted_diary(design, part.diary)}),
        "assumptions": part.model_dump(mode="json", exclude_none=True),
    }


def _own_spreads(design: TrialDesign, k: int) -> dict[str, Any]:
    """Return the standard deviations by arm, where an arm has its own."""
    own = design.own_sd[:, k]
    if (own == design.sd[k]).all():
        return {}
    rows = zip(design.arms, own, strict=True)
    return {"sd_by_arm": {arm: dict(zip(design.visits, _rounded(row), strict=True)) for arm, row in rows}}


def _rounded(values: Any) -> list[float]:
    return [round(float(value), 6) for value in values]
