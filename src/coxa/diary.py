"""Functions for a diary: a row per participant and day, from a cohort or any frame."""

from __future__ import annotations

from typing import TYPE_CHECKING

from coxa.lazy import lazy

if TYPE_CHECKING:
    from coxa.derive.adherence import diary_adherence as diary_adherence
    from coxa.derive.diary import derive_diary as derive_diary
    from coxa.derive.exercise_dose import exercise_doses as exercise_doses
    from coxa.derive.flare import FlareRule as FlareRule
    from coxa.derive.flare import flare_rates as flare_rates
    from coxa.derive.flare import flares as flares
    from coxa.derive.flare_days import flare_days as flare_days
    from coxa.derive.lag import lagged as lagged
    from coxa.derive.pain_monitor import PainBands as PainBands
    from coxa.derive.pain_monitor import pain_monitoring as pain_monitoring
    from coxa.derive.progression import progression as progression
    from coxa.derive.session_rpe import session_load as session_load
    from coxa.derive.training_weeks import training_weeks as training_weeks
    from coxa.derive.within_person import within_between as within_between
    from coxa.derive.workload_ratio import workload as workload
    from coxa.derive.workload_ratio import workload_summary as workload_summary

__getattr__, __dir__, __all__ = lazy(
    __name__,
    {
        "coxa.derive.adherence": ("diary_adherence",),
        "coxa.derive.diary": ("derive_diary",),
        "coxa.derive.exercise_dose": ("exercise_doses",),
        "coxa.derive.flare": ("FlareRule", "flare_rates", "flares"),
        "coxa.derive.flare_days": ("flare_days",),
        "coxa.derive.lag": ("lagged",),
        "coxa.derive.pain_monitor": ("PainBands", "pain_monitoring"),
        "coxa.derive.progression": ("progression",),
        "coxa.derive.session_rpe": ("session_load",),
        "coxa.derive.training_weeks": ("training_weeks",),
        "coxa.derive.within_person": ("within_between",),
        "coxa.derive.workload_ratio": ("workload", "workload_summary"),
    },
)
