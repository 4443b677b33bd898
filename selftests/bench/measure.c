// SPDX-License-Identifier: GPL-2.0-only
/*
 * Repetitions and their median.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "measure.h"

long long now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC_RAW, &now);
	return now.tv_sec * 1000000000LL + now.tv_nsec;
}

static int compare(const void *left, const void *right)
{
	long long a = *(const long long *)left, b = *(const long long *)right;

	return (a > b) - (a < b);
}

/* name, processes, tokens alive, unit, number, spread in percent, repetitions */
static void print_line(const struct subject *subject, const char *unit,
		       double number, double spread, unsigned int repetitions)
{
	printf("%s\t%u\t%lu\t%s\t%.1f\t%.2f\t%u\n", subject->name,
	       subject->processes, subject->alive, unit, number, spread,
	       repetitions);
	fflush(stdout);
}

void print_number(const char *name, unsigned long alive, const char *unit,
		  double number)
{
	const struct subject subject = {
		.name = name,
		.processes = 1,
		.alive = alive,
	};

	print_line(&subject, unit, number, 0, 1);
}

/* The spread is that of the middle half. */
static void print_series(const struct effort *effort,
			 const struct subject *subject, long long *series)
{
	const unsigned int count = effort->repetitions;
	double median, width;

	qsort(series, count, sizeof(*series), compare);
	median = series[count / 2];
	width = series[count - 1 - count / 4] - series[count / 4];
	print_line(subject, "ns", median / effort->rounds, 100 * width / median,
		   count);
}

int measure(const struct effort *effort, const struct subject *subject)
{
	long long *series = calloc(effort->repetitions, sizeof(*series));
	unsigned int i;
	int error;

	if (!series)
		return -ENOMEM;
	error = subject->repeat(subject->context, effort->rounds, series);
	for (i = 0; i < effort->repetitions && !error; i++)
		error = subject->repeat(subject->context, effort->rounds,
					series + i);
	if (!error)
		print_series(effort, subject, series);
	free(series);
	return error;
}
