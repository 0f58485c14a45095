"""Time the MMRM by size and by stage, in chunks and in batches, beside other packages, all in one run.

Each time is a median of repeats after one that is not counted. A peer's time is printed only with the difference of
its log-likelihood from coxa's: a fit that stopped elsewhere is no comparison.

    python benchmarks/mmrm.py [--quick] [--write docs/methods/mmrm-speed.md]
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Callable, Mapping
from pathlib import Path
from time import perf_counter

import numpy as np
import pandas as pd

from coxa.models import fit_batch, fit_mmrm

SIZES = (200, 1_000, 5_000, 20_000)
ARMS = ("usual_care", "exercise", "manual_therapy", "both")
VISITS = ("week_6", "week_12", "week_26", "week_39", "week_52")
FORMULA = "change ~ baseline * visit + arm * visit + age + sex + site"
SD = np.array([11.0, 13, 14, 15, 16])
COVARIANCE = 0.7 ** np.abs(np.subtract.outer(range(5), range(5))) * np.outer(SD, SD)
SAME_OPTIMUM = 1e-2
"""Difference in log-likelihood up to which a peer is at the same optimum: glmmTMB keeps a tiny residual variance."""
HERE = Path(__file__).parent


def trial(n: int, arms: int = 2, seed: int = 20261122, first: int = 0) -> pd.DataFrame:
    """Return a trial with five visits, three covariates, 15% dropout and 3% gaps; participants count from `first`."""
    rng = np.random.default_rng([seed, first])
    arm = rng.permutation(np.arange(n) % arms)
    baseline = rng.normal(55, 15, n)
    noise = rng.normal(size=(n, 5)) @ np.linalg.cholesky(COVARIANCE).T
    change = 8 + 4 * arm[:, None] - 0.3 * (baseline[:, None] - 55) + noise
    last = np.where(rng.random(n) < 0.15, rng.integers(1, 5, n), 5)
    there = (np.arange(5) < last[:, None]) & (rng.random((n, 5)) > 0.03)
    people = {
        "participant_id": first + np.arange(n),
        "arm": pd.Categorical.from_codes(arm, categories=ARMS[:arms]),
        "baseline": baseline,
        "age": rng.normal(52, 13, n),
        "sex": pd.Categorical.from_codes(rng.integers(0, 2, n), categories=["female", "male"]),
        "site": pd.Categorical.from_codes(rng.integers(0, 3, n), categories=["north", "south", "west"]),
    }
    rows = pd.DataFrame(people).loc[np.repeat(np.arange(n), 5)].reset_index(drop=True)
    rows["visit"] = pd.Categorical.from_codes(np.tile(np.arange(5), n), categories=VISITS)
    rows["change"] = change.ravel()
    return rows[there.ravel()].reset_index(drop=True)


def median_seconds(run: Callable[[], object], repeats: int) -> float:
    """Return the median wall time of some repeats, after one that is not counted."""
    run()
    times = []
    for _ in range(repeats):
        start = perf_counter()
        run()
        times.append(perf_counter() - start)
    return statistics.median(times)


def by_size(sizes: tuple[int, ...]) -> pd.DataFrame:
    """Return times from a data frame to the degrees of freedom of every coefficient, and their stages, in ms."""
    lines = []
    for n in sizes:
        for arms in (2, 4):
            rows = trial(n, arms)
            repeats = 9 if n <= 1000 else 5
            line: dict[str, object] = {"participants": n, "arms": arms}
            for ddf in ("satterthwaite", "kenward-roger"):
                runs = [timed_fit(rows, ddf) for _ in range(repeats + 1)][1:]
                line[ddf] = 1000 * statistics.median(seconds for seconds, _ in runs)
            stages = [each for _, each in runs]
            line |= {name: 1000 * statistics.median(each[name] for each in stages) for name in stages[0]}
            lines.append(line)
            print(line, flush=True)
    return pd.DataFrame(lines)


def timed_fit(rows: pd.DataFrame, ddf: str) -> tuple[float, Mapping[str, float]]:
    """Return seconds of a fit with the degrees of freedom of every coefficient, and those of its stages."""
    start = perf_counter()
    fit = fit_mmrm(FORMULA, rows, ddf=ddf)
    fit.df  # noqa: B018
    return perf_counter() - start, fit.optimisation.seconds


def in_chunks(n: int, folder: Path) -> dict[str, float]:
    """Return seconds and peak memory (GB) of a process that fits a Parquet file of n participants."""
    import pyarrow as arrow
    import pyarrow.parquet as arrow_parquet

    path, part = folder / "trial.parquet", min(n, 50_000)
    words = dict.fromkeys(["arm", "sex", "site", "visit"], "str")
    tables = (arrow.Table.from_pandas(trial(part, first=k).astype(words)) for k in range(0, n, part))
    first = next(tables)
    with arrow_parquet.ParquetWriter(path, first.schema) as writer:
        writer.write_table(first)
        for table in tables:
            writer.write_table(table)
    command = [sys.executable, __file__, "--fit", str(path)]
    ran = subprocess.run(command, capture_output=True, text=True, check=True, env=os.environ)
    found: dict[str, float] = json.loads(ran.stdout)
    return found


def fit_file(path: str) -> None:
    """Fit a Parquet file and print seconds and peak memory as JSON."""
    from coxa.cohort.readers.chunks import read_chunks

    before = peak_gb()
    start = perf_counter()
    levels = {"arm": ARMS[:2]}
    fit = fit_mmrm(FORMULA, read_chunks(path), ddf="kenward-roger", visits=VISITS, levels=levels)
    seconds = perf_counter() - start
    found = {"participants": fit.n_participants, "rows": fit.n_observations, "seconds": seconds}
    print(json.dumps({**found, "imports_gb": before, "peak_gb": peak_gb()}))


def peak_gb() -> float:
    """Return the most memory that this process has held, in GB (Linux)."""
    lines = Path("/proc/self/status").read_text(encoding="ascii").splitlines()
    return int(next(line for line in lines if line.startswith("VmHWM")).split()[1]) / 1e6


def in_a_batch(sets: int) -> dict[str, float]:
    """Return seconds of outcomes on one design of 200 participants, fitted together and (some of them) singly."""
    rows = trial(200)
    rng = np.random.default_rng(1)
    noise = rng.normal(size=(sets, 200, 5)) @ np.linalg.cholesky(COVARIANCE).T
    outcomes = noise[:, rows["participant_id"].to_numpy(), rows["visit"].cat.codes.to_numpy()]
    formula = "change ~ baseline * visit + arm * visit"
    wanted = [{"arm[exercise]": 1, "arm[exercise]:visit[week_52]": 1}]
    start = perf_counter()
    fits = fit_batch(formula, rows, outcomes, wanted, ddf="kenward-roger")
    together = perf_counter() - start
    few = outcomes[:50]
    start = perf_counter()
    for y in few:
        fit_mmrm(formula, rows.assign(change=y), ddf="kenward-roger").test(wanted[0])
    singly = (perf_counter() - start) / len(few) * sets
    return {"sets": sets, "seconds": together, "one by one": singly, "converged": float(fits.converged.mean())}


def beside_peers(folder: Path, *, quick: bool) -> pd.DataFrame:
    """Return the time of each peer that is installed, and whether it came to the same log-likelihood."""
    lines = []
    for n, repeats in ((200, 3), (1_000, 1)):
        rows = trial(n)
        ours = fit_mmrm(FORMULA, rows, ddf="satterthwaite").loglik
        for ddf in ("satterthwaite", "kenward-roger"):
            seconds = median_seconds(lambda rows=rows, ddf=ddf: fit_mmrm(FORMULA, rows, ddf=ddf).df, 9)
            lines.append({"participants": n, "fit by": f"coxa, {ddf}", "seconds": seconds, "loglik": ours})
        path = folder / f"trial_{n}.csv"
        rows.to_csv(path, index=False)
        for peer, name in (("gls", "R nlme::gls (no df)"), ("glmmTMB", "R glmmTMB (no df)")):
            found = r_peer(peer, path, repeats)
            if found is not None:
                lines.append({"participants": n, "fit by": name, "seconds": found[0], "loglik": found[1]})
        if n == SIZES[0] and not quick:
            for name, fit in (("statsmodels MixedLM (no df)", mixed_lm), ("pymixef (no df)", pymixef)):
                found = fit(rows)
                if found is not None:
                    lines.append({"participants": n, "fit by": name, "seconds": found[0], "loglik": found[1]})
    table = pd.DataFrame(lines)
    first = table.groupby("participants")
    table["ratio"] = table["seconds"] / first["seconds"].transform("first")
    table["difference in loglik"] = table["loglik"] - first["loglik"].transform("first")
    return table.drop(columns="loglik")


def r_peer(peer: str, path: Path, repeats: int) -> tuple[float, float] | None:
    """Return seconds and log-likelihood of one of R's packages; None where it is not installed."""
    if shutil.which("Rscript") is None:
        return None
    command = ["Rscript", str(HERE / "peers.R"), peer, str(path), str(repeats)]
    ran = subprocess.run(command, capture_output=True, text=True, check=False)
    if ran.returncode:
        print(f"{peer} left out: {ran.stderr.strip().splitlines()[-1:]}", flush=True)
        return None
    seconds, loglik = ran.stdout.split()
    return float(seconds), float(loglik)


