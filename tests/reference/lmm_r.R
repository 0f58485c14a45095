# Linear mixed models by R: writes lmm_r.json beside this script.
#
#   python -m tests.reference.make_lmm_data FOLDER      from the root of the repository: one CSV per frame, levels.json
#   Rscript tests/reference/lmm_r.R FOLDER              needs lme4, lmerTest, pbkrtest, emmeans, nlme, numDeriv, minqa
#
# The rows and formulas are those of lmm_cases.py. What is written down, and with which errors, is said in `notes`
# at the end.

suppressPackageStartupMessages({
  library(nlme)
  library(lme4)
  library(lmerTest)
  library(pbkrtest)
  library(emmeans)
  library(numDeriv)
  library(jsonlite)
})
options(contrasts = c("contr.treatment", "contr.poly"), warn = 1)
emm_options(msg.interaction = FALSE)

script <- sub("^--file=", "", grep("^--file=", commandArgs(FALSE), value = TRUE))
folder <- commandArgs(TRUE)[1]
levels_of <- fromJSON(file.path(folder, "levels.json"))
frames <- list()
for (name in names(levels_of)) {
  rows <- read.csv(file.path(folder, paste0(name, ".csv")))
  for (column in names(levels_of[[name]])) {
    rows[[column]] <- factor(as.character(rows[[column]]), levels_of[[name]][[column]])
  }
  frames[[name]] <- rows
}

`%||%` <- function(a, b) if (is.null(a)) b else a
plain <- function(x) I(unname(x)) # an array in JSON, however short
square <- function(x) unname(as.matrix(x))

# ---- the optimum of lmer -------------------------------------------------------------------------------------------

# bobyqa until it finds nothing more, then Newton steps with Richardson derivatives on the parameters that are off
# their bound. Given to lmer as its optimiser, so that whatever fits the model again (lmerTest, pbkrtest) polishes too.
trace_of <- list()
polished <- function(fn, par, lower, upper, control, ...) {
  value <- Inf
  for (k in 1:5) {
    search <- list(rhobeg = if (k == 1) 0.2 else 1e-3, rhoend = 1e-12, maxfun = 1e5)
    found <- suppressWarnings(minqa::bobyqa(par, fn, lower, control = search))
    par <- found$par
    if (value - found$fval < 1e-12) break
    value <- found$fval
  }
  coarse <- fn(par)
  near <- is.finite(lower) & par < lower + 1e-4
  at_bound <- replace(par, near, lower[near])
  if (any(near) && fn(at_bound) <= coarse + 1e-8) par <- at_bound else near[] <- FALSE
  free <- which(!near)
  slope <- curvature <- step <- numeric(0)
  if (length(free)) {
    inner <- function(x) fn(replace(par, free, x))
    for (k in 1:20) {
      slope <- grad(inner, par[free], method.args = list(d = 0.02))
      curvature <- hessian(inner, par[free], method.args = list(d = 0.02))
      step <- -solve(curvature, slope)
      if (max(abs(step)) < 1e-10) break
      if (any(par[free] + step <= lower[free])) break
      par[free] <- par[free] + step
      if (max(abs(step)) < 1e-9) break
    }
  }
  value <- fn(par)
  trace_of <<- list(
    deviance_change = value - coarse, last_step = if (length(step)) max(abs(step)) else NULL,
    gradient = if (length(slope)) max(abs(slope)) else NULL,
    smallest_curvature = if (length(free)) min(eigen(curvature, TRUE, TRUE)$values) else NULL,
    at_bound = sum(near)
  )
  list(par = par, fval = value, conv = 0, convergence = 0, message = NULL, feval = NA)
}
tight <- lmerControl(optimizer = polished, calc.derivs = FALSE)

# ---- the same on whole matrices ------------------------------------------------------------------------------------

