"""Run every check on a draft, then leave out and set missing what they say, with the accounts."""

from __future__ import annotations

from collections.abc import Callable

import pandas as pd

from coxa.cohort.checks.checked import Checked, Draft, join_checked
from coxa.cohort.checks.clusters import check_clusters
from coxa.cohort.checks.dates import (
    check_possible_dates,
    check_study_days,
    check_visit_order,
    check_windows,
)
from coxa.cohort.checks.forms import check_forms
from coxa.cohort.checks.keys import (
    check_arms,
    check_complete_covariates,
    check_duplicates,
    check_known_participants,
)
from coxa.cohort.checks.labels import check_labels
from coxa.cohort.checks.limits import (
    check_contracts,
    check_items,
    check_measures,
    check_outcome_ranges,
    check_units,
)
from coxa.cohort.checks.outcomes import (
    check_baselines,
    check_carried_forward,
    check_outcomes_present,
    check_values_alone,
)
from coxa.cohort.checks.randomisation import check_before_randomisation, check_ends, check_time_of_baseline
from coxa.cohort.checks.screening import check_screening
from coxa.cohort.checks.sessions import check_session_totals
from coxa.cohort.checks.texts import check_texts
from coxa.cohort.disposition import Disposition
from coxa.cohort.ledger import by_file

STAGE = "checking"

CHECKS: tuple[Callable[[Draft], Checked], ...] = (
    check_duplicates,
    check_forms,
    check_known_participants,
    check_arms,
    check_contracts,
    check_units,
    check_outcome_ranges,
    check_items,
    check_measures,
    check_possible_dates,
    check_before_randomisation,
    check_time_of_baseline,
    check_ends,
    check_windows,
    check_visit_order,
    check_study_days,
    check_complete_covariates,
    check_clusters,
    check_outcomes_present,
    check_baselines,
    check_values_alone,
    check_carried_forward,
    check_screening,
    check_session_totals,
    check_texts,
    check_labels,
)


def run_checks(draft: Draft) -> Checked:
    """Return the result of every check, in the order of `CHECKS`."""
    return join_checked(check(draft) for check in CHECKS)


def apply_checks(draft: Draft, checked: Checked) -> tuple[dict[str, pd.DataFrame], Disposition]:
    """Return the tables without what cannot stay, and the account of it.

    Rows of participants who are left out here are left out with them.
    """
    tables: dict[str, pd.DataFrame] = {}
    lost_people: set[str] = set()
    disposition = Disposition()
    for table in sorted(draft.tables, key=lambda name: name != "participants"):
        frame = draft.tables[table]
        reason = pd.Series("", index=frame.index, dtype=object)
        for part in checked.left_out:
            if part.table == table:
                reason.loc[part.rows[reason.loc[part.rows] == ""]] = part.reason
        for blank in checked.blanked:
            if blank.table == table:
                cells = frame[blank.field].mask(frame.index.isin(blank.rows))
                frame = frame.assign(**{blank.field: cells})
        if table == "participants":
            lost_people = set(frame.loc[reason != "", "participant_id"])
        elif lost_people:
            gone = frame["participant_id"].isin(list(lost_people))
            reason = reason.mask(gone & (reason == ""), "the participant is left out")
        tables[table] = frame[reason == ""].reset_index(drop=True)
        disposition += by_file(STAGE, table, frame, reason)
    return tables, disposition
