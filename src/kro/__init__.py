"""The KRO backend."""
