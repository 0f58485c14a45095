"""What each arm's participants got: sessions, dose, components, fidelity, exercise at home (CONSORT 2025, item 24a)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pandas as pd

from coxa.derive.delivery import Delivered
from coxa.sentences import join_words, mid_sentence
from coxa.study.comparative import ComparativeStudy
from coxa.study.delivery.components import components
from coxa.study.parts import readable
from coxa.tables.by_arm import ByArm, named_columns
from coxa.tables.phrases import abbreviations, sentence_case
from coxa.tables.table import Footnote, Row, RowGroup, Table

HALF = 0.5
PER_PROTOCOL = "per-protocol set"
OVER_REPORTED = (
    "A diary says more than was done: over 12 weeks diaries reported a median of 220 exercises where hidden "
    "accelerometers counted 176, 25% more, with a correlation of 0.52 (Nicolson et al., Journal of Orthopaedic & "
    "Sports Physical Therapy 2018). Take the diary as an upper bound."
)


def delivered_table(study: ComparativeStudy, delivered: Delivered) -> Table:
    """Describe the treatment that the participants allocated to each arm got.

    Parameters
    ----------
    study
        The plan, for labels and the share of sessions that its per-protocol set asks for.
    delivered
        From `coxa.derive.delivery.derive_delivered`.

    Returns
    -------
    Table
        A group of rows for supervised sessions, missed ones, dose, components, fidelity and exercise at home; what
        nobody recorded is not shown, and named below.
    """
    people = delivered.people
    rows = ByArm("delivery", study.arm_order)
    made = {
        "": list(_elsewhere(study, people, rows)),
        "Supervised sessions": list(_sessions(study, people, rows)),
        "Planned sessions missed, by reason": list(_missed(delivered, rows)),
        "Dose in the supervised sessions attended": list(_dose(delivered, rows)),
        "Components, in sessions attended, n (%)": list(_components(delivered, rows)),
        "Fidelity: share of the session's protocol delivered": list(_fidelity(delivered, rows)),
        "Exercise at home": list(_home(delivered, rows)),
    }
    groups = tuple(RowGroup(label, tuple(shown)) for label, shown in made.items() if shown)
    sizes = {arm: int((people["arm"] == arm).sum()) for arm in study.arm_order}
    labels = [row.label for group in groups for row in group.rows]
    return Table(
        "delivered",
        "Treatment as it was delivered",
        "Treatment",
        named_columns(study, sizes),
        groups,
        tuple(Footnote(text) for text in _notes(study, delivered, made, labels)),
    )


def _notes(
    study: ComparativeStudy, delivered: Delivered, made: dict[str, list[Row]], labels: list[str]
) -> Iterator[str]:
    words = study.words
    planned = " Percentages of participants are of those with planned sessions." if made["Supervised sessions"] else ""
    yield f"{words.membership}, including those who attended no session.{planned} {abbreviations(labels)}".rstrip()
    if any(PER_PROTOCOL in label for label in labels):
        yield per_protocol_words(study)
    if delivered.people["other_arm"].any() and made["Supervised sessions"]:
        yield (
            f"Sessions of participants who received {words.receivers} treatment count for the {words.arm} they "
            f"were in; rates of harms count them by the {words.received}."
        )
    silent = [label for label, key in (("load", "load"), ("sets of exercise", "sets_prescribed"))
              if key in delivered.people and not delivered.people[key].notna().any()]  # fmt: skip
    if made["Supervised sessions"] and not made["Fidelity: share of the session's protocol delivered"]:
        silent.append("fidelity")
    if silent:
        yield f"Not recorded in the supervised sessions: {', '.join(silent)}."
    if "diary_prescribed" in delivered.people:
        yield OVER_REPORTED


def per_protocol_words(study: ComparativeStudy) -> str:
    """Say who is in the per-protocol set of a plan; empty where it has none."""
    rule = study.per_protocol
    if rule is None:
        return ""
    asked = [f"attended at least {rule.min_attendance:.0%} of the planned sessions"] if rule.min_attendance else []
    asked += [f"did not receive {study.words.receivers} treatment"] if rule.received_allocated_arm else []
    events = [mid_sentence(study.label("intercurrent_events", event)) for event in rule.without_events]
    asked += [f"had no {join_words(events, 'or')}"] if events else []
    return f"{sentence_case(PER_PROTOCOL)}: participants who {join_words(asked)}." if asked else ""


def _elsewhere(study: ComparativeStudy, people: pd.DataFrame, rows: ByArm) -> Iterator[Row]:
    if people["other_arm"].any():
        total = people.groupby("arm").size()
        other = people.groupby("arm")["other_arm"].sum()
        yield rows.shares(f"Received {study.words.receivers} treatment, participants (%)", "other arm", other, total)


def _sessions(study: ComparativeStudy, people: pd.DataFrame, rows: ByArm) -> Iterator[Row]:
    if "planned" not in people:
        return
    due = people[people["planned"] > 0]
    if due.empty:
        return
    yield rows.numbers("Planned per participant, mean (SD)", "planned", "mean_sd", due, "planned")
    yield rows.numbers("Attended, mean (SD)", "attended", "mean_sd", due, "attended")
    yield rows.numbers("Attended, median [Q1, Q3]", "attended", "median_iqr", due, "attended")
    sums = due.groupby("arm")[["planned", "attended"]].sum()
    yield rows.shares("Attended of all planned, n/N (%)", "attended of planned", sums["attended"], sums["planned"],
                      of=True)  # fmt: skip
    total = due.groupby("arm").size()
    for label, term, reached in _marks(study, due):
        yield rows.shares(f"{label}, participants (%)", term, reached.groupby(due["arm"]).sum(), total)


def _marks(study: ComparativeStudy, due: pd.DataFrame) -> Iterator[tuple[str, str, pd.Series]]:
    """Yield what attendance is counted at: none, half, the share that the plan asks for, all."""
    yield "Attended none", "attended none", due["attended"] == 0
    yield "Attended at least half", "attended half", due["share"] >= HALF
    asked = study.per_protocol.min_attendance if study.per_protocol else None
    if asked and asked not in (HALF, 1.0):
        label = f"Attended at least {asked:.0%} ({PER_PROTOCOL})"
        yield label, "attended per protocol", due["share"] >= asked
    yield "Attended all", "attended all", due["share"] >= 1


def _missed(delivered: Delivered, rows: ByArm) -> Iterator[Row]:
    missed = delivered.missed
    if missed.empty:
        return
    total = missed.groupby("arm").size()
    yield rows.counts("Missed, sessions", "missed", total)
    reasons = missed["reason"].value_counts(sort=False).sort_index(kind="stable").sort_values(ascending=False,
                                                                                             kind="stable")  # fmt: skip
    for reason in reasons.index:
        n = missed[missed["reason"] == reason].groupby("arm").size()
        yield replace(rows.shares(sentence_case(str(reason)), f"missed: {reason}", n, total, 1), found=True)


def _dose(delivered: Delivered, rows: ByArm) -> Iterator[Row]:
    people, came = delivered.people, delivered.sessions[delivered.sessions["attended"]]
    n_came = came.groupby("arm").size()
    for name, unit in (("minutes", "Minutes"), ("load", "Load (AU)")):
        if name not in people or not people[name].notna().any():
            continue
        yield rows.numbers(f"{unit} per session, mean (SD)", f"{name} per session", "mean_sd", came, name)
        label, term = f"{unit} per participant who attended any", f"{name} per participant"
        yield rows.numbers(f"{label}, mean (SD)", term, "mean_sd", people, name)
        yield rows.numbers(f"{label}, median [Q1, Q3]", term, "median_iqr", people, name)
        known = came[came[name].notna()].groupby("arm").size()
        if not known.reindex(n_came.index, fill_value=0).equals(n_came):
            yield rows.shares(f"{unit} recorded, sessions, n/N (%)", f"{name} recorded", known, n_came, 1, of=True)
    if "sets_prescribed" in people and people["sets_prescribed"].notna().any():
        yield from _sets(people, rows, "sets_prescribed", "sets_done", "sets_share", "Sets of exercise")


def _sets(people: pd.DataFrame, rows: ByArm, asked: str, done: str, share: str, what: str) -> Iterator[Row]:
    sums = people.groupby("arm")[[asked, done]].sum()
    yield rows.shares(f"{what} done of prescribed, n/N (%)", f"{done} of prescribed", sums[done], sums[asked], of=True)
    percent = people.assign(percent=100 * people[share])
    label = f"{what} done of prescribed, % per participant, median [Q1, Q3]"
    yield rows.numbers(label, f"{done} per participant", "median_iqr", percent, "percent")


def _components(delivered: Delivered, rows: ByArm) -> Iterator[Row]:
    came = delivered.sessions[delivered.sessions["attended"]]
    texts = came["components"].astype(str)
    split = {text: {part.strip() for part in text.split(";")} for text in texts.dropna().unique()}
    total = came.groupby("arm").size()
    in_order = dict.fromkeys(part.strip() for text in split for part in text.split(";") if part.strip())
    known = components()
    for component in in_order:
        n = came[texts.isin([text for text, parts in split.items() if component in parts])].groupby("arm").size()
        label = known[component].label if component in known else readable(component)
        yield replace(rows.shares(label, f"component: {component}", n, total), found=component not in known)


def _fidelity(delivered: Delivered, rows: ByArm) -> Iterator[Row]:
    came = delivered.sessions[delivered.sessions["attended"]]
    rated = came[came["fidelity"].notna()]
    if rated.empty:
        return
    total, n = came.groupby("arm").size(), rated.groupby("arm").size()
    yield rows.shares("Sessions rated of those attended, n/N (%)", "fidelity rated", n, total, of=True)
    sources = [source for source in dict.fromkeys(rated["fidelity_source"]) if source]
    for source in sources:
        k = rated[rated["fidelity_source"] == source].groupby("arm").size()
        yield rows.shares(f"Rated from: {readable(source).lower()}", f"fidelity from {source}", k, n, 1)
    yield rows.numbers("Delivered of the protocol, %, mean (SD)", "fidelity", "mean_sd", rated, "fidelity")
    yield rows.numbers("Delivered of the protocol, %, median [Q1, Q3]", "fidelity", "median_iqr", rated, "fidelity")


def _home(delivered: Delivered, rows: ByArm) -> Iterator[Row]:
    people = delivered.people
    if "home_planned" in people and people["home_planned"].notna().any():
        due = people[people["home_planned"] > 0]
        yield rows.numbers(
            "Sessions prescribed per participant, mean (SD)", "home prescribed", "mean_sd", due, "home_planned"
        )
        yield rows.numbers("Sessions done, mean (SD)", "home done", "mean_sd", due, "home_done")
        yield from _sets(due, rows, "home_planned", "home_done", "home_share", "Sessions")
    if "diary_prescribed" in people:
        yield rows.counts("Diary: days with exercises", "diary days", delivered.diary_days)
        yield from _sets(people, rows, "diary_prescribed", "diary_done", "diary_share", "Diary: sets")
