# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
#
# What a person types into a shell and sees there, for tests of what documents show.

# The process and all that descend from it.
session_family() {
	local child

	echo "$1"
	for child in $(<"/proc/$1/task/$1/children"); do
		session_family "$child"
	done
}

# Whether all of a shell's processes wait for something, at two looks.
session_is_quiet() {
	local look process state

	for look in 1 2; do
		for process in $(session_family "$1" 2>/dev/null); do
			read -r state <"/proc/$process/stat" || continue
			state=${state##*) }
			case ${state%% *} in
			R | D) return 1 ;;
			esac
		done 2>/dev/null
		[ $look = 2 ] || sleep .3
	done
}

# session SHOWN PRINTED: types the commands of a file, the lines that begin with "# ",
# into one shell in this directory, each when nothing moves any more. PRINTED gets the
# same commands with what they print, but for words about jobs that end.
session() {
	local shown=$1 printed=$2 command shell

	rm -f keys
	mkfifo keys
	: >"$printed"
	PS1='' setsid bash --noprofile --norc --noediting -i <keys >>"$printed" 2>&1 &
	shell=$!
	disown $shell
	exec 3>keys
	while IFS= read -r command; do
		until session_is_quiet $shell; do sleep .1; done
		printf '# %s\n' "$command" >>"$printed"
		printf '%s\n' "$command" >&3
	done < <(sed -n 's/^# //p' "$shown")
	until session_is_quiet $shell; do sleep .1; done
	pkill -KILL -s $shell
	exec 3>&-
	sed -i -E -e '/^bash: /d' -e '/^\[[0-9]+\][+-]? +(Done|Terminated|Exit)/d' "$printed"
}

# Gives tokens an hour, so that none expires on a slow machine, and sets what was there
# again. In what is shown, a life of a minute and one of an hour are alike.
session_lives() {
	local parameter=/sys/module/sockdup/parameters/default_ttl_ms

	case $1 in
	long)
		usual_life=$(<$parameter)
		echo 3600000 >$parameter
		;;
	usual)
		echo "$usual_life" >$parameter
		;;
	esac
}

# What differs from run to run, in width too. An exporting command has ended by the time
# that it is asked for its name, or not. The numbers of "sockdup info" stay, but for the
# life that session_lives() sets.
without_numbers() {
	sed -E -e '/^# /{h;b numbers' -e '}' \
		-e 'x;/\bsockdup (--?[a-z]+ )*info\b/{x;b information' -e '};x;b numbers' \
		-e ': information' -e 's/(^DEFAULT-TTL +|"default_ttl_ms": )[0-9hms]+/\1TIME/;b' \
		-e ': numbers' -e 's/sockdup1:[A-Za-z0-9_.-]+/sockdup1:TEXT/' \
		-e 's/\b[0-9]+(\.[0-9]+)?(h[0-9]+m|m[0-9]+s|s)\b/TIME/g' \
		-e 's/[0-9a-f]{16,}(\.\.\.)?/HEX/g' -e 's/[0-9]+(\.[0-9]+)?/N/g' \
		-e 's|\bsockdup/N|N|g' -e 's/ +/ /g' "$@"
}

# session_same SHOWN PRINTED: but for such numbers.
session_same() {
	[ -s "$1" ] && diff -u <(without_numbers "$1") <(without_numbers "$2")
}

# transcript SHOWN PRINTED: a session of the command, in a directory of its own that has
# the scripts of Documentation/examples, and with no token from the one before.
transcript() {
	local directory

	until [ -z "$(sockdup list --no-header)" ]; do sleep .1; done
	directory=$(mktemp -d)
	cp "$(dirname "$1")"/../examples/*.py "$directory"
	(cd "$directory" && session "$1" "$2")
	rm -rf "$directory"
}
