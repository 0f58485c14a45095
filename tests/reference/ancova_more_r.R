# What surrounds an analysis of covariance at week 12: diagnostics, and responders by the model.
# Rscript ancova_more_r.R reference_trial.csv > ancova_more_r.json
rows <- read.csv(commandArgs(TRUE)[1])
rows <- rows[rows$visit == "week_12" & !is.na(rows$change), ]
rows$arm <- relevel(factor(rows$arm), "usual_care")
fit <- lm(change ~ baseline + arm + site + sex, data = rows)
cook <- cooks.distance(fit)
most <- which.max(cook)
without <- update(fit, subset = -most)

# A responder improves by 10: the mean over all of the normal probability, everyone put into each arm in turn.
X <- model.matrix(fit)
n <- nrow(X)
sigma2 <- summary(fit)$sigma^2
of_arm <- function(arm) {
  put <- X
  put[, grep("^arm", colnames(X))] <- 0
  if (arm != "usual_care") put[, paste0("arm", arm)] <- 1
  z <- (drop(put %*% coef(fit)) - 10) / sqrt(sigma2)
  list(
    own = pnorm(z), estimate = mean(pnorm(z)),
    beta = colMeans(dnorm(z) * put) / sqrt(sigma2), sigma2 = mean(-dnorm(z) * z) / (2 * sigma2)
  )
}
# The variance has, from REML, 2 sigma^4 / (n - p), independent of the coefficients.
error_of <- function(beta, by_sigma2, own) {
  sqrt(drop(beta %*% vcov(fit) %*% beta) + by_sigma2^2 * 2 * sigma2^2 / fit$df.residual + var(own) / n)
}
usual <- of_arm("usual_care")
responders <- list()
for (arm in c("usual_care", "exercise", "manual_therapy")) {
  one <- of_arm(arm)
  responders[[arm]] <- c(estimate = one$estimate, se = error_of(one$beta, one$sigma2, one$own))
  if (arm != "usual_care") {
    responders[[paste0(arm, "_minus_usual_care")]] <- c(
      estimate = one$estimate - usual$estimate,
      se = error_of(one$beta - usual$beta, one$sigma2 - usual$sigma2, one$own - usual$own)
    )
  }
}

number <- function(x) sprintf("%.15g", x)
pair <- function(x) sprintf('{"estimate": %s, "se": %s}', number(x[["estimate"]]), number(x[["se"]]))
cat(sprintf('{"meta": {"r": "%s", "script": "ancova_more_r.R"},\n', R.version.string))
cat(sprintf('"diagnostics": {"participant": "%s", "cook": %s, "studentised": %s, "without": %s},\n',
  rows$participant_id[most], number(cook[most]), number(rstandard(fit)[most]),
  pair(coef(summary(without))["armexercise", 1:2] |> setNames(c("estimate", "se")))))
lines <- sapply(names(responders), function(name) sprintf('"%s": %s', name, pair(responders[[name]])))
cat('"responders": {', paste(lines, collapse = ",\n"), "}}\n", sep = "")
