"""Everything that one run of a plan on a cohort produced."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from coxa.arguments import Kind
from coxa.cohort.cohort import Cohort
from coxa.cohort.disposition import Disposition
from coxa.derive.dataset import AnalysisDataset
from coxa.estimates import Estimates
from coxa.findings import Findings
from coxa.models import Fit
from coxa.study import Study
from coxa.study.locking.deviations import PlanStatus

if TYPE_CHECKING:
    from coxa.report.trace.crate import CrateOptions


@dataclass(frozen=True, slots=True)
class RunRecord:
    """What is needed to run it again: versions, hashes, seed.

    plan_sha256 : hash of the study file
    data_sha256 : file name -> hash
    versions    : package -> version
    seed        : the seed, where anything was drawn
    """

    study: str
    plan_sha256: str
    data_sha256: Mapping[str, str]
    versions: Mapping[str, str]
    seed: int | None = None


@dataclass(frozen=True, slots=True)
class NotFitted:
    """Why an analysis of the plan has no numbers, and what can be done about it, most likely first."""

    message: str
    remedies: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, repr=False)
class Report:
    """A plan, its data and its results; renderers turn it into a document.

    observed : outcome with a responder rule and without an estimand -> its rows as recorded
    datasets : estimand -> the rows it is estimated from
    fits     : analysis -> the models fitted (one for an MMRM, one per visit for an ANCOVA, none for proportions)
    estimates: every number of every analysis
    not_fitted: analyses without numbers; a finding says the same
    status   : how the plan stands to its lock
    seconds  : wall time of each step; it is written to run.json and shown nowhere
    """

    study: Study
    cohort: Cohort
    datasets: Mapping[str, AnalysisDataset]
    fits: Mapping[str, tuple[Fit, ...]]
    estimates: Estimates
    findings: Findings
    disposition: Disposition
    run: RunRecord
    observed: Mapping[str, AnalysisDataset] = field(default_factory=dict)
    status: PlanStatus = field(default_factory=PlanStatus)
    not_fitted: Mapping[str, NotFitted] = field(default_factory=dict)
    seconds: Mapping[str, Any] = field(default_factory=dict, compare=False)

    def __repr__(self) -> str:
        from coxa.report.text import report_text

        return report_text(self)

    def write(
        self,
        folder: str | Path,
        formats: Sequence[str] = ("html",),
        *,
        data: str | Path | None = None,
        style: str | None = None,
        share: bool = False,
        crate: CrateOptions | None = None,
    ) -> list[Path]:
        """Write the report and its results, all files of them or none.

        Parameters
        ----------
        folder
            Where to write; made if it is missing.
        formats
            "html", "pdf", "docx".
        data
            Where the data files are, if elsewhere than the plan says; `coxa verify` looks there again.
        style
            How numbers are written: "plain", "jama", "lancet" or "nejm"; otherwise as the plan says.
        share
            For others: small counts hidden, and no files that name participants or hold all estimates.
        crate
            What an RO-Crate says of itself; without it none is written.

        Returns
        -------
        list of Path
            The report in each format, and the crate.

        Raises
        ------
        OptionError
            If a format is unknown, or the report is to be shared and the folder has files of an earlier report that
            are not.
        OSError
            If a file cannot be written; the folder is as it was.

        Examples
        --------
        >>> report.write("out", formats=("html", "docx"))  # doctest: +SKIP
        [PosixPath('out/report.html'), PosixPath('out/report.docx')]
        """
        from coxa.report.write import write_report

        return write_report(self, folder, formats, data=data, style=style, share=share, crate=crate)


REPORT = Kind((Report,), "a report (`Report`)", "Make one first, by `coxa.analyse(study)`.")
