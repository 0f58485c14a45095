"""`coxa lock`."""

from __future__ import annotations

from typing import Annotated

import typer

from coxa.cli.edge import AsJson, Quiet, StudyPath, Verbose, edge


def lock_command(
    study: StudyPath,
    reason: Annotated[
        str, typer.Option("--reason", help="Reason for the change of the plan since it was locked.")
    ] = "",
    date: Annotated[
        str | None, typer.Option("--date", help="Date of locking, as YYYY-MM-DD; today by default.")
    ] = None,
    as_json: AsJson = False,
    quiet: Quiet = False,
    verbose: Verbose = False,
) -> None:
    """Lock a plan, so that later changes are detected; with --reason, record an amendment.

    Example: coxa lock study.yaml --reason "week 26 added before unblinding"
    """
    with edge(verbose, as_json):
        from coxa.cli.show_lock import lock_json, show_locked
        from coxa.study import read_study
        from coxa.study.locking.lock import lock, lock_path, read_lock

        plan = read_study(study)
        before = read_lock(plan)
        made = lock(plan, reason, date)
        if as_json:
            typer.echo(lock_json(made, before))
        else:
            show_locked(plan, made, before, lock_path(study), quiet)