def mixed_lm(rows: pd.DataFrame) -> tuple[float, float]:
    """Return seconds and restricted log-likelihood of MixedLM with a random effect for each visit."""
    import warnings

    import statsmodels.formula.api as smf

    start = perf_counter()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        model = smf.mixedlm(FORMULA, rows, groups="participant_id", re_formula="0 + visit")
        result = model.fit(reml=True, method="lbfgs", maxiter=500)
    return perf_counter() - start, float(result.llf)


def pymixef(rows: pd.DataFrame) -> tuple[float, float] | None:
    """Return seconds and restricted log-likelihood of pymixef; None where it is not installed. It takes minutes."""
    try:
        import pymixef as package
    except ImportError:
        return None
    words = rows.assign(place=rows["visit"].cat.codes.astype(int))
    words = words.astype(dict.fromkeys(["visit", "arm", "sex", "site"], "str"))
    unstructured = package.cov.Unstructured(dimension=5, index="place", group="participant_id")
    start = perf_counter()
    result = package.fit(FORMULA, data=words, residual=unstructured, method="reml")
    return perf_counter() - start, float(result.log_likelihood)


def page(sizes: pd.DataFrame, chunks: dict[str, float], batch: dict[str, float], peers: pd.DataFrame) -> str:
    """Return the run as a page of documentation."""
    growth = sizes[sizes["arms"] == 2].set_index("participants")["kenward-roger"]
    least, most = growth.index.min(), growth.index.max()
    table = sizes.rename(columns={"optimiser": "optimum", "df": "df of the fit"})
    met = peers["difference in loglik"].abs() <= SAME_OPTIMUM
    peers = peers.assign(
        seconds=[f"{s:.3g}" for s in peers["seconds"]],
        ratio=[f"{r:.1f}" if same else "not compared" for r, same in zip(peers["ratio"], met, strict=True)],
        **{"difference in loglik": [f"{d:.1e}" for d in peers["difference in loglik"]]},
    )
    return PAGE.format(
        sizes=markdown(table.round(1)),
        peers=markdown(peers),
        growth=f"{growth[most] / growth[least]:.1f}",
        factor=most // least,
        imports=f"{chunks['imports_gb']:.2f}",
        peak=f"{chunks['peak_gb']:.2f}",
        participants=f"{chunks['participants']:,}",
        rows=f"{chunks['rows']:,}",
        seconds=f"{chunks['seconds']:.1f}",
        sets=f"{batch['sets']:,}",
        together=f"{batch['seconds']:.1f}",
        singly=f"{batch['one by one']:.0f}",
        faster=f"{batch['one by one'] / batch['seconds']:.0f}",
        converged=f"{batch['converged']:.1%}",
    )


