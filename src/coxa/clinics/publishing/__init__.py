"""What of an audit is published: one protected set of counts, from which every page, table and file is written."""

from __future__ import annotations

from typing import TYPE_CHECKING

from coxa.lazy import lazy

if TYPE_CHECKING:
    from coxa.clinics.publishing.published import Published as Published
    from coxa.clinics.publishing.published import publish as publish

__getattr__, __dir__, __all__ = lazy(__name__, {"coxa.clinics.publishing.published": ("Published", "publish")})
