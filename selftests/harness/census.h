/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A count of what a test could leave behind: taken before, and again when all
 * should be gone.
 */
#ifndef SELFTESTS_CENSUS_H
#define SELFTESTS_CENSUS_H

/**
 * struct census - how much there is of what can be left behind
 * @files: open files of the system; processors count some before they report
 *         them, so that a few more or less say nothing
 * @sockets: of the test's network namespace
 * @descriptors: of the test
 * @references: to the module
 * @held: sockets that tokens of the test's user hold, as the module tells
 * @bytes: of names and payloads in them, likewise
 */
struct census {
	long files;
	long sockets;
	long descriptors;
	long references;
	long held;
	long bytes;
};

/* 0 or -errno. */
int take_census(struct census *census);

/* 0 once there is no more of anything than @before; says what stays too long. */
int wait_for_census(const struct census *before);

/* The same, and 0 only where there is no less of what a call may have let go of. */
int census_is_as_before(const struct census *before);

/* What tokens of the test's user hold; and 0 once that is @held or less. */
long held_by_tokens(void);
int wait_for_held(long held);
/* The bytes of names and payloads in them. */
long bytes_of_tokens(void);

/* Open descriptors of the caller. */
long count_descriptors(void);

/* The number behind @name in a file of such lines, or -errno. */
long read_field(const char *path, const char *name);

#endif /* SELFTESTS_CENSUS_H */
