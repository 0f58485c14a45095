"""From a cohort, or a report, to ADaM."""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd

from coxa.arguments import Kind, kinds
from coxa.cohort.cohort import COHORT, Cohort
from coxa.derive import derive_dataset
from coxa.derive.dataset import AnalysisDataset
from coxa.exchange.adam.crosswalk import AdamDataset
from coxa.exchange.adam.events import event_level
from coxa.exchange.adam.outcomes import outcome_level
from coxa.exchange.adam.subjects import subject_level
from coxa.report.record import REPORT, ReportRecord
from coxa.study import Study
from coxa.study.comparative import ComparativeStudy

DATA = Kind((*COHORT.of, *REPORT.of), f"{COHORT.words}, or {REPORT.words}", COHORT.remedy)


@kinds(data=DATA)
def to_adam(data: Cohort | ReportRecord[Study]) -> dict[str, pd.DataFrame]:
    """Return the participants, outcomes and adverse events of a study as ADaM data sets.

    Parameters
    ----------
    data
        A checked cohort, or a report.

    Returns
    -------
    dict of DataFrame
        ADSL, one row per participant; ADQS, one row per participant, outcome and visit, with rows for the values that
        a strategy for an intercurrent event made (`DTYPE`) and a flag for the rows of each estimand (`ANL01FL`); ADAE,
        one row per event, where events are recorded. Names are at most 8 characters.

    Examples
    --------
    >>> import coxa
    >>> from coxa.exchange import to_adam
    >>> trial = coxa.simulate_study(coxa.preset("moa-2013"), participants=40, truth_size=2000, seed=1)
    >>> adam = to_adam(coxa.read_cohort(trial.study, trial.tables))
    >>> list(adam), len(adam["ADSL"]), adam["ADQS"]["ANL01FL"].eq("Y").sum().item()
    (['ADSL', 'ADQS'], 40, 115)
    """
    return {name: one.frame for name, one in adam_datasets(data).items()}


def adam_datasets(data: Cohort | ReportRecord[Study]) -> dict[str, AdamDataset]:
    """Return the ADaM data sets with their labels and variables; see `to_adam`."""
    cohort = data if isinstance(data, Cohort) else data.cohort
    made = (subject_level(cohort), outcome_level(cohort, estimand_rows(data)), event_level(cohort))
    return {one.name: one for one in made if one is not None}


def estimand_rows(data: Cohort | ReportRecord[Study]) -> Mapping[str, AnalysisDataset]:
    """Return the rows of each estimand in the order of the plan; none in a study without arms."""
    study = data.study
    if not isinstance(study, ComparativeStudy):
        return {}
    if isinstance(data, ReportRecord):
        return {name: data.datasets[name] for name in study.estimands if name in data.datasets}
    wanted = {analysis.estimand for analysis in study.analyses.values()}
    return {name: derive_dataset(data, name) for name in study.estimands if name in wanted}
