"""Run a plan on its data: every analysis of the plan, from files to estimates."""

from __future__ import annotations

import platform
from collections.abc import Callable, Mapping
from dataclasses import replace
from importlib.metadata import version
from pathlib import Path
from typing import Any

import pandas as pd

from coxa.analyses.comparability import comparability_findings
from coxa.analyses.comparisons import join
from coxa.analyses.not_fitted import NotFitted
from coxa.analyses.planned import run_analysis
from coxa.arguments import DATA, Kind, kinds
from coxa.cohort.checks.evidence import named_path
from coxa.cohort.cohort import COHORT, Cohort, StudyTables
from coxa.cohort.read import read_cohort
from coxa.derive import derive_dataset
from coxa.derive.build import observed_dataset
from coxa.derive.findings import derived_findings
from coxa.errors import FitError, OptionError
from coxa.estimates import Estimates
from coxa.estimates.table import COURSES
from coxa.findings import Finding, Findings
from coxa.frames import Frame
from coxa.models.results.run import AnyFit
from coxa.report.record import ReportRecord, RunRecord
from coxa.report.report import Report
from coxa.report.timing import timed
from coxa.simulate.truth import Truth
from coxa.study import Study, read_study
from coxa.study.comparative import ComparativeStudy
from coxa.study.important import responder_rules
from coxa.study.locking.content import data_sha256
from coxa.study.locking.deviations import plan_status
from coxa.study.locking.looks import read_looks
from coxa.study.plan import PLAN_OR_PATH
from coxa.version import __version__

PACKAGES = (
    "numpy",
    "scipy",
    "pandas",
    "statsmodels",
    "formulaic",
    "pandera",
    "pydantic",
    "altair",
    "vl-convert-python",
    "typst",
    "python-docx",
)


Progress = Callable[[str, int, int], None]

ANALYSED = Kind(
    (*PLAN_OR_PATH.of, Cohort, StudyTables),
    f"{PLAN_OR_PATH.words}, or a cohort or a simulated trial",
    PLAN_OR_PATH.remedy,
)
REPLACED = Kind((*DATA.of, Cohort), f"{DATA.words}, or a cohort", DATA.remedy)


@kinds(study=ANALYSED, data=REPLACED)
def analyse(
    study: Study | str | Path | Cohort | StudyTables,
    data: str | Path | Mapping[str, Frame] | Cohort | None = None,
    *,
    progress: Progress | None = None,
) -> Report[Study]:
    """Read, check, derive and analyse everything that a plan asks for; without arms, describe what was observed.

    Parameters
    ----------
    study
        A plan, or the path of its study file; or a cohort, or a simulated trial, which have their plan and their data
        with them.
    data
        Instead of the plan's data: the folder of the files, or the one file; frames by the name of their table; or a
        cohort that was read with this plan.
    progress
        Called before each analysis with its label, how many are done, and how many there are.

    Returns
    -------
    Report
        Data sets, models, estimates, findings and what was left out.

    Raises
    ------
    PlanError
        If the study file has faults.
    DataError
        If the data have errors; warnings go into the report.
    FitError
        If no model can be fitted, or the convergence of none be proved. Where it is some, or a part of one such as a
        subgroup, the report has the others, and says so in `not_fitted`, in `parts_not_fitted` and in a finding.
    LockError
        If the lock of the plan is damaged.
    OptionError
        If the cohort was read with another plan.

    Examples
    --------
    >>> import coxa
    >>> report = analyse(coxa.simulate_study(coxa.preset("moa-2013"), participants=40, truth_size=2000, seed=1))
    >>> len(report.fits["primary"]), report.fits["primary"][0].n_participants
    (1, 39)
    >>> report.estimates.only(term="difference", visit="year_1").frame["arm"].tolist()
    ['manual_therapy', 'exercise', 'both']
    >>> report = analyse("study.yaml")  # doctest: +SKIP
    """
    seconds: dict[str, Any] = {}
    with timed(seconds, "read"):
        cohort = _read(study, data).require_clean()
    report = analyse_cohort(cohort, progress=progress)
    planted = getattr(study, "truth", None)
    truth = planted if isinstance(planted, Truth) else report.truth
    return replace(report, seconds={**seconds, **report.seconds}, truth=truth)


def describe(
    study: Study | str | Path | Cohort | StudyTables, data: str | Path | Mapping[str, Frame] | Cohort | None = None
) -> Report[Study]:
    """Read, check and derive what was observed, without any analysis; parameters and errors are those of `analyse`."""
    return _described(_read(study, data).require_clean())


def _read(
    study: Study | str | Path | Cohort | StudyTables, data: str | Path | Mapping[str, Frame] | Cohort | None
) -> Cohort:
    """Return the cohort that is meant, read where it has not been yet."""
    if isinstance(study, Cohort | StudyTables) and data is not None:
        raise OptionError("analyse: a cohort or a simulated trial has its data with it. Leave out `data`.")
    if isinstance(study, Cohort):
        return study
    if isinstance(study, StudyTables):
        return read_cohort(study.study, study.data)
    plan = study if isinstance(study, Study) else read_study(study)
    if isinstance(data, Cohort):
        if data.study != plan:
            raise OptionError("analyse: the cohort was read with another plan. Read it again by `coxa.read_cohort`.")
        return data
    return read_cohort(plan, data)


