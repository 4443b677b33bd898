/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What is measured is done in repetitions of many rounds. The median of the
 * repetitions counts. Under -icount a nanosecond is an instruction.
 */
#ifndef BENCH_MEASURE_H
#define BENCH_MEASURE_H

/**
 * struct effort - how much of everything
 * @rounds: in a repetition
 * @repetitions: that count; one more goes before them
 * @alive: most tokens of others that are alive
 * @settle: seconds to wait before anything
 */
struct effort {
	unsigned int rounds;
	unsigned int repetitions;
	unsigned long alive;
	unsigned int settle;
};

/**
 * struct subject - something to measure
 * @name: in tables
 * @processes: that take part
 * @alive: tokens of others meanwhile
 * @repeat: does it that many times; fills the nanoseconds that count, or gives
 *          -errno
 * @context: for @repeat
 */
struct subject {
	const char *name;
	unsigned int processes;
	unsigned long alive;
	int (*repeat)(void *context, unsigned int rounds, long long *ns);
	void *context;
};

long long now_ns(void);

/* Prints a line with the nanoseconds of a round, or gives -errno. */
int measure(const struct effort *effort, const struct subject *subject);

/* The same for a number that was found once. */
void print_number(const char *name, unsigned long alive, const char *unit,
		  double number);

#endif /* BENCH_MEASURE_H */
