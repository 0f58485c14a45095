"""Run a report again and compare it with what was handed over, number by number."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from html.parser import HTMLParser
from pathlib import Path

import pandas as pd

from coxa.errors import CoxaError
from coxa.findings import Finding, Findings
from coxa.report.analyse import analyse, describe
from coxa.report.build import build_document
from coxa.report.document import Document
from coxa.report.record import RunRecord
from coxa.report.trace.compare import TOLERANCE, compare_results
from coxa.report.trace.kept import FORMS, Kept, read_kept, written_with
from coxa.report.trace.places import places
from coxa.report.trace.results import ADDRESS, results_frame
from coxa.tables.characters import plain
from coxa.tables.records import records

CELLS = ("td", "span")
"""Elements of a page that hold numbers: cells of tables, and numbers in texts."""

AGAIN = "Find out what changed, and make the report again with `coxa report`."


@dataclass(frozen=True, slots=True)
class Verified:
    """What a second run says.

    n_numbers : numbers that were compared
    findings  : errors for what differs, notes for what explains it
    """

    n_numbers: int
    findings: Findings


def verify(report: Path, data: Path | None = None, tolerance: float = TOLERANCE) -> Verified:
    """Run the plan of a report again on its data and compare number by number.

    Parameters
    ----------
    report
        Its folder, or a file in it; a report.html there is read as well.
    data
        Folder of the data files, where they are not where they were.
    tolerance
        Relative difference that is still the same number.

    Returns
    -------
    Verified
        Errors: a hash of plan or data that changed, a number that differs from the results data set, a cell of
        report.html that says something else, a PDF or Word file that was not written with these results. Notes:
        versions that changed, a page that was saved anew.

    Raises
    ------
    CoxaError
        If the plan is not where it was.
    FindingsError
        If the plan or the data have faults by now.

    Examples
    --------
    >>> import coxa
    >>> import pandas as pd
    >>> scores = pd.DataFrame({"id": ["P1", "P2", "P3"], "before": [6, 7, 5], "after": [4, 3, 5]})
    >>> scores.to_csv("scores.csv", index=False)
    >>> _ = Path("study.yaml").write_text('''
    ... study: hip-clinic
    ... title: Hip osteoarthritis in one clinic
    ... design: service
    ... visits: {intake: {day: 0}, week_6: {day: 42}}
    ... outcomes: {pain: {label: Hip pain, range: [0, 10], unit: points, higher_is_better: false}}
    ... data:
    ...   folder: .
    ...   tables:
    ...     participants: {file: scores.csv, columns: {participant_id: id}}
    ...     assessments:
    ...       file: scores.csv
    ...       columns: {participant_id: id}
    ...       outcomes: {pain: {intake: before, week_6: after}}
    ... ''', encoding="utf-8")
    >>> _ = coxa.analyse("study.yaml").write("out")
    >>> verified = verify(Path("out"))
    >>> verified.n_numbers > 0, len(verified.findings)
    (True, 0)
    """
    kept = read_kept(report)
    plan = plan_of(kept)
    committee = kept.provenance.get("arms") or None
    made = (describe if committee else analyse)(plan, data or kept.path("data"))
    share = bool(kept.provenance.get("small_cells"))
    document = build_document(made, kept.provenance.get("style", "plain"), share, committee)
    return verified(kept, made.run, document, results_frame(made, document), tolerance)


def plan_of(kept: Kept) -> Path:
    """Return where the plan of what is kept is.

    Raises
    ------
    CoxaError
        It is not where it was.
    """
    plan = kept.path("plan")
    if plan is None or not plan.is_file():
        raise CoxaError(
            f"The plan is not at {plan}. Move the folder of the report back to it, or make the report again."
        )
    return plan


def verified(kept: Kept, run: RunRecord, document: Document, again: pd.DataFrame, tolerance: float) -> Verified:
    """Return what differs between what is kept and a second run.

    Parameters
    ----------
    kept
        What was handed over.
    run
        Hashes and versions of the second run.
    document, again
        Its document, and the numbers in it.
    tolerance
        Relative difference that is still the same number.
    """
    found = [*_hashes(kept, run), *_numbers(kept.results, again, tolerance)]
    for form in FORMS:
        found += _form(kept, kept.folder / form, document)
    return Verified(len(kept.results), Findings((*found, *_versions(kept, run))))


def _hashes(kept: Kept, run: RunRecord) -> Iterator[Finding]:
    before = {kept.provenance["plan"]["file"]: kept.provenance["plan"]["sha256"], **kept.provenance["data"]["files"]}
    now = {kept.provenance["plan"]["file"]: run.plan_sha256, **run.data_sha256}
    for name in dict.fromkeys((*before, *now)):
        if before.get(name) != now.get(name):
            said = f"{before.get(name, 'not there')} then, {now.get(name, 'not there')} now"
            yield Finding("error", name, "the file is not the one of the report", AGAIN, field="SHA-256", value=said)


def _numbers(before: pd.DataFrame, now: pd.DataFrame, tolerance: float) -> Iterator[Finding]:
    for row in records(compare_results(before, now, tolerance)):
        address = "/".join(str(row[name]) or "-" for name in ADDRESS)
        said = f"{row['first']!r} in the report, {row['second']!r} again ({row['what']})"
        rule = "a second run gives another number"
        yield Finding("error", "results", rule, AGAIN, field=address, value=said)


def _form(kept: Kept, path: Path, document: Document) -> list[Finding]:
    """Return a finding for every number of a page that differs, or for a file of another run."""
    if not path.is_file():
        return []
    held = kept.forms.get(path.name)
    shown = replace(document, length=held.length if held else "full")
    page = list(_page(path, shown)) if path.suffix == ".html" else []
    if page or written_with(kept, path):
        return page
    if path.suffix == ".html":
        rule = "the page was changed after it was written, but its numbers are those of the results"
        return [Finding("note", path.name, rule, "Keep the file that `coxa report` wrote.")]
    rule = "the file is of another run, or was changed after it was written"
    return [Finding("error", path.name, rule, "Write all forms in one run, such as `coxa report --format html,pdf`.")]


def _page(page: Path, document: Document) -> Iterator[Finding]:
    """Yield an error for every cell of the page that shows something else than the document."""
    shown = {name: plain(text) for name, text in _Cells(page.read_text(encoding="utf-8")).found.items()}
    cells = ((place.name, place.cell) for place in places(document) if place.cell.statistics)
    wanted = {name: plain(f"{cell.text}{cell.mark}") for name, cell in cells}
    for cell in dict.fromkeys((*shown, *wanted)):
        there, again = shown.get(cell, "nothing"), wanted.get(cell, "nothing")
        if there != again:
            said = f"{there} on the page, {again} again"
            yield Finding(
                "error", page.name, "the cell does not show what a second run gives", AGAIN, field=cell, value=said
            )


def _versions(kept: Kept, run: RunRecord) -> Iterator[Finding]:
    before = kept.provenance["versions"]
    for name, version in run.versions.items():
        if before.get(name) != version:
            said = f"{before.get(name, 'not there')} then, {version} now"
            yield Finding(
                "note",
                "versions",
                "another version was used",
                "Install the old one to compare.",
                field=name,
                value=said,
            )


class _Cells(HTMLParser):
    """Reads the text of the cells of a page that say which cell they are."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.found: dict[str, str] = {}
        self._open = ""
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Open a cell, of a table or in a text."""
        if tag in CELLS:
            self._open = dict(attrs).get("data-cell") or ""
            if self._open:
                self.found[self._open] = ""

    def handle_endtag(self, tag: str) -> None:
        """Close a cell."""
        if tag in CELLS:
            self._open = ""

    def handle_data(self, data: str) -> None:
        """Keep the text of an open cell."""
        if self._open:
            self.found[self._open] += data
