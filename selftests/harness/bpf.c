// SPDX-License-Identifier: GPL-2.0-only
/*
 * BPF programs of a few instructions, without a compiler.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <stdint.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "bpf.h"

int bpf(int command, union bpf_attr *attr)
{
	int value = syscall(SYS_bpf, command, attr, sizeof(*attr));

	return value < 0 ? -errno : value;
}

int bpf_load(union bpf_attr *attr, const struct bpf_insn *program,
	     size_t count)
{
	attr->insns = (uintptr_t)program;
	attr->insn_cnt = count;
	attr->license = (uintptr_t)"GPL";
	return bpf(BPF_PROG_LOAD, attr);
}

int bpf_map(enum bpf_map_type type, __u32 entries)
{
	union bpf_attr attr = {
		.map_type = type,
		.key_size = sizeof(__u32),
		.value_size = sizeof(__u32),
		.max_entries = entries,
	};

	return bpf(BPF_MAP_CREATE, &attr);
}

int bpf_map_set(int map, __u32 key, __u32 value)
{
	union bpf_attr attr = {
		.map_fd = map,
		.key = (uintptr_t)&key,
		.value = (uintptr_t)&value,
	};

	return bpf(BPF_MAP_UPDATE_ELEM, &attr);
}

int bpf_map_get(int map, __u32 key, __u32 *value)
{
	union bpf_attr attr = {
		.map_fd = map,
		.key = (uintptr_t)&key,
		.value = (uintptr_t)value,
	};

	return bpf(BPF_MAP_LOOKUP_ELEM, &attr);
}
