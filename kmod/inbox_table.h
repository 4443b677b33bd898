/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef SOCKDUP_INBOX_TABLE_H
#define SOCKDUP_INBOX_TABLE_H

#include <linux/types.h>

struct sockdup_inbox;

void sockdup_inbox_table_add(struct sockdup_inbox *inbox);
void sockdup_inbox_table_remove(struct sockdup_inbox *inbox);
struct sockdup_inbox *sockdup_inbox_table_next(u64 number);
void sockdup_inbox_table_init(void);

#endif /* SOCKDUP_INBOX_TABLE_H */
