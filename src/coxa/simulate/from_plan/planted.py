"""The generator's parameters as plain numbers and words, for `truth.json`."""

from __future__ import annotations

from typing import Any

from coxa.simulate.from_plan.design import TrialDesign


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
            "correlation": [_rounded(row) for row in own / design.sd[k][:, None] / design.sd[k]],
        }
    return {
        "participants": dict(zip(design.arms, map(int, design.numbers), strict=True)),
        "visits": visits,
        "outcomes": outcomes,
        "correlation_of_outcomes": [_rounded(row) for row in design.between],
        "assumptions": part.model_dump(mode="json", exclude_none=True),
    }


def _rounded(values: Any) -> list[float]:
    return [round(float(value), 6) for value in values]
