# Zero-inflated models of pscl's bioChemists: Rscript tests/reference/zero_inflated_r.R prints what
# test_counts_reference.py has (pscl 1.5.5).
suppressMessages(library(pscl))
control <- zeroinfl.control(reltol = 1e-15, maxit = 100000)
for (dist in c("poisson", "negbin")) {
  fit <- zeroinfl(art ~ fem + ment | 1, data = bioChemists, dist = dist, control = control)
  print(c(coef(fit), if (dist == "negbin") -log(fit$theta)), digits = 12)
  print(c(sqrt(diag(vcov(fit))), if (dist == "negbin") fit$SE.logtheta), digits = 12)
  print(as.numeric(logLik(fit)), digits = 12)
}
