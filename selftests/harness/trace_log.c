// SPDX-License-Identifier: GPL-2.0-only
#define _GNU_SOURCE
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common.h"
#include "trace_log.h"

#define INSTANCE	"/sys/kernel/tracing/instances/sockdup-selftest/"
#define EVENTS		INSTANCE "events/"
#define ENABLE		EVENTS "sockdup/enable"

int trace_log_open(void)
{
	int error = mkdir(INSTANCE, 0755) && errno != EEXIST ? -errno : 0;

	if (!error)
		error = write_string(INSTANCE "trace", "\n");
	return error ? error : write_string(ENABLE, "1");
}

int trace_log_add(const char *event, const char *filter)
{
	char path[128];
	int error;

	snprintf(path, sizeof(path), EVENTS "%s/filter", event);
	error = write_string(path, filter);
	if (error)
		return error;
	snprintf(path, sizeof(path), EVENTS "%s/enable", event);
	return write_string(path, "1");
}

int trace_log_close(void)
{
	int error = write_string(EVENTS "enable", "0");

	return !error && rmdir(INSTANCE) ? -errno : error;
}

char *trace_log_text(void)
{
	return read_text(INSTANCE "trace");
}

int trace_log_count(const char *part)
{
	char *text = trace_log_text();
	int found = text ? count_in(text, part) : -1;

	free(text);
	return found;
}

static bool line_is_there(void *context)
{
	const struct trace_line *line = context;

	return trace_log_count(line->text) >= line->times;
}

int trace_log_wait(struct trace_line line)
{
	int error = wait_until(line_is_there, &line);

	if (error)
		return error;
	return trace_log_count(line.text) == line.times ? 0 : -EEXIST;
}