# V is linear in the variances and covariances phi: V = sum phi_k G_k. From it the log-likelihood, its score and
# observed information, Satterthwaite's df with analytic derivatives, Kenward and Roger's covariance with the
# expected information, and the covariance of the prediction errors of the random effects.
dense <- function(fit) {
  x <- getME(fit, "X")
  y <- getME(fit, "y")
  reml <- getME(fit, "is_REML") == 1
  z <- lapply(getME(fit, "Ztlist"), function(zt) t(as.matrix(zt)))
  parts <- list()
  phi <- numeric(0)
  at <- 0
  for (term in VarCorr(fit)) {
    p <- ncol(term)
    for (k in 1:p) {
      for (l in k:p) {
        product <- tcrossprod(z[[at + k]], z[[at + l]])
        parts <- c(parts, list(if (k == l) product else product + t(product)))
        phi <- c(phi, term[k, l])
      }
    }
    at <- at + p
  }
  parts <- c(parts, list(diag(1 / weights(fit))))
  phi <- c(phi, sigma(fit)^2)
  v <- Reduce(`+`, Map(`*`, parts, phi))
  root <- chol(v)
  inverse <- chol2inv(root)
  vx <- inverse %*% x
  information <- crossprod(x, vx)
  cov <- chol2inv(chol(information))
  beta <- drop(cov %*% crossprod(vx, y))
  project <- inverse - vx %*% cov %*% t(vx)
  py <- project %*% y
  n <- length(y)
  p <- ncol(x)
  minus2 <- 2 * sum(log(diag(root))) + sum(y * py) + n * log(2 * pi)
  if (reml) minus2 <- minus2 + determinant(information)$modulus - p * log(2 * pi)
  middle <- if (reml) project else inverse
  k <- length(parts)
  mg <- lapply(parts, function(g) middle %*% g)
  gpy <- lapply(parts, function(g) g %*% py)
  score <- sapply(1:k, function(i) sum(diag(mg[[i]])) - sum(py * gpy[[i]]))
  expected <- observed <- matrix(0, k, k)
  for (i in 1:k) {
    for (j in 1:k) {
      expected[i, j] <- sum(mg[[i]] * t(mg[[j]])) / 2
      observed[i, j] <- sum(gpy[[i]] * (project %*% gpy[[j]])) - expected[i, j]
    }
  }
  gvx <- lapply(parts, function(g) g %*% vx)
  slopes <- lapply(gvx, function(g) cov %*% crossprod(vx, g) %*% cov)
  df <- function(l) {
    g <- sapply(slopes, function(s) sum(l * (s %*% l)))
    2 * sum(l * (cov %*% l))^2 / sum(g * solve(observed, g))
  }
  adjusted <- NULL
  if (reml) {
    w <- solve(expected)
    inner <- matrix(0, p, p)
    for (i in 1:k) {
      for (j in 1:k) {
        inner <- inner + w[i, j] * (crossprod(gvx[[i]], inverse %*% gvx[[j]]) -
          crossprod(vx, gvx[[i]]) %*% cov %*% crossprod(gvx[[j]], vx))
      }
    }
    adjusted <- cov + 2 * cov %*% inner %*% cov
  }
  zz <- t(as.matrix(getME(fit, "Zt")))
  d <- as.matrix(tcrossprod(getME(fit, "Lambda"))) * sigma(fit)^2
  dz <- tcrossprod(d, zz)
  variance <- function(m) pmax(diag(d) - rowSums((dz %*% m) * dz), 0)
  list(
    loglik = -c(minus2) / 2, beta = beta, cov = cov, adjusted = adjusted, score = score, phi = phi,
    # one Newton step of phi in units of phi, for fits inside their bounds
    step = solve(observed, -score / 2), df = df,
    given_beta = sqrt(variance(inverse)), prediction_error = sqrt(variance(project))
  )
}

# ---- one lmer fit --------------------------------------------------------------------------------------------------

few <- 1:10
summarised <- function(values) {
  list(first = plain(values[few[few <= length(values)]]), sum = sum(values), sum_of_squares = sum(values^2))
}

