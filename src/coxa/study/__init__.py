"""The plan of a study: read from a file, checked as a whole, never changed afterwards."""

from __future__ import annotations

from typing import TYPE_CHECKING

from coxa.lazy import lazy

if TYPE_CHECKING:
    from coxa.study.audit.assumptions import RegistryAssumptions as RegistryAssumptions
    from coxa.study.audit.plan import AuditPlan as AuditPlan
    from coxa.study.audit.read import read_audit as read_audit
    from coxa.study.delivery.items import delivery_items as delivery_items
    from coxa.study.describing.document import study_schema as study_schema
    from coxa.study.hypotheses import Hypotheses as Hypotheses
    from coxa.study.hypotheses import Interim as Interim
    from coxa.study.locking.content import Change as Change
    from coxa.study.locking.content import plan_changes as plan_changes
    from coxa.study.locking.deviations import PlanStatus as PlanStatus
    from coxa.study.locking.deviations import plan_status as plan_status
    from coxa.study.locking.lock import Lock as Lock
    from coxa.study.locking.lock import lock as lock
    from coxa.study.locking.lock import read_lock as read_lock
    from coxa.study.measurement import ScoreMeasurement as ScoreMeasurement
    from coxa.study.plan import Study as Study
    from coxa.study.pool.plan import PoolPlan as PoolPlan
    from coxa.study.pool.read import read_pool as read_pool
    from coxa.study.reading.read import read_study as read_study
    from coxa.study.wording import estimand_attributes as estimand_attributes
    from coxa.study.wording import model_formula as model_formula

__getattr__, __dir__, __all__ = lazy(
    __name__,
    {
        "coxa.study.audit.assumptions": ("RegistryAssumptions",),
        "coxa.study.audit.plan": ("AuditPlan",),
        "coxa.study.audit.read": ("read_audit",),
        "coxa.study.delivery.items": ("delivery_items",),
        "coxa.study.describing.document": ("study_schema",),
        "coxa.study.hypotheses": ("Hypotheses", "Interim"),
        "coxa.study.measurement": ("ScoreMeasurement",),
        "coxa.study.locking.content": ("Change", "plan_changes"),
        "coxa.study.locking.deviations": ("PlanStatus", "plan_status"),
        "coxa.study.locking.lock": ("Lock", "lock", "read_lock"),
        "coxa.study.plan": ("Study",),
        "coxa.study.pool.plan": ("PoolPlan",),
        "coxa.study.pool.read": ("read_pool",),
        "coxa.study.reading.read": ("read_study",),
        "coxa.study.wording": ("estimand_attributes", "model_formula"),
    },
)
