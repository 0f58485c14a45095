"""Non-inferiority with looks by simulation: how often it is shown where the truth is at the margin, and within it.

Run as a script it makes docs/methods/margin-looks-size.md:

    python -m tests.simulation.margin_looks_size --replicates 2000 --write docs/methods/margin-looks-size.md
"""

from __future__ import annotations

from pathlib import Path

import numpy as np

import coxa
from coxa.design import power_with_looks, simulated_hypotheses
from coxa.simulate import trial_design, true_values
from coxa.study.comparative import ComparativeStudy
from tests.simulation.written import write_page

PLAN = Path(__file__).parents[2] / "analyses" / "noninferiority" / "study.yaml"
BOUNDARIES = ("ld_obrien_fleming", "ld_pocock")
EFFECTS = (-6.078, -0.5)
"""Assumed differences, less is worse. The ends of the scale bring them nearer to 0, the first of them to the margin."""
SIZES = (60, 240)


def plan_with(boundary: str, difference: float) -> ComparativeStudy:
    """Return the worked plan with other boundaries, another truth, and no stop for futility."""
    study = coxa.read_study(PLAN)
    looks = tuple(look.model_copy(update={"futility": None}) for look in study.interim.looks)
    interim = study.interim.model_copy(update={"boundary": boundary, "looks": looks})
    pain = study.assumptions.outcomes["pain"].model_copy(update={"mean_change": {"home": difference}})
    assumed = study.assumptions.model_copy(update={"outcomes": {"pain": pain}})
    return study.model_copy(update={"interim": interim, "assumptions": assumed})


def shown(boundary: str, difference: float, n: int, replicates: int) -> tuple[list[float], list[float]]:
    """Return the shares of trials in which non-inferiority is shown by each look: simulated, and in closed form."""
    plan = plan_with(boundary, difference)
    found = simulated_hypotheses(plan, n, replicates=replicates, seed=11)
    return found.frame["power"].tolist(), power_with_looks(plan, n)["pain"].frame["power"].tolist()


PAGE = """# Non-inferiority with looks, by simulation

Trials of [analyses/noninferiority](../../analyses/noninferiority) (analysis of covariance, margin of 6 points, looks
at 0.5, 0.75 and 1, one-sided level of 0.025), without stops for futility; {replicates:,} trials of each line. Where the
true difference is at the margin, non-inferiority is shown wrongly. Closed form: `power_with_looks`. Standard error of
2.5% by chance: {error:.2%}; of 85%: {wide:.1%}. The statistic is the normal one with the p-value of a t test; a first
look at 30 participants has it a little too rarely beyond a far boundary, which the closed form does not know.

| boundary | n | true difference | shown by look 1 | by look 2 | by the end | closed form |
|---|---|---|---|---|---|---|
{lines}

Made by
`python -m tests.simulation.margin_looks_size --replicates {replicates} --write docs/methods/margin-looks-size.md`.
"""


def page(replicates: int) -> str:
    """Return the page."""
    lines = []
    for boundary in BOUNDARIES:
        for n in SIZES:
            for difference in EFFECTS:
                simulated, closed = shown(boundary, difference, n, replicates)
                shares = " | ".join(f"{share:.1%}" for share in simulated)
                formula = ", ".join(f"{share:.1%}" for share in closed)
                true = true_values(trial_design(plan_with(boundary, difference), n), n=1_000_000).values[0].value
                lines.append(f"| `{boundary}` | {n} | {true:.2f} | {shares} | {formula} |")
    return PAGE.format(
        replicates=replicates, lines="\n".join(lines), error=np.sqrt(0.025 * 0.975 / replicates),
        wide=np.sqrt(0.85 * 0.15 / replicates),
    )  # fmt: skip


if __name__ == "__main__":
    write_page(page, 2_000)
