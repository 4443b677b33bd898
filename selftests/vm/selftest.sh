#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Checks `run` itself, since every other test in a guest rests on its word:
# that it passes on status and output unharmed, that a complaint of the kernel
# cannot go unnoticed, and that the host stays as it was. Prints TAP.

# The checks are called by name, and their commands are expanded in the guest.
# shellcheck disable=SC2016,SC2317

set -uo pipefail

here=$(dirname "$(realpath "${BASH_SOURCE[0]}")")
scratch=$(mktemp -d /tmp/sockdup-vm-selftest.XXXXXX)
trap 'rm -rf "$scratch"' EXIT
cd "$scratch" || exit 1

vm() {
	"$here/run" "$@" 2>"$scratch/stderr"
}

ends_with() {
	local expected=$1 status=0
	shift

	vm "$@" || status=$?
	[ "$status" -eq "$expected" ] || echo "# status $status instead of $expected" >&2
	[ "$status" -eq "$expected" ]
}

says() {
	local expected=$1 output
	shift

	output=$(vm "$@")
	[ "$output" = "$expected" ] || echo "# '$output' instead of '$expected'" >&2
	[ "$output" = "$expected" ]
}

stderr_has() {
	grep -q "$1" "$scratch/stderr"
}

status_zero_passes() {
	ends_with 0 true
}

status_seven_passes() {
	ends_with 7 'exit 7'
}

output_is_exact() {
	head -c 1M /dev/urandom >payload
	vm cat payload >received && cmp payload received
}

output_streams() {
	local first_line

	mkfifo live
	vm --timeout 60 'echo first; sleep 20; echo last' >live &
	exec 3<live
	read -r first_line <&3
	[ "$first_line" = first ] && kill -0 $! && [ "$(cat <&3)" = last ] && wait $!
}

stderr_is_apart() {
	says out 'echo out; echo err >&2' && stderr_has '^err$'
}

common_output_stays_in_order() {
	local lines='for i in $(seq 200); do echo $i; echo $i >&2; done'

	"$here/run" "$lines" >mixed 2>&1 && sh -c "$lines" 2>&1 | cmp - mixed
}

reopened_output_is_kept() {
	says $'one\ntwo' 'echo one; echo two >/dev/stdout'
}

stdin_is_left_alone() {
	local rest

	rest=$(printf 'kept\n' | { vm 'cat' && cat; })
	[ "$rest" = kept ]
}

arguments_are_exact() {
	says $'<a b><\'"$HOME\\><><x\ny>' printf '<%s>' 'a b' "'\"\$HOME\\" '' $'x\ny'
}

environment_is_exact() {
	says "it's \"\$odd\"  \\" --env "WORD=it's \"\$odd\"  \\" 'printf %s "$WORD"'
}

directory_is_the_callers() {
	mkdir "a 'b', c"
	echo content >"a 'b', c/file"
	(cd "a 'b', c" && says "$PWD content" 'echo "$PWD $(cat file)"')
}

leftovers_do_not_delay_the_end() {
	says over --timeout 60 'sleep 1000 & setsid sleep 1000 & echo over'
}

host_is_unchanged() {
	echo before >file
	ends_with 0 'echo after >file && touch new /etc/sockdup-new && rm /etc/passwd' &&
		[ "$(cat file)" = before ] && [ ! -e new ] && [ ! -e /etc/sockdup-new ] &&
		[ -e /etc/passwd ]
}

modules_load() {
	ends_with 0 'modprobe vsock_loopback && grep vsock_loopback /proc/modules'
}

modules_load_by_themselves() {
	ends_with 0 'python3 -c "import socket; socket.socket(socket.AF_VSOCK, socket.SOCK_STREAM)"'
}

given_modules_are_inserted() {
	local file

	file=$(find "$("$here/kernel")/lib/modules" -name 'dummy.ko')
	ends_with 0 --module "$file" 'grep "^dummy " /proc/modules' &&
		ends_with 126 --module "$scratch/none.ko" true
}

guest_is_furnished() {
	ends_with 0 '
		set -e
		[ "$(id -u)" = 0 ]
		echo x >/dev/shm/x
		ls /dev/pts/ptmx /dev/fd/0 /sys/kernel/debug/tracing /sys/kernel/tracing/events \
			/sys/kernel/security/lsm /sys/fs/cgroup/cgroup.procs
		unshare --user --map-root-user true
		python3 -c "
import socket
s = socket.create_server((\"127.0.0.1\", 0))
socket.create_connection(s.getsockname())"'
}

processors_are_as_asked() {
	says 3 --smp 3 nproc && says 1 --icount nproc
}

panic_fails() {
	ends_with 125 'echo c >/proc/sysrq-trigger; sleep 100' && stderr_has 'Kernel panic'
}

warning_fails() {
	ends_with 125 'echo "WARNING: CPU: 0 PID: 1 at foo" >/dev/kmsg' &&
		stderr_has 'WARNING: CPU: 0 PID: 1 at foo'
}

information_fails_too() {
	ends_with 125 'echo "<6>kmemleak: 1 new suspected memory leaks" >/dev/kmsg'
}

innocent_words_pass() {
	ends_with 0 'echo "<4>test: no WARNING: or BUG: here; debug: rcu detected" >/dev/kmsg'
}

time_limit_ends() {
	ends_with 124 --timeout 25 'sleep 1000'
}

lost_guest_is_noticed() {
	ends_with 126 'echo b >/proc/sysrq-trigger; sleep 100'
}

log_is_kept() {
	ends_with 0 --keep-log log 'echo mark >/dev/kmsg' && grep -q 'Linux version' log && grep -q mark log
}

interrupt_leaves_nothing() {
	local status=0 runner

	mkdir temporary
	TMPDIR=$scratch/temporary "$here/run" 'sleep 1000' 2>stderr &
	runner=$!
	until ls temporary/*/log 2>/dev/null; do sleep .1; done
	sleep 2
	kill -TERM "$runner"
	wait "$runner" || status=$?
	[ "$status" -eq 143 ] && [ -z "$(ls temporary)" ] && ! pgrep -f "$scratch/temporary"
}

checks=(
	status_zero_passes
	status_seven_passes
	output_is_exact
	output_streams
	stderr_is_apart
	common_output_stays_in_order
	reopened_output_is_kept
	stdin_is_left_alone
	arguments_are_exact
	environment_is_exact
	directory_is_the_callers
	leftovers_do_not_delay_the_end
	host_is_unchanged
	modules_load
	modules_load_by_themselves
	given_modules_are_inserted
	guest_is_furnished
	processors_are_as_asked
	panic_fails
	warning_fails
	information_fails_too
	innocent_words_pass
	time_limit_ends
	lost_guest_is_noticed
	log_is_kept
	interrupt_leaves_nothing
)

failed=0
number=0
echo "1..${#checks[@]}"
for check in "${checks[@]}"; do
	number=$((number + 1))
	if "$check" >"$scratch/output" 2>&1; then
		echo "ok $number - $check"
	else
		echo "not ok $number - $check"
		sed 's/^/# /' "$scratch/output" "$scratch/stderr"
		failed=1
	fi
done
exit $failed
