"""What later parts of the page need and the data do not have: other clinics, other therapists, discharges, levels."""

from __future__ import annotations

from collections.abc import Iterator

import pandas as pd

from coxa.cards import counted
from coxa.episodes.checks.draft import Draft
from coxa.episodes.columns import quoted
from coxa.findings import Finding
from coxa.study.audit.plan import CLINIC, THERAPIST

NOTHING = "Nothing needs to be done."
SHOWN = 5


def check_structure(draft: Draft) -> Iterator[Finding]:
    """Yield notes on clinics, therapists, discharges and levels that cannot be compared."""
    totals = draft.frame(
        f"SELECT COUNT(DISTINCT {CLINIC}) AS clinics, COUNT(discharge_date) AS discharges, "
        f"COUNT({quoted(draft.plan.main + '_discharge')}) AS scores, COUNT(*) AS n FROM {{rows}}"
    ).iloc[0]
    if not totals["n"]:
        return
    if totals["clinics"] == 1:
        yield draft.finding("note", "all episodes are of one clinic, and clinics are not compared", NOTHING, CLINIC)
    if not totals["discharges"]:
        remedy = "Check the column of the day of discharge."
        yield draft.finding("warning", "no episode has a day of discharge", remedy, "discharge_date")
    if not totals["scores"]:
        name = f"{draft.plan.main}_discharge"
        yield draft.finding("warning", "no episode has a score at discharge", "Check the column of the score.", name)
    if draft.has(THERAPIST):
        yield from _therapists(draft)
    if totals["clinics"] > 1:
        yield from _levels(draft)


def _therapists(draft: Draft) -> Iterator[Finding]:
    """Yield a note on clinics with one therapist, and one on names that are in two clinics."""
    pairs = draft.frame(
        f"SELECT {CLINIC} AS clinic, {THERAPIST} AS therapist, COUNT(*) AS n FROM {{rows}} "
        f"WHERE {THERAPIST} IS NOT NULL GROUP BY 1, 2 ORDER BY 1, 2"
    )
    each = pairs.groupby("clinic")["therapist"].nunique()
    alone = list(map(str, each.index[each == 1]))
    if alone:
        rule = f"{counted(len(alone), 'clinic')} with one therapist, whose results are those of the clinic"
        yield draft.finding("note", rule, NOTHING, THERAPIST, _listed(alone))
    clinics = pairs.groupby("therapist")["clinic"].agg(list)
    several = clinics[clinics.map(len) > 1]
    if len(several):
        texts = [f"{name} ({_listed(list(map(str, where)))})" for name, where in several.items()]
        rule = f"{counted(len(several), 'name')} of therapists in more than one clinic, counted as different therapists"
        yield draft.finding("note", rule, NOTHING, THERAPIST, _listed(texts, "; "))


def _levels(draft: Draft) -> Iterator[Finding]:
    """Yield a note on levels of a category that one clinic alone has."""
    for name, one in draft.plan.descriptors.items():
        if one.type != "category" or not draft.has(name):
            continue
        levels = draft.frame(
            f"SELECT {quoted(name)} AS level, COUNT(DISTINCT {CLINIC}) AS clinics, MIN({CLINIC}) AS clinic "
            f"FROM {{rows}} WHERE {quoted(name)} IS NOT NULL GROUP BY 1 ORDER BY 1"
        )
        only: pd.DataFrame = levels[levels["clinics"] == 1]
        if len(only):
            texts = [f"{level} ({clinic})" for level, clinic in zip(only["level"], only["clinic"], strict=True)]
            rule = f"{counted(len(only), 'level')} of `{name}` in one clinic alone"
            yield draft.finding("note", rule, NOTHING, name, _listed(texts))


def _listed(words: list[str], comma: str = ", ") -> str:
    more = f"{comma}and {len(words) - SHOWN} more" if len(words) > SHOWN else ""
    return comma.join(words[:SHOWN]) + more
