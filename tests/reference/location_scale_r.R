# Rscript tests/reference/location_scale_r.R > tests/reference/location_scale_r.json
suppressMessages({library(nlme); library(glmmTMB)}); options(digits = 15)
d <- read.csv("src/coxa/selftest/data/location_scale.csv")
d$arm <- factor(d$arm, c("usual", "exercise"))
m <- lme(pain ~ arm + day, random = ~1 | participant_id, weights = varIdent(form = ~1 | arm), data = d, method = "ML",
         control = lmeControl(tolerance = 1e-12, msTol = 1e-12, niterEM = 100, msMaxIter = 1000, opt = "nlminb"))
ratio <- coef(m$modelStruct$varStruct, unconstrained = FALSE)
g <- glmmTMB(pain ~ arm + day + (1 | participant_id), dispformula = ~ arm + day, data = d, REML = FALSE,
             control = glmmTMBControl(optCtrl = list(iter.max = 2000, eval.max = 2000, rel.tol = 1e-15)))
v <- vcov(g, full = FALSE)
show <- function(x) paste0("[", paste(format(as.numeric(x), digits = 15), collapse = ","), "]")
cat("{\"meta\": \"R", as.character(getRversion()), "nlme", as.character(packageVersion("nlme")), "glmmTMB",
    as.character(packageVersion("glmmTMB")), "\",\n")
cat("\"lme\": {\"loglik\":", as.numeric(logLik(m)), ", \"fixed\":", show(fixef(m)), ", \"ratio\":", ratio,
    ", \"sigma\":", m$sigma, ", \"between\":", as.numeric(VarCorr(m)[1, 2]), "},\n")
cat("\"glmmTMB\": {\"loglik\":", as.numeric(logLik(g)), ", \"fixed\":", show(fixef(g)$cond), ", \"disp\":",
    show(fixef(g)$disp), ", \"se\":", show(sqrt(diag(v$cond))), ", \"disp_se\":", show(sqrt(diag(v$disp))),
    ", \"between\":", attr(VarCorr(g)$cond$participant_id, "stddev"), "}}\n")
