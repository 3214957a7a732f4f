"""Whether the cost of a request grows with the number of orders: the same requests on a small and a large database.

Ten million orders are 76 GB, more than many a disk has free. Copies are alike, so a file system that compresses
keeps them in a sixth of that: btrfs, mounted with ``compress=zstd:1`` and without ``nodatacow``, which would switch
compression off; a file of any other file system can hold it, mounted through a loop device. Before measuring, the
stopped server's ``pg_wal`` is best moved to a file system that overwrites in place, with a link where it was: a log
record of 8 kB took 0.75 ms to be safe on such a btrfs, 0.5 ms with ``nodatacow`` and 0.1 ms on ext4, and that would
hide what differs between both databases. They share it in any case.
"""
