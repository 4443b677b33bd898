/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef CLI_KEEPER_H
#define CLI_KEEPER_H

#include "plan.h"

/* Gives an exit code after a complaint. */
int names_keep(const struct plan *plan);

#endif /* CLI_KEEPER_H */
