"""Time the linear mixed model by size and by stage, beside other packages, all in one run.

Each time is a median of repeats after one that is not counted, in seconds of the processor, so that what else the
machine does counts less. A peer's time is printed beside coxa's only where it
came to the same log-likelihood: a fit that stopped elsewhere is no comparison. Python packages are looked for in the
environment whose interpreter COXA_PEERS names, R's by Rscript; what is not installed is left out.

    python benchmarks/lmm.py [--quick] [--write docs/methods/random-effects-speed.md]
    python benchmarks/lmm.py --stages       (coxa's fits alone, by stage)
    python benchmarks/lmm.py --large        (the diary and the nested clinics alone: seconds and peak memory)
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import shutil
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from time import process_time

import numpy as np
import pandas as pd

from coxa.models import fit_lmm
from coxa.models.lmm import api, fit

WEEKS = np.array([6.0, 12, 26, 39, 52])
FORMULA = "change ~ baseline + arm * week + age + sex + site + baseline:week + (week | participant_id)"
NESTED = "change ~ baseline + arm * week + age + sex + (1 | clinic/therapist) + (1 | participant_id)"
METHODS = ("satterthwaite", "kenward-roger")
SAME_OPTIMUM = 1e-2
"""Difference in log-likelihood up to which a peer is at the same optimum."""
FAST = (
    "glmm, Satterthwaite",
    "glmm (no df)",
    "mixedlm (no df)",
    "mixedlm-rs (no df)",
    "lme-python, Satterthwaite",
    "lme-python (no df)",
)
SLOW = ("mixedlm, Satterthwaite", "interlace-lme, Satterthwaite", "statsmodels MixedLM (no df)")
IN_R = {
    "lme4": "R lme4 (no df)",
    "lmerTest": "R lmerTest, Satterthwaite",
    "nlme": "R nlme::lme (no df by these methods)",
    "pbkrtest": "R lmerTest with pbkrtest, Kenward-Roger",
}
SMALL = 1_000
"""Participants up to which statsmodels and pbkrtest are tried."""
SMALL_ONLY = ("statsmodels MixedLM (no df)", "pbkrtest")
ONE_FACTOR = ("statsmodels MixedLM (no df)", "mixedlm-rs (no df)")
"""Peers that are not tried with therapists: they solve for one factor, and keep those within it as a dense block."""
HERE = Path(__file__).parent
LARGE = ("independent", "sp_exp", "sp_exp_nugget", "clinics", "clinics, kenward-roger")
"""What `--large` fits, each in a process of its own, so that its peak of memory is its own."""
LARGE_HEAD = "| case | rows | seconds | MB more | peak MB | log-likelihood |\n| --- | --- | --- | --- | --- | --- |"


@dataclass(frozen=True, slots=True)
class Case:
    """A data set and the model fitted to it: "slopes" or "therapists"."""

    name: str
    model: str
    participants: int
    rows: pd.DataFrame

    @property
    def formula(self) -> str:
        """The model in coxa's words."""
        return FORMULA if self.model == "slopes" else NESTED


def people_of(n: int, rng: np.random.Generator) -> pd.DataFrame:
    """Return n participants with their covariates."""
    return pd.DataFrame(
        {
            "participant_id": np.arange(n),
            "arm": pd.Categorical.from_codes(rng.permutation(np.arange(n) % 2), categories=["usual_care", "exercise"]),
            "baseline": rng.normal(55, 15, n),
            "age": rng.normal(52, 13, n),
            "sex": pd.Categorical.from_codes(rng.integers(0, 2, n), categories=["female", "male"]),
            "site": pd.Categorical.from_codes(rng.integers(0, 3, n), categories=["north", "south", "west"]),
        }
    )


def seen_rows(people: pd.DataFrame, week: np.ndarray, values: np.ndarray, rng: np.random.Generator) -> pd.DataFrame:
    """Return one row per visit seen, with 15% dropout and 3% gaps; week and values are (n, 5)."""
    n = len(people)
    fixed = 8 + 4 * people["arm"].cat.codes.to_numpy() - 0.3 * (people["baseline"].to_numpy() - 55)
    last = np.where(rng.random(n) < 0.15, rng.integers(1, 5, n), 5)
    there = (np.arange(5) < last[:, None]) & (rng.random((n, 5)) > 0.03)
    rows = people.loc[np.repeat(np.arange(n), 5)].reset_index(drop=True)
    rows["week"], rows["change"] = week.ravel(), (fixed[:, None] + values).ravel()
    return rows[there.ravel()].reset_index(drop=True)


