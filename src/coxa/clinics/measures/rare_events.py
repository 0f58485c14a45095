"""What counts as a rare event, among which episodes, as SQL over a row of episodes."""

from __future__ import annotations

from dataclasses import dataclass

from coxa.clinics.measures.rates import counted_of
from coxa.clinics.measures.reached import changed_sql, reached_sql, threshold_of
from coxa.episodes.columns import quoted
from coxa.sentences import mid_sentence
from coxa.study.audit.plan import AuditPlan
from coxa.study.audit.rare import WORSE, RareEvent


@dataclass(frozen=True, slots=True)
class Event:
    """A rare event.

    name     : worse, or of the plan
    label    : how it is called
    known    : episodes of which it is known whether it happened, as SQL
    happened : whether it did, as SQL
    words    : who has it, as it is said in a sentence: "one who is worse in Pain by 2 or more"
    """

    name: str
    label: str
    known: str
    happened: str
    words: str


def events_of(plan: AuditPlan) -> tuple[Event, ...]:
    """Return the rare events of a plan: patients who are worse in the main outcome, and those that it names.

    Examples
    --------
    >>> given = {"audit": "tiny", "title": "Tiny", "data": {"file": "episodes.csv"}}
    >>> parts = {"outcomes": {"pain": {"instrument": "nprs"}}, "rare_events": {"fall": {"happened": "fell"}}}
    >>> [(one.name, one.known, one.happened) for one in events_of(AuditPlan.model_validate(given | parts))][1]
    ('fall', '(eligible AND "fell" IS NOT NULL)', '"fell"')
    """
    return (_worse(plan), *(_of_plan(plan, name, one) for name, one in plan.rare_events.items()))


def _worse(plan: AuditPlan) -> Event:
    main, label = plan.main, plan.label("outcomes", plan.main)
    value = threshold_of(plan, main, "worse")
    least = "at all" if value is None else f"by {value:g} or more"
    words = f"one who is worse in {label} {least}"
    return Event(WORSE, f"Worse {mid_sentence(label)}", changed_sql(main), reached_sql(plan, main, "worse"), words)


def _of_plan(plan: AuditPlan, name: str, one: RareEvent) -> Event:
    if one.standard is not None:
        met = plan.standards[one.standard]
        label = one.label or f"Not met: {mid_sentence(plan.label('standards', one.standard))}"
        rows = counted_of(plan)[one.standard].rows
        return Event(name, label, f"({rows})", f"NOT {quoted(met.met)}", f"one with “{label}”")
    assert one.happened is not None
    label, column = plan.label("rare_events", name), quoted(one.happened)
    among = f" AND {quoted(one.among)}" if one.among else ""
    return Event(name, label, f"(eligible AND {column} IS NOT NULL{among})", column, f"one with “{label}”")
