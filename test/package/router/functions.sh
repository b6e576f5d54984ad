# Stand-in for OpenWrt's /lib/functions.sh: what the scripts of packages and init scripts rely on, and no more.
# shellcheck shell=dash disable=SC1090,SC2086

default_postinst() {
	local script
	if [ -z "$IPKG_INSTROOT" ]; then
		for script in $(files_in /etc/uci-defaults/ "$1"); do
			if ([ -f "$script" ] && cd "${script%/*}" && . "$script"); then rm -f "$script"; fi
		done
		uci commit
	fi
	for script in $(files_in /etc/init.d/ "$1"); do
		[ "$PKG_UPGRADE" = 1 ] || "$script" enable
		"$script" start
	done
}

default_prerm() {
	local script
	for script in $(files_in /etc/init.d/ "$1"); do
		[ "$PKG_UPGRADE" = 1 ] || "$script" disable
		"$script" stop
	done
}

add_group_and_user() { :; }

# The package's own list says what it brought.
files_in() {
	local name=${pkgname:-$(basename "${2%.*}")}
	cat "/usr/lib/opkg/info/$name.list" "/lib/apk/packages/$name.list" 2>/dev/null | grep "^$1"
}

# A file of UCI is almost a script.
config_load() { . "/etc/config/$1"; }
config() { section=$2; }
option() { eval "uci_${section}_$1=\$2"; }
list() { :; }
config_get() { eval "$1=\${uci_${2}_$3:-\$4}"; }
config_get_bool() {
	config_get "$@"
	eval "case \$$1 in 1|on|true|yes|enabled) $1=1 ;; *) $1=0 ;; esac"
}
