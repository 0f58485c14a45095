"""Run `python -m benchmarks.missing_days [replicates]`: bias by days that are not written, and how far it is mended."""

from __future__ import annotations

import sys
from collections import defaultdict
from pathlib import Path
from typing import Any

import numpy as np
import yaml

from coxa.analyses.missing_days import entry_model, under_assumptions
from coxa.analyses.planned import run_analysis
from coxa.analyses.rows import SimulatedRows
from coxa.errors import CoxaError
from coxa.simulate import draw_outcomes, estimand_frame, trial_design, true_values
from coxa.study.comparative import ComparativeStudy
from coxa.study.kinds import study_of

PLAN = Path(__file__).parents[1] / "analyses" / "steady_days" / "study.yaml"
ARMS = {"usual_care": 0.35, "exercise": 0.1}
SETTINGS: dict[str, tuple[dict[str, Any], float]] = {
    "at random, a quarter": ({"single": 0.25}, 0.2),
    "after bad days, a third and a tenth": ({"single_by_arm": ARMS, "yesterday": 2.0}, 0.6),
    "on bad days, a third and a tenth": ({"single_by_arm": ARMS, "today": 2.0}, 0.2),
    "on bad days, a third and a tenth, days alike": ({"single_by_arm": ARMS, "today": 2.0}, 0.6),
}
"""Which days are not written -> assumptions, and the correlation of a participant's days."""

DELTA = 1.0


def plan_of(missing: dict[str, Any], correlation: float) -> ComparativeStudy:
    """Return the worked plan with other missing days."""
    written = yaml.safe_load(PLAN.read_text(encoding="utf-8"))
    written["assumptions"]["participants"] = 160
    diary = written["assumptions"]["diary"]
    diary["missing"] = {"run": 0.0, **missing}
    diary["pain"]["day_correlation"] = correlation
    written["analyses"]["level"]["missing_days"] = {"delta": DELTA, "imputations": 3}
    study = study_of(written)
    assert isinstance(study, ComparativeStudy)
    return study


def main(replicates: int) -> None:
    """Print a row for each setting and analysis: bias and coverage of the level and of the ratio of SDs."""
    print("| days not written | analysis | level, bias | coverage | ratio of SDs, bias in % | coverage |")
    print("|---|---|---|---|---|---|")
    for setting, (missing, correlation) in SETTINGS.items():
        study = plan_of(missing, correlation)
        design = trial_design(study)
        truth = {one.estimand: one.value for one in true_values(design).values}
        kept: dict[str, list[tuple[float, ...]]] = defaultdict(list)
        for replicate in range(replicates):
            frame = estimand_frame(design, draw_outcomes(design, seed=1_000 + replicate), "level")
            rows, planned = SimulatedRows(frame, "value"), study.planned("level")
            try:
                fits = run_analysis(study, "level", planned.analysis, rows, comparisons_only=True)[0]
                found = list(under_assumptions(planned, fits[0], rows.analysed, entry_model(planned, frame, "week_8")))
            except CoxaError:
                continue
            for one in found:
                kept[one.label].append(
                    (
                        one.level[0] - truth["level"],
                        one.level[1] <= truth["level"] <= one.level[2],
                        np.log(one.ratio[0] / truth["variability"]),
                        one.ratio[1] <= truth["variability"] <= one.ratio[2],
                    )
                )
        for label, values in kept.items():
            table = np.array(values, dtype=float)
            mean, error = table.mean(axis=0), table.std(axis=0, ddof=1) / np.sqrt(len(table))
            print(
                f"| {setting} | {label[:1].lower() + label[1:]} | {mean[0]:+.3f} ± {error[0]:.3f} | {mean[1]:.0%} "
                f"| {100 * mean[2]:+.1f} ± {100 * error[2]:.1f} | {mean[3]:.0%} |",
                flush=True,
            )


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 100)
