"""Run `python -m benchmarks.designs [replicates]`: type I error, bias and coverage of trials in periods."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

from coxa.design import simulated_power
from coxa.study.comparative import ComparativeStudy
from coxa.study.reading.read import parse_study

FOLDER = Path(__file__).parents[1] / "analyses"
SEED = 11

ANALYSES = {
    "crossover/study.yaml": ("primary",),
    "crossover/starts.yaml": ("primary", "unadjusted"),
    "crossover/williams.yaml": ("primary", "carry_over"),
}
"""Plan -> the analyses that are simulated."""

PLANS: dict[str, dict[str, tuple[tuple[str, str], ...]]] = {
    "crossover/study.yaml": {
        "as planned": (),
        "no effect": (("treatments: {tape: -7}", "treatments: {tape: 0}"),),
        "no effect, 12 participants": (
            ("treatments: {tape: -7}", "treatments: {tape: 0}"),
            ("participants: 44", "participants: 12"),
        ),
        "no effect, a quarter leaves": (
            ("treatments: {tape: -7}", "treatments: {tape: 0}"),
            ("probability: 0.1", "probability: 0.25"),
        ),
        "carry-over of 4": (("treatments: {tape: -7}", "treatments: {tape: -7}\n      carry_over: {tape: -4}"),),
    },
    "crossover/starts.yaml": {
        "as planned": (),
        "no effect": (("treatments: {tape: -7}", "treatments: {tape: 0}"),),
    },
    "crossover/williams.yaml": {"as planned, carry-over of 2": ()},
}
"""Plan -> setting -> what is written in place of what."""


def settings() -> Iterator[tuple[str, str, ComparativeStudy]]:
    """Yield the plan, the setting and its study."""
    for name, changes in PLANS.items():
        text = (FOLDER / name).read_text(encoding="utf-8")
        for setting, pairs in changes.items():
            changed = text
            for old, new in pairs:
                if old not in changed:
                    raise ValueError(f"{name} has no {old!r}")
                changed = changed.replace(old, new)
            study = parse_study(changed.encode())
            assert isinstance(study, ComparativeStudy)
            yield name, setting, study


def main(replicates: int) -> None:
    """Print a row for each comparison of each analysis."""
    print("| plan | setting | analysis | treatment | truth | bias (MC error) | coverage | significant |")
    print("|---|---|---|---|---|---|---|---|")
    for name, setting, study in settings():
        found = simulated_power(study, analyses=ANALYSES[name], replicates=replicates, seed=SEED)
        for row in found.frame.to_dict("records"):
            print(
                f"| {name} | {setting} | {row['analysis']} | {row['arm']} | {row['truth']:.2f} | {row['bias']:+.2f} "
                f"({row['bias_error']:.2f}) | {row['coverage']:.1%} | {row['power']:.1%} |",
                flush=True,
            )


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 200)
