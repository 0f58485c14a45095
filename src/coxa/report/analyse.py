"""Run a plan on its data: every analysis of the plan, from files to estimates."""

from __future__ import annotations

import platform
from collections.abc import Iterable, Iterator
from functools import reduce
from importlib.metadata import version
from operator import add
from pathlib import Path

import pandas as pd

from coxa import __version__
from coxa.cohort.cohort import Cohort
from coxa.cohort.read import read_cohort
from coxa.derive import AnalysisDataset, derive_dataset
from coxa.errors import EmptyCellError, PlanError
from coxa.estimates import (
    Estimates,
    adjust_multiplicity,
    contrasts,
    fit_proportions,
    marginal_means,
    standardised_effect,
)
from coxa.findings import Finding, Findings
from coxa.models import Fit, fit_ancova, fit_mmrm
from coxa.report.record import Report, RunRecord
from coxa.study import Study, read_study
from coxa.study.analysis import Analysis
from coxa.study.formula import model_formula

COMPARISONS = ("difference", "risk_difference")
PACKAGES = ("numpy", "scipy", "pandas", "statsmodels", "formulaic", "pandera", "pydantic", "altair")


def analyse(study: Study | str | Path, data: str | Path | None = None) -> Report:
    """Read, check, derive and analyse everything that a plan asks for.

    Parameters
    ----------
    study
        A plan, or the path of its study file.
    data
        Folder of the data files, or the one file, instead of the plan's `data: folder`.

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
        If a model cannot be fitted or its convergence cannot be proved.
    """
    plan = study if isinstance(study, Study) else read_study(study)
    return analyse_cohort(read_cohort(plan, data).require_clean())


def analyse_cohort(cohort: Cohort) -> Report:
    """Analyse a checked cohort; see `analyse`."""
    study = cohort.study
    wanted = dict.fromkeys(analysis.estimand for analysis in study.analyses.values())
    datasets = {name: derive_dataset(cohort, name) for name in wanted}
    fits: dict[str, tuple[Fit, ...]] = {}
    results: list[Estimates] = []
    for name, analysis in study.analyses.items():
        fits[name], estimates = run_analysis(study, name, analysis, datasets[analysis.estimand])
        results.append(estimates)
    findings = cohort.findings
    disposition = cohort.disposition
    for dataset in datasets.values():
        findings = Findings(tuple(dict.fromkeys((*findings, *dataset.findings))))
        disposition += dataset.disposition
    return Report(study, cohort, datasets, fits, join(results), findings, disposition, run_record(cohort))


def run_analysis(
    study: Study, name: str, analysis: Analysis, dataset: AnalysisDataset
) -> tuple[tuple[Fit, ...], Estimates]:
    """Run one analysis of the plan on the data of its estimand; return its models and all its numbers."""
    estimand = study.estimands[analysis.estimand]
    _every_compared_arm_is_there(name, estimand.treatment.compare, estimand.treatment.against, dataset)
    if analysis.model == "proportions":
        fits: tuple[Fit, ...] = ()
        parts = list(_proportions(study, analysis, dataset))
    else:
        fits = tuple(_models(study, name, analysis, dataset))
        parts = [part for fit in fits for part in _model_estimates(study, analysis, dataset, fit)]
    estimates = named(join(parts), analysis.estimand, name, estimand.endpoint.outcome)
    if analysis.multiplicity != "none":
        estimates = adjust_planned(estimates, analysis.multiplicity, estimand.endpoint.visit)
    return fits, estimates


def join(parts: Iterable[Estimates]) -> Estimates:
    """Return all rows as one table."""
    return reduce(add, parts)


def named(estimates: Estimates, estimand: str, analysis: str, outcome: str) -> Estimates:
    """Return the same rows under the plan's names."""
    return Estimates(estimates.frame.assign(estimand=estimand, analysis=analysis, outcome=outcome))


