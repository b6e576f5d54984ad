#!/bin/sh
# Runs a command where programs for arm64 run under emulation, and where it may make network namespaces: in a user
# namespace with a binfmt_misc of its own (Linux ≥ 6.7), so that nothing of it is seen from outside. Where the kernel
# has no such thing, the command runs without; the tests that need it then say so.
#   sh test/package/enter-arm64.sh COMMAND...
set -eu
PATH=$PATH:/usr/sbin:/sbin
here=$(dirname "$0")

# BusyBox for arm64 has the same name on the disk as the one for this machine, so it is unpacked, not installed.
busybox=build/debian/arm64
if [ ! -x $busybox/bin/busybox ]; then
  rm -rf $busybox && mkdir -p $busybox
  (cd $busybox && apt-get -q -o APT::Sandbox::User=root download busybox-static:arm64 && dpkg-deb -x ./*.deb .) >&2 || true
fi

qemu=/usr/bin/qemu-aarch64-static
# ELF, 64 bits, little-endian, of any system; a program or a shared object; AArch64. P, O, F: the emulator gets the
# program's own name and open file, and is opened here and now, so that no root needs to contain it.
handler=':arm64:M::\x7fELF\x02\x01\x01\x00\x00\x00\x00\x00\x00\x00\x00\x00\x02\x00\xb7\x00:\xff\xff\xff\xff\xff\xff\xff\x00\xff\xff\xff\xff\xff\xff\xff\xff\xfe\xff\xff\xff:'$qemu':POF'
# shellcheck disable=SC2016 # the inner shell expands
prepare='mount -t tmpfs tmpfs /run && mount -t binfmt_misc binfmt_misc /proc/sys/fs/binfmt_misc &&
  printf %s "$0" >/proc/sys/fs/binfmt_misc/register'
if [ -x $qemu ] && unshare -Urnm sh -c "$prepare" "$handler" 2>/dev/null; then
  TMPDIR=${TMPDIR:-/tmp}/ikev2-arm64-of-$(id -u)
  mkdir -p "$TMPDIR"
  export TMPDIR EMULATION=arm64
  exec unshare -Urnm sh -c "$prepare"' && exec "$@"' "$handler" "$@"
fi
exec sh "$here/../lab/enter.sh" "$@"