def trial(n: int, *, irregular: bool, seed: int = 20261125) -> pd.DataFrame:
    """Return a trial in which intercepts and slopes vary, on common visits or up to two weeks off them."""
    rng = np.random.default_rng([seed, n])
    people = people_of(n, rng)
    week = np.tile(WEEKS, (n, 1)) + (rng.uniform(-2, 2, (n, 5)) if irregular else 0.0)
    effects = rng.normal(size=(n, 2)) @ np.linalg.cholesky(np.array([[100.0, -0.3], [-0.3, 0.03]])).T
    return seen_rows(people, week, effects[:, :1] + effects[:, 1:] * week + rng.normal(0, 8, (n, 5)), rng)


def in_clinics(n: int, therapists: int = 200, clinics: int = 20, seed: int = 20261125) -> pd.DataFrame:
    """Return a trial of participants with therapists in clinics, each with a variance."""
    rng = np.random.default_rng([seed, n, therapists])
    people = people_of(n, rng)
    therapist = rng.permutation(np.arange(n) % therapists)
    clinic = therapist % clinics
    people["therapist"] = np.char.add("T", therapist.astype(str))
    people["clinic"] = np.char.add("C", clinic.astype(str))
    shared = 3 * rng.normal(size=clinics)[clinic] + 4 * rng.normal(size=therapists)[therapist] + rng.normal(0, 9, n)
    return seen_rows(people, np.tile(WEEKS, (n, 1)), shared[:, None] + rng.normal(0, 8, (n, 5)), rng)


def cases(*, quick: bool) -> list[Case]:
    """Return the data sets; quick leaves the large ones out."""
    found = []
    for n in (SMALL,) if quick else (SMALL, 20_000):
        for irregular in (False, True):
            name = f"{n:,} participants, {'irregular times' if irregular else 'common visits'}"
            found.append(Case(name, "slopes", n, trial(n, irregular=irregular)))
    n, therapists, clinics = (1_000, 40, 8) if quick else (5_000, 200, 20)
    name = f"{n:,} participants, {therapists} therapists in {clinics} clinics"
    return [*found, Case(name, "therapists", n, in_clinics(n, therapists, clinics))]


def timed_fit(case: Case, ddf: str) -> tuple[float, float, Mapping[str, float]]:
    """Return seconds of a fit with the degrees of freedom of every coefficient, log-likelihood and times of stages."""
    start = process_time()
    fit = fit_lmm(case.formula, case.rows, ddf=ddf)
    fit.df  # noqa: B018
    seconds = process_time() - start
    assert fit.optimisation is not None
    return seconds, fit.loglik, fit.optimisation.seconds


def ours(case: Case) -> tuple[dict[str, object], list[dict[str, object]]]:
    """Return coxa's line in the table of stages (ms), and its lines beside the peers."""
    for module in (api, fit):  # the record of a fit has its stages by the clock
        module.perf_counter = process_time
    repeats = 25 if case.participants <= SMALL else 5
    line: dict[str, object] = {"data": case.name, "rows": len(case.rows)}
    beside = []
    for ddf in METHODS:
        runs = [timed_fit(case, ddf) for _ in range(repeats + 1)][1:]
        seconds = statistics.median(run[0] for run in runs)
        line[ddf] = 1000 * seconds
        beside.append({"data": case.name, "fit by": f"coxa, {ddf}", "seconds": seconds, "loglik": runs[0][1]})
    stages = [run[2] for run in runs]
    line |= {name: 1000 * statistics.median(each[name] for each in stages) for name in stages[0]}
    print(line, flush=True)
    return line, beside


def peers(case: Case, folder: Path, limit: float, *, quick: bool) -> list[dict[str, object]]:
    """Return a line for each peer that is installed: seconds and log-likelihood, or why it has none."""
    path = folder / "trial.csv"
    case.rows.to_csv(path, index=False)
    repeats = "25" if case.participants <= SMALL else "3"
    arguments = [case.model, str(path), repeats, str(limit / 3)]
    python, rscript = os.environ.get("COXA_PEERS"), shutil.which("Rscript")
    commands: list[tuple[str, list[str]]] = []
    if python:
        named = [peer for peer in (FAST if quick else (*FAST, *SLOW)) if allowed(peer, case)]
        commands += [(f"Python {peer}", [python, "-P", str(HERE / "peers_lmm.py"), peer, *arguments]) for peer in named]
    if rscript:
        named = [peer for peer in IN_R if allowed(peer, case) and not (quick and peer == "pbkrtest")]
        commands += [(IN_R[peer], [rscript, str(HERE / "peers_lmm.R"), peer, *arguments]) for peer in named]
    lines = []
    for name, command in commands:
        found = answer(command, limit)
        print(case.name, name, found, flush=True)
        if found:
            lines.append({"data": case.name, "fit by": name, **found})
    return lines


