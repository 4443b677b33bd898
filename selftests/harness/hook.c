// SPDX-License-Identifier: GPL-2.0-only
/*
 * A security module of the tests' own, which judges received files.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <linux/btf.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "agent.h"
#include "bpf.h"
#include "hook.h"

#define COUNT(array)	(sizeof(array) / sizeof((array)[0]))

#define TYPES	"/sys/kernel/btf/vmlinux"
#define HOOK	"bpf_lsm_file_receive"

/* What follows a type, in bytes. */
static size_t btf_extra(const struct btf_type *type)
{
	const size_t count = BTF_INFO_VLEN(type->info);

	switch (BTF_INFO_KIND(type->info)) {
	case BTF_KIND_INT:
	case BTF_KIND_VAR:
	case BTF_KIND_DECL_TAG:
		return sizeof(__u32);
	case BTF_KIND_ARRAY:
		return sizeof(struct btf_array);
	case BTF_KIND_STRUCT:
	case BTF_KIND_UNION:
		return count * sizeof(struct btf_member);
	case BTF_KIND_ENUM:
		return count * sizeof(struct btf_enum);
	case BTF_KIND_ENUM64:
		return count * sizeof(struct btf_enum64);
	case BTF_KIND_FUNC_PROTO:
		return count * sizeof(struct btf_param);
	case BTF_KIND_DATASEC:
		return count * sizeof(struct btf_var_secinfo);
	default:
		return 0;
	}
}

/* The number of a function among the types, 0 where there is none. */
static int btf_find(const char *types, const char *function)
{
	const struct btf_header *header = (const void *)types;
	const char *at = types + header->hdr_len + header->type_off;
	const char *end = at + header->type_len;
	const char *names = types + header->hdr_len + header->str_off;
	const struct btf_type *type;
	int id;

	for (id = 1; at < end; id++) {
		type = (const void *)at;
		if (BTF_INFO_KIND(type->info) == BTF_KIND_FUNC &&
		    !strcmp(names + type->name_off, function))
			return id;
		at += sizeof(*type) + btf_extra(type);
	}
	return 0;
}

static int find_hook(void)
{
	int fd = open(TYPES, O_RDONLY | O_CLOEXEC);
	struct stat status;
	int id = -ENODATA;
	char *types;

	if (fd < 0)
		return -errno;
	types = fstat(fd, &status) ? NULL : malloc(status.st_size);
	if (types && !read_exactly(fd, types, status.st_size))
		id = btf_find(types, HOOK);
	free(types);
	close(fd);
	return id ? id : -ENOENT;
}

/* A descriptor of a program on the hook. */
static int load(const struct bpf_insn *program, size_t count, __u32 flags)
{
	union bpf_attr attr = {
		.prog_type = BPF_PROG_TYPE_LSM,
		.expected_attach_type = BPF_LSM_MAC,
		.prog_flags = flags,
	};
	int hook = find_hook();

	if (hook < 0)
		return hook;
	attr.attach_btf_id = hook;
	return bpf_load(&attr, program, count);
}

/* A program in force until the descriptor is closed; consumes the program's. */
static int attach(int program)
{
	union bpf_attr attr = { 0 };
	int link;

	if (program < 0)
		return program;
	attr.raw_tracepoint.prog_fd = program;
	link = bpf(BPF_RAW_TRACEPOINT_OPEN, &attr);
	close(program);
	return link;
}

int hook_refuse(pid_t pid, int error)
{
	const struct bpf_insn program[] = {
		{ .code = BPF_JMP | BPF_CALL,
		  .imm = BPF_FUNC_get_current_pid_tgid },
		{ .code = BPF_ALU64 | BPF_RSH | BPF_K,
		  .dst_reg = BPF_REG_0, .imm = 32 },
		{ .code = BPF_JMP | BPF_JNE | BPF_K,
		  .dst_reg = BPF_REG_0, .imm = pid, .off = 2 },
		{ .code = BPF_ALU64 | BPF_MOV | BPF_K,
		  .dst_reg = BPF_REG_0, .imm = error },
		{ .code = BPF_JMP | BPF_EXIT },
		{ .code = BPF_ALU64 | BPF_MOV | BPF_K,
		  .dst_reg = BPF_REG_0, .imm = 0 },
		{ .code = BPF_JMP | BPF_EXIT },
	};

	return attach(load(program, COUNT(program), 0));
}

int hook_hold(pid_t pid, const void *address, int error)
{
	const __u64 place = (uintptr_t)address;
	const struct bpf_insn program[] = {
		{ .code = BPF_JMP | BPF_CALL,
		  .imm = BPF_FUNC_get_current_pid_tgid },
		{ .code = BPF_ALU64 | BPF_RSH | BPF_K,
		  .dst_reg = BPF_REG_0, .imm = 32 },
		{ .code = BPF_JMP | BPF_JNE | BPF_K,
		  .dst_reg = BPF_REG_0, .imm = pid, .off = 8 },
		{ .code = BPF_ALU64 | BPF_MOV | BPF_X,
		  .dst_reg = BPF_REG_1, .src_reg = BPF_REG_10 },
		{ .code = BPF_ALU64 | BPF_ADD | BPF_K,
		  .dst_reg = BPF_REG_1, .imm = -8 },
		{ .code = BPF_ALU64 | BPF_MOV | BPF_K,
		  .dst_reg = BPF_REG_2, .imm = 8 },
		{ .code = BPF_LD | BPF_DW | BPF_IMM,
		  .dst_reg = BPF_REG_3, .imm = (__u32)place },
		{ .imm = place >> 32 },
		{ .code = BPF_JMP | BPF_CALL,
		  .imm = BPF_FUNC_copy_from_user },
		{ .code = BPF_ALU64 | BPF_MOV | BPF_K,
		  .dst_reg = BPF_REG_0, .imm = error },
		{ .code = BPF_JMP | BPF_EXIT },
		{ .code = BPF_ALU64 | BPF_MOV | BPF_K,
		  .dst_reg = BPF_REG_0, .imm = 0 },
		{ .code = BPF_JMP | BPF_EXIT },
	};

	return attach(load(program, COUNT(program), BPF_F_SLEEPABLE));
}

bool hook_is_there(void)
{
	char modules[256] = { 0 };
	int fd = open("/sys/kernel/security/lsm", O_RDONLY | O_CLOEXEC);
	ssize_t size;

	if (fd < 0)
		return false;
	size = read(fd, modules, sizeof(modules) - 1);
	close(fd);
	return size > 0 && strstr(modules, "bpf") && !access(TYPES, R_OK);
}
