// SPDX-License-Identifier: GPL-2.0-only
/*
 * The opaque bytes of protocol infos, drawn from batches of random bytes, one a
 * processor. Each call of the kernel's generator makes a new key first: asked
 * for the bytes of one token at a time, it would cost more than all the rest of
 * an export.
 */

#include <linux/jiffies.h>
#include <linux/local_lock.h>
#include <linux/notifier.h>
#include <linux/percpu.h>
#include <linux/random.h>

#include "opaque.h"

/*
 * The generator's first block gives 32 bytes, and each further one 64. This many
 * take 23 blocks and leave nothing of the last.
 */
#define OPAQUE_BATCH	60

static_assert((OPAQUE_BATCH * SOCKDUP_OPAQUE_SIZE - 32) % 64 == 0);

/* The kernel makes its own generator anew as often. */
#define OPAQUE_LIFE	(60 * HZ)

struct opaque_batch {
	local_lock_t lock;		/* covers all of this */
	unsigned int left;
	int generation;
	unsigned long until;		/* jiffies */
	struct sockdup_opaque random[OPAQUE_BATCH];
};

static struct opaque_batch __percpu *opaque_batches;

/* Batches that are older than a copy of the whole machine must not be used. */
static atomic_t opaque_generation;

static int opaque_machine_copied(struct notifier_block *block,
				 unsigned long action, void *data)
{
	atomic_inc(&opaque_generation);
	return NOTIFY_DONE;
}

static struct notifier_block opaque_copy_block = {
	.notifier_call = opaque_machine_copied,
};

static bool opaque_is_spent(const struct opaque_batch *batch)
{
	return !batch->left || time_after(jiffies, batch->until) ||
	       batch->generation != atomic_read(&opaque_generation);
}

static void opaque_refill(struct opaque_batch *batch)
{
	/* Read first: who is copied meanwhile draws once more. */
	batch->generation = atomic_read_acquire(&opaque_generation);
	batch->until = jiffies + OPAQUE_LIFE;
	/* Nothing is kept of what came before the generator was ready. */
	batch->left = rng_is_initialized() ? OPAQUE_BATCH : 1;
	get_random_bytes(batch->random,
			 batch->left * sizeof(batch->random[0]));
}

/**
 * sockdup_opaque_draw - draw a name and a secret for a token
 * @opaque: filled; the batch keeps no trace of it
 */
void sockdup_opaque_draw(struct sockdup_opaque *opaque)
{
	struct opaque_batch *batch;

	local_lock(&opaque_batches->lock);
	batch = this_cpu_ptr(opaque_batches);
	if (opaque_is_spent(batch))
		opaque_refill(batch);
	batch->left--;
	*opaque = batch->random[batch->left];
	batch->random[batch->left] = (struct sockdup_opaque){ };
	local_unlock(&opaque_batches->lock);
}

/**
 * sockdup_opaque_init - make ready to draw
 *
 * Return: 0 or -ENOMEM.
 */
int __init sockdup_opaque_init(void)
{
	int cpu, err;

	opaque_batches = alloc_percpu(struct opaque_batch);
	if (!opaque_batches)
		return -ENOMEM;
	for_each_possible_cpu(cpu)
		local_lock_init(&per_cpu_ptr(opaque_batches, cpu)->lock);
	err = register_random_vmfork_notifier(&opaque_copy_block);
	if (err)
		free_percpu(opaque_batches);
	return err;
}

/**
 * sockdup_opaque_exit - forget what was not drawn
 */
void sockdup_opaque_exit(void)
{
	int cpu;

	unregister_random_vmfork_notifier(&opaque_copy_block);
	for_each_possible_cpu(cpu)
		memzero_explicit(per_cpu_ptr(opaque_batches, cpu),
				 sizeof(*opaque_batches));
	free_percpu(opaque_batches);
}
