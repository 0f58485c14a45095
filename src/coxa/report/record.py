"""Everything that one run of a plan on a cohort produced."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from coxa.cohort.cohort import Cohort
from coxa.cohort.disposition import Disposition
from coxa.derive.dataset import AnalysisDataset
from coxa.estimates import Estimates
from coxa.findings import Findings
from coxa.models import Fit
from coxa.study import Study


@dataclass(frozen=True, slots=True)
class RunRecord:
    """What is needed to run it again: versions, hashes, seed, time.

    plan_sha256 : hash of the study file
    data_sha256 : file name -> hash
    versions    : package -> version
    seed        : the seed, where anything was drawn
    """

    study: str
    plan_sha256: str
    data_sha256: Mapping[str, str]
    versions: Mapping[str, str]
    seed: int | None = None


@dataclass(frozen=True, slots=True)
class Report:
    """A plan, its data and its results; renderers turn it into a document.

    datasets : estimand -> the rows it is estimated from
    fits     : analysis -> the models fitted (one for an MMRM, one per visit for an ANCOVA, none for proportions)
    estimates: every number of every analysis
    """

    study: Study
    cohort: Cohort
    datasets: Mapping[str, AnalysisDataset]
    fits: Mapping[str, tuple[Fit, ...]]
    estimates: Estimates
    findings: Findings
    disposition: Disposition
    run: RunRecord
