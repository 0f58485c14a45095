"""Everything that one run of a plan on a cohort produced."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Generic, TypeGuard

from typing_extensions import TypeVar

from coxa.arguments import Kind
from coxa.cohort.cohort import Cohort
from coxa.cohort.disposition import Disposition
from coxa.derive.dataset import AnalysisDataset
from coxa.estimates import Estimates
from coxa.findings import Findings
from coxa.models import Fit
from coxa.study import Study
from coxa.study.comparative import ComparativeStudy
from coxa.study.locking.deviations import PlanStatus

if TYPE_CHECKING:
    from coxa.figures.figure import Figure
    from coxa.report.contents import Contents
    from coxa.report.document import Document
    from coxa.report.trace.crate import CrateOptions
    from coxa.tables.table import Table

StudyKind = TypeVar("StudyKind", bound=Study, covariant=True, default=ComparativeStudy)
"""Kind of study of a report: one that compares arms or groups, unless said otherwise."""


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
    """Why an analysis of the plan has no numbers, and what can be done about it, most likely first.

    Examples
    --------
    >>> NotFitted("no structure has a proven optimum", ("declare a simpler covariance",)).remedies
    ('declare a simpler covariance',)
    """

    message: str
    remedies: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, repr=False)
class Report(Generic[StudyKind]):
    """A plan, its data and its results; renderers turn it into a document.

    observed : outcome -> its rows as recorded: of those with a responder rule and without an estimand; in a study
               without arms, which has nothing else, of every outcome
    datasets : estimand -> the rows it is estimated from
    fits     : analysis -> the models fitted (one for an MMRM, one per visit for an ANCOVA, none for proportions)
    estimates: every number of every analysis
    not_fitted: analyses without numbers; a finding says the same
    status   : how the plan stands to its lock
    seconds  : wall time of each step; it is written to run.json and shown nowhere

    Examples
    --------
    >>> import coxa
    >>> report = coxa.analyse(coxa.simulate_study(coxa.preset("moa-2013"), participants=40, truth_size=2000, seed=1))
    >>> report.status.lock is None, len(report.findings), list(report.estimates.frame["term"].unique())
    (True, 0, ['marginal_mean', 'difference', 'main_effect', 'simple_effect', 'interaction'])
    """

    study: StudyKind
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
    _built: dict[str, Document] = field(default_factory=dict, init=False, compare=False)
    """The document, built when a table or a figure is asked for."""

    def __repr__(self) -> str:
        from coxa.report.text import report_text

        return report_text(self)

    def _repr_html_(self) -> str:
        from coxa.report.text import report_card

        return report_card(self).html()

    def write(
        self,
        folder: str | Path,
        formats: str | Sequence[str] = "html",
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
            "html", "pdf" or "docx", or several of them.
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
        from coxa.errors import check_option
        from coxa.report.output.render import FORMATS
        from coxa.report.write import write_report

        wanted = [formats] if isinstance(formats, str) else list(formats)
        for name in wanted:
            check_option("format", name, FORMATS)
        return write_report(self, folder, wanted, data=data, style=style, share=share, crate=crate)

    def to_html(self, path: str | Path, *, style: str | None = None) -> Path:
        """Write the report as one self-contained page, without its results beside it; return the path.

        Parameters
        ----------
        path
            The file, which is written whole or not at all.
        style
            How numbers are written: "plain", "jama", "lancet" or "nejm"; otherwise as the plan says.

        Examples
        --------
        >>> report.to_html("report.html")  # doctest: +SKIP
        PosixPath('report.html')
        """
        from coxa.files import save
        from coxa.report.output.render import render

        return save(Path(path), render(self, "html", style))

    @property
    def tables(self) -> Contents[Table]:
        """The tables in reading order by their numbers: `report.tables` lists them, `report.tables["T2"]` is one."""
        from coxa.report.contents import Contents

        return Contents("Table", list(self._document().tables()))

    @property
    def figures(self) -> Contents[Figure]:
        """The figures in reading order by their numbers: `report.figures` lists them."""
        from coxa.report.contents import Contents

        return Contents("Figure", list(self._document().figures()))

    def table(self, name: str) -> Table:
        """Return a table by its number in the report, "Table 2" or "T2", or by its identifier.

        Raises
        ------
        OptionError
            If there is none; the message lists those that there are.

        Examples
        --------
        >>> report.table("Table 2").to_great_table()  # doctest: +SKIP
        """
        return self.tables[name]

    def figure(self, name: str) -> Figure:
        """Return a figure by its number in the report, "Figure 1" or "F1", or by its identifier.

        Raises
        ------
        OptionError
            If there is none; the message lists those that there are.

        Examples
        --------
        >>> Path("flow.svg").write_text(report.figure("F1").svg(), encoding="utf-8")  # doctest: +SKIP
        """
        return self.figures[name]

    def _document(self) -> Document:
        if "document" not in self._built:
            from coxa.report.build import build_document

            self._built["document"] = build_document(self)
        return self._built["document"]


def compares(report: Report[Study]) -> TypeGuard[Report]:
    """Return whether a report is of a study that compares arms or groups, and has estimands and analyses."""
    return isinstance(report.study, ComparativeStudy)


REPORT = Kind((Report,), "a report (`Report`)", "Make one first, by `coxa.analyse(study)`.")
