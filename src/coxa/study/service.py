"""The plan of a service evaluation: the patients of a clinic, described without arms and without a comparison."""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar, Literal

from pydantic import Field

from coxa.study.base import Problem
from coxa.study.checks.shared import shared_problems
from coxa.study.design_words import SERVICE, DesignWords
from coxa.study.plan import Study

CHECKLISTS = ("by_design", "none", "strobe")
"""Words for checklists of a report that a plan without arms may have."""


class ServiceEvaluation(Study):
    """The plan of a service evaluation: what a clinic measures in its patients, who are not compared with anybody.

    It has no keys of its own: who the patients are, how complete their data are and what was observed at each visit
    follows from what any plan has.
    """

    words: ClassVar[DesignWords] = SERVICE

    design: Literal["service"] = Field(description="The care of one service is described; there are no arms.")

    def _problems(self) -> Iterator[Problem]:
        yield from shared_problems(self)
        if self.data and "intercurrent_events" in self.data.tables:
            yield Problem(
                ("data", "tables", "intercurrent_events"),
                "Table `intercurrent_events` has events that a plan with arms declares, and this plan has no arms; "
                "Remove the table",
            )
        for name in self.report.checklists:
            if name not in CHECKLISTS:
                yield Problem(
                    ("report", "checklists"),
                    f"{name} is a checklist of studies with arms; Write `none`, or `strobe`",
                )
