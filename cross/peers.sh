#!/bin/sh
# Peers of other versions than this machine's, for tests alone: their packages, and whatever those depend on, from the
# mirror that apt uses, unpacked into a root of its own for each. Nothing is installed, no script of a package runs.
#   sh cross/peers.sh [NAME...]      names of cross/peers.txt; all of them when none is named
# Roots stay in a cache outside the checkout, by the recipe that they were made from; build/peers/NAME leads there.
set -eu
cd "$(dirname "$0")/.."

KEY=/usr/share/keyrings/debian-archive-keyring.gpg
BASE='dash busybox-static kmod iproute2 netbase' # what it takes to boot from it

say() { printf '» %s\n' "$*" >&2; }

cache_folder() {
  if [ -n "${XDG_CACHE_HOME:-}" ]; then echo "$XDG_CACHE_HOME/ikev2-ts-roots"
  elif [ "$(id -u)" = 0 ]; then echo /var/cache/ikev2-ts-roots
  else echo "$HOME/.cache/ikev2-ts-roots"; fi
}

# Changes with the recipe: the script, the line of the peer, the architecture.
recipe_key() { { cat cross/peers.sh; echo "$@"; dpkg --print-architecture; } | sha256sum | cut -c 1-12; }

mirror() {
  # shellcheck disable=SC2016 # apt expands
  apt-get indextargets --format '$(REPO_URI)' 'Created-By: Packages' | grep '/debian/*$' | head -n 1
}

# apt with lists, packages and state in a folder: no package counts as installed, so every dependency comes along.
apt_in() {
  work=$1
  shift
  DEBIAN_FRONTEND=noninteractive apt-get -q -y -o Dir::Etc::SourceList="$work/sources.list" \
    -o Dir::Etc::SourceParts=/dev/null -o Dir::Etc::Preferences=/dev/null -o Dir::Etc::PreferencesParts=/dev/null \
    -o Dir::State="$work/state" -o Dir::State::status="$work/status" -o Dir::Cache="$work/cache" \
    -o Acquire::Languages=none -o Acquire::Retries=3 -o APT::Sandbox::User=root -o Debug::NoLocking=1 \
    -o APT::Install-Recommends=0 -o APT::Architectures::="$(dpkg --print-architecture)" "$@"
}

# Lists of one suite, once for all of its peers.
lists_of() {
  lists=$WORK/$1
  [ ! -d "$lists" ] || return 0
  mkdir -p "$lists/state/lists/partial" "$lists/cache/archives/partial"
  : >"$lists/status"
  echo "deb [arch=$(dpkg --print-architecture) signed-by=$KEY] $(mirror) $1 main" >"$lists/sources.list"
  apt_in "$lists" update >"$lists/log" 2>&1
}

# Older packages bring /lib and /sbin, which are links into /usr here as on every Debian.
unpack() {
  into=$1
  shift
  mkdir -p "$into"
  for folder in bin lib lib64 sbin; do
    mkdir -p "$into/usr/$folder"
    ln -s usr/$folder "$into/$folder"
  done
  for deb in "$@"; do
    dpkg-deb --fsys-tarfile "$deb" | tar -x --keep-directory-symlink --no-same-owner -C "$into" \
      --exclude './usr/share/doc*' --exclude './usr/share/man' --exclude './usr/share/locale' \
      --exclude './usr/share/perl*' --exclude './usr/lib/*/perl*' --exclude './usr/lib/*/gconv' || return 1
    # shellcheck disable=SC2016 # dpkg expands
    dpkg-deb -W --showformat '${Package} ${Version}\n' "$deb"
  done >"$into/packages"
}

# What scripts of packages and an installer would have made; and /init, for a kernel that boots here: it finds what to
# do in the folder that LAB names (test/lab/kernel-host.ts).
furnish() {
  (cd "$1" && mkdir -p dev proc sys run tmp mnt root etc var/empty var/lib usr/lib/modules && ln -s /run var/run)
  printf '%s\n' 'root:x:0:0:root:/root:/bin/sh' '_iked:x:100:100::/var/empty:/bin/false' >"$1/etc/passwd"
  printf '%s\n' 'root:x:0:' '_iked:x:100:' >"$1/etc/group"
  # shellcheck disable=SC2016 # the shell of that kernel expands
  printf '%s\n' '#!/bin/sh' 'mount -t hostfs -o "$LAB" none /mnt && exec sh /mnt/boot.sh' >"$1/init"
  chmod 755 "$1/init"
  # BusyBox's own shell would take its applets for the programs.
  [ -e "$1/usr/bin/sh" ] || ln -s dash "$1/usr/bin/sh"
  for applet in $("$1/bin/busybox" --list); do
    [ -e "$1/usr/bin/$applet" ] || [ -e "$1/usr/sbin/$applet" ] || ln -s busybox "$1/usr/bin/$applet"
  done
}

make_root() {
  name=$1 suite=$2 root=$3
  shift 3
  # shellcheck disable=SC2086 # a list of names
  lists_of "$suite" && apt_in "$WORK/$suite" clean &&
    apt_in "$WORK/$suite" install --download-only $BASE "$@" >>"$WORK/$suite/log" 2>&1 &&
    unpack "$WORK/$name" "$WORK/$suite"/cache/archives/*.deb && furnish "$WORK/$name" || return 1
  # Whole or not at all; another run may have been faster.
  mv -T "$WORK/$name" "$root" 2>/dev/null || [ -d "$root" ]
}

peer() {
  name=$1 suite=$2 root=$CACHE/$1-$(recipe_key "$@")
  shift 2
  if [ ! -d "$root" ]; then
    started=$(date +%s)
    if ! make_root "$name" "$suite" "$root" "$@"; then
      say "$name cannot be had: tests that need it will be skipped, or say so; $(tail -n 1 "$WORK/$suite/log")"
      return 0
    fi
    say "$name: $(du -sh "$root" | cut -f 1), $(($(date +%s) - started)) s"
  fi
  touch "$root"
  ln -sfn "$root" "build/peers/$name"
}

command -v apt-get >/dev/null || exit 0
CACHE=$(cache_folder)
mkdir -p "$CACHE" build/peers
# What nobody used for a month, and what a run left that was killed.
find "$CACHE" -mindepth 1 -maxdepth 1 -mtime +30 -exec rm -rf {} +
WORK=$(mktemp -d "$CACHE/new.XXXXXX")
trap 'rm -rf "$WORK"' EXIT
while read -r name rest; do
  case $name in '#'* | '') continue ;; esac
  case " $* " in '  ' | *" $name "*) ;; *) continue ;; esac
  # shellcheck disable=SC2086 # a list of names
  peer "$name" $rest
done <cross/peers.txt
