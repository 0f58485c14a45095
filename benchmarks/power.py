"""Time power by simulation through the plan's own MMRM, beside R's nlme::gls on the same trials, and other kinds.

Yes or no, counts, times and a mixed logistic model are plans of `analyses/outcomes`, with 200 participants.

Each time is a median of repeats after one that is not counted. R's mmrm is not part of the comparison, since it is not
installed with R; gls fits the same model without degrees of freedom, so that its time is a lower bound of what R needs.

    python benchmarks/power.py [--quick] [--write docs/methods/power-speed.md]
"""

from __future__ import annotations

import argparse
import os
import shutil
import statistics
import subprocess
import tempfile
from collections.abc import Callable, Mapping
from pathlib import Path
from time import perf_counter, process_time

import pandas as pd

from coxa import read_study
from coxa.design.by_simulation.run import Piece, run_piece, trials_of
from coxa.design.by_simulation.simulated import simulated_power
from coxa.simulate import estimand_frame, trial_design
from coxa.study import Study
from coxa.study.kinds import study_of

HERE = Path(__file__).parent
OUTCOMES = HERE.parent / "analyses" / "outcomes"
N = 200
VISITS = {"week_6": 42, "week_12": 84, "week_26": 182, "week_39": 273, "week_52": 364}


def plan() -> Study:
    """Return a plan of two arms and five visits after baseline, unstructured with Kenward-Roger, and dropout."""
    pain = {"baseline": {"mean": 50, "sd": 15}, "mean_change": {"exercise": 6}, "scale": "continuous"}
    return study_of(
        {
            "study": "speed",
            "title": "Speed",
            "arms": {"usual_care": {"reference": True}, "exercise": {}},
            "visits": {"baseline": {"day": 0}, **{name: {"day": day} for name, day in VISITS.items()}},
            "outcomes": {"pain": {"range": [0, 100], "higher_is_better": True}},
            "estimands": {
                "primary": {
                    "treatment": {"compare": "exercise", "against": "usual_care"},
                    "endpoint": {"outcome": "pain", "measure": "change", "visit": "week_52"},
                }
            },
            "analyses": {
                "primary": {
                    "estimand": "primary",
                    "model": "mmrm",
                    "adjust": ["baseline * visit"],
                    "covariance": ["us", "csh"],
                    "ddf": "kenward-roger",
                }
            },
            "assumptions": {
                "participants": N,
                "outcomes": {"pain": pain},
                "dropout": {"probability": 0.15, "gaps": 0.03},
            },
        }
    )


MIXED = {"model": "glmm", "adjust": ["baseline"]}
"""A logistic model with a random intercept of participants, by adaptive quadrature."""

KINDS: Mapping[str, tuple[str, str, Mapping[str, object]]] = {
    "logistic regression, risks standardised, variance of Ye and others": ("responders.yaml", "adjusted", {}),
    "negative binomial regression": ("flares.yaml", "flares", {}),
    "Cox's model": ("return_to_sport.yaml", "hazard", {}),
    "mixed logistic model, two visits, adaptive quadrature": ("responders.yaml", "adjusted", MIXED),
}
"""What is timed -> file of `analyses/outcomes`, analysis, and what of it is another."""


def plan_of(file: str, name: str, changes: Mapping[str, object]) -> Study:
    """Return a plan of one analysis, with another model where that is asked."""
    study = read_study(OUTCOMES / file)
    if not changes:
        return study
    written = study.model_dump(mode="json", exclude_unset=True)
    analysis = {"estimand": written["analyses"][name]["estimand"], **changes}
    return study_of(written | {"analyses": {name: analysis}})


def kinds(replicates: int, counted: int) -> pd.DataFrame:
    """Return for each kind the processor time of a trial, and the seconds of all replicates in two processes."""
    lines = []
    for words, (file, name, changes) in KINDS.items():
        study = plan_of(file, name, changes)
        run_piece(Piece(study, N, (name,), 1, 0, 2))
        start = process_time()
        one = run_piece(Piece(study, N, (name,), 1, 0, counted))
        each = 1000 * (process_time() - start) / counted
        wall = perf_counter()
        simulated_power(study, N, replicates=replicates, seed=1, jobs=2, analyses=[name])
        wall = perf_counter() - wall
        with_number = f"{one['estimate'].notna().mean():.0%}"
        line = {"analysis": words, "ms of a trial": each, f"s of {replicates:,}, two processes": wall}
        lines.append(line | {"with a number": with_number})
        print(lines[-1], flush=True)
    return pd.DataFrame(lines)


