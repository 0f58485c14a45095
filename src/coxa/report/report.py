"""A report: what a run produced, with its tables, its figures and the files that it is written to."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from coxa.report.record import ReportRecord, StudyKind

if TYPE_CHECKING:
    from coxa.figures.figure import Figure
    from coxa.report.contents import Contents
    from coxa.report.document import Document, Format
    from coxa.report.lengths import ReportLength
    from coxa.report.topics.committee.groups import Arms
    from coxa.report.trace.crate import CrateOptions
    from coxa.study.words import StyleName
    from coxa.tables.table import Table


@dataclass(frozen=True, slots=True, repr=False)
class Report(ReportRecord[StudyKind]):
    """A plan, its data and its results, with the tables and figures that show them and the files they are written to.

    Its attributes are those of `coxa.report.record.ReportRecord`.

    Examples
    --------
    >>> import coxa
    >>> report = coxa.analyse(coxa.simulate_study(coxa.preset("moa-2013"), participants=40, truth_size=2000, seed=1))
    >>> report.status.lock is None, len(report.findings), list(report.estimates.frame["term"].unique())
    (True, 0, ['marginal_mean', 'difference', 'main_effect', 'simple_effect', 'interaction'])
    """

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
        formats: Format | Sequence[Format] = "html",
        *,
        data: str | Path | None = None,
        style: StyleName | None = None,
        length: ReportLength | None = None,
        arms: Arms = "pooled",
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
        length
            "slide" (one page in the ratio 16:9, as "html"), "brief" (the answer and the result in people), "journal"
            (what a paper shows, with the rest as a supplement
            beside it), "committee" (recruitment, completeness, departures and harms, no results) or "full"; unless
            given, a page is full, and PDF and Word are for a journal.
        arms
            Of a report to a committee: "pooled", or "masked" under letters.
        share
            For others: small counts hidden, and no files that name participants or hold all estimates.
        crate
            What an RO-Crate says of itself; without it none is written.

        Returns
        -------
        list of Path
            The report in each format, its supplement, and the crate.

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
        from coxa.report.document import FORMATS
        from coxa.report.write import write_report

        named = [formats] if isinstance(formats, str) else formats
        wanted = [check_option("formats", name, FORMATS) for name in named]
        return write_report(
            self, folder, wanted, data=data, style=style, length=length, arms=arms, share=share, crate=crate
        )

    def to_html(self, path: str | Path, *, style: StyleName | None = None, length: ReportLength | None = None) -> Path:
        """Write the report as one self-contained page, without its results beside it; return the path.

        Parameters
        ----------
        path
            The file, which is written whole or not at all.
        style
            How numbers are written: "plain", "jama", "lancet" or "nejm"; otherwise as the plan says.
        length
            "slide", "brief", "journal", "committee" or "full"; unless given, full.

        Examples
        --------
        >>> report.to_html("report.html")  # doctest: +SKIP
        PosixPath('report.html')
        """
        from coxa.files import save
        from coxa.report.output.render import render

        return save(Path(path), render(self, "html", style, length))

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
