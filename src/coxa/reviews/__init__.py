"""The report of a meta-analysis: page, PDF, Word, checklist, results."""

from __future__ import annotations

from typing import TYPE_CHECKING

from coxa.lazy import lazy

if TYPE_CHECKING:
    from coxa.reviews.write import review_document as review_document
    from coxa.reviews.write import write_review as write_review

__getattr__, __dir__, __all__ = lazy(__name__, {"coxa.reviews.write": ("review_document", "write_review")})