@kinds(cohort=COHORT)
def analyse_cohort(cohort: Cohort, *, progress: Progress | None = None) -> Report[Study]:
    """Analyse a checked cohort; see `analyse`."""
    study = cohort.study
    return _compared(study, cohort, progress) if isinstance(study, ComparativeStudy) else _described(cohort)


def _described(cohort: Cohort) -> Report[Study]:
    """Return what was observed: the rows of every outcome, and no estimate."""
    study = cohort.study
    seconds: dict[str, Any] = {}
    with timed(seconds, "derive"):
        observed = {name: observed_dataset(cohort, name) for name in study.outcomes}
    findings = Findings(tuple(dict.fromkeys((*cohort.findings, *derived_findings(cohort)))))
    return Report(
        study,
        cohort,
        {},
        {},
        Estimates.of([]),
        findings,
        cohort.disposition,
        run_record(cohort),
        observed,
        plan_status(study),
        seconds=seconds,
    )


def _compared(study: ComparativeStudy, cohort: Cohort, progress: Progress | None) -> Report:
    """Return the estimates of every analysis of a plan."""
    status = plan_status(study)
    seconds: dict[str, Any] = {}
    wanted = dict.fromkeys(analysis.estimand for analysis in study.analyses.values())
    with timed(seconds, "derive"):
        datasets = {name: derive_dataset(cohort, name) for name in wanted}
        observed = {name: observed_dataset(cohort, name) for name in _only_counted(study)}
    seconds["fit"] = {}
    fits: dict[str, tuple[AnyFit, ...]] = {}
    results: list[Estimates] = []
    not_fitted: dict[str, NotFitted] = {}
    parts: dict[str, tuple[NotFitted, ...]] = {}
    for done, (name, analysis) in enumerate(study.analyses.items()):
        if progress is not None:
            progress(study.label("analyses", name), done, len(study.analyses))
        with timed(seconds["fit"], name):
            try:
                fits[name], estimates, failed = run_analysis(study, name, analysis, datasets[analysis.estimand])
                if failed:
                    parts[name] = failed
            except FitError as error:
                if len(not_fitted) == len(study.analyses) - 1:
                    raise
                fits[name], estimates = (), Estimates.of([])
                not_fitted[name] = NotFitted(error.message, error.remedies)
        results.append(estimates)
    every = [*not_fitted.items(), *((name, why) for name, failed in parts.items() for why in failed)]
    findings = cohort.findings + Findings(tuple(failure(study, name, why) for name, why in every))
    findings += Findings(tuple(comparability_findings(study, datasets, fits)))
    disposition = cohort.disposition
    for dataset in datasets.values():
        findings = Findings(tuple(dict.fromkeys((*findings, *dataset.findings))))
        disposition += dataset.disposition
    return Report(
        study,
        cohort,
        datasets,
        fits,
        join(results),
        findings,
        disposition,
        run_record(cohort),
        observed,
        status,
        not_fitted,
        parts,
        seconds,
        looks=read_looks(study) if study.interim else (),
        truth=named_truth(study),
    )


def named_truth(study: ComparativeStudy) -> Truth | None:
    """Return the truth that `report: truth:` names; None where a plan names none.

    Raises
    ------
    OptionError
        There is no such file, or it is none that `coxa simulate` wrote.
    """
    path = named_path(study, "truth")
    if path is None:
        return None
    try:
        return Truth.from_json(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, KeyError, TypeError):
        raise OptionError(
            f"{path} is no truth of a simulated trial. Correct `report: truth:`, or leave it out."
        ) from None


def failure(study: ComparativeStudy, name: str, why: NotFitted) -> Finding:
    """Return the finding that an analysis, or a part of it, could not be fitted, at its line of the plan."""
    origin = study.origin
    at = ("analyses", name)
    return Finding(
        "error",
        origin.name if origin else "plan",
        why.message,
        " ".join(why.remedies),
        row=origin.line(*at) if origin else None,
        field=".".join(at),
    )


def _only_counted(study: ComparativeStudy) -> list[str]:
    """Return the outcomes of which responders are counted and that no estimand is about."""
    about = {planned.outcome_name for planned in study.planned_analyses}
    others = {name: plan for name, plan in study.outcomes.items() if name not in about}
    return [name for name, plan in others.items() if responder_rules(name, plan, study.report)]


def run_record(cohort: Cohort) -> RunRecord:
    """Return hashes and versions, enough to run it again."""
    origin = cohort.study.origin
    sha256 = origin.sha256 if origin else data_sha256(cohort.study.model_dump(mode="json"))
    versions = {"coxa": __version__, "python": platform.python_version(), **{name: version(name) for name in PACKAGES}}
    hashes = {source.name: source.sha256 for source in cohort.sources}
    return RunRecord(cohort.study.study, sha256, hashes, versions)


def primary_rows(report: ReportRecord) -> pd.DataFrame:
    """Return the comparisons at the visits that the estimands name, in the plan's order.

    Examples
    --------
    >>> import coxa
    >>> report = analyse(coxa.simulate_study(coxa.preset("moa-2013"), participants=40, truth_size=2000, seed=1))
    >>> primary_rows(report)[["visit", "arm"]].to_numpy().tolist()
    [['year_1', 'manual_therapy'], ['year_1', 'exercise'], ['year_1', 'both']]
    """
    frame = report.estimates.frame
    asked = (
        planned.asked(frame, planned.effect.term, *COURSES, over_visits=True)
        for planned in report.study.planned_analyses
    )
    return pd.concat(asked, ignore_index=True)
