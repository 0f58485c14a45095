# Meta-analyses by metafor and clubSandwich: writes meta_r.json beside this script.
#
#   Rscript tests/reference/meta/meta_r.R      needs metafor, metadat, clubSandwich, jsonlite
#
# metafor stops iterations at a change of 1e-5, and looks for roots to 1e-4, unless it is told otherwise; here both are
# run to 1e-11 and 1e-15, so that its numbers are those of the optimum.

suppressPackageStartupMessages({
  library(metafor)
  library(clubSandwich)
  library(jsonlite)
})

script <- sub("^--file=", "", grep("^--file=", commandArgs(FALSE), value = TRUE))
tight <- list(threshold = 1e-11, tol = 1e-15, maxiter = 10000)

one <- function(data, method, test, mods = NULL) {
  yi <- as.numeric(data$yi)
  vi <- as.numeric(data$vi)
  fit <- if (is.null(mods)) rma(yi, vi, method = method, test = test, control = tight) else
    rma(yi, vi, mods = mods, method = method, test = test, control = tight)
  interval <- if (fit$method == "FE") NULL else confint(fit, control = list(tol = 1e-14))$random[1, 2:3]
  predicted <- if (fit$p == 1 && fit$method != "FE") predict(fit) else list()
  list(beta = c(fit$beta), se = fit$se, pval = fit$pval, ci_lb = fit$ci.lb, ci_ub = fit$ci.ub, tau2 = fit$tau2,
       se_tau2 = fit$se.tau2, I2 = fit$I2, H2 = fit$H2, Q = fit$QE, Qp = fit$QEp, R2 = fit$R2, QM = fit$QM,
       QMp = fit$QMp, pi_lb = predicted$pi.lb, pi_ub = predicted$pi.ub, tau2_ci = unname(interval))
}

bcg <- dat.bcg
answer <- list(meta = list(R = as.character(getRversion()), metafor = as.character(packageVersion("metafor")),
                           clubSandwich = as.character(packageVersion("clubSandwich"))))
answer$bcg <- list(events = bcg$tpos, n = bcg$tpos + bcg$tneg, events_reference = bcg$cpos,
                   n_reference = bcg$cpos + bcg$cneg, latitude = bcg$ablat, alloc = bcg$alloc)
measured <- function(measure, data = bcg, ...) {
  escalc(measure = measure, ai = tpos, bi = tneg, ci = cpos, di = cneg, data = data, ...)
}
answer$effects <- lapply(c(rr = "RR", or = "OR", rd = "RD"), function(measure) {
  found <- measured(measure)
  list(yi = as.numeric(found$yi), vi = as.numeric(found$vi))
})
rr <- measured("RR")
for (method in c("FE", "DL", "REML", "ML", "PM", "SJ", "EB", "HE")) for (test in c("z", "knha", "t")) {
  if (method == "FE" && test == "knha") next
  answer$fits[[paste(method, test, sep = "_")]] <- one(rr, method, test)
  if (method != "FE") {
    answer$fits[[paste(method, test, "ablat", sep = "_")]] <-
      one(rr, method, test, rr$ablat)
  }
}
for (measure in c("OR", "RD")) {
  answer$fits[[paste0(measure, "_REML_knha")]] <- one(measured(measure), "REML", "knha")
}

normand <- dat.normand1999
answer$normand <- as.list(normand[c("n1i", "m1i", "sd1i", "n2i", "m2i", "sd2i")])
for (measure in c("SMD", "MD")) {
  found <- escalc(measure, m1i = m1i, sd1i = sd1i, n1i = n1i, m2i = m2i, sd2i = sd2i, n2i = n2i, data = normand)
  answer$normand[[measure]] <- list(yi = as.numeric(found$yi), vi = as.numeric(found$vi),
                                    fit = one(found, "REML", "knha"))
}

zero <- data.frame(tpos = c(0, 3, 0, 20, 5), tneg = c(20, 17, 30, 0, 15), cpos = c(3, 5, 0, 20, 0),
                   cneg = c(17, 15, 30, 0, 20))
answer$zero <- lapply(c(rr = "RR", or = "OR", rd = "RD"), function(measure) {
  found <- measured(measure, zero)
  list(yi = as.numeric(found$yi), vi = as.numeric(found$vi))
})

for (measure in c("RR", "OR", "RD")) {
  found <- rma.mh(ai = tpos, bi = tneg, ci = cpos, di = cneg, data = bcg, measure = measure)
  answer$mantel_haenszel[[tolower(measure)]] <- list(beta = c(found$beta), se = found$se)
}
found <- rma.peto(ai = tpos, bi = tneg, ci = cpos, di = cneg, data = bcg)
answer$peto <- list(beta = c(found$beta), se = found$se)

fit <- rma(yi, vi, data = rr, method = "REML", control = tight)
egger <- regtest(fit, model = "lm")
mixed <- regtest(fit, model = "rma")
answer$egger <- list(lm = list(t = egger$zval, p = egger$pval, limit = egger$est, se_limit = (egger$ci.ub - egger$est)
                               / qt(0.975, 11)),
                     rma = list(z = mixed$zval, p = mixed$pval, limit = mixed$est))
for (side in c("left", "right")) {
  filled <- trimfill(fit, side = side)
  answer$trimfill[[side]] <- list(k0 = filled$k0, beta = c(filled$beta), se = filled$se, tau2 = filled$tau2)
}
answer$trimfill$side <- trimfill(fit)$side
single <- leave1out(fit)
answer$leave1out <- list(estimate = single$estimate, se = single$se, tau2 = single$tau2, Q = single$Q)
around <- influence(fit)
answer$influence <- list(rstudent = around$inf$rstudent, cook = around$inf$cook.d, hat = around$inf$hat,
                         dffits = around$inf$dffits)
drawn <- baujat(rma(yi, vi, data = rr, method = "FE"))
answer$baujat <- list(x = drawn$x, y = drawn$y)

schools <- dat.konstantopoulos2011
answer$schools <- list(district = schools$district, school = schools$school, yi = as.numeric(schools$yi),
                       vi = as.numeric(schools$vi), year = schools$year)
levels_fit <- function(V, method = "REML", mods = ~1) {
  found <- rma.mv(yi, V, mods = mods, random = ~ 1 | district / school, data = schools, method = method,
                  control = list(optimizer = "newuoa", rhobeg = 0.05, rhoend = 1e-9))
  robust <- coef_test(found, vcov = "CR2", cluster = schools$district)
  list(beta = c(found$beta), se = found$se, sigma2 = found$sigma2, logLik = as.numeric(logLik(found)),
       robust_se = robust$SE, robust_df = robust$df, robust_p = robust$p_Satt)
}
answer$three_level$reml <- levels_fit(schools$vi)
answer$three_level$ml <- levels_fit(schools$vi, "ML")
answer$three_level$reml_year <- levels_fit(schools$vi, mods = ~ I(year - 1990))
correlated <- outer(schools$district, schools$district, "==") * 0.5 * sqrt(outer(schools$vi, schools$vi))
diag(correlated) <- schools$vi
answer$three_level$reml_rho <- levels_fit(correlated)

write(toJSON(answer, digits = 15, auto_unbox = TRUE, null = "null", na = "null", pretty = FALSE),
      file.path(dirname(script), "meta_r.json"))