# By term of the formula and its columns, so that terms on the same factor stay apart.
predicted <- function(fit, whole) {
  b <- as.matrix(getME(fit, "b"))
  gp <- getME(fit, "Gp")
  columns <- getME(fit, "cnms")
  factors <- getME(fit, "flist")
  assigned <- attr(factors, "assign")
  listed <- as.data.frame(ranef(fit, condVar = TRUE))
  found <- list()
  away <- 0
  for (i in seq_along(columns)) {
    where <- (gp[i] + 1):gp[i + 1]
    p <- length(columns[[i]])
    names_of <- levels(factors[[assigned[i]]])
    for (k in 1:p) {
      here <- where[seq(k, length(where), p)]
      name <- names(factors)[assigned[i]]
      rows <- listed[listed$grpvar == name & listed$term == columns[[i]][k], ]
      rows <- rows[match(names_of, rows$grp), ]
      stopifnot(max(abs(rows$condval - b[here])) < 1e-10)
      away <- max(away, abs(rows$condsd - whole$given_beta[here]))
      found <- c(found, list(list(
        group = name, term = columns[[i]][k], n_levels = length(names_of),
        levels = plain(names_of[few[few <= length(names_of)]]), value = summarised(rows$condval),
        sd = summarised(rows$condsd), sd_prediction_error = summarised(whole$prediction_error[here])
      )))
    }
  }
  list(found = found, away = away)
}

# pbkrtest takes every residual variance for equal. Multiplied by the roots of the weights, rows have equal ones.
unweighted <- function(fit) {
  root <- sqrt(weights(fit))
  rows <- model.frame(fit)
  rows$root <- root
  rows$scaled_y <- getME(fit, "y") * root
  rows$scaled_x <- getME(fit, "X") * root
  terms <- paste0("(0 + root | ", names(getME(fit, "cnms")), ")", collapse = " + ")
  stopifnot(all(unlist(getME(fit, "cnms")) == "(Intercept)"))
  unweighted_rows <<- rows
  lmerTest::lmer(as.formula(paste("scaled_y ~ 0 + scaled_x +", terms)), unweighted_rows, control = tight)
}

fit_lmer <- function(formula, frame, reml = TRUE, weighted = FALSE) {
  heard <- character(0)
  rows <- frames[[frame]]
  call <- bquote(lmerTest::lmer(.(formula), frames[[.(frame)]], REML = .(reml), control = tight))
  if (weighted) call$weights <- quote(weight)
  fit <- withCallingHandlers(eval(call), message = function(m) {
    heard <<- c(heard, trimws(conditionMessage(m)))
    invokeRestart("muffleMessage")
  }, warning = function(w) {
    heard <<- c(heard, trimws(conditionMessage(w)))
    invokeRestart("muffleWarning")
  })
  polish <- trace_of
  whole <- dense(fit)
  p <- length(fixef(fit))
  each <- diag(p)
  table <- coef(summary(fit, ddf = "Satterthwaite"))
  singular <- isSingular(fit)
  record <- list(
    formula = paste(deparse(formula, 500), collapse = ""), method = if (reml) "REML" else "ML", n = nobs(fit),
    weights = if (weighted) "weight" else NULL,
    groups = lapply(getME(fit, "flist"), nlevels), coef = plain(names(fixef(fit))), estimate = plain(fixef(fit)),
    se = plain(table[, "Std. Error"]), t = plain(table[, "t value"]), df_satterthwaite = plain(table[, "df"]),
    vcov = square(vcov(fit))
  )
  if (!singular) record$df_satterthwaite_analytic <- plain(apply(each, 1, whole$df))
  if (reml) {
    twin <- if (weighted) unweighted(fit) else fit
    adjusted <- vcovAdj(twin)
    record$se_kr <- plain(sqrt(diag(as.matrix(adjusted))))
    record$df_kr <- plain(apply(each, 1, function(l) Lb_ddf(l, vcov(twin), adjusted)))
    record$vcov_kr <- square(adjusted)
  }
  components <- as.data.frame(VarCorr(fit))
  names(components) <- c("group", "var1", "var2", "vcov", "sdcor")
  # VarCorr names a second term on the same factor factor.1
  names_of <- names(getME(fit, "flist"))[attr(getME(fit, "flist"), "assign")]
  components$group <- c(setNames(names_of, names(VarCorr(fit))), Residual = "Residual")[components$group]
  random <- predicted(fit, whole)
  record <- c(record, list(
    varcomp = lapply(components, plain), theta = plain(getME(fit, "theta")), sigma = sigma(fit),
    loglik = as.numeric(logLik(fit)), singular = singular, heard = plain(heard), blups = random$found,
    polish = polish
  ))
  record$dense <- list(
    loglik_difference = whole$loglik - record$loglik,
    estimate_difference = max(abs(whole$beta - fixef(fit)) / record$se),
    vcov_difference = max(abs(whole$cov - record$vcov) / outer(record$se, record$se)),
    vcov_kr_difference = if (reml) max(abs(whole$adjusted - record$vcov_kr) / outer(record$se, record$se)),
    blup_sd_difference = random$away,
    newton_step = if (!singular) max(abs(whole$step / whole$phi)),
    df_satterthwaite_difference = if (!singular) {
      max(abs(record$df_satterthwaite / record$df_satterthwaite_analytic - 1))
    }
  )
  list(fit = fit, record = record)
}

