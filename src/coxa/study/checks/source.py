"""Names in the published source of a plan's assumptions that the plan does not have."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from coxa.errors import not_allowed
from coxa.study.comparative import ComparativeStudy


def source_problems(study: ComparativeStudy) -> Iterator[tuple[tuple[str, ...], str]]:
    """Yield the names in a plan's source that are not in the plan, each with its path."""
    if study.source is None:
        return
    for place, figure in enumerate(study.source.figures):
        at = ("source", "figures", str(place))
        named: list[tuple[str, str | None, Iterable[str]]] = [
            ("outcome", figure.outcome, study.outcomes),
            ("visit", figure.visit, study.visits),
            ("arm", figure.arm, study.arms),
            ("against", figure.against, study.arms),
        ]
        for key, name, allowed in named:
            if name is not None and name not in allowed:
                yield (*at, key), not_allowed("arm" if key == "against" else key, name, allowed)
        outcome = study.outcomes.get(figure.outcome or "")
        if figure.kind in ("responders", "risk_difference") and outcome and outcome.response is None:
            yield (*at, "kind"), f"outcome {figure.outcome} has no `responder` rule; add one to the outcome"
        if figure.kind == "interaction" and study.design != "factorial":
            yield (*at, "kind"), "an interaction belongs to a factorial design; write `design: factorial`"
