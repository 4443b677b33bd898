# SPDX-License-Identifier: LGPL-2.1-or-later
#
# fish completion of the sockdup command: the words that bash would offer.

function __sockdup_offer
    bash -c '. "$0" && _sockdup_offer "$@"' @BASH_COMPLETION@ \
        (commandline --tokenize --current-process --cut-at-cursor) \
        (commandline --current-token --cut-at-cursor)
end

complete --command sockdup --no-files --arguments '(__sockdup_offer)'
