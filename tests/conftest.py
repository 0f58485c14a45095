"""What holds for all tests: no example of hypothesis has a deadline, so that the suite passes on a slow machine."""

from hypothesis import HealthCheck, settings

settings.register_profile("coxa", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("coxa")
