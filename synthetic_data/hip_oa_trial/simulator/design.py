"""The numbers behind the simulated hip osteoarthritis trial. Improvement is positive throughout."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from types import MappingProxyType
from typing import Any

from coxa.simulate.from_plan.dose import SessionPlan

ARMS = ("usual_care", "exercise", "manual_therapy")
"""Arms, the reference first."""

VISITS = ("baseline", "week_6", "week_12", "week_26", "week_52")
DAYS = (0, 42, 84, 182, 364)
WINDOWS = ((-28, 0), (-10, 14), (-14, 21), (-28, 28), (-42, 42))
SITES = ("north", "river", "south")

Course = tuple[float, float, float, float, float]
"""One number per visit."""


@dataclass(frozen=True, slots=True)
class OutcomeDesign:
    """The planned course of one outcome.

    items     : prefix and number of its HOOS items; none for a single rating
    high      : best (or, if lower is better, worst) possible value; the other end is 0
    baseline  : mean at baseline
    sd        : standard deviation between participants at each visit, before the noise of the items
    usual     : improvement from baseline under usual care
    exercise, manual_therapy : further improvement in these arms
    """

    name: str
    items: tuple[str, int] | None
    high: int
    higher_is_better: bool
    baseline: float
    sd: Course
    usual: Course
    exercise: Course
    manual_therapy: Course

    @property
    def sign(self) -> float:
        """+1 where improvement raises the value, -1 where it lowers it."""
        return 1.0 if self.higher_is_better else -1.0

    def mean(self, arm: str) -> tuple[float, ...]:
        """Return the mean of an arm at each visit, in the units of the outcome."""
        further = {"usual_care": (0.0,) * 5, "exercise": self.exercise, "manual_therapy": self.manual_therapy}
        steps = zip(self.usual, further[arm], strict=True)
        return tuple(self.baseline + self.sign * (step + more) for step, more in steps)


# HOOS pain about 50-55 (SD 15) and its spread from the residual SD of Kjeldsen 2024 (15.0); the response under
# usual care is large, as under sham in Bennell 2014; exercise against none is a standardised difference of about
# 0.3-0.5 (Krauss 2014, Fransen 2007), manual therapy about 0.5 at best (Abbott 2013) and shorter-lived here.
OUTCOMES = (
    OutcomeDesign(
        "symptoms",
        items=("s", 5),
        high=100,
        higher_is_better=True,
        baseline=51.0,
        sd=(15, 15, 15.5, 16, 16),
        usual=(0, 4, 6, 5, 4),
        exercise=(0, 3, 5, 4, 3),
        manual_therapy=(0, 4, 4, 3, 2),
    ),
    OutcomeDesign(
        "pain",
        items=("p", 10),
        high=100,
        higher_is_better=True,
        baseline=53.0,
        sd=(14.5, 14.5, 15, 15.5, 16),
        usual=(0, 6, 8, 7, 6),
        exercise=(0, 4.5, 7.5, 6, 4),
        manual_therapy=(0, 6, 6, 4, 2.5),
    ),
    OutcomeDesign(
        "function",
        items=("a", 17),
        high=100,
        higher_is_better=True,
        baseline=55.0,
        sd=(15.5, 15.5, 16, 16.5, 17),
        usual=(0, 5, 7, 7, 6),
        exercise=(0, 4, 7, 6, 4.5),
        manual_therapy=(0, 4.5, 5, 3.5, 2),
    ),
    OutcomeDesign(
        "sport",
        items=("sp", 4),
        high=100,
        higher_is_better=True,
        baseline=38.0,
        sd=(19, 19, 20, 20, 20),
        usual=(0, 4, 6, 6, 5),
        exercise=(0, 3, 6, 6, 4),
        manual_therapy=(0, 3, 3, 2, 1),
    ),
    OutcomeDesign(
        "quality_of_life",
        items=("q", 4),
        high=100,
        higher_is_better=True,
        baseline=41.0,
        sd=(16, 16, 16.5, 17, 17),
        usual=(0, 4, 6, 6, 6),
        exercise=(0, 3, 5, 4, 3),
        manual_therapy=(0, 3, 4, 3, 2),
    ),
    OutcomeDesign(
        "pain_intensity",
        items=None,
        high=10,
        higher_is_better=False,
        baseline=5.6,
        sd=(1.8, 1.9, 2.0, 2.0, 2.1),
        usual=(0, 0.8, 1.2, 1.0, 0.9),
        exercise=(0, 0.6, 1.0, 0.8, 0.5),
        manual_therapy=(0, 0.9, 0.8, 0.5, 0.3),
    ),
)

# Prescribed doses after Kjeldsen 2024 (twice a week for 12 weeks) and Bennell 2014 (10 visits, home exercise);
# attendance 85-93 % supervised and about 62 % at home.
SESSIONS: Mapping[str, tuple[SessionPlan, ...]] = MappingProxyType(
    {
        "usual_care": (SessionPlan("supervised", 2, 7, 35, 0.95, 30, ("education",)),),
        "exercise": (
            SessionPlan("supervised", 12, 4, 81, 0.88, 60, ("exercise_therapy", "education")),
            SessionPlan("home", 24, 6, 83, 0.62, 30, ("exercise_therapy",)),
        ),
        "manual_therapy": (
            SessionPlan("supervised", 9, 4, 78, 0.91, 45, ("manual_therapy",)),
            SessionPlan("home", 12, 6, 83, 0.66, 15, ("stretching",)),
        ),
    }
)


@dataclass(frozen=True, slots=True)
class EventRisk:
    """Risk of an event in each interval between visits, and what it does to the outcomes afterwards.

    base     : probability per interval for a participant whose last recorded HOOS pain is `HipOADesign.usual_pain`
    log_odds : log odds ratio per 10 points worse than that
    size     : effect in standard deviations of the outcome, improvement positive
    time     : time constant of its build-up or fading, days
    """

    base: tuple[float, float, float, float]
    log_odds: float
    size: float = 0.0
    time: float = 1.0


@dataclass(frozen=True, slots=True)
class HipOADesign:
    """Every parameter of the simulated trial.

    between_outcomes           : correlation of any two outcomes at the same visit
    near, far, decay           : correlation between visits, see `visit_correlation`
    age, bmi, log_duration, female, sites : what a standard deviation of the covariate (or being female, or at the
                                 site) adds to every outcome at every visit, in its standard deviations
    declined                   : probability of not starting the treatment allocated and getting usual care
    usual_pain                 : HOOS pain at which the risks are the base risks
    dropout, surgery, injection: risks by interval
    missed_visit, lost_form, lost_rating, item_gap, page_gap : probabilities of single gaps, at random
    off_window                 : probability that a visit takes place after its window
    adverse_events             : mean number per participant and arm over the trial
    """

    outcomes: tuple[OutcomeDesign, ...] = OUTCOMES
    between_outcomes: float = 0.75
    near: float = 0.72
    far: float = 0.52
    decay: float = 0.5
    age: float = -0.05
    bmi: float = -0.15
    log_duration: float = -0.15
    female: float = -0.10
    female_share: float = 0.58
    sites: tuple[float, float, float] = (0.10, 0.0, -0.12)
    site_shares: tuple[float, float, float] = (0.45, 0.33, 0.22)
    declined: float = 0.02
    usual_pain: float = 58.0
    dropout: EventRisk = EventRisk((0.015, 0.015, 0.025, 0.035), 0.35)
    surgery: EventRisk = EventRisk((0.004, 0.008, 0.018, 0.030), 0.50, size=1.6, time=60)
    injection: EventRisk = EventRisk((0.012, 0.018, 0.025, 0.030), 0.30, size=0.6, time=60)
    missed_visit: float = 0.025
    lost_form: float = 0.008
    lost_rating: float = 0.010
    item_gap: float = 0.004
    page_gap: float = 0.004
    off_window: float = 0.012
    adverse_events: Mapping[str, float] = field(
        default_factory=lambda: {"usual_care": 0.16, "exercise": 0.60, "manual_therapy": 0.55}
    )

    def outcome(self, name: str) -> int:
        """Return the place of an outcome."""
        return [outcome.name for outcome in self.outcomes].index(name)

    def covariate_share(self) -> float:
        """Return the share of an outcome's variance that the covariates carry."""
        site_mean = sum(p * b for p, b in zip(self.site_shares, self.sites, strict=True))
        site = sum(p * (b - site_mean) ** 2 for p, b in zip(self.site_shares, self.sites, strict=True))
        sex = self.female**2 * self.female_share * (1 - self.female_share)
        return self.age**2 + self.bmi**2 + self.log_duration**2 + sex + site

    def planted(self) -> dict[str, Any]:
        """Return every parameter as plain numbers and words."""
        sessions = {arm: [asdict(plan) for plan in plans] for arm, plans in SESSIONS.items()}
        visits = dict(zip(VISITS, DAYS, strict=True))
        return {"arms": list(ARMS), "visits": visits, **asdict(self), "sessions": sessions}
