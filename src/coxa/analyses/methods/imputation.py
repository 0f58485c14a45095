"""Missing outcomes imputed under a strategy, and an analysis of covariance of all participants at each visit."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from coxa.analyses.comparisons import asked
from coxa.analyses.imputed.assumed import ENDED, assumes, delta_words, modelled, used, when
from coxa.analyses.imputed.means import imputed_means
from coxa.analyses.imputed.rows import prepared
from coxa.analyses.imputed.sets import by_bootstrap, imputed_sets, rows_of
from coxa.analyses.imputed.telling import analysis_words, draw_words, values_words
from coxa.analyses.methods.means import of_means
from coxa.analyses.methods.method import Method, Telling, Words, options_of
from coxa.analyses.methods.mmrm import likelihood, likelihood_words
from coxa.analyses.model_rows import check_cells, rows_of_model
from coxa.analyses.rows import AnalysisRows
from coxa.estimates import Estimates, fit_proportions, margin_test
from coxa.models import Fit, fit_mmrm
from coxa.models.results.run import AnyFit
from coxa.sentences import join_words
from coxa.study.comparative import PlannedAnalysis
from coxa.study.models.imputation import Imputation
from coxa.study.wording import model_formula

ERRORS = {
    "rubin": "Standard errors are those of multiple imputation with infinitely many imputations{rubin}, which count "
    "an imputed outcome as missing, also where it is imputed from another arm, with Barnard and Rubin's degrees of "
    "freedom{barnard}.",
    "jackknife": "Standard errors are by the jackknife over participants{conditional}, each time with the imputation "
    "model fitted again; limits are normal.",
    "gradient": "Standard errors are by the delta method from the influence of each participant, through the "
    "coefficients and the covariance of the imputation model; limits are normal.",
    "bootstrap": "Standard errors are by a bootstrap of participants within {arms} ({replicates:,} samples), each time "
    "with the imputation model fitted again; limits are normal.",
}


ERRORS_OF = {
    "multiple": "Results were pooled by Rubin's rules{rubin}, with Barnard and Rubin's degrees of freedom{barnard}.",
    "bmlmi": "Standard errors are those over repeated samples, from the mean squares between and within {replicates:,} "
    "bootstrap samples of participants within {arms}, in each of which the imputation model was fitted again and "
    "missing outcomes were imputed twice{bmlmi}.",
}
"""How outcomes are imputed -> where standard errors come from; that of the conditional mean has words of its own."""


@dataclass(frozen=True, slots=True)
class By:
    """How outcomes are imputed, after "were", and what is cited for it."""

    imputed: str
    cites: tuple[str, ...]


BY: Mapping[str, By] = {
    "conditional_mean": By("imputed at their expectation given the outcomes that were observed", ("conditional_mean",)),
    "multiple": By("imputed many times given the outcomes that were observed", ("imputation",)),
    "bmlmi": By("imputed in bootstrap samples given the outcomes that were observed", ("imputation",)),
}


class ImputationMethod(Method):
    """One model of the outcomes over the visits, from which missing ones are imputed."""

    diagnostics = True

    def fits(self, planned: PlannedAnalysis, dataset: AnalysisRows, subgroup: str | None = None) -> Iterator[Fit]:
        """Yield the imputation model: a mixed model for repeated measures, also where there is one visit."""
        analysis, rows = options_of(planned, Imputation), rows_of_model(planned, prepared(planned, dataset).rows)
        check_cells(planned, rows)
        visits = list(rows["visit"].cat.categories)
        terms = model_formula(planned.study, planned.name, subgroup, visits).partition("~")[2].strip()
        yield fit_mmrm(
            f"{modelled(planned)} ~ {terms}",
            rows,
            covariance=analysis.covariance if len(visits) > 1 else ("us",),
            group="arm" if analysis.by_arm else None,
            reml=analysis.reml,
        )

    def estimates(self, planned: PlannedAnalysis, fits: Sequence[AnyFit], dataset: AnalysisRows) -> Iterator[Estimates]:
        """Yield means and differences of the completed outcomes at each visit, and tests of a margin."""
        analysis = options_of(planned, Imputation)
        for fit in map(of_means, fits):
            if planned.kind == "binary":
                yield from observed(planned, dataset)
            found = completed(planned, fit, dataset)
            yield found
            if analysis.margin is not None and planned.of_means:
                chosen = found.frame[asked(found.frame, planned)].reset_index(drop=True)
                margin = analysis.margin
                yield margin_test(
                    Estimates(chosen),
                    margin.value,
                    type=margin.type,
                    higher_is_better=planned.higher_is_better,
                    alpha=margin.alpha,
                )

    def words(self, planned: PlannedAnalysis, fits: Sequence[AnyFit] | None) -> Words:
        """Return what the analysis is called."""
        analysis = options_of(planned, Imputation)
        titles = join_words(list(dict.fromkeys(one.title for one in used(planned).values())))
        cites = dict.fromkeys(word for one in used(planned).values() for word in one.cites)
        by = BY[analysis.by]
        return Words(
            title=f"{analysis_words(planned)}, missing outcomes imputed ({titles})",
            means="Estimated mean",
            missing=f"Missing outcomes: {by.imputed} ({titles}).{delta_words(planned)}",
            whole=True,
            cites=(*by.cites, "mmrm", likelihood(reml=analysis.reml), *cites, *method_cites(planned)),
            ddf=None,
            completed=True,
        )

    def assumption(self, planned: PlannedAnalysis) -> str:
        """Return the assumption of each strategy, and the delta."""
        strategies = used(planned)
        if len(strategies) == 1:
            return assumes(planned, strategies[ENDED]) + delta_words(planned)
        label = planned.study.label
        named = {kind: "Otherwise" if kind == ENDED else label("intercurrent_events", kind) for kind in strategies}
        said = [f"{named[kind]}: {assumes(planned, strategy)}" for kind, strategy in strategies.items()]
        return " ".join(said) + delta_words(planned)

    def sentences(self, telling: Telling) -> Iterator[str]:
        """Yield the imputation model, what is assumed of missing outcomes, the analysis, and its standard errors."""
        planned, cite = telling.planned, telling.cite
        analysis, words = options_of(planned, Imputation), telling.planned.study.words
        by = BY[analysis.by]
        for formula in telling.formulas():
            yield (
                f"Missing values of {values_words(planned)} were {by.imputed}"
                f"{cite(*by.cites)}, from a mixed model for repeated measures{cite('mmrm')} that was "
                f"fitted by {likelihood_words(telling, reml=analysis.reml)}. Fixed effects: {telling.terms(formula)}."
            )
        if analysis.items == "impute":
            yield (
                "Items without an answer, of questionnaires with enough answers for a score, were imputed once before "
                "scores were taken, by chained equations with predictive mean matching from the other answers of the "
                f"form, after baseline with the {words.arm}."
            )
        if analysis.covariates == "impute":
            yield (
                "Missing covariates were imputed once by chained equations with predictive mean matching, without arm "
                "and outcome."
            )
        for kind, strategy in used(planned).items():
            cited = cite(*strategy.cites) if strategy.cites else ""
            yield f"{when(planned, kind)}: {strategy.title}{cited}. {assumes(planned, strategy)}"
        if said := delta_words(planned).strip():
            yield said
        if analysis.by == "multiple":
            yield from draw_words(planned)
        ancova = cite("ancova") if planned.of_means and analysis.analyse == "ancova" else ""
        yield (
            f"The completed outcomes of all participants were compared by {analysis_words(planned).lower()}{ancova} "
            "with the same covariates."
        )
        error = ERRORS[analysis.standard_error] if analysis.by == "conditional_mean" else ERRORS_OF[analysis.by]
        yield error.format(
            rubin=cite("rubin") if "rubin" in method_cites(planned) else "",
            barnard=cite("barnard-rubin") if "rubin" in method_cites(planned) else "",
            conditional=cite("conditional_mean") if analysis.by == "conditional_mean" else "",
            bmlmi=cite("bmlmi") if analysis.by == "bmlmi" else "",
            arms=words.arms,
            replicates=analysis.replicates,
        )


def completed(planned: PlannedAnalysis, fit: Fit, dataset: AnalysisRows) -> Estimates:
    """Return the numbers of the completed outcomes, by conditional means, many data sets, or bootstrap samples."""
    analysis = options_of(planned, Imputation)
    if analysis.by == "multiple":
        found = imputed_sets(planned, fit, dataset)
        warnings = "; ".join(filter(None, (*found.draws.warnings, found.without)))
        return rows_of(planned, found.results.estimates, found.imputed.outcomes, warnings)
    if analysis.by == "bmlmi":
        return by_bootstrap(planned, fit, dataset)
    means = imputed_means(planned, fit, dataset)
    every = means.differences(against=planned.against, conf_level=analysis.conf_level).frame
    differences = every[every["arm"].isin(planned.compare)].reset_index(drop=True)
    return means.means(conf_level=analysis.conf_level) + Estimates(differences)


def observed(planned: PlannedAnalysis, dataset: AnalysisRows) -> Iterator[Estimates]:
    """Yield the proportion observed in each arm at each visit of the estimand."""
    for visit in planned.visits:
        rows = dataset.analysed[dataset.analysed["visit"] == visit]
        found = fit_proportions(rows, planned.response, against=planned.against, conf_level=planned.analysis.conf_level)
        seen = found.only(term="risk").frame
        yield Estimates(seen[seen["arm"].isin(planned.arms)].assign(visit=visit))


def method_cites(planned: PlannedAnalysis) -> tuple[str, ...]:
    """Return what is cited for the analysis of completed outcomes and its errors, by words of the bibliography."""
    analysis = options_of(planned, Imputation)
    of_means = planned.of_means and analysis.analyse == "ancova"
    of_levels = "ordinal" if planned.kind == "ordered" else "logistic"
    cites = ("ancova",) if of_means else ("mmrm",) if planned.of_means else (of_levels,)
    if analysis.by == "bmlmi":
        return (*cites, "bmlmi")
    rubin = analysis.by == "multiple" or analysis.standard_error == "rubin"
    return (*cites, "rubin", "barnard-rubin") if rubin else cites


METHOD = ImputationMethod()
