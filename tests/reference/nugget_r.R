# Residuals with an exponential correlation, with and without a nugget, by nlme: writes nugget_r.json beside this script.
#
#   Rscript tests/reference/nugget_r.R        from the root of the repository; needs nlme
#
# corExp(nugget = TRUE): the correlation at a distance d > 0 is (1 - nugget) exp(-d / range).

suppressPackageStartupMessages(library(nlme))
options(contrasts = c("contr.treatment", "contr.poly"), warn = 1, digits = 17)
folder <- "tests/reference"
diary <- read.csv(file.path(folder, "nugget_diary.csv"))
diary$arm <- factor(diary$arm, c("usual_care", "exercise"))
twelve <- diary[ave(diary$day, diary$participant_id, FUN = seq_along) <= 12, ] # for the model without random effects
tight <- lmeControl(
  maxIter = 500, msMaxIter = 500, tolerance = 1e-12, msTol = 1e-14, niterEM = 0, opt = "nlminb",
  msMaxEval = 5000
)

entry <- function(nugget, random, method) {
  start <- if (nugget) c(2, 0.3) else 1
  correlation <- corExp(start, form = ~ day | participant_id, nugget = nugget)
  if (random) {
    fit <- lme(pain ~ arm * day, diary, random = ~ 1 | participant_id, correlation = correlation, method = method,
               control = tight)
  } else {
    fit <- gls(pain ~ arm * day, twelve, correlation = correlation, method = method,
               control = glsControl(maxIter = 500, msMaxIter = 500, tolerance = 1e-12, msTol = 1e-14))
  }
  shape <- coef(fit$modelStruct$corStruct, unconstrained = FALSE)
  beta <- if (random) fixef(fit) else coef(fit)
  covariance <- if (random) fit$varFix else vcov(fit)
  list(
    nugget = nugget, random = random, method = method, loglik = as.numeric(logLik(fit)), sigma = fit$sigma,
    range = shape[[1]], share = if (nugget) shape[[2]] else 0,
    sd = if (random) as.numeric(VarCorr(fit)[1, 2]) else 0, coef = names(beta), estimate = unname(beta),
    se = unname(sqrt(diag(covariance)))
  )
}

number <- function(x) paste0("[", paste(format(x, digits = 16), collapse = ", "), "]")
value <- function(x) {
  if (is.logical(x)) return(tolower(as.character(x)))
  if (is.character(x) && length(x) == 1) return(dQuote(x, FALSE))
  if (is.character(x)) return(paste0("[", paste(dQuote(x, FALSE), collapse = ", "), "]"))
  if (length(x) == 1) format(x, digits = 16) else number(x)
}
lines <- character(0)
for (nugget in c(FALSE, TRUE)) {
  for (random in c(TRUE, FALSE)) {
    for (method in c("REML", "ML")) {
      one <- entry(nugget, random, method)
      name <- paste0(if (nugget) "nugget" else "plain", if (random) "_intercept_" else "_marginal_", tolower(method))
      fields <- mapply(function(k, x) paste0(dQuote(k, FALSE), ": ", value(x)), names(one), one)
      lines <- c(lines, paste0(dQuote(name, FALSE), ": {", paste(fields, collapse = ", "), "}"))
    }
  }
}
meta <- paste0("\"meta\": {\"r\": ", dQuote(R.version.string, FALSE), ", \"nlme\": ",
               dQuote(as.character(packageVersion("nlme")), FALSE), "}")
writeLines(paste0("{\n", paste(c(meta, lines), collapse = ",\n"), "\n}"), file.path(folder, "nugget_r.json"))
