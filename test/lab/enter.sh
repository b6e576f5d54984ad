#!/bin/sh
# Runs a command where it may make network namespaces: as root, else as the root of a user namespace, else as
# it is (tests then say what they skip).   sh test/lab/enter.sh COMMAND...
set -eu
PATH=$PATH:/usr/sbin:/sbin
if [ "$(id -u)" = 0 ]; then exec "$@"; fi
if unshare -Urnm true 2>/dev/null; then
  TMPDIR=${TMPDIR:-/tmp}/ikev2-lab-of-$(id -u)
  mkdir -p "$TMPDIR"
  export TMPDIR
  # shellcheck disable=SC2016 # the inner shell expands
  exec unshare -Urnm sh -c 'mount -t tmpfs tmpfs /run && exec "$@"' sh "$@"
fi
exec "$@"
