"""From files to a proposed plan: what was understood of each column and why, and what has to be asked."""

from __future__ import annotations

from typing import TYPE_CHECKING

from coxa.lazy import lazy

if TYPE_CHECKING:
    from coxa.importing.drifting import drift as drift
    from coxa.importing.proposal import Answer as Answer
    from coxa.importing.proposal import Proposal as Proposal
    from coxa.importing.proposal import Question as Question
    from coxa.importing.proposal import Reading as Reading
    from coxa.importing.proposing import answered as answered
    from coxa.importing.proposing import propose as propose
    from coxa.importing.write import plan_text as plan_text
    from coxa.importing.write import write_plan as write_plan

__getattr__, __dir__, __all__ = lazy(
    __name__,
    {
        "coxa.importing.drifting": ("drift",),
        "coxa.importing.proposal": ("Answer", "Proposal", "Question", "Reading"),
        "coxa.importing.proposing": ("answered", "propose"),
        "coxa.importing.write": ("plan_text", "write_plan"),
    },
)
