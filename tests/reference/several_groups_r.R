# Three groups by multinomial propensity scores: R 4.2.2, nnet. Rscript several_groups_r.R THREE.csv
suppressMessages({library(nnet); library(jsonlite)})
d <- read.csv(commandArgs(TRUE)[1]); d$group <- factor(d$group)
fit <- multinom(group ~ age + severe, data = d, trace = FALSE, maxit = 5000, reltol = 1e-16, abstol = 1e-16)
e <- fitted(fit); own <- e[cbind(seq_len(nrow(d)), as.integer(d$group))]
weights <- list(ATE = 1 / own, ATT = e[, "c"] / own, ATO = 1 / rowSums(1 / e) / own)
# entropy balancing to the means of all: the dual of each group by a quasi-Newton search
x <- scale(as.matrix(d[, c("age", "severe")]), scale = TRUE)
tilt <- function(rows) {
  z <- x[rows, ]
  found <- optim(c(0, 0), function(l) log(sum(exp(z %*% l))), method = "BFGS",
                 function(l) { w <- exp(z %*% l); colSums(z * c(w)) / sum(w) }, control = list(reltol = 1e-16, maxit = 1e4))
  c(exp(z %*% found$par))
}
weights$entropy <- numeric(nrow(d))
for (g in levels(d$group)) weights$entropy[d$group == g] <- tilt(d$group == g)
means <- lapply(weights, function(w) sapply(levels(d$group), function(g) weighted.mean(d$y[d$group == g], w[d$group == g])))
# doubly robust: linear models in each group
means$robust <- sapply(levels(d$group), function(g) {
  mine <- d$group == g
  m <- predict(lm(y ~ age + severe, data = d, subset = mine), d)
  mean(m) + weighted.mean((d$y - m)[mine], weights$ATE[mine])
})
# largest pairwise difference, in the root of the mean variance of the groups
largest <- function(w) sapply(c("age", "severe"), function(v) {
  z <- d[[v]]; binary <- all(z %in% 0:1)
  by <- split(seq_len(nrow(d)), d$group)
  own <- sapply(by, function(r) if (binary) mean(z[r]) * (1 - mean(z[r])) else var(z[r]))
  max(dist(sapply(by, function(r) weighted.mean(z[r], w[r])))) / sqrt(mean(own))
})
cat(toJSON(list(score = e[1:5, ], means = means, before = largest(rep(1, nrow(d))), after = largest(weights$ATE)),
           digits = 14, auto_unbox = TRUE))
