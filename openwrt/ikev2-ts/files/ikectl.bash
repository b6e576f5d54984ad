# Words of ikectl, for bash. Written by «node cross/gen-docs.mjs» from the table of methods.
_ikectl() {
	local words='attempts authority_import ca_create ca_export capabilities capture capture_delete capture_fetch capture_start capture_stop captures cert certificate_import certificate_issue certificate_renew certificate_revoke certificates config_check config_import connections counters device device_add device_export device_revoke device_set devices down events explain formats import initiate join key leases link_create link_delete links log pool pools rekey reload sas selftest status terminate up user user_delete user_set users watch'
	[ "$COMP_CWORD" -eq 1 ] || case "${COMP_WORDS[1]}" in
	attempts) words='--since --limit --json' ;;
	authority_import) words='--name --content --vouches_for --json' ;;
	ca_create) words='--names --force --json' ;;
	ca_export) words='--json' ;;
	capabilities) words='--json' ;;
	capture) words='--peer --seconds --packets --bytes --out --with-keys' ;;
	capture_delete) words='--id --json' ;;
	capture_fetch) words='--id --file --offset --json' ;;
	capture_start) words='--peer --seconds --packets --bytes --keys --json' ;;
	capture_stop) words='--json' ;;
	captures) words='--json' ;;
	cert) words='--name --address --owner --form --out --key --passphrase-file --force --json --der' ;;
	certificate_import) words='--name --content --key --force --json' ;;
	certificate_issue) words='--name --owner --form --json' ;;
	certificate_renew) words='--certificate --names --json' ;;
	certificate_revoke) words='--certificate --json' ;;
	certificates) words='--json' ;;
	config_check) words='--json' ;;
	config_import) words='--content --dry_run --force --json' ;;
	connections) words='--json' ;;
	counters) words='--json --all' ;;
	device) words='--owner --platform --expires --address --certificate --form --out --json --format --routing --on-demand --renew --rename --minutes --unsigned --post-quantum' ;;
	device_add) words='--name --owner --platform --auth --form --expires --addresses --routing --on_demand --format --post_quantum --json' ;;
	device_export) words='--name --format --renew --unsigned --post_quantum --json' ;;
	device_revoke) words='--device --json' ;;
	device_set) words='--name --rename --owner --expires --addresses --routing --on_demand --json' ;;
	devices) words='--json' ;;
	down) words='--sa --all' ;;
	events) words='--sa --level --since --limit --json' ;;
	explain) words='--json --limit --verbose' ;;
	formats) words='--platform --json' ;;
	import) words='--dry-run --force --json' ;;
	initiate) words='--connection --json' ;;
	key) words='--json' ;;
	leases) words='--pool --json' ;;
	link_create) words='--name --format --minutes --renew --unsigned --post_quantum --json' ;;
	link_delete) words='--id --json' ;;
	links) words='--json' ;;
	log) words='--follow --limit --level --sa --mermaid' ;;
	pools) words='--json' ;;
	rekey) words='--sa --child --json' ;;
	sas) words='--json --sa --connection' ;;
	selftest) words='--json' ;;
	status) words='--json' ;;
	terminate) words='--sa --connection --all --json' ;;
	up) words='--timeout' ;;
	user) words='--expires --connection --address --max-devices --password-file --ask --generate --json' ;;
	user_delete) words='--name --json' ;;
	user_set) words='--name --is --generate --enabled --expires --connection --addresses --max_devices --json' ;;
	users) words='--json' ;;
	watch) words='--every --times' ;;
	*) words='' ;;
	esac
	mapfile -t COMPREPLY < <(compgen -W "$words" -- "${COMP_WORDS[COMP_CWORD]}")
}
complete -o default -F _ikectl ikectl
