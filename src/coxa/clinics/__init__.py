"""The audit of clinics: what is measured from their episodes, what of it is published, and the page that shows it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from coxa.lazy import lazy

if TYPE_CHECKING:
    from coxa.clinics.audit import Audit as Audit
    from coxa.clinics.publishing.published import Published as Published
    from coxa.clinics.publishing.published import publish as publish
    from coxa.clinics.run import audit_clinics as audit_clinics
    from coxa.clinics.write import write_audit as write_audit

__getattr__, __dir__, __all__ = lazy(
    __name__,
    {
        "coxa.clinics.audit": ("Audit",),
        "coxa.clinics.publishing.published": ("Published", "publish"),
        "coxa.clinics.run": ("audit_clinics",),
        "coxa.clinics.write": ("write_audit",),
    },
)
