"""The numbers of an audit, as small frames: all that is measured, before it is decided what is published."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date

import pandas as pd

from coxa.audit.charts.chart import Improvement
from coxa.clinics.card import audit_card
from coxa.cohort.cohort import SourceFile
from coxa.cohort.disposition import Disposition
from coxa.findings import Findings
from coxa.study.audit.plan import AuditPlan

Dimensions = tuple[str, ...]
"""Columns that tell groups of episodes apart: (), ("clinic",), ("clinic", "therapist"), ("period",), ("sex",) ..."""

STAGES = ("eligible", "asked", "intake", "due", "done")
"""Counts of the completeness cascade, in the order of `coxa.audit.completeness`."""


@dataclass(frozen=True, slots=True)
class Completeness:
    """How complete the data are.

    counts  : dimensions -> one row per group that has an episode: the dimensions, the counts `STAGES` (each of those
              counted before), `of` and `of_done` (due among all eligible, and done among them, whether asked or not),
              `forms` and `intakes` (all discharge and intake questionnaires, for the naive number), `patients` (NaN
              where they surely are `small_cells.k` or more, counted where they could be fewer, and without dimensions)
    weights : lowest, highest, effective_n, n_seen, n_due and n_capped of the inverse-probability weights, one row for
              all and one per clinic; empty where they cannot be had, for the reason in `without`
    terms   : what the weights depend on: term, level, n_due, n_done
    without : why there are no weights; empty where there are
    """

    counts: Mapping[Dimensions, pd.DataFrame]
    weights: pd.DataFrame
    terms: pd.DataFrame
    without: str = ""


@dataclass(frozen=True, slots=True)
class CaseMix:
    """An outcome adjusted for the case mix. Change is improvement: positive is better on every scale.

    n, n_clinics, n_therapists : episodes (NaN where hidden), clinics and therapists in the model
    coefficients : term, level, estimate, std_error, conf_low, conf_high, of the change
    variances    : one row each for clinic, therapist (if the model has therapists) and patient: variance, share (of the
                   sum)
    calibration  : tenths of the expected change: band, n, expected, observed
    clinics      : one row per clinic: clinic, n (in the model), n_lost (due, but not in the model), intake (mean),
                   change (mean, raw), expected, residual (observed less expected), std_error (of the residual),
                   adjusted (mean of all + residual), low_95, high_95, low_99.8, high_99.8 (limits of `adjusted`),
                   position (low, within or high, by the wider ones), position_95, reliability, shrunken, shrunken_low,
                   shrunken_high, smallest (difference that its numbers could show), weighted (adjusted, with weights of
                   `Completeness`), lost_low, lost_high (change that the lost would need for the position to change)
    therapists   : the same per therapist: clinic, therapist, ...; limits are those of therapists
    target       : mean change of all
    phi, tau2, p_value : over-dispersion of the clinics
    recovery     : expected outcome of a patient with the mean or most frequent other values: intake, expected
                   (discharge), low, high (of 80 in 100 such patients)
    method       : in words
    without      : why there is no model; empty where there is one
    """

    n: float
    n_clinics: int
    n_therapists: int
    coefficients: pd.DataFrame
    variances: pd.DataFrame
    calibration: pd.DataFrame
    clinics: pd.DataFrame
    therapists: pd.DataFrame
    target: float
    phi: float
    tau2: float
    p_value: float
    recovery: pd.DataFrame
    method: str
    without: str = ""


@dataclass(frozen=True, slots=True)
class Shares:
    """Patients who reach something, such as an important improvement: by clinic.

    outcome : of the plan
    kind    : important, acceptable or worse (worse by at least the important improvement, or at all without one)
    value   : the threshold, on the scale of the improvement or of the outcome; NaN without one
    source  : of the threshold
    clinics : one row per clinic: clinic, events, n, share, expected (events, by the case mix; NaN without a model),
              adjusted (share: of all, times observed / expected), low_95, high_95, low_99.8, high_99.8 (exact binomial
              limits at the share of all), position
    events, n : of all; NaN where hidden
    """

    outcome: str
    kind: str
    value: float
    source: str
    clinics: pd.DataFrame
    events: float
    n: float


@dataclass(frozen=True, slots=True)
class Series:
    """A measure over time, of all clinics ("all") or of one.

    measure    : complete, change, important, missed or episodes, or the name of a standard
    clinic     : the clinic, or "all"
    frame      : period, n (people or sessions behind the value), events (NaN of a mean), and the columns of
                 `coxa.audit.ControlChart.frame`
    variation, assurance : icons, as in `ControlChart`
    target     : of the plan
    improvement : increase, decrease or neutral
    method     : in words; with the rule of recalculation, where there is one
    warnings   : what a reader has to know
    effect     : design effect: limits of a share are those of events / effect in n / effect
    run_chart  : whether the plan asks for a median and the rules of run charts in place of limits, as readers see it
    label      : of a standard: how the plan calls it
    """

    measure: str
    clinic: str
    frame: pd.DataFrame
    variation: str
    assurance: str | None
    target: float | None
    improvement: Improvement
    method: str
    warnings: tuple[str, ...] = ()
    effect: float = 1.0
    run_chart: bool = False
    label: str = ""


@dataclass(frozen=True, slots=True)
class Rates:
    """A share of sessions or episodes by clinic that is not adjusted: attendance, or a standard of care.

    name    : attended, missed, or a standard of the plan
    clinics : one row per clinic: clinic, events, n, share, low_95, high_95, low_99.8, high_99.8, position, episodes
    events, n : of all; NaN where hidden
    target  : of the plan
    of      : what n counts: sessions or episodes
    method  : how the limits were reckoned, in words: exact, or wider by the over-dispersion that was found
    """

    name: str
    clinics: pd.DataFrame
    events: float
    n: float
    target: float | None
    of: str
    method: str = ""


@dataclass(frozen=True, slots=True)
class Rare:
    """A rare event among episodes in the order of time, of all clinics ("all") or of one.

    Each row of `frame` and `path` is one patient, so that these are never published.

    event      : worse (in the main outcome), or a rare event of the plan
    label      : how it is called
    clinic     : the clinic, or "all"
    events, n  : episodes with the event, and all of which it is known
    frame      : one row per event: period (of intake), and the columns of `coxa.audit.ControlChart.frame` of a g chart,
                 whose values are episodes between one event and the next; empty where there are fewer than two events
    variation  : icon, as in `ControlChart`, or few_points
    method     : in words, with the definition of the event
    expected   : events that the case mix of all clinics gives
    path       : one row per episode, the last ones where there are many: period, expected (probability), happened,
                 cusum, signal
    highest    : the highest sum of the risk-adjusted CUSUM
    limit      : a sum of this or more is a signal
    signals    : how many there are
    warnings   : what a reader has to know
    """

    event: str
    label: str
    clinic: str
    events: int
    n: int
    frame: pd.DataFrame
    variation: str
    method: str
    expected: float = float("nan")
    path: pd.DataFrame = field(default_factory=pd.DataFrame)
    highest: float = float("nan")
    limit: float = float("nan")
    signals: int = 0
    warnings: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, repr=False)
class Audit:
    """The numbers of an audit, for those whose data they are; `coxa.clinics.publishing` says what others see.

    plan         : the plan
    data_cut     : the day of the export
    first, last  : first and last day of intake
    n_patients   : patients with an episode that is audited
    completeness : how complete the data are
    case_mix     : outcome -> adjusted change
    shares       : patients who reach something
    series       : measures over time
    rates        : attendance and standards
    periods      : one row for every clinic and period with an episode: clinic, period, eligible, of, of_done, patients,
                   and `NAME in model`, `NAME KIND of` and `NAME KIND` (people, and events among them) of outcomes and
                   shares: what the series of clinics are made from, and nothing left out; patients are NaN where they
                   surely are `small_cells.k` or more
    literature   : preset, title (population), arm (treatment), outcome, n (NaN where it was not read), change
                   (improvement), weeks, source, own_n and own_change: published arms next to the own change
    findings, disposition, sources : as of `Episodes`
    rare         : rare events in the order of time
    stretches    : rare event -> of all clinics one row per period of intake: period, stretch (of periods, with
                   `small_cells.k` events or more), n, events, expected, score (of the CUSUM, added up over patients)
    without      : part -> why it is not there, or what a reader has to know of it, a sentence without the name of a
                   clinic: patient, therapist, condition, discharge_date, series, complete, change, important, missed,
                   episodes, worse, attended, literature, or the name of a standard or of a rare event
    fingerprint  : of the rows; mixed into the codes of a page and never published, so that names cannot be tried out

    Examples
    --------
    >>> import coxa
    >>> registry = coxa.simulate.simulate_registry(coxa.study.RegistryAssumptions(), seed=1, episodes=2000)
    >>> audit = coxa.audit_clinics(registry.plan, registry.episodes)
    >>> audit.completeness.counts[()][["eligible", "asked", "intake"]].values.tolist()
    [[1927, 1834, 1768]]
    """

    plan: AuditPlan
    data_cut: date
    first: date | None
    last: date | None
    n_patients: int
    completeness: Completeness
    case_mix: Mapping[str, CaseMix]
    shares: tuple[Shares, ...]
    series: tuple[Series, ...]
    rates: tuple[Rates, ...]
    periods: pd.DataFrame
    literature: pd.DataFrame
    findings: Findings = field(default_factory=Findings)
    disposition: Disposition = field(default_factory=Disposition)
    sources: tuple[SourceFile, ...] = ()
    rare: tuple[Rare, ...] = ()
    stretches: Mapping[str, pd.DataFrame] = field(default_factory=dict)
    without: Mapping[str, str] = field(default_factory=dict)
    fingerprint: str = field(default="", repr=False)

    def __repr__(self) -> str:
        return audit_card(self).text()

    __str__ = __repr__

    def _repr_html_(self) -> str:
        return audit_card(self).html()
