"""Derivations: from checked tables to the data of an estimand, one derivation per file.

`build` and what it calls make the data of an estimand from a cohort. The others work on a diary, or on any frame with
a row per participant and day, and need no study file.
"""

from coxa.derive.adherence import diary_adherence
from coxa.derive.analysis_sets import derive_analysis_sets
from coxa.derive.build import derive_dataset, observed_dataset
from coxa.derive.dataset import AnalysisDataset
from coxa.derive.delivery import derive_co_interventions, derive_delivered
from coxa.derive.diary import derive_diary
from coxa.derive.flare import FlareRule, flare_rates, flares
from coxa.derive.harms import derive_harms
from coxa.derive.lag import lagged
from coxa.derive.observed import observed_values
from coxa.derive.pain_monitor import PAIN_BANDS, PainBands, pain_bands, pain_monitoring
from coxa.derive.scores import derive_scores
from coxa.derive.session_rpe import session_load
from coxa.derive.within_person import within_between
from coxa.derive.workload_ratio import WORKLOAD_VARIANTS, workload, workload_summary

__all__ = [
    "PAIN_BANDS",
    "WORKLOAD_VARIANTS",
    "AnalysisDataset",
    "FlareRule",
    "PainBands",
    "derive_analysis_sets",
    "derive_co_interventions",
    "derive_dataset",
    "derive_delivered",
    "derive_diary",
    "derive_harms",
    "derive_scores",
    "diary_adherence",
    "flare_rates",
    "flares",
    "lagged",
    "observed_dataset",
    "observed_values",
    "pain_bands",
    "pain_monitoring",
    "session_load",
    "within_between",
    "workload",
    "workload_summary",
]
