# Writes survival_more_r.json: tests of proportional hazards, Schoenfeld residuals, competing risks, recurrent events and
# grouped hazards by R. Rscript tests/reference/survival_more_r.R (survival 3.5.3, cmprsk 2.2.11, jsonlite).
# Rows are those of the survival package; iterations are run to 1e-13.
suppressMessages({library(survival); library(cmprsk); library(jsonlite)})
control <- coxph.control(eps = 1e-13, toler.chol = 1e-14, iter.max = 100)
out <- list(meta = list(R = R.version.string, survival = as.character(packageVersion("survival")),
                        cmprsk = as.character(packageVersion("cmprsk"))))
zph <- function(fit, ...) {
  table <- cox.zph(fit, ...)$table
  list(terms = rownames(table), chisq = unname(table[, 1]), df = unname(table[, 2]), p = unname(table[, 3]))
}
vet <- transform(veteran, celltype = factor(celltype, levels = sort(levels(celltype))))
fits <- list(
  veteran = coxph(Surv(time, status) ~ trt + karno + celltype, vet, control = control),
  veteran_breslow = coxph(Surv(time, status) ~ trt + karno + celltype, vet, ties = "breslow", control = control),
  veteran_strata = coxph(Surv(time, status) ~ trt + karno + strata(celltype), vet, control = control),
  heart = coxph(Surv(start, stop, event) ~ age + year + surgery, heart, control = control))
for (name in names(fits)) for (transform in c("km", "rank", "identity"))
  if (!(name == "heart" && transform == "rank")) out$zph[[name]][[transform]] <- zph(fits[[name]], transform = transform)
for (name in c("veteran", "veteran_breslow", "heart")) {
  out$schoenfeld[[name]] <- unname(residuals(fits[[name]], "schoenfeld"))
  out$scaled[[name]] <- unname(residuals(fits[[name]], "scaledsch"))
}
out$dfbeta <- unname(residuals(fits$heart, "dfbeta"))

m <- transform(mgus2, etime = ifelse(pstat == 0, futime, ptime), ev = ifelse(pstat == 0, 2 * death, 1),
               male = as.numeric(sex == "M"))
ci <- survfit(Surv(etime, factor(ev, 0:2, c("censor", "pcm", "death"))) ~ 1, m, conf.type = "log-log")
at <- summary(ci, times = c(12, 60, 120, 240))
out$incidence <- list(times = at$time, incidence = unname(at$pstate[, 2:3]), se = unname(at$std.err[, 2:3]))
cu <- cuminc(m$etime, m$ev)
tp <- timepoints(cu, c(12, 60, 120, 240))
out$cuminc <- list(estimate = unname(tp$est), variance = unname(tp$var))
for (group in c("sex", "decade")) {
  m$decade <- pmin(pmax(floor(m$age / 10), 5), 8)
  test <- cuminc(m$etime, m$ev, m[[group]])$Tests
  out$gray[[group]] <- list(statistic = unname(test[, 1]), p = unname(test[, 2]), df = unname(test[, 3]))
}
known <- transform(m[!is.na(m$mspike), ], state = factor(ev, 0:2, c("censor", "pcm", "death")), who = seq_along(ev))
weighted <- finegray(Surv(etime, state) ~ age + mspike + who + sex + strata(sex), known, etype = "pcm")
within <- coxph(Surv(fgstart, fgstop, fgstatus) ~ age + mspike + strata(sex), weighted, weights = fgwt, cluster = who,
                ties = "breslow", control = control)
out$within_strata <- list(coef = unname(coef(within)), se = unname(sqrt(diag(vcov(within)))))
test <- cuminc(m$etime, m$ev, m$sex, strata = m$decade)$Tests
out$gray$strata <- list(statistic = unname(test[, 1]), p = unname(test[, 2]), df = unname(test[, 3]))
x <- cbind(age = m$age, male = m$male)
for (k in 1:2) {
  fit <- crr(m$etime, m$ev, x, failcode = k, gtol = 1e-14, maxiter = 50)
  out$crr[[k]] <- list(coef = unname(fit$coef), se = unname(sqrt(diag(fit$var))), loglik = c(fit$loglik.null, fit$loglik))
  rows <- finegray(Surv(etime, factor(ev, 0:2, c("c", "a", "b"))) ~ ., data = m, id = m$id, etype = c("a", "b")[k])
  for (ties in c("breslow", "efron")) {
    fit <- coxph(Surv(fgstart, fgstop, fgstatus) ~ age + male, rows, weights = fgwt, ties = ties, control = control,
                 robust = TRUE, cluster = id)
    out$finegray[[ties]][[k]] <- list(coef = unname(coef(fit)), se = unname(sqrt(diag(vcov(fit)))), loglik = fit$loglik)
  }
  fit <- coxph(Surv(etime, ev == k) ~ age + male, m, control = control)
  out$specific[[k]] <- list(coef = unname(coef(fit)), se = unname(sqrt(diag(vcov(fit)))))
}

mc <- summary(survfit(Surv(start, stop, event) ~ 1, bladder2, id = id), times = c(5, 10, 30, 50))
out$mean_cumulative <- list(times = mc$time, mean = mc$cumhaz, se = mc$std.chaz)

# Months of death of lung cancer, known in quarters of a year: one row for each quarter begun, up to two years.
g <- do.call(rbind, lapply(seq_len(nrow(cancer)), function(i) {
  d <- cancer[i, ]
  last <- min(ceiling(d$time / 91.3125), 8)
  died <- d$status == 2 & d$time <= 8 * 91.3125
  full <- if (died) last else floor(min(d$time, 8 * 91.3125) / 91.3125)
  if (full < 1) return(NULL)
  data.frame(id = i, quarter = seq_len(full), event = c(rep(0, full - 1), as.numeric(died)), sex = d$sex, age = d$age)
}))
fit <- glm(event ~ factor(quarter) + sex + age, binomial("cloglog"), g,
           control = glm.control(epsilon = 1e-14, maxit = 100))
out$grouped <- list(coef = unname(coef(fit)[c("sex", "age")]), se = unname(sqrt(diag(vcov(fit)))[c("sex", "age")]),
                    loglik = as.numeric(logLik(fit)), rows = nrow(g), events = sum(g$event))
write_json(out, "tests/reference/survival_more_r.json", digits = NA, auto_unbox = TRUE, na = "null", pretty = FALSE)
