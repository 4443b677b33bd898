// SPDX-License-Identifier: GPL-2.0-only
/*
 * Each step of a token's life by itself. Tokens are made by the batch, and then
 * ended by the batch; one of the two counts.
 */
#include <errno.h>
#include <unistd.h>

#include "one.h"
#include "part.h"

#define BATCH	100

/**
 * struct step - a step of a token's life
 * @name: in tables
 * @way: how tokens are made
 * @end: ends one; may leave a descriptor
 * @ending: the end is what counts
 */
struct step {
	const char *name;
	const struct way *way;
	int (*end)(const struct side *side, const union parcel *parcel);
	bool ending;
};

struct batch {
	struct side side;
	const struct step *step;
	union parcel parcels[BATCH];
	int fds[BATCH];
};

static int end_by_import(const struct side *side, const union parcel *parcel)
{
	return raw_import(side->device, &parcel->info, 0, NULL);
}

static int end_by_revoke(const struct side *side, const union parcel *parcel)
{
	return raw_revoke(side->device, &parcel->info);
}

static int make(struct batch *batch)
{
	int i, error = 0;

	for (i = 0; i < BATCH && !error; i++)
		error = batch->step->way->give(&batch->side, batch->parcels + i);
	return error;
}

static int end(struct batch *batch)
{
	int i, value = 0;

	for (i = 0; i < BATCH && value >= 0; i++) {
		value = batch->step->end(&batch->side, batch->parcels + i);
		batch->fds[i] = value;
	}
	return value < 0 ? value : 0;
}

static void close_all(const struct batch *batch)
{
	int i;

	for (i = 0; i < BATCH; i++) {
		if (batch->fds[i])
			close(batch->fds[i]);
	}
}

static int live_once(struct batch *batch, long long *ns)
{
	long long start = now_ns(), middle;
	int error = make(batch);

	if (error)
		return error;
	middle = now_ns();
	error = end(batch);
	if (error)
		return error;
	*ns += batch->step->ending ? now_ns() - middle : middle - start;
	close_all(batch);
	return 0;
}

static int repeat(void *context, unsigned int rounds, long long *ns)
{
	unsigned int batches = rounds / BATCH;
	long long sum = 0;
	int error = 0;

	while (batches-- && !error)
		error = live_once(context, &sum);
	*ns = sum;
	return error;
}

static int measure_step(const struct effort *effort, const struct step *step)
{
	struct batch batch = { .step = step };
	const struct subject subject = {
		.name = step->name,
		.processes = 1,
		.repeat = repeat,
		.context = &batch,
	};
	int error = side_open(&batch.side, step->way);

	if (!error)
		error = side_begin(&batch.side, step->way);
	return error ? error : measure(effort, &subject);
}

int part_alone(const struct effort *effort)
{
	static const struct step steps[] = {
		{ "export", &way_sockdup, end_by_import, false },
		{ "netlink_export", &way_netlink, end_by_import, false },
		{ "user_export", &way_to_user, end_by_import, false },
		{ "import", &way_sockdup, end_by_import, true },
		{ "user_import", &way_to_user, end_by_import, true },
		{ "revoke", &way_sockdup, end_by_revoke, true },
	};
	unsigned int i;
	int error = effort->rounds % BATCH ? -EINVAL : 0;

	for (i = 0; i < sizeof(steps) / sizeof(*steps) && !error; i++)
		error = measure_step(effort, steps + i);
	return error;
}
