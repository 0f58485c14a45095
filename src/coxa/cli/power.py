"""`coxa power`."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from coxa.cli.edge import AsJson, Quiet, StudyPath, Verbose, can_move, edge, print_json

if TYPE_CHECKING:
    from coxa.design.by_simulation.search import SampleSize
    from coxa.design.by_simulation.simulated import SimulatedPower
    from coxa.study.comparative import ComparativeStudy

TAKEN = "variances known, nothing gained from covariates, the effect there at once"
"""What the closed form of clusters in periods takes for granted."""

Jobs = Annotated[
    int, typer.Option("--jobs", help="Processes on this machine. The results do not depend on their number.")
]
Scheduler = Annotated[
    str | None, typer.Option("--scheduler", help="Dask scheduler for the work, such as tcp://10.0.0.5:8786.")
]
Precision = Annotated[
    float | None, typer.Option("--precision", help="Add replicates until each power has this Monte Carlo error.")
]


def power_command(
    study: StudyPath,
    n: Annotated[
        str | None,
        typer.Option(
            "--n", help=("Participants of all arms together, such as 60,80,100; by default those of the plan.")
        ),
    ] = None,
    replicates: Annotated[
        int, typer.Option("--replicates", help="Simulated trials for each number and setting.")
    ] = 1000,
    precision: Precision = None,
    power: Annotated[
        float | None,
        typer.Option("--power", help="Find the smallest number of participants with this power, such as 0.8."),
    ] = None,
    analyses: Annotated[
        str | None, typer.Option("--analyses", help="Analyses of the plan, such as primary,ancova; all by default.")
    ] = None,
    vary: Annotated[
        list[str] | None,
        typer.Option(
            "--vary",
            help=("Vary an assumption, such as dropout=0.1,0.2 or therapist_id=0.01,0.05; repeat it for several."),
        ),
    ] = None,
    assurance: Annotated[
        str | None,
        typer.Option(
            "--assurance",
            help="Average over an uncertain effect: mean,sd in the unit of the outcome, or the next_trial.json of "
            "`coxa pool`.",
        ),
    ] = None,
    seed: Annotated[int, typer.Option("--seed", help="Seed; the same plan and seed give the same numbers.")] = 1,
    jobs: Jobs = 1,
    scheduler: Scheduler = None,
    out: Annotated[
        Path | None,
        typer.Option("--out", help="Folder for table, figure and finished pieces; a stopped run is continued there."),
    ] = None,
    as_json: AsJson = False,
    quiet: Quiet = False,
    verbose: Verbose = False,
) -> None:
    """Estimate power, bias, coverage and width by simulating trials and analysing each by the plan.

    Example: coxa power study.yaml --n 60,80,100 --replicates 500
    """
    with edge(verbose, as_json):
        from coxa.cli.lists import assignments, names, numbers
        from coxa.cli.prior import prior_of
        from coxa.study import read_study
        from coxa.study.comparative import with_arms

        plan = with_arms(read_study(study), "`coxa power`")
        sizes = [int(each) for each in numbers("--n", n, whole=True)] if n else None
        prior = prior_of(plan, assurance)
        if assurance and prior and assurance.endswith(".json") and not (quiet or as_json):
            typer.echo(f"prior of the effect from {assurance}: mean {prior[0]:.3g}, SD {prior[1]:.3g}")
        options: dict[str, object] = {
            "replicates": replicates,
            "precision": precision,
            "seed": seed,
            "analyses": names(analyses),
            "vary": assignments("--vary", vary or []),
            "assurance": prior,
            "jobs": jobs,
            "scheduler": scheduler,
            "out": out,
        }
        answer: SampleSize | None = None
        with following("simulating trials", quiet) as progress:
            if power is None:
                from coxa.design.by_simulation.simulated import simulated_power

                found = simulated_power(plan, sizes, progress=progress, **options)  # type: ignore[arg-type]
            else:
                from coxa.design.by_simulation.search import find_n

                answer = find_n(plan, power, sizes, progress=progress, **options)  # type: ignore[arg-type]
                found = answer.simulated
        written = _written(found, answer, out, power)
        if as_json:
            print_json(found.frame)
            return
        from coxa.cli.show_power import show_power

        show_power(plan, found, answer, quiet)
        if not quiet and not vary and prior is None:
            simulated = set(found.frame["analysis"])
            _closed_form(plan, sizes or sorted(set(map(int, found.frame["n"]))), simulated)
        if power is None and (plan.hypotheses or plan.interim) and analyses is None:
            from coxa.cli.show_hypotheses import show_hypotheses
            from coxa.design.by_simulation.hypotheses import simulated_hypotheses

            asked: list[int | None] = [*sizes] if sizes else [None]
            for size in asked:
                show_hypotheses(plan, simulated_hypotheses(plan, size, replicates=replicates, seed=seed))
        if written:
            typer.echo(f"written: {', '.join(map(str, written))}")


def _closed_form(plan: ComparativeStudy, sizes: list[int], names: set[str]) -> None:
    """Print the power of clusters in periods in closed form, next to the simulated one."""
    from coxa.design.closed_form.of_cluster_periods import power_of_cluster_periods

    for n in sizes:
        for name, found in power_of_cluster_periods(plan, n).items():
            if name in names:
                typer.echo(f"closed form, {name}, n {n}: {found.power:.1%} ({found.source}; {TAKEN})")


def _written(found: SimulatedPower, answer: SampleSize | None, out: Path | None, target: float | None) -> list[Path]:
    """Write table, record and figure, if there is a folder; return the files."""
    if out is None:
        return []
    from coxa.cli.power_files import power_files

    return power_files(found, answer, out, target)


@contextmanager
def following(what: str, quiet: bool) -> Iterator[Callable[[int, int], None] | None]:
    """Show a progress bar on standard error, where somebody is looking."""
    if quiet or not can_move():
        yield None
        return
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task(what, total=None)

        def told(done: int, total: int) -> None:
            bar.update(task, completed=done, total=total)

        yield told
