"""Of what kind of study files are: a trial, a cohort, a service, an audit; asked where they do not say it."""

from __future__ import annotations

from collections.abc import Sequence

from coxa.importing.draft import Draft
from coxa.importing.profile import ColumnProfile
from coxa.importing.proposal import Answer, PlanKind, Question
from coxa.importing.roles import agrees, keys_of, roles_by_name
from coxa.importing.words import heads
from coxa.study.audit.plan import COUNTS

LABELS: dict[PlanKind, str] = {
    "trial": "a trial: participants were allocated to arms",
    "cohort": "a cohort: groups that were not allocated are compared",
    "service": "a service evaluation: one group, described over time",
    "audit": "an audit: a row for each episode of care, clinics are compared",
}


MOST_GROUPS = 8
"""More values are no groups that are compared."""


def kind_of_files(draft: Draft, kind: PlanKind | None = None) -> PlanKind | None:
    """Return the kind of plan: as named, as answered, or as the files say; None where the question is open."""
    if kind is not None:
        return kind
    columns = draft.material.columns
    arms, groups, episodes = arm_columns(columns), group_columns(columns), episode_roles(columns)
    settled = bool(draft.material.answers.get("kind"))
    if arms and not episodes and not settled:
        return "trial"
    if episodes and not settled and not arms and not groups:
        return "audit"
    question = Question(
        "kind", "What are the data of?", _why(arms or groups, episodes, sure=bool(arms)),
        tuple(Answer(word, label) for word, label in LABELS.items()), tuple(one.column for one in arms or groups),
    )  # fmt: skip
    word = draft.ask(question)
    return next((each for each in LABELS if each == word), None)


def arm_columns(columns: Sequence[ColumnProfile]) -> list[ColumnProfile]:
    """Return the columns whose name is one of a trial's arms or of its randomisation, and of nothing else."""
    return [one for one in columns if any(key in heads().kinds["trial"] for key in keys_of(one))]


def group_columns(columns: Sequence[ColumnProfile]) -> list[ColumnProfile]:
    """Return the columns with few values whose name is that of groups, in a trial or in a cohort."""
    named = [one for one in columns if any(key in heads().kinds["compared"] for key in keys_of(one))]
    return [one for one in named if 1 < one.n_distinct <= MOST_GROUPS]


def episode_roles(columns: Sequence[ColumnProfile]) -> list[str]:
    """Return what only episodes of care have: a day of discharge, counts of sessions."""
    wanted = ("discharge_date", *COUNTS)
    return [role for role in wanted if any(role in roles_by_name(one) and agrees(one, role) for one in columns)]


def _why(arms: Sequence[ColumnProfile], episodes: Sequence[str], *, sure: bool) -> str:
    if not arms and not episodes:
        return "No column is of arms or randomisation, and none of discharge or attendance."
    if not arms:
        return f"No column is of arms, and columns are of episodes of care: {_shown(episodes)}."
    if not episodes:
        return f"{arms[0].column} has {arms[0].n_distinct} groups, and no column says that they were allocated."
    if not sure:
        return f"{arms[0].column} has {arms[0].n_distinct} groups, and other columns are of episodes of care."
    return f"{arms[0].column} is of a trial, and {_shown(episodes)} are of episodes of care."


def _shown(episodes: Sequence[str]) -> str:
    return ", ".join(role.replace("_", " ") for role in episodes)
