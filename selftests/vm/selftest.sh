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
	vm --timeout 60 'echo first; sleep 5; echo last' >live &
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

programs_are_found_in_a_given_place() {
	mkdir -p "bin'1" bin2
	printf '#!/bin/sh\necho one\n' >"bin'1/mine"
	printf '#!/bin/sh\necho two\n' >bin2/mine
	chmod +x "bin'1/mine" bin2/mine
	says $'two\nLinux' --path "bin'1" --path bin2 'mine && uname'
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
	ends_with 0 --module "$file" \
		'grep "^dummy " /proc/modules && [ "${SOCKDUP_MODULE##*/}" = dummy.ko ]' &&
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

# QEMU may abort when a device is mapped while another processor runs.
further_processors_start_after_devices() {
	ends_with 0 --smp 2 --keep-log log true &&
		awk '
			/ pci 0000:| 9pnet/ { device = NR }
			/Booting .* Processor +1 / { processor = NR }
			END { exit !(device && device < processor) }
		' log
}

# One instruction that moves many bytes counts once for each of them.
counting_guests_lack_fast_strings() {
	ends_with 0 --cpu max 'grep -qw erms /proc/cpuinfo' &&
		ends_with 1 --icount 'grep -wE "erms|fsrm|fsrs|fzrm" /proc/cpuinfo'
}

further_options_reach_qemu() {
	says asked --qemu '-smbios type=1,product=asked' \
		'cat /sys/class/dmi/id/product_name'
}

complaints_are_known() {
	sed 's/^/[   12.345678] /' >complaints <<-'END'
	------------[ cut here ]------------
	WARNING: CPU: 0 PID: 1 at kernel/fork.c:1 f+0x1/0x2
	BUG: kernel NULL pointer dereference, address: 0000000000000008
	BUG: scheduling while atomic: insmod/134/0x00000002
	BUG: sleeping function called from invalid context at mm/slab.h:1
	BUG: KASAN: slab-use-after-free in f+0x1/0x2
	BUG: KMSAN: uninit-value in f+0x1/0x2
	BUG: workqueue lockup - pool cpus=1 node=0 flags=0x0 nice=0 stuck for 31s!
	BUG kmalloc-64 (Tainted: G    B): Poison overwritten
	[ BUG: Invalid wait context ]
	kernel BUG at lib/list_debug.c:59!
	general protection fault, probably for non-canonical address 0x1: 0000 [#1] SMP
	invalid opcode: 0000 [#1] PREEMPT SMP NOPTI
	Oops: Oops: 0002 [#1] PREEMPT SMP
	Kernel panic - not syncing: Attempted to kill init! exitcode=0x00007f00
	Unable to handle kernel paging request at virtual address 0
	UBSAN: shift-out-of-bounds in net/socket.c:1:2
	WARNING: possible circular locking dependency detected
	WARNING: possible recursive locking detected
	WARNING: inconsistent lock state
	WARNING: suspicious RCU usage
	WARNING: held lock freed!
	DEBUG_LOCKS_WARN_ON(1)
	INFO: trying to register non-static key.
	INFO: task a:136 blocked for more than 120 seconds.
	rcu: INFO: rcu_preempt self-detected stall on CPU
	rcu: INFO: rcu_preempt detected stalls on CPUs/tasks:
	rcu: rcu_preempt kthread starved for 2 jiffies! g1 f0x0
	watchdog: BUG: soft lockup - CPU#1 stuck for 78s! [a:136]
	kmemleak: 3 new suspected memory leaks (see /sys/kernel/debug/kmemleak)
	unreferenced object 0xffff888000000000 (size 32):
	refcount_t: underflow; use-after-free.
	list_del corruption. prev->next should be 1, but was 2
	END
	"$here/complaints" complaints | cut -d : -f 2- | diff complaints -
}

innocent_words_are_known() {
	sed 's/^/[    0.123456] /' >innocent <<-'END'
	rcu: RCU CPU stall warnings timeout set to 60 (rcu_cpu_stall_timeout).
	Spectre V2 : WARNING: Unprivileged eBPF is enabled with eIBRS on
	AMD-Vi: AMD IOMMUv2 functionality not available on this system - This is not a bug.
	traps: a[136] general protection fault ip:7f08e3eef219 sp:7ffddcc9e158 error:0 in libc.so.6
	ODEBUG: selftest passed
	tsc: Detected 2700.000 MHz processor
	END
	! "$here/complaints" innocent
}

panic_fails() {
	ends_with 125 'echo c >/proc/sysrq-trigger; sleep 100' && stderr_has 'Kernel panic'
}

warning_fails() {
	ends_with 125 'echo "WARNING: CPU: 0 PID: 1 at foo" >/dev/kmsg' &&
		stderr_has 'WARNING: CPU: 0 PID: 1 at foo'
}

last_words_are_heard() {
	local filler='for i in $(seq 2000); do echo "some filler, line $i of 2000"; done'

	ends_with 125 "{ $filler; echo 'BUG: last words'; } >/dev/kmsg"
}

information_fails_too() {
	ends_with 125 'echo "<6>kmemleak: 1 new suspected memory leaks" >/dev/kmsg'
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

# shell_in_terminal WORD ...: types each word at a prompt of a shell in a guest.
shell_in_terminal() {
	local status=0 terminal

	rm -f keys
	mkfifo keys
	script --quiet --flush --return --echo never --command "'$here/run'" screen <keys >/dev/null 2>&1 &
	terminal=$!
	exec 4>keys
	for word; do
		until grep -q '# $' screen; do sleep .2; done
		printf '%b' "$word" >&4
	done
	wait "$terminal" || status=$?
	exec 4>&-
	return "$status"
}

shell_tells_how_to_leave_it() {
	shell_in_terminal 'exit 0\r'
	grep -q 'Ctrl-D' screen
}

shell_is_left_by_exit() {
	local status=0

	shell_in_terminal 'exit 3\r' || status=$?
	[ "$status" -eq 3 ]
}

shell_is_left_by_end_of_file() {
	shell_in_terminal '\004'
}

hanging_guest_is_left() {
	local status=0

	shell_in_terminal '\035x' || status=$?
	[ "$status" -eq 126 ]
}

interrupt_leaves_nothing() {
	local status=0 runner

	mkdir temporary
	TMPDIR=$scratch/temporary "$here/run" 'sleep 1000' 2>stderr &
	runner=$!
	until ls temporary/*/share/log 2>/dev/null; do sleep .1; done
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
	programs_are_found_in_a_given_place
	directory_is_the_callers
	leftovers_do_not_delay_the_end
	host_is_unchanged
	modules_load
	modules_load_by_themselves
	given_modules_are_inserted
	guest_is_furnished
	processors_are_as_asked
	further_processors_start_after_devices
	counting_guests_lack_fast_strings
	further_options_reach_qemu
	complaints_are_known
	innocent_words_are_known
	panic_fails
	warning_fails
	last_words_are_heard
	information_fails_too
	time_limit_ends
	lost_guest_is_noticed
	log_is_kept
	shell_tells_how_to_leave_it
	shell_is_left_by_exit
	shell_is_left_by_end_of_file
	hanging_guest_is_left
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
