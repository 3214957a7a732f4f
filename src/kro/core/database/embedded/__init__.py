"""A real PostgreSQL server that the product starts for itself when it is given none.

Two roles reach it: the owner migrates, the application owns nothing. Durability is never switched off.
"""

from kro.core.database.embedded.binaries import Binaries, find_binaries
from kro.core.database.embedded.cluster import Cluster, Role, load_cluster
from kro.core.database.embedded.errors import (
    BinariesNotFoundError,
    EmbeddedPostgresError,
    FolderInUseError,
    FolderNotOursError,
    NoServerAccountError,
    NotRunningError,
    OtherMajorVersionError,
)
from kro.core.database.embedded.server import EmbeddedPostgres, running_cluster

__all__ = [
    "Binaries",
    "BinariesNotFoundError",
    "Cluster",
    "EmbeddedPostgres",
    "EmbeddedPostgresError",
    "FolderInUseError",
    "FolderNotOursError",
    "NoServerAccountError",
    "NotRunningError",
    "OtherMajorVersionError",
    "Role",
    "find_binaries",
    "load_cluster",
    "running_cluster",
]