# ---- what is asked of a fit ----------------------------------------------------------------------------------------

of_means <- function(fit, specs, at, ddf) {
  means <- emmeans(fit, specs, at = at, lmer.df = ddf)
  shown <- as.data.frame(summary(means, infer = c(TRUE, FALSE)))
  pairs <- as.data.frame(summary(contrast(means, "revpairwise", adjust = "none"), infer = c(TRUE, TRUE)))
  tidy <- function(rows) {
    lapply(as.list(rows), function(column) plain(if (is.factor(column)) as.character(column) else column))
  }
  list(means = tidy(shown), contrasts = tidy(pairs))
}

of_terms <- function(fit, wanted) {
  l <- diag(length(fixef(fit)))[match(wanted, names(fixef(fit))), , drop = FALSE]
  satt <- contestMD(fit, l)
  kr <- getKR(KRmodcomp(fit, l))
  list(
    coef = plain(wanted),
    satterthwaite = list(
      f = satt[["F value"]], df_numerator = satt$NumDF, df_denominator = satt$DenDF, p = satt[["Pr(>F)"]]
    ),
    kenward_roger = list(
      f = kr$Fstat, df_numerator = kr$ndf, df_denominator = kr$ddf, scaling = kr$F.scaling, p = kr$p.value,
      f_unscaled = kr$FstatU
    )
  )
}

of_rows <- function(fit, rows) {
  data <- model.frame(fit)[rows, ]
  list(
    row = plain(rows), with_random = plain(predict(fit, newdata = data, re.form = NULL)),
    without_random = plain(predict(fit, newdata = data, re.form = NA))
  )
}

# Limits where the profile deviance is qchisq(level, 1) above its minimum. lme4 interpolates them between points of
# the profile; here they are also solved for, the other parameters optimised at every trial value.
profiled <- function(fit, level = 0.95) {
  stopifnot(!isREML(fit))
  limits <- suppressWarnings(confint(fit, method = "profile", level = level, oldNames = FALSE, quiet = TRUE))
  deviance_at <- lme4:::devfun2(fit, useSc = TRUE, signames = FALSE)
  best <- attr(deviance_at, "optimum")
  k <- sum(!is.na(as.data.frame(VarCorr(fit))$sdcor))
  best <- best[1:k]
  lowest <- deviance_at(best)
  correlation <- grepl("^cor_", names(best))
  below <- ifelse(correlation, -1 + 1e-9, 0)
  below[k] <- best[k] / 100 # sigma
  above <- ifelse(correlation, 1 - 1e-9, Inf)
  solved <- t(sapply(1:k, function(i) {
    least <- function(value) {
      others <- best[-i]
      for (again in 1:3) {
        found <- nlminb(others, function(o) {
          d <- deviance_at(append(o, value, i - 1))
          if (is.finite(d)) d else 1e10
        },
          lower = below[-i], upper = above[-i],
          control = list(rel.tol = 1e-14, x.tol = 1e-12, eval.max = 2000, iter.max = 1000)
        )
        others <- found$par
      }
      found$objective - lowest - qchisq(level, 1)
    }
    half <- if (correlation[i]) 0.01 else best[i] / 100
    outward <- function(sign, end) {
      step <- half
      repeat {
        far <- best[i] + sign * step
        if (sign * (far - end) >= 0) {
          if (least(end) < 0) return(end)
          far <- end
        }
        if (least(far) > 0) break
        step <- step * 1.7
      }
      uniroot(least, sort(c(best[i], far)), tol = 1e-11)$root
    }
    c(outward(-1, below[i]), outward(1, above[i]))
  }))
  found <- limits[1:k, ]
  list(
    level = level, parameter = plain(rownames(limits)), lower_lme4 = plain(limits[, 1]),
    upper_lme4 = plain(limits[, 2]), solved_parameter = plain(names(best)), estimate = plain(best),
    lower = plain(solved[, 1]), upper = plain(solved[, 2])
  )
}

