"""Balance and predictability of schemes side by side.

Run as a script it makes the table of docs/randomisation.md:

    python -m tests.simulation.randomisation_schemes --draws 5000 --write docs/randomisation.md
"""

from __future__ import annotations

import argparse
from pathlib import Path

from coxa.allocation.schemes import Scheme, factors_of, in_words
from coxa.design import BiasedCoin, Minimisation, PermutedBlocks, Simple, Stratified, balance, predictability
from tests.simulation.between import write_between

N = 96
TWO = {"usual_care": 1, "exercise": 1}
FACTORS = {"site": ("a", "b", "c"), "sex": ("female", "male"), "severity": ("low", "high")}
SCHEMES: tuple[Scheme, ...] = (
    Simple(TWO),
    PermutedBlocks(TWO, (4,)),
    PermutedBlocks(TWO, (4, 6, 8)),
    Stratified(PermutedBlocks(TWO, (4,)), FACTORS),
    BiasedCoin(TWO, FACTORS, probability=0.8),
    Minimisation(TWO, FACTORS, probability=0.8),
    Minimisation(TWO, FACTORS, probability=1),
)


def table(replicates: int, seed: int) -> str:
    """Return one line per scheme."""
    lines = [
        f"{N} participants, two arms 1:1, 12 strata of like size, {replicates:,} lists, seed {seed}; Monte Carlo "
        "standard error of a departure at most 0.05, of a share at most 0.1%.",
        "",
        "| scheme | off in all: mean, 95% at most | off in the worst site | right: who knows most | who only counts |",
        "|---|---|---|---|---|",
    ]
    for scheme in SCHEMES:
        within = balance(scheme, N, replicates=replicates, seed=seed).frame.set_index("within")
        knowing, counting = (
            predictability(scheme, N, replicates=replicates, seed=seed, sees=sees) for sees in (None, "all")
        )
        assert within["mc_error"].max() <= 0.05
        assert max(knowing.mc_error, counting.mc_error) <= 0.001
        site = f"{within.loc['site', 'mean']:.1f}" if factors_of(scheme) else ""
        whole = f"{within.loc['all', 'mean']:.1f}, {within.loc['all', 'p95']:.0f}"
        words = in_words(scheme).split(";")[0]
        lines.append(f"| {words} | {whole} | {site} | {knowing.share:.1%} | {counting.share:.1%} |")
        print(lines[-1], flush=True)  # noqa: T201
    return "\n".join(lines)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--draws", type=int, default=5_000)
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--write", type=Path)
    asked = parser.parse_args()
    lines = table(asked.draws, asked.seed)
    if asked.write:
        write_between(asked.write, lines)


if __name__ == "__main__":
    main()
