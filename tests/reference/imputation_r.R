# Pooled results of R, mice 3.15.0 and mitml 0.4-4: the numbers in imputation_r.json, which test_imputation_reference.py
# reads. Data are drawn here; what is kept are estimates, covariances, statistics and what is pooled from them.
#
#     Rscript tests/reference/imputation_r.R tests/reference/imputation_r.json
suppressMessages({library(mice); library(mitml); library(jsonlite)})
out <- commandArgs(trailingOnly = TRUE)[1]

set.seed(20261130)
n <- 60
x <- rnorm(n); z <- rnorm(n) + 0.5 * x; w <- rnorm(n)
y <- 1 + 0.6 * x - 0.3 * z + 0.4 * w + rnorm(n)
d <- data.frame(y, x, z, w)
d$x[runif(n) < 0.25] <- NA; d$z[runif(n) < 0.3] <- NA; d$y[runif(n) < 0.2] <- NA

one <- function(m) {
  imp <- mice(d, m = m, method = "norm", seed = 7, printFlag = FALSE)
  fit1 <- with(imp, lm(y ~ x + z + w))
  fit0 <- with(imp, lm(y ~ x))
  models1 <- as.mitml.result(getfit(fit1)); models0 <- as.mitml.result(getfit(fit0))
  test <- function(...) as.list(testModels(models1, models0, ...)$test[1, ])
  d3 <- D3(fit1, fit0)
  q <- t(sapply(getfit(fit1), coef)); u <- lapply(getfit(fit1), vcov)
  k <- c("z", "w")
  wald <- sapply(getfit(fit1), function(f) drop(coef(f)[k] %*% solve(vcov(f)[k, k], coef(f)[k])))
  pooled <- as.data.frame(pool(fit1)$pooled)
  list(m = m, terms = colnames(q), Q = unname(q), U = lapply(u, unname), wald = wald,
       pooled = pooled[, c("estimate", "ubar", "b", "t", "dfcom", "df", "riv", "lambda", "fmi")],
       D1 = test(method = "D1"), D1_dfcom = test(method = "D1", df.com = n - 4), D2 = test(method = "D2", use = "wald"),
       D3 = list(result = as.numeric(d3$result), own = d3$deviances$dev0.M - d3$deviances$dev1.M,
                 at_pooled = d3$deviances$dev0.L - d3$deviances$dev1.L))
}
write_json(list(meta = list(mice = as.character(packageVersion("mice")), mitml = as.character(packageVersion("mitml"))),
                cases = list(one(10), one(3))), out, digits = NA, auto_unbox = TRUE, pretty = FALSE)