# ---- one lme fit with correlated residuals -------------------------------------------------------------------------

# The log-likelihood by group, with the logarithms of sigma and of the relative covariance's Cholesky diagonal and a
# transformed correlation as parameters; lme's optimum is the start of Newton steps on it.
fit_lme <- function(fixed, random, frame, kind, time, within) {
  rows <- frames[[frame]]
  position <- as.formula(paste("~", time, "|", within))
  serial <- if (kind == "car1") corCAR1(form = position) else corAR1(form = position)
  control <- lmeControl(
    opt = "nlminb", maxIter = 500, msMaxIter = 2000, msMaxEval = 5000, niterEM = 50, tolerance = 1e-12, msTol = 1e-14
  )
  first <- do.call(lme, list(
    fixed = fixed, random = as.formula(paste("~", random, "|", within)), data = rows, correlation = serial,
    control = control, method = "REML"
  ))
  groups <- split(seq_len(nrow(rows)), rows[[within]])
  x <- model.matrix(fixed, rows)
  z <- model.matrix(as.formula(paste("~", random)), rows)
  y <- rows[[all.vars(fixed)[1]]]
  q <- ncol(z)
  n <- length(y)
  p <- ncol(x)
  lower <- lower.tri(diag(q), TRUE)
  to_phi <- function(v) if (kind == "car1") exp(-exp(v)) else tanh(v)
  from_phi <- function(phi) if (kind == "car1") log(-log(phi)) else atanh(phi)
  read <- function(par) {
    l <- matrix(0, q, q)
    l[lower] <- par[1:(length(par) - 2)]
    diag(l) <- exp(diag(l))
    s <- exp(par[length(par)])
    list(d = s^2 * tcrossprod(l), phi = to_phi(par[length(par) - 1]), sigma = s)
  }
  sums <- function(par) {
    at <- read(par)
    total <- list(xx = matrix(0, p, p), xy = numeric(p), yy = 0, logdet = 0)
    for (g in groups) {
      apart <- abs(outer(rows[[time]][g], rows[[time]][g], "-"))
      v <- z[g, , drop = FALSE] %*% at$d %*% t(z[g, , drop = FALSE]) + at$sigma^2 * at$phi^apart
      root <- chol(v)
      xr <- backsolve(root, x[g, , drop = FALSE], transpose = TRUE)
      yr <- backsolve(root, y[g], transpose = TRUE)
      total$xx <- total$xx + crossprod(xr)
      total$xy <- total$xy + drop(crossprod(xr, yr))
      total$yy <- total$yy + sum(yr^2)
      total$logdet <- total$logdet + 2 * sum(log(diag(root)))
    }
    total
  }
  minus2 <- function(par) {
    s <- sums(par)
    beta <- solve(s$xx, s$xy)
    c(s$logdet + determinant(s$xx)$modulus + s$yy - sum(beta * s$xy) + (n - p) * log(2 * pi))
  }
  relative <- unname(matrix(pdMatrix(first$modelStruct$reStruct[[1]]), q, q))
  sd_lme <- sqrt(diag(relative)) * first$sigma
  relative <- t(chol(relative))
  diag(relative) <- log(diag(relative))
  phi_lme <- unname(coef(first$modelStruct$corStruct, unconstrained = FALSE))
  start <- par <- c(relative[lower], from_phi(phi_lme), log(first$sigma))
  for (k in 1:20) {
    slope <- grad(minus2, par, method.args = list(d = 0.01))
    curvature <- hessian(minus2, par, method.args = list(d = 0.01))
    step <- -solve(curvature, slope)
    par <- par + step
    if (max(abs(step)) < 1e-9) break
  }
  at <- read(par)
  s <- sums(par)
  cov <- solve(s$xx)
  beta <- drop(cov %*% s$xy)
  jac <- jacobian(function(v) c(solve(sums(v)$xx)), par)
  w <- 2 * solve(curvature)
  df <- sapply(1:p, function(i) {
    g <- jac[(i - 1) * p + i, ]
    2 * cov[i, i]^2 / sum(g * (w %*% g))
  })
  random_of <- lapply(groups, function(g) {
    apart <- abs(outer(rows[[time]][g], rows[[time]][g], "-"))
    zg <- z[g, , drop = FALSE]
    v <- zg %*% at$d %*% t(zg) + at$sigma^2 * at$phi^apart
    dz <- at$d %*% t(zg)
    gain <- dz %*% solve(v)
    missed <- gain %*% x[g, , drop = FALSE]
    list(
      value = drop(gain %*% (y[g] - x[g, , drop = FALSE] %*% beta)), sd = sqrt(diag(at$d - gain %*% t(dz))),
      error = sqrt(diag(at$d - gain %*% t(dz) + missed %*% cov %*% t(missed)))
    )
  })
  pick <- function(what, k) sapply(random_of, function(r) r[[what]][k])
  se <- sqrt(diag(cov))
  listed <- ranef(first)[names(groups), , drop = FALSE]
  sd <- sqrt(diag(at$d))
  list(
    formula = paste0(deparse(fixed, 500), " + (", random, " | ", within, ")"), method = "REML", n = n,
    correlation = paste0(if (kind == "car1") "corCAR1" else "corAR1", "(", deparse(position), ")"),
    groups = setNames(list(length(groups)), within), coef = plain(colnames(x)), estimate = plain(beta),
    se = plain(se), t = plain(beta / se), df_satterthwaite_numeric = plain(df), df_nlme = plain(first$fixDF$X),
    vcov = square(cov),
    varcomp = list(
      terms = plain(colnames(z)), vcov = square(at$d), sd = plain(sd),
      correlation = if (q > 1) at$d[2, 1] / prod(sd[1:2]) else NULL
    ),
    sigma = at$sigma, phi = at$phi, loglik = -minus2(par) / 2,
    blups = lapply(1:q, function(k) {
      list(
        group = within, term = colnames(z)[k], n_levels = length(groups),
        levels = plain(names(groups)[few[few <= length(groups)]]), value = summarised(unname(pick("value", k))),
        sd = summarised(unname(pick("sd", k))), sd_prediction_error = summarised(unname(pick("error", k)))
      )
    }),
    lme = list(
      estimate = plain(fixef(first)), se = plain(sqrt(diag(first$varFix))), sigma = first$sigma, phi = phi_lme,
      sd = plain(sd_lme), loglik = as.numeric(logLik(first)),
      blup_difference = max(abs(sapply(1:q, function(k) max(abs(listed[[k]] - pick("value", k)) / sd[k]))))
    ),
    polish = list(
      deviance_change = minus2(par) - minus2(start), distance = max(abs(par - start)), last_step = max(abs(step)),
      gradient = max(abs(slope)), smallest_curvature = min(eigen(curvature, TRUE, TRUE)$values)
    )
  )
}