def allowed(peer: str, case: Case) -> bool:
    """Return whether a peer is tried on this case."""
    if peer in SMALL_ONLY and case.participants > SMALL:
        return False
    return not (case.model == "therapists" and peer in ONE_FACTOR)


def answer(command: Sequence[str], limit: float) -> dict[str, object]:
    """Return what a peer printed, or its failure; empty where it is not installed."""
    one = dict.fromkeys(("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS"), "1")
    try:
        ran = subprocess.run(
            command, capture_output=True, text=True, check=False, timeout=limit, env={**os.environ, **one}
        )
    except subprocess.TimeoutExpired:
        return {"failure": f"given up after {limit:.0f} s"}
    said = (ran.stderr.strip().splitlines() or [""])[-1]
    if ran.returncode:
        absent = "there is no package" in ran.stderr
        return {} if absent else {"failure": f"ended with {ran.returncode}: {said[:100]}"}
    text = ran.stdout.strip().splitlines()[-1]
    if text.startswith("{"):
        found: dict[str, object] = json.loads(text)
        return {} if str(found.get("failure", "")).startswith("ModuleNotFoundError") else found
    seconds, loglik, version = text.split()
    return {"seconds": float(seconds), "loglik": float(loglik), "version": version}


def compared(lines: Sequence[Mapping[str, object]]) -> pd.DataFrame:
    """Return the table beside the peers: ratios to coxa with Satterthwaite, where the log-likelihood is the same."""
    rows = []
    for line in lines:
        own = next(each for each in lines if each["data"] == line["data"])
        row = {"data": line["data"], "fit by": f"{line['fit by']} {line.get('version', '')}".strip()}
        if "failure" in line:
            rows.append({**row, "seconds": "", "ratio": str(line["failure"]), "difference in loglik": ""})
            continue
        seconds, off = float(str(line["seconds"])), float(str(line["loglik"])) - float(str(own["loglik"]))
        ratio = f"{seconds / float(str(own['seconds'])):.1f}" if abs(off) <= SAME_OPTIMUM else "not compared"
        rows.append({**row, "seconds": f"{seconds:.3g}", "ratio": ratio, "difference in loglik": f"{off:.1e}"})
    return pd.DataFrame(rows)


def markdown(table: pd.DataFrame) -> str:
    """Return a table in Markdown."""
    lines = [list(table.columns), ["---"] * len(table.columns), *table.astype(object).to_numpy().tolist()]
    return "\n".join("| " + " | ".join(str(cell).replace("|", "/") for cell in line) + " |" for line in lines)


PAGE = """# How fast the linear mixed model is

Written by `python benchmarks/lmm.py --write docs/methods/random-effects-speed.md` (`nox -s bench`), each table in
one run, on a machine with {cores} cores that other work may have been running on. Seconds are of the processor; they
move with the machine and its load. The ratios within a run move less, and are what to look at.

The trials are simulated: five visits (weeks 6, 12, 26, 39, 52, or up to two weeks off these), 15% dropout, 3% gaps.
Restricted likelihood; medians of repeats after a fit that is not counted. Linear algebra is kept to one thread; peers
that have threads of their own may use them, and their seconds add up.

* intercepts and slopes: `{slopes}`
* therapists in clinics: `{nested}`

## From a data frame to the degrees of freedom of every coefficient

Milliseconds (`python benchmarks/lmm.py --stages`). The stages are those of the fit with Kenward-Roger: `formula` reads
and checks the rows and builds the design, `sums` is the one pass over it; what follows works on sums.

{stages}

## Compared with other packages

The same rows and model. Seconds are of the fit alone, without reading the file or starting the interpreter; `ratio` is
to coxa with Satterthwaite degrees of freedom. A ratio is given where a peer came to the same log-likelihood, within
{same}. A package is given up after {limit:.0f} s.{quick}

{peers}

## Long diaries, and many clinics

By `python benchmarks/lmm.py --large`: a diary of 60 people at irregular times, and 5,000 clinics of 4 to 10
participants with three visits each, `(1 | clinic/participant_id)`. Seconds are from the data frame to the degrees of
freedom of every coefficient, `MB more` is what the fit added to the peak of memory. `sp_exp` and `sp_exp_nugget` are
searched from several starts and compared with the simpler models they contain.

{large}
"""


def stage_table(lines: Sequence[Mapping[str, object]]) -> str:
    """Return the table of stages in Markdown."""
    return markdown(pd.DataFrame(lines).rename(columns={"optimiser": "optimum", "df": "df of the fit"}).round(1))


