/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * BPF programs of a few instructions, without a compiler.
 */
#ifndef SELFTESTS_BPF_H
#define SELFTESTS_BPF_H

#include <linux/bpf.h>
#include <stddef.h>

/* A value, such as a descriptor, which is close-on-exec, or -errno. */
int bpf(int command, union bpf_attr *attr);

/* A descriptor of the program; @attr says of what type it is. */
int bpf_load(union bpf_attr *attr, const struct bpf_insn *program,
	     size_t count);

/* A descriptor of a map from one __u32 to another. */
int bpf_map(enum bpf_map_type type, __u32 entries);
int bpf_map_set(int map, __u32 key, __u32 value);
int bpf_map_get(int map, __u32 key, __u32 *value);

#endif /* SELFTESTS_BPF_H */
