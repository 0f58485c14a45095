"""What stands in the boxes of a flow diagram, line by line, and the same in sentences."""

from __future__ import annotations

import re
from dataclasses import dataclass

from coxa.report.topics.participants.flow.record import Box, Count, Flow
from coxa.tables.hidden import HIDDEN

MOST_EXCLUDED, MOST_REASONS = 8, 5
"""Reasons of one group that are listed in a box, before and after enrolment; more of them are counted together."""
LONGEST_REASON = 100
"""Characters of a reason in a box; the table has all of it."""
NB = "\N{NO-BREAK SPACE}"


@dataclass(frozen=True, slots=True)
class Said:
    """A paragraph in a box: its text, how far it is indented, and how it is set."""

    text: str
    level: int = 0
    bold: bool = False
    quiet: bool = False


def box_words(flow: Flow, box: Box) -> tuple[Said, ...]:
    """Return the paragraphs of a box."""
    said: list[Said] = []
    most = MOST_EXCLUDED if box.stage == "enrolment" else MOST_REASONS
    if box.id.startswith("allocated."):
        said.append(Said(_short(dict(flow.arms)[box.arm]), bold=True))
    if box.shows_whole and box.kind == "beside":
        said.append(Said(_short(box.count.label), quiet=True))
    elif box.shows_whole:
        said.append(Said(_counted(box.count, leaving=box.kind == "leaving"), bold=box.arm == ""))
    for index, part in enumerate(box.count.parts):
        first = index == 0 and box.kind == "main" and not box.shows_whole
        said.append(Said(_counted(part, leaving=index > 0), bold=first))
        said += [Said(f"\N{BULLET} {_reason(reason)}", 1) for reason in _listed(part.parts, most)]
    if box.note:
        said.append(Said(box.note, quiet=True))
    return tuple(said)


def _listed(parts: tuple[Count, ...], most: int) -> tuple[Count, ...]:
    """Return the reasons that are listed; the smallest of many are one, so that the sum stays what it is."""
    if len(parts) <= most:
        return parts
    rest = parts[most - 1 :]
    hidden = any(part.hidden for part in rest)
    total = 0 if hidden else sum(part.n for part in rest)
    return *parts[: most - 1], Count(f"{len(rest)} other reasons", total, hidden=hidden)


def _counted(count: Count, *, leaving: bool = False) -> str:
    """Return "Label (n = 3)", in a cluster trial "Label (2 clusters, n = 3)"; of those who leave, whole clusters."""
    if not count.clusters:
        return f"{_short(count.label)} (n{NB}={NB}{_number(count)})"
    clusters = f"{count.clusters}{NB}{'whole ' if leaving else ''}cluster{'' if count.clusters == 1 else 's'}"
    return f"{_short(count.label)} ({clusters}, n{NB}={NB}{count.n})"


def _reason(count: Count) -> str:
    deeper = "; ".join(f"{_short(part.label)},{NB}{_number(part)}" for part in count.parts)
    return f"{_counted(count)}{': ' if deeper else ''}{deeper}"


def _short(label: str) -> str:
    """Return a label in one line, cut where it is too long for a box, numbers kept with the word before them."""
    text = " ".join(label.split())
    text = text if len(text) <= LONGEST_REASON else f"{text[: LONGEST_REASON - 1].rstrip()}\N{HORIZONTAL ELLIPSIS}"
    return re.sub(r" (?=\d)", NB, text)


def flow_text(flow: Flow) -> str:
    """Say a flow in sentences, with every number: what all arms share first, then arm by arm."""
    shared = [_sentence(box) for box in flow.boxes if box.arm == ""]
    by_arm = [
        f"{label}: {' '.join(_sentence(box) for box in flow.boxes if box.arm == arm)}" for arm, label in flow.arms
    ]
    return " ".join(["Flow diagram.", *shared, *by_arm])


def _sentence(box: Box) -> str:
    whole = f"{box.count.label}: {_number(box.count)}" if box.shows_whole else box.count.label
    parts = "; ".join(_clause(part) for part in box.count.parts)
    return f"{whole}{': ' if parts else ''}{parts}.{f' {box.note}' if box.note else ''}"


def _clause(count: Count) -> str:
    inner = ", ".join(_clause(part) for part in count.parts)
    return f"{count.label}: {_number(count)}{f' ({inner})' if inner else ''}"


def _number(count: Count) -> str:
    if count.hidden:
        return HIDDEN
    return f"{count.n} ({count.clusters} clusters)" if count.clusters else str(count.n)