def diary(people: int = 60, usual: int = 100, seed: int = 20261129) -> pd.DataFrame:
    """Return about 6,000 ratings of 60 people at irregular times, their correlation 0.6 a day less a third."""
    rng = np.random.default_rng(seed)
    found = []
    for who in range(people):
        count = max(20, int(rng.normal(usual, 30)))
        day = np.sort(rng.uniform(0, count / 2, count))
        apart = np.abs(np.subtract.outer(day, day))
        residual = np.linalg.cholesky(0.67 * 0.6**apart + 0.33 * np.eye(count)) @ rng.normal(size=count)
        pain = 4 - 0.01 * day + rng.normal() + 1.5 * residual
        found.append(pd.DataFrame({"participant_id": who, "arm": f"arm_{who % 2}", "day": day, "pain": pain}))
    return pd.concat(found, ignore_index=True)


def nested_clinics(clinics: int = 5_000, seed: int = 20261129) -> pd.DataFrame:
    """Return three visits of 4 to 10 participants in each clinic."""
    rng = np.random.default_rng(seed)
    clinic = np.repeat(np.arange(clinics), rng.integers(4, 11, clinics))
    n = len(clinic)
    rows = pd.DataFrame({"participant_id": np.repeat(np.arange(n), 3), "week": np.tile([0.0, 6, 12], n)})
    rows["clinic"], arm = clinic[rows["participant_id"]], rng.integers(0, 2, n)[rows["participant_id"]]
    rows["arm"] = np.where(arm == 1, "exercise", "usual_care")
    shared = 0.7 * rng.normal(size=clinics)[rows["clinic"]] + rng.normal(size=n)[rows["participant_id"]]
    rows["pain"] = 5 + arm - 0.1 * rows["week"] + shared + rng.normal(size=3 * n)
    return rows


def large(name: str) -> None:
    """Fit one large case and print its size, seconds, peak memory and log-likelihood."""
    clinics = name.startswith("clinics")
    rows = nested_clinics() if clinics else diary()
    fit_lmm("pain ~ week + (1 | participant_id)" if clinics else "pain ~ day + (1 | participant_id)", rows.head(90))
    before, start = peak_memory(), process_time()
    if clinics:
        ddf = "kenward-roger" if name.endswith("kenward-roger") else "satterthwaite"
        fit = fit_lmm("pain ~ arm * week + (1 | clinic/participant_id)", rows, ddf=ddf)
    elif name == "independent":
        fit = fit_lmm("pain ~ arm * day + (1 | participant_id)", rows)
    else:
        fit = fit_lmm("pain ~ arm * day + (1 | participant_id)", rows, covariance=name, time="day")
    fit.df  # noqa: B018
    seconds, peak = process_time() - start, peak_memory()
    cells = (name, f"{len(rows):,}", f"{seconds:.1f}", f"{peak - before:.0f}", f"{peak:.0f}", f"{fit.loglik:.4f}")
    print("| " + " | ".join(cells) + " |")


def large_table() -> str:
    """Return the table of the large cases, each fitted in a process of its own."""
    lines = [LARGE_HEAD]
    for name in LARGE:
        command = [sys.executable, __file__, "--large", name]
        lines.append(subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip())
    return "\n".join(lines)


def peak_memory() -> float:
    """Return the peak of memory of this process in MB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def main() -> None:
    """Run what was asked for."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--write", type=Path, help="page to write")
    parser.add_argument("--quick", action="store_true", help="smaller sizes, no slow peers")
    parser.add_argument("--stages", action="store_true", help="the stages of coxa's fits alone")
    parser.add_argument("--limit", type=float, default=300.0, help="seconds after which a peer is given up")
    parser.add_argument("--large", nargs="?", const="all", help="the large cases, or one of them")
    asked = parser.parse_args()
    if asked.large == "all":
        print(large_table())
        return
    if asked.large:
        large(asked.large)
        return
    if asked.stages:
        print(stage_table([ours(case)[0] for case in cases(quick=asked.quick)]))
        return
    stages, beside = [], []
    with tempfile.TemporaryDirectory() as folder:
        for case in cases(quick=asked.quick):
            line, own = ours(case)
            stages.append(line)
            beside += [*own, *peers(case, Path(folder), asked.limit, quick=asked.quick)]
    text = PAGE.format(
        cores=os.cpu_count(),
        slopes=FORMULA,
        nested=NESTED,
        stages=stage_table(stages),
        same=SAME_OPTIMUM,
        limit=asked.limit,
        quick=" This was a quick run: slow packages and large data were left out." if asked.quick else "",
        peers=markdown(compared(beside)),
        large=large_table(),
    )
    print(text)
    if asked.write:
        asked.write.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
