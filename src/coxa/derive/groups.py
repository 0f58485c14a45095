"""Who is described in which group: an arm, a group of a cohort, or all participants together."""

from __future__ import annotations

import pandas as pd

from coxa.cohort.cohort import Cohort
from coxa.study.comparative import ComparativeStudy
from coxa.study.plan import EVERYBODY


def participants_by_group(cohort: Cohort) -> pd.DataFrame:
    """Return the participants with their group as `arm`; in a study without arms all are in one."""
    people = cohort.table("participants")
    return people if isinstance(cohort.study, ComparativeStudy) else people.assign(arm=EVERYBODY)