def adjust_planned(estimates: Estimates, method: str, visits: tuple[str, ...]) -> Estimates:
    """Adjust the p-values of the comparisons that the estimand names, over all of them; leave the others."""
    frame = estimates.frame
    planned = frame["term"].isin(COMPARISONS) & frame["visit"].isin(visits)
    adjusted = adjust_multiplicity(Estimates(frame[planned]), method, family=()).frame
    return Estimates(pd.concat([adjusted, frame[~planned]]).sort_index())


def _models(study: Study, name: str, analysis: Analysis, dataset: AnalysisDataset) -> Iterator[Fit]:
    """Yield the models of an analysis: one over all visits, or one per visit."""
    formula, rows = model_formula(study, name), dataset.analysed
    if analysis.model == "mmrm":
        yield fit_mmrm(
            formula,
            rows,
            covariance=analysis.covariance,
            reml=analysis.estimation == "reml",
            ddf=analysis.ddf,
        )
        return
    for visit in rows["visit"].cat.categories:
        yield fit_ancova(formula, rows[rows["visit"] == visit], visit=visit, robust=analysis.robust)


def _model_estimates(study: Study, analysis: Analysis, dataset: AnalysisDataset, fit: Fit) -> Iterator[Estimates]:
    """Yield marginal means and differences of one model, and standardised differences where asked for."""
    treatment = study.estimands[analysis.estimand].treatment
    level = analysis.conf_level
    yield marginal_means(fit, "arm", weights=analysis.weights, conf_level=level)
    every = contrasts(fit, "arm", against=treatment.against, weights=analysis.weights, conf_level=level)
    differences = Estimates(every.frame[every.frame["arm"].isin(treatment.compare)])
    yield differences
    if analysis.standardised_effect:
        yield standardised_effect(differences, dataset.analysed, response=dataset.response, conf_level=level)


def _proportions(study: Study, analysis: Analysis, dataset: AnalysisDataset) -> Iterator[Estimates]:
    """Yield responder proportions and their differences at each visit of the estimand."""
    estimand = study.estimands[analysis.estimand]
    for visit in estimand.endpoint.visit:
        rows = dataset.frame[dataset.frame["visit"] == visit]
        if analysis.missing_response == "non_responder":
            rows = rows.assign(responder=rows["responder"].fillna(0.0))
        found = fit_proportions(
            rows.dropna(subset=["responder"]),
            response="responder",
            arm="arm",
            against=estimand.treatment.against,
            conf_level=analysis.conf_level,
        )
        arms = (*estimand.treatment.compare, estimand.treatment.against)
        yield Estimates(found.frame[found.frame["arm"].isin(arms)].assign(visit=visit))


def _every_compared_arm_is_there(name: str, compare: tuple[str, ...], against: str, dataset: AnalysisDataset) -> None:
    present = set(dataset.analysed["arm"].dropna().astype(str))
    absent = [arm for arm in (*compare, against) if arm not in present]
    if absent:
        raise EmptyCellError(
            f"analysis {name}: no outcome in arm {', '.join(absent)}",
            (
                "look at the table of what was left out: `coxa check`",
                "check the value map of `arm` in the plan",
                "take the arm out of the estimand, if it was never meant to be compared",
            ),
        )


def run_record(cohort: Cohort) -> RunRecord:
    """Return hashes and versions, enough to run it again."""
    origin = cohort.study.origin
    if origin is None:
        raise PlanError(
            "the plan was not read from a file",
            Findings((Finding("error", "plan", "a run has a study file", "read it with `read_study`"),)),
        )
    versions = {"coxa": __version__, "python": platform.python_version(), **{name: version(name) for name in PACKAGES}}
    hashes = {source.name: source.sha256 for source in cohort.sources}
    return RunRecord(cohort.study.study, origin.sha256, hashes, versions)


def primary_rows(report: Report) -> pd.DataFrame:
    """Return the comparisons at the visits that the estimands name, in the plan's order."""
    frame = report.estimates.frame
    keep = []
    for name, analysis in report.study.analyses.items():
        visits = report.study.estimands[analysis.estimand].endpoint.visit
        mine = frame["analysis"].eq(name) & frame["visit"].isin(visits)
        keep.append(frame[mine & frame["term"].isin(COMPARISONS)])
    return pd.concat(keep, ignore_index=True)
