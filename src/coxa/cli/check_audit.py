"""`coxa check` of the plan of an audit: what is wrong in its data, and what the plan does not know of an export."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from coxa.cli.edge import FOUND, print_json

if TYPE_CHECKING:
    from coxa.episodes import Episodes
    from coxa.findings import Findings
    from coxa.study.audit.plan import AuditPlan


def check_audit(plan: AuditPlan, data: Path | None) -> tuple[Episodes, Findings]:
    """Read the episodes of an audit; return them, and everything that was found, drift of the export among it.

    Parameters
    ----------
    plan
        The plan.
    data
        A folder with the plan's file, or a file in place of it.
    """
    from coxa.episodes import read_episodes
    from coxa.importing.drifting import drift
    from coxa.importing.settled import settled

    given = file_of(plan, data)
    episodes = read_episodes(plan, given)
    return episodes, settled(episodes.findings, drift(plan, given))


@contextmanager
def naming_changes(path: Path, data: Path | None) -> Iterator[None]:
    """Raise the faults of data with the line of the plan that takes a changed export in."""
    from coxa.errors import CoxaError, DataError
    from coxa.importing.drifting import drift
    from coxa.importing.settled import settled
    from coxa.study.audit.read import read_audit

    try:
        yield
    except DataError as error:
        plan = read_audit(path)
        try:
            changes = drift(plan, file_of(plan, data))
        except (CoxaError, OSError):
            raise error from None
        raise DataError(str(error.args[0]), settled(error.findings, changes)) from error


def file_of(plan: AuditPlan, data: Path | None) -> Path | None:
    """Return the file that `--data` names: itself, or the plan's file in a folder."""
    return data / str(plan.data.file) if data is not None and data.is_dir() and plan.data.file else data


def show_checked(episodes: Episodes, findings: Findings, out: Path | None, *, as_json: bool, quiet: bool) -> None:
    """Print what was found, and the account of every row; leave with 1 where there is an error."""
    from coxa.cli.show import show_counts, show_findings

    if as_json:
        print_json(findings.to_frame())
    else:
        show_findings(findings.errors if quiet else findings)
        if not quiet:
            show_counts(episodes.disposition.counts)
        notes = len(findings.only("note"))
        typer.echo(f"{len(findings.errors)} error(s), {len(findings.warnings)} warning(s), {notes} note(s)")
    if out is not None:
        from coxa.report.write import write_accounts

        write_accounts(findings, episodes.disposition, out)
    if findings.errors:
        raise typer.Exit(FOUND)
