# Makes tests/reference/retrieved_dropouts.csv: the trial of rbmi's vignette on retrieved dropouts, drawn here with the
# same random numbers in the same order (seed 1392), so that its printed estimates can be compared. Run from the root:
#   Rscript tests/reference/retrieved_dropouts.R
set.seed(1392)
time <- c(0, 3, 6, 9, 12)
control <- c(50, 52.5, 55, 57.5, 60)
active <- c(50, 52.5, 55, 56.25, 57.5)
spread <- cbind(1, time / 12) %*% rbind(c(25, 6.25), c(6.25, 25)) %*% rbind(1, time / 12) + diag(2.5^2, 5)
n <- 100

conditional <- function(y, mean, event) {
  before <- seq_len(event - 1)
  after <- event:5
  slopes <- spread[after, before] %*% solve(spread[before, before])
  centre <- as.vector(mean[after] + slopes %*% (y[before] - mean[before]))
  left <- spread[after, after] - slopes %*% spread[before, after]
  if (length(after) == 1) return(rnorm(1, centre, sqrt(left)))
  as.vector(rnorm(length(after)) %*% chol(left)) + centre
}

one_arm <- function(mean, risk, reference = NULL) {
  y <- t(replicate(n, as.vector(rnorm(5) %*% chol(spread)) + mean))
  odds <- log(risk / (1 - risk)) + log(1.1) * (y[, 1:4] - 50)
  stops <- matrix(rbinom(4 * n, 1, as.vector(t(plogis(odds)))), n, byrow = TRUE)
  off <- cbind(0, t(apply(stops, 1, cummax)))
  event <- apply(off, 1, function(x) which(x == 1)[1])
  gone <- matrix(0, n, 5)
  for (i in which(!is.na(event))) gone[i, event[i]] <- rbinom(1, 1, 0.5)
  gone <- t(apply(gone, 1, cummax))
  if (!is.null(reference)) {
    for (i in which(!is.na(event))) {
      k <- event[i]
      own <- mean
      own[k:5] <- mean[k - 1] + reference[k:5] - reference[k - 1]
      y[i, k:5] <- conditional(y[i, ], own, k)
    }
  }
  list(y = y, off = off, gone = gone)
}

rows <- NULL
for (arm in c("Control", "Intervention")) {
  drawn <- if (arm == "Control") one_arm(control, 0.03) else one_arm(active, 0.04, control)
  for (i in 1:n) {
    change <- ifelse(drawn$gone[i, 2:5] == 1, NA, round(drawn$y[i, 2:5] - drawn$y[i, 1], 8))
    rows <- rbind(rows, data.frame(
      participant_id = sprintf("%s%03d", substr(arm, 1, 1), i), arm = arm, visit = 1:4,
      baseline = round(drawn$y[i, 1], 8), off = drawn$off[i, 2:5], months_off = 3 * cumsum(drawn$off[i, 2:5]),
      change = change
    ))
  }
}
write.csv(rows, "tests/reference/retrieved_dropouts.csv", row.names = FALSE, quote = FALSE, na = "")
