"""Run `python -m benchmarks.wedges [replicates] [first] [last]`: size, bias and coverage of clusters in periods."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from coxa.analyses.cluster_periods import permuted
from coxa.analyses.planned import run_analysis
from coxa.analyses.rows import SimulatedRows
from coxa.errors import CoxaError
from coxa.simulate import draw_outcomes, estimand_frame, trial_design
from coxa.simulate.from_plan.truths import true_values
from coxa.study.comparative import ComparativeStudy
from coxa.study.reading.read import parse_study

PLAN = Path(__file__).parents[1] / "analyses" / "stepped_wedge" / "study.yaml"
NONE = (("programme: -8", "programme: 0"), ("treatments: {programme: 0.6}", "treatments: {programme: 0}"))
GROWS = (("programme: -8", "programme: [-2, -4, -6, -8]"),)
DECAYS = (("autocorrelation: 0.7", "autocorrelation: 0.7, decays: true"),)
STRONG = ("icc: 0.05", "icc: 0.2")
BACK = (
    ("design: stepped_wedge", "design: cluster_crossover"),
    ("crosses: {step_1: 2, step_2: 3, step_3: 4, step_4: 5}",
     "sequences: {step_1: [usual, programme, usual, programme, usual], step_2: [programme, usual, programme, usual, "
     "programme], step_3: [usual, programme, usual, programme, usual], step_4: [programme, usual, programme, usual, "
     "programme]}"),
)  # fmt: skip


def clusters(per_sequence: int) -> tuple[tuple[str, str], ...]:
    """Return what is written in place of what for so many clinics in each sequence, 10 participants in each cell."""
    return (("number: 3,", f"number: {per_sequence},"), ("participants: 600", f"participants: {per_sequence * 200}"))


SETTINGS: dict[str, tuple[tuple[tuple[str, str], ...], tuple[str, ...]]] = {
    "12 clinics, as planned": ((), ("primary",)),
    "8 clinics, no effect": ((*NONE, *clusters(2)), ("primary", "exchangeable", "walking", "permutation")),
    "12 clinics, no effect": (NONE, ("primary", "exchangeable", "walking")),
    "20 clinics, no effect": ((*NONE, *clusters(5)), ("primary", "walking")),
    "12 clinics, effect grows": (GROWS, ("primary", "by_exposure")),
    "12 clinics, no effect, decay": ((*NONE, *DECAYS), ("primary", "exchangeable", "permutation")),
    "8 clinics, no effect, decay": ((*NONE, *DECAYS, *clusters(2)), ("primary", "permutation")),
    "12 clinics, no effect, decay, ICC 0.2": ((*NONE, *DECAYS, STRONG), ("primary", "exchangeable", "permutation")),
    "cluster crossover, 8 clinics, no effect": ((*NONE, *BACK, *clusters(2)), ("primary",)),
}
"""Setting -> what is written in place of what, and the analyses."""


def study_of(pairs: tuple[tuple[str, str], ...]) -> ComparativeStudy:
    """Return the plan of a setting."""
    text = PLAN.read_text(encoding="utf-8")
    for old, new in pairs:
        if old not in text:
            raise ValueError(f"the plan has no {old!r}")
        text = text.replace(old, new)
    study = parse_study(text.encode())
    assert isinstance(study, ComparativeStudy)
    return study


def found(study: ComparativeStudy, analyses: tuple[str, ...], seed: int) -> Iterator[tuple[str, float, float, float]]:
    """Yield analysis, estimate and limits of one trial; NaN where there is no number."""
    design = trial_design(study)
    drawn = draw_outcomes(design, seed)
    for name in analyses:
        planned = study.planned("primary" if name == "permutation" else name)
        rows = SimulatedRows(estimand_frame(design, drawn, planned.estimand_name), planned.response)
        try:
            if name == "permutation":
                test = permuted(planned, rows)
                assert test is not None
                yield name, test.estimate, test.conf_low, test.conf_high
                continue
            _, estimates, _ = run_analysis(study, name, planned.analysis, rows)
        except CoxaError:
            yield name, np.nan, np.nan, np.nan
            continue
        row = planned.asked(estimates.frame, planned.effect.term).iloc[0]
        yield name, row["estimate"], row["conf_low"], row["conf_high"]


def main(replicates: int, first: int, last: int) -> None:
    """Print a row for each analysis of the settings from the first to the last, counted from 0."""
    print("| setting | analysis | trials | truth | bias (MC error) | coverage | significant |")
    print("|---|---|---|---|---|---|---|")
    for setting, (pairs, analyses) in list(SETTINGS.items())[first : last + 1]:
        study = study_of(pairs)
        truths = {value.estimand: value.value for value in true_values(trial_design(study)).values}
        rows = [one for seed in range(replicates) for one in found(study, analyses, 1000 + seed)]
        for name in analyses:
            numbers = np.array([one[1:] for one in rows if one[0] == name])
            numbers = numbers[np.isfinite(numbers[:, 0])]
            estimate, low, high = numbers.T
            truth = truths[study.planned("primary" if name == "permutation" else name).estimand_name]
            bias, error = estimate.mean() - truth, estimate.std(ddof=1) / np.sqrt(len(estimate))
            inside, shown = (low <= truth) & (truth <= high), (low > 0) | (high < 0)
            print(
                f"| {setting} | {name} | {len(estimate)} | {round(truth, 2) + 0.0:.2f} | {bias:+.3f} ({error:.3f}) | "
                f"{inside.mean():.1%} | {shown.mean():.1%} |",
                flush=True,
            )


if __name__ == "__main__":
    main(*(int(sys.argv[k]) if len(sys.argv) > k else other for k, other in ((1, 200), (2, 0), (3, 99))))
