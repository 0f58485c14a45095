# Fits the trial of benchmarks/mmrm.py with one of R's packages and prints seconds and log-likelihood.
# Usage: Rscript peers.R <gls|glmmTMB> <trial.csv> <repeats>
arguments <- commandArgs(trailingOnly = TRUE)
peer <- arguments[1]
rows <- read.csv(arguments[2], stringsAsFactors = TRUE)
repeats <- as.integer(arguments[3])
visits <- c("week_6", "week_12", "week_26", "week_39", "week_52")
rows$visit <- factor(rows$visit, levels = visits)
rows$place <- as.integer(rows$visit)
rows$participant_id <- factor(rows$participant_id)
fixed <- change ~ baseline * visit + arm * visit + age + sex + site

suppressPackageStartupMessages(if (peer == "gls") library(nlme) else library(glmmTMB))
fit_once <- function() {
  if (peer == "gls") {
    gls(fixed, rows, nlme::corSymm(form = ~ place | participant_id), nlme::varIdent(form = ~ 1 | visit))
  } else {
    glmmTMB(update(fixed, . ~ . + us(0 + visit | participant_id)), rows, dispformula = ~0, REML = TRUE)
  }
}
seconds <- numeric(repeats)
for (k in seq_len(repeats)) seconds[k] <- system.time(fit <- fit_once())[["elapsed"]]
cat(sprintf("%.6f %.8f\n", median(seconds), as.numeric(logLik(fit))))
