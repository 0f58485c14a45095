"""Power of a plan by simulation through its own analyses."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pandas as pd

from coxa.arguments import NUMBER, WHOLE, WHOLES, kinds
from coxa.design.by_simulation.comparisons import TrueDifferences, chosen_analyses, comparisons, true_differences
from coxa.design.by_simulation.run import Cell, PowerRun, Progress
from coxa.design.by_simulation.summary import POWER_COLUMNS, summary
from coxa.design.by_simulation.vary import Prior, planned_effect, settings
from coxa.errors import OptionError
from coxa.runs.store import open_store
from coxa.runs.workers import Workers
from coxa.simulate import trial_design
from coxa.study.comparative import COMPARATIVE, ComparativeStudy


@dataclass(frozen=True, slots=True)
class SimulatedPower:
    """Power by simulation, one row per comparison, setting and number of participants.

    frame    : in `POWER_COLUMNS`: power and what else the replicates say, with Monte Carlo errors; `n` participants of
               all arms together; nothing is rounded
    failures : setting, n, analysis, problem and in how many replicates; those without a number count as not shown
    how_true : how the true values were obtained
    inputs   : seed, plan hash and what else was asked

    Examples
    --------
    >>> import coxa
    >>> found = coxa.simulated_power(coxa.preset("bennell-2014"), 40, replicates=10, analyses=["primary"])
    >>> found.frame[["n", "replicates"]].drop_duplicates().to_numpy().tolist()
    [[40, 10]]
    """

    frame: pd.DataFrame
    failures: pd.DataFrame
    how_true: str
    inputs: Mapping[str, Any] = field(repr=False)

    def only(self, **where: Any) -> pd.DataFrame:
        """Return the rows whose columns have these values."""
        rows = self.frame
        for column, value in where.items():
            rows = rows[rows[column] == value]
        return rows.reset_index(drop=True)

    def as_text(self) -> str:
        """Return one line per row."""
        return "\n".join(
            f"{row['analysis']}, {row['arm']} - {row['reference']}{' at ' * bool(row['visit'])}{row['visit']}"
            f"{', ' * bool(row['setting'])}{row['setting']}, n {row['n']}: power {row['power']:.3f} "
            f"(Monte Carlo error {row['power_error']:.3f}, {row['replicates']} replicates)"
            for row in self.frame.to_dict("records")
        )

    def _repr_html_(self) -> str:
        return str(self.frame._repr_html_())  # type: ignore[operator]


REPLICATES = 1_000


@kinds(study=COMPARATIVE, n=WHOLES, replicates=WHOLE, precision=NUMBER, seed=WHOLE, jobs=WHOLE)
def simulated_power(
    study: ComparativeStudy,
    n: int | Sequence[int] | None = None,
    *,
    replicates: int = REPLICATES,
    precision: float | None = None,
    seed: int = 1,
    analyses: Sequence[str] | None = None,
    vary: Mapping[str, Sequence[float]] | None = None,
    assurance: tuple[float, float] | None = None,
    jobs: int = 1,
    scheduler: str | None = None,
    out: str | Path | None = None,
    progress: Progress | None = None,
) -> SimulatedPower:
    """Simulate trials from the assumptions of a plan, analyse each as the plan says, and count.

    Parameters
    ----------
    study
        A plan with `assumptions`.
    n
        Participants of all arms together, one number or several; those of the plan unless given.
    replicates
        Trials per number, and per setting.
    precision
        Monte Carlo standard error of every power; trials are added until it is reached.
    seed
        Not negative. Each replicate has a seed of its own, derived from the study, this, n and its number; results
        do not depend on the workers. Settings share these seeds, so that differences between them are more precise.
    analyses
        Names; all unless given.
    vary
        Assumption -> values, all combinations of which are simulated; see `by_simulation.vary.settings`.
    assurance
        Mean and standard deviation of a normal prior of the effect, in units of the outcome; power is then averaged
        over it, and bias, coverage and type M are not numbers. See `by_simulation.prior.Prior`.
    jobs
        Processes on this machine.
    scheduler
        Address of a Dask scheduler that does the work instead.
    out
        Folder in which finished pieces are kept, so that a run that was stopped goes on.
    progress
        Called with the replicates done and known to be needed.

    Returns
    -------
    SimulatedPower

    Raises
    ------
    PlanError
        The plan has no assumptions, or they contradict each other.
    OptionError
        An option is not allowed, or the folder belongs to another plan, seed or prior.
    TooFewParticipantsError
        An analysis gives no number in any trial of a size.

    Notes
    -----
    Repeated-measures models without random effects are fitted many trials at a time; a trial that the first structure
    does not fit, and every other model, is analysed singly by what `coxa.analyse` runs. A trial that would stop the
    report counts as one that shows nothing, and is told in `failures`.

    Examples
    --------
    >>> import coxa
    >>> found = simulated_power(coxa.preset("bennell-2014"), n=[40, 80], replicates=10, analyses=["primary"])
    >>> found.frame["n"].unique().tolist(), bool(found.frame["power"].between(0, 1).all())
    ([40, 80], True)
    """
    names = chosen_analyses(study, analyses)
    check_numbers(replicates, precision, seed)
    prior = None if assurance is None else Prior(*assurance)
    sizes = numbers_of(study, n)
    run = power_run(study, names, seed, prior, Workers(jobs, scheduler), out, progress)
    worlds = settings(study, vary)
    cells: list[Cell] = [(setting, size) for setting in worlds for size in sizes]
    if prior is not None:
        planned_effect(trial_design(study), names[0])
    truths = {setting.name: None if prior else true_differences(setting.study, names) for setting in worlds}
    tables = run.to_precision(cells, replicates, precision)
    frames = [power_table(cell, table, names, truths[cell[0].name]) for cell, table in zip(cells, tables, strict=True)]
    counted = [failures(cell, table, names) for cell, table in zip(cells, tables, strict=True)]
    first = next(iter(truths.values()))
    return SimulatedPower(
        frame=pd.concat(frames, ignore_index=True),
        failures=pd.concat(counted, ignore_index=True),
        how_true=first.how if first is not None else "the effect is drawn anew for each trial",
        inputs={
            "study": study.study,
            "plan_sha256": plan_hash(study),
            "seed": seed,
            "replicates": replicates,
            "precision": precision,
            "assurance": assurance,
            "vary": {key: list(values) for key, values in (vary or {}).items()},
        },
    )


def power_run(
    study: ComparativeStudy,
    names: tuple[str, ...],
    seed: int,
    prior: Prior | None,
    workers: Workers,
    out: str | Path | None,
    progress: Progress | None,
) -> PowerRun:
    """Return a run, with the pieces that its folder has."""
    store = None
    if out is not None:
        record: dict[str, Any] = {
            "plan_sha256": plan_hash(study),
            "seed": seed,
            "analyses": list(names),
            "prior": None if prior is None else [prior.mean, prior.sd],
        }
        store = open_store(out, record)
    return PowerRun(names, seed, prior, workers, store, progress)


def plan_hash(study: ComparativeStudy) -> str:
    """Return the SHA-256 of a plan's content, whatever its file looks like."""
    return hashlib.sha256(study.model_dump_json().encode("utf-8")).hexdigest()


