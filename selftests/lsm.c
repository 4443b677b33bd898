// SPDX-License-Identifier: GPL-2.0-only
/*
 * A security module that refuses an import: the target is told so, and the
 * token is none the worse for it. W47.
 *
 * The security module is a BPF program of a few instructions on the hook for
 * received files. It needs no compiler and no policy, only a kernel that has
 * "bpf" among its security modules and knows its own types.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <linux/btf.h>
#include <pthread.h>
#include <stdint.h>
#include <sys/stat.h>
#include <time.h>

#include "bpf.h"
#include "harness.h"
#include "page.h"

#define LONG_TTL_MS	3600000

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

/* A program that refuses whatever @pid receives with @error. */
static int load_refusal(pid_t pid, int error)
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

	return load(program, ARRAY_SIZE(program), 0);
}

/*
 * A program that has @pid wait, before it receives anything, until there is memory
 * at @address, and then refuses with @error, unless that is 0.
 */
static int load_wait(pid_t pid, const void *address, int error)
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

	return load(program, ARRAY_SIZE(program), BPF_F_SLEEPABLE);
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

FIXTURE(refused) {
	struct agent target;
	int source;
	int peer;
	int refusal;
	struct sockdup_protocol_info info;
};

FIXTURE_VARIANT(refused) {
	int error;
};

FIXTURE_VARIANT_ADD(refused, with_EACCES) { -EACCES };
FIXTURE_VARIANT_ADD(refused, with_EPERM) { -EPERM };

/* Whether the kernel has what a refusal takes, as it says itself. */
static bool has_bpf_lsm(void)
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

FIXTURE_SETUP(refused)
{
	int fds[2];

	if (!has_bpf_lsm())
		SKIP(longjmp(_metadata->env, 1),
		     "no security module \"bpf\" here, or no types");
	ASSERT_EQ(0, agent_spawn(&self->target));
	ASSERT_EQ(0, tcp_pair(AF_INET, fds));
	self->source = fds[0];
	self->peer = fds[1];
	ASSERT_EQ(0, try_export(self->source, self->target.pid, 0, LONG_TTL_MS,
				&self->info));
	self->refusal = attach(load_refusal(self->target.pid,
					    variant->error));
	ASSERT_LE(0, self->refusal);
}

FIXTURE_TEARDOWN(refused)
{
	agent_kill(&self->target);
}

TEST_F(refused, W47_import_tells_the_error)
{
	EXPECT_EQ(variant->error, agent_import(&self->target, &self->info, 0));
}

TEST_F(refused, W47_import_works_when_it_is_allowed)
{
	int i, fd;

	for (i = 0; i < 3; i++)
		ASSERT_EQ(variant->error,
			  agent_import(&self->target, &self->info, 0));
	ASSERT_EQ(0, close(self->refusal));
	fd = agent_import(&self->target, &self->info, 0);
	ASSERT_LE(0, fd);
	EXPECT_EQ(1, same_file(0, self->source, self->target.pid, fd));
}

TEST_F(refused, W47_import_leaves_the_connection)
{
	char seen[8] = { 0 };
	int fd;

	ASSERT_EQ(0, close(self->source));
	ASSERT_EQ(variant->error, agent_import(&self->target, &self->info, 0));
	EXPECT_EQ(0, recv_nothing(self->peer));
	ASSERT_EQ(4, send(self->peer, "text", 4, 0));
	ASSERT_EQ(0, close(self->refusal));
	fd = agent_import(&self->target, &self->info, 0);
	ASSERT_LE(0, fd);
	EXPECT_EQ(4, agent_recv(&self->target, fd, seen, 4, MSG_WAITALL));
	EXPECT_STREQ("text", seen);
}

TEST_F(refused, W47_import_leaves_no_descriptor)
{
	int before, after;

	/* The first has the library open the device. */
	ASSERT_EQ(variant->error, agent_import(&self->target, &self->info, 0));
	before = agent_dup(&self->target, STDIN_FILENO);
	ASSERT_LE(0, before);
	ASSERT_EQ(variant->error, agent_import(&self->target, &self->info, 0));
	after = agent_dup(&self->target, STDIN_FILENO);
	EXPECT_EQ(before + 1, after);
}

TEST_F(refused, W47_import_leaves_no_reference)
{
	ASSERT_EQ(0, close(self->source));
	ASSERT_EQ(variant->error, agent_import(&self->target, &self->info, 0));
	ASSERT_EQ(0, try_revoke(&self->info));
	EXPECT_EQ(0, wait_for_end(self->peer));
}

