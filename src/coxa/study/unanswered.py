"""Questions of an import that are open: comments of the plan that `coxa import` writes, read again with the plan."""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass

from coxa.findings import Finding

MARK = "? "
"""A comment that begins so is an open question; its other lines are indented."""

AGAIN = "Answer them, in the folder of this plan: "
"""What is written before the command that asks the open questions."""

SIGNATURE = "# coxa import: "
"""Last line of a plan that nobody changed since it was proposed, with the hash of what is above it."""

LEFT_OUT = "Until answered, not used: "
KEY = re.compile(r"(?P<must>Needed|Can stay open): --answer '(?P<key>.+?)=\.\.\.'")
FIRST = re.compile(r"\s*# \? (?P<text>.*)")
NEXT = re.compile(r"\s*# {3}(?P<text>\S.*)")
COMMAND = re.compile(rf"# {AGAIN}(?P<command>.+)")


@dataclass(frozen=True, slots=True)
class OpenQuestion:
    """An open question of a plan.

    line     : of the plan
    key      : of the question, such as `instrument:pain`
    text     : the question
    needed   : whether the plan cannot be checked without an answer
    left_out : columns that are not used until it is answered, as one text; empty where none waits for it
    """

    line: int
    key: str
    text: str
    needed: bool
    left_out: str


@dataclass(frozen=True, slots=True)
class Unanswered:
    """What an import left open in a plan.

    questions : the open questions, in the order of the plan
    command   : asks them again, in the folder of the plan; empty where the plan does not have it
    changed   : whether the plan was changed by hand since it was proposed, so that an import does not write over it
    """

    questions: tuple[OpenQuestion, ...] = ()
    command: str = ""
    changed: bool = False


def unanswered(text: str) -> Unanswered:
    """Return what an import left open, from the comments of a plan.

    Examples
    --------
    >>> text = "# ? Which instrument is VAS of? Two fit. Can stay open: --answer 'instrument:pain=...', with nprs."
    >>> unanswered(text).questions[0]
    OpenQuestion(line=1, key='instrument:pain', text='Which instrument is VAS of?', needed=False, left_out='')
    """
    questions, command = [], ""
    lines = text.splitlines()
    for number, line in enumerate(lines, start=1):
        if first := FIRST.fullmatch(line):
            questions += [each for each in [_question(number, _whole(first["text"], lines[number:]))] if each]
        elif again := COMMAND.fullmatch(line):
            command = again["command"]
    return Unanswered(tuple(questions), command, not is_signed(text))


def _whole(first: str, rest: list[str]) -> str:
    """Return the text of a comment with the lines that go on with it."""
    texts = [first]
    for line in rest:
        more = NEXT.fullmatch(line)
        if more is None:
            break
        texts.append(more["text"])
    return " ".join(texts)


def _question(line: int, text: str) -> OpenQuestion | None:
    """Return the question of a comment; None where it is a comment of another kind."""
    found = KEY.search(text)
    if found is None:
        return None
    asked = text[: text.index("?") + 1] if "?" in text else text
    left = text.partition(LEFT_OUT)[2].rstrip(".")
    return OpenQuestion(line, found["key"], asked, found["must"] == "Needed", left)


def needed_findings(name: str, found: Unanswered) -> tuple[Finding, ...]:
    """Return an error for each answer that a plan needs; of a plan that has faults.

    Parameters
    ----------
    name
        Of the file of the plan.
    found
        As `unanswered` read it.
    """
    return tuple(
        Finding("error", name, f'the question "{each.text}" is open since the import', _remedy(found), each.line, None,
                each.key)
        for each in found.questions if each.needed
    )  # fmt: skip


def waiting_findings(name: str, found: Unanswered) -> tuple[Finding, ...]:
    """Return a warning for each open question that columns wait for: they are not used until it is answered.

    Parameters
    ----------
    name
        Of the file of the plan.
    found
        As `unanswered` read it.

    Examples
    --------
    >>> text = "# ? Which instrument is VAS of? Two fit. Can stay open: --answer 'instrument:pain=...', with nprs. "
    >>> (finding,) = waiting_findings("audit.yaml", unanswered(text + "Until answered, not used: VAS in, VAS out."))
    >>> finding.rule
    'the question "Which instrument is VAS of?" is open, and until it is answered VAS in, VAS out are not used'
    """
    findings = []
    for each in found.questions:
        if each.left_out:
            verb = "are" if ", " in each.left_out else "is"
            rule = f'the question "{each.text}" is open, and until it is answered {each.left_out} {verb} not used'
            remedy = f"{_remedy(found)} Delete the question from the plan where nothing is to be used."
            findings.append(Finding("warning", name, rule, remedy, each.line, None, each.key))
    return tuple(findings)


def optional_findings(name: str, found: Unanswered) -> tuple[Finding, ...]:
    """Return a note of the questions that can stay open, and that no column waits for.

    Parameters
    ----------
    name
        Of the file of the plan.
    found
        As `unanswered` read it.
    """
    rest = [each for each in found.questions if not each.left_out]
    if not rest:
        return ()
    texts = ", ".join(f'"{each.text}"' for each in rest)
    count = f"{len(rest)} questions are" if len(rest) > 1 else "a question is"
    rule = f"{count} open since the import, and can stay so: {texts}"
    return (Finding("note", name, rule, _remedy(found), rest[0].line),)


def _remedy(found: Unanswered) -> str:
    if not found.command:
        return "Answer with `coxa import`, or write the key in the plan and delete the comment."
    if found.changed:
        other = found.command.replace("--out .", "--out answered")
        return (
            "Write the key in the plan and delete the comment. Or, since an import does not write over a plan that was "
            f"changed by hand: `{other}`, in the folder of the plan."
        )
    return f"Answer with `{found.command}`, in the folder of the plan."


def signed(text: str) -> str:
    """Return the text of a proposed plan with its signature."""
    return f"{text}{SIGNATURE}{_digest(text)}\n"


def is_signed(text: str) -> bool:
    """Say whether a plan is as it was proposed: its last line has the hash of what is above it."""
    above, mark, digest = text.rpartition(SIGNATURE)
    return bool(mark) and digest.strip() == _digest(above)


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:16]
