# Fits each trial of benchmarks/power.py with nlme::gls and prints the median seconds of a fit.
# Usage: Rscript power_peers.R <trials.csv>
suppressPackageStartupMessages(library(nlme))
rows <- read.csv(commandArgs(trailingOnly = TRUE)[1], stringsAsFactors = TRUE)
visits <- c("week_6", "week_12", "week_26", "week_39", "week_52")
rows$visit <- factor(rows$visit, levels = visits)
rows$arm <- relevel(rows$arm, ref = "usual_care")
rows$place <- as.integer(rows$visit)
seconds <- c()
for (k in unique(rows$trial)) {
  mine <- droplevels(rows[rows$trial == k, ])
  seconds <- c(seconds, system.time(
    gls(change ~ arm * visit + baseline * visit, mine, corSymm(form = ~ place | participant_id),
        varIdent(form = ~ 1 | visit))
  )[["elapsed"]])
}
cat(sprintf("%.6f\n", median(seconds)))
