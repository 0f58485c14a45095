"""What a reporting checklist is: items, and what must be said for each. One YAML file each in `data/`."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from typing import Annotated, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

from coxa.errors import check_known
from coxa.packaged import packaged_yaml

GUIDELINES = ("consort-2025", "cent", "consort-pro", "consort-stepped-wedge", "spirit-2025", "strobe", "tidier", "cert")
"""The checklists that ship, in the order in which a report carries them."""

OF_REVIEWS = ("prisma-2020",)
"""Those of a meta-analysis."""


class _Data(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Need(_Data):
    """One thing that an item asks for. Where it names no place, only the authors can say it, and it stays a gap.

    what   : in a few words, for the list of what is missing
    report : sections of the report, by their ids, that say it; the first that is there counts
    figure : whether the section must have a figure
    plan   : keys of the plan that say it, `*` for any name; asked where no section of the report says it
    arms   : keys of an arm, one of which every arm must have
    title  : letters that the title of the study must have
    when   : keys of the plan without which the need is not met, whatever the report has
    """

    what: str
    report: tuple[str, ...] = ()
    figure: bool = False
    plan: tuple[str, ...] = ()
    arms: tuple[str, ...] = ()
    title: str = ""
    when: tuple[str, ...] = ()


class Item(_Data):
    """An item: its number, its topic in coxa's words, and what it asks for."""

    item: Annotated[str, BeforeValidator(str)]
    topic: str
    needs: tuple[Need, ...] = Field(min_length=1)


class Part(_Data):
    """Items under a common heading."""

    title: str
    items: tuple[Item, ...]


class Licence(_Data):
    """On what terms the published checklist stands; `confirmed` says whether that was read in a source."""

    terms: str
    confirmed: bool


class Guideline(_Data):
    """A checklist.

    reference : its entry in the bibliography
    compared  : what of its numbers and contents was not compared with the published checklist; empty where all was
    arms      : which arms `arms` of a need is about: all, or those that deliver exercise
    """

    name: str
    label: str
    about: str
    reference: str
    licence: Licence
    compared: str = ""
    arms: Literal["all", "exercise"] = "all"
    sections: tuple[Part, ...]

    def items(self) -> Iterator[Item]:
        """Yield all items in order."""
        for section in self.sections:
            yield from section.items


@cache
def load_guideline(name: str) -> Guideline:
    """Return a checklist that ships.

    Raises
    ------
    OptionError
        There is none of that name.

    Examples
    --------
    >>> len(list(load_guideline("consort-2025").items()))
    42
    """
    check_known("guideline", name, (*GUIDELINES, *OF_REVIEWS))
    return Guideline.model_validate(packaged_yaml("coxa.report.topics.checklists", f"data/{name}.yaml"))
