"""Labels that differ in writing only: joined where the rule says that they are one name, asked elsewhere."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import combinations

import pandas as pd

from coxa.cards import counted
from coxa.cohort.mapping.codes import code_texts
from coxa.cohort.mapping.words import folded, slip_of
from coxa.episodes.checks.spellings import alike
from coxa.importing.audit.used import Used
from coxa.importing.profile import ColumnProfile
from coxa.importing.proposal import Answer, Question
from coxa.importing.words import head_key, written_out
from coxa.study.audit.plan import CLINIC, CONDITION, THERAPIST

NAMED = (CLINIC, THERAPIST, CONDITION)
SAME, DIFFERENT = "same", "different"
MOST_ASKED, MOST_COMPARED, SHORT = 10, 200, 5


def map_spellings(used: Used) -> None:
    """Map spellings of clinics, therapists and conditions; codes with labels are mapped to their labels."""
    for name in NAMED:
        if name not in used.columns:
            continue
        profile = used.columns[name].profile
        used.map(name, {code: label for code, label in profile.labels.items() if code in profile.values})
        used.map(name, joined(used, name, profile))


def joined(used: Used, name: str, profile: ColumnProfile) -> dict[str, str]:
    """Return spelling -> the spelling that is kept: those of one name by the rule, and those that an answer joins."""
    if profile.kind == "number" or profile.labels:
        return {}
    words = {
        other: kept for kept, other in _alike(used, name, profile)
        if _one_name(name, kept, other) or _asked(used, name, profile, kept, other)
    }  # fmt: skip
    slips = _slips(name, profile, words)
    words |= {other: kept for kept, other in slips if _asked(used, name, profile, kept, other)}
    short = _short_forms(name, profile, words)
    why = "They are the same words, with an abbreviation written out"
    words |= {other: kept for kept, other in short if _asked(used, name, profile, kept, other, why)}
    return {other: words.get(kept, kept) for other, kept in words.items()}


def _alike(used: Used, name: str, profile: ColumnProfile) -> Iterator[tuple[str, str]]:
    """Yield pairs of labels that differ in writing, the one to keep first; therapists within their clinic."""
    labels = code_texts(used.table.frame[profile.column])
    within = pd.Series("", index=labels.index)
    if name == "therapist" and "clinic" in used.columns:
        within = code_texts(used.table.frame[used.columns["clinic"].profile.column]).fillna("")
        within = within.replace({str(key): str(word) for key, word in used.values.get("clinic", {}).items()})
    frame = pd.DataFrame({"within": within.astype(str), "label": labels})
    frame = frame[labels.isin(list(profile.values))]
    counts = frame.groupby(["within", "label"], sort=True).size().reset_index(name="n")
    pairs = {(group[0][0], label) for group in alike(counts) for label, _ in group[1:]}
    yield from sorted(pairs)


def _one_name(name: str, kept: str, other: str) -> bool:
    """Say whether two labels are one name by the rule: no digits, and but for people the same order of words."""
    if any(map(str.isdigit, kept + other)):
        return False
    return name == "therapist" or folded(kept) == folded(other)


def _slips(name: str, profile: ColumnProfile, words: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    """Yield pairs of labels of which the rarer looks like a slip of the other, `Hilside` or `Site 01` for `Site 1`."""
    if name not in ("clinic", "therapist") or profile.n_distinct > MOST_COMPARED:
        return
    kept = [text for text in profile.values if text not in words]
    pairs = [pair for pair in combinations(kept, 2) if _is_slip(*pair)]
    yield from pairs[:MOST_ASKED]


def _short_forms(name: str, profile: ColumnProfile, words: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    """Yield pairs of conditions that are one if an abbreviation is written out, `Hip OA`, the longer one first."""
    if name != CONDITION:
        return
    groups: dict[str, list[str]] = {}
    for text in profile.values:
        if text not in words:
            groups.setdefault(" ".join(sorted(written_out(text).split())), []).append(text)
    pairs = [(max(group, key=len), other) for group in groups.values() for other in group]
    kept = [(whole, other) for whole, other in pairs if head_key(whole) != head_key(other)]
    yield from kept[:MOST_ASKED]


def _is_slip(first: str, second: str) -> bool:
    if any(map(str.isdigit, first + second)):
        return folded(first) == folded(second)
    return min(len(first), len(second)) > SHORT and bool(slip_of(second, [first]))


ALIKE = "They are written alike"


def _asked(used: Used, name: str, profile: ColumnProfile, kept: str, other: str, why: str = ALIKE) -> bool:
    """Say whether an answer joins two labels."""
    n, m = profile.values.get(kept, 0), profile.values.get(other, 0)
    question = Question(
        f"same:{name}:{other}", f"Do {other} and {kept} of {profile.column} mean the same?",
        f"{why}; {counted(m, 'row')} and {counted(n, 'row')}.",
        (Answer(SAME, f"yes, {other} is {kept}"), Answer(DIFFERENT, "no, they are two")), (profile.column,),
        needed=False,
    )  # fmt: skip
    return used.draft.ask(question) == SAME
