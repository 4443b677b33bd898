/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A security module of the tests' own, which judges received files: a BPF
 * program of a few instructions. It needs no compiler and no policy, only a
 * kernel that has "bpf" among its security modules and knows its own types.
 */
#ifndef SELFTESTS_HOOK_H
#define SELFTESTS_HOOK_H

#include <stdbool.h>
#include <sys/types.h>

/* Whether the kernel has what this takes. */
bool hook_is_there(void);

/*
 * Each gives a descriptor, or -errno; the rule is in force until that is
 * closed. The process @pid receives nothing and gets @error. Or it waits,
 * before it receives anything, until there is memory at @address, and gets
 * @error then, unless that is 0.
 */
int hook_refuse(pid_t pid, int error);
int hook_hold(pid_t pid, const void *address, int error);

#endif /* SELFTESTS_HOOK_H */
