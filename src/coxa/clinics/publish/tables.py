"""The counts of an audit as tables of one publication, with all that a reader can reckon from one to the other."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import pandas as pd

from coxa.clinics.audit import Audit, Dimensions
from coxa.disclosure.tables import CountTable
from coxa.study.audit.plan import CLINIC, PERIOD, THERAPIST

CHAIN = (
    ("eligible", None),
    ("asked", "eligible"),
    ("intake", "asked"),
    ("due", "intake"),
    ("done", "due"),
    ("of", "eligible"),
    ("due", "of"),
    ("of_done", "of"),
    ("done", "of_done"),
)
"""Counts of the cascade, each with one that it is part of."""

FORMS = (("intakes", "eligible"), ("intake", "intakes"), ("forms", "eligible"), ("of_done", "forms"))
"""Questionnaires, as counting forms counts them."""

SHORT = (("eligible", None), ("of", "eligible"), ("of_done", "of"))
"""Counts of groups by two dimensions."""


def in_model(outcome: str) -> str:
    """Return what the people are called of whom the change of an outcome is known."""
    return f"{outcome} in model"


def count_tables(audit: Audit, k: int) -> list[CountTable]:
    """Return every count that an audit publishes.

    Parameters
    ----------
    audit
        With true numbers.
    k
        Groups of fewer patients are marked, however many episodes they have.
    """
    return [
        *(
            table
            for dimensions, groups in audit.completeness.counts.items()
            for table in _cascade(dimensions, groups, k)
        ),
        *_modelled(audit),
        *_shares(audit),
        *_standards(audit),
        *_over_time(audit, k),
    ]


def _cascade(dimensions: Dimensions, groups: pd.DataFrame, k: int) -> Iterator[CountTable]:
    """Yield the counts of groups by dimensions; of two dimensions only those that completeness is made from."""
    pairs = SHORT if len(dimensions) > 1 else (*CHAIN, *(FORMS if dimensions in ((), (CLINIC,)) else ()))
    yield from _of_groups(_marked(groups, k), dimensions, pairs)


def _of_groups(
    groups: pd.DataFrame, dimensions: Sequence[str], pairs: Sequence[tuple[str, str | None]]
) -> Iterator[CountTable]:
    for measure, whole in pairs:
        if whole is None or (groups[measure].to_numpy() <= groups[whole].to_numpy()).all():
            yield CountTable.of_groups(groups, dimensions, measure, measure=measure, within=whole)


def _marked(groups: pd.DataFrame, k: int) -> pd.DataFrame:
    return groups.assign(few=(groups["patients"] < k) & (groups["patients"] > 0))


def _modelled(audit: Audit) -> Iterator[CountTable]:
    """Yield the people in the model of each outcome, by clinic and by therapist."""
    for outcome, found in audit.case_mix.items():
        for frame, dimensions in ((found.clinics, [CLINIC]), (found.therapists, [CLINIC, THERAPIST])):
            if len(frame):
                counts = frame[[*dimensions, "n"]].rename(columns={"n": in_model(outcome)})
                counts = _beside(counts, audit, dimensions)
                pairs = ((in_model(outcome), whole) for whole in ("eligible", "of", "of_done", "done"))
                yield from _of_groups(counts, dimensions, [(part, whole) for part, whole in pairs if whole in counts])


def _beside(counts: pd.DataFrame, audit: Audit, dimensions: list[str]) -> pd.DataFrame:
    """Return counts with those of the cascade of the same groups, which they are part of."""
    cascade = audit.completeness.counts.get(tuple(dimensions))
    if cascade is None:
        return counts
    wanted = [name for name in ("eligible", "of", "of_done", "done") if name in cascade]
    return counts.merge(cascade[[*dimensions, *wanted]], on=dimensions, how="left").fillna(dict.fromkeys(wanted, 0))


def _shares(audit: Audit) -> Iterator[CountTable]:
    """Yield those who reach something, and those of whom it is known whether they do."""
    for one in audit.shares:
        if len(one.clinics):
            name = f"{one.outcome} {one.kind}"
            counts = one.clinics[[CLINIC, "n", "events"]].rename(columns={"n": f"{name} of", "events": name})
            counts = _beside(counts, audit, [CLINIC])
            whole = [each for each in ("eligible", "of", "of_done") if each in counts]
            yield from _of_groups(counts, [CLINIC], [*((f"{name} of", each) for each in whole), (name, f"{name} of")])


def _standards(audit: Audit) -> Iterator[CountTable]:
    """Yield those who meet a standard, and those to whom it applies; sessions are no people."""
    for one in audit.rates:
        if one.of == "episodes" and len(one.clinics):
            counts = one.clinics[[CLINIC, "n", "events"]].rename(columns={"n": f"{one.name} of", "events": one.name})
            counts = _beside(counts, audit, [CLINIC])
            yield from _of_groups(counts, [CLINIC], [(f"{one.name} of", "eligible"), (one.name, f"{one.name} of")])


def _over_time(audit: Audit, k: int) -> Iterator[CountTable]:
    """Yield the counts of each clinic in each period."""
    if not len(audit.periods):
        return
    groups = _marked(audit.periods, k)
    pairs: list[tuple[str, str | None]] = [*SHORT]
    pairs += [(str(name), "eligible") for name in groups if str(name).endswith(" in model")]
    for name in (str(name) for name in groups if str(name).endswith(" of")):
        pairs += [(name, "eligible"), (name.removesuffix(" of"), name)]
    yield from _of_groups(groups, [CLINIC, PERIOD], pairs)
