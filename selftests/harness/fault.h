/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The kernel's fault injection: of the steps of a call that can fail, which are
 * allocations and copies from and to user space, one does. It counts for the calling
 * thread alone.
 */
#ifndef SELFTESTS_FAULT_H
#define SELFTESTS_FAULT_H

#include <stdbool.h>

/* Far more steps than anything here has. */
#define FAULT_STEPS_MAX	20000

/**
 * struct fault - a call in which one step fails
 * @control: of the injection
 * @step: the one that is to fail, counted from 1
 * @value: what the call gave
 * @failed: the call has come to that step
 */
struct fault {
	int control;
	unsigned int step;
	int value;
	bool failed;
};

/**
 * struct fault_fillers - descriptors that leave no room for another
 * @fds: the descriptors
 * @count: how many
 */
struct fault_fillers {
	int fds[1024];
	unsigned int count;
};

/* Whether the kernel has it. */
bool fault_is_possible(void);

/* 0, or -errno. Every allocation may fail from then on. */
int fault_open(struct fault *fault);

/* 0, or -errno. The call comes between these two. */
int fault_begin(const struct fault *fault);
/* How many steps were left. */
unsigned int fault_end(struct fault *fault);

/* Whether a call may give this for a fault. */
bool fault_is_told_by(int error);

/*
 * The next descriptor will need a larger table, if there can be one: copies of @fd fill
 * this one. 0 or -errno.
 */
int fault_fill_descriptors(struct fault_fillers *fillers, int fd);
void fault_close_fillers(struct fault_fillers *fillers);

#endif /* SELFTESTS_FAULT_H */
