"""What is needed to run it again."""

from __future__ import annotations

from coxa.report.document import Card, Paragraph, Section
from coxa.report.record import ReportRecord
from coxa.study import Study


def run_section(report: ReportRecord[Study]) -> Section:
    """Return hashes of plan and data, versions and seed; no time, so that the same run gives the same bytes."""
    run = report.run
    hashes = (("Study file", run.plan_sha256), *run.data_sha256.items())
    versions = tuple(run.versions.items())
    seed = () if run.seed is None else (("Seed", str(run.seed)),)
    said = "The same plan, data and versions give the same report, byte for byte."
    return Section(
        "run-record",
        "Run record",
        (Paragraph(said), Card("SHA-256", tuple(hashes)), Card("Versions", (*versions, *seed))),
    )
