# Reference numbers of matched pairs and of doubly robust times: R 4.2.2, MatchIt 4.5.1, sandwich, survival.
# Rscript tests/reference/causal_times_r.R LALONDE.csv TIMES.csv  (both written by causal_times_numbers.py)
suppressMessages({library(MatchIt); library(sandwich); library(survival); library(jsonlite)})
files <- commandArgs(TRUE)
d <- read.csv(files[1]); d$race <- factor(d$race)
f <- treat ~ age + educ + race + married + nodegree + re74 + re75
paired <- function(...) {
  m <- matchit(f, data = d, method = "nearest", ...)
  md <- match.data(m)
  md$y5 <- as.numeric(md$re78 > 5000)
  out <- list(pairs = nrow(md) / 2)
  for (y in c("re78", "y5")) {
    fit <- lm(reformulate("treat", y), data = md, weights = weights)
    v <- vcovCL(fit, cluster = ~subclass, type = "HC0", cadjust = TRUE)
    out[[y]] <- c(coef(fit)[["treat"]], sqrt(v["treat", "treat"]))
  }
  shown <- summary(m)$sum.matched[, "Std. Mean Diff."]
  names(shown) <- sub("^race", "race=", names(shown))
  out$balance <- as.list(shown[names(shown) != "distance"])
  out$match <- m$match.matrix[, 1]
  out$names <- rownames(m$match.matrix)
  out
}
matched <- paired()

# MatchIt 4.5.1 cuts distances down to whole numbers: one call shows it, and scores in whole billionths are matched right
tiny <- data.frame(a = c(1, 0, 0), x = c(.50, .40, .51))
partner <- function(scale, ...) as.integer(matchit(a ~ x, tiny, distance = scale * tiny$x, ...)$match.matrix[1, 1])
matched$cut <- list(one = partner(1), thousand = partner(1000),
                    caliper = partner(1, caliper = .005, std.caliper = FALSE))
p <- fitted(glm(f, data = d, family = binomial, control = list(epsilon = 1e-14)))
s <- sqrt((var(p[d$treat == 1]) + var(p[d$treat == 0])) / 2)
whole <- function(...) {
  found <- as.integer(matchit(f, d, distance = round(p * 1e9), ...)$match.matrix[, 1])
  ifelse(is.na(found), 0, found)
}
matched$whole <- list(largest = whole(), smallest = whole(m.order = "smallest"), data = whole(m.order = "data"))
matched$within <- lapply(c("0.2" = .2, "0.05" = .05, "0.01" = .01),
                         function(cal) whole(caliper = cal * s * 1e9, std.caliper = FALSE))
matched$orders <- lapply(c(smallest = "smallest", data = "data"),
                         function(o) as.integer(matchit(f, d, m.order = o)$match.matrix[, 1]))

# doubly robust survival by explicit sums over participants and times; hazards of coxph with ties by Breslow
s <- read.csv(files[2]); n <- nrow(s); tau <- 26
e <- fitted(glm(a ~ x + z, data = s, family = binomial))
seen <- ifelse(s$time <= tau, s$event, 0); capped <- pmin(s$time, tau)
cens <- as.numeric(s$event == 0 & s$time < tau)
one_arm <- function(arm) {
  mine <- s$a == arm
  fit <- coxph(Surv(capped, seen) ~ x + z, data = s, subset = mine, ties = "breslow")
  base <- basehaz(fit, centered = FALSE); base <- base[base$time %in% unique(capped[mine & seen == 1]), ]
  ratio <- exp(as.matrix(s[, c("x", "z")]) %*% coef(fit))[, 1]
  jump <- diff(c(0, base$hazard)); at <- base$time
  # who is censored at the time of an event leaves after it
  leave <- coxph(Surv(s$time + 1e-6 * (s$event == 0), cens) ~ x + z, data = s, subset = mine, ties = "breslow")
  out <- basehaz(leave, centered = FALSE)
  away <- exp(as.matrix(s[, c("x", "z")]) %*% coef(leave))[, 1]
  w <- if (arm == 1) 1 / e else 1 / (1 - e)
  curve <- plain <- numeric(length(at))
  for (j in seq_along(at)) {
    r <- numeric(n)
    for (i in which(mine)) {
      for (k in seq_len(j)) if (s$time[i] >= at[k]) {
        p <- 1 - exp(-ratio[i] * jump[k])
        stays <- exp(-away[i] * max(0, out$hazard[out$time < at[k]]))
        lives <- exp(-ratio[i] * base$hazard[k])
        r[i] <- r[i] + ((s$time[i] == at[k] && s$event[i] == 1) - p) / (lives * stays)
      }
      r[i] <- -exp(-ratio[i] * base$hazard[j]) * r[i]
    }
    plain[j] <- mean(exp(-ratio * base$hazard[j]))
    curve[j] <- plain[j] + sum((w * r)[mine]) / sum(w[mine])
  }
  area <- function(c) at[1] + sum(c * diff(c(at, tau)))
  c(area(curve), tail(curve, 1), area(plain), tail(plain, 1))
}
new <- one_arm(1); old <- one_arm(0)
times <- list(doubly_robust = c(new[1], old[1], new[2], old[2]), g_computation = c(new[3], old[3], new[4], old[4]))
cat(toJSON(list(matched = matched, times = times), digits = 14, auto_unbox = TRUE))
