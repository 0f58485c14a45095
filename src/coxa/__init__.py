"""coxa: clinical-trial style outcomes research in hip and musculoskeletal rehabilitation.

The public names below are loaded when first used, so that importing the package and asking the command line
for help stay fast.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from coxa.lazy import lazy
from coxa.version import __version__

if TYPE_CHECKING:
    from coxa.cohort.cohort import Cohort
    from coxa.cohort.disposition import Disposition
    from coxa.cohort.read import read_cohort
    from coxa.cohort.readers.chunks import read_chunks
    from coxa.derive import (
        AnalysisDataset,
        FlareRule,
        PainBands,
        derive_analysis_sets,
        derive_dataset,
        derive_diary,
        derive_scores,
        diary_adherence,
        flare_rates,
        flares,
        lagged,
        pain_monitoring,
        within_between,
        workload,
    )
    from coxa.design import (
        AllocationList,
        balance,
        find_n,
        next_allocation,
        planned_scheme,
        power_ancova,
        power_cluster,
        power_mmrm,
        power_partially_nested,
        power_two_means,
        power_two_proportions,
        predictability,
        randomise,
        rehearse,
        rerandomisation_test,
        simulated_power,
    )
    from coxa.errors import CoxaError, DataError, FitError, LockError, OptionError, PlanError
    from coxa.estimates import (
        Estimates,
        adjust_multiplicity,
        contrasts,
        factorial_contrasts,
        fit_proportions,
        joint_test,
        linear_combination,
        margin_test,
        marginal_means,
        standardised_by_model,
        standardised_effect,
        subgroup_contrasts,
    )
    from coxa.figures.caterpillar import plot_caterpillar
    from coxa.figures.power_curve import plot_power
    from coxa.findings import Finding, Findings
    from coxa.instruments import instrument_names, items_from_wide, load_instrument, score, threshold, thresholds
    from coxa.models import Fit, fit_ancova, fit_batch, fit_lmm, fit_mmrm, icc, variance_intervals
    from coxa.models.mmrm.clda import fit_clda
    from coxa.report.analyse import analyse, analyse_cohort
    from coxa.report.output.render import render
    from coxa.report.record import Report
    from coxa.simulate import (
        SimulatedTrial,
        TrialDesign,
        draw_outcomes,
        estimand_frame,
        simulate_study,
        trial_design,
        true_values,
    )
    from coxa.simulate.bootstrap import bootstrap_fit
    from coxa.simulate.presets import preset, preset_names
    from coxa.simulate.published import compare_published
    from coxa.simulate.truth import Truth
    from coxa.simulate.twin import synthetic_twin, synthetic_twins
    from coxa.study import Study, read_study
    from coxa.study.delivery.items import delivery_items
    from coxa.study.locking.changes import plan_changes
    from coxa.study.locking.lock import lock, read_lock

_HOMES = {
    "coxa.cohort.cohort": ("Cohort",),
    "coxa.cohort.disposition": ("Disposition",),
    "coxa.cohort.read": ("read_cohort",),
    "coxa.cohort.readers.chunks": ("read_chunks",),
    "coxa.derive": (
        "AnalysisDataset",
        "FlareRule",
        "PainBands",
        "derive_analysis_sets",
        "derive_dataset",
        "derive_diary",
        "derive_scores",
        "diary_adherence",
        "flare_rates",
        "flares",
        "lagged",
        "pain_monitoring",
        "within_between",
        "workload",
    ),
    "coxa.design": (
        "AllocationList",
        "balance",
        "find_n",
        "next_allocation",
        "planned_scheme",
        "power_ancova",
        "power_cluster",
        "power_mmrm",
        "power_partially_nested",
        "power_two_means",
        "power_two_proportions",
        "predictability",
        "randomise",
        "rehearse",
        "rerandomisation_test",
        "simulated_power",
    ),
    "coxa.errors": ("CoxaError", "DataError", "FitError", "LockError", "OptionError", "PlanError"),
    "coxa.estimates": (
        "Estimates",
        "adjust_multiplicity",
        "contrasts",
        "factorial_contrasts",
        "fit_proportions",
        "joint_test",
        "linear_combination",
        "margin_test",
        "marginal_means",
        "standardised_by_model",
        "standardised_effect",
        "subgroup_contrasts",
    ),
    "coxa.findings": ("Finding", "Findings"),
    "coxa.instruments": ("instrument_names", "items_from_wide", "load_instrument", "score", "threshold", "thresholds"),
    "coxa.figures.caterpillar": ("plot_caterpillar",),
    "coxa.figures.power_curve": ("plot_power",),
    "coxa.models": ("Fit", "fit_ancova", "fit_batch", "fit_lmm", "fit_mmrm", "icc", "variance_intervals"),
    "coxa.models.mmrm.clda": ("fit_clda",),
    "coxa.report.analyse": ("analyse", "analyse_cohort"),
    "coxa.report.record": ("Report",),
    "coxa.report.output.render": ("render",),
    "coxa.simulate": (
        "SimulatedTrial",
        "TrialDesign",
        "draw_outcomes",
        "estimand_frame",
        "simulate_study",
        "trial_design",
        "true_values",
    ),
    "coxa.simulate.bootstrap": ("bootstrap_fit",),
    "coxa.simulate.presets": ("preset", "preset_names"),
    "coxa.simulate.published": ("compare_published",),
    "coxa.simulate.truth": ("Truth",),
    "coxa.simulate.twin": ("synthetic_twin", "synthetic_twins"),
    "coxa.study": ("Study", "read_study"),
    "coxa.study.locking.changes": ("plan_changes",),
    "coxa.study.delivery.items": ("delivery_items",),
    "coxa.study.locking.lock": ("lock", "read_lock"),
}
_HOME = {name: module.removeprefix("coxa.") for module, names in _HOMES.items() for name in names}

__all__ = [
    "AllocationList",
    "AnalysisDataset",
    "Cohort",
    "CoxaError",
    "DataError",
    "Disposition",
    "Estimates",
    "Finding",
    "Findings",
    "Fit",
    "FitError",
    "FlareRule",
    "LockError",
    "OptionError",
    "PainBands",
    "PlanError",
    "Report",
    "SimulatedTrial",
    "Study",
    "TrialDesign",
    "Truth",
    "__version__",
    "adjust_multiplicity",
    "analyse",
    "analyse_cohort",
    "balance",
    "bootstrap_fit",
    "compare_published",
    "contrasts",
    "delivery_items",
    "derive_analysis_sets",
    "derive_dataset",
    "derive_diary",
    "derive_scores",
    "diary_adherence",
    "draw_outcomes",
    "estimand_frame",
    "factorial_contrasts",
    "find_n",
    "fit_ancova",
    "fit_batch",
    "fit_clda",
    "fit_lmm",
    "fit_mmrm",
    "fit_proportions",
    "flare_rates",
    "flares",
    "icc",
    "instrument_names",
    "items_from_wide",
    "joint_test",
    "lagged",
    "linear_combination",
    "load_instrument",
    "lock",
    "margin_test",
    "marginal_means",
    "next_allocation",
    "pain_monitoring",
    "plan_changes",
    "planned_scheme",
    "plot_caterpillar",
    "plot_power",
    "power_ancova",
    "power_cluster",
    "power_mmrm",
    "power_partially_nested",
    "power_two_means",
    "power_two_proportions",
    "predictability",
    "preset",
    "preset_names",
    "randomise",
    "read_chunks",
    "read_cohort",
    "read_lock",
    "read_study",
    "rehearse",
    "render",
    "rerandomisation_test",
    "score",
    "simulate_study",
    "simulated_power",
    "standardised_by_model",
    "standardised_effect",
    "subgroup_contrasts",
    "synthetic_twin",
    "synthetic_twins",
    "threshold",
    "thresholds",
    "trial_design",
    "true_values",
    "variance_intervals",
    "within_between",
    "workload",
]

__getattr__ = lazy("coxa", _HOME)


def __dir__() -> list[str]:
    return list(__all__)