# ---- the models ----------------------------------------------------------------------------------------------------

fits <- list()
out <- list()
add <- function(name, ...) {
  began <- proc.time()[["elapsed"]]
  done <- fit_lmer(...)
  fits[[name]] <<- done$fit
  out[[name]] <<- done$record
  d <- done$record$dense
  message(sprintf(
    "%-26s %5.1f s  gradient %.0e step %.0e  whole matrices: loglik %.0e newton %.0e kr %.0e df %.0e sd %.0e %s", name,
    proc.time()[["elapsed"]] - began, done$record$polish$gradient %||% NA, done$record$polish$last_step %||% NA,
    d$loglik_difference, d$newton_step %||% NA, d$vcov_kr_difference %||% NA, d$df_satterthwaite_difference %||% NA,
    d$blup_sd_difference, paste(done$record$heard, collapse = "; ")
  ))
}
add_lme <- function(name, ...) {
  done <- fit_lme(...)
  out[[name]] <<- done
  message(sprintf(
    "%-26s gradient %.0e step %.0e from lme %.0e deviance %.0e; loglik less lme's %.10f, blups %.0e", name,
    done$polish$gradient, done$polish$last_step, done$polish$distance, done$polish$deviance_change,
    done$loglik - done$lme$loglik, done$lme$blup_difference
  ))
}

