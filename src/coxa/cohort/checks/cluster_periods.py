"""Clusters that receive treatments in periods: the right sequence, the planned crossing, data in every period."""

from __future__ import annotations

from collections.abc import Iterator

import pandas as pd

from coxa.cohort.checks.checked import Checked, Draft
from coxa.cohort.row_findings import row_findings
from coxa.findings import Finding
from coxa.study.cluster_periods import DELIVERED, PERIOD, ClusterPeriods
from coxa.study.comparative import ComparativeStudy
from coxa.study.wording import factor_words

AS_PLANNED = "The analysis goes by the planned sequence, as randomised."


def check_cluster_periods(draft: Draft) -> Checked:
    """Check that each cluster has one sequence, crossed over as planned, and has data in each period.

    A cluster in two sequences is an error: nobody could say what it received. A treatment that is not that of the
    sequence, and a period without data, are warnings: the analysis is by the sequence that was allocated.
    """
    study = draft.study
    periods = study.received_in_periods if isinstance(study, ComparativeStudy) else None
    if not isinstance(study, ComparativeStudy) or not isinstance(periods, ClusterPeriods):
        return Checked()
    people = draft.table("participants")
    if periods.cluster not in people:
        return Checked()
    table, rows = _rows(draft, periods)
    return Checked(
        (
            *_two_sequences(study, periods, people),
            *_no_period(periods, people),
            *_without_data(study, periods, people, rows),
            *_not_as_planned(study, periods, table, rows),
        )
    )


def _rows(draft: Draft, periods: ClusterPeriods) -> tuple[str, pd.DataFrame]:
    """Return the table that has a row per participant and period, with `cluster`, `sequence` and `when`."""
    people = draft.table("participants")
    if not periods.by_visit:
        own = {"cluster": people[periods.cluster], "sequence": people["arm"], "when": people[PERIOD]}
        return "participants", people.assign(**{name: column.astype("object") for name, column in own.items()})
    rows, known = draft.table("assessments"), draft.people
    own = {
        "cluster": rows["participant_id"].map(known[periods.cluster]),
        "sequence": rows["participant_id"].map(known["arm"]),
        "when": rows["visit"],
    }
    return "assessments", rows.assign(**{name: column.astype("object") for name, column in own.items()})


def _two_sequences(study: ComparativeStudy, periods: ClusterPeriods, people: pd.DataFrame) -> Iterator[Finding]:
    """Yield the participants of a cluster whose sequence is not that of most of the cluster."""
    cluster, arm = people[periods.cluster].astype("object"), people["arm"].astype("object")
    most = {name: each.mode().iloc[0] for name, each in arm.groupby(cluster) if each.notna().any()}
    other = cluster.map(most)
    word = factor_words(study, periods.cluster)
    yield from row_findings(
        people,
        cluster.notna() & arm.notna() & other.notna() & (arm != other),
        severity="error",
        table="participants",
        field="arm",
        rule=f"the {word} is in another sequence for most of its participants, and a {word} has one sequence",
        remedy=f"Correct `arm` or `{periods.cluster}` of this participant at the source.",
        value=arm + " (" + cluster.astype(str) + ": " + other.astype(str) + ")",
    )


def _no_period(periods: ClusterPeriods, people: pd.DataFrame) -> Iterator[Finding]:
    """Yield the participants of whom it is not known in which period they are."""
    if periods.by_visit:
        return
    yield from row_findings(
        people,
        people[PERIOD].isna() & people["arm"].notna(),
        severity="warning",
        table="participants",
        field=PERIOD,
        rule=f"`{PERIOD}` is unknown, and with it the treatment",
        remedy=f"Complete it at the source, with one of {', '.join(periods.order)}. Until then the analyses leave this "
        "participant out.",
    )


def _without_data(
    study: ComparativeStudy, periods: ClusterPeriods, people: pd.DataFrame, rows: pd.DataFrame
) -> Iterator[Finding]:
    """Yield the clusters and periods in which there is nobody."""
    there = rows[rows["value"].notna()] if periods.by_visit and "value" in rows else rows
    seen = set(zip(there["cluster"], there["when"], strict=True))
    word = factor_words(study, periods.cluster)
    for cluster in sorted(set(people[periods.cluster].dropna().astype(str))):
        empty = [when for when in periods.order if (cluster, when) not in seen]
        if empty and len(seen):
            yield Finding(
                "warning",
                "assessments" if periods.by_visit else "participants",
                f"{word} {cluster} has no data in {', '.join(empty)}",
                "Look whether rows are missing from the file, or the period is misspelt. A period without data is "
                "left out of the analysis, for this cluster alone.",
                field="visit" if periods.by_visit else PERIOD,
                value=cluster,
            )


def _not_as_planned(
    study: ComparativeStudy, periods: ClusterPeriods, table: str, rows: pd.DataFrame
) -> Iterator[Finding]:
    """Yield rows with a treatment that is not that of the sequence in this period, in words for each kind of fault."""
    if DELIVERED not in rows or rows[DELIVERED].isna().all():
        return
    known = rows[
        rows[DELIVERED].notna() & rows["sequence"].isin(list(periods.sequences)) & rows["when"].isin(periods.order)
    ]
    if known.empty:
        return
    cells = zip(known["sequence"], known["when"], strict=True)
    planned = pd.Series([periods.received(str(arm), str(when)) for arm, when in cells], index=known.index)
    wrong = known[known[DELIVERED].astype("object") != planned]
    for cluster, mine in wrong.groupby("cluster", sort=True):
        whole = known[known["cluster"] == cluster]
        rule, remedy = _words(study, periods, str(cluster), whole)
        yield from row_findings(
            mine,
            severity="warning",
            table=table,
            field=DELIVERED,
            rule=rule,
            remedy=f"{remedy} {AS_PLANNED}",
            value=mine[DELIVERED].astype("object") + " in " + mine["when"].astype(str),
        )


def _words(study: ComparativeStudy, periods: ClusterPeriods, cluster: str, rows: pd.DataFrame) -> tuple[str, str]:
    """Return what is wrong with the treatments of a cluster, and the remedy."""
    word, remedy = factor_words(study, periods.cluster), "Correct it at the source, if it is a mistake."
    by_period = rows.groupby("when", observed=True)[DELIVERED].agg(lambda each: each.astype("object").mode().iloc[0])
    given = [(when, str(by_period[when])) for when in periods.order if when in by_period.index]
    first, second = periods.treatment_order[:2]
    sequence = str(rows["sequence"].iloc[0])
    if study.design == "stepped_wedge":
        crossed = next((when for when, one in given if one == second), None)
        places = [periods.order.index(when) for when, one in given if one == first]
        if crossed is not None and places and max(places) > periods.order.index(crossed):
            back = periods.order[max(places)]
            return f"{word} {cluster} goes back to {first} in {back}, after {second} in {crossed}", remedy
        planned = next((when for when in periods.order if periods.received(sequence, when) == second), None)
        if crossed != planned:
            return (
                f"{word} {cluster} crosses to {second} in {crossed or 'no period'}, and its sequence {sequence} "
                f"crosses in {planned or 'no period'}"
            ), remedy
    return f"the treatment is not that of sequence {sequence} of {word} {cluster} in this period", remedy
