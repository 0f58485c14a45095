"""Time the generalised linear mixed model next to R's, all in one run.

Each time is a median of repeats after one that is not counted, in seconds of the processor, so that what else the
machine does counts less; coxa's is also by the clock. A peer's time is printed with its ratio to coxa's where it came
to the same log-likelihood. R's packages are looked for by Rscript; without it, or without a package, its lines are
left out.

    python benchmarks/glmm.py [--participants 1000] [--repeats 5]
"""

from __future__ import annotations

import argparse
import shutil
import statistics
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path
from time import perf_counter, process_time

import numpy as np
import pandas as pd
from scipy.special import expit

from coxa.models import fit_glmm

SAME_OPTIMUM = 1e-2
"""Difference in log-likelihood up to which a peer is at the same optimum."""

HERE = Path(__file__).parent


@dataclass(frozen=True, slots=True)
class Case:
    """A family, the nodes, and the peers that have both: words of peers_glmm.R."""

    family: str
    nodes: int
    peers: tuple[str, ...]


CASES = (
    Case("binomial", 25, ("glmer",)),
    Case("binomial", 1, ("glmer", "glmmTMB")),
    Case("poisson", 25, ("glmer",)),
    Case("poisson", 1, ("glmer", "glmmTMB")),
    Case("negative_binomial", 1, ("glmmTMB",)),
)


def trial(n: int, family: str, visits: int = 5, seed: int = 20261130) -> pd.DataFrame:
    """Return n participants in two arms with five visits and a covariate."""
    rng = np.random.default_rng([seed, n])
    who, visit = np.repeat(np.arange(n), visits), np.tile(np.arange(visits), n)
    x, arm = rng.normal(size=n)[who], who % 2
    eta = -0.3 + 0.5 * arm + 0.1 * visit + 0.4 * x + (1.5 if family == "binomial" else 0.7) * rng.normal(size=n)[who]
    y = (rng.random(len(who)) < expit(eta)) * 1
    if family != "binomial":
        y = rng.poisson(np.exp(eta) * (rng.gamma(2.0, 0.5, len(who)) if family == "negative_binomial" else 1.0))
    names = np.array(["month_3", "month_6", "month_9", "month_12", "month_15"])
    arms = np.array(["usual_care", "exercise"])
    return pd.DataFrame({"participant_id": who, "visit": names[visit], "arm": arms[arm], "x": x, "y": y})


def ours(rows: pd.DataFrame, case: Case, repeats: int) -> tuple[float, float, float]:
    """Return the medians of seconds by the clock and by the processor, and the log-likelihood."""
    runs = []
    for _ in range(repeats + 1):
        at, processor = perf_counter(), process_time()
        fit = fit_glmm(
            "y ~ arm + visit + x + (1 | participant_id)",
            rows,
            family=case.family,  # type: ignore[arg-type]
            quadrature=case.nodes,
        )
        runs.append((perf_counter() - at, process_time() - processor))
    clock, processors = zip(*runs[1:], strict=True)
    return statistics.median(clock), statistics.median(processors), fit.loglik


def peer(name: str, path: Path, case: Case, repeats: int) -> tuple[float, float] | None:
    """Return the median of seconds and the log-likelihood of a peer; None where it is not installed or fails."""
    rscript = shutil.which("Rscript")
    if rscript is None:
        return None
    arguments = [name, case.family, str(case.nodes), str(path), str(repeats)]
    command = [rscript, str(HERE / "peers_glmm.R"), *arguments]
    ran = subprocess.run(command, capture_output=True, text=True, check=False)
    if ran.returncode:
        print(f"{name}: {(ran.stderr.strip().splitlines() or [''])[-1][:100]}")
        return None
    seconds, loglik = map(float, ran.stdout.strip().splitlines()[-1].split())
    return seconds, loglik


def main() -> None:
    """Print a line for each family, number of nodes and peer."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--participants", type=int, default=1000)
    parser.add_argument("--repeats", type=int, default=5)
    asked = parser.parse_args()
    print("| family | nodes | coxa by the clock, ms | coxa, ms | peer | ms | ratio | log-likelihood, less coxa's |")
    print("|---|---|---|---|---|---|---|---|")
    with tempfile.TemporaryDirectory() as folder:
        for case in CASES:
            rows = trial(asked.participants, case.family)
            path = Path(folder, "trial.csv")
            rows.to_csv(path, index=False)
            clock, processor, loglik = ours(rows, case, asked.repeats)
            start = f"| {case.family} | {case.nodes} | {1e3 * clock:.0f} | {1e3 * processor:.0f} |"
            found = {name: peer(name, path, case, asked.repeats) for name in case.peers}
            for name, answer in found.items():
                if answer is None:
                    print(f"{start} {name} | – | – | – |", flush=True)
                    continue
                seconds, value = answer
                same = abs(value - loglik) <= SAME_OPTIMUM or (
                    name == "glmer" and case.family != "binomial" and case.nodes > 1
                )
                ratio = f"{seconds / processor:.1f}" if same else "another optimum"
                print(f"{start} {name} | {1e3 * seconds:.0f} | {ratio} | {value - loglik:.4f} |", flush=True)


if __name__ == "__main__":
    main()
