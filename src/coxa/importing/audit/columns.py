"""Patient, episode, clinic, therapist, condition, dates and counts: by name and values, or asked."""

from __future__ import annotations

from collections.abc import Sequence

from coxa.findings import Finding
from coxa.importing.audit.births import is_birth
from coxa.importing.audit.used import Used
from coxa.importing.draft import Draft
from coxa.importing.profile import ColumnProfile
from coxa.importing.proposal import Answer, Question
from coxa.importing.roles import PEOPLE, SHAPES, agrees, described, keys_of, roles_by_name
from coxa.importing.words import heads
from coxa.study.audit.plan import COUNTS, DATES, FLAGS, TEXTS

ROLES = (*TEXTS, *DATES, *COUNTS, *FLAGS)

LABELS = {
    "patient": "the number of the patient", "episode": "the number of the episode", "clinic": "the clinic",
    "therapist": "the therapist", "condition": "the condition", "referral_date": "the day of referral",
    "intake_date": "the day of intake", "discharge_date": "the day of discharge", "booked": "booked sessions",
    "attended": "attended sessions", "missed": "missed sessions", "eligible": "whether the episode counts",
    "asked": "whether the patient was asked to fill in a questionnaire",
}  # fmt: skip

WORTH_ASKING = ("clinic", "therapist")
"""Roles that are asked for although an audit can do without."""

MOST_CANDIDATES = 12
NONE = "none"


def set_aside(used: Used) -> None:
    """Note the columns that have no place in an audit by their name: names of people, free text."""
    for profile in list(used.free()):
        if roles_by_name(profile) or is_birth(profile):
            continue
        keys = list(keys_of(profile))
        for each in heads().unused:
            if any(key in each.heads for key in keys):
                used.draft.is_role(profile, "", f"The column {each.reason}.", "unused")
                if each.personal:
                    used.draft.hide(profile)


def sure_roles(used: Used) -> None:
    """Take the columns whose name and values agree on one role, where no other column does; ask where several do."""
    claims: dict[str, list[ColumnProfile]] = {role: [] for role in ROLES}
    for profile in list(used.free()):
        agreeing = [role for role in roles_by_name(profile) if agrees(profile, role)]
        role = agreeing[0] if len(agreeing) == 1 else _which_role(used.draft, profile, agreeing)
        if role in claims:
            claims[role].append(profile)
    for role, profiles in claims.items():
        own = [one for one in profiles if one.column == role]
        if own or len(profiles) == 1:
            _take(used, role, (own or profiles)[0])
        elif profiles:
            _ask(used, role, profiles, f"{len(profiles)} columns have its name and its kind of values")


def _which_role(draft: Draft, profile: ColumnProfile, roles: Sequence[str]) -> str:
    """Return the role that an answer gives to a column whose name means several things."""
    if not roles:
        return ""
    answers = (*(Answer(role, LABELS[role]) for role in roles), Answer(NONE, "none of these"))
    question = Question(
        f"role:{profile.column}", f"What does the column {profile.column} hold?",
        f"Its name can mean {' or '.join(LABELS[role] for role in roles)}; {described(profile)}.", answers,
        (profile.column,), needed=False,
    )  # fmt: skip
    return draft.ask(question) or ""


def other_roles(used: Used) -> None:
    """Ask for the columns that an audit needs, or would be poorer without, among those that nothing else takes."""
    for role in ROLES:
        if role in used.columns or used.draft.is_open(f"column:{role}") or _answered_none(used, role):
            continue
        named = [one for one in used.profiles if role in roles_by_name(one) and used.draft.free(one)]
        if not named and not _needed(used, role) and role not in WORTH_ASKING:
            continue
        candidates = [one for one in used.free() if agrees(one, role) and not one.constant and not is_birth(one)]
        if role in WORTH_ASKING:
            asked = {column for question in used.draft.questions for column in question.columns}
            candidates = [one for one in candidates if one.kind == "category" and one.column not in asked]
        if not candidates and not _needed(used, role):
            _note_disagreement(used, role, named)
            continue
        _ask(used, role, candidates[:MOST_CANDIDATES], _why_unknown(role, named))


def own_names(used: Used) -> None:
    """Settle the columns that have coxa's own names, which are read without being named in the plan.

    Where the values agree they are used; where they do not, the file has to be changed, since no key keeps them out.
    """
    days = [f"{name}_date" for name in used.draft.plan.get("outcomes", {})]
    for name in (*ROLES, *days):
        found = [one for one in used.profiles if one.column == name and one.n]
        if name in used.columns or not found:
            continue
        if found[0].kind == "date" if name in days else agrees(found[0], name):
            why = f"coxa reads a column of this name; {described(found[0])}."
            used.take(name, found[0], why, f"day of outcomes.{name[: -len('_date')]}" if name in days else name)
            continue
        rule = f"coxa reads a column of the name {name}, and its values are not {SHAPES.get(name, 'dates')}"
        remedy = f"Rename it in the file, or name the right one: `columns: {{{name}: ...}}` under `data`."
        used.draft.findings.append(Finding("error", used.table.place, rule, remedy, field=name))


def _answered_none(used: Used, role: str) -> bool:
    return used.draft.material.answers.get(f"column:{role}") == NONE and f"column:{role}" in used.draft.asked


def _needed(used: Used, role: str) -> bool:
    return role in ("intake_date", "discharge_date") or (role == "patient" and "episode" not in used.columns)


def _why_unknown(role: str, named: Sequence[ColumnProfile]) -> str:
    if not named:
        return "No column has a name that is known for it"
    one = named[0]
    return f"{one.column} has its name, and not its kind of values ({SHAPES[role]}): {described(one)}"


def _note_disagreement(used: Used, role: str, named: Sequence[ColumnProfile]) -> None:
    for one in named:
        why = f"Its name means {LABELS[role]}, and its values are not {SHAPES[role]}: {described(one)}."
        used.draft.is_role(one, "", why, "unused")


def _ask(used: Used, role: str, candidates: Sequence[ColumnProfile], why: str) -> None:
    """Ask which column a role has, and take the one that is answered; an audit without it is not to be had."""
    must = _needed(used, role) and role != "discharge_date"
    if must and not candidates:
        rule = f"no column can be {LABELS[role]}"
        remedy = f"Export the data with it, as {SHAPES[role]}."
        used.draft.findings.append(Finding("error", used.table.place, rule, remedy, field=role))
        return
    answers = tuple(Answer(one.column, f"{one.column}: {described(one, role)}") for one in candidates)
    if not must:
        answers += (Answer(NONE, "there is no such column"),)
    question = Question(
        f"column:{role}", f"Which column holds {LABELS[role]}?", f"{why}.", answers,
        tuple(one.column for one in candidates), needed=_needed(used, role),
    )  # fmt: skip
    word = used.draft.ask(question)
    if word and word != NONE:
        _take(used, role, used.named(word), answered=True)


def _take(used: Used, role: str, profile: ColumnProfile, *, answered: bool = False) -> None:
    by = "It was answered" if answered else f"Its name means {LABELS[role]}"
    used.take(role, profile, f"{by}, and its values agree: {described(profile, role)}.")
    if role in PEOPLE:
        used.draft.hide(profile)
