"""Where an address on the internet probably is: a hint for people and for limits, never a reason to refuse alone."""

from kro.core.geo.atlas import Atlas, EmptyAtlas, GeoFile, open_atlas

__all__ = ["Atlas", "EmptyAtlas", "GeoFile", "open_atlas"]