def median_seconds(run: Callable[[int], object], repeats: int) -> float:
    """Return the median wall time of some repeats, after one that is not counted."""
    run(0)
    times = []
    for k in range(repeats):
        start = perf_counter()
        run(k + 1)
        times.append(perf_counter() - start)
    return statistics.median(times)


def ours(study: Study, replicates: int, repeats: int) -> list[dict[str, object]]:
    """Return seconds for all replicates, from the plan to the table of power: one process, two, and two anew."""
    lines: list[dict[str, object]] = []
    for jobs in (1, 2):
        cold = perf_counter()
        simulated_power(study, N, replicates=replicates, seed=99, jobs=jobs)
        cold = perf_counter() - cold
        seconds = median_seconds(
            lambda seed, jobs=jobs: simulated_power(study, N, replicates=replicates, seed=seed + 1, jobs=jobs), repeats
        )
        first = {"processes": jobs, "replicates": replicates, "seconds": seconds, "first run, with start": cold}
        print(first, flush=True)
        lines.append(first)
    return lines


def gls(study: Study, trials: int, folder: Path) -> float | None:
    """Return seconds per trial of R's gls on some of the same trials; None where R is not installed."""
    if shutil.which("Rscript") is None:
        return None
    design = trial_design(study, participants=N)
    drawn, _ = trials_of(Piece(study, N, ("primary",), 1, 0, trials), design)
    path = folder / "trials.csv"
    frames = [estimand_frame(design, one, "primary").assign(trial=k) for k, one in enumerate(drawn)]
    pd.concat(frames).dropna(subset=["change"]).to_csv(path, index=False)
    command = ["Rscript", str(HERE / "power_peers.R"), str(path)]
    ran = subprocess.run(command, capture_output=True, text=True, check=False)
    if ran.returncode:
        print(f"gls left out: {ran.stderr.strip().splitlines()[-1:]}", flush=True)
        return None
    return float(ran.stdout)


def main() -> None:
    """Run what was asked for."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--write", type=Path, help="page to write")
    parser.add_argument("--quick", action="store_true", help="fewer replicates and repeats")
    asked = parser.parse_args()
    study, replicates = plan(), 200 if asked.quick else 1_000
    others = kinds(replicates, 20 if asked.quick else 100)
    table = pd.DataFrame(ours(study, replicates, 1 if asked.quick else 5))
    one = run_piece(Piece(study, N, ("primary",), 1, 0, 100))
    with tempfile.TemporaryDirectory() as folder:
        peer = gls(study, 3 if asked.quick else 20, Path(folder))
    single = float(table.loc[table["processes"] == 1, "seconds"].iloc[0]) / replicates
    text = PAGE.format(
        n=N,
        cores=os.cpu_count(),
        table=table.round(2).to_string(index=False),
        kinds=as_lines(others.round(1)),
        each=f"{1000 * single:.1f}",
        converged=f"{one['estimate'].notna().mean():.0%}",
        peer="R is not installed here, so that there is no comparison." if peer is None else
        f"R nlme::gls, same model and trials, fit alone, no degrees of freedom: {1000 * peer:.0f} ms a trial, "
        f"{peer / single:.0f} times as long.",
    )  # fmt: skip
    print(text)
    if asked.write:
        asked.write.write_text(text, encoding="utf-8")


PAGE = """# How fast power by simulation is

Written by `python benchmarks/power.py --write docs/methods/power-speed.md` in one run; seconds move with the machine
({cores} cores) and its load, ratios less.

Trials of {n} participants in two arms at five visits, 15% dropout and 3% gaps; MMRM, unstructured, Kenward-Roger,
from the plan to the table of power:

```
{table}
```

One process: {each} ms a trial, drawing included. {converged} of trials have a number. {peer}
R's mmrm, which has Kenward-Roger, is not installed with R and is not compared.

## Yes or no, counts and times

Plans of `analyses/outcomes`, {n} participants; processor time of a trial in one process, drawing included, and seconds
from the plan to the table of power, workers started and truth included.

{kinds}
"""


def as_lines(table: pd.DataFrame) -> str:
    """Return a table of a page."""
    head = [f"| {' | '.join(table.columns)} |", "|" + "---|" * table.shape[1]]
    return "\n".join(head + [f"| {' | '.join(map(str, row))} |" for row in table.itertuples(index=False)])


if __name__ == "__main__":
    main()
