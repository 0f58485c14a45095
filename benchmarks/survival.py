"""Time Cox's model by size, next to statsmodels PHReg and R's coxph on the same rows in the same run.

Each time is of the processor, a median of repeats after one that is not counted. A peer's time is printed only where
it came to the same coefficients. R is looked for as Rscript with the package survival; what is not installed is left
out.

    python benchmarks/survival.py [--quick] [--write docs/methods/time-to-event-speed.md]
"""

from __future__ import annotations

import argparse
import shutil
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from time import process_time

import numpy as np
import pandas as pd

from coxa.models import fit_cox, fit_subdistribution, proportional_hazards_test

FORMULA = "arm + x1 + x2 + x3 + x4"
BETA = np.array([-0.3, 0.2, -0.2, 0.1, 0.0])
SAME = 1e-5
"""Difference in coefficients, in standard errors, up to which a peer has fitted the same model."""
PATIENCE = 2_000
"""Rows up to which statsmodels is repeated; above it is timed once."""

IN_R = """
suppressMessages(library(survival))
d <- read.csv(commandArgs(TRUE)[1])
fit <- coxph(Surv(day, event) ~ arm + x1 + x2 + x3 + x4, d, ties = "efron")
times <- sapply(seq_len(as.integer(commandArgs(TRUE)[2])), function(i)
  sum(system.time(coxph(Surv(day, event) ~ arm + x1 + x2 + x3 + x4, d, ties = "efron"))[1:2]))
cat(median(times), format(coef(fit), digits = 15), "\\n")
"""


def trial(n: int, seed: int = 1) -> pd.DataFrame:
    """Return n participants with days to an event or to censoring, many of them tied."""
    rng = np.random.default_rng(seed)
    x = rng.normal(size=(n, 5))
    x[:, 0] = x[:, 0] > 0
    time, end = rng.exponential(size=n) * np.exp(-x @ BETA), rng.exponential(2, n)
    frame = pd.DataFrame(x, columns=["arm", "x1", "x2", "x3", "x4"])
    cause = np.where(time <= end, rng.choice([1, 2], n, p=[0.8, 0.2]), 0)
    day = np.ceil(365 * np.minimum(time, end))
    return frame.assign(participant_id=np.arange(n), day=day, event=(time <= end) * 1, cause=cause)


def timed(call: Callable[[], object], repeats: int) -> float:
    """Return the median of some calls, after one that is not counted."""
    call()
    times = []
    for _ in range(repeats):
        start = process_time()
        call()
        times.append(process_time() - start)
    return statistics.median(times)


def in_statsmodels(data: pd.DataFrame, repeats: int) -> tuple[float, np.ndarray]:
    """Return the time of statsmodels' PHReg, and its coefficients."""
    from statsmodels.duration.hazard_regression import PHReg

    x = data[["arm", "x1", "x2", "x3", "x4"]]
    start = process_time()
    fit = PHReg(data["day"], x, status=data["event"], ties="efron").fit(disp=0)
    first = process_time() - start
    if len(data) > PATIENCE:
        return first, np.asarray(fit.params)
    return timed(lambda: PHReg(data["day"], x, status=data["event"], ties="efron").fit(disp=0), repeats), np.asarray(
        fit.params
    )


def in_r(data: pd.DataFrame, repeats: int) -> tuple[float, np.ndarray] | None:
    """Return the time of R's coxph, and its coefficients; None where there is no R."""
    if shutil.which("Rscript") is None:
        return None
    with tempfile.TemporaryDirectory() as folder:
        rows, script = Path(folder) / "rows.csv", Path(folder) / "cox.R"
        data.to_csv(rows, index=False)
        script.write_text(IN_R, encoding="utf-8")
        made = subprocess.run(
            ["Rscript", str(script), str(rows), str(repeats)], capture_output=True, text=True, check=False
        )
    if made.returncode:
        return None
    seconds, *coefficients = map(float, made.stdout.split())
    return seconds, np.array(coefficients)


def measured(n: int, repeats: int) -> list[tuple[str, float, str]]:
    """Return for each fit of n rows its name, seconds, and ratio to coxa."""
    data = trial(n)
    fit = fit_cox(FORMULA, data, time="day", event="event")
    own = timed(lambda: fit_cox(FORMULA, data, time="day", event="event"), repeats)
    rows = [("coxa, fit_cox", own, "1.0")]
    robust = timed(lambda: fit_cox(FORMULA, data, time="day", event="event", cluster="participant_id"), repeats)
    rows.append(("coxa, robust by participant", robust, f"{robust / own:.1f}"))
    test = timed(lambda: proportional_hazards_test(fit), repeats)
    rows.append(("coxa, test of proportional hazards", test, f"{test / own:.1f}"))
    gray = timed(lambda: fit_subdistribution(FORMULA, data, time="day", cause="cause"), repeats)
    rows.append(("coxa, fit_subdistribution", gray, f"{gray / own:.1f}"))
    for name, peer in (("statsmodels PHReg", in_statsmodels(data, repeats)), ("R survival coxph", in_r(data, repeats))):
        if peer is not None:
            same = np.abs((peer[1] - fit.coef) / fit.se).max() < SAME
            rows.append((name, peer[0], f"{peer[0] / own:.1f}" if same else "not compared"))
    return rows


PAGE = """# How fast Cox's model is

Written by `python benchmarks/survival.py --write docs/methods/time-to-event-speed.md` in one run on a machine with 2
cores that other work was running on: seconds are of the processor, not of the clock. They move with the machine; the
ratios within a run move less.

`arm + x1 + x2 + x3 + x4`, days with many ties, Efron; 66% have the event. Medians of repeats after a fit that is not
counted, from a data frame to coefficients, covariance and the proof of the maximum. `ratio` is to coxa's fit; it is
given where a peer came to the same coefficients. statsmodels is timed once above 2,000 rows.

| rows | fit | seconds | ratio |
|---|---|---|---|
{lines}
"""


def main() -> None:
    """Write the page, or show it."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--write", type=Path)
    given = parser.parse_args()
    sizes = (200, 2_000) if given.quick else (200, 2_000, 10_000)
    lines = [
        f"| {n:,} | {name} | {seconds:.3g} | {ratio} |"
        for n in sizes
        for name, seconds, ratio in measured(n, 3 if given.quick else 7)
    ]
    text = PAGE.format(lines="\n".join(lines))
    if given.write:
        given.write.write_text(text, encoding="utf-8")
    else:
        sys.stdout.write(text)


if __name__ == "__main__":
    main()