def markdown(table: pd.DataFrame) -> str:
    """Return a table in Markdown."""
    lines = [list(table.columns), ["---"] * len(table.columns), *table.astype(object).to_numpy().tolist()]
    return "\n".join("| " + " | ".join(map(str, line)) + " |" for line in lines)


PAGE = """# How fast the MMRM is

Written by `python benchmarks/mmrm.py --write docs/methods/mmrm-speed.md` (`nox -s bench`) in one run on a machine
with two cores that other work was running on at the same time. Seconds move with the machine and its load; the ratios
within a run move less, and are what to look at.

The trials are simulated: five visits, arm by visit, baseline by visit, three further covariates (19 coefficients with
two arms, 29 with four), unstructured covariance, 15% dropout, 3% gaps. Linear algebra is kept to one thread.

## From a data frame to the degrees of freedom of every coefficient

Milliseconds, medians. The stages are those of the fit with Kenward-Roger: `formula` reads and checks the rows and
builds the design, `sums` is the one pass over it; what follows works on sums.

{sizes}

From {factor} times the participants the whole takes {growth} times as long; `optimum` and `df` do not grow with the
number of participants, since they only see sums (`docs/methods/mmrm.md`).

## Beside other packages

Restricted likelihood, the same rows and model. Seconds are of the fit alone, without starting R. The peers give no
Satterthwaite or Kenward-Roger degrees of freedom. A ratio is given where a peer came to the same log-likelihood, within
0.01: glmmTMB and MixedLM keep a residual variance beside the matrix of the visits.

{peers}

## A file that is not held in memory

{participants} participants ({rows} rows) from Parquet, with Kenward-Roger: {seconds} s; the process took {peak} GB at
its peak, of which {imports} GB were there before the file was opened.

```python
from coxa.cohort.readers.chunks import read_chunks
from coxa.models import fit_mmrm

fit = fit_mmrm("change ~ baseline * visit + arm * visit", read_chunks("trial.parquet"), visits=["week_6", "week_12"])
```

`read_chunks` takes a Parquet file, a DuckDB relation, a Dask data frame, or a query with a SQLAlchemy engine (it was
tried with SQLite and PostgreSQL); `fit_mmrm` takes any iterable of data frames. The fit is that of the whole table, to
rounding. Rows of a participant must be next to each other (`ORDER BY participant_id`); they may go on in the next
chunk, and a participant who comes back later is an error. Levels are fixed before the first chunk: those given in
`levels`, else the categories of the first chunk, else what a first reading of these columns alone finds. What needs
rows is refused: sandwich covariances, between-within degrees of freedom, residuals, counterfactual weights, and
transforms that look at all rows at once. Kept beside the sums are the participants' names and the rows left out.

## Many outcomes on one design

{sets} outcomes of 200 participants at 5 visits in two arms, unstructured, with Kenward-Roger: {together} s together
(`fit_batch`, one thread), {singly} s one by one, {faster} times as long. {converged} had a proven optimum.
"""


def main() -> None:
    """Run what was asked for."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--fit", help=argparse.SUPPRESS)
    parser.add_argument("--write", type=Path, help="page to write")
    parser.add_argument("--quick", action="store_true", help="smaller sizes, no slow peers")
    asked = parser.parse_args()
    if asked.fit:
        fit_file(asked.fit)
        return
    with tempfile.TemporaryDirectory() as folder:
        sizes = by_size(SIZES[:2] if asked.quick else SIZES)
        chunks = in_chunks(50_000 if asked.quick else 1_000_000, Path(folder))
        print(chunks, flush=True)
        batch = in_a_batch(100 if asked.quick else 1_000)
        print(batch, flush=True)
        peers = beside_peers(Path(folder), quick=asked.quick)
    text = page(sizes, chunks, batch, peers)
    print(text)
    if asked.write:
        asked.write.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
