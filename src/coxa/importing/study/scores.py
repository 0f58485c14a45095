"""Columns that are outcomes: scores of known instruments, and measures that have to be asked for."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from coxa.errors import OptionError
from coxa.importing.draft import Draft
from coxa.importing.profile import ColumnProfile
from coxa.importing.study.questions import ask, own_key, slug
from coxa.importing.study.sources import outside, share_within
from coxa.importing.study.tables import NEARLY_ALL, StudyTable
from coxa.importing.study.times import Time, TimedColumn
from coxa.importing.words import head_key, heads
from coxa.instruments import instrument_names, load_instrument

LEAST_REACH = 0.25
"""The highest value of a score reaches this share of its range: a 0 to 10 rating is no scale of 0 to 100."""

OWN = re.compile(r"(-?\d+(?:\.\d+)?)\s+(-?\d+(?:\.\d+)?)\s+(lower|higher)(?:\s+(\S.*))?")


@dataclass(frozen=True, slots=True)
class Score:
    """One outcome among the columns of a table.

    name    : of the outcome
    columns : its columns, with the time of each, None where every row has its own
    keys    : what the plan says of the outcome; None where it is asked for
    """

    name: str
    columns: tuple[tuple[str, Time | None], ...]
    keys: dict[str, Any] | None

    @property
    def span(self) -> tuple[float, float]:
        """Lowest and highest possible value."""
        assert self.keys is not None
        if "instrument" in self.keys:
            scale = load_instrument(self.keys["instrument"]).scale(self.keys["scale"], self.keys.get("version"))
            return scale.low, scale.high
        low, high = self.keys["range"]
        return low, high


def find_scores(draft: Draft, table: StudyTable, candidates: Sequence[str], scored: Sequence[str]) -> list[Score]:
    """Return the outcomes among the columns of a table.

    Parameters
    ----------
    draft
        Takes questions and readings.
    table, candidates
        A table, and its columns that can be outcomes.
    scored
        Instruments whose items are read: their scores are computed, not read.
    """
    groups: dict[str, list[tuple[str, Time | None]]] = {}
    stems: dict[str, str] = {}
    for name in candidates:
        timed: TimedColumn | None = table.timed.get(name)
        stem = timed.stem if timed else name
        stems.setdefault(slug(stem), stem)
        groups.setdefault(slug(stem), []).append((name, timed.time if timed else None))
    return [
        score
        for name, columns in groups.items()
        if (score := _score(draft, table, name, stems[name], tuple(columns), scored)) is not None
    ]


def _score(
    draft: Draft,
    table: StudyTable,
    name: str,
    stem: str,
    columns: tuple[tuple[str, Time | None], ...],
    scored: Sequence[str],
) -> Score | None:
    profiles = [table.profiles[column] for column, _ in columns]
    named = named_scale(stem)
    key = own_key(draft, f"outcomes.{name}", table.file.place)
    if named and named[0] in scored:
        _all(draft, profiles, "", f"Scores of {named[0]} are computed from its items.", "unused")
        return None
    keys = _of_instrument(draft, key, name, *named, profiles) if named and _fits(*named, profiles) else None
    if keys is None and not (named and _fits(*named, profiles)):
        keys = _asked(draft, key, name, stem, profiles)
    if keys is None:
        return None
    label = stem.upper() if slug(stem) in instrument_names() else stem.replace("_", " ").strip()
    return Score(name, columns, {"label": label[:1].upper() + label[1:], **keys})


def named_scale(stem: str) -> tuple[str, str] | None:
    """Return instrument and scale that a name is known for, None where it is not.

    Examples
    --------
    >>> named_scale("NPRS"), named_scale("HOOS Pain"), named_scale("lefs_total"), named_scale("pain")
    (('nprs', 'pain'), ('hoos', 'pain'), ('lefs', 'total'), None)
    """
    key = head_key(stem)
    plain = [key, *(key.removesuffix(f" {word}") for word in heads().score_words if key.endswith(f" {word}"))]
    squashed = {each.replace(" ", "") for each in plain}
    for words in heads().outcomes:
        if any(head.replace(" ", "") in squashed for head in words.heads):
            scales = load_instrument(words.instrument).scales
            scale = words.scale or _main(words.instrument)
            return (words.instrument, scale) if scale in scales else None
    return next((found for each in plain if (found := _by_name(each))), None)


def _by_name(key: str) -> tuple[str, str] | None:
    """Return the scale whose instrument and name, or label, are the words of a head."""
    for name in instrument_names():
        prefixes = {head_key(name), head_key(name).replace(" ", ""), *({"eq 5 d", "eq"} if name == "eq_5d_5l" else ())}
        for scale, definition in load_instrument(name).scales.items():
            ends = {head_key(scale), head_key(definition.label)}
            if any(key == f"{prefix} {end}" for prefix in prefixes for end in ends):
                return name, scale
    return None


def _main(instrument: str) -> str:
    """Return the total of an instrument, or its only scale."""
    scales = load_instrument(instrument).scales
    return next((each for each in ("total", "summary", "mean") if each in scales), next(iter(scales)))


def _fits(instrument: str, scale: str, profiles: Sequence[ColumnProfile]) -> bool:
    """Say whether nearly all values lie in the range of a scale, in one of its versions, and reach far enough."""
    return bool(_versions(instrument, scale, profiles))


def _versions(instrument: str, scale: str, profiles: Sequence[ColumnProfile]) -> list[str]:
    definition = load_instrument(instrument)
    found = []
    for version in definition.versions:
        known = definition.scale(scale, version)
        within = all(share_within(each, known.low, known.high) >= NEARLY_ALL for each in profiles)
        highest = max((_highest(each, known.low, known.high) for each in profiles), default=known.low)
        if within and highest - known.low >= LEAST_REACH * (known.high - known.low):
            found.append(version)
    return found


def _highest(profile: ColumnProfile, low: float, high: float) -> float:
    numbers = [float(text.replace(",", ".")) for text in profile.values if _is_number(text)]
    return max((number for number in numbers if low <= number <= high), default=low)


def _is_number(text: str) -> bool:
    return re.fullmatch(r"-?\d+(?:[.,]\d+)?", text) is not None


def _of_instrument(
    draft: Draft, key: str, name: str, instrument: str, scale: str, profiles: Sequence[ColumnProfile]
) -> dict[str, Any] | None:
    """Return the keys of an outcome of an instrument; its version is asked for where the values fit several."""
    keys: dict[str, Any] = {"instrument": instrument, "scale": scale}
    if len(load_instrument(instrument).versions) == 1:
        return keys
    fitting = _versions(instrument, scale, profiles)
    known = load_instrument(instrument)
    offered = [(each, f"{known.scale(scale, each).low:g} to {known.scale(scale, each).high:g}") for each in fitting]
    columns = [each.column for each in profiles]
    why = f"The values fit {len(fitting)} of its versions."
    version = ask(draft, f"{key}.version", f"Which version of {instrument} is {name}?", why, offered, columns)
    if version is None:
        _all(draft, profiles, f"outcomes.{name}", why, "asked")
        return None
    return {**keys, "version": version}


def _asked(draft: Draft, key: str, name: str, stem: str, profiles: Sequence[ColumnProfile]) -> dict[str, Any] | None:
    """Return the keys of an outcome that its name does not tell, from an answer."""
    fitting = [each for each in _candidates(stem) if _fits(each, _main(each), profiles)]
    offered = [(each, load_instrument(each).label) for each in fitting]
    offered += [("own", "a measure of its own, whose range is asked next"), ("unused", "not used")]
    low, high = _ends(profiles)
    columns = [each.column for each in profiles]
    why = f"The name is that of no scale that coxa knows; the values are from {low:g} to {high:g}."
    answer = ask(draft, key, f"What does {stem} measure?", why, offered, columns, needed=False)
    if answer in fitting:
        return _of_instrument(draft, key, name, str(answer), _main(str(answer)), profiles)
    if answer == "own":
        return _own(draft, key, name, stem, profiles, why)
    if answer == "unused":
        _all(draft, profiles, "", "By an answer.", "unused")
    else:
        _all(draft, profiles, f"outcomes.{name}", why, "asked")
    return None


def _own(
    draft: Draft, key: str, name: str, stem: str, profiles: Sequence[ColumnProfile], why: str
) -> dict[str, Any] | None:
    text = f"From which to which value can {stem} be, is lower or higher better, and what is its unit?"
    example = f"{why} Write for example `0 100 lower points`."
    given = ask(draft, f"{key}.scale", text, example, (), [each.column for each in profiles])
    if given is None:
        _all(draft, profiles, f"outcomes.{name}", why, "asked")
        return None
    read = OWN.fullmatch(given.lower())
    if read is None:
        raise OptionError(f"`{given}` does not say range and direction. Write for example `0 100 lower points`.")
    keys: dict[str, Any] = {"range": [float(read[1]), float(read[2])], "unit": read[4] or "points"}
    return {**keys, "higher_is_better": read[3] == "higher"}


def _candidates(stem: str) -> Iterator[str]:
    """Yield the instruments that a word such as pain can mean."""
    words = head_key(stem).split()
    for each in heads().measures:
        if any(head in (head_key(stem), " ".join(words[:1]), " ".join(words[-1:])) for head in each.heads):
            yield from (name for name in each.candidates if "." not in name)  # scales are of audits


def _ends(profiles: Sequence[ColumnProfile]) -> tuple[float, float]:
    lows = [each.low for each in profiles if each.low is not None]
    highs = [each.high for each in profiles if each.high is not None]
    return min(lows, default=0.0), max(highs, default=0.0)


def _all(draft: Draft, profiles: Sequence[ColumnProfile], role: str, why: str, status: Any) -> None:
    for profile in profiles:
        draft.is_role(profile, role, why, status)


def missing_of(table: StudyTable, score: Score) -> list[str | int]:
    """Return the codes for a missing value that the columns of a score have outside its range."""
    codes = [code for column, _ in score.columns for code in outside(table.profiles[column], *score.span)]
    return list(dict.fromkeys(codes))
