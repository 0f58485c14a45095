"""Outcomes from the daily diary: what is taken of its days before a visit, or of the week that the visit is in."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import Field

from coxa.study.diary import DIARY_SCALES, DiaryNumber
from coxa.study.outcome_sources.base import FromTable, Grid
from coxa.study.words import OutcomeKind

YES_OR_NO = ("medication", "in_flare")
"""Fields that are 1 or 0 on a day: an analgesic was taken; the day is part of a flare (`diary: flares`)."""

WEEK = 7

Take = Literal["mean", "max", "min", "sum", "share", "days"]


class DailyDiarySource(FromTable):
    """A column of the diary, summarised over the days of a window at each visit."""

    table: Literal["daily_diary"] = Field(description="The daily diary: one row per participant and day.")
    field: DiaryNumber | Literal["medication", "in_flare"] = Field(
        description="Column of the diary; `in_flare`: whether the day is part of a flare, by `diary: flares`."
    )
    take: Take = Field(
        "mean",
        description="mean, max, min or sum of the days; share: days that count, in % of those written; days: how many "
        "count.",
    )
    days: int = Field(
        7, ge=1, le=366, description="Length of the window: the days that end with the planned day of the visit."
    )
    window: Literal["before", "week"] = Field(
        "before",
        description="before: `days` that end with the visit; week: the seven days of the study week, counted from day "
        "1, that the planned day is in.",
    )
    min_days: int | None = Field(
        None, ge=1, description="Days written in the window without which there is no value; four of seven by default."
    )
    within: tuple[float, float] | None = Field(
        None, description="Of share and days: lowest and highest value of a day that counts, for example [7, 9]."
    )

    @property
    def length(self) -> int:
        """Days of the window."""
        return WEEK if self.window == "week" else self.days

    @property
    def needed(self) -> int:
        """Days that have to be written: as given, else four of seven in proportion."""
        return self.min_days or -(-4 * self.length // WEEK)

    def days_at(self, day: int) -> tuple[int, int]:
        """Return the first and the last study day of the window of a visit on a planned day.

        Examples
        --------
        >>> week = {"table": "daily_diary", "field": "pain", "window": "week"}
        >>> DailyDiarySource.model_validate(week).days_at(40)
        (36, 42)
        >>> DailyDiarySource.model_validate({"table": "daily_diary", "field": "pain", "days": 3}).days_at(40)
        (38, 40)
        """
        if self.window == "week":
            first = (day - 1) // WEEK * WEEK + 1
            return first, first + WEEK - 1
        return day - self.days + 1, day

    @property
    def scale(self) -> dict[str, Any]:
        """Range, unit and direction of what is taken."""
        if self.take == "share":
            return {"range": (0.0, 100.0), "unit": "%"}
        if self.take == "days":
            return {"range": (0.0, float(self.length)), "unit": "days"}
        one = DIARY_SCALES.get(str(self.field))
        low, high, unit, better = (one.low, one.high, one.unit, one.higher_is_better) if one else (0.0, 1.0, "", None)
        times = self.length if self.take == "sum" else 1
        direction = {} if better is None else {"higher_is_better": better}
        return {"range": (low * times, high * times), "unit": unit, **direction}

    @property
    def grid(self) -> Grid | None:
        """The values that whole windows of days can give."""
        low, high = self.scale["range"]
        one = DIARY_SCALES.get(str(self.field))
        step = one.step if one else 1.0
        each = {"mean": step / self.length, "share": 100.0 / self.length, "days": 1.0}.get(self.take, step)
        return Grid(each, low, low, high)

    def problem(self, kind: OutcomeKind) -> str | None:
        """Return what is wrong with what is taken, or the kind of the outcome; None if nothing is."""
        counted = self.take in ("share", "days")
        if self.field in YES_OR_NO and not counted:
            return f"`{self.field}` is yes or no on a day; write `take: share`, or `take: days`"
        if counted and self.field not in YES_OR_NO and self.within is None:
            return f"`take: {self.take}` needs the values that count; add for example `within: [7, 9]`"
        if self.within is not None and (not counted or self.field in YES_OR_NO):
            return "only days of a number are counted `within` a range; remove it"
        if self.within is not None and self.within[0] > self.within[1]:
            return f"`within: {list(self.within)}` is empty; write [lowest, highest]"
        if self.needed > self.length:
            return f"`min_days` is {self.needed}, but the window has {self.length} days; lower it"
        allowed: tuple[OutcomeKind, ...] = ("score", "count") if self.take == "days" else ("score",)
        if kind not in allowed:
            return f"`take: {self.take}` of a diary is not of `kind: {kind}`; write `kind: {allowed[0]}`"
        return None
