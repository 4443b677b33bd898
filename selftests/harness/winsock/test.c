// SPDX-License-Identifier: GPL-2.0-only
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "process.h"
#include "test.h"

/* Longer than any wait within a test, and short enough to see what hangs. */
#define TEST_SECONDS	240

enum outcome { PASSED, FAILED, SKIPPED };

static struct test *tests;
static struct test *running;
static jmp_buf end_of_test;
static const char *reason;
static volatile unsigned int number;

void test_add(struct test *test)
{
	struct test **link = &tests;

	while (*link && (*link)->line < test->line)
		link = &(*link)->next;
	test->next = *link;
	*link = test;
}

void test_fail(const char *file, int line, const char *format, ...)
{
	va_list arguments;

	printf("# %s:%d: ", file, line);
	va_start(arguments, format);
	vprintf(format, arguments);
	va_end(arguments);
	printf("\n");
	longjmp(end_of_test, FAILED);
}

void test_skip(const char *why)
{
	reason = why;
	longjmp(end_of_test, SKIPPED);
}

/* A glob that knows * alone. */
static bool matches(const char *pattern, const char *name)
{
	if (*pattern == '*')
		return matches(pattern + 1, name) ||
		       (*name && matches(pattern, name + 1));
	if (*pattern != *name)
		return false;
	return !*pattern || matches(pattern + 1, name + 1);
}

static void filter(void)
{
	const char *pattern = getenv("SOCKDUP_TEST_FILTER");
	struct test **link = &tests;

	while (pattern && *pattern && *link) {
		if (matches(pattern, (*link)->name))
			link = &(*link)->next;
		else
			*link = (*link)->next;
	}
}

static unsigned int count(void)
{
	const struct test *test;
	unsigned int n = 0;

	for (test = tests; test; test = test->next)
		n++;
	return n;
}

static void report(const char *result, const char *remark)
{
	printf("%s %u %s%s%s\n", result, number, running->name,
	       *remark ? " # SKIP " : "", remark);
	fflush(stdout);
}

/* A test that hangs ends the program, as it may hold anything. */
static void *watch(void *unused)
{
	unsigned int watched = 0, seconds = 0;

	(void)unused;
	while (seconds < TEST_SECONDS) {
		sleep(1);
		seconds = watched == number ? seconds + 1 : 0;
		watched = number;
	}
	printf("# it did not end within %d seconds\n", TEST_SECONDS);
	report("not ok", "");
	_exit(1);
}

static enum outcome run(const struct test *test)
{
	enum outcome outcome = setjmp(end_of_test);

	if (outcome == PASSED) {
		if (test->needs_module && !process_module_is_there())
			test_skip("there is no module");
		test_begin();
		test->run();
	}
	return outcome;
}

int test_main(void)
{
	bool failed = false;
	pthread_t watcher;

	filter();
	printf("TAP version 13\n1..%u\n", count());
	fflush(stdout);
	for (running = tests; running; running = running->next) {
		if (!number++)
			pthread_create(&watcher, NULL, watch, NULL);
		reason = "";
		switch (run(running)) {
		case FAILED:
			failed = true;
			report("not ok", "");
			break;
		default:
			report("ok", reason);
		}
		test_end();
	}
	return failed;
}