add("sleepstudy_slope", Reaction ~ Days + (Days | Subject), "sleepstudy")
add("sleepstudy_uncorrelated", Reaction ~ Days + (Days || Subject), "sleepstudy")
add("sleepstudy_slope_ml", Reaction ~ Days + (Days | Subject), "sleepstudy", reml = FALSE)
add("sleepstudy_intercept", Reaction ~ Days + (1 | Subject), "sleepstudy")
add("orthodont_intercept", distance ~ age * Sex + (1 | Subject), "orthodont")
add("orthodont_slope", distance ~ age_c * Sex + (age_c | Subject), "orthodont")
add("penicillin", diameter ~ 1 + (1 | plate) + (1 | sample), "penicillin")
add("penicillin_ml", diameter ~ 1 + (1 | plate) + (1 | sample), "penicillin", reml = FALSE)
add("pastes_nested", strength ~ 1 + (1 | batch / cask), "pastes")
add("pastes_crossed", strength ~ 1 + (1 | sample) + (1 | batch), "pastes")
add("pastes_crossed_ml", strength ~ 1 + (1 | sample) + (1 | batch), "pastes", reml = FALSE)
crossed <- change ~ baseline * visit + arm * visit + site + sex + (1 | participant_id) + (1 | therapist)
add("trial_therapist", crossed, "trial_rows")
add("trial_therapist_weighted", crossed, "trial_rows", weighted = TRUE)
add(
  "trial_slope",
  change ~ baseline + arm * week + site + sex + (week | participant_id) + (1 | therapist), "trial_rows"
)
add(
  "trial_treated",
  change ~ baseline * visit + arm * visit + site + sex + (0 + treated | therapist) + (1 | participant_id), "trial_rows"
)
add("trial_by_arm", change ~ baseline * visit + arm * visit + site + sex + (0 + d_ex | therapist) +
  (0 + d_mt | therapist) + (1 | participant_id), "trial_rows")
add(
  "trial_treated_shifted",
  shifted ~ baseline * visit + arm * visit + site + sex + (0 + treated | therapist) + (1 | participant_id), "trial_rows"
)
add("trial_by_arm_shifted", shifted ~ baseline * visit + arm * visit + site + sex + (0 + d_ex | therapist) +
  (0 + d_mt | therapist) + (1 | participant_id), "trial_rows")
add("singular_only", Yield ~ 1 + (1 | Batch), "dyestuff2")
add("singular_zero", y_zero ~ time * arm + (1 | participant) + (1 | therapist), "singular")
add("singular_correlation", y_edge ~ time * arm + (time | participant), "singular")

for (ddf in c("satterthwaite", "kenward-roger")) {
  key <- paste0("emmeans_", sub("-", "_", ddf))
  out$orthodont_slope[[key]] <- of_means(fits$orthodont_slope, ~ Sex | age_c, list(age_c = c(-3, 3)), ddf)
  out$trial_slope[[key]] <- of_means(fits$trial_slope, ~ arm | week, list(week = c(6, 52)), ddf)
  out$trial_therapist[[key]] <- of_means(fits$trial_therapist, ~ arm | visit, list(), ddf)
}
out$orthodont_slope$joint <- of_terms(fits$orthodont_slope, c("SexFemale", "age_c:SexFemale"))
out$trial_slope$joint <- of_terms(fits$trial_slope, c("armexercise:week", "armmanual_therapy:week"))
interaction <- grep("^visit.*:arm", names(fixef(fits$trial_therapist)), value = TRUE)
out$trial_therapist$joint <- of_terms(fits$trial_therapist, interaction)
out$sleepstudy_slope$predictions <- of_rows(fits$sleepstudy_slope, c(1, 10, 11, 95, 180))
out$trial_slope$predictions <- of_rows(fits$trial_slope, c(1, 2, 50, 300, 605))
out$trial_treated_shifted$predictions <- of_rows(fits$trial_treated_shifted, c(1, 2, 50, 300, 605))
for (name in c("sleepstudy_slope_ml", "penicillin_ml", "pastes_crossed_ml")) {
  out[[name]]$profile <- profiled(fits[[name]])
  with(out[[name]]$profile, {
    k <- seq_along(estimate)
    away <- c(lower_lme4[k] - lower, upper_lme4[k] - upper)
    message(name, ": interpolated less solved limits ", paste(format(away, digits = 2), collapse = " "))
  })
}

