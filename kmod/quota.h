/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef SOCKDUP_QUOTA_H
#define SOCKDUP_QUOTA_H

#include <linux/list_bl.h>
#include <linux/llist.h>
#include <linux/uidgid.h>

struct file;
struct sockdup_account;

/**
 * struct sockdup_charge - one held file, charged to a user
 * @file: the file; the charge owns one reference
 * @account: who pays; the charge owns one reference
 * @place: room for the holder's own use until the charge is returned
 * @node: then links the charges of an account whose files wait to be put
 *
 * Embedded in what holds the file. Taken once, returned once.
 */
struct sockdup_charge {
	struct file *file;
	struct sockdup_account *account;
	union {
		struct hlist_bl_node place;
		struct llist_node node;
	};
};

/**
 * struct sockdup_look - something that a user's worker is to look at
 * @node: links what waits for the worker
 * @run: called by it; true where it is to be called again a little later, and
 *       else the last to touch this
 */
struct sockdup_look {
	struct llist_node node;
	bool (*run)(struct sockdup_look *look);
};

struct sockdup_account *sockdup_account_get(kuid_t uid);
void sockdup_account_put(struct sockdup_account *account);
long sockdup_account_held(struct sockdup_account *account);
long sockdup_account_held_by(kuid_t uid);

bool sockdup_account_charge_selection(struct sockdup_account *account);
void sockdup_account_return_selection(struct sockdup_account *account);
void sockdup_account_look(struct sockdup_account *account,
			  struct sockdup_look *look);

int sockdup_charge_take(struct sockdup_charge *charge, struct file *file,
			struct sockdup_account *likely);
void sockdup_charge_return(struct sockdup_charge *charge);
void sockdup_charge_return_later(struct sockdup_charge *charge);

int sockdup_quota_init(void (*returned)(struct sockdup_charge *charge));
void sockdup_quota_exit(void);

#endif /* SOCKDUP_QUOTA_H */
