"""`coxa simulate`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from coxa.cli.edge import AsJson, Quiet, StudyPath, Verbose, edge, working
from coxa.errors import OptionError

if TYPE_CHECKING:
    from coxa.simulate.from_plan.trial import SimulatedTrial
    from coxa.study import AuditPlan


def simulate_command(
    study: StudyPath,
    out: Annotated[Path, typer.Option("--out", help="Folder for the trial; new or empty.")] = Path("simulated"),
    seed: Annotated[int, typer.Option("--seed", help="Seed; the same plan and seed give the same files.")] = 1,
    participants: Annotated[
        int | None,
        typer.Option("--participants", help="Participants of all arms together; by default those of the plan."),
    ] = None,
    form: Annotated[
        str, typer.Option("--format", help="Format of the raw files: csv, parquet, or csv,parquet.")
    ] = "csv",
    as_json: AsJson = False,
    quiet: Quiet = False,
    verbose: Verbose = False,
) -> None:
    """Simulate a trial, or a registry of clinics, from a plan's assumptions: raw files, plan and true values.

    Example: coxa simulate study.yaml --out trial --seed 1
    """
    with edge(verbose, as_json):
        from coxa.cli.trial_files import check_formats, refuse_existing, trial_files
        from coxa.study import AuditPlan
        from coxa.study.audit.read import read_plan
        from coxa.study.comparative import with_arms

        formats = check_formats(form)
        refuse_existing(out)
        given = read_plan(study)
        if isinstance(given, AuditPlan):
            _registry(given, study, out, seed, participants, formats, as_json, quiet)
            return
        plan = with_arms(given, "`coxa simulate`")
        with working(f"simulating {study}", quiet):
            from coxa.simulate.from_plan.trial import simulate_study

            trial = simulate_study(plan, seed=seed, participants=participants)
            written = trial_files(trial, study, out, formats)
        _show(trial, written, as_json, quiet)


def _registry(
    plan: AuditPlan,
    path: Path,
    out: Path,
    seed: int,
    participants: int | None,
    formats: tuple[str, ...],
    as_json: bool,
    quiet: bool,
) -> None:
    """Simulate the registry that the plan of an audit assumes, write it and print what was written, and the truth."""
    import json

    from coxa.cli.registry_files import registry_files
    from coxa.simulate import simulate_registry
    from coxa.simulate.registry.plan import simulated_by

    if participants is not None:
        raise OptionError("`--participants` is of trials. Write `assumptions: {episodes: }` in the plan of the audit.")
    with working(f"simulating {path}", quiet):
        registry = simulate_registry(simulated_by(plan), seed=seed)
        written = registry_files(registry, path, out, formats)
    if as_json:
        told = {"written": [str(each) for each in written], "truth": json.loads(registry.truth.to_json())}
        typer.echo(json.dumps(told))
        return
    if not quiet:
        from coxa.cli.show_simulate import show_registry

        show_registry(registry)
    typer.echo(f"written: {', '.join(map(str, written))}")
    if not quiet:
        typer.echo(f"now try: coxa audit {written[0]} --out {written[0].parent / 'out'}")


def _show(trial: SimulatedTrial, written: list[Path], as_json: bool, quiet: bool) -> None:
    """Print what was written, and the truth."""
    if as_json:
        import json
        from dataclasses import asdict

        told = {"written": [str(path) for path in written], "truth": [asdict(value) for value in trial.truth.values]}
        typer.echo(json.dumps(told))
        return
    from coxa.cli.show_simulate import show_outside, show_tables, show_truth

    show_outside(trial)
    if not quiet:
        show_tables(trial)
        show_truth(trial)
    typer.echo(f"written: {', '.join(map(str, written))}")
    if not quiet:
        typer.echo(f"now try: coxa report {written[0]} --out {written[0].parent / 'out'}")
