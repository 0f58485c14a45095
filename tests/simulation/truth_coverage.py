"""Is the truth of a plan covered as often as its intervals say? The plan's own analyses on its own simulated trials.

python -m tests.simulation.truth_coverage [--replicates N] [--write docs/power-coverage.md]
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from pathlib import Path

import pandas as pd

import coxa
from coxa.study import Study

ROOT = Path(__file__).parents[2]
PAGE = """# Coverage of the truth by the plans' own analyses

Written by `python -m tests.simulation.truth_coverage --write docs/power-coverage.md` (`nox -s simulation`):
{replicates:,} simulated trials of each plan, seed {seed}, each analysed as its report would be. `coverage` is the share
of 95% intervals with the estimand's truth inside, with its Monte Carlo error; `bias` is in units of the outcome. Where
the assumptions have therapists or sites that an analysis leaves out, its intervals are too narrow, and the table shows
it.

{table}
"""


def plans() -> Iterator[tuple[str, Study, list[int], list[str]]]:
    """Yield name, plan, numbers of participants and analyses."""
    example = coxa.read_study(ROOT / "analyses" / "hip_oa_trial" / "study.yaml")
    yield "hip_oa_trial", example, [189], ["primary", "ancova"]
    for name in ("harris-hayes-2020", "krauss-2014", "moa-2013"):
        study = coxa.preset(name)
        yield name, study, [sum_of(study)], list(study.analyses)[:2]


def sum_of(study: Study) -> int:
    """Return the participants of a plan, all arms together."""
    return coxa.simulate.trial_design(study).n


def rows(replicates: int, seed: int) -> pd.DataFrame:
    """Return one row per plan, analysis and comparison."""
    found = []
    for name, study, n, analyses in plans():
        frame = coxa.simulated_power(study, n, replicates=replicates, seed=seed, analyses=analyses).frame
        found.append(frame.assign(plan=name))
    return pd.concat(found, ignore_index=True)


def page(table: pd.DataFrame, replicates: int, seed: int) -> str:
    """Return the rows as a page of documentation."""
    head = [
        "| plan | analysis | comparison | n | truth | bias | coverage, % | power, % |",
        "|---|---|---|---|---|---|---|---|",
    ]
    lines = (
        f"| {row['plan']} | {row['analysis']} | {row['arm']} against {row['reference']}, {row['visit']} "
        f"| {row['n']} | {row['truth']:.2f} | {row['bias']:.2f} ± {row['bias_error']:.2f} "
        f"| {100 * row['coverage']:.1f} ± {100 * row['coverage_error']:.1f} | {100 * row['power']:.1f} |"
        for row in table.to_dict("records")
    )
    return PAGE.format(replicates=replicates, seed=seed, table="\n".join([*head, *lines]))


def main() -> None:
    """Write the page, or print it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--replicates", type=int, default=2_000)
    parser.add_argument("--seed", type=int, default=20261125)
    parser.add_argument("--write", type=Path)
    asked = parser.parse_args()
    text = page(rows(asked.replicates, asked.seed), asked.replicates, asked.seed)
    print(text)  # noqa: T201
    if asked.write:
        asked.write.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
