"""What an outcome measure is: items, scales, missing rules, versions, licence and thresholds.

Each instrument is one YAML file beside this module; the classes here are its schema. Item wording is never
part of it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Annotated, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

from coxa.errors import OptionError, check_known
from coxa.instruments.formulas import FormulaName

ThresholdKind = Literal["mic", "mcii", "mcid", "mid", "mdc", "sdc", "pass", "scb"]
Range = tuple[float, float]


def _as_tuple(value: object) -> object:
    return tuple(value) if isinstance(value, list) else value


Names = Annotated[tuple[str, ...], BeforeValidator(_as_tuple)]


class Record(BaseModel):
    """A part of an instrument file: immutable, and with no keys other than those named."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)


class Licence(Record):
    """Who holds the rights and on what terms; `confirmed` says whether that was read in a source."""

    holder: str
    terms: str
    confirmed: bool
    source: str


class Version(Record):
    """A response format. `range` and `integer`, where given, replace those of every item."""

    label: str
    range: Range | None = None
    integer: bool | None = None


class ItemGroup(Record):
    """Items with one code stem and range: stem `p` with count 3 makes p1, p2, p3; no count, one item."""

    range: Range
    count: int | None = None
    integer: bool = True

    def codes(self, stem: str) -> tuple[str, ...]:
        """Return the item codes of the group."""
        return (stem,) if self.count is None else tuple(f"{stem}{k}" for k in range(1, self.count + 1))


class ScaleDefinition(Record):
    """A scale as written in the file: made of `items` (stems or codes), or `of` other scales."""

    label: str
    formula: FormulaName
    higher_is_better: bool
    range: Range | dict[str, Range]
    items: Names = ()
    of: Names = ()
    reversed: Names = ()
    points: dict[str, tuple[float, ...]] = {}
    factor: float = 1.0
    unit: str = "points"
    confirmed: bool = True
    note: str | None = None


class MissingRule(Record):
    """How many items of each scale must be answered; `confirmed` is False where no source was read.

    least : number of answered items each scale needs, or "all"
    """

    label: str
    least: dict[str, int] | Literal["all"]
    citation: str
    confirmed: bool
    note: str | None = None
    unconfirmed_scales: Names = ()


class ThresholdDefinition(Record):
    """A threshold as written in the file; no `scale` means that it was published for all scales together."""

    kind: ThresholdKind
    population: str
    context: str
    method: str
    citation: str
    evidence: Literal["primary", "secondary"]
    scale: str | None = None
    value: float | None = None
    range: Range | None = None


@dataclass(frozen=True, slots=True)
class ItemRange:
    """The answers an item can have: from `low` to `high`, whole numbers only if `integer`."""

    low: float
    high: float
    integer: bool


@dataclass(frozen=True, slots=True)
class Scale:
    """One scale of an instrument in one version.

    items            : codes of its items, those of its parts where it is made of other scales
    low, high        : ends of the score, in `unit`
    higher_is_better : direction of the score
    default_rule     : missing rule used unless another is named
    confirmed        : False where its scoring was not read in a source; `note` says what

    Examples
    --------
    >>> from coxa.instruments import load_instrument
    >>> scale = load_instrument("hoos").scale("pain")
    >>> scale.label, scale.low, scale.high, len(scale.items), scale.higher_is_better
    ('Pain', 0.0, 100.0, 10, True)
    """

    instrument: str
    name: str
    label: str
    version: str
    items: tuple[str, ...]
    low: float
    high: float
    unit: str
    higher_is_better: bool
    default_rule: str
    confirmed: bool
    note: str | None


class Instrument(Record):
    """An outcome measure, read from its file.

    Examples
    --------
    >>> from coxa.instruments import load_instrument
    >>> hoos = load_instrument("hoos")
    >>> len(hoos.items), hoos.scale("pain").higher_is_better
    (40, True)
    """

    name: str
    label: str
    numbering: str
    licence: Licence
    sources: Names
    versions: dict[str, Version]
    groups: dict[str, ItemGroup] = Field(alias="items")
    scales: dict[str, ScaleDefinition]
    default_rule: str
    missing_rules: dict[str, MissingRule]
    unscored: Names = ()
    chosen_by_participant: bool = False
    thresholds: tuple[ThresholdDefinition, ...] = ()

    @cached_property
    def items(self) -> tuple[str, ...]:
        """All item codes, in the order of the file."""
        return tuple(code for stem, group in self.groups.items() for code in group.codes(stem))

    def item_range(self, code: str, version: str) -> ItemRange:
        """Return the answers that item `code` can have in `version`."""
        group = next(group for stem, group in self.groups.items() if code in group.codes(stem))
        chosen = self.versions[version]
        low, high = chosen.range or group.range
        return ItemRange(low, high, group.integer if chosen.integer is None else chosen.integer)

    def scale_items(self, name: str) -> tuple[str, ...]:
        """Return the item codes of scale `name`, those of its parts where it is made of other scales."""
        scale = self.scales[name]
        parts = [self.scale_items(part) for part in scale.of]
        own = [self.groups[stem].codes(stem) if stem in self.groups else (stem,) for stem in scale.items]
        return tuple(code for codes in (*parts, *own) for code in codes)

    def choose_version(self, version: str | None = None) -> str:
        """Return `version` if it exists; without one, the only one there is.

        Raises
        ------
        OptionError
            If the version is unknown, or there are several and none was named.
        """
        if version is not None:
            return check_known(f"version of {self.name}", version, tuple(self.versions))
        if len(self.versions) > 1:
            raise OptionError(
                f"{self.name} has several versions that differ in range. Give `version`, one of "
                f"{', '.join(self.versions)}."
            )
        return next(iter(self.versions))

    def choose_rule(self, rule: str | None = None) -> str:
        """Return `rule` if it exists, the default without one; raise `OptionError` if it is unknown."""
        return check_known(f"missing rule of {self.name}", rule or self.default_rule, tuple(self.missing_rules))

    def choose_scales(self, scales: str | Sequence[str] | None = None) -> tuple[str, ...]:
        """Return the scales named, all without any; raise `OptionError` if one is unknown."""
        names = (scales,) if isinstance(scales, str) else tuple(self.scales if scales is None else scales)
        return tuple(check_known(f"scale of {self.name}", name, tuple(self.scales)) for name in names)

    def needed(self, rule: str, scale: str) -> int:
        """Return how many items of `scale` must be answered under `rule`."""
        least = self.missing_rules[rule].least
        return len(self.scale_items(scale)) if least == "all" else least[scale]

    def scale(self, name: str, version: str | None = None) -> Scale:
        """Return one scale with its range in `version`.

        Raises
        ------
        OptionError
            If the scale or version is unknown, or the instrument has several versions and none was named.
        """
        (name,) = self.choose_scales(name)
        chosen = self.choose_version(version)
        written = self.scales[name]
        low, high = written.range[chosen] if isinstance(written.range, dict) else written.range
        return Scale(
            instrument=self.name,
            name=name,
            label=written.label,
            version=chosen,
            items=self.scale_items(name),
            low=low,
            high=high,
            unit=written.unit,
            higher_is_better=written.higher_is_better,
            default_rule=self.default_rule,
            confirmed=written.confirmed,
            note=written.note,
        )
