# Writes glmm_r.json: generalised linear mixed models by lme4 (adaptive quadrature, Laplace) and glmmTMB (Laplace).
# Rscript tests/reference/glmm_r.R (lme4 1.1.31, glmmTMB 1.1.5, numDeriv, jsonlite). Rows are those of R packages.
# Optima are polished by Newton steps: glmer's deviance by numerical derivatives, glmmTMB's by its own gradient.
suppressMessages({library(lme4); library(glmmTMB); library(jsonlite); library(numDeriv)})
polish <- function(f, start, gradient, second) {
  p <- start
  for (step in 1:4) {
    h <- second(p)
    h <- (h + t(h)) / 2
    p <- p - solve(h, gradient(p))
  }
  list(p = unname(p), h = h, gradient = max(abs(gradient(p))))
}
agq <- function(formula, data, family, nodes) {
  parsed <- glFormula(formula, data, family)
  devfun <- do.call(mkGlmerDevfun, c(parsed, list(control = glmerControl(tolPwrss = 1e-13))))
  opt <- optimizeGlmer(devfun, optimizer = "bobyqa")
  devfun <- updateGlmerDevfun(devfun, parsed$reTrms, nAGQ = nodes)
  opt <- optimizeGlmer(devfun, optimizer = "bobyqa", stage = 2, start = list(theta = opt$par, fixef = rep(0, ncol(parsed$X))),
                       control = list(rhoend = 1e-8, maxfun = 1e5))
  deviance <- function(p) devfun(p)
  best <- polish(deviance, opt$par, function(p) grad(deviance, p), function(p) hessian(deviance, p))
  se <- sqrt(diag(solve(best$h / 2)))
  list(names = colnames(parsed$X), beta = best$p[-1], se = se[-1], sd = abs(best$p[1]), sd_se = se[1],
       loglik = -devfun(best$p) / 2, gradient = best$gradient)
}
tmb <- function(formula, data, family, which) {
  fit <- glmmTMB(formula, data, family = family)
  slopes <- function(p) as.vector(fit$obj$gr(p))
  best <- polish(fit$obj$fn, fit$fit$par, slopes, function(p) jacobian(slopes, p))
  v <- solve(best$h)
  kind <- names(fit$fit$par)
  se <- sqrt(diag(v))
  out <- list(names = names(fixef(fit)$cond), beta = best$p[kind == "beta"], se = se[kind == "beta"],
              sd = exp(best$p[kind == "theta"]), log_sd_se = se[kind == "theta"], loglik = -fit$obj$fn(best$p),
              gradient = best$gradient)
  if (any(kind == "betad")) { out$size <- exp(best$p[kind == "betad"]); out$log_size_se <- se[kind == "betad"] }
  out
}
data(respiratory, package = "geepack")
resp <- transform(respiratory, who = interaction(center, id), treat = relevel(factor(treat), "P"))
epil <- transform(MASS::epil, lb = log(base / 4), la = log(age))
bact <- transform(MASS::bacteria, better = as.numeric(y == "n"), trt = relevel(trt, "placebo"))
ticks <- transform(grouseticks, ch = HEIGHT - mean(HEIGHT))
out <- list(meta = list(R = R.version.string, lme4 = as.character(packageVersion("lme4")),
                        glmmTMB = as.character(packageVersion("glmmTMB"))))
f <- outcome ~ treat + baseline + age + sex + center + (1 | who)
for (k in c(7, 25)) out[[paste0("respiratory_", k)]] <- agq(f, resp, binomial, k)
out$respiratory_1 <- tmb(f, resp, binomial)
visits <- transform(resp, visit = factor(visit))
out$visits_25 <- agq(outcome ~ treat * visit + baseline + (1 | who), visits, binomial, 25)
out$bacteria_25 <- agq(better ~ trt * week + (1 | ID), bact, binomial, 25)
out$bacteria_1 <- tmb(better ~ trt * week + (1 | ID), bact, binomial)
g <- y ~ trt * V4 + lb + la + (1 | subject)
out$epil_poisson_1 <- tmb(g, epil, poisson)
out$epil_poisson_25 <- agq(g, epil, poisson, 25)
out$epil_negative_binomial_1 <- tmb(g, epil, nbinom2)
o <- y ~ trt * V4 + la + offset(log(base)) + (1 | subject)
out$exposure_poisson_1 <- tmb(o, epil, poisson)
out$exposure_negative_binomial_1 <- tmb(o, epil, nbinom2)
h <- TICKS ~ factor(YEAR) + ch + (1 | BROOD)
out$ticks_poisson_25 <- agq(h, ticks, poisson, 25)
out$ticks_poisson_1 <- tmb(h, ticks, poisson)
out$ticks_negative_binomial_1 <- tmb(h, ticks, nbinom2)
write_json(out, "tests/reference/glmm_r.json", digits = NA, auto_unbox = TRUE)
print(sapply(out[-1], function(x) c(x$loglik, x$sd, x$gradient)))
