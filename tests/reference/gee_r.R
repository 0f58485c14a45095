# Writes gee_r.json: generalised estimating equations by geepack, and by gee, whose moments are those of SAS PROC GEE.
# Rscript tests/reference/gee_r.R (geepack 1.3.9, gee 4.13-25, jsonlite). Rows are geepack::respiratory, MASS::epil and
# reference_trial.csv. Iterations run to 1e-13; "gaps" leaves out the rows that the rule below says.
suppressMessages({library(geepack); library(gee); library(jsonlite); library(MASS)})
tight <- geese.control(epsilon = 1e-13, maxit = 500)
working <- c("independence", "exchangeable", "ar1", "unstructured")

by_geepack <- function(formula, data, id, wave, family, which) {
  data$id_ <- data[[id]]; data$wave_ <- data[[wave]]
  gapped <- which == "unstructured" && length(unique(table(data$id_))) > 1  # geeglm ends R's session there
  waves <- if (gapped) NULL else quote(wave_)
  zcor <- if (gapped) genZcor(as.vector(table(data$id_)), data$wave_, 4) else NULL
  which <- if (gapped) "userdefined" else which
  fit <- eval(bquote(geeglm(.(formula), data = data, id = id_, waves = .(waves), family = .(family), corstr = .(which),
                            zcor = zcor, control = tight)))
  naive <- fit$geese$vbeta.naiv
  list(names = names(coef(fit)), beta = unname(coef(fit)), se = unname(sqrt(diag(fit$geese$vbeta))),
       model_se = unname(sqrt(diag(naive))), alpha = unname(fit$geese$alpha), scale = unname(fit$geese$gamma),
       n = nrow(data))
}
by_gee <- function(formula, data, id, family, which) {  # its ar1 and unstructured are not SAS's
  data$id_ <- data[[id]]
  sink(tempfile()); on.exit(sink())
  fit <- suppressMessages(eval(bquote(gee(.(formula), data = data, id = id_, family = .(family), corstr = .(which),
                                          tol = 1e-10, maxiter = 500))))
  list(names = names(coef(fit)), beta = unname(coef(fit)), se = unname(sqrt(diag(fit$robust.variance))),
       model_se = unname(sqrt(diag(fit$naive.variance))), alpha = fit$working.correlation[1, 2],
       scale = fit$scale, n = nrow(data))
}
resp <- transform(respiratory, id = center * 1000 + id, center = factor(center), treat = factor(treat, c("P", "A")),
                  sex = factor(sex, c("F", "M")), visit = as.numeric(visit))
resp <- resp[order(resp$id, resp$visit), ]
epil$trt <- factor(epil$trt, c("placebo", "progabide"))
trial <- read.csv("src/coxa/selftest/data/reference_trial.csv")
trial$visit <- factor(trial$visit, c("week_6", "week_12", "week_26", "week_52"))
trial$arm <- factor(trial$arm, c("usual_care", "exercise", "manual_therapy"))
trial$wave <- as.numeric(trial$visit)
trial$pid <- as.numeric(factor(trial$participant_id))
trial <- trial[!is.na(trial$change) & !is.na(trial$baseline), ]
trial <- trial[order(trial$pid, trial$wave), ]
gaps <- function(data, id, wave) data[(data[[id]] + 2 * data[[wave]]) %% 5 != 0, ]

f_resp <- outcome ~ treat + baseline + age + sex + center + visit
f_epil <- y ~ trt * period + log(age) + lbase
f_rate <- y ~ trt * period + log(age) + offset(log(base))
f_trial <- change ~ baseline + arm * visit
out <- list(meta = list(R = R.version.string, geepack = as.character(packageVersion("geepack")),
                        gee = as.character(packageVersion("gee"))))
for (w in working) {
  out[[paste0("geepack_resp_", w)]] <- by_geepack(f_resp, resp, "id", "visit", quote(binomial), w)
  out[[paste0("geepack_resp_gaps_", w)]] <- by_geepack(f_resp, gaps(resp, "id", "visit"), "id", "visit", quote(binomial), w)
  out[[paste0("geepack_epil_", w)]] <- by_geepack(f_epil, epil, "subject", "period", quote(poisson), w)
  out[[paste0("geepack_rate_", w)]] <- by_geepack(f_rate, epil, "subject", "period", quote(poisson), w)
  out[[paste0("geepack_trial_", w)]] <- by_geepack(f_trial, trial, "pid", "wave", quote(gaussian), w)
}
out$gee_resp_exchangeable <- by_gee(f_resp, resp, "id", quote(binomial), "exchangeable")
out$gee_epil_exchangeable <- by_gee(f_epil, epil, "subject", quote(poisson), "exchangeable")

# Risks of the arms at each visit over all participants, from geepack's fit and sandwich by numerical derivatives.
resp$v <- factor(resp$visit)
fit <- geeglm(outcome ~ treat * v + baseline + age + center, data = resp, id = id, family = binomial,
              corstr = "exchangeable", control = tight)
people <- resp[!duplicated(resp$id), ]
risks <- function(beta) {
  x <- model.matrix(delete.response(terms(fit)), do.call(rbind, lapply(levels(resp$v), \(at) do.call(rbind, lapply(
    levels(resp$treat), \(a) transform(people, v = factor(at, levels(resp$v)), treat = factor(a, levels(resp$treat))))))))
  colMeans(matrix(plogis(x %*% beta), nrow(people)))
}
shown <- function(beta) {
  r <- matrix(risks(beta), 2)
  c(r, r[2, ] - r[1, ], log(r[2, ] / r[1, ]), qlogis(r[2, ]) - qlogis(r[1, ]))
}
b <- coef(fit)
slopes <- sapply(seq_along(b), \(k) { h <- 1e-4; e <- replace(0 * b, k, h)
  (8 * (shown(b + e) - shown(b - e)) - (shown(b + 2 * e) - shown(b - 2 * e))) / (12 * h) })
out$standardised <- list(estimate = shown(b), se = sqrt(diag(slopes %*% fit$geese$vbeta %*% t(slopes))))
write_json(out, "tests/reference/gee_r.json", auto_unbox = TRUE, digits = 15, pretty = TRUE)
