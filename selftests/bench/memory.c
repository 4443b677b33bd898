// SPDX-License-Identifier: GPL-2.0-only
/*
 * What tokens take of the kernel's memory: what they grow it by, and what the
 * module makes ready when it is loaded. All are of one socket, so that the
 * open file is no part of it.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

#include "../harness/census.h"
#include "../harness/common.h"
#include "../harness/module.h"
#include "crowd.h"
#include "part.h"

#define TOKENS		100000

/* Seconds after which what was freed is free. */
#define CALM		2

/* Bytes: slabs, and what is allocated by pages or for each processor. */
static long footprint(void)
{
	static const char *const names[] = {
		"Slab:", "VmallocUsed:", "Percpu:",
	};
	long sum = 0, kilobytes;
	unsigned int i;

	sleep(CALM);
	for (i = 0; i < sizeof(names) / sizeof(*names); i++) {
		kilobytes = read_field("/proc/meminfo", names[i]);
		if (kilobytes < 0)
			return kilobytes;
		sum += kilobytes;
	}
	return sum * 1024;
}

/* What the module takes beside its own code and data. */
static long load_module_anew(void)
{
	int fd = open(module_path(), O_RDONLY | O_CLOEXEC);
	int error = fd < 0 ? -errno : module_remove();
	long before, after, size;

	if (error)
		return error;
	before = footprint();
	error = module_load(fd);
	close(fd);
	if (error)
		return error;
	after = footprint();
	size = read_number("/sys/module/" SOCKDUP_DEVICE_NAME "/coresize");
	if (before < 0 || after < 0 || size < 0)
		return -EPROTO;
	return after - before - size;
}

static void print_bytes(const char *name, long bytes)
{
	print_number(name, TOKENS, "bytes", (double)bytes / TOKENS);
}

int part_memory(const struct effort *effort)
{
	struct crowd crowd;
	long tables, before, after;
	int error;

	tables = load_module_anew();
	if (tables < 0)
		return tables;
	error = crowd_open(&crowd);
	if (!error)
		error = crowd_grow(&crowd, 1);
	if (error)
		return error;
	before = footprint();
	error = crowd_grow(&crowd, 1 + TOKENS);
	if (error)
		return error;
	after = footprint();
	if (before < 0 || after < 0)
		return -EPROTO;
	print_bytes("memory_tokens", after - before);
	print_bytes("memory_tables", tables);
	print_bytes("memory", after - before + tables);
	return crowd_close(&crowd);
}
