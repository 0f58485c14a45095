"""What the tables of harms say below themselves: definitions, population, what is left out, and what is not known."""

from __future__ import annotations

from collections.abc import Iterator

from coxa.derive.harms import LIGHT, Harms
from coxa.report.topics.harms.sessions import untreated_arms
from coxa.sentences import join_words, mid_sentence
from coxa.study.comparative import ComparativeStudy
from coxa.tables.formats import counted
from coxa.tables.prose import Prose, Text, in_sentence, prose

DEFINED = (
    "Expected soreness: recorded as soreness, not serious, and not marked as unexpected. Flare: recorded as "
    "a flare of symptoms, and not serious. Adverse event: all other events, and all serious ones. Serious "
    "adverse events are included in the adverse events; otherwise each event is in one group."
)
EXPOSED = (
    "Follow-up of a participant runs from {start} to the last day on which anything is recorded: an assessment, "
    "a session attended, an event, or the date on which follow-up stopped; a year has 365.25 days."
)
LIMITS = (
    "Limits of rates are exact Poisson (Garwood), those of rate ratios exact given the number of events of "
    "both {arms}; a ratio is shown where both {arms} have events. Both assume independent events; if few "
    "participants have many events, the limits are too narrow."
)


def counted_notes(study: ComparativeStudy, harms: Harms) -> Iterator[Text]:
    """Yield the notes of the table of harms."""
    yield f"Population: safety set ({study.words.sets['safety_set']})."
    if not harms.knows_received:
        yield f"The treatment received is not recorded: {study.words.membership.lower()}."
    yield DEFINED
    some = {name for name, n in harms.lacking.items() if n < len(harms.events)}
    related = "Related to treatment: possible, probable or definite. " if "relatedness" in some else ""
    stopped = "Led to stopping: treatment was stopped because of it. " if "action" in some else ""
    yield (
        f"{related}{stopped}Risk differences have Newcombe intervals, without adjustment for multiplicity; no tests. "
        "CI, confidence interval."
    )
    if harms.before:
        yield prose(
            study.words.say("Left out, before {start}: "), _by_arm(study, harms.before, "before randomisation"), "."
        )
    if harms.outside:
        outside = _by_arm(study, harms.outside, "outside the safety set")
        yield prose("Left out, of participants who are not in the safety set: ", outside, ".")
    if harms.undated:
        yield prose("Counted although no day is recorded: ", counted(harms.undated, "harms", "undated events"), ".")
    yield from _lacking(harms)


def absent_sentence(harms: Harms) -> str:
    """Say which of soreness and flares the data do not have at all; empty where they have both."""
    words = {"soreness": "expected soreness", "flare": "a flare"}
    absent = [words[kind] for kind in LIGHT if kind not in harms.recorded]
    if not absent:
        return ""
    return f"No event is recorded as {join_words(absent, 'or')}; whether it was asked for, the data do not say."


def exposed_words(study: ComparativeStudy) -> str:
    """Say from when to when a participant is followed for harms."""
    return study.words.say(EXPOSED)


def rate_notes(study: ComparativeStudy, harms: Harms) -> Iterator[Text]:
    """Yield the notes of the table of rates."""
    yield exposed_words(study)
    if harms.unknown_end:
        unknown = counted(harms.unknown_end, "harms", "participants without a day")
        yield prose("No day is recorded of ", unknown, " participants, who add no follow-up.")
    if harms.counted_sessions:
        yield (
            "Per session: all events of follow-up, also those after the last session, divided by the supervised "
            "sessions attended."
        )
        if without := [study.label("arms", arm) for arm in untreated_arms(study)]:
            yield f"No rate per session for {join_words(without)}, where sessions are not treatment."
        if harms.knows_received:
            yield (
                f"Sessions and events are counted by the {study.words.received}; the table of treatment as delivered "
                f"shows {mid_sentence(study.words.membership)}, so that its sessions can differ."
            )
    else:
        yield "Sessions are not recorded: no rates per session."
    yield study.words.say(LIMITS)


def _lacking(harms: Harms) -> Iterator[Text]:
    """Say what is not recorded of the events; nothing that is missing is counted as if it were there."""
    names = {"severity": "severity", "relatedness": "relation to treatment", "action": "action on treatment",
             "serious": "whether it was serious"}  # fmt: skip
    total = len(harms.events)
    every = counted(total, "harms", "events")
    some = [
        prose(f"{names[name]} (", counted(n, "harms", f"events without {name}"), " of ", every, ")")
        for name, n in harms.lacking.items()
        if 0 < n < total
    ]
    none = [names[name] for name, n in harms.lacking.items() if total and n == total]
    if none:
        yield f"Not recorded of any event: {join_words(none)}."
    if some:
        yield prose("Not recorded of some events, which are not counted as such: ", in_sentence(some), ".")


def _by_arm(study: ComparativeStudy, counts: dict[str, int], term: str) -> Prose:
    return in_sentence(
        [
            prose(counted(counts.get(arm, 0), "harms", f"events {term}", arm), f" of {study.label('arms', arm)}")
            for arm in study.arm_order
        ]
    )
