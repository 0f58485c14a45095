"""Who went through a study and who they were at baseline, one row per number, from the tables of its report."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pandas as pd

from coxa.exchange.shown import Shown, first_of_each
from coxa.report.topics.participants.flow.people import STAYED, STOPPED
from coxa.study.plan import EVERYBODY
from coxa.tables.records import Record, records

STATUSES = ("started", "completed", "not completed")
FLOW = ("arm", "status", "reason", "n")
BASELINE = ("title", "unit", "category", "arm", "kind", "spread_kind", "n", "value", "spread", "low", "high")
MISSING = "missing"


def flow(shown: Shown) -> pd.DataFrame:
    """Return FLOW: how many of each arm started, completed follow-up, and did not, by the reason recorded.

    `reason` is empty but for those who stopped. There is only `started` where no stop of follow-up is recorded, and
    where a report that is shared does not draw the flow.
    """
    drawn = next((figure.data for figure in shown.document.figures() if figure.id == "participant-flow"), None)
    if drawn is None or "box" not in drawn:
        return pd.DataFrame(_started(shown), columns=list(FLOW))
    rows = records(drawn[drawn["arm"].isin(list(shown.study.arms))])
    found = [(row["arm"], *step, row["n"]) for row in rows if (step := _step(row))]
    return pd.DataFrame(found, columns=list(FLOW)).sort_values("status", key=_order, kind="stable", ignore_index=True)


def _started(shown: Shown) -> list[tuple[str, str, str, float]]:
    """Return the participants of each arm, from the headings of tables."""
    rows = first_of_each(shown.results[shown.results["analysis"] == "participants"])
    rows = rows[(rows["term"] == shown.study.counted_as) & (rows["statistic"] == "n")]
    counts = dict(zip(rows["arm"], rows["value"], strict=True))
    return [(arm, "started", "", counts[arm]) for arm in shown.study.groups if arm in counts]


def _step(row: Record) -> tuple[str, str] | None:
    """Return what a count of the flow says of participants, and the reason; None where it is of something else."""
    box, level, label = str(row["box"]).partition(".")[0], row["level"], str(row["label"])
    if (box, level) == ("allocated", 0):
        return "started", ""
    if box != "follow_up" or not level:
        return None
    if level == 1:
        return {STAYED: "completed", STOPPED: "not completed"}[label], ""
    return ("not completed", label) if row["within"] == STOPPED else None


def _order(statuses: pd.Series) -> pd.Series:
    return statuses.map({name: place for place, name in enumerate(STATUSES)})


def baseline(shown: Shown) -> pd.DataFrame:
    """Return BASELINE: covariates and outcomes at baseline, by arm and overall, as the baseline table describes them.

    Returns
    -------
    DataFrame
        `kind` is mean, median or count, `spread_kind` sd or quartiles; `n` is of participants described in the arm.
    """
    rows = first_of_each(shown.frame[shown.frame["table"] == "baseline"])
    heads = rows[rows["analysis"] == "participants"].set_index("arm")["value"]
    mine = rows[(rows["analysis"] == "baseline") & (rows["reference"] == "")]
    groups = mine.groupby(["term", "arm"], sort=False)
    found = [_characteristic(shown, str(term), str(arm), group, heads) for (term, arm), group in groups]
    return pd.DataFrame(found, columns=list(BASELINE))


def _characteristic(shown: Shown, term: str, arm: str, group: pd.DataFrame, heads: pd.Series) -> tuple[Any, ...]:
    values = dict(zip(group["statistic"], group["value"], strict=True))
    name, _, level = term.partition("=")
    label, unit = _label(shown, name)
    category = "" if not level else "Missing" if level == MISSING else str(group["row_label"].iloc[0])
    who = arm or EVERYBODY
    head = (label, unit, category, who)
    if "mean" in values:
        return (*head, "mean", "sd", heads.get(who), values["mean"], values.get("sd"), None, None)
    if "median" in values:
        return (*head, "median", "quartiles", heads.get(who), values["median"], None, values["q1"], values["q3"])
    return (*head, "count", "", heads.get(who), values.get("n"), None, None, None)


def _label(shown: Shown, name: str) -> tuple[str, str]:
    study = shown.study
    if name in study.outcomes:
        return study.label("outcomes", name), study.scale(name).unit
    if name in study.covariates:
        return study.label("covariates", name), study.covariates[name].unit or "participants"
    return name, ""


def whole(values: pd.Series) -> pd.Series:
    """Return counts as whole numbers, missing where they are hidden; weighted ones as they are."""
    numbers = values.astype(float)
    return numbers.astype("Int64") if numbers.dropna().mod(1).eq(0).all() else numbers


def arm_titles(shown: Shown, prefix: str) -> dict[str, tuple[str, str]]:
    """Return, for each arm and all together, the identifier that a registry gives groups, and the title.

    Examples
    --------
    >>> arm_titles(shown, "BG")["usual_care"]  # doctest: +SKIP
    ('BG000', 'Usual care')
    """
    return dict(_numbered(shown, prefix))


def _numbered(shown: Shown, prefix: str) -> Iterator[tuple[str, tuple[str, str]]]:
    titles = {**shown.study.groups, EVERYBODY: "Total"}
    for place, (arm, title) in enumerate(titles.items()):
        yield arm, (f"{prefix}{place:03d}", title)
