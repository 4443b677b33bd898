// SPDX-License-Identifier: GPL-2.0-only
/*
 * Counts of open files, sockets, descriptors and references.
 */
#define _GNU_SOURCE
#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "census.h"
#include "common.h"

/* Files that a processor may have opened or closed without telling. */
#define SLACK_PER_PROCESSOR	64

long read_field(const char *path, const char *name)
{
	FILE *file = fopen(path, "re");
	long number = -ENOENT;
	char line[256];

	if (!file)
		return -errno;
	while (number == -ENOENT && fgets(line, sizeof(line), file)) {
		if (!strncmp(line, name, strlen(name)) &&
		    sscanf(line + strlen(name), "%ld", &number) != 1)
			number = -EPROTO;
	}
	fclose(file);
	return number;
}

long count_descriptors(void)
{
	DIR *directory = opendir("/proc/self/fd");
	long count = 0;

	if (!directory)
		return -errno;
	while (readdir(directory))
		count++;
	closedir(directory);
	return count;
}

static long read_of_handle(const char *name)
{
	int device = device_open();
	char path[64];
	long number;

	if (device < 0)
		return device;
	snprintf(path, sizeof(path), "/proc/self/fdinfo/%d", device);
	number = read_field(path, name);
	close(device);
	return number;
}

long held_by_tokens(void)
{
	return read_of_handle("held:");
}

long bytes_of_tokens(void)
{
	return read_of_handle("bytes:");
}

int take_census(struct census *census)
{
	census->files = read_number("/proc/sys/fs/file-nr");
	census->sockets = read_field("/proc/net/sockstat", "sockets: used");
	census->descriptors = count_descriptors();
	census->references = read_number("/sys/module/sockdup/refcnt");
	census->held = held_by_tokens();
	census->bytes = bytes_of_tokens();
	return census->files < 0 || census->sockets < 0 ||
	       census->descriptors < 0 || census->references < 0 ||
	       census->held < 0 || census->bytes < 0 ? -EPROTO : 0;
}

static bool is_no_more(void *context)
{
	const struct census *before = context;
	long slack = SLACK_PER_PROCESSOR * sysconf(_SC_NPROCESSORS_ONLN);
	struct census now;

	return !take_census(&now) && now.files <= before->files + slack &&
	       now.sockets <= before->sockets &&
	       now.descriptors <= before->descriptors &&
	       now.references <= before->references &&
	       now.held <= before->held && now.bytes <= before->bytes;
}

static void print_census(const char *when, const struct census *census)
{
	fprintf(stderr,
		"# %s: %ld files, %ld sockets, %ld descriptors, %ld references, %ld held, %ld bytes\n",
		when, census->files, census->sockets, census->descriptors,
		census->references, census->held, census->bytes);
}

int wait_for_census(const struct census *before)
{
	struct census wanted = *before;
	int error = wait_until(is_no_more, &wanted);
	struct census now;

	if (error) {
		take_census(&now);
		print_census("before", before);
		print_census("now", &now);
	}
	return error;
}

int census_is_as_before(const struct census *before)
{
	int error = wait_for_census(before);
	struct census now;

	if (!error)
		error = take_census(&now);
	if (error)
		return error;
	return now.held == before->held && now.bytes == before->bytes &&
	       now.references == before->references &&
	       now.descriptors == before->descriptors ? 0 : -EPROTO;
}

static bool is_held(void *context)
{
	long held = held_by_tokens();

	return held >= 0 && held <= *(long *)context;
}

int wait_for_held(long held)
{
	return wait_until(is_held, &held);
}
