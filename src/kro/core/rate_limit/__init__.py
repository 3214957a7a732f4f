"""Limits on what can be abused: codes, logins, look-ups."""

from kro.core.rate_limit.limiter import Limit, RateLimitedError, RateLimiter, network_of
from kro.core.rate_limit.traffic import Quota, Traffic

__all__ = ["Limit", "Quota", "RateLimitedError", "RateLimiter", "Traffic", "network_of"]
