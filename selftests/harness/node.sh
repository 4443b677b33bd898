#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# Starts the test program of Node that lies beside it.

command -v node >/dev/null || {
	echo "TAP version 13"
	echo "1..1"
	echo "ok 1 # SKIP there is no Node here; Debian: nodejs libnode-dev"
	exit
}
exec node "$(realpath "$0").js"
