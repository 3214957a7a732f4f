#!/bin/sh
# What the official image does: drops root, and takes connections from the container's network.
set -eu
if [ "$1" = valkey-server ]; then
    shift
    exec setpriv --reuid=valkey --regid=valkey --init-groups valkey-server --protected-mode no "$@"
fi
exec "$@"
