/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The kernel's test harness as the programs here use it. It defines what may
 * exist once in a program: for the file with the tests alone.
 */
#ifndef SELFTESTS_HARNESS_H
#define SELFTESTS_HARNESS_H

#include "kselftest_harness.h"

#include <fnmatch.h>

#include "common.h"

/* An emulated machine is slow. run_tests limits the program as a whole. */
#undef TEST_TIMEOUT_DEFAULT
#define TEST_TIMEOUT_DEFAULT	240

/*
 * Leaves those tests whose name, or fixture.name, matches the pattern in
 * SOCKDUP_TEST_FILTER, a glob such as W53_*.
 */
static inline bool filter_keeps(const struct __fixture_metadata *fixture,
				const struct __test_metadata *test,
				const char *pattern)
{
	char name[256];

	snprintf(name, sizeof(name), "%s.%s", fixture->name, test->name);
	return !fnmatch(pattern, test->name, 0) || !fnmatch(pattern, name, 0);
}

static inline void filter_tests(void)
{
	const char *pattern = getenv("SOCKDUP_TEST_FILTER");
	struct __fixture_metadata *fixture;
	struct __test_metadata **link;

	if (!pattern || !*pattern)
		return;
	for (fixture = __fixture_list; fixture; fixture = fixture->next) {
		link = &fixture->tests;
		while (*link) {
			if (filter_keeps(fixture, *link, pattern))
				link = &(*link)->next;
			else
				*link = (*link)->next;
		}
	}
}

static inline int filtered_run(int argc, char **argv)
{
	filter_tests();
	return test_harness_run(argc, argv);
}

/* The harness's own main() then calls the filter, however it begins. */
#define test_harness_run filtered_run
#define SOCKDUP_TEST_MAIN TEST_HARNESS_MAIN

#endif /* SELFTESTS_HARNESS_H */
