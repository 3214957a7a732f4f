"""How fast the API answers whole requests, beside pgbench calling the same SQL as one function per request."""
