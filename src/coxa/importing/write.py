"""A proposal as a commented plan: why each key is so, and where an answer is missing."""

from __future__ import annotations

import io
import os
import shlex
import textwrap
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.comments import CommentedMap, CommentedSeq

from coxa.errors import CoxaError, OptionError
from coxa.files import save
from coxa.importing.files import common_folder, is_server
from coxa.importing.proposal import Proposal, Question
from coxa.study.audit.plan import AuditPlan
from coxa.study.audit.source import EpisodesSource
from coxa.study.unanswered import AGAIN, LEFT_OUT, is_signed, signed

WIDTH, INDENT = 110, 2
SHORT = 100
"""Lists of at most so many characters are written in one line."""

HOME = {
    "column": "data.columns", "role": "data.columns", "date_format": "data.date_format", "decimal": "data.decimal",
    "percent": "data.percent", "missing": "data.missing", "same": "data.values", "table": "data.file",
    "moment": "outcomes", "instrument": "outcomes", "range": "outcomes", "direction": "outcomes",
    "arm": "arms", "columns": "covariates", "items": "data.tables", "values": "data.tables",
    "value": "descriptors", "follow_up": "follow_up", "data_cut": "data",
}  # fmt: skip
"""Beginning of a question's key -> the key of the plan that it is about."""


def plan_text(proposal: Proposal, folder: str | Path | None = None) -> str:
    """Return a proposal as YAML, with a comment above each key that has a reason, and `# ?` for each open question.

    Parameters
    ----------
    proposal
        As `propose` returned it.
    folder
        Where the plan will be; paths of files are relative to it. The folder of the files unless given.

    Returns
    -------
    str
        The same for the same proposal and folder; without a path of this machine.

    Raises
    ------
    CoxaError
        The files are on another drive than the folder.

    Examples
    --------
    >>> from coxa.importing.proposing import propose
    >>> head = "Pat no,Site,From,Until,NPRS start,NPRS end"
    >>> _ = Path("june.csv").write_text(head + chr(10) + "01,North,2025-01-07,2025-03-01,7,3", encoding="utf-8")
    >>> print(*plan_text(propose("june.csv", "audit")).splitlines()[-2:], sep=chr(10))
    # Counts from 1 to 4 are hidden from readers.
    small_cells: 5
    """
    plan = _ordered(proposal)
    shared = common_folder([Path(each) for each in proposal.files if not is_server(each)])
    if isinstance(plan.get("data"), dict) and (folder is not None) and not is_server(proposal.files[0]):
        relative = _relative(shared, Path(folder))
        plan["data"] = {"folder": relative, **plan["data"]} if relative != "." else plan["data"]
    top = _commented(plan, (), proposal)
    text = io.StringIO()
    yaml = YAML()
    yaml.width, yaml.allow_unicode = 4096, True
    yaml.indent(mapping=INDENT, sequence=4, offset=2)
    yaml.dump(top, text)
    left = [each for each in proposal.questions if not _place(each, proposal.plan)]
    asked = _lines((_asked(each, proposal) for each in left), "# ? ")
    return "\n".join([*_heading(proposal, folder), text.getvalue(), *asked]).rstrip("\n") + "\n"


def write_plan(proposal: Proposal, folder: str | Path) -> Path:
    """Write the plan of a proposal into a folder, which is made if it is missing; the files stay where they are.

    Parameters
    ----------
    proposal
        As `propose` returned it.
    folder
        For the plan, `audit.yaml` or `study.yaml`.

    Returns
    -------
    Path
        The plan.

    Raises
    ------
    OptionError
        The folder has another plan of the name: one that was changed by hand is not written over.

    Examples
    --------
    >>> from coxa.importing.proposing import propose
    >>> head = "Pat no,Site,From,Until,NPRS start,NPRS end"
    >>> _ = Path("june.csv").write_text(head + chr(10) + "01,North,2025-01-07,2025-03-01,7,3", encoding="utf-8")
    >>> write_plan(propose("june.csv", "audit"), "my-audit").as_posix()
    'my-audit/audit.yaml'
    """
    folder = Path(folder)
    place = folder / proposal.name
    text = plan_text(proposal, folder)
    before = place.read_text(encoding="utf-8") if place.exists() else text
    if before != text and not is_signed(before):
        raise OptionError(f"{place} exists and was changed by hand. Name another folder, or move the plan away.")
    return save(place, signed(text))


def _relative(shared: Path, folder: Path) -> str:
    try:
        return Path(os.path.relpath(shared.resolve(), folder.resolve())).as_posix()
    except ValueError:
        raise CoxaError(f"The files are on another drive than {folder}. Name a folder on theirs.") from None


