# Fits a trial of benchmarks/glmm.py with one of R's packages and prints seconds of the processor and log-likelihood.
# Usage: Rscript peers_glmm.R <glmer|glmmTMB> <binomial|poisson|negative_binomial> <nodes> <trial.csv> <repeats>
# The first fit is not counted. glmer's log-likelihood of counts by quadrature is less that of a saturated model.
arguments <- commandArgs(trailingOnly = TRUE)
peer <- arguments[1]
rows <- read.csv(arguments[4], stringsAsFactors = TRUE)
rows$participant_id <- factor(rows$participant_id)
formula <- y ~ arm + visit + x + (1 | participant_id)
family <- if (arguments[2] == "negative_binomial") glmmTMB::nbinom2() else get(arguments[2])()
fit_once <- if (peer == "glmer") {
  suppressPackageStartupMessages(library(lme4))
  function() suppressMessages(glmer(formula, rows, family, nAGQ = as.integer(arguments[3])))
} else {
  suppressPackageStartupMessages(library(glmmTMB))
  function() glmmTMB(formula, rows, family = family)
}
seconds <- c()
for (k in seq_len(as.integer(arguments[5]) + 1)) {
  seconds <- c(seconds, sum(system.time(fit <- suppressWarnings(fit_once()))[c("user.self", "sys.self")]))
}
cat(sprintf("%.6f %.8f\n", median(seconds[-1]), as.numeric(logLik(fit))))
