"""Propose a plan for files, and propose it again with answers."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from coxa.importing.audit.propose import propose_audit
from coxa.importing.draft import Draft, Material
from coxa.importing.files import read_tables
from coxa.importing.kinds import kind_of_files
from coxa.importing.profile import profile_table
from coxa.importing.proposal import PlanKind, Proposal
from coxa.importing.study.propose import propose_cohort, propose_service, propose_trial

PLANS: dict[PlanKind, Callable[[Draft], None]] = {
    "trial": propose_trial,
    "cohort": propose_cohort,
    "service": propose_service,
    "audit": propose_audit,
}
"""Kind of plan -> what fills in a draft of it."""


def propose(
    paths: str | Path | Sequence[str | Path], kind: PlanKind | None = None, answers: Mapping[str, str] | None = None
) -> Proposal:
    """Propose a plan for files: what is sure is filled in with the reason, what is not is asked.

    A column is used only where its name and its values agree on what it is, and no other column could be it as well.

    Parameters
    ----------
    paths
        Files of any format that coxa reads, or the address of a PostgreSQL server.
    kind
        Kind of plan: trial, cohort, service or audit; found or asked unless named.
    answers
        Key of a question -> the word of an answer, or the text that it asks for.

    Returns
    -------
    Proposal
        The same for the same files and answers. The files are not changed.

    Raises
    ------
    OptionError
        An answer is none of the possible ones. One whose question is not asked of these files is a warning.
    FileNotFoundError
        There is no such file.

    Examples
    --------
    >>> head = "Pat no,Site,From,Until,NPRS start,NPRS end"
    >>> rows = ["01,North,2025-01-07,2025-03-01,7,3", "02,North,2025-01-09,2025-03-04,6,4"]
    >>> _ = Path("june.csv").write_text(chr(10).join([head, *rows]), encoding="utf-8")
    >>> proposal = propose("june.csv", "audit")
    >>> proposal.plan["data"]["scores"], [question.key for question in proposal.questions if question.needed]
    ({'pain': {'intake': 'NPRS start', 'discharge': 'NPRS end'}}, [])
    """
    named = [paths] if isinstance(paths, str | Path) else list(paths)
    return proposed(read_material(named), kind, answers or {})


def read_material(paths: Sequence[str | Path]) -> Material:
    """Read files, and say what their columns are."""
    read = read_tables(paths)
    profiles = tuple(profile_table(table) for table in read.tables)
    return Material(read.tables, profiles, tuple(map(str, paths)), read.folder, read.findings)


def proposed(material: Material, kind: PlanKind | None, answers: Mapping[str, str]) -> Proposal:
    """Propose a plan for files that were read."""
    draft = Draft(replace(material, answers=dict(answers)))
    chosen = kind_of_files(draft, kind)
    if chosen in PLANS:
        PLANS[chosen](draft)
    else:
        _wait_for_kind(draft)
    return draft.proposal(chosen or "audit")


def _wait_for_kind(draft: Draft) -> None:
    """Say of every column that it waits for what the data are of."""
    for profile in draft.material.columns:
        if profile.kind != "empty":
            draft.is_role(profile, "", "It is read once it is known what the data are of.", "asked")


def answered(proposal: Proposal, answers: Mapping[str, str]) -> Proposal:
    """Propose again, with more answers; an empty one takes an answer back.

    Parameters
    ----------
    proposal
        As `propose` returned it.
    answers
        Key of a question -> the word of an answer.

    Examples
    --------
    >>> head = "Patient,Site,Intake date,Discharge date,NPRS start,NPRS end"
    >>> rows = ["01,North,03/04/2025,05/06/2025,7,3", "02,North,03/05/2025,07/08/2025,6,4"]
    >>> _ = Path("july.csv").write_text(chr(10).join([head, *rows]), encoding="utf-8")
    >>> first = propose("july.csv", "audit")
    >>> [question.key for question in first.questions if question.needed]
    ['date_format:july.csv:Intake date']
    >>> answered(first, {"date_format:july.csv:Intake date": "%d/%m/%Y"}).plan["data"]["date_format"]
    ['%d/%m/%Y']
    """
    every = {**proposal.answers, **answers}
    is_open = any(question.key == "kind" for question in proposal.questions)
    kind = None if is_open or "kind" in every else proposal.kind
    return propose(proposal.files, kind, {key: word for key, word in every.items() if word})
