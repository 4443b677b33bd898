/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A harness for tests that run on Linux and on Windows alike: one process, one
 * test after the other, results as TAP. The kernel's own harness needs fork().
 *
 * An assertion that fails says so and ends its test.
 */
#ifndef SELFTESTS_WINSOCK_TEST_H
#define SELFTESTS_WINSOCK_TEST_H

#include <stdbool.h>
#include <string.h>

struct test {
	const char *name;
	void (*run)(void);
	int line;		/* tests run in the order of the file */
	bool needs_module;
	struct test *next;
};

void test_add(struct test *test);

#define TEST_WITH(needs, function)					\
	static void body_##function(void);				\
	static struct test test_##function = {				\
		.name = #function,					\
		.run = body_##function,					\
		.line = __LINE__,					\
		.needs_module = needs,					\
	};								\
	__attribute__((constructor)) static void add_##function(void)	\
	{								\
		test_add(&test_##function);				\
	}								\
	static void body_##function(void)

/* A test that works wherever there are sockets. */
#define TEST(function) TEST_WITH(false, function)

/* One that shares sockets or registers for network events. */
#define TEST_SHARED(function) TEST_WITH(true, function)

/* What each test begins and ends with; world.c has them. */
void test_begin(void);
void test_end(void);

int test_main(void);

/* Ends the running test. */
_Noreturn void test_fail(const char *file, int line, const char *format, ...);

/* What a test passes over, and why. */
_Noreturn void test_skip(const char *reason);

#define ASSERT(condition)						\
	do {								\
		if (!(condition))					\
			test_fail(__FILE__, __LINE__, "%s", #condition); \
	} while (0)

#define ASSERT_EQ(expected, seen)					\
	do {								\
		long long _expected = (long long)(expected);		\
		long long _seen = (long long)(seen);			\
									\
		if (_expected != _seen)					\
			test_fail(__FILE__, __LINE__,			\
				  "%s is %lld and not %s (%lld)",	\
				  #seen, _seen, #expected, _expected);	\
	} while (0)

/* A call that has to succeed, or has to fail with @code. */
#define ASSERT_WORKS(call)						\
	do {								\
		if ((int)(call) == -1)					\
			test_fail(__FILE__, __LINE__, "%s fails: %d",	\
				  #call, WSAGetLastError());		\
	} while (0)

#define ASSERT_FAILS(code, call)					\
	do {								\
		int _code = (code), _result, _error;			\
									\
		WSASetLastError(0);					\
		_result = (int)(call);					\
		_error = WSAGetLastError();				\
		if (_result != -1)					\
			test_fail(__FILE__, __LINE__, "%s succeeds",	\
				  #call);				\
		if (_error != _code)					\
			test_fail(__FILE__, __LINE__,			\
				  "%s fails with %d and not %s (%d)",	\
				  #call, _error, #code, _code);		\
	} while (0)

#endif /* SELFTESTS_WINSOCK_TEST_H */
