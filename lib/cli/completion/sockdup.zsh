#compdef sockdup
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# zsh completion of the sockdup command: the words that bash would offer.

local -a offered

# shellcheck disable=SC2016,SC2034,SC2296 # bash expands it; zsh's own ways
offered=(${(f)"$(bash -c '. "$0" && _sockdup_offer "$@"' @BASH_COMPLETION@ \
	"${(@Q)words[1,CURRENT-1]}" "$PREFIX")"})
compadd -a offered
