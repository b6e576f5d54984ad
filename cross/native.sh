#!/bin/sh
# Builds the C module for other processors and C libraries, each into build/cross/FLAVOUR/libikev2esp.so.
#   sh cross/native.sh [FLAVOUR...]      all four when none is named
# The same sources give the same bytes, wherever the checkout stands. No flavour is built for more than the
# plainest of its processors: which AES code runs is decided when the module starts (native/src/cpu.c).
set -eu
cd "$(dirname "$0")/.."

# The kernel's headers are not musl's to give; looked at last, they do no harm to its own. libgcc's choice between
# two ways to do atomics asks glibc by a name that musl has not, so the way that every ARMv8 knows is taken.
compiler() {
  case $1 in
    aarch64-musl) echo "aarch64-linux-musl-gcc -mno-outline-atomics -idirafter /usr/aarch64-linux-gnu/include" ;;
    aarch64-glibc) echo "aarch64-linux-gnu-gcc" ;;
    x86_64-musl) echo "x86_64-linux-musl-gcc -idirafter /usr/include -idirafter /usr/include/x86_64-linux-gnu" ;;
    x86_64-glibc) echo "x86_64-linux-gnu-gcc" ;;
    *) echo "cross/native.sh: no such flavour: $1" >&2; exit 2 ;;
  esac
}

# Conversions are judged with glibc, in `make native`; musl's socket structures have other widths.
plain="-ffile-prefix-map=$PWD=. -D_FORTIFY_SOURCE=2 -Wno-conversion"
lean="-static-libgcc -Wl,--build-id=none -Wl,--hash-style=gnu -s"
[ $# -gt 0 ] || set -- aarch64-musl aarch64-glibc x86_64-musl x86_64-glibc
for flavour; do
  cc=$(compiler "$flavour")
  out="$PWD/build/cross/$flavour"
  # Objects of other flags are none of this build.
  if ! printf '%s\n' "$cc $plain $lean" | cmp -s - "$out/flags"; then
    rm -rf "$out" && mkdir -p "$out"
    printf '%s\n' "$cc $plain $lean" >"$out/flags"
  fi
  make -s -C native lib MODE="$flavour" OUT="$out" CC="$cc" MODE_FLAGS="$plain $lean"
done
