/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The clock that deadlines go by, CLOCK_BOOTTIME.
 */
#ifndef SELFTESTS_CLOCK_H
#define SELFTESTS_CLOCK_H

#include <time.h>

static inline long long now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_BOOTTIME, &now);
	return now.tv_sec * 1000000000LL + now.tv_nsec;
}

static inline long long now_ms(void)
{
	return now_ns() / 1000000;
}

static inline void sleep_until_ns(long long end_ns)
{
	const struct timespec end = {
		.tv_sec = end_ns / 1000000000,
		.tv_nsec = end_ns % 1000000000,
	};

	while (clock_nanosleep(CLOCK_BOOTTIME, TIMER_ABSTIME, &end, NULL))
		;
}

static inline void sleep_until_ms(long long end_ms)
{
	sleep_until_ns(end_ms * 1000000);
}

static inline void sleep_ms(long ms)
{
	sleep_until_ms(now_ms() + ms);
}

#endif /* SELFTESTS_CLOCK_H */
