"""Everything that one run of a plan on a cohort produced."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Generic, TypeGuard

from typing_extensions import TypeVar

from coxa.analyses.not_fitted import NotFitted
from coxa.arguments import Kind
from coxa.cohort.cohort import Cohort
from coxa.cohort.disposition import Disposition
from coxa.derive.dataset import AnalysisDataset
from coxa.estimates import Estimates
from coxa.findings import Findings
from coxa.models.results.run import AnyFit
from coxa.simulate.truth import Truth
from coxa.study import Study
from coxa.study.comparative import ComparativeStudy
from coxa.study.locking.deviations import PlanStatus
from coxa.study.locking.looks import LookEntry

StudyKind = TypeVar("StudyKind", bound=Study, covariant=True, default=ComparativeStudy)
"""Kind of study of a report: one that compares arms or groups, unless said otherwise."""


@dataclass(frozen=True, slots=True)
class RunRecord:
    """What is needed to run it again: versions, hashes, seed.

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


@dataclass(frozen=True, slots=True, repr=False)
class ReportRecord(Generic[StudyKind]):
    """A plan, its data and its results; `Report` adds what it shows and where it is written.

    observed : outcome -> its rows as recorded: of those with a responder rule and without an estimand; in a study
               without arms, which has nothing else, of every outcome
    datasets : estimand -> the rows it is estimated from
    fits     : analysis -> the models fitted: one for an MMRM, one per visit for an ANCOVA, none for proportions; those
               that are not of means as `ModelRun`
    estimates: every number of every analysis
    not_fitted: analyses without numbers; a finding says the same
    parts_not_fitted : analysis -> what of it has no numbers, where others have: a subgroup, a modifier, one of several
               arms or visits; findings say the same
    status   : how the plan stands to its lock
    looks    : interim looks that were recorded
    truth    : of a simulated trial: what was planted
    seconds  : wall time of each step; it is written to run.json and shown nowhere
    """

    study: StudyKind
    cohort: Cohort
    datasets: Mapping[str, AnalysisDataset]
    fits: Mapping[str, tuple[AnyFit, ...]]
    estimates: Estimates
    findings: Findings
    disposition: Disposition
    run: RunRecord
    observed: Mapping[str, AnalysisDataset] = field(default_factory=dict)
    status: PlanStatus = field(default_factory=PlanStatus)
    not_fitted: Mapping[str, NotFitted] = field(default_factory=dict)
    parts_not_fitted: Mapping[str, tuple[NotFitted, ...]] = field(default_factory=dict)
    seconds: Mapping[str, Any] = field(default_factory=dict, compare=False)
    looks: tuple[LookEntry, ...] = ()
    truth: Truth | None = None


def compares(report: ReportRecord[Study]) -> TypeGuard[ReportRecord]:
    """Return whether a report is of a study that compares arms or groups, and has estimands and analyses."""
    return isinstance(report.study, ComparativeStudy)


REPORT = Kind((ReportRecord,), "a report (`Report`)", "Make one first, by `coxa.analyse(study)`.")
