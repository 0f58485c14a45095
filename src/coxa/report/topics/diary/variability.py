"""How variable the days of participants are, by arm: SDs, their ratios, and the level from the same model."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pandas as pd
from scipy import stats

from coxa.cohort.cohort import Cohort
from coxa.derive.diary import derive_diary
from coxa.derive.groups import participants_by_group
from coxa.derive.once import once
from coxa.errors import CoxaError, OptionError
from coxa.figures.figure import Figure
from coxa.models import LocationScaleFit, fit_location_scale
from coxa.report.document import Block, FigureBlock, Paragraph, TableBlock, silent
from coxa.report.topics.diary.spread_figure import spread_figure
from coxa.report.topics.diary.words import column_label
from coxa.study import Study
from coxa.study.diary import DiaryVariability, diary_of
from coxa.tables.formats import NONE, cell, counted, number
from coxa.tables.prose import Text, prose
from coxa.tables.table import Cell, Column, Footnote, Row, RowGroup, Statistic, Table, identifier

Z = float(stats.norm.ppf(0.975))


@once
def variability_fit(cohort: Cohort, name: str) -> LocationScaleFit | CoxaError:
    """Return the model of one entry of `diary: variability`, or why it has no numbers; fitted once."""
    plan = diary_of(cohort.study.diary).variability[name]
    try:
        rows = variability_rows(cohort, plan)
        arms = len(rows["arm"].cat.categories) > 1
        return fit_location_scale(
            f"value ~ {'arm * week' if arms else 'week'}",
            rows,
            within="arm" if arms else "1",
            between="arm" if arms and plan.between_by_arm else "1",
            random_scale=plan.random_scale,
        )
    except CoxaError as error:
        return error


def variability_rows(cohort: Cohort, plan: DiaryVariability) -> pd.DataFrame:
    """Return the days from randomisation on with `value`, `arm` and `week`, counted from the middle of the diary."""
    days = derive_diary(cohort)
    if plan.outcome not in days:
        raise OptionError(f"The diary has no values of {plan.outcome}. Record them, or ask about another column.")
    groups = participants_by_group(cohort).drop_duplicates("participant_id").set_index("participant_id")["arm"]
    rows = days[days[plan.outcome].notna() & (days["study_day"] >= 1)]
    arm = pd.Categorical(rows["participant_id"].map(groups), categories=list(cohort.study.groups))
    week = rows["week"].astype(float)
    made = pd.DataFrame(
        {
            "participant_id": rows["participant_id"].astype(str).to_numpy(),
            "arm": arm,
            "week": (week - week.mean()).to_numpy(),
            "value": rows[plan.outcome].astype(float).to_numpy(),
        }
    )
    made = made[made["arm"].notna()].reset_index(drop=True)
    return made.assign(arm=made["arm"].cat.remove_unused_categories())


def variability_blocks(cohort: Cohort) -> Iterator[Block]:
    """Yield the table and the sentence of each entry of `diary: variability`."""
    study = cohort.study
    for name, plan in diary_of(study.diary).variability.items():
        title = plan.label or column_label(plan.outcome)
        found = variability_fit(cohort, name)
        if isinstance(found, CoxaError):
            yield silent(f"{title}, variability: no numbers. {found}", "warning")
            continue
        yield TableBlock(variability_table(study, name, title, found))
        for text in _sentences(study, title, found):
            yield Paragraph(text)
        yield FigureBlock(variability_figure(study, name, title, found))


def variability_table(study: Study, name: str, title: str, found: LocationScaleFit) -> Table:
    """Return the SD of a participant's days in each arm, ratios of SDs, and differences in level."""
    reference, *others = study.groups
    rows = []
    for arm in (reference, *others):
        sd, low, high = sd_of_arm(found, arm, reference)
        at = Statistic(analysis=f"variability {name}", term="SD within participants", arm=arm)
        cells: list[Cell] = [_interval(at, sd, low, high), Cell(NONE), Cell(NONE), Cell(NONE)]
        if arm != reference and f"arm[{arm}]" in set(found.coefficients["term"]):
            ratio = found.sd_ratio(f"arm[{arm}]")
            own = Statistic(analysis=f"variability {name}", term="ratio of SDs", arm=arm, reference=reference)
            cells[1] = _interval(own, ratio["estimate"], ratio["conf_low"], ratio["conf_high"])
            cells[2] = cell("p_value", {"p_value": ratio["p_value"]}, own)
            level = _level(found, arm)
            cells[3] = _interval(
                Statistic(analysis=f"variability {name}", term="level", arm=arm, reference=reference), *level
            )
        rows.append(Row(study.groups[arm] + (" (reference)" if arm == reference and others else ""), tuple(cells)))
    columns = ("SD of days (95% CI)", "Ratio of SDs (95% CI)", "p", "Difference in level (95% CI)")
    return Table(
        identifier("variability", name),
        f"{title}: how variable the days of a participant are",
        study.words.arm.capitalize(),
        tuple(map(Column, columns)),
        (RowGroup("", tuple(rows)),),
        tuple(map(Footnote, _notes(name, found))),
    )


