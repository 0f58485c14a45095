"""`coxa check`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from coxa.cli.edge import FOUND, AsJson, DataPath, Quiet, StudyPath, Verbose, check_there, edge, print_json, working


def check_command(
    study: StudyPath,
    data: DataPath = None,
    out: Annotated[
        Path | None, typer.Option("--out", help="Folder for findings.csv, left_out.csv and disposition.csv.")
    ] = None,
    as_json: AsJson = False,
    quiet: Quiet = False,
    verbose: Verbose = False,
) -> None:
    """Check a plan of a study or an audit and its data, list every fault, and account for every row.

    Example: coxa check study.yaml --data data
    """
    with edge(verbose, as_json):
        check_there(data)
        with working(f"checking {study}", quiet):
            from coxa.cli.check_audit import check_audit, show_checked
            from coxa.cohort.read import read_cohort
            from coxa.findings import Findings
            from coxa.study.audit.plan import AuditPlan
            from coxa.study.audit.read import read_plan
            from coxa.study.locking.deviations import plan_status
            from coxa.study.unanswered import optional_findings

            plan = read_plan(study)
            asked = optional_findings(plan.origin.name, plan.origin.unanswered) if plan.origin else ()
            audited = check_audit(plan, data) if isinstance(plan, AuditPlan) else None
            if not isinstance(plan, AuditPlan):
                status = plan_status(plan)
                cohort = read_cohort(plan, data) if plan.data else None
        if audited is not None:
            episodes, found = audited
            show_checked(episodes, found + Findings(asked), out, as_json=as_json, quiet=quiet)
            return
        if not as_json:
            from coxa.cli.show_lock import show_status

            show_status(status, quiet)
        if cohort is None:
            from coxa.cli.show import show_findings
            from coxa.cohort.checks.evidence import evidence_findings
            from coxa.findings import Findings

            assert not isinstance(plan, AuditPlan)
            named = Findings(tuple(evidence_findings(plan)))
            if named:
                print_json(named.to_frame()) if as_json else show_findings(named)
                raise typer.Exit(FOUND)
            typer.echo("[]" if as_json else f"{study}: the plan has no faults; it names no data")
            return
        from coxa.cli.show import show_counts, show_findings
        from coxa.derive.findings import derived_findings

        findings = cohort.findings
        if not findings.errors:
            findings += derived_findings(cohort)
        findings += Findings(asked)
        if as_json:
            print_json(findings.to_frame())
        else:
            show_findings(findings if not quiet else findings.errors)
            if not quiet:
                show_counts(cohort.disposition.counts)
            typer.echo(
                f"{len(findings.errors)} error(s), {len(findings.warnings)} warning(s), "
                f"{len(findings.only('note'))} note(s)"
            )
        if out is not None:
            from coxa.report.write import write_checked

            write_checked(cohort, out)
        if findings.errors:
            raise typer.Exit(FOUND)
