// SPDX-License-Identifier: GPL-2.0-only
/*
 * Loading the module, as far as that is the module's own affair, fails at each step
 * that can fail: nothing is left of it. The kernel's part of it, which comes first,
 * warns of some faults. A trace tells whether a load got beyond that.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <sys/stat.h>

#include "clock.h"
#include "fault.h"
#include "harness.h"
#include "module.h"

#define INSTANCE	"/sys/kernel/tracing/instances/sockdup-faults/"

/* By so many steps one load may differ from another. */
#define SPREAD		3

FIXTURE(load) {
	struct fault fault;
	int module;
};

static bool module_is_there(void)
{
	return !access("/sys/module/" SOCKDUP_DEVICE_NAME, F_OK) ||
	       !access(DEVICE_PATH, F_OK);
}

#define MARK	"a load begins"

/* 1, 0, or -ENODATA where the trace does not even have the mark before a load. */
static int init_was_called(void)
{
	char *trace = read_text(INSTANCE "trace");
	int called = -ENODATA;

	if (trace && count_in(trace, MARK))
		called = count_in(trace, "initcall_start:") > 0;
	free(trace);
	return called;
}

FIXTURE_SETUP(load)
{
	if (!fault_is_possible())
		SKIP(longjmp(_metadata->env, 1),
		     "no fault injection in this kernel");
	self->module = open(module_path(), O_RDONLY | O_CLOEXEC);
	if (self->module < 0)
		SKIP(longjmp(_metadata->env, 1),
		     "no module file beside the programs");
	ASSERT_EQ(0, fault_open(&self->fault));
	ASSERT_TRUE(!mkdir(INSTANCE, 0755) || errno == EEXIST);
	ASSERT_EQ(0, write_string(INSTANCE "events/initcall/enable", "1"));
	ASSERT_EQ(0, module_wait_until_unused());
	ASSERT_EQ(0, module_remove());
}

FIXTURE_TEARDOWN(load)
{
	int error = module_load(self->module);

	EXPECT_TRUE(!error || error == -EEXIST);
	EXPECT_EQ(0, write_string(INSTANCE "events/initcall/enable", "0"));
	EXPECT_EQ(0, rmdir(INSTANCE));
}

/* How many steps loading has, or -errno. The module is not there afterwards. */
static int count_steps(struct fault *fault, int module)
{
	unsigned int left;
	int error;

	fault->step = FAULT_STEPS_MAX;
	error = fault_begin(fault);
	if (error)
		return error;
	fault->value = module_load(module);
	left = fault_end(fault);
	error = fault->value ?: module_remove();
	return error ? error : (int)(FAULT_STEPS_MAX - left);
}

/* 0 where loading does what it should. The module is not there afterwards. */
static int try_load(struct fault *fault, int module)
{
	int error = write_string(INSTANCE "trace", "\n");

	if (!error)
		error = write_string(INSTANCE "trace_marker", MARK);
	if (!error)
		error = fault_begin(fault);
	if (error)
		return error;
	fault->value = module_load(module);
	fault_end(fault);
	if (!fault->value)
		return module_remove();
	if (!fault->failed || !fault_is_told_by(fault->value))
		return fault->value;
	return module_is_there() ? -EPROTO : 0;
}

/* What init makes, of which each takes several steps: see kmod/. */
#define INIT_OBJECTS	10

/* A load takes seconds with a leak detector. A run that is not a full one skips most. */
#define STRIDE		5

/* The module's own steps are the last, the kernel's are those that go before. */
TEST_F_TIMEOUT(load, with_a_fault_in_any_step_of_init_leaves_no_module, 1500)
{
	struct fault *fault = &self->fault;
	unsigned int failures = 0, more = SPREAD, stride = 1, first = 0;
	int steps = count_steps(fault, self->module);
	int called;

	ASSERT_LT(0, steps);
	ASSERT_GT(FAULT_STEPS_MAX, steps);
	if (stress(100) < 100) {
		stride = STRIDE;
		first = now_ns() % STRIDE;
	}
	for (fault->step = steps + SPREAD - first; more; fault->step -= stride) {
		ASSERT_LT(0, fault->step);
		ASSERT_EQ(0, try_load(fault, self->module)) {
			TH_LOG("at step %u, value %d", fault->step,
			       fault->value);
		}
		called = init_was_called();
		ASSERT_LE(0, called);
		if (!fault->value) {
			ASSERT_EQ(1, called);
		} else if (called) {
			failures++;
			more = SPREAD;
		} else {
			more--;
		}
	}
	TH_LOG("of %d steps, every %u from %u on, %u in init are fatal", steps, stride,
	       first, failures);
	EXPECT_LE(INIT_OBJECTS, failures);
}

SOCKDUP_TEST_MAIN
