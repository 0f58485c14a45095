# Writes survival_r.json: Kaplan-Meier, log-rank, Cox and restricted means by R's survival package.
# Rscript tests/reference/survival_r.R (survival 3.5.3, jsonlite). Rows are those of the package.
suppressMessages({library(survival); library(jsonlite)})
control <- coxph.control(eps = 1e-13, toler.chol = 1e-14, iter.max = 100)
cox <- function(...) {
  fit <- coxph(..., control = control)
  out <- list(coef = unname(coef(fit)), se = unname(sqrt(diag(vcov(fit)))), loglik = fit$loglik, n = fit$n,
              events = fit$nevent)
  if (!is.null(fit$naive.var)) out$model_se <- unname(sqrt(diag(fit$naive.var)))
  out
}
km <- function(formula, data, horizon = NULL) {
  fit <- survfit(formula, data, conf.type = "log-log")
  median <- quantile(fit, c(.25, .5, .75))
  out <- list(time = fit$time, n = fit$n.risk, events = fit$n.event, censored = fit$n.censor, survival = fit$surv,
              se = fit$std.err * fit$surv, low = fit$lower, high = fit$upper,
              quantile = unname(c(median$quantile)), quantile_low = unname(c(median$lower)),
              quantile_high = unname(c(median$upper)))
  if (!is.null(horizon)) out$rmean <- unname(summary(fit, rmean = horizon)$table[c("rmean", "se(rmean)")])
  out
}
logrank <- function(...) {
  test <- survdiff(...)
  sums <- function(x) unname(if (is.matrix(x)) rowSums(x) else x)
  list(statistic = test$chisq, observed = sums(test$obs), expected = sums(test$exp))
}
complete <- transform(cancer, status = status == 2)
complete <- complete[!is.na(complete$ph.ecog) & !is.na(complete$inst), ]
colon2 <- colon[!is.na(colon$nodes), ]
colon2$lev <- as.numeric(colon2$rx == "Lev"); colon2$fu <- as.numeric(colon2$rx == "Lev+5FU")
small <- data.frame(time = c(6, 7, 9, 10, 13, 15), event = c(1, 0, 1, 1, 1, 0), b = c(0, 1, 0, 1, 0, 1),
                    g = c(0, 1, 0, 0, 1, 1))
out <- list(
  meta = list(R = R.version.string, survival = as.character(packageVersion("survival"))),
  km_cancer_male = km(Surv(time, status == 2) ~ 1, subset(cancer, sex == 1), 365),
  km_veteran = km(Surv(time, status) ~ 1, veteran, 180),
  km_ovarian = km(Surv(futime, fustat) ~ 1, ovarian, 700),
  km_heart = km(Surv(start, stop, event) ~ 1, heart),
  logrank_cancer_strata = logrank(Surv(time, status) ~ sex + strata(inst), complete),
  logrank_veteran = logrank(Surv(time, status) ~ celltype, veteran),
  logrank_veteran_strata = logrank(Surv(time, status) ~ celltype + strata(trt), veteran),
  small_logrank = logrank(Surv(time, event) ~ g, small),
  small_cox = cox(Surv(time, event) ~ b, small)
)
for (ties in c("efron", "breslow")) {
  out[[paste0("cancer_", ties)]] <- cox(Surv(time, status) ~ sex + age + ph.ecog, complete, ties = ties)
  out[[paste0("cancer_strata_", ties)]] <- cox(Surv(time, status) ~ age + ph.ecog + strata(sex), complete, ties = ties)
  out[[paste0("cancer_cluster_", ties)]] <-
    cox(Surv(time, status) ~ sex + age + ph.ecog + cluster(inst), complete, ties = ties)
  out[[paste0("heart_", ties)]] <- cox(Surv(start, stop, event) ~ age + year + surgery, heart, ties = ties)
  out[[paste0("heart_cluster_", ties)]] <-
    cox(Surv(start, stop, event) ~ age + year + surgery + cluster(id), heart, ties = ties)
  out[[paste0("heart_strata_cluster_", ties)]] <-
    cox(Surv(start, stop, event) ~ age + year + strata(surgery) + cluster(id), heart, ties = ties)
  out[[paste0("colon_cluster_", ties)]] <-
    cox(Surv(time, status) ~ lev + fu + nodes + strata(etype) + cluster(id), colon2, ties = ties)
  out[[paste0("bladder_", ties)]] <-
    cox(Surv(start, stop, event) ~ rx + number + size + cluster(id), bladder2, ties = ties)
}
# a hazard ratio in each part of follow-up: survSplit, and an indicator of the arm in each part
parts <- survSplit(Surv(time, status) ~ ., veteran, cut = c(60, 150), zero = -1, episode = "part")
for (k in 1:3) parts[[paste0("trt_", k)]] <- (parts$trt == 2) * (parts$part == k)
out$veteran_parts_efron <- cox(Surv(tstart, time, status) ~ trt_1 + trt_2 + trt_3 + karno, parts)
write_json(out, "tests/reference/survival_r.json", digits = NA, auto_unbox = TRUE, na = "null", pretty = FALSE)
