// SPDX-License-Identifier: GPL-2.0-only
/*
 * The table of all inboxes that have slots, by number. Opening an inbox and its end write
 * it, and lists read it; no post and no accept does.
 */

#include <linux/random.h>
#include <linux/rbtree.h>
#include <linux/siphash.h>
#include <linux/spinlock.h>

#include "inbox.h"
#include "inbox_table.h"

/* Covers the next two; taken in process context only, and inside no other lock. */
static DEFINE_SPINLOCK(table_lock);
static struct rb_root table = RB_ROOT;
static u64 table_count;

/* Secret: see table_number(). */
static siphash_key_t table_key __ro_after_init;

#define TABLE_ROUNDS	4

/*
 * The number of the inbox that is opened after @count others. Different counts have
 * different numbers: this is a Feistel network. But a number does not tell the count, so
 * nobody learns how many inboxes others open.
 */
static u64 table_number(u64 count)
{
	u32 left = upper_32_bits(count), right = lower_32_bits(count), next;
	unsigned int round;

	for (round = 0; round < TABLE_ROUNDS; round++) {
		next = left ^ lower_32_bits(siphash_2u32(right, round, &table_key));
		left = right;
		right = next;
	}
	return (u64)left << 32 | right;
}

static bool table_is_before(struct rb_node *one, const struct rb_node *other)
{
	return rb_entry(one, struct sockdup_inbox, node)->number <
	       rb_entry(other, struct sockdup_inbox, node)->number;
}

/**
 * sockdup_inbox_table_add - give an inbox its number, and have it found
 * @inbox: with slots, and not open yet
 */
void sockdup_inbox_table_add(struct sockdup_inbox *inbox)
{
	spin_lock(&table_lock);
	inbox->number = table_number(table_count++);
	rb_add(&inbox->node, &table, table_is_before);
	spin_unlock(&table_lock);
}

/**
 * sockdup_inbox_table_remove - have an inbox no longer found
 * @inbox: held by the caller; in the table
 *
 * It has ended, and its slots are about to be freed.
 */
void sockdup_inbox_table_remove(struct sockdup_inbox *inbox)
{
	spin_lock(&table_lock);
	rb_erase(&inbox->node, &table);
	spin_unlock(&table_lock);
}

/**
 * sockdup_inbox_table_next - find an inbox
 * @number: the lowest that it may have
 *
 * Return: the inbox of the lowest number from @number on, to be put, or NULL.
 */
struct sockdup_inbox *sockdup_inbox_table_next(u64 number)
{
	struct sockdup_inbox *inbox, *next = NULL;
	struct rb_node *node;

	spin_lock(&table_lock);
	node = table.rb_node;
	while (node) {
		inbox = rb_entry(node, struct sockdup_inbox, node);
		if (inbox->number >= number) {
			next = inbox;
			node = node->rb_left;
		} else {
			node = node->rb_right;
		}
	}
	/* Who removes it still has a reference. */
	if (next)
		refcount_inc(&next->ref);
	spin_unlock(&table_lock);
	return next;
}

/**
 * sockdup_inbox_table_init - get ready, before an inbox is opened
 */
void __init sockdup_inbox_table_init(void)
{
	get_random_bytes(&table_key, sizeof(table_key));
}
