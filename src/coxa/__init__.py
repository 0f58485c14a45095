"""coxa: clinical-trial style outcomes research in hip and musculoskeletal rehabilitation.

The public names below are loaded when first used, so that importing the package and asking the command line
for help stay fast.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from coxa.lazy import lazy
from coxa.version import __version__ as __version__

if TYPE_CHECKING:
    from coxa import audit as audit
    from coxa import causal as causal
    from coxa import clinics as clinics
    from coxa import cohort as cohort
    from coxa import derive as derive
    from coxa import design as design
    from coxa import diary as diary
    from coxa import episodes as episodes
    from coxa import errors as errors
    from coxa import estimates as estimates
    from coxa import exchange as exchange
    from coxa import figures as figures
    from coxa import findings as findings
    from coxa import hypotheses as hypotheses
    from coxa import impute as impute
    from coxa import instruments as instruments
    from coxa import lessons as lessons
    from coxa import measurement as measurement
    from coxa import meta as meta
    from coxa import models as models
    from coxa import n_of_1 as n_of_1
    from coxa import report as report
    from coxa import reviews as reviews
    from coxa import selftest as selftest
    from coxa import simulate as simulate
    from coxa import study as study
    from coxa import tables as tables
    from coxa.clinics.run import audit_clinics as audit_clinics
    from coxa.cohort.cohort import Cohort as Cohort
    from coxa.cohort.read import read_cohort as read_cohort
    from coxa.derive.build import derive_dataset as derive_dataset
    from coxa.derive.dataset import AnalysisDataset as AnalysisDataset
    from coxa.design.allocation_list import randomise as randomise
    from coxa.design.by_simulation.simulated import simulated_power as simulated_power
    from coxa.estimates.differences import contrasts as contrasts
    from coxa.estimates.differences import joint_test as joint_test
    from coxa.estimates.means import marginal_means as marginal_means
    from coxa.estimates.proportions import fit_proportions as fit_proportions
    from coxa.estimates.rates import fit_rates as fit_rates
    from coxa.estimates.table import Estimates as Estimates
    from coxa.findings import Findings as Findings
    from coxa.instruments.scoring import score as score
    from coxa.models.ancova import fit_ancova as fit_ancova
    from coxa.models.lmm.api import fit_lmm as fit_lmm
    from coxa.models.mmrm.api import fit_mmrm as fit_mmrm
    from coxa.models.mmrm.clda import fit_clda as fit_clda
    from coxa.models.results.fit import Fit as Fit
    from coxa.report.analyse import analyse as analyse
    from coxa.report.report import Report as Report
    from coxa.simulate.from_plan.trial import simulate_study as simulate_study
    from coxa.simulate.presets import preset as preset
    from coxa.study.audit.read import read_audit as read_audit
    from coxa.study.plan import Study as Study
    from coxa.study.reading.read import read_study as read_study

__getattr__, __dir__, __all__ = lazy(
    __name__,
    {
        "coxa.clinics.run": ("audit_clinics",),
        "coxa.cohort.cohort": ("Cohort",),
        "coxa.cohort.read": ("read_cohort",),
        "coxa.derive.build": ("derive_dataset",),
        "coxa.derive.dataset": ("AnalysisDataset",),
        "coxa.design.allocation_list": ("randomise",),
        "coxa.design.by_simulation.simulated": ("simulated_power",),
        "coxa.estimates.differences": ("contrasts", "joint_test"),
        "coxa.estimates.means": ("marginal_means",),
        "coxa.estimates.proportions": ("fit_proportions",),
        "coxa.estimates.rates": ("fit_rates",),
        "coxa.estimates.table": ("Estimates",),
        "coxa.findings": ("Findings",),
        "coxa.instruments.scoring": ("score",),
        "coxa.models.ancova": ("fit_ancova",),
        "coxa.models.lmm.api": ("fit_lmm",),
        "coxa.models.mmrm.api": ("fit_mmrm",),
        "coxa.models.mmrm.clda": ("fit_clda",),
        "coxa.models.results.fit": ("Fit",),
        "coxa.report.analyse": ("analyse",),
        "coxa.report.report": ("Report",),
        "coxa.simulate.from_plan.trial": ("simulate_study",),
        "coxa.simulate.presets": ("preset",),
        "coxa.study.audit.read": ("read_audit",),
        "coxa.study.plan": ("Study",),
        "coxa.study.reading.read": ("read_study",),
    },
    namespaces=(
        "audit",
        "causal",
        "clinics",
        "cohort",
        "derive",
        "design",
        "diary",
        "episodes",
        "errors",
        "estimates",
        "exchange",
        "figures",
        "findings",
        "hypotheses",
        "importing",
        "impute",
        "instruments",
        "lessons",
        "measurement",
        "n_of_1",
        "meta",
        "models",
        "report",
        "reviews",
        "selftest",
        "simulate",
        "study",
        "tables",
    ),
)
