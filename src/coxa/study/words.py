"""The closed vocabularies of a study file. Field terms, each with a short meaning where it needs one."""

from __future__ import annotations

from typing import Literal, get_args

Design = Literal[
    "parallel", "factorial", "cluster", "crossover", "stepped_wedge", "cluster_crossover", "n_of_1", "cohort", "service"
]
"""Design of a study, which says of what kind its plan is."""

CROSSING: tuple[Design, ...] = ("stepped_wedge", "cluster_crossover")
"""Designs in which clusters receive treatments in periods."""

OF_CLUSTERS: tuple[Design, ...] = ("cluster", *CROSSING)
"""Designs in which clusters of participants are randomised."""

AnalysisSet = Literal["randomised_set", "full_analysis_set", "per_protocol_set", "safety_set"]

Strategy = Literal["treatment_policy", "hypothetical", "composite", "while_on_treatment", "principal_stratum"]
"""ICH E9(R1) strategies for an intercurrent event."""

Measure = Literal["value", "change", "percent_change", "responder", "event", "count", "time", "ranking"]
"""What of an outcome is analysed; the last four are of events up to a visit, and of a composite."""

OutcomeKind = Literal["score", "yes_no", "ordered", "count"]
"""What the values of an outcome are."""

MEASURE_WORDS: dict[str, str] = {
    "value": "{outcome}",
    "change": "change from baseline in {outcome}",
    "percent_change": "percent change from baseline in {outcome}",
    "responder": "response in {outcome}",
    "event": "{outcome}",
    "count": "number of events: {outcome}",
    "time": "time to {outcome}",
    "ranking": "ranking by {outcome}",
}
"""Measure -> what is measured, in words."""

OVER_TIME = ("event", "count", "time")
"""Measures of what happens from the start until a visit."""

PERCENTAGE_POINTS = "percentage points"
"""Unit of a difference between percent changes, or between proportions."""

PERCENT_DECIMALS = 1
"""Decimals of a percent change."""

Summary = Literal[
    "difference_in_means",
    "risk_difference",
    "risk_ratio",
    "odds_ratio",
    "conditional_odds_ratio",
    "cumulative_odds_ratio",
    "win_probability",
    "rate_ratio",
    "rate_difference",
    "hazard_ratio",
    "subdistribution_hazard_ratio",
    "difference_in_restricted_means",
    "win_ratio",
    "win_odds",
    "net_benefit",
    "complier_average_effect",
    "natural_indirect_effect",
    "effect_per_dose",
    "within_person_sd_ratio",
]
"""Population-level summary of an estimand; `coxa.study.effects` says what each is."""

Dose = Literal["sessions_attended", "share_attended", "minutes_attended"]
"""What of the supervised sessions a participant took: their number, their share of those planned, or their minutes."""

DOSE_UNITS: dict[str, str] = {
    "sessions_attended": "session",
    "share_attended": "whole programme",
    "minutes_attended": "minute",
}
"""Dose -> its unit."""

DOSE_WORDS: dict[str, str] = {
    "sessions_attended": "sessions attended",
    "share_attended": "share of the planned sessions attended",
    "minutes_attended": "minutes of the sessions attended",
}
"""Dose -> what it is, in words."""

Ddf = Literal["satterthwaite", "kenward-roger", "kenward-roger-linear", "between-within", "residual"]

Vcov = Literal["model", "CR0", "CR2", "CR3"]
"""Covariance of the fixed effects: by the model, or a sandwich over participants, plain, bias-reduced, or jackknife."""

Averaging = Literal["equal", "proportional", "counterfactual"]

Multiplicity = Literal["none", "bonferroni", "holm", "hochberg", "dunnett", "tukey"]
"""Adjustments; Dunnett's and Tukey's come with limits of their own."""

SIMULTANEOUS = ("dunnett", "tukey")
"""Adjustments of p-values and limits together, for the comparisons at each visit; the others adjust p-values alone."""

Contrast = Literal["by_visit", "average", "slope", "auc"]
"""What is compared between arms: the means at each visit, or one number for the course over the visits."""

MarginType = Literal["noninferiority", "superiority", "equivalence"]

Role = Literal["primary", "secondary", "sensitivity", "supplementary"]

ChecklistName = Literal[
    "by_design",
    "none",
    "consort-2025",
    "cent",
    "consort-pro",
    "consort-stepped-wedge",
    "spirit-2025",
    "strobe",
    "tidier",
    "cert",
]
"""Reporting checklists at the end of a report, or a word for which."""

StyleName = Literal["plain", "jama", "lancet", "nejm"]
"""How numbers are written in a report: plain, or as a journal writes them."""

FewClusters = Literal["refuse", "accept"]
"""What is done with a primary analysis whose random effects leave few degrees of freedom."""

ReturnLevel = Literal[
    "first_run",
    "return_to_participation",
    "full_training",
    "return_to_sport",
    "previous_level",
    "return_to_performance",
]
"""Levels of a return to sport, the lowest first."""

NOT_RETURNED = "not_returned"
RETURN_STATUSES: tuple[str, ...] = (NOT_RETURNED, *get_args(ReturnLevel))
"""Statuses of the table `return_to_sport`, from none to the highest level."""

GROUPINGS: dict[str, str] = {"site_id": "site", "therapist_id": "therapist"}
"""Identifiers of the participants table that a participant shares with others, and what a report calls them."""

TableName = Literal[
    "participants",
    "screening",
    "assessments",
    "item_responses",
    "treatment_sessions",
    "session_totals",
    "exercise_log",
    "daily_diary",
    "clinical_measures",
    "conditions",
    "sport_training",
    "goals",
    "red_flag_screening",
    "return_to_sport",
    "outcome_events",
    "intercurrent_events",
    "adverse_events",
    "co_interventions",
]

TABLES: tuple[TableName, ...] = get_args(TableName)

DDF_NAMES: dict[str, str] = {
    "satterthwaite": "Satterthwaite",
    "kenward-roger": "Kenward-Roger",
    "kenward-roger-linear": "Kenward-Roger (linear)",
    "between-within": "between-within",
    "residual": "residual",
}

STRATEGY_NAMES: dict[str, str] = {
    "treatment_policy": "values are used whether or not the event happened",
    "hypothetical": "values after the event are set to missing, as if it had not happened",
    "composite": "the event is part of the outcome",
    "while_on_treatment": "the last value before the event is used for the visits after it",
    "principal_stratum": "only those in whom the event would not happen",
}
