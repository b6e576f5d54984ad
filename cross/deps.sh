#!/bin/sh
# Installs what is missing: the npm packages of the lock file, and Debian packages by name.
#   sh cross/deps.sh [GROUP...]      groups of cross/packages.txt; all of them when none is named
# Says nothing and touches nothing when everything is there.
set -eu
cd "$(dirname "$0")/.."

say() { printf '» %s\n' "$*" >&2; }

as_root() {
  if [ "$(id -u)" = 0 ]; then "$@"; else sudo "$@"; fi
}

check_node() {
  node -e 'const [a, b] = process.versions.node.split(".").map(Number);
    process.exit(a > 20 || (a === 20 && b >= 20) ? 0 : 1)' 2>/dev/null && return
  say "Node 20.20 or newer is needed; found: $(node --version 2>/dev/null || echo none)"
  exit 1
}

# The stamp holds the lock file it was installed from.
install_npm_packages() {
  cmp -s package-lock.json node_modules/.installed-from && return
  say 'npm packages: npm ci'
  npm ci --no-audit --no-fund --loglevel=error
  cp package-lock.json node_modules/.installed-from
}

wanted() {
  while read -r group name; do
    case $group in '#'* | '') continue ;; esac
    case " $* " in '  ' | *" $group "*) echo "$name" ;; esac
  done <cross/packages.txt
}

missing() {
  for name in $(wanted "$@"); do
    state=$(dpkg-query -W -f '${db:Status-Status}' "$name" 2>/dev/null || true)
    [ "$state" = installed ] || echo "$name"
  done
}

# Debian starts what it installs. The lab runs its peers by itself, so for the moment of the installation
# nothing may start, and strongSwan must not come up with the next boot either.
forbid_services() {
  [ -e $POLICY ] && return
  printf '#!/bin/sh\nexit 101\n' | as_root tee $POLICY >/dev/null
  as_root chmod 755 $POLICY
  trap 'as_root rm -f $POLICY' EXIT
}

disable_strongswan() {
  case " $1 " in *charon-systemd*) ;; *) return 0 ;; esac
  [ -d /run/systemd/system ] || return 0
  as_root systemctl disable --now strongswan.service >/dev/null 2>&1 || true
}

apt_install() {
  as_root env DEBIAN_FRONTEND=noninteractive apt-get install -q -y --no-install-recommends "$@"
}

# One name that the archive does not have must not keep the others away.
one_by_one() {
  for name in "$@"; do
    apt_install "$name" || say "$name cannot be had: tests that need it will be skipped, or say so"
  done
}

install_debian_packages() {
  packages=$(missing "$@" | tr '\n' ' ')
  [ -n "$packages" ] || return 0
  say "Debian packages: $packages"
  if ! command -v apt-get >/dev/null; then
    say 'no apt-get here: please install them by hand'
    return 0
  fi
  if [ "$(id -u)" != 0 ] && ! sudo -n true 2>/dev/null; then
    say 'neither root nor sudo: tests that need them will be skipped'
    return 0
  fi
  forbid_services
  case $packages in *:arm64*) as_root dpkg --add-architecture arm64 ;; esac
  export DEBIAN_FRONTEND=noninteractive
  as_root apt-get update -q || say "apt-get update failed; trying with what is known"
  # shellcheck disable=SC2086 # a list of names
  apt_install $packages || one_by_one $packages
  disable_strongswan "$packages"
}

POLICY=/usr/sbin/policy-rc.d
check_node
install_npm_packages
install_debian_packages "$@"
