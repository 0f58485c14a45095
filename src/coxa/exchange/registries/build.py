"""From a report to the tables of a registry."""

from __future__ import annotations

from typing import Literal

import pandas as pd

from coxa.arguments import kinds
from coxa.errors import check_option
from coxa.exchange.registries.clinicaltrials import clinicaltrials_tables
from coxa.exchange.registries.eudract import eudract_tables
from coxa.exchange.shown import shown_by
from coxa.report.record import REPORT, ReportRecord
from coxa.study import Study

Registry = Literal["clinicaltrials.gov", "eudract"]
REGISTRIES = {"clinicaltrials.gov": clinicaltrials_tables, "eudract": eudract_tables}


@kinds(report=REPORT)
def registry_tables(
    report: ReportRecord[Study], registry: Registry = "clinicaltrials.gov", *, share: bool = False
) -> dict[str, pd.DataFrame]:
    """Return the results of a report as the tables that a registry of trials asks for.

    Parameters
    ----------
    report
        Of a study that compares arms or groups.
    registry
        "clinicaltrials.gov" or "eudract".
    share
        For others: small counts are hidden as in a report that is shared, and are missing in the tables.

    Returns
    -------
    dict of DataFrame
        Participant flow, baseline, outcomes with their analyses, and adverse events, under the names of the registry;
        every number is one of the report. What a registry asks for and the data do not have is empty.

    Raises
    ------
    OptionError
        If the registry is unknown, or the study has no arms.

    Examples
    --------
    >>> import coxa
    >>> from coxa.exchange import registry_tables
    >>> report = coxa.analyse(coxa.simulate_study(coxa.preset("moa-2013"), participants=40, truth_size=2000, seed=1))
    >>> tables = registry_tables(report, "clinicaltrials.gov")
    >>> tables["participant_flow"]["numSubjects"].head(4).tolist()
    [10, 10, 10, 10]
    """
    check_option("registry", registry, tuple(REGISTRIES))
    return REGISTRIES[registry](shown_by(report, "A registry of trials", share))
