"""Settings for all tests: machines are noisy, so no property test fails for being slow."""

from __future__ import annotations

from hypothesis import HealthCheck, settings

settings.register_profile(
    "house",
    deadline=None,
    derandomize=True,  # the same slice in every run; `make fuzz` draws anew
    suppress_health_check=[HealthCheck.too_slow],
)
settings.load_profile("house")
