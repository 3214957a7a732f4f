"""Stand-ins that speak the vendors' wire formats on loopback.

The package is a program of its own: the product talks to it over HTTP as it would talk to the vendors, and imports
nothing from it.
"""
