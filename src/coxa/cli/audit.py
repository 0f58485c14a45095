"""`coxa audit`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from coxa.cli.analyse import asked_forms
from coxa.cli.edge import AsJson, DataPath, OutPath, Quiet, Verbose, check_there, edge, print_json, working
from coxa.cli.power import Jobs, Scheduler
from coxa.errors import OptionError, check_option
from coxa.findings import Findings

if TYPE_CHECKING:
    from coxa.clinics.publishing import Published
    from coxa.report.document import Format

AuditPath = Annotated[Path, typer.Argument(metavar="AUDIT.YAML", help="The plan of the audit.")]


def audit_command(
    plan: AuditPath,
    data: DataPath = None,
    out: OutPath = Path("audit"),
    forms: Annotated[
        str, typer.Option("--format", help="Formats of the page: html, pdf, docx (Word), or several with commas.")
    ] = "html",
    length: Annotated[
        str | None,
        typer.Option(
            "--length",
            help="Length: journal (the answer and the main sections) or full. The default is full for a page, journal "
            "for PDF and Word.",
        ),
    ] = None,
    letters: Annotated[
        str | None,
        typer.Option("--letters", help="Also write a letter per clinic and therapist: html, pdf or docx."),
    ] = None,
    earlier: Annotated[
        Path | None,
        typer.Option("--earlier", help="Folder of the audit before, so that no difference gives a patient away."),
    ] = None,
    jobs: Jobs = 1,
    scheduler: Scheduler = None,
    as_json: AsJson = False,
    quiet: Quiet = False,
    verbose: Verbose = False,
) -> None:
    """Audit the outcomes of clinics: how complete, how good for the case mix, what is changing.

    Example: coxa audit my-audit/audit.yaml --format html,pdf --out audit
    """
    with edge(verbose, as_json):
        check_there(plan)
        check_there(data)
        from coxa.cli.check_audit import naming_changes

        wanted, letter = asked_forms(forms), _letter_form(letters)
        from coxa.clinics.write import AUDIT_LENGTHS

        long = check_option("--length", length, AUDIT_LENGTHS) if length is not None else None
        with working(f"auditing {plan}", quiet) as tell:
            from coxa.clinics.publishing import publish
            from coxa.clinics.publishing.earlier import read_counts
            from coxa.clinics.run import audit_clinics
            from coxa.clinics.write import write_audit

            before = [read_counts(earlier)] if earlier is not None else []
            tell("measuring", 0, 3)
            with naming_changes(plan, data):
                audit = audit_clinics(plan, data, jobs=jobs, scheduler=scheduler)
            tell("hiding small counts", 1, 3)
            published = publish(audit, earlier=before)
            tell("writing the page", 2, 3)
            written = write_audit(audit, published, out, wanted, data=data, length=long, letter_form=letter)
        _show(published, as_json, quiet)
        if not as_json:
            from coxa.cli.check_audit import file_of
            from coxa.cli.show import show_findings
            from coxa.importing.drifting import drift
            from coxa.importing.settled import settled

            changed = drift(audit.plan, file_of(audit.plan, data)) if data is not None else Findings()
            show_findings(settled(audit.findings.warnings, changed))
            typer.echo(f"page: {', '.join(map(str, written))}")
            typer.echo(f"for your own eyes: {out / 'own'}")


def _letter_form(text: str | None) -> Format | None:
    """Return the form of letters; None where none are asked for."""
    if text is None:
        return None
    forms = asked_forms(text)
    if len(forms) > 1:
        raise OptionError("`--letters` has several formats. Choose one of html, pdf, docx.")
    return forms[0]


def _show(published: Published, as_json: bool, quiet: bool) -> None:
    """Print the four sentences, or the adjusted changes of the clinics as JSON."""
    audit = published.audit
    if as_json:
        print_json(audit.case_mix[audit.plan.main].clinics)
        return
    if not quiet:
        from coxa.clinics.page.build import build_answer
        from coxa.report.document import Paragraph

        for block in next(build_answer(published).walk()).blocks:
            if isinstance(block, Paragraph):
                typer.echo(str(block.text))
