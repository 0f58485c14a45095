"""Where hypotheses and interim looks of a plan do not fit its analyses."""

from __future__ import annotations

from collections.abc import Iterator

from coxa.errors import not_allowed
from coxa.study.analysis import Margin
from coxa.study.base import Problem
from coxa.study.comparative import ComparativeStudy
from coxa.study.hypotheses import Hypothesis


def hypothesis_problems(study: ComparativeStudy) -> Iterator[Problem]:
    """Yield where hypotheses and looks do not fit the rest of a plan."""
    if study.interim is not None and not study.words.allocates:
        yield Problem(("interim",), "interim looks are of a randomised trial; remove them")
    if study.interim is not None and study.interim.participants is None and study.assumptions is None:
        yield Problem(
            ("interim", "participants"),
            "the fraction of a look is of the participants at the final analysis, and the plan has none; add "
            "`participants: 200`",
        )
    written = study.hypotheses.tested if study.hypotheses else {}
    for name, one in written.items():
        yield from _problems_of(study, one, ("hypotheses", "tested", name))
    if study.interim is not None and study.hypotheses is None and study.analyses:
        yield from _main_problems(study)


def _main_problems(study: ComparativeStudy) -> Iterator[Problem]:
    first = next((name for name, one in study.analyses.items() if one.role == "primary"), next(iter(study.analyses)))
    yield from _problems_of(study, Hypothesis(analysis=first), ("interim",))


def _problems_of(study: ComparativeStudy, one: Hypothesis, at: tuple[str, ...]) -> Iterator[Problem]:
    """Yield where a hypothesis does not name one comparison of the plan."""
    analysis = study.analyses.get(one.analysis)
    if analysis is None:
        yield Problem((*at, "analysis"), not_allowed("analysis", one.analysis, study.analyses))
        return
    estimand = study.estimands.get(analysis.estimand)
    if estimand is None:
        return
    yield from _margin_problems(study, one.analysis, analysis.margin, at)
    for key, given, there in (
        ("arm", one.arm, estimand.treatment.compare),
        ("visit", one.visit, estimand.endpoint.visit),
    ):
        if given is None and len(there) > 1:
            yield Problem(
                (*at, key) if at[0] == "hypotheses" else at,
                f"analysis {one.analysis} has comparisons of several {key}s ({', '.join(there)}), and a hypothesis is "
                f"one comparison; name it under `hypotheses: tested:` with `{key}: {there[0]}`",
            )
        elif given is not None and given not in there:
            yield Problem((*at, key), not_allowed(key, given, there))
    if analysis.multiplicity != "none":
        yield Problem(
            ("analyses", one.analysis, "multiplicity"),
            f"the hypotheses of the plan already share its level, and analysis {one.analysis} adjusts with "
            f"{analysis.multiplicity} again; write `multiplicity: none`",
        )


def _margin_problems(
    study: ComparativeStudy, name: str, margin: Margin | None, at: tuple[str, ...]
) -> Iterator[Problem]:
    """Yield where the margin of an analysis does not go with looks and a level that is shared."""
    if margin is None:
        return
    if margin.type == "equivalence":
        yield Problem(
            (*at, "analysis") if at[0] == "hypotheses" else at,
            f"analysis {name} has a margin for equivalence, which is two tests, and hypotheses and looks are of one; "
            "use `type: noninferiority`, or name another analysis",
        )
    written = study.hypotheses
    if written is not None and margin.alpha is not None and margin.alpha != written.alpha:
        yield Problem(
            ("analyses", name, "margin", "alpha"),
            f"the hypotheses of the plan share a level of {written.alpha:g}, and the margin of analysis {name} has "
            f"one of {margin.alpha:g}; remove `alpha` of the margin",
        )
