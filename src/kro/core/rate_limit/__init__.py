"""Limits on what can be abused: codes, logins, look-ups."""

from kro.core.rate_limit.limiter import Limit, RateLimitedError, RateLimiter, network_of

__all__ = ["Limit", "RateLimitedError", "RateLimiter", "network_of"]
