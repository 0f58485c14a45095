"""What deriving scores and data sets finds, before anything is fitted."""

from __future__ import annotations

from coxa.cohort.cohort import Cohort
from coxa.derive.build import derive_dataset
from coxa.derive.scores import derive_scores
from coxa.errors import DataError
from coxa.findings import Findings
from coxa.study.comparative import ComparativeStudy


def derived_findings(cohort: Cohort) -> Findings:
    """Return the findings of the scores and of the data of every estimand; errors among them, none raised.

    Parameters
    ----------
    cohort
        Tables without errors.

    Examples
    --------
    >>> from coxa.cohort.read import read_cohort
    >>> from coxa.study import read_study
    >>> derived_findings(read_cohort(read_study("study.yaml")))  # doctest: +SKIP
    """
    try:
        _, findings = derive_scores(cohort)
    except DataError as error:
        return error.findings
    study = cohort.study
    analyses = study.analyses if isinstance(study, ComparativeStudy) else {}
    for name in dict.fromkeys(analysis.estimand for analysis in analyses.values()):
        try:
            findings += derive_dataset(cohort, name).findings
        except DataError as error:
            findings += error.findings
    return Findings(tuple(dict.fromkeys(findings)))
