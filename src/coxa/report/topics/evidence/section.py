"""The result among published trials: pooled without it and with it, and the forest plot."""

from __future__ import annotations

from coxa.cohort.checks.evidence import evidence_path
from coxa.errors import OptionError
from coxa.meta.review.run import Review, pool_studies
from coxa.meta.shown.forest import plot_forest_of_trials
from coxa.meta.shown.tables import trials_table
from coxa.meta.shown.written import Written, df_words
from coxa.report.document import Block, FigureBlock, Paragraph, Section, TableBlock
from coxa.report.record import ReportRecord
from coxa.report.topics.evidence.own import own_studies
from coxa.study.pool.plan import PoolPlan
from coxa.study.pool.read import read_pool
from coxa.study.pool.studies import PooledStudy
from coxa.tables.prose import Prose, prose

TITLE = "Among the evidence"


def evidence_section(report: ReportRecord) -> Section | None:
    """Return the result among the trials of `report: evidence:`; None where the plan names none.

    Raises
    ------
    PlanError
        The plan of the meta-analysis has faults.
    OptionError
        There is no such file.
    """
    named = report.study.report.evidence
    if named is None:
        return None
    plan = _pool(report, named)
    own = own_studies(report, plan.outcome.measure)
    if not own:
        said = (
            f"The main analysis has no effect that can be pooled as `{plan.outcome.measure}` with the trials of "
            f"{plan.title}."
        )
        return Section("evidence", TITLE, (Paragraph(said),))
    before, after = pool_studies(plan), pool_studies(_with(plan, own))
    figure = plot_forest_of_trials(after, figure_id="evidence-forest", title=f"{plan.title}: with this trial (orange)")
    blocks: list[Block] = [Paragraph(_without_words(before)), Paragraph(_with_words(after)), FigureBlock(figure)]
    blocks.append(TableBlock(trials_table(after), stacked=True))
    if plan.process.search is None:
        blocks.append(Paragraph(
            "The review describes no search of the literature: these are the trials at hand, and not all there are.",
            "warning",
        ))  # fmt: skip
    return Section("evidence", TITLE, tuple(blocks))


def _pool(report: ReportRecord, named: str) -> PoolPlan:
    path = evidence_path(report.study)
    assert path is not None
    if not path.is_file():
        raise OptionError(f"There is no file {named} by the plan. Correct `report: evidence:`, or leave it out.")
    return read_pool(path)


def _with(plan: PoolPlan, own: dict[str, PooledStudy]) -> PoolPlan:
    """Return the plan with this trial as its last; subgroups and moderators, which it has no values for, left out."""
    changes = {"studies": {**plan.studies, **own}, "subgroups": (), "moderators": ()}
    changed = plan.model_copy(update=changes)
    changed._origin = plan.origin
    return changed


def _without_words(review: Review) -> Prose:
    main, written = review.main, Written(review.plan)
    shown = written.interval(main.estimate, main.limits, "without this trial", "evidence")
    # trials of a review are published: their number is not one of participants, and is never hidden
    trials = "1 trial" if main.trials == 1 else f"{main.trials} trials"
    return prose(
        f"Before this trial ({review.plan.title}, {trials}): {written.measure} of "
        f"{review.plan.outcome.label.lower()} ", shown, f" with its {written.level} confidence interval "
        f"({df_words(main.df)})."
    )  # fmt: skip


def _with_words(review: Review) -> Prose:
    main, written = review.main, Written(review.plan)
    shown = written.interval(main.estimate, main.limits, "with this trial", "evidence")
    low, _ = main.prediction
    between = () if low != low else (
        "; prediction interval of a next trial ", written.limits(main.prediction, "prediction", "evidence"),
        f" ({df_words(main.prediction_df)})",
    )  # fmt: skip
    return prose("With this trial: ", shown, *between, ".")
