/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef CLI_KEPT_H
#define CLI_KEPT_H

#include "store.h"

void kept_print(const struct kept *kept);

#endif /* CLI_KEPT_H */