TEST_F(refused, W47_import_leaves_the_right_to_decline)
{
	ASSERT_EQ(0, close(self->source));
	ASSERT_EQ(variant->error, agent_import(&self->target, &self->info, 0));
	EXPECT_EQ(0, agent_revoke(&self->target, &self->info));
	EXPECT_EQ(0, wait_for_end(self->peer));
}

TEST_F(refused, W47_import_leaves_those_of_others)
{
	struct sockdup_protocol_info info;
	struct agent other;
	int fd;

	ASSERT_EQ(0, agent_spawn(&other));
	ASSERT_EQ(0, try_duplicate(self->source, other.pid, &info));
	fd = agent_import(&other, &info, 0);
	ASSERT_LE(0, fd);
	EXPECT_EQ(1, same_file(0, self->source, other.pid, fd));
	EXPECT_EQ(0, agent_stop(&other));
}

TEST_F(refused, W47_threads_win_no_race)
{
	struct agent_race race;
	int fd;

	ASSERT_EQ(0, agent_import_race(&self->target, &self->info, 8, &race));
	EXPECT_EQ(0, race.won);
	EXPECT_EQ(8, race.other);
	ASSERT_EQ(0, close(self->refusal));
	fd = agent_import(&self->target, &self->info, 0);
	EXPECT_LE(0, fd);
}

/*
 * A token that its target is importing, for as long as it takes, while the handle
 * closes that it ends with. The test is the target, too.
 */

struct importer {
	struct sockdup_protocol_info info;
	pthread_t thread;
	int device;
	int fd;
};

FIXTURE(importing) {
	struct importer importer;
	struct page page;
	int exporting;
	int peer;
	int hook;
};

FIXTURE_VARIANT(importing) {
	int error;
};

FIXTURE_VARIANT_ADD(importing, in_the_end_allowed) { 0 };
FIXTURE_VARIANT_ADD(importing, in_the_end_refused) { -EACCES };

static void *import_in_thread(void *arg)
{
	struct importer *importer = arg;

	importer->fd = raw_import(importer->device, &importer->info, 0, NULL);
	return NULL;
}

FIXTURE_SETUP(importing)
{
	int fds[2];

	if (!has_bpf_lsm())
		SKIP(longjmp(_metadata->env, 1),
		     "no security module \"bpf\" here, or no types");
	if (page_open_missing(&self->page))
		SKIP(longjmp(_metadata->env, 1), "no userfaultfd here");
	self->exporting = device_open();
	self->importer.device = device_open();
	ASSERT_LE(0, self->importer.device);
	ASSERT_EQ(0, socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds));
	self->peer = fds[1];
	ASSERT_EQ(0, raw_export_with(self->exporting, fds[0], getpid(),
				     SOCKDUP_EXPORT_END_ON_CLOSE, LONG_TTL_MS,
				     &self->importer.info));
	ASSERT_EQ(0, close(fds[0]));
	self->hook = attach(load_wait(getpid(), self->page.memory,
				      variant->error));
	ASSERT_LE(0, self->hook);
	ASSERT_EQ(0, pthread_create(&self->importer.thread, NULL,
				    import_in_thread, &self->importer));
	ASSERT_EQ(0, page_wait_for_user(&self->page));
}

FIXTURE_TEARDOWN(importing)
{
	close(self->hook);
	close(self->importer.device);
	page_close(&self->page);
}

static void *close_in_thread(void *arg)
{
	close(*(int *)arg);
	return NULL;
}

TEST_F(importing, does_not_keep_the_handle_from_closing)
{
	struct timespec limit;
	pthread_t closer;

	clock_gettime(CLOCK_REALTIME, &limit);
	limit.tv_sec += WAIT_MS / 1000;
	ASSERT_EQ(0, pthread_create(&closer, NULL, close_in_thread,
				    &self->exporting));
	EXPECT_EQ(0, pthread_timedjoin_np(closer, NULL, &limit));

	EXPECT_EQ(0, page_fill(&self->page));
	ASSERT_EQ(0, pthread_join(self->importer.thread, NULL));
	if (variant->error) {
		EXPECT_EQ(variant->error, self->importer.fd);
	} else {
		EXPECT_LE(0, self->importer.fd);
		EXPECT_EQ(0, recv_nothing(self->peer));
		EXPECT_EQ(0, close(self->importer.fd));
	}
	/* Either way nothing is left of the token. */
	EXPECT_EQ(-ENOENT, raw_import(self->importer.device,
				      &self->importer.info, 0, NULL));
	EXPECT_EQ(0, wait_for_end(self->peer));
}

SOCKDUP_TEST_MAIN
