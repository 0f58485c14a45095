"""How close two computations of one number have to be, and why."""

CLOSED_FORM = 1e-10
"""Relative. A fit against a formula: what is left is rounding in a few matrix products."""

DEVIANCE = 1e-8
"""Relative, of -2 log-likelihood: two optimisers that both stopped at a gradient below 1e-6 agree far closer."""

EFFECT = 1e-6
"""Of a fixed effect or a mean, in its standard errors: no reader of an interval could see more."""

STANDARD_ERROR = 1e-5
"""Relative. Follows from the covariance, which is flat around its optimum."""

DF = 1e-4
"""Relative. Degrees of freedom use second derivatives, which lose digits twice where they are numerical."""

COVARIANCE = 1e-4
"""Relative, of each element of the covariance over visits."""

P_VALUE = 1e-6
"""Absolute. A t statistic that is right to EFFECT moves p by less."""

FINITE_DIFFERENCE = 1e-5
"""Relative to the largest entry. Central differences of a log-likelihood of order 100 to 1000 lose half the digits."""

DENSE = 1e-9
"""Relative. The same algebra on whole matrices; what is left is rounding and the order of summation."""

DENSE_OPTIMUM = 1e-5
"""Relative. An optimiser without derivatives of its own stops where the likelihood is flat to rounding."""

NLME_LOGLIK = 2e-7
"""Of log-likelihoods against nlme with a correlation over time: lme stops up to 8e-8 below the optimum."""

NLME_EFFECT = 1e-5
"""Of effects in standard errors against the same: they follow from where lme stopped."""

NLME_SE = 2e-5
"""Of standard errors against the same, relative."""

NLME_SHAPE = 1e-4
"""Of correlation, nugget and standard deviation against the same, relative: the likelihood is flat to second order."""

LME4_POLISHED = 1e-8
"""Relative, of variances, effects and predictions against lme4 with its optimum polished by Newton steps below 1e-9."""

LMERTEST_DF = 1e-6
"""Relative, of Satterthwaite's degrees of freedom against lmerTest, whose second derivatives are numerical."""

STOPPED_EARLY = 2e-7
"""Relative, of a variance from an optimiser without derivatives: the likelihood there is that of the optimum to 1e-12,
and is flat to second order."""

SURVIVAL = 1e-9
"""Relative, against R's survival package whose iterations were run to 1e-13; effects in standard errors."""

SURVIVAL_DEFAULT = 1e-8
"""Relative, against the same where its iterations stopped by default, at 1e-9 of the log likelihood."""

SURVIVAL_PRINTED = 6e-5
"""Absolute, of restricted means that SAS prints with four digits."""

PHREG = 1e-7
"""Relative, against statsmodels' PHReg, whose optimiser stops earlier."""

WINS = 1e-12
"""Relative, of win statistics: sums of whole numbers and a few quotients."""

SIX_DIGITS = 6e-7
"""Absolute, of a number that a snapshot prints to six decimals: half of the last one, and a little."""

SAS_MARGINS = 1e-8
"""Absolute, of risks and standard errors against SAS, whose steps stop at a relative change of 1e-8."""

SAS_GE_MACRO = 3e-7
"""Absolute, of the same against the macro of Ge and others, which is 2e-7 from SAS's own %Margins."""

SECOND_GLM = 1e-9
"""Relative, against statsmodels' reweighted least squares with a change of the deviance below 1e-14."""

EXACT_LIMIT = 1e-5
"""Absolute, of an exact limit, which bisection encloses to this."""

GLMER_EFFECT = 1e-7
"""Of effects in standard errors against glmer's quadrature, polished by Newton steps with numerical derivatives."""

GLMER_SE = 2e-7
"""Relative, of standard errors and standard deviations against the same: second derivatives are numerical twice."""

TMB_EFFECT = 1e-8
"""Of effects in standard errors against glmmTMB, polished with the exact gradient of its Laplace approximation."""

TMB_SE = 2e-6
"""Relative, of standard errors, standard deviations and sizes against the same."""

GLMM_LOGLIK = 1e-8
"""Of log-likelihoods against both."""

GLMM_PRINTED = 1e-5
"""Absolute, of effects that their authors' software prints with five decimals, from optimisers that stopped there."""

CLM = 1e-9
"""Of cumulative logit models against R's clm with a gradient below 1e-10: effects in standard errors."""

CLMM_POLISHED = 1e-6
"""Of the same with a random intercept, against clmm's own likelihood taken on by Newton steps with numerical
derivatives to a gradient below 1e-6."""

CLMM_STOPPED = 5e-5
"""Of effects in standard errors against clmm where it stopped by itself, at a gradient of 2e-5 (Laplace: of 1e-4)."""

ORDERED_MODEL = 1e-5
"""Of effects in standard errors against statsmodels' OrderedModel, whose optimiser stops at a gradient of 1e-5."""

PAIRS = 1e-12
"""Relative, of statistics of ranks: sums of whole numbers and a few quotients."""
GLM_R = 1e-8
"""Relative, of coefficients and errors against R's glm with a change of the deviance below 1e-14."""

GLM_NB_R = 5e-6
"""Relative, against MASS::glm.nb, whose steps alternate between coefficients and theta and stop early."""

CLUB_SANDWICH = 1e-6
"""Relative, of CR2, CR3 and degrees of freedom against clubSandwich, at glm's coefficients and weights."""

OTHER_ROOT = 0.02
"""Relative, of CR2 against clubSandwich where the variance differs within clusters: another square root."""

GEE_ITERATED = 1e-9
"""Of effects in standard errors, and relative: both alternate between coefficients and correlation, to below 1e-10."""

POOLED = 1e-12
"""Relative, of pooled results: means, variances and a few quotients of 15 digits."""

RBMI = 1e-3
"""In standard errors, and of these relative: rbmi stops where its optimiser's default tolerance lets it."""

GLMMTMB_STOPPED = 2e-4
"""Of effects in standard errors, and of these relative, against glmmTMB with a model of the variance: it stops at its
optimiser's default."""
