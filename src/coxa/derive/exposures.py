"""What happened to participants after randomisation, as columns of the rows of an estimand."""

from __future__ import annotations

import pandas as pd

from coxa.cohort.cohort import Cohort
from coxa.derive.delivery import derive_delivered
from coxa.derive.scores import derive_scores
from coxa.errors import DataError
from coxa.findings import Finding, Findings
from coxa.study.comparative import with_arms
from coxa.study.exposures import ARM_RECEIVED, earlier_column, needed_earlier, needs_doses

COLUMNS = {"sessions_attended": "attended", "share_attended": "share", "minutes_attended": "minutes"}
"""Dose -> its column of what was delivered."""


def with_exposures(cohort: Cohort, estimand: str, rows: pd.DataFrame) -> pd.DataFrame:
    """Return rows with the arm received, the doses, and earlier outcomes, as far as analyses of the estimand need them.

    Notes
    -----
    Who attended no session has a dose of 0, minutes among them; a participant of an arm without sessions has 0 of all
    doses. A dose that is not recorded is missing.

    Raises
    ------
    DataError
        An analysis needs what was taken of sessions, and none are recorded.
    """
    study = with_arms(cohort.study, "An estimand")
    if needs_doses(study, estimand):
        doses = _doses(cohort, estimand)
        rows = rows.assign(**{str(name): rows["participant_id"].map(doses[name]) for name in doses})
    if asked := needed_earlier(study, estimand):
        scores, _ = derive_scores(cohort)
        for outcome, visit in asked:
            mine = scores[(scores["outcome"] == outcome) & (scores["visit"] == visit)]
            values = mine.drop_duplicates("participant_id").set_index("participant_id")["value"]
            rows = rows.assign(**{earlier_column(outcome, visit): rows["participant_id"].map(values).astype(float)})
    return rows


def _doses(cohort: Cohort, estimand: str) -> pd.DataFrame:
    """Return, by participant, the arm received and what was taken of the supervised sessions."""
    found = derive_delivered(cohort)
    if found is None or "attended" not in found.people:
        finding = Finding(
            "error",
            "treatment_sessions",
            "no session is recorded",
            "Name the file of the sessions under `data: tables: treatment_sessions` or `session_totals`.",
        )
        raise DataError(f"estimand {estimand} needs what participants received", Findings((finding,)))
    people = found.people.set_index("participant_id")
    attended = people["attended"].astype(float)
    columns = {"sessions_attended": attended}
    share = people["share"].astype(float)
    columns["share_attended"] = share.mask(people["planned"].eq(0) & attended.eq(0), 0.0)
    minutes = people["minutes"].astype(float)
    columns["minutes_attended"] = minutes.mask(attended.eq(0), 0.0)
    participants = cohort.table("participants").set_index("participant_id")
    received = participants[ARM_RECEIVED] if ARM_RECEIVED in participants else participants["arm"]
    arm = received.fillna(participants["arm"]).astype(str)
    return pd.DataFrame(columns).assign(**{ARM_RECEIVED: arm.reindex(people.index)})