def variability_figure(study: Study, name: str, title: str, found: LocationScaleFit) -> Figure:
    """Draw the SD of an average participant's days in each arm, with its interval."""
    reference = next(iter(study.groups))
    values = {study.groups[arm]: sd_of_arm(found, arm, reference) for arm in study.groups}
    return spread_figure(
        identifier("variability-sd", name), f"{title}: SD of a participant's days", values, scale_sd(found)
    )


def scale_sd(found: LocationScaleFit) -> float:
    """Return the standard deviation between participants of the logarithm of their variance; 0 without one."""
    return float(found.params["scale: sd"]) if found.random_scale else 0.0


def sd_of_arm(found: LocationScaleFit, arm: str, reference: str) -> tuple[float, float, float]:
    """Return the SD of the days of an average participant of an arm, with limits."""
    table = found.coefficients
    weights = np.zeros(len(table))
    for place, row in enumerate(table.to_dict("records")):
        own = row["term"] == "Intercept" or (arm != reference and row["term"] == f"arm[{arm}]")
        weights[place] = float(row["part"] == "within" and own)
    mean = float(weights @ table["estimate"].to_numpy(dtype=float)) / 2.0
    half = Z * float(np.sqrt(weights @ found.covariance @ weights)) / 2.0
    return float(np.exp(mean)), float(np.exp(mean - half)), float(np.exp(mean + half))


def _level(found: LocationScaleFit, arm: str) -> tuple[float, float, float]:
    mine = found.coefficients
    (row,) = mine[(mine["part"] == "mean") & (mine["term"] == f"arm[{arm}]")].to_dict("records")
    return float(row["estimate"]), float(row["conf_low"]), float(row["conf_high"])


def _interval(at: Statistic, estimate: float, low: float, high: float) -> Cell:
    return cell("two_decimals_interval", {"estimate": estimate, "conf_low": low, "conf_high": high}, at)


def _notes(name: str, found: LocationScaleFit) -> Iterator[Text]:
    behind = counted(found.n_participants, f"variability {name}", "participants behind")
    yield prose(behind, f" participants, {found.n_days} days.")
    yield (
        "Mixed location scale model by maximum likelihood (Hedeker, Mermelstein and Demirtas, Biometrics 2008, "
        "64:627-634): mean by arm, week and their product with a random intercept; logarithm of the variance within "
        "participants by arm. The difference in level is in the middle of the diary."
    )
    if found.random_scale:
        mine = found.coefficients[found.coefficients["part"] == "scale"].set_index("term")["estimate"]
        yield (
            "Random scale: participants differ in the logarithm of their variance with an SD of "
            f"{number(float(mine['sd']), 2)}; its correlation with their level is "
            f"{number(float(mine['correlation']), 2)}."
        )
    yield from (f"{text[:1].upper()}{text[1:]}." for text in found.warnings)
    yield (
        "Days that were not written are taken as missing at random. Correlation from day to day is not in the model, "
        "so that intervals are too narrow where it is strong. CI, confidence interval. SD, standard deviation."
    )


def _sentences(study: Study, title: str, found: LocationScaleFit) -> Iterator[str]:
    reference, *others = study.groups
    for arm in others:
        if f"arm[{arm}]" not in set(found.coefficients["term"]):
            continue
        ratio = found.sd_ratio(f"arm[{arm}]")
        values = [number(ratio[key], 2) for key in ("estimate", "conf_low", "conf_high")]
        shown = "does not show whether" if ratio["conf_low"] <= 1 <= ratio["conf_high"] else "shows that"
        less = "less" if ratio["estimate"] < 1 else "more"
        yield (
            f"{title}: the standard deviation of a participant's days in {study.groups[arm]} is {values[0]} times that "
            f"in {study.groups[reference]} (95% CI {values[1]} to {values[2]}); this {shown} days are {less} variable."
        )
