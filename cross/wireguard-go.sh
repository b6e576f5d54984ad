#!/bin/sh
# Fetches the newest wireguard-go that Debian has, from the mirror that apt uses, into build/bench; it is compared with,
# never installed. The lists are in a place of their own, so that those of this machine stay as they are.
set -eu
cd "$(dirname "$0")/.."

DIR=$PWD/build/bench
KEY=/usr/share/keyrings/debian-archive-keyring.gpg
[ ! -x "$DIR/usr/bin/wireguard-go" ] || exit 0
command -v apt-get >/dev/null || exit 0

say() { printf '» %s\n' "$*" >&2; }

mirror() {
  # shellcheck disable=SC2016 # apt expands
  apt-get indextargets --format '$(REPO_URI)' 'Created-By: Packages' | grep '/debian/*$' | head -n 1
}

own_apt() {
  apt-get -q -o Dir::Etc::SourceList="$DIR/apt/sources.list" -o Dir::Etc::SourceParts=/dev/null \
    -o Dir::State::Lists="$DIR/apt/lists" -o Dir::Cache="$DIR/apt/cache" -o APT::Sandbox::User=root "$@"
}

# One architecture: each has a list of ten megabytes.
fetch_from() {
  rm -rf "$DIR/apt"
  mkdir -p "$DIR/apt/lists/partial" "$DIR/apt/cache/archives/partial"
  echo "deb [arch=$(dpkg --print-architecture) signed-by=$KEY] $(mirror) $1 main" >"$DIR/apt/sources.list"
  (own_apt update && cd "$DIR/apt" && own_apt download wireguard-go) >"$DIR/apt/log" 2>&1
}

# A later suite's program may want a later C library than this machine has.
unpack() {
  dpkg-deb -x "$DIR"/apt/wireguard-go_*.deb "$DIR"
  dpkg-deb -f "$DIR"/apt/wireguard-go_*.deb Version >"$DIR/version"
  "$DIR/usr/bin/wireguard-go" --version >/dev/null 2>&1 && return
  rm -rf "${DIR:?}/usr"
  return 1
}

say 'wireguard-go, to compare with'
for suite in sid trixie bookworm-backports bookworm; do
  if fetch_from $suite && unpack; then
    rm -rf "$DIR/apt"
    exit 0
  fi
done
say "wireguard-go cannot be had, its rows will be missing; see $DIR/apt/log"
