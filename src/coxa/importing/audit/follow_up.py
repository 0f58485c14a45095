"""When the discharge questionnaire is due: after discharge or intake, and when an episode without a discharge ended."""

from __future__ import annotations

import pandas as pd

from coxa.cards import counted
from coxa.cohort.mapping.codes import code_texts, readings
from coxa.errors import OptionError
from coxa.importing.audit.columns import NONE
from coxa.importing.audit.source import texts_of
from coxa.importing.audit.used import Used
from coxa.importing.draft import Draft
from coxa.importing.proposal import Question

LONG = 0.95
"""Share of the episodes with a day of discharge that last no longer than what is called a long one."""

ISO = "%Y-%m-%d"
LONGEST = "follow_up.longest"


def propose_follow_up(used: Used) -> None:
    """Write when the discharge questionnaire is due, as far as the columns or answers say it."""
    draft = used.draft
    if "discharge_date" in used.columns:
        why = "a discharge questionnaire counts from 28 days before to 42 days after discharge"
        draft.put(("follow_up",), {"after": "discharge", "days": 0, "window": [-28, 42]}, why)
        _longest(used)
    elif draft.material.answers.get("column:discharge_date") == NONE:
        _from_intake(draft)


def _longest(used: Used) -> None:
    """Ask when an episode without a day of discharge counts as ended, where there are any."""
    begun, lasting = _lengths(used)
    if not len(begun):
        return
    usual = ""
    if len(lasting):
        days = int(lasting.quantile(LONG, interpolation="higher"))
        last = max(begun.max(), pd.Timestamp(max(used.latest_days())))
        n = int(((last - begun).dt.days > days).sum())
        usual = (
            f": {n} of them began more than {days} days before {last.date()}, the latest day in the data. Of the "
            f"episodes with a day of discharge {LONG:.0%} last at most {days} days, and the longest {lasting.max():.0f}"
        )
    question = Question(
        LONGEST,
        "After how many days without a day of discharge does an episode count as ended? Write a number, or none.",
        f"{counted(len(begun), 'episode')} {'has' if len(begun) == 1 else 'have'} no day of discharge{usual}. Unless "
        "answered, their questionnaires are never due, which makes completeness look better if they have ended.",
        (), (used.columns["discharge_date"].profile.column,), needed=False,
    )  # fmt: skip
    text = used.draft.ask(question)
    if text is not None and text != NONE:
        used.draft.put(("follow_up", "longest"), _days(text, question.key), "as answered")


def _lengths(used: Used) -> tuple[pd.Series, pd.Series]:
    """Return the days of intake of episodes without a day of discharge, and the days that the others last."""
    frame, data = used.table.frame, used.draft.plan.get("data", {})
    if data.get("drop_identical_rows"):
        frame = frame[~texts_of(frame).duplicated()]
    if any(name not in used.columns for name in ("intake_date", "discharge_date")):
        return pd.Series(dtype="datetime64[ns]"), pd.Series(dtype=float)
    formats = data.get("date_format") or [ISO]
    intake, discharge = (frame[used.columns[name].profile.column] for name in ("intake_date", "discharge_date"))
    begun, ended = _read(intake, formats), _read(discharge, formats)
    texts = code_texts(discharge)
    unended = texts.isna() | texts.isin(list(used.columns["discharge_date"].profile.missing))
    lasting = (ended - begun).dt.days.dropna()
    return begun[unended & begun.notna()], lasting[lasting >= 0]


def _read(column: pd.Series, formats: list[str]) -> pd.Series:
    """Return the days of a column, of texts under the formats of the plan."""
    texts = code_texts(column)
    days: dict[str, pd.Timestamp] = {}
    for text in texts.dropna().unique():
        found = {day.date() for day in readings(str(text), [*formats, ISO]).values()}
        if len(found) == 1:
            days[text] = pd.Timestamp(found.pop())
    return pd.to_datetime(texts.map(days))


def _from_intake(draft: Draft) -> None:
    """Ask how many days after intake the questionnaire is due, where there is no day of discharge."""
    question = Question(
        "follow_up.days", "How many days after intake is the discharge questionnaire due?",
        "There is no day of discharge to count from.", (),
    )  # fmt: skip
    text = draft.ask(question)
    if text is not None:
        days = _days(text, question.key)
        draft.put(("follow_up",), {"after": "intake", "days": days, "window": [-28, 42]}, "as answered")


def _days(text: str, key: str) -> int:
    """Return the days of an answer.

    Raises
    ------
    OptionError
        The answer is no whole number of one or more.
    """
    if not (text.isascii() and text.isdigit() and int(text) >= 1):
        raise OptionError(f"{text} is no number of days. Answer `{key}` with one such as 120.")
    return int(text)