def numbers_of(study: ComparativeStudy, n: int | Sequence[int] | None) -> list[int]:
    """Return the numbers of participants to simulate, each once, in order."""
    if n is None:
        return [trial_design(study).n]
    given = [n] if isinstance(n, int) else list(n)
    if not given or min(given) < 1:
        raise OptionError(f"`n` is {given}. Give numbers of participants of all arms together, such as 80,100,120.")
    return list(dict.fromkeys(given))


def check_numbers(replicates: int, precision: float | None, seed: int) -> None:
    """Raise `OptionError` where a number is out of range."""
    if replicates < 2:
        raise OptionError(f"`replicates` is {replicates}. Give at least 2, better 1,000.")
    if seed < 0:
        raise OptionError(f"`seed` is {seed}. Give a whole number of 0 or more.")
    if precision is not None and not 0.001 <= precision < 0.5:
        raise OptionError(f"`precision` is {precision:g}. Give the standard error of a power, from 0.001 to below 0.5.")


def power_table(cell: Cell, rows: pd.DataFrame, names: tuple[str, ...], truth: TrueDifferences | None) -> pd.DataFrame:
    """Return one row per comparison of one setting and number."""
    setting, n = cell
    keys = ["analysis", "arm", "reference", "visit", "term"]
    groups = dict(iter(rows.groupby(keys, sort=False)))
    lines = []
    for one in (one for name in names for one in comparisons(setting.study, name)):
        mine = groups[(one.analysis, *one.key)]
        known = truth.values[one.analysis, one.key] if truth is not None else None
        lines.append(summary(mine, one, known, setting=setting.name, n=n))
    return pd.DataFrame(lines, columns=list(POWER_COLUMNS))


def failures(cell: Cell, rows: pd.DataFrame, names: tuple[str, ...]) -> pd.DataFrame:
    """Return why trials have no number, and how many."""
    setting, n = cell
    lost = rows[rows["problem"] != ""].drop_duplicates(["replicate", "analysis", "problem"])
    lines = [
        (setting.name, n, name, problem, int(count))
        for name in names
        for problem, count in lost.loc[lost["analysis"] == name, "problem"].value_counts().items()
    ]
    return pd.DataFrame(lines, columns=["setting", "n", "analysis", "problem", "replicates"])
