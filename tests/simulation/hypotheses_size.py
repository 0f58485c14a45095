"""Type I error and coverage under looks and graphs by simulation: the draws, what is counted.

Run as a script it makes the tables of docs/methods/hypotheses-size.md:

    python -m tests.simulation.hypotheses_size --replicates 20000 --write docs/methods/hypotheses-size.md
"""

from __future__ import annotations

import numpy as np

from coxa.hypotheses import (
    Graph,
    SequentialDesign,
    closure,
    graph,
    graph_test,
    holm,
    sequential_design,
    sequential_inference,
)
from tests.simulation.written import write_page

ALPHA = 0.025
LOOKS = (0.4, 0.7, 1.0)
DESIGNS = ("obrien_fleming", "pocock", "ld_obrien_fleming", "ld_pocock", "hwang_shih_decani")
EFFECTS = (0.0, 1.5, 3.0)
"""Of E[Z] at the full information."""
PER_LOOK = 400
"""Trials of an effect whose limits are found at most: each takes integrals."""


def statistics(effect: float, replicates: int, seed: int, fractions: tuple[float, ...] = LOOKS) -> np.ndarray:
    """Return (R, K) statistics of a Brownian motion with drift."""
    rng = np.random.default_rng([seed, round(100 * effect)])
    steps = np.diff(fractions, prepend=0.0)
    score = np.cumsum(rng.normal(size=(replicates, len(steps))) * np.sqrt(steps) + effect * steps, axis=1)
    return np.asarray(score / np.sqrt(fractions))


def looks_row(name: str, effect: float, replicates: int, seed: int = 5) -> dict[str, float]:
    """Return rejections, coverage and share of estimates above the truth, of one design and effect."""
    design = sequential_design(LOOKS, name)
    z = statistics(effect, replicates, seed)
    rejected = (z >= np.array(design.upper)).any(axis=1).mean()
    some = z[: min(replicates, PER_LOOK)]
    covered, above, naive = zip(*(_inside(design, row, effect) for row in some), strict=True)
    return {"rejected": rejected, "covered": np.mean(covered), "above": np.mean(above), "naive": np.mean(naive)}


def _inside(design: SequentialDesign, z: np.ndarray, effect: float) -> tuple[bool, bool, bool]:
    crossed = np.flatnonzero(z >= np.array(design.upper))
    taken = int(crossed[0]) + 1 if len(crossed) else len(z)
    found = sequential_inference(design, list(map(float, z[:taken])), list(LOOKS[:taken]))
    return found.conf_low <= effect <= found.conf_high, found.estimate > effect, found.naive > effect


GRAPHS: dict[str, Graph] = {
    "Holm, three": holm(("a", "b", "c")),
    "two with 0.8 and 0.2": graph({"a": 0.8, "b": 0.2}, {"a": {"b": 1}, "b": {"a": 1}}),
    "gatekeeping, two and two": graph(
        {"a": 0.5, "b": 0.5, "c": 0.0, "d": 0.0},
        {"a": {"c": 1}, "b": {"d": 1}, "c": {"b": 1}, "d": {"a": 1}},
    ),
}


def graph_row(name: str, test: str, correlation: float, replicates: int, seed: int = 7) -> tuple[float, float]:
    """Return the share of trials with a false rejection: where all are null, and where the first is not."""
    made = GRAPHS[name]
    m = len(made.names)
    cov = np.full((m, m), correlation) + (1 - correlation) * np.eye(m)
    z = np.random.default_rng([seed, m]).multivariate_normal(np.zeros(m), cov, size=replicates)
    shares = []
    for first in (0.0, 4.0):
        p = 1 - _normal(z + first * (np.arange(m) == 0))
        null = made.names if first == 0 else made.names[1:]
        shares.append(np.mean([any(one in _rejected(made, row, test, cov) for one in null) for row in p]))
    return shares[0], shares[1]


def _normal(z: np.ndarray) -> np.ndarray:
    from scipy.special import ndtr

    return np.asarray(ndtr(z))


def _rejected(made: Graph, p: np.ndarray, test: str, correlation: np.ndarray) -> tuple[str, ...]:
    if p.min() > ALPHA:
        return ()
    values = dict(zip(made.names, map(float, p), strict=True))
    if test == "bonferroni":
        return graph_test(made, values, alpha=ALPHA).rejected
    adjusted = closure(made, values, test=test, correlation=correlation).adjusted
    return tuple(name for name, one in adjusted.items() if one <= ALPHA)


PAGE = """# Looks and graphs, by simulation

Looks at 0.4, 0.7 and 1 of the information at a one-sided level of 0.025, {replicates:,} trials of each line for
rejections and {some:,} for limits. Drift: E[Z] at the full information; 0 is no effect, so that rejected is the type I
error there. Coverage: of the stage-wise 95% limits. Above: estimates above the truth, median-unbiased and as if there
had been one look. Standard error of 2.5% by chance: {error:.2%}; of 95%: {wide:.1%}; of 50%: {half:.1%}.

| boundary | drift | rejected | coverage | above, median-unbiased | above, one look |
|---|---|---|---|---|---|
{looks}

Graphs at 0.025, {replicates:,} trials, statistics with equal correlation: the share with any false rejection where no
hypothesis has an effect, and where the first has one of 4 standard errors.

| graph | test | correlation | none has an effect | the first has one |
|---|---|---|---|---|
{graphs}

Made by `python -m tests.simulation.hypotheses_size --replicates {replicates} --write docs/methods/hypotheses-size.md`.
"""


def page(replicates: int) -> str:
    """Return the page."""
    lines = []
    for name in DESIGNS:
        for effect in EFFECTS:
            row = looks_row(name, effect, replicates)
            lines.append(
                f"| `{name}` | {effect:g} | {row['rejected']:.2%} | {row['covered']:.1%} | {row['above']:.1%} | "
                f"{row['naive']:.1%} |"
            )
    graphs = []
    for name in GRAPHS:
        for test in ("bonferroni", "simes"):
            for correlation in (0.0, 0.5):
                none, one = graph_row(name, test, correlation, replicates)
                graphs.append(f"| {name} | {test} | {correlation:g} | {none:.2%} | {one:.2%} |")
    some = min(replicates, PER_LOOK)
    return PAGE.format(
        replicates=replicates, some=some, error=np.sqrt(0.025 * 0.975 / replicates), wide=np.sqrt(0.05 * 0.95 / some),
        half=0.5 / np.sqrt(some), looks="\n".join(lines), graphs="\n".join(graphs),
    )  # fmt: skip


if __name__ == "__main__":
    write_page(page, 20_000)
