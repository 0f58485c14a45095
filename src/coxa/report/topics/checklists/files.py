"""Filled checklists as files of their own."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Literal

from coxa.errors import check_option
from coxa.files import save
from coxa.report.document import FORMATS, Format
from coxa.report.output.csv_files import write_csv
from coxa.report.output.render import render_document
from coxa.report.topics.checklists.answer import Checklist
from coxa.report.topics.checklists.section import checklist_document
from coxa.report.topics.checklists.table import counts_words, frame, place_words
from coxa.study import Study

Form = Format | Literal["csv", "md"]
FORMS: tuple[Form, ...] = (*FORMATS, "csv", "md")
MARKDOWN = re.compile(r"([\\`*_\[\]<>|~])")
"""Signs that Markdown takes for its own."""


def asked_form(path: Path) -> Form:
    """Return the form that a file's ending asks for.

    Raises
    ------
    OptionError
        Checklists are not written in that form.
    """
    form = path.suffix.removeprefix(".").lower()
    return check_option("form of a checklist", form, FORMS)


def write_checklists(study: Study, filled: tuple[Checklist, ...], path: str | Path, form: Form) -> Path:
    """Write checklists to one file in one of `FORMS`; return its path."""
    path = Path(path)
    if form == "csv":
        return write_csv(frame(filled), path)
    if form == "md":
        return save(path, markdown(study, filled))
    return save(path, render_document(checklist_document(study, filled), form))


def markdown(study: Study, filled: tuple[Checklist, ...]) -> str:
    """Return checklists as Markdown, a table each."""
    lines = [f"# Reporting checklists of {_plain(study.title)}", ""]
    for checklist in filled:
        lines += [f"## {checklist.guideline.label}", "", f"{counts_words(checklist)}.", ""]
        lines += ["| item | topic | status | where reported; what is missing |", "|---|---|---|---|"]
        lines += [
            f"| {answer.item.item} | {_plain(answer.item.topic)} | {answer.status} | {_plain(place_words(answer))} |"
            for answer in checklist.answers
        ]
        lines.append("")
    return "\n".join(lines)


def _plain(text: str) -> str:
    return MARKDOWN.sub(r"\\\1", " ".join(text.split()))
