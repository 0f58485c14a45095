"""How the power of hypotheses and looks appears in a terminal."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import typer

if TYPE_CHECKING:
    from coxa.design.by_simulation.hypotheses import HypothesisPower
    from coxa.study.comparative import ComparativeStudy


def show_hypotheses(plan: ComparativeStudy, found: HypothesisPower) -> None:
    """Print how often each hypothesis is rejected by look, any and all, and what the looks cost in closed form."""
    for line in hypothesis_lines(plan, found):
        typer.echo(line)


def hypothesis_lines(plan: ComparativeStudy, found: HypothesisPower) -> Iterator[str]:
    """Yield the lines of `show_hypotheses`."""
    from coxa.study.tested import hypothesis_label

    yield f"hypotheses of the plan, {found.replicates} trials, one-sided:"
    for name, rows in found.frame.groupby("hypothesis", sort=False):
        by_look = ", ".join(
            f"{100 * row['power']:.1f}% +- {100 * row['power_error']:.1f} (n {row['n']})"
            for row in rows.to_dict("records")
        )
        yield f"  {hypothesis_label(plan, str(name))}: rejected by {by_look}"
    for row in found.together.to_dict("records"):
        yield (
            f"  any {100 * row['any']:.1f}% +- {100 * row['any_error']:.1f}, all {100 * row['all']:.1f}% +- "
            f"{100 * row['all_error']:.1f}, expected participants {row['expected_n']:.1f} of {row['n']}"
        )
    if found.failed:
        yield f"  {found.failed} trials gave no test at some look; they count as not rejecting"
    if plan.interim is not None:
        yield from _closed_form(plan, int(found.together["n"].iloc[-1]))
        yield from _cost(plan)


def _closed_form(plan: ComparativeStudy, n: int) -> Iterator[str]:
    """Yield the power by look of each hypothesis that has a closed form, at its share of the level at the start."""
    from coxa.design.closed_form.of_looks import power_with_looks
    from coxa.study.margin import claim_words, margin_words
    from coxa.study.tested import hypothesis_label, tested

    asked = tested(plan)
    assert asked is not None
    for name, one in power_with_looks(plan, n).items():
        planned = plan.planned(asked.tested[name].analysis)
        against = "" if planned.analysis.margin is None else f" against a margin of {margin_words(planned)}"
        by_look = ", ".join(f"{100 * share:.1f}%" for share in one.frame["power"])
        yield f"  closed form, {hypothesis_label(plan, name)}, {claim_words(planned)}{against}: shown by {by_look}"


def _cost(plan: ComparativeStudy) -> Iterator[str]:
    """Yield what the looks cost one hypothesis at the whole level."""
    from coxa.design.by_simulation.hypotheses import looks_cost

    nothing = "without" if plan.main_analysis.analysis.margin is None else "at the margin"
    for power, cost in looks_cost(plan).items():
        average = cost.average
        yield (
            f"  closed form, one hypothesis at power {100 * power:.0f}%: {cost.inflation:.4f} times the participants "
            f"of a trial without looks; expected {average[1.0]:.3f} times with the effect, {average[0.0]:.3f} {nothing}"
        )
