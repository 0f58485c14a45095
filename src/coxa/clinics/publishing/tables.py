"""The counts of an audit as tables of one publication, with all that a reader can reckon from one to the other."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

import pandas as pd

from coxa.clinics.audit import Audit, Dimensions, Shares
from coxa.disclosure.tables import CountTable
from coxa.study.audit.plan import CLINIC, PERIOD, THERAPIST

Pair = tuple[str, str | None, bool]
"""A count, one that it is part of, and whether the rest of that one is to be protected as well."""

CHAIN: tuple[Pair, ...] = (
    ("eligible", None, False),
    ("asked", "eligible", False),
    ("intake", "asked", False),
    ("due", "intake", False),
    ("done", "due", True),
    ("of", "eligible", False),
    ("due", "of", False),
    ("of_done", "of", True),
    ("done", "of_done", False),
)
"""Counts of the cascade. Those who were lost are protected as a group; those not asked, or not due yet, are not."""

FORMS: tuple[Pair, ...] = (
    ("intakes", "eligible", False),
    ("intake", "intakes", False),
    ("forms", "eligible", False),
    ("of_done", "forms", False),
)
"""Questionnaires, as counting forms counts them."""

SHORT: tuple[Pair, ...] = (("of", None, False), ("of_done", "of", True))
"""Counts of groups by two dimensions."""

WHOLE = ("eligible", "of", "of_done", "done")
"""Counts that those in a model are part of, where they are."""


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


def _of_groups(groups: pd.DataFrame, dimensions: Sequence[str], pairs: Sequence[Pair]) -> list[CountTable]:
    true = [
        (measure, whole, rest)
        for measure, whole, rest in pairs
        if whole is None or (groups[measure].to_numpy() <= groups[whole].to_numpy()).all()
    ]
    return CountTable.of_counts(groups, dimensions, true)


def _marked(groups: pd.DataFrame, k: int) -> pd.DataFrame:
    return groups.assign(few=(groups["patients"] < k) & (groups["patients"] > 0))


def _modelled(audit: Audit) -> Iterator[CountTable]:
    """Yield the people in the model of each outcome, by clinic, and for the main outcome by therapist."""
    for outcome, found in audit.case_mix.items():
        frames: dict[Dimensions, pd.DataFrame] = {(CLINIC,): found.clinics}
        if outcome == audit.plan.main:
            frames[CLINIC, THERAPIST] = found.therapists
        for dimensions, frame in frames.items():
            if len(frame):
                counts = frame[[*dimensions, "n"]].rename(columns={"n": in_model(outcome)})
                yield from _part_of(_beside(counts, audit, dimensions), dimensions, in_model(outcome))


def _part_of(counts: pd.DataFrame, dimensions: Sequence[str], measure: str) -> Iterator[CountTable]:
    """Yield counts as parts of the smallest counts of the cascade that they can be part of."""
    wholes = [name for name in WHOLE if name in counts and (counts[measure] <= counts[name]).all()]
    yield from _of_groups(counts, dimensions, [(measure, wholes[-1] if wholes else None, False)])


def _beside(counts: pd.DataFrame, audit: Audit, dimensions: Dimensions) -> pd.DataFrame:
    """Return counts with those of the cascade of the same groups, which they are part of."""
    cascade = audit.completeness.counts.get(dimensions)
    if cascade is None:
        return counts
    wanted = [name for name in (WHOLE if len(dimensions) < 2 else ("of", "of_done")) if name in cascade]
    joined = counts.merge(cascade[[*dimensions, *wanted]], on=list(dimensions), how="left")
    return joined.fillna(dict.fromkeys(wanted, 0))


def _shares(audit: Audit) -> Iterator[CountTable]:
    """Yield those who reach something, and those of whom it is known whether they do."""
    for one in audit.shares:
        if len(one.clinics):
            name, people = f"{one.outcome} {one.kind}", people_of(audit, one)
            counts = one.clinics[[CLINIC, "n", "events"]].rename(columns={"n": people, "events": name})
            counts = _beside(counts, audit, (CLINIC,))
            yield from _part_of(counts, [CLINIC], people)
            yield from _of_groups(counts, [CLINIC], [(name, people, True)])


def people_of(audit: Audit, share: Shares) -> str:
    """Return the measure of those of whom a share is: those in the model of the outcome, where these are the same."""
    model = audit.case_mix.get(share.outcome)
    if model is not None and len(model.clinics) == len(share.clinics):
        n = share.clinics.set_index(CLINIC)["n"]
        if (model.clinics.set_index(CLINIC)["n"].reindex(n.index) == n).all():
            return in_model(share.outcome)
    return f"{share.outcome} {share.kind} of"


def _standards(audit: Audit) -> Iterator[CountTable]:
    """Yield those who meet a standard, and those to whom it applies; sessions are no people."""
    for one in audit.rates:
        if one.of == "episodes" and len(one.clinics):
            counts = one.clinics[[CLINIC, "n", "events"]].rename(columns={"n": f"{one.name} of", "events": one.name})
            counts = _beside(counts, audit, (CLINIC,))
            yield from _part_of(counts, [CLINIC], f"{one.name} of")
            yield from _of_groups(counts, [CLINIC], [(one.name, f"{one.name} of", True)])


def _over_time(audit: Audit, k: int) -> Iterator[CountTable]:
    """Yield the counts behind charts: of each clinic in each period for completeness, of all in each for the rest."""
    if not len(audit.periods):
        return
    years = {name: name[:4] for name in map(str, audit.periods[PERIOD].unique())}
    finer = audit.plan.time != "year"
    main = audit.plan.main
    pairs: list[Pair] = [("eligible", None, False), ("of", "eligible", False), ("of_done", "of", True)]
    if in_model(main) in audit.periods:
        pairs.append((in_model(main), "of_done", False))
    for table in _of_groups(_marked(audit.periods, k), [CLINIC, PERIOD], pairs):
        yield replace(table, coarser={PERIOD: ("year", years)}) if finer else table
    counts = audit.periods.drop(columns=CLINIC).groupby(PERIOD, sort=False).sum().reset_index()
    if in_model(main) in counts:
        yield from _of_groups(counts, [PERIOD], [(in_model(main), "of_done", False)])
    for share in audit.shares:
        name, people = f"{main} {share.kind}", people_of(audit, share)
        if share.outcome == main and share.kind == "important" and {name, people} <= set(counts):
            yield from _of_groups(counts, [PERIOD], [(people, "of_done", False), (name, people, True)])
    for name, standard in audit.plan.standards.items():
        if standard.over_time and name in counts:
            people = f"{name} of"
            yield from _of_groups(counts, [PERIOD], [(people, "eligible", False), (name, people, True)])
