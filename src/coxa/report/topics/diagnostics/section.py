"""How well the primary model describes the data: residuals, and the covariance it estimated."""

from __future__ import annotations

from collections.abc import Iterator

from coxa.analyses.methods import method_of
from coxa.models import Fit
from coxa.models.results.diagnostics import covariance_check, qq_points, residuals
from coxa.report.document import Block, FigureBlock, Paragraph, Section
from coxa.report.record import ReportRecord
from coxa.report.topics.analyses.section import means_of
from coxa.report.topics.diagnostics.covariance_map import plot_covariance
from coxa.report.topics.diagnostics.residuals import plot_qq, plot_residuals
from coxa.sentences import join_words
from coxa.study.comparative import PlannedAnalysis
from coxa.study.wording import factor_words
from coxa.tables.table import identifier


def diagnostics_section(report: ReportRecord) -> Section | None:
    """Return figures of residuals and covariance of each primary repeated-measures model; None without one."""
    parts = tuple(
        Section(identifier("diagnostics", planned.name), planned.title, tuple(_blocks(planned, fit)))
        for planned in report.study.primary_analyses
        if method_of(planned.analysis).diagnostics
        for fit in means_of(report, planned)
        if len(fit.sample.visits) > 1
    )
    return Section("diagnostics", "Model diagnostics", (), parts) if parts else None


def _blocks(planned: PlannedAnalysis, fit: Fit) -> Iterator[Block]:
    study, name = planned.study, planned.name
    yield Paragraph(_what_is_shown(planned, fit))
    labels = {visit: study.label("visits", visit) for visit in study.visits}
    scaled = residuals(fit)
    scaled["visit"] = scaled["visit"].cat.rename_categories(labels)
    kind = "studentised" if fit.random is None else "standardised"
    by_visit = identifier("residuals", name)
    title = f"{kind.capitalize()} residuals by visit"
    yield FigureBlock(plot_residuals(scaled, kind=kind, figure_id=by_visit, title=title))
    normal = qq_points(scaled["normalised"])
    yield FigureBlock(
        plot_qq(normal, figure_id=identifier("qq", name), title="Normal quantiles of the scaled residuals")
    )
    if fit.random is not None:
        return
    covariance = covariance_check(fit).replace({"visit": labels, "other": labels})
    yield FigureBlock(
        plot_covariance(
            covariance,
            figure_id=identifier("covariance", name),
            title="Correlation over the visits: estimated, and of the residuals",
        )
    )


def _what_is_shown(planned: PlannedAnalysis, fit: Fit) -> str:
    if fit.random is None:
        return (
            "Residuals are scaled by the model's covariance, so that under the model they are independent with mean 0 "
            "and standard deviation 1. The estimated covariance over the visits is shown next to that of the residuals."
        )
    factors = join_words(
        [factor_words(planned.study, factor) for factor in planned.analysis.factors] or ["participants"]
    )
    if fit.spec.of_random_effects:
        return (
            f"Residuals are conditional: the predicted effects of {factors} are taken off. Scaled by their standard "
            "deviation they are, under the model, nearly independent with mean 0 and standard deviation 1; only "
            "nearly, because the effects are predicted."
        )
    return (
        f"Residuals are conditional: the predicted effects of {factors} are taken off. Scaled by the covariance of the "
        "residuals over the visits they are, under the model, nearly independent with mean 0 and standard deviation 1; "
        "only nearly, because the effects are predicted. The covariance of residuals is not compared with the "
        "estimated one, which is for models without random effects."
    )
