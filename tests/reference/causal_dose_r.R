# Rscript tests/reference/causal_dose_r.R prints the numbers of tests/reference/causal_numbers.py (R 4.2.2, AER 1.2-10, Hmisc).
# Two-stage least squares with covariates (AER 1.2-10, sandwich), a restricted cubic spline (Hmisc) and its F test, of
# data made by a formula, so that any program can make them.
suppressMessages({library(AER); library(sandwich); library(Hmisc)})
i <- 1:80
z <- as.numeric(i %% 2 == 0)
age <- 50 + (i * 7) %% 23
d <- as.numeric((z == 1 & (i * 3) %% 10 < 7) | (z == 0 & (i * 3) %% 10 == 1))
dose <- ifelse(d == 1, 3 + (i * 7) %% 11, 0)
y <- 20 + 4 * d + 0.3 * age + 5 * sin(i * 1.7) + 0.4 * dose + 2 * cos(i)
data <- data.frame(i, z, age, d, dose, y)
fit <- ivreg(y ~ d + age | z + age, data = data)
f <- lm(d ~ z + age, data)
cat(sprintf("iv %.12f\n", coef(fit)[2]))
for (type in c("HC0", "HC1")) cat(sprintf("iv_%s %.12f\n", type, sqrt(vcovHC(fit, type = type)[2, 2])))
cat(sprintf("iv_model %.12f\n", sqrt(vcov(fit)[2, 2])))
cat(sprintf("first %.12f f %.12f f_HC1 %.12f\n", coef(f)[2], summary(f)$coef[2, 3]^2, coef(f)[2]^2 / vcovHC(f, type = "HC1")[2, 2]))
cat(sprintf("hausman %.12f\n", summary(fit, diagnostics = TRUE)$diagnostics["Wu-Hausman", "statistic"]))
fitd <- ivreg(y ~ dose + age | z + age, data = data)
cat(sprintf("dose_iv %.12f %.12f\n", coef(fitd)[2], sqrt(vcovHC(fitd, type = "HC1")[2, 2])))
own <- data[d == 1, ]
knots <- quantile(own$dose, c(.1, .5, .9))
print(knots, digits = 14)
s <- rcspline.eval(own$dose, knots = knots, inclx = TRUE)
m <- lm(y ~ age + s, own); m0 <- lm(y ~ age + dose, own)
cat(sprintf("spline %.12f %.12f\n", coef(m)[3], coef(m)[4]))
cat(sprintf("F %.12f p %.12g\n", anova(m0, m)$F[2], anova(m0, m)$`Pr(>F)`[2]))
at <- rcspline.eval(c(3, 8, 12), knots = knots, inclx = TRUE)
b <- coef(m)[3:4]; v <- vcov(m)[3:4, 3:4]
rows <- sweep(at, 2, at[1, ])
cat(sprintf("curve %.12f %.12f\n", rows %*% b, sqrt(diag(rows %*% v %*% t(rows)))))
cat(sprintf("slope_HC3 %.12f %.12f\n", coef(m0)[3], sqrt(vcovHC(m0, type = "HC3")[3, 3])))
