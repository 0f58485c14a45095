"""Bias and coverage of every analysis of the worked studies, as a page of the docs."""

from __future__ import annotations

from collections.abc import Hashable, Iterator, Mapping, Sequence
from math import isfinite
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

import coxa
from coxa.estimates.table import RATIOS
from coxa.simulate import trial_design, true_values
from coxa.study.comparative import ComparativeStudy
from tests.simulation import worked_registry
from tests.simulation.written import write_page

ANALYSES = Path(__file__).parents[2] / "analyses"
WORKED = ("hip_pain_athletes", "iliopsoas", "six_treatments", "runners_hips", "dose")
MORE = ("dose/mediation.yaml", "outcomes/*.yaml")
"""Plans of a folder that has several."""

SEED = 1
FOR_FINITE = 2_000
"""Participants of the run that tells which estimands have a truth."""

PAGE = """# Planted truths of the worked studies

{replicates:,} trials are simulated from the assumptions of each worked study, and each analysis is fitted as a report
fits it. `estimate` is the mean over the trials, of ratios the geometric mean. `bias` is its distance from the planted
truth, of ratios on the logarithmic scale, and `coverage` the share of 95% intervals with the truth inside, both with
their Monte Carlo errors. Intervals are of one comparison at a time: where a plan asks for simultaneous limits
(Dunnett), those of the report are wider. Comparisons of one study share their trials and mostly their reference arm, so
that their biases go up and down together.

{summary}

| study | analysis | comparison | truth | estimate | bias | coverage, % |
|---|---|---|---|---|---|---|
{lines}

{unknown}

{registry}
The command of this page:

    python -m tests.simulation.worked_studies --replicates {replicates} --write docs/worked-studies.md
"""


def plans() -> Iterator[tuple[str, ComparativeStudy]]:
    """Yield the folder or file of each worked study, and its plan."""
    files = [ANALYSES / name / "study.yaml" for name in WORKED]
    for file in [*files, *(file for pattern in MORE for file in sorted(ANALYSES.glob(pattern)))]:
        name = str(file.relative_to(ANALYSES)).removesuffix("/study.yaml").removesuffix(".yaml")
        study = coxa.read_study(file)
        assert isinstance(study, ComparativeStudy)
        yield name, one_at_a_time(study)


def one_at_a_time(study: ComparativeStudy) -> ComparativeStudy:
    """Return the plan with intervals that are not adjusted for the number of comparisons."""
    plain = {name: one.model_copy(update={"multiplicity": "none"}) for name, one in study.analyses.items()}
    return study.model_copy(update={"analyses": plain})


def known(study: ComparativeStudy) -> list[str]:
    """Return the analyses whose estimand has a truth at every comparison."""
    values = true_values(trial_design(study), n=FOR_FINITE).values
    unknown = {value.estimand for value in values if not isfinite(value.value)}
    return [name for name, analysis in study.analyses.items() if analysis.estimand not in unknown]


def unknown(study: ComparativeStudy) -> list[str]:
    """Return the other analyses."""
    return [name for name in study.analyses if name not in known(study)]


def rows(name: str, study: ComparativeStudy, replicates: int, n: int | None = None) -> pd.DataFrame:
    """Return one row per comparison with a truth: columns of `coxa.simulated_power`, `study` and `mean`."""
    frame = coxa.simulated_power(study, n, replicates=replicates, seed=SEED, analyses=known(study)).frame
    ratio = frame["term"].isin(RATIOS)
    mean = np.where(ratio, frame["truth"] * np.exp(frame["bias"]), frame["truth"] + frame["bias"])
    return frame.assign(study=name, mean=mean)


def line(row: Mapping[Hashable, Any]) -> str:
    """Return a comparison as a line of the table."""
    what = row["term"].replace("_", " ")
    return (
        f"| {row['study']} | {row['analysis']} | {row['arm']} against {row['reference']}, {row['visit']}, {what} "
        f"| {row['truth']:.3f} | {row['mean']:.3f} | {row['bias']:+.3f} ± {row['bias_error']:.3f} "
        f"| {100 * row['coverage']:.0f} ± {100 * row['coverage_error']:.1f} |"
    )


def summary(table: pd.DataFrame) -> str:
    """Return in words how many comparisons are off, and the coverage of all."""
    away = (table["bias"] / table["bias_error"]).abs()
    short = (table["coverage"] - 0.95).abs() / table["coverage_error"]
    return (
        f"Of {len(table)} comparisons, {(away > 2).sum()} have a bias beyond 2 Monte Carlo errors and "
        f"{(away > 4).sum()} beyond 4; the largest is {away.max():.1f}. Mean coverage is "
        f"{100 * table['coverage'].mean():.1f}%; {(short > 4).sum()} are further than 4 Monte Carlo errors from 95%. "
        f"{100 * (1 - table['converged'].mean()):.1f}% of the analyses gave no number."
    )


def page(
    replicates: int,
    studies: Sequence[tuple[str, ComparativeStudy]] = (),
    n: int | None = None,
    episodes: int | None = None,
) -> str:
    """Return the page, of all worked studies with their own numbers of participants and episodes unless given."""
    studies = studies or list(plans())
    table = pd.concat([rows(name, study, replicates, n) for name, study in studies], ignore_index=True)
    without = [f"`{analysis}` of {name}" for name, study in studies for analysis in unknown(study)]
    return PAGE.format(
        replicates=replicates,
        summary=summary(table),
        lines="\n".join(line(row) for row in table.to_dict("records")),
        unknown=f"Analyses whose estimand has no planted value: {', '.join(without) or 'none'}.",
        registry=worked_registry.section(replicates, episodes),
    )


if __name__ == "__main__":
    write_page(page, 100)
