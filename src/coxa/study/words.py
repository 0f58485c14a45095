"""The closed vocabularies of a study file. Field terms, each with a short meaning where it needs one."""

from __future__ import annotations

from typing import Literal, get_args

Component = Literal[
    "exercise_therapy",
    "strengthening",
    "stretching",
    "movement_retraining",
    "gait_retraining",
    "manual_therapy",
    "aquatic_therapy",
    "load_management",
    "education",
    "ultrasound",
    "sham_ultrasound",
    "acupuncture",
    "medication",
    "injection",
    "surgery",
    "placebo",
    "usual_care",
    "wait_list",
]
"""What an arm delivers; an arm may deliver several."""

Design = Literal["parallel", "factorial", "cluster", "cohort"]

AnalysisSet = Literal["randomised_set", "full_analysis_set", "per_protocol_set", "safety_set"]

Strategy = Literal["treatment_policy", "hypothetical", "composite", "while_on_treatment", "principal_stratum"]
"""ICH E9(R1) strategies for an intercurrent event."""

Measure = Literal["value", "change", "percent_change", "responder"]

Summary = Literal["difference_in_means", "risk_difference"]
"""Population-level summary of an estimand."""

ModelName = Literal["mmrm", "ancova", "proportions"]

Covariance = Literal["us"]
"""Covariance structures; `COVARIANCE_NAMES` has the long names, `SAS_COVARIANCE` the SAS words accepted."""

Ddf = Literal["satterthwaite", "kenward-roger", "kenward-roger-linear", "residual"]

Weights = Literal["equal", "proportional"]

Multiplicity = Literal["none", "bonferroni", "holm", "hochberg"]

Role = Literal["primary", "secondary", "sensitivity", "supplementary"]

TableName = Literal[
    "participants",
    "assessments",
    "item_responses",
    "treatment_sessions",
    "daily_diary",
    "clinical_measures",
    "conditions",
    "sport_training",
    "goals",
    "red_flag_screening",
    "return_to_sport",
    "intercurrent_events",
    "adverse_events",
]

TABLES: tuple[TableName, ...] = get_args(TableName)

COVARIANCE_NAMES: dict[str, str] = {"us": "unstructured"}

SAS_COVARIANCE: dict[str, str] = {"un": "us"}

DDF_NAMES: dict[str, str] = {
    "satterthwaite": "Satterthwaite",
    "kenward-roger": "Kenward-Roger",
    "kenward-roger-linear": "Kenward-Roger (linear)",
    "residual": "residual",
}

SET_NAMES: dict[str, str] = {
    "randomised_set": "all randomised participants",
    "full_analysis_set": "all randomised participants, in the arm they were allocated to",
    "per_protocol_set": "participants treated as the protocol asks",
    "safety_set": "participants who started treatment, in the arm they received",
}

STRATEGY_NAMES: dict[str, str] = {
    "treatment_policy": "values are used whether or not the event happened",
    "hypothetical": "values after the event are set to missing, as if it had not happened",
    "composite": "the event is part of the outcome",
    "while_on_treatment": "the last value before the event stands for the visits after it",
    "principal_stratum": "only those in whom the event would not happen",
}
