# Patients in therapists in clinics by R: writes audit/clinic_patients.json beside this script.
#
#   Rscript tests/reference/clinic_patients_r.R         needs lme4, lmerTest, numDeriv, minqa, jsonlite
#
# The optimum of lmer is polished by Newton steps on the parameters that are off their bound, until the last step is
# below 1e-9.

suppressPackageStartupMessages({
  library(lme4)
  library(lmerTest)
  library(numDeriv)
  library(jsonlite)
})

script <- sub("^--file=", "", grep("^--file=", commandArgs(FALSE), value = TRUE))
folder <- file.path(dirname(script), "audit")
rows <- read.csv(file.path(folder, "clinic_patients.csv"))
rows$clinic <- factor(rows$clinic)
rows$therapist <- factor(rows$therapist)

polished <- function(fn, par, lower, upper, control, ...) {
  value <- Inf
  for (k in 1:5) {
    search <- list(rhobeg = if (k == 1) 0.2 else 1e-3, rhoend = 1e-12, maxfun = 1e5)
    found <- suppressWarnings(minqa::bobyqa(par, fn, lower, control = search))
    par <- found$par
    if (value - found$fval < 1e-12) break
    value <- found$fval
  }
  near <- par < 1e-4
  at_bound <- replace(par, near, 0)
  if (any(near) && fn(at_bound) <= fn(par) + 1e-8) par <- at_bound else near[] <- FALSE
  free <- which(!near)
  inner <- function(x) fn(replace(par, free, x))
  for (k in 1:20) {
    slope <- grad(inner, par[free], method.args = list(d = 0.02))
    step <- -solve(hessian(inner, par[free], method.args = list(d = 0.02)), slope)
    par[free] <- par[free] + step
    if (max(abs(step)) < 1e-9) break
  }
  list(par = par, fval = fn(par), conv = 0, convergence = 0, message = NULL, feval = NA)
}
tight <- lmerControl(optimizer = polished, calc.derivs = FALSE)

result <- function(outcome, reml = TRUE, weighted = FALSE, formula = "(1 | clinic) + (1 | therapist)") {
  rows$w <<- if (weighted) rows$weight else rep(1, nrow(rows))
  model <- as.formula(paste(outcome, "~ base + age +", formula))
  fit <- suppressMessages(lmerTest::lmer(model, rows, REML = reml, weights = w, control = tight))
  variances <- as.data.frame(VarCorr(fit))
  effects <- ranef(fit, condVar = TRUE)
  of <- function(name) {
    if (is.null(effects[[name]])) return(NULL)
    list(effect = effects[[name]][[1]], given = as.vector(attr(effects[[name]], "postVar")))
  }
  list(
    outcome = outcome, reml = reml, weighted = weighted, formula = formula,
    loglik = as.numeric(logLik(fit)),
    variances = setNames(as.list(variances$vcov), variances$grp),
    params = unname(fixef(fit)), std_error = unname(sqrt(diag(as.matrix(vcov(fit))))),
    df = unname(coef(summary(fit))[, "df"]), clinic = of("clinic"), therapist = of("therapist")
  )
}

cases <- list(
  reml = result("fu"),
  ml = result("fu", reml = FALSE),
  weighted = result("fu", weighted = TRUE),
  weighted_ml = result("fu", reml = FALSE, weighted = TRUE),
  no_clinic = result("no_clinic"),
  no_therapist = result("no_therapist"),
  clinics_only = result("fu", formula = "(1 | clinic)")
)
meta <- list(
  r = R.version.string, lme4 = as.character(packageVersion("lme4")),
  lmerTest = as.character(packageVersion("lmerTest")),
  rows = "clinic_patients.csv", script = "tests/reference/clinic_patients_r.R"
)
write_json(list(meta = meta, cases = cases), file.path(folder, "clinic_patients.json"),
           digits = NA, auto_unbox = TRUE, pretty = TRUE, null = "null")
