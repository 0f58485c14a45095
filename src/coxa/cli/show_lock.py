"""How a lock looks in a terminal."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

import typer
from rich.table import Table
from rich.text import Text

from coxa.cli.show import COLOURS, console

if TYPE_CHECKING:
    from coxa.study import Study
    from coxa.study.locking.content import Change
    from coxa.study.locking.deviations import PlanStatus
    from coxa.study.locking.lock import Lock

COUNTED = ("arms", "visits", "outcomes", "estimands", "analyses", "covariates", "intercurrent_events")


def show_status(status: PlanStatus, quiet: bool = False) -> None:
    """Print how a plan stands to its lock, in one line; a quiet run says only what was changed without record."""
    changed = status.state == "changed"
    if changed or not quiet:
        typer.secho(status.as_text(), fg=COLOURS["warning"] if changed else None)


def check_locked(plan: Study, unlocked: bool, quiet: bool) -> None:
    """Stop where a plan is not the one that was locked, unless that was asked for; else say how it stands."""
    from coxa.study.locking.deviations import plan_status, require_locked

    status = plan_status(plan)
    if not unlocked:
        require_locked(status, otherwise="go on with `--unlocked`")
    if not quiet:
        show_status(status)


def show_locked(plan: Study, made: Lock, before: Lock | None, path: Path | None, quiet: bool) -> None:
    """Print what was locked; for an amendment, what was changed."""
    from coxa.study.locking.content import plan_changes

    out, entry = console(), made.last
    if before is not None and len(before.entries) == len(made.entries):
        same = plan.origin is not None and plan.origin.sha256 == entry.plan_sha256
        comment = "" if same else "; what differs in the file is not of the protocol"
        typer.echo(f"nothing to lock: the plan is as locked on {entry.date}{comment}")
        return
    if before is not None:
        changes = plan_changes(before.last.plan, entry.plan)
        said = "1 change" if len(changes) == 1 else f"{len(changes)} changes"
        out.print(Text(f"Amendment {len(made.entries) - 1} of {plan.study}, {entry.date}: {said}", style="bold"))
        out.print(Text(f"reason: {entry.reason}"))
        if not quiet:
            out.print(_changes(changes))
    else:
        out.print(Text(f"Locked {plan.study} on {entry.date}", style="bold"))
        if not quiet:
            out.print(_summary(plan))
    if not quiet:
        out.print(_hashes(made))
    typer.echo(f"lock: {path}")


def lock_json(made: Lock, before: Lock | None) -> str:
    """Return what was locked as JSON: the hashes, and the changes of an amendment."""
    from coxa.study.locking.content import plan_changes

    entry = made.last
    amended = before is not None and len(before.entries) < len(made.entries)
    changes = plan_changes(before.last.plan, entry.plan) if before and amended else ()
    keys = ("study", "date", "reason", "coxa", "plan_sha256", "meaning_sha256", "sha256")
    told = [{"key": ".".join(c.path), "what": c.what, "from": c.before, "to": c.after} for c in changes]
    written = before is None or amended
    data = {"file": made.file, "written": written, "entries": len(made.entries)}
    return json.dumps({**data, **{key: getattr(entry, key) for key in keys}, "changes": told}, ensure_ascii=False)


def _changes(changes: tuple[Change, ...]) -> Table:
    from coxa.study.locking.content import value_words

    table = Table(box=None, pad_edge=False, header_style="bold")
    for name in ("what", "from", "to"):
        table.add_column(name, overflow="fold")
    for change in changes:
        table.add_row(*(Text(text) for text in (change.what, value_words(change.before), value_words(change.after))))
    return table


def _summary(plan: Study) -> Table:
    table = Table(box=None, pad_edge=False, show_header=False)
    for kind in COUNTED:
        names = list(getattr(plan, kind, ()))
        if names:
            table.add_row(Text(kind.replace("_", " "), style="dim"), Text(", ".join(names)))
    for kind in ("randomisation", "per_protocol", "assumptions"):
        if getattr(plan, kind, None) is not None:
            table.add_row(Text(kind.replace("_", " "), style="dim"), Text("locked"))
    from coxa.study.comparative import ComparativeStudy

    if not isinstance(plan, ComparativeStudy):
        return table
    primary = [planned.name for planned in plan.primary_analyses]
    table.add_row(Text("primary", style="dim"), Text(", ".join(primary) or "none"))
    return table


def _hashes(made: Lock) -> Table:
    entry = made.last
    table = Table(box=None, pad_edge=False, show_header=False)
    for name, sha256 in (("study file", entry.plan_sha256), ("protocol", entry.meaning_sha256), ("lock", entry.sha256)):
        table.add_row(Text(f"SHA-256 of the {name}", style="dim"), Text(sha256))
    return table
