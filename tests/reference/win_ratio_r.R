# Writes win_ratio_r.json: each pair compared in base R, one after the other; the U-statistic variance from outer products.
# Rscript tests/reference/win_ratio_r.R (jsonlite). Rows are those of the survival package.
suppressMessages({library(survival); library(jsonlite)})
later <- function(a, b) outer(seq_len(nrow(a)), seq_len(nrow(b)), Vectorize(function(i, j) {
  if (b$event[j] == 1 && (a$time[i] > b$time[j] || (a$time[i] == b$time[j] && a$event[i] == 0))) return(1)
  if (a$event[i] == 1 && (b$time[j] > a$time[i] || (a$time[i] == b$time[j] && b$event[j] == 0))) return(-1)
  0
}))
lower <- function(a, b, margin) outer(a, b, Vectorize(function(x, y) (y - x >= margin) - (x - y >= margin)))
statistics <- function(levels) {
  outcome <- levels[[1]]
  for (each in levels[-1]) outcome <- ifelse(outcome == 0, each, outcome)
  win <- outcome == 1; loss <- outcome == -1; n <- nrow(win); m <- ncol(win)
  v <- cov(cbind(rowMeans(win), rowMeans(loss))) / n + cov(cbind(colMeans(win), colMeans(loss))) / m
  w <- mean(win); l <- mean(loss); d <- c(1 / w, -1 / l); net <- w - l
  list(wins = sum(win), losses = sum(loss), ties = sum(outcome == 0), win_ratio = w / l,
       win_ratio_se = sqrt(drop(d %*% v %*% d)), net_benefit = net, net_benefit_se = sqrt(drop(c(1, -1) %*% v %*% c(1, -1))),
       win_odds = (w + (1 - w - l) / 2) / (l + (1 - w - l) / 2))
}
rows <- function(arm, etype) {
  d <- colon[colon$rx == arm & colon$etype == etype & !is.na(colon$nodes), ]
  data.frame(time = d$time, event = d$status, nodes = d$nodes)
}
death <- later(rows("Lev+5FU", 2), rows("Obs", 2)); recurrence <- later(rows("Lev+5FU", 1), rows("Obs", 1))
nodes <- lower(rows("Lev+5FU", 2)$nodes, rows("Obs", 2)$nodes, 3)
out <- list(meta = R.version.string, death = statistics(list(death)), nodes = statistics(list(nodes)),
            death_recurrence = statistics(list(death, recurrence)),
            death_recurrence_nodes = statistics(list(death, recurrence, nodes)))
write_json(out, "tests/reference/win_ratio_r.json", digits = NA, auto_unbox = TRUE)
