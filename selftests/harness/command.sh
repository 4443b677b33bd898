# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
#
# What the tests of the sockdup command share. Each function of a script whose
# name starts with test_ is a test, which it fails by its status.

# The functions that check_all() calls by name look unreachable.
# shellcheck disable=SC2317

here=$(dirname "$(realpath "$0")")
unset NO_COLOR
export LC_ALL=C.UTF-8

work=$(mktemp -d)
background=()

declare -A fd

clean_up() {
	kill "${background[@]}" 2>/dev/null
	rm -rf "$work"
}
trap clean_up EXIT

# The command, where every user may execute it: the build may be below a home
# directory that is closed to others.
chmod 755 "$work"
mkdir "$work/cli" "$work/lib"
cp "$here/../cli/sockdup" "$work/cli" && cp "$here"/../lib/libsockdup.so.* "$work/lib" || exit
PATH=$work/cli:$PATH

# same WHAT GOT WANTED
same() {
	[ "$2" = "$3" ] && return
	printf '%s: got "%s", wanted "%s"\n' "$1" "$2" "$3"
	return 1
}

# status WANTED COMMAND ...; standard error is kept in the file error
status() {
	local wanted=$1 got
	shift

	"$@" >"$work/output" 2>"$work/error"
	got=$?
	[ $got -eq "$wanted" ] && return
	cat "$work/output" "$work/error"
	echo "$*: exit status $got, wanted $wanted"
	return 1
}

says() {
	grep -qF -- "$1" "$work/error" && return
	cat "$work/error"
	echo "standard error lacks: $1"
	return 1
}

until_true() {
	local tries

	for ((tries = 0; tries < 300; tries++)); do
		"$@" && return
		sleep .1
	done
	echo "never true: $*"
	return 1
}

# The processes: one that has sockets, and one that waits for tokens.
start_sockets() {
	local name number

	mkfifo "$work/names"
	"$here/sockets" "$work/path" >"$work/names" &
	sockets=$!
	background+=("$sockets")
	while read -r name number; do
		[ "$name" != end ] || break
		fd[$name]=$number
	done <"$work/names"
}

start_sleeper() {
	sleep infinity &
	sleeper=$!
	background+=("$sleeper")
}

export_to() {
	sockdup export "$sockets:${fd[$2]}" "$1"
}

inode() {
	readlink "/proc/$1/fd/$2"
}

json() {
	sockdup --json "${@:2}" | jq -r "$1"
}

id_of() {
	json '.[0].id' query "$1"
}

# A test starts with no token.
revoke_all() {
	sockdup -o list | sed 's/^id=\([0-9a-f]*\).*/\1/' | sort -u >"$work/ids"
	[ ! -s "$work/ids" ] || sockdup revoke - <"$work/ids"
}

# with_nine CODE COMMAND ...: the command, with a descriptor 9 that takes more than
# a shell to open.
with_nine() {
	/usr/bin/python3 -c "import os, socket, sys
$1
os.execvp(sys.argv[1], sys.argv[1:])" "${@:2}"
}

with_pidfd() {
	with_nine "os.dup2(os.pidfd_open($1), 9)" "${@:2}"
}

with_connection() {
	with_nine "s = socket.socket(socket.AF_UNIX)
s.connect('$1')
os.dup2(s.fileno(), 9)" "${@:2}"
}

target_of() {
	json '.[0].target' query "$1"
}

as_nobody() {
	setpriv --reuid 65534 --regid 65534 --clear-groups "$@"
}

# Multicast groups that a process listens to, by its netlink port.
listens() {
	awk -v pid="$1" '$2 == 16 && $3 == pid && $4 != "00000000" { found = 1 } END { exit !found }' \
		/proc/net/netlink
}

as_nobody_with_socket() {
	with_nine "s = socket.socket()
os.dup2(s.fileno(), 9)
os.setgroups([])
os.setgid(65534)
os.setuid(65534)" "$@"
}

# A pipe that is full, which nobody reads, as the command's standard output. Takes the
# shell's place, so that signals reach the command.
with_full_pipe() {
	exec /usr/bin/python3 -c "import os, signal, sys
signal.signal(signal.SIGINT, signal.SIG_DFL)
reading, writing = os.pipe()
os.set_blocking(writing, False)
try:
    while True:
        os.write(writing, bytes(65536))
except BlockingIOError:
    pass
os.set_blocking(writing, True)
os.set_inheritable(reading, True)
os.dup2(writing, 1)
os.execvp(sys.argv[1], sys.argv[1:])" "$@"
}

# Where the sources are, of which the programs are a build.
source_root() {
	local root

	root=$(realpath "$here/../..")
	[ -e "$root/Documentation/man/sockdup.1" ] || root=$PWD
	echo "$root"
}

# The verbs, by the program itself.
verbs() {
	sockdup --help | sed -n 's/^  \([a-z]*\)  .*/\1/p'
}

# What a test returns that has nothing to look at; its output says why.
skipped=4

# check NAME: one test.
check() {
	local output result

	tests=$((tests + 1))
	output=$("$1" 2>&1)
	result=$?
	if [ $result -eq 0 ]; then
		echo "ok $tests ${1#test_}"
	elif [ $result -eq $skipped ]; then
		echo "ok $tests ${1#test_} # SKIP $output"
	else
		failures=$((failures + 1))
		printf '%s\n' "$output" | sed 's/^/# /'
		echo "not ok $tests ${1#test_}"
	fi
}

# Runs the tests of the script, or those that SOCKDUP_TEST_FILTER names.
check_all() {
	local name all tests=0 failures=0

	mapfile -t all < <(compgen -A function -X "!test_${SOCKDUP_TEST_FILTER:-*}" test_)
	echo "TAP version 13"
	echo "1..${#all[@]}"
	start_sockets
	start_sleeper
	for name in "${all[@]}"; do
		check "$name"
		revoke_all
	done
	echo "# $((tests - failures)) of $tests passed"
	[ $failures -eq 0 ]
}
