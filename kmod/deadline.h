/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef SOCKDUP_DEADLINE_H
#define SOCKDUP_DEADLINE_H

#include <linux/ktime.h>
#include <linux/timekeeping.h>
#include <linux/types.h>

/**
 * sockdup_deadline_has_passed - whether something is over
 * @deadline: when it is, in nanoseconds of CLOCK_BOOTTIME
 *
 * The coarse clock is cheap, and less than a second behind the other: most deadlines are
 * further away than that.
 */
static inline bool sockdup_deadline_has_passed(u64 deadline)
{
	if (likely(ktime_to_ns(ktime_get_coarse_boottime()) + NSEC_PER_SEC < deadline))
		return false;
	return ktime_get_boottime_ns() >= deadline;
}

/**
 * sockdup_deadline_in - when something will be over
 * @ms: milliseconds from now
 *
 * In less where it is seconds, by what the coarse clock is behind: a tick as a rule.
 *
 * Return: nanoseconds of CLOCK_BOOTTIME.
 */
static inline u64 sockdup_deadline_in(u32 ms)
{
	u64 life = (u64)ms * NSEC_PER_MSEC;

	if (likely(life >= 2 * NSEC_PER_SEC))
		return ktime_to_ns(ktime_get_coarse_boottime()) + life;
	return ktime_get_boottime_ns() + life;
}

#endif /* SOCKDUP_DEADLINE_H */
