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
        yield from _cost(plan)


def _cost(plan: ComparativeStudy) -> Iterator[str]:
    """Yield what the looks cost one hypothesis at the whole level."""
    from coxa.design.by_simulation.hypotheses import looks_cost

    for power, cost in looks_cost(plan).items():
        average = cost.average
        yield (
            f"  closed form, one hypothesis at power {100 * power:.0f}%: {cost.inflation:.4f} times the participants "
            f"of a trial without looks; expected {average[1.0]:.3f} times with the effect, {average[0.0]:.3f} without"
        )
