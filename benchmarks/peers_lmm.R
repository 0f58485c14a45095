# Fits a trial of benchmarks/lmm.py with one of R's packages and prints seconds of the processor and log-likelihood.
# Usage: Rscript peers_lmm.R <lme4|lmerTest|pbkrtest|nlme> <slopes|therapists> <trial.csv> <repeats> <budget in seconds>
# The first fit is not counted; repeats end early once the budget is used up.
arguments <- commandArgs(trailingOnly = TRUE)
peer <- arguments[1]
model <- arguments[2]
rows <- read.csv(arguments[3], stringsAsFactors = TRUE)
repeats <- as.integer(arguments[4])
budget <- as.numeric(arguments[5])
rows$participant_id <- factor(rows$participant_id)
rows$arm <- factor(rows$arm, levels = c("usual_care", "exercise"))

fixed <- list(
  slopes = change ~ baseline + arm * week + age + sex + site + baseline:week,
  therapists = change ~ baseline + arm * week + age + sex
)[[model]]
random <- list(
  slopes = . ~ . + (week | participant_id),
  therapists = . ~ . + (1 | clinic / therapist) + (1 | participant_id)
)[[model]]
grouped <- list(slopes = ~ week | participant_id, therapists = ~ 1 | clinic / therapist / participant_id)[[model]]
whole <- update(fixed, random)

package <- if (peer == "pbkrtest") "lmerTest" else peer
suppressPackageStartupMessages(library(package, character.only = TRUE))
if (peer == "pbkrtest") invisible(loadNamespace("pbkrtest"))
fit_once <- function() {
  if (peer == "nlme") return(lme(fixed, rows, grouped))
  fit <- suppressMessages(lmer(whole, rows))
  if (peer == "lmerTest") summary(fit, ddf = "Satterthwaite")
  if (peer == "pbkrtest") summary(fit, ddf = "Kenward-Roger")
  fit
}
seconds <- c()
started <- proc.time()[["elapsed"]]
while (length(seconds) <= repeats && (length(seconds) < 1 || proc.time()[["elapsed"]] - started < budget)) {
  seconds <- c(seconds, sum(system.time(fit <- fit_once())[c("user.self", "sys.self")]))
}
counted <- if (length(seconds) > 1) seconds[-1] else seconds
cat(sprintf("%.6f %.8f %s\n", median(counted), as.numeric(logLik(fit)), as.character(packageVersion(peer))))