def _ordered(proposal: Proposal) -> dict[str, Any]:
    """Return the plan with the keys of an audit in the order of its definition."""
    plan = dict(proposal.plan)
    if proposal.kind != "audit":
        return plan
    plan = _in_order(plan, list(AuditPlan.model_fields))
    if isinstance(plan.get("data"), dict):
        first = ["folder", "file", "database", "table", "sheet", "header_row"]
        plan["data"] = _in_order(plan["data"], [*first, *EpisodesSource.model_fields])
    return plan


def _in_order(part: Mapping[str, Any], order: Sequence[str]) -> dict[str, Any]:
    return {key: part[key] for key in dict.fromkeys([*(key for key in order if key in part), *part])}


def _commented(part: Mapping[Any, Any], path: tuple[str, ...], proposal: Proposal) -> CommentedMap:
    """Return a mapping with its comments, and the questions about its keys above them."""
    made = CommentedMap()
    for key, value in part.items():
        made[key] = _value(value, (*path, str(key)), proposal)
    for key in part:
        where = ".".join((*path, str(key)))
        lines = _lines([_sentence(proposal.comments[where])] if where in proposal.comments else [], "")
        here = [each for each in proposal.questions if _place(each, proposal.plan) == where]
        lines += _lines((_asked(each, proposal) for each in here), "? ")
        if lines:
            made.yaml_set_comment_before_after_key(key, before="\n".join(lines), indent=INDENT * len(path))
    return made


def _value(value: Any, path: tuple[str, ...], proposal: Proposal) -> Any:
    if isinstance(value, Mapping):
        made = _commented(value, path, proposal)
        plain = not any(isinstance(each, Mapping | list) for each in value.values())
        if plain and len(path) > 2 and len(str(dict(value))) <= SHORT:
            made.fa.set_flow_style()
        return made
    if isinstance(value, list | tuple):
        listed = CommentedSeq(_value(each, path, proposal) for each in value)
        if len(str(value)) <= SHORT:
            listed.fa.set_flow_style()
        return listed
    return value


def _place(question: Question, plan: Mapping[str, Any]) -> str:
    """Return the path of the key above which a question is written: its own, or the nearest part that is there."""
    home = HOME.get(question.key.partition(":")[0].partition(".")[0], question.key.partition(":")[0])
    parts = home.split(".")
    while parts:
        held: Any = plan
        for part in parts:
            held = held.get(part) if isinstance(held, Mapping) else None
        if held is not None:
            return ".".join(parts)
        parts.pop()
    return ""


def _asked(question: Question, proposal: Proposal) -> str:
    """Return a question as a comment: what is asked, what is known, how it is answered, and what waits for it."""
    words = ", ".join(answer.word for answer in question.answers)
    among = f", with one of {words}" if words else ""
    must = "Needed" if question.needed else "Can stay open"
    waiting = {each.column for each in proposal.readings if each.status == "asked"}
    columns = [column for column in question.columns if column in waiting]
    left = f" {LEFT_OUT}{', '.join(columns)}." if columns else ""
    return f"{question.text} {question.why} {must}: --answer '{question.key}=...'{among}.{left}"


def _sentence(text: str) -> str:
    """Return a comment with a capital and a full stop."""
    return text[:1].upper() + text[1:].rstrip(".") + "."


def _lines(texts: Iterable[str], mark: str) -> list[str]:
    """Return texts as lines of comments, each text with its mark at the beginning."""
    lines: list[str] = []
    for text in texts:
        wrapped = textwrap.wrap(text, WIDTH, break_long_words=False, break_on_hyphens=False)
        rest = mark[:1] if mark.startswith("#") else ""
        lines += [f"{mark}{line}" if k == 0 else f"{rest}{' ' * (len(mark) - len(rest))}{line}"
                  for k, line in enumerate(wrapped)]  # fmt: skip
    return lines


def _heading(proposal: Proposal, folder: str | Path | None) -> list[str]:
    """Return the first lines: from what the plan was proposed, what is open, and the command that asks it again."""
    files = ", ".join(each if is_server(each) else Path(each).name for each in proposal.files)
    needed = sum(question.needed for question in proposal.questions)
    n = len(proposal.questions)
    state = f"{n} open, {needed} of them needed" if n else "none open"
    lines = _lines(
        [f"Proposed by `coxa import` from {files}. Comments say why each key is so. Questions: {state}."], "# "
    )  # fmt: skip
    return [*lines, f"# {AGAIN}{_command(proposal, folder)}"] if n and folder is not None else lines


def _command(proposal: Proposal, folder: str | Path) -> str:
    """Return the command that asks the open questions again, for the folder of the plan."""
    files = [each if is_server(each) else _relative(Path(each), Path(folder)) for each in proposal.files]
    kind = () if "kind" in proposal.answers else ("--kind", proposal.kind)
    given = [part for key, word in proposal.answers.items() for part in ("--answer", f"{key}={word}")]
    return shlex.join(["coxa", "import", *files, *kind, *given, "--out", ".", "--interactive"])
