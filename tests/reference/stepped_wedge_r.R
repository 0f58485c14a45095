# Reference values of clusters in periods: lme4, lmerTest and pbkrtest on designs/wedge_*.csv.
# Rscript tests/reference/stepped_wedge_r.R   (from the root of the repository; writes designs/wedge_r.json)
suppressMessages({library(lme4); library(lmerTest); library(pbkrtest); library(jsonlite)})
folder <- "tests/reference/designs"
control <- lmerControl(optimizer = "nloptwrap", calc.derivs = FALSE,
                       optCtrl = list(xtol_abs = 1e-13, xtol_rel = 1e-13, ftol_abs = 1e-14, ftol_rel = 1e-14, maxeval = 1e5))
since <- function(d) {  # periods in a row with the treatment, by cluster
  p <- as.integer(sub("q", "", d$period)); out <- integer(nrow(d))
  for (s in unique(d$arm)) {
    first <- min(p[d$arm == s & d$treated == 1])
    here <- d$arm == s & d$treated == 1
    out[here] <- p[here] - first + 1
  }
  factor(out)
}
number <- function(m, L) {  # estimate, SE and df of a contrast by Kenward and Roger
  V <- as.matrix(vcovAdj(m)); est <- sum(L * fixef(m))
  list(estimate = est, std_error = sqrt(as.numeric(t(L) %*% V %*% L)), df = as.numeric(Lb_ddf(L, vcov(m), vcovAdj(m))))
}
result <- function(m, treated) {
  L <- as.numeric(names(fixef(m)) %in% treated) / length(treated)
  v <- as.data.frame(VarCorr(m))
  c(number(m, L), list(variances = setNames(as.list(v$vcov), v$grp), loglik = as.numeric(logLik(m))))
}
found <- list(meta = list(R = as.character(getRversion()), lme4 = as.character(packageVersion("lme4")),
                          pbkrtest = as.character(packageVersion("pbkrtest"))))
for (name in c("cross_sectional", "cohort", "crossover")) {
  d <- read.csv(file.path(folder, paste0("wedge_", name, ".csv")))
  d$cp <- interaction(d$site_id, d$period, drop = TRUE)
  person <- if (name == "cohort") " + (1|participant_id)" else ""
  fit <- function(fixed, random) lmer(as.formula(paste("value ~", fixed, "+ period +", random, person)), d, control = control)
  nested <- "(1|site_id) + (1|cp)"
  found[[name]] <- list(nested = result(fit("treated", nested), "treated"),
                        exchangeable = result(fit("treated", "(1|site_id)"), "treated"))
  if (name == "cross_sectional") found[[name]]$adjusted <- result(fit("treated + age", nested), "treated")
  if (name != "crossover") {
    d$since <- since(d)
    m <- fit("since", nested)
    found[[name]]$by_exposure_time <- result(m, paste0("since", 1:4))
    found[[name]]$last <- number(m, as.numeric(names(fixef(m)) == "since4"))
  }
}
write(toJSON(found, digits = 14, auto_unbox = TRUE, pretty = TRUE), file.path(folder, "wedge_r.json"))
