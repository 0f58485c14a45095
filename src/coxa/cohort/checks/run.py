"""Run every check on a draft, then leave out and set missing what they say, with the accounts."""

from __future__ import annotations

from collections.abc import Callable, Iterable

import pandas as pd

from coxa.cohort.checks.checked import Checked, Draft, LeaveOut, join_checked
from coxa.cohort.checks.cluster_periods import check_cluster_periods
from coxa.cohort.checks.clusters import check_clusters
from coxa.cohort.checks.dates import (
    check_possible_dates,
    check_study_days,
    check_visit_order,
    check_windows,
)
from coxa.cohort.checks.diary import check_diary
from coxa.cohort.checks.events import check_events
from coxa.cohort.checks.exercise_log import check_exercise_log
from coxa.cohort.checks.exposures import check_exposures
from coxa.cohort.checks.forms import check_forms
from coxa.cohort.checks.goals import check_goals
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
from coxa.cohort.checks.red_flags import check_red_flags
from coxa.cohort.checks.return_to_sport import check_return_to_sport
from coxa.cohort.checks.screening import check_screening
from coxa.cohort.checks.sequences import check_sequences
from coxa.cohort.checks.sessions import check_session_totals
from coxa.cohort.checks.sides import check_sides
from coxa.cohort.checks.target_trial import check_target_trial
from coxa.cohort.checks.texts import check_texts
from coxa.cohort.disposition import Disposition
from coxa.cohort.ledger import by_file

STAGE = "checking"

CHECKS: tuple[Callable[[Draft], Checked], ...] = (
    check_duplicates,
    check_forms,
    check_known_participants,
    check_arms,
    check_sequences,
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
    check_cluster_periods,
    check_outcomes_present,
    check_events,
    check_exposures,
    check_baselines,
    check_values_alone,
    check_carried_forward,
    check_screening,
    check_session_totals,
    check_target_trial,
    check_exercise_log,
    check_red_flags,
    check_goals,
    check_diary,
    check_return_to_sport,
    check_sides,
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
        reason = _reasons(frame, [part for part in checked.left_out if part.table == table])
        for blank in checked.blanked:
            if blank.table == table:
                cells = frame[blank.field].mask(frame.index.isin(blank.rows))
                frame = frame.assign(**{blank.field: cells})
        if table == "participants":
            lost_people = set(frame.loc[reason.index, "participant_id"])
        elif lost_people:
            gone = frame.index[frame["participant_id"].isin(list(lost_people))].difference(reason.index)
            reason = pd.concat([reason, pd.Series("the participant is left out", index=gone, dtype=object)])
        kept = frame if reason.empty else frame[~frame.index.isin(reason.index)]
        tables[table] = kept.set_axis(pd.RangeIndex(len(kept)))
        disposition += by_file(STAGE, table, frame, reason)
    return tables, disposition


def _reasons(frame: pd.DataFrame, parts: Iterable[LeaveOut]) -> pd.Series:
    """Return why rows cannot stay, by row: the first reason of each; the other rows are not in it."""
    given = [pd.Series(part.reason, index=part.rows, dtype=object) for part in parts]
    if not given:
        return pd.Series(dtype=object, index=frame.index[:0])
    reason = pd.concat(given)
    return reason[~reason.index.duplicated()]
