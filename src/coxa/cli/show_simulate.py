"""How a simulated trial looks in a terminal."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.table import Table
from rich.text import Text

from coxa.cli.show import console
from coxa.simulate.truth import OF_FACTORS

if TYPE_CHECKING:
    from coxa.simulate import SimulatedRegistry
    from coxa.simulate.from_plan.trial import SimulatedTrial


def show_tables(trial: SimulatedTrial) -> None:
    """Print participants per arm and rows per table."""
    study = trial.design.study
    arms = [f"{study.label('arms', arm)} {number}" for arm, number in trial.allocated.items()]
    rows = [f"{name} {len(frame)}" for name, frame in trial.tables.items()]
    console().print(Text(f"participants: {', '.join(arms)}"), soft_wrap=True)
    console().print(Text(f"rows: {', '.join(rows)}"), soft_wrap=True)


def show_outside(trial: SimulatedTrial) -> None:
    """Print how many values of a continuous scale lie outside its range, which `coxa check` will not accept."""
    design = trial.design
    for k, (name, scale) in enumerate(zip(design.outcomes, design.scales, strict=True)):
        value = trial.drawn.value[:, k]
        outside = int(((value < scale.low) | (value > scale.high)).sum())
        if outside:
            text = f"note: {outside} values of {name} lie outside its range; `scale: bounded` cuts them at its ends"
            console().print(Text(text, style="yellow"), soft_wrap=True)


def show_truth(trial: SimulatedTrial) -> None:
    """Print the value of each estimand, and how it was obtained."""
    study = trial.design.study
    table = Table(box=None, pad_edge=False, header_style="bold", title="Truth", title_justify="left")
    for name in ("estimand", "outcome", "visit", "comparison"):
        table.add_column(name, overflow="fold")
    for name in ("true difference", "Monte Carlo error"):
        table.add_column(name, justify="right", no_wrap=True)
    for one in trial.truth.values:
        sides = (one.arm, one.reference)
        of_factors = one.term in OF_FACTORS
        arms = [side.replace("_", " ") if of_factors else study.label("arms", side) for side in sides]
        digits = 4 if one.measure == "responder" else 3
        error = "exact" if one.obtained == "exact" else f"{one.monte_carlo_error:.{digits}f}"
        table.add_row(
            Text(one.estimand),
            Text(f"{study.label('outcomes', one.outcome)}, {one.measure.replace('_', ' ')}"),
            Text(study.label("visits", one.visit)),
            Text(" against ".join(arms)),
            Text(f"{one.value:.{digits}f}"),
            Text(error),
        )
    console().print(table)
    console().print(Text(f"{trial.truth.how}.", style="dim"), soft_wrap=True)


def show_registry(registry: SimulatedRegistry) -> None:
    """Print the truth of each clinic of a simulated registry."""
    table = Table(box=None, pad_edge=False, header_style="bold", title="Truth", title_justify="left")
    for name in ("clinic", "planted"):
        table.add_column(name, overflow="fold")
    heads = ("effect", "with its therapists", "episodes due", "change", "standardised change", "complete")
    for name in heads:
        table.add_column(name, justify="right")
    for row in registry.truth.clinics.to_dict("records"):
        numbers = [f"{row[name]:.2f}" for name in ("effect", "effect_with_therapists", "change", "standardised")]
        numbers.insert(2, str(row["n"]))
        table.add_row(row["clinic"], row["planted"], *numbers, f"{row['complete']:.0%}")
    console().print(table)
    console().print(Text(f"{registry.truth.how}.", style="dim"), soft_wrap=True)