add_lme("diary_car1", y ~ day, "1", "diary", "car1", "day", "participant")
add_lme("ovary_car1", follicles ~ sine + cosine, "1", "ovary", "car1", "Time", "Mare")
add_lme("ovary_ar1", follicles ~ sine + cosine, "1", "ovary", "ar1", "position", "Mare")
add_lme("orthodont_ar1_slope", distance ~ age_c * Sex, "age_c", "orthodont", "ar1", "occasion", "Subject")

packages <- c("lme4", "lmerTest", "pbkrtest", "emmeans", "nlme", "numDeriv", "minqa", "Matrix")
notes <- list(
  data = "frames and formulas of lmm_cases.py; treatment contrasts, first level the reference",
  optimum = paste(
    "lmer: bobyqa with rhoend 1e-12, then Newton steps in theta with Richardson derivatives of the deviance. polish:",
    "gradient = largest derivative of the deviance (REML criterion) in a theta off its bound before the last step,",
    "last_step = largest last Newton step of theta, deviance_change = by the Newton steps, at_bound = number of thetas",
    "at 0"
  ),
  dense = paste(
    "the same computed on whole matrices in this script. newton_step = the step that Newton's method with analytic",
    "score and observed information would still take, of each variance and covariance in units of itself; the",
    "differences are the largest, in standard errors, of df relative"
  ),
  df_satterthwaite = paste(
    "lmerTest, whose derivatives are numeric; df_satterthwaite_analytic = on whole matrices with analytic derivatives,",
    "absent from singular fits, where lmerTest's parametrisation leaves what is at its bound out of the df"
  ),
  kenward_roger = paste(
    "pbkrtest, with the expected information of all variances and covariances, those at a bound too; not for ML.",
    "pbkrtest 0.5.2 and so emmeans pay no heed to prior weights: for the weighted fit it was given the rows multiplied",
    "by the roots of their weights. df_kr by coefficient; joint: f is scaled by scaling"
  ),
  varcomp = "vcov = variance or covariance, sdcor = standard deviation or correlation",
  loglik = "all constants; REML as lme4 and nlme define it, which agree: no term for the determinant of X'X",
  blups = paste(
    "value, sd, sd_prediction_error: the first ten levels in alphabetical order, sum and sum of squares of all. sd =",
    "given the fixed effects, as ranef(condVar = TRUE) has it; sd_prediction_error = of the difference from the true",
    "value, with the error of the fixed effects, on whole matrices"
  ),
  profile = paste(
    "ML fits. lower_lme4 and upper_lme4 = confint(method = 'profile'), interpolated; lower and upper = solved for, the",
    "other parameters optimised at each value. A lower limit of 0: the deviance stays below its limit"
  ),
  predictions = "row counts from 1 in the rows of the frame",
  means = "emmeans_*: equal weights over factors not named, numeric covariates at their mean; contrasts unadjusted",
  lme = paste(
    "nlme's own numbers under lme; the numbers beside them after Newton steps from there on the same likelihood",
    "written out by group. sigma = residual standard deviation, phi = correlation one unit of time apart.",
    "df_satterthwaite_numeric = with numeric derivatives; df_nlme = by containment"
  )
)
packages <- c("lme4", "lmerTest", "pbkrtest", "emmeans", "nlme", "numDeriv", "minqa", "Matrix")
versions <- lapply(setNames(packages, packages), function(p) as.character(packageVersion(p)))
meta <- c(list(R = R.version.string), versions, notes)
writeLines(c("{", paste0(
  "\"", c("meta", names(out)), "\": ",
  sapply(c(list(meta), out), toJSON, auto_unbox = TRUE, digits = NA, matrix = "rowmajor", null = "null", na = "null"),
  c(rep(",", length(out)), "")
), "}"), file.path(dirname(script), "lmm_r.json"))
