"""Settings for all tests: machines are noisy, so no property test fails for being slow."""

from __future__ import annotations

from hypothesis import HealthCheck, Phase, settings

settings.register_profile(
    "house",
    deadline=None,
    derandomize=True,  # the same slice in every run; `make fuzz` draws anew
    suppress_health_check=[HealthCheck.too_slow],
)
settings.register_profile(
    "mutants",  # that a property fails is enough: the smallest example is nobody's interest
    settings.get_profile("house"),
    phases=[Phase.explicit, Phase.generate],
)
settings.load_profile("house")
