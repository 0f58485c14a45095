"""Size of tests against a margin, for every kind of model, by simulation: the truth of each plan is its margin.

Run as a script it makes the table of docs/methods/margins-size.md:

    python -m tests.simulation.margins_size --replicates 1000 --write docs/methods/margins-size.md
"""

from __future__ import annotations

import warnings
from pathlib import Path
from typing import Any

import yaml

from coxa.design import simulated_power
from coxa.design.by_simulation.comparisons import true_differences
from coxa.study.comparative import ComparativeStudy
from coxa.study.kinds import study_of
from tests.simulation.written import write_page

PLANS = Path(__file__).parents[2] / "analyses" / "outcomes"
CASES = (
    ("responders", "adjusted"),
    ("responders", "raw"),
    ("responders", "by_model"),
    ("responders", "falls"),
    ("flares", "flares"),
    ("flares", "flares_over_time"),
    ("flares", "injuries_again"),
    ("global_change", "odds"),
    ("global_change", "ranks"),
    ("return_to_sport", "hazard"),
    ("return_to_sport", "days"),
    ("return_to_sport", "share"),
)
"""Plan and analysis."""


def changed(plan: str, name: str, margin: dict[str, Any] | None) -> ComparativeStudy:
    """Return a plan of the folder with one analysis, and a margin of it."""
    raw = yaml.safe_load((PLANS / f"{plan}.yaml").read_text())
    options = {**raw["analyses"][name], "role": "primary", **({"margin": margin} if margin else {})}
    options.pop("relaxes", None)
    study = study_of({**raw, "analyses": {name: options}})
    assert isinstance(study, ComparativeStudy)
    return study


def at_the_truth(plan: str, name: str) -> tuple[ComparativeStudy, float]:
    """Return a plan whose margin is the true comparison, so that nothing is to be shown, and the truth."""
    plain = changed(plan, name, None)
    planned = plain.planned(name)
    truth = next(iter(true_differences(plain, [name]).values.values())).value
    effect = planned.effect
    better = (truth > effect.null) == planned.higher_is_better
    far = truth if effect.is_ratio else abs(truth - effect.null) * (100 if effect.scale == "points" else 1)
    return changed(plan, name, {"type": "superiority" if better else "noninferiority", "value": far}), truth


def row(plan: str, name: str, replicates: int, seed: int = 7) -> dict[str, Any]:
    """Return how often the margin at the truth is kept, of the trials that can be analysed, and how many cannot."""
    study, truth = at_the_truth(plan, name)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        found = simulated_power(study, replicates=replicates, seed=seed).frame.iloc[0]
    analysis = study.analyses[name]
    assert analysis.margin is not None
    return {
        "plan": plan,
        "model": analysis.model,
        "summary": study.planned(name).effect.words,
        "truth": truth,
        "claim": analysis.margin.type,
        "size": float(found["power"]),
        "coverage": float(found["coverage"]),
    }


PAGE = """# Size of tests against a margin, by simulation

Plans of `analyses/outcomes`, {replicates:,} trials each. The margin of each is its true comparison: what is to be
shown is not so, and would be shown in 2.5% of trials at the one-sided level of 0.025. Standard error of 2.5% by chance:
{size:.2f} points; of 95%: {wide:.2f} points.

{lines}

Made by `python -m tests.simulation.margins_size --replicates {replicates} --write docs/methods/margins-size.md`.
"""


def page(replicates: int) -> str:
    """Return the page."""
    lines = [
        "| plan | model | comparison | truth, and margin | claim | shown | coverage of 95% limits |",
        "|---|---|---|---|---|---|---|",
    ]
    for plan, name in CASES:
        one = row(plan, name, replicates)
        lines.append(
            f"| {one['plan']} | `{one['model']}` | {one['summary']} | {one['truth']:.3f} | {one['claim']} | "
            f"{100 * one['size']:.1f}% | {100 * one['coverage']:.1f}% |"
        )
    size, wide = (100 * (share * (1 - share) / replicates) ** 0.5 for share in (0.025, 0.05))
    return PAGE.format(replicates=replicates, size=size, wide=wide, lines="\n".join(lines))


if __name__ == "__main__":
    write_page(page, 1000)
