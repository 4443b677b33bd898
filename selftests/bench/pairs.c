// SPDX-License-Identifier: GPL-2.0-only
/*
 * Pairs of processes, each of a user of its own, that hand sockets over all at
 * once for some seconds. For looking at what they have in common.
 */
#define _GNU_SOURCE
#include <err.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "couple.h"
#include "measure.h"

/* The first pair's user. */
#define FIRST_UID	2000

static int hand_over_until(long long end_ns, unsigned long *count)
{
	struct couple couple;
	int error = couple_start(&couple, &way_sockdup, 1);

	while (!error && now_ns() < end_ns) {
		error = couple_hand_over(&couple);
		*count += 1;
	}
	if (!error)
		couple_end(&couple);
	return error;
}

/* The giving process of a pair: how many it has handed over goes to the pipe. */
static void be_pair(uid_t uid, long long end_ns, int result)
{
	unsigned long count = 0;
	int error;

	if (setresuid(uid, uid, uid))
		err(1, "setresuid");
	error = hand_over_until(end_ns, &count);
	if (error)
		errx(1, "user %u: %s", uid, strerror(-error));
	if (write(result, &count, sizeof(count)) != sizeof(count))
		err(1, "write");
	exit(0);
}

static unsigned long sum_of(unsigned int pairs, int result)
{
	unsigned long count, sum = 0;

	while (pairs--) {
		if (read(result, &count, sizeof(count)) != sizeof(count))
			errx(1, "a pair has failed");
		sum += count;
	}
	return sum;
}

int main(int argc, char **argv)
{
	unsigned int i, pairs = argc == 3 ? strtoul(argv[1], NULL, 10) : 0;
	unsigned int seconds = argc == 3 ? strtoul(argv[2], NULL, 10) : 0;
	long long end_ns = now_ns() + seconds * 1000000000LL;
	int result[2];

	if (!pairs || !seconds)
		errx(2, "usage: pairs PAIRS SECONDS");
	if (pipe(result))
		err(1, "pipe");
	for (i = 0; i < pairs; i++) {
		switch (fork()) {
		case -1:
			err(1, "fork");
		case 0:
			be_pair(FIRST_UID + i, end_ns, result[1]);
		}
	}
	close(result[1]);
	printf("%lu sockets handed over\n", sum_of(pairs, result[0]));
	while (wait(NULL) > 0)
		;
	return 0;
}
