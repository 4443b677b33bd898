// SPDX-License-Identifier: GPL-2.0-only
/*
 * What netlink tells a reader who has no right to all tokens: those that the
 * reader's own user exported in the network namespace of the netlink socket,
 * by a process that the reader's pid namespace shows. Nothing else is there.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <linux/capability.h>
#include <sched.h>
#include <signal.h>
#include <stdatomic.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include "genl.h"
#include "harness.h"

#define NEW_NET		CLONE_NEWNET
#define NEW_PID		CLONE_NEWPID
#define NEW_BOTH	(CLONE_NEWNET | CLONE_NEWPID)

/* Who the reader is. */
enum reader {
	ROOT,		/* with every capability */
	CONTAINER,	/* root with those that Docker leaves to a container */
	USER,		/* without any */
	SANDBOX,	/* the same user, as root of a user namespace */
	ROOT_SANDBOX,	/* root, as root of a user namespace */
};

/**
 * struct place - what a reader is, and in which new namespaces
 * @reader: who
 * @flags: CLONE_NEWNET and CLONE_NEWPID, or either, or 0
 */
struct place {
	enum reader reader;
	int flags;
};

/**
 * struct view - what a reader sees, in memory that the test shares with it
 * @uid: the ordinary user of the test
 * @info: of the token in question
 * @reader: the reader's process in the namespace of the test, once there is one
 * @ready: the reader may begin
 * @self: the reader's process as it sees itself
 * @listed: tokens in the list
 * @found: how often the one in question is among them
 * @token: the last of the list
 * @get: what token-get by its id comes to
 * @query: what token-query by its secret bytes comes to
 * @queried: the answer to that
 * @stat: what stats-get comes to
 * @stats: the figures of the reader's user
 * @revoke_id: what token-revoke by its id comes to
 * @revoke: what token-revoke by its secret bytes comes to
 */
struct view {
	uid_t uid;
	struct sockdup_protocol_info info;
	atomic_int reader;
	atomic_int ready;
	pid_t self;
	int listed;
	int found;
	struct genl_token token;
	int get;
	int query;
	struct genl_token queried;
	int stat;
	struct genl_stats stats;
	int revoke_id;
	int revoke;
};

static struct view *new_view(void)
{
	struct view *view = mmap(NULL, sizeof(*view), PROT_READ | PROT_WRITE,
				 MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	if (view == MAP_FAILED)
		return NULL;
	/* A number of its own, so that no other test's tokens are its. */
	view->uid = 100000 + getpid();
	return view;
}

/* The reader's capabilities are those of a container of Docker's. */
static int keep_container_capabilities(void)
{
	static const unsigned int kept[] = {
		CAP_CHOWN, CAP_DAC_OVERRIDE, CAP_FOWNER, CAP_FSETID, CAP_KILL,
		CAP_SETGID, CAP_SETUID, CAP_SETPCAP, CAP_NET_BIND_SERVICE,
		CAP_NET_RAW, CAP_SYS_CHROOT, CAP_MKNOD, CAP_AUDIT_WRITE,
		CAP_SETFCAP,
	};
	struct __user_cap_header_struct header = {
		.version = _LINUX_CAPABILITY_VERSION_3,
	};
	struct __user_cap_data_struct data[2] = { 0 };
	unsigned int i, capability;

	for (i = 0; i < ARRAY_SIZE(kept); i++)
		data[kept[i] / 32].permitted |= 1U << kept[i] % 32;
	for (i = 0; i < 2; i++)
		data[i].effective = data[i].permitted;
	for (capability = 0; capability <= CAP_LAST_CAP; capability++) {
		if (data[capability / 32].permitted & 1U << capability % 32)
			continue;
		if (prctl(PR_CAPBSET_DROP, capability) && errno != EINVAL)
			return -errno;
	}
	return syscall(SYS_capset, &header, data) ? -errno : 0;
}

/* A pid namespace takes one more fork. */
static int enter(const struct place *place, uid_t uid)
{
	int error;

	switch (place->reader) {
	case ROOT:
		return unshare(place->flags) ? -errno : 0;
	case CONTAINER:
		if (unshare(CLONE_NEWNS | place->flags))
			return -errno;
		return keep_container_capabilities();
	case USER:
		return unshare(place->flags) ? -errno : become_user(uid);
	case SANDBOX:
		error = become_user(uid);
		return error ? error : become_root_inside(place->flags);
	case ROOT_SANDBOX:
		return become_root_inside(place->flags);
	}
	return -EINVAL;
}

static int work_in_child(int (*work)(struct view *view), struct view *view)
{
	pid_t pid = fork();

	if (!pid)
		_exit(-work(view));
	atomic_store(&view->reader, pid);
	return outcome_of(pid);
}

/* Begins what a reader in a place does; outcome_of() tells the end of it. */
static pid_t begin_at(const struct place *place,
		      int (*work)(struct view *view), struct view *view)
{
	pid_t pid = fork();
	int error;

	if (pid)
		return pid;
	error = enter(place, view->uid);
	if (!error && place->flags & CLONE_NEWPID) {
		error = work_in_child(work, view);
	} else if (!error) {
		atomic_store(&view->reader, getpid());
		error = work(view);
	}
	_exit(-error);
}

static int at(const struct place *place, int (*work)(struct view *view),
	      struct view *view)
{
	return outcome_of(begin_at(place, work, view));
}

static void count(const struct genl_token *token, void *context)
{
	struct view *view = context;

	view->listed++;
	view->token = *token;
	if (token->id == id_of(&view->info))
		view->found++;
}

/* All that changes nothing, through a socket of the caller's. */
static int look_through(struct genl *genl, struct view *view)
{
	int more;

	view->listed = 0;
	view->found = 0;
	more = genl_list_begin(genl, NULL);
	if (more)
		return more;
	do {
		more = genl_list_step(genl, count, view);
	} while (more > 0);
	if (more)
		return more;
	view->get = genl_get(genl, id_of(&view->info), &view->queried);
	view->query = genl_query(genl, &view->info, &view->queried);
	view->stat = genl_stats(genl, NULL, &view->stats);
	return 0;
}

static int revoke_through(struct genl *genl, struct view *view)
{
	view->revoke_id = genl_revoke_id(genl, id_of(&view->info));
	view->revoke = genl_revoke(genl, &view->info);
	return 0;
}

static int with_socket(int (*work)(struct genl *genl, struct view *view),
		       struct view *view)
{
	struct genl genl;
	int error = genl_open(&genl);

	view->self = getpid();
	if (error)
		return error;
	error = work(&genl, view);
	genl_close(&genl);
	return error;
}

static int look(struct view *view)
{
	return with_socket(look_through, view);
}

static int revoke_both(struct view *view)
{
	return with_socket(revoke_through, view);
}

static bool is_ready(void *context)
{
	struct view *view = context;

	return atomic_load(&view->ready);
}

static bool has_reader(void *context)
{
	struct view *view = context;

	return atomic_load(&view->reader);
}

/* The test exports to the reader first. */
static int wait_look_and_revoke(struct view *view)
{
	int error = wait_until(is_ready, view);

	if (!error)
		error = look(view);
	return error ? error : revoke_both(view);
}

/* No names: a network namespace begins without addresses. */
static int export_to_itself(struct sockdup_protocol_info *info)
{
	int device = device_open();
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	int error = raw_export(device, fd, getpid(), 0, info);

	close(fd);
	close(device);
	return error;
}

/* Beside a token of the reader's own; that one is in question now. */
static int export_and_look(struct view *view)
{
	int error = export_to_itself(&view->info);

	return error ? error : look(view);
}

static int export_and_revoke(struct view *view)
{
	int error = export_to_itself(&view->info);

	return error ? error : revoke_both(view);
}

/*
 * A token of the reader's user, exported in the namespaces of the test for a
 * target there, and a reader elsewhere.
 */
FIXTURE(outside) {
	struct agent source;
	struct agent target;
	struct view *view;
	uid_t uid;
	int fd;
};

FIXTURE_VARIANT(outside) {
	struct place place;
};

FIXTURE_VARIANT_ADD(outside, of_a_container_by_network) {
	{ CONTAINER, NEW_NET }
};

FIXTURE_VARIANT_ADD(outside, of_a_container_by_processes) {
	{ CONTAINER, NEW_PID }
};

FIXTURE_VARIANT_ADD(outside, of_a_container_by_both) {
	{ CONTAINER, NEW_BOTH }
};

FIXTURE_VARIANT_ADD(outside, of_a_user_by_network) {
	{ USER, NEW_NET }
};

FIXTURE_VARIANT_ADD(outside, of_a_user_by_processes) {
	{ USER, NEW_PID }
};

FIXTURE_VARIANT_ADD(outside, of_a_user_by_both) {
	{ USER, NEW_BOTH }
};

FIXTURE_VARIANT_ADD(outside, of_a_sandbox_by_network) {
	{ SANDBOX, NEW_NET }
};

FIXTURE_VARIANT_ADD(outside, of_a_sandbox_by_processes) {
	{ SANDBOX, NEW_PID }
};

FIXTURE_VARIANT_ADD(outside, of_a_sandbox_by_both) {
	{ SANDBOX, NEW_BOTH }
};

FIXTURE_VARIANT_ADD(outside, of_roots_sandbox_by_network) {
	{ ROOT_SANDBOX, NEW_NET }
};

FIXTURE_VARIANT_ADD(outside, of_roots_sandbox_by_processes) {
	{ ROOT_SANDBOX, NEW_PID }
};

FIXTURE_VARIANT_ADD(outside, of_roots_sandbox_by_both) {
	{ ROOT_SANDBOX, NEW_BOTH }
};

FIXTURE_SETUP(outside)
{
	const enum reader reader = variant->place.reader;

	self->view = new_view();
	ASSERT_NE(NULL, self->view);
	self->uid = reader == USER || reader == SANDBOX ? self->view->uid : 0;
	ASSERT_EQ(0, agent_spawn(&self->source));
	ASSERT_EQ(0, agent_spawn(&self->target));
	ASSERT_EQ(0, agent_setuid(&self->source, self->uid));
	ASSERT_EQ(0, agent_setuid(&self->target, self->uid));
	self->fd = agent_socket(&self->source, AF_INET, SOCK_STREAM, 0);
	ASSERT_LE(0, self->fd);
	ASSERT_EQ(0, agent_export(&self->source, self->fd, self->target.pid, 0,
				  LONG_TTL_MS, &self->view->info));
}

FIXTURE_TEARDOWN(outside)
{
	agent_kill(&self->source);
	agent_kill(&self->target);
}

TEST_F(outside, token_is_not_listed)
{
	ASSERT_EQ(0, at(&variant->place, look, self->view));
	EXPECT_EQ(0, self->view->found);
	EXPECT_EQ(0, self->view->listed);
}

/* Those who have the bytes are told no more than that they may not have it. */
static bool is_refusal(int error)
{
	return error == -ENOENT || error == -EPERM;
}

TEST_F(outside, token_is_not_got)
{
	ASSERT_EQ(0, at(&variant->place, look, self->view));
	EXPECT_EQ(-ENOENT, self->view->get);
	EXPECT_TRUE(is_refusal(self->view->query)) {
		TH_LOG("query: %d", self->view->query);
	}
}

TEST_F(outside, token_is_not_revoked)
{
	ASSERT_EQ(0, at(&variant->place, revoke_both, self->view));
	EXPECT_EQ(-ENOENT, self->view->revoke_id);
	EXPECT_TRUE(is_refusal(self->view->revoke)) {
		TH_LOG("revoke: %d", self->view->revoke);
	}
	EXPECT_LE(0, agent_import(&self->target, &self->view->info, 0));
}

/* By its bytes alone, whatever came of the id. */
static int revoke_bytes_through(struct genl *genl, struct view *view)
{
	view->revoke = genl_revoke(genl, &view->info);
	return 0;
}

static int revoke_bytes(struct view *view)
{
	return with_socket(revoke_bytes_through, view);
}

TEST_F(outside, token_is_not_revoked_by_its_bytes)
{
	ASSERT_EQ(0, at(&variant->place, revoke_bytes, self->view));
	EXPECT_TRUE(is_refusal(self->view->revoke)) {
		TH_LOG("revoke: %d", self->view->revoke);
	}
	EXPECT_LE(0, agent_import(&self->target, &self->view->info, 0));
}

/* A user's tokens are counted together, for readers who see all processes. */
TEST_F(outside, token_is_not_counted_inside_of_a_pid_namespace)
{
	ASSERT_EQ(0, at(&variant->place, look, self->view));
	if (variant->place.flags & NEW_PID) {
		EXPECT_EQ(-EPERM, self->view->stat);
	} else {
		EXPECT_EQ(0, self->view->stat);
		EXPECT_FALSE(self->view->stats.all);
	}
}

/* Who exported is told it, as before. */
TEST_F(outside, token_is_still_the_exporters)
{
	const struct place here = {
		.reader = self->uid ? USER : CONTAINER,
	};

	ASSERT_EQ(0, at(&here, look, self->view));
	EXPECT_EQ(1, self->view->found);
	EXPECT_EQ(0, self->view->get);
	EXPECT_EQ(0, self->view->query);
	EXPECT_EQ(self->source.pid, self->view->queried.source);
	if (self->uid) {
		EXPECT_EQ(1, self->view->listed);
		EXPECT_EQ(0, self->view->stat);
		EXPECT_EQ(1, self->view->stats.held);
	}
	ASSERT_EQ(0, at(&here, revoke_both, self->view));
	EXPECT_EQ(0, self->view->revoke_id);
	EXPECT_EQ(-ENOENT, agent_import(&self->target, &self->view->info, 0));
}

TEST_F(outside, token_is_also_the_targets)
{
	pid_t pid = begin_at(&variant->place, wait_look_and_revoke, self->view);
	struct view *view = self->view;

	ASSERT_LT(0, pid);
	ASSERT_EQ(0, wait_until(has_reader, view));
	ASSERT_EQ(0, agent_duplicate(&self->source, self->fd,
				     atomic_load(&view->reader), &view->info));
	atomic_store(&view->ready, 1);
	ASSERT_EQ(0, outcome_of(pid));
	/* The bytes are what a target has; the id says nothing to it. */
	EXPECT_EQ(0, view->found);
	EXPECT_EQ(-ENOENT, view->get);
	EXPECT_EQ(-ENOENT, view->revoke_id);
	EXPECT_EQ(0, view->query);
	EXPECT_EQ(view->self, view->queried.target);
	EXPECT_EQ(variant->place.flags & NEW_PID ? 0 : self->source.pid,
		  view->queried.source);
	EXPECT_EQ(0, view->revoke);
}

TEST_F(outside, token_is_not_mixed_with_what_the_reader_exports)
{
	ASSERT_EQ(0, at(&variant->place, export_and_look, self->view));
	EXPECT_EQ(1, self->view->found);
	EXPECT_EQ(0, self->view->get);
	EXPECT_EQ(0, self->view->query);
	EXPECT_EQ(self->view->self, self->view->queried.source);
	EXPECT_EQ(self->view->self, self->view->queried.target);
	EXPECT_EQ(1, self->view->listed);
	ASSERT_EQ(0, at(&variant->place, export_and_revoke, self->view));
	EXPECT_EQ(0, self->view->revoke_id);
	EXPECT_EQ(-ENOENT, self->view->revoke);
}

TEST_F(outside, token_is_the_business_of_who_may_administer_the_machine)
{
	const struct place place = {
		.reader = ROOT,
		.flags = variant->place.flags,
	};

	ASSERT_EQ(0, at(&place, look, self->view));
	EXPECT_EQ(1, self->view->found);
	EXPECT_EQ(0, self->view->get);
	EXPECT_EQ(0, self->view->query);
	EXPECT_EQ(place.flags & NEW_PID ? 0 : self->source.pid,
		  self->view->queried.source);
	EXPECT_TRUE(self->view->stats.all);
	ASSERT_EQ(0, at(&place, revoke_both, self->view));
	EXPECT_EQ(0, self->view->revoke_id);
}

/* Pid namespaces that are one another's, and exporters that are gone. */
FIXTURE(process) {
	struct agent target;
	struct agent source;		/* beside the target */
	struct agent inner;		/* in a pid namespace inside */
	struct view *view;
	int fd;
	int inner_fd;
	int channel;			/* the inner one's, to the target */
};

FIXTURE_SETUP(process)
{
	int fd;

	self->view = new_view();
	ASSERT_NE(NULL, self->view);
	ASSERT_EQ(0, agent_spawn(&self->target));
	ASSERT_EQ(0, agent_spawn(&self->source));
	ASSERT_EQ(0, agent_spawn_isolated(&self->inner));
	fd = agent_channel(&self->target);
	ASSERT_LE(0, fd);
	self->channel = agent_give(&self->inner, fd);
	ASSERT_LE(0, self->channel);
	ASSERT_EQ(0, agent_setuid(&self->target, self->view->uid));
	ASSERT_EQ(0, agent_setuid(&self->source, self->view->uid));
	ASSERT_EQ(0, agent_setuid(&self->inner, self->view->uid));
	self->fd = agent_socket(&self->source, AF_INET, SOCK_STREAM, 0);
	ASSERT_LE(0, self->fd);
	self->inner_fd = agent_socket(&self->inner, AF_INET, SOCK_STREAM, 0);
	ASSERT_LE(0, self->inner_fd);
}

FIXTURE_TEARDOWN(process)
{
	agent_kill(&self->inner);
	agent_kill(&self->source);
	agent_kill(&self->target);
}

static const struct place user_here = { .reader = USER };
static const struct place user_inside = { .reader = USER, .flags = NEW_PID };

static int export_inner(struct agent *inner, int fd, int channel,
			struct sockdup_protocol_info *info)
{
	return agent_export(inner, fd, channel, SOCKDUP_EXPORT_TO_PEER,
			    LONG_TTL_MS, info);
}

static void expect_listed(struct __test_metadata *_metadata,
			  const struct view *view, pid_t source)
{
	EXPECT_EQ(1, view->found);
	EXPECT_EQ(1, view->listed);
	EXPECT_EQ(source, view->token.source);
	EXPECT_EQ(0, view->get);
}

static void expect_nothing(struct __test_metadata *_metadata,
			   const struct view *view)
{
	EXPECT_EQ(0, view->found);
	EXPECT_EQ(0, view->listed);
	EXPECT_EQ(-ENOENT, view->get);
	EXPECT_TRUE(is_refusal(view->query));
}

TEST_F(process, inside_is_seen_by_its_outer_number)
{
	ASSERT_EQ(0, export_inner(&self->inner, self->inner_fd, self->channel,
				  &self->view->info));
	ASSERT_EQ(0, at(&user_here, look, self->view));
	expect_listed(_metadata, self->view, self->inner.pid);
	ASSERT_EQ(0, at(&user_here, revoke_both, self->view));
	EXPECT_EQ(0, self->view->revoke_id);
}

TEST_F(process, inside_is_not_seen_in_a_sibling)
{
	ASSERT_EQ(0, export_inner(&self->inner, self->inner_fd, self->channel,
				  &self->view->info));
	ASSERT_EQ(0, at(&user_inside, look, self->view));
	expect_nothing(_metadata, self->view);
	ASSERT_EQ(0, at(&user_inside, revoke_both, self->view));
	EXPECT_EQ(-ENOENT, self->view->revoke_id);
	EXPECT_TRUE(is_refusal(self->view->revoke));
}

TEST_F(process, inside_that_died_is_seen_by_its_outer_number)
{
	const pid_t pid = self->inner.pid;

	ASSERT_EQ(0, export_inner(&self->inner, self->inner_fd, self->channel,
				  &self->view->info));
	ASSERT_EQ(-SIGKILL, agent_kill(&self->inner));
	ASSERT_EQ(0, at(&user_here, look, self->view));
	expect_listed(_metadata, self->view, pid);
}

TEST_F(process, inside_that_died_is_not_seen_in_a_sibling)
{
	ASSERT_EQ(0, export_inner(&self->inner, self->inner_fd, self->channel,
				  &self->view->info));
	ASSERT_EQ(-SIGKILL, agent_kill(&self->inner));
	ASSERT_EQ(0, at(&user_inside, look, self->view));
	expect_nothing(_metadata, self->view);
}

TEST_F(process, that_died_is_seen_beside_it_and_not_inside)
{
	const pid_t pid = self->source.pid;

	ASSERT_EQ(0, agent_export(&self->source, self->fd, self->target.pid, 0,
				  LONG_TTL_MS, &self->view->info));
	ASSERT_EQ(-SIGKILL, agent_kill(&self->source));
	ASSERT_EQ(0, at(&user_here, look, self->view));
	expect_listed(_metadata, self->view, pid);
	ASSERT_EQ(0, at(&user_inside, look, self->view));
	expect_nothing(_metadata, self->view);
}

/* A child of the reader exports and is gone: the reader's namespace knew it. */
static int look_after_dead_child(struct view *view)
{
	pid_t pid = fork();
	int error;

	if (!pid)
		_exit(-raw_export(device_open(),
				  socket(AF_INET, SOCK_STREAM, 0), getppid(), 0,
				  &view->info));
	error = outcome_of(pid);
	if (!error)
		error = look(view);
	return error ? error : view->token.source == pid ? 0 : -EPROTO;
}

TEST_F(process, that_died_inside_is_seen_inside)
{
	ASSERT_EQ(0, agent_export(&self->source, self->fd, self->target.pid, 0,
				  LONG_TTL_MS, &self->view->info));
	ASSERT_EQ(0, at(&user_inside, look_after_dead_child, self->view));
	expect_listed(_metadata, self->view, self->view->token.source);
}

/* The real and the effective user, of the exporter and of the reader. */
FIXTURE(users) {
	struct agent source;
	struct agent target;
	struct view *view;
	int fd;
};

FIXTURE_VARIANT(users) {
	uid_t source[2];	/* beyond the test's own */
	uid_t reader[2];
};

FIXTURE_VARIANT_ADD(users, that_are_all_one) { { 0, 0 }, { 0, 0 } };
FIXTURE_VARIANT_ADD(users, that_are_the_same_two) { { 0, 1 }, { 0, 1 } };
FIXTURE_VARIANT_ADD(users, of_a_source_that_has_taken_on_another) {
	{ 0, 1 }, { 1, 1 }
};

FIXTURE_VARIANT_ADD(users, of_a_source_that_is_really_another) {
	{ 0, 1 }, { 0, 0 }
};

FIXTURE_VARIANT_ADD(users, of_a_reader_that_has_taken_on_another) {
	{ 1, 1 }, { 0, 1 }
};

FIXTURE_VARIANT_ADD(users, of_a_reader_that_is_really_another) {
	{ 0, 0 }, { 0, 1 }
};

FIXTURE_VARIANT_ADD(users, that_are_swapped) { { 0, 1 }, { 1, 0 } };

FIXTURE_SETUP(users)
{
	uid_t real, effective;

	self->view = new_view();
	ASSERT_NE(NULL, self->view);
	real = 2 * self->view->uid + variant->source[0];
	effective = 2 * self->view->uid + variant->source[1];
	ASSERT_EQ(0, agent_spawn(&self->target));
	ASSERT_EQ(0, agent_spawn(&self->source));
	self->fd = agent_socket(&self->source, AF_INET, SOCK_STREAM, 0);
	ASSERT_LE(0, self->fd);
	ASSERT_EQ(0, agent_setresuid(&self->source, real, effective,
				     effective));
	ASSERT_EQ(0, agent_duplicate(&self->source, self->fd, self->target.pid,
				     &self->view->info));
}

FIXTURE_TEARDOWN(users)
{
	agent_kill(&self->source);
	agent_kill(&self->target);
}

TEST_F(users, see_what_both_agree_on)
{
	const bool same = variant->source[0] == variant->reader[0] &&
			  variant->source[1] == variant->reader[1];
	const uid_t base = 2 * self->view->uid;
	struct view *view = self->view;

	ASSERT_EQ(0, setresuid(base + variant->reader[0],
			       base + variant->reader[1],
			       base + variant->reader[1]));
	ASSERT_EQ(0, look(view));
	EXPECT_EQ(same, view->found);
	EXPECT_EQ(same, view->listed);
	EXPECT_EQ(same ? 0 : -ENOENT, view->get);
	EXPECT_TRUE(same ? !view->query : is_refusal(view->query)) {
		TH_LOG("query: %d", view->query);
	}
	ASSERT_EQ(0, revoke_both(view));
	EXPECT_EQ(same ? 0 : -ENOENT, view->revoke_id);
	EXPECT_TRUE(is_refusal(view->revoke)) {
		TH_LOG("revoke: %d", view->revoke);
	}
}

/* Sockets of two network namespaces, in one process that goes to and fro. */
FIXTURE(moved) {
	struct view *view;
	struct genl genl[2];
	struct sockdup_protocol_info infos[2];
	int net;
};

/* The user makes both, and is root there and nowhere else. */
FIXTURE_SETUP(moved)
{
	int i;

	self->view = new_view();
	ASSERT_NE(NULL, self->view);
	ASSERT_EQ(0, become_user(self->view->uid));
	if (become_root_inside(CLONE_NEWNET))
		SKIP(longjmp(_metadata->env, 1),
		     "users may make no namespaces here");
	self->net = open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC);
	ASSERT_LE(0, self->net);
	for (i = 0; i < 2; i++) {
		if (i)
			ASSERT_EQ(0, unshare(CLONE_NEWNET));
		ASSERT_EQ(0, genl_open(&self->genl[i]));
		ASSERT_EQ(0, export_to_itself(&self->infos[i]));
	}
}

FIXTURE_TEARDOWN(moved)
{
	genl_close(&self->genl[0]);
	genl_close(&self->genl[1]);
}

static void expect_own_alone(struct __test_metadata *_metadata,
			     struct genl *genl, struct view *view,
			     const struct sockdup_protocol_info *own,
			     const struct sockdup_protocol_info *other)
{
	view->info = *own;
	ASSERT_EQ(0, look_through(genl, view));
	EXPECT_EQ(1, view->found);
	EXPECT_EQ(1, view->listed);
	EXPECT_EQ(0, view->get);
	EXPECT_EQ(-ENOENT, genl_get(genl, id_of(other), &view->token));
	EXPECT_EQ(-ENOENT, genl_revoke_id(genl, id_of(other)));
}

TEST_F(moved, socket_sees_what_its_own_network_namespace_has)
{
	expect_own_alone(_metadata, &self->genl[0], self->view,
			 &self->infos[0], &self->infos[1]);
	expect_own_alone(_metadata, &self->genl[1], self->view,
			 &self->infos[1], &self->infos[0]);
}

TEST_F(moved, process_that_returned_changes_nothing_of_that)
{
	ASSERT_EQ(0, setns(self->net, CLONE_NEWNET));
	expect_own_alone(_metadata, &self->genl[0], self->view,
			 &self->infos[0], &self->infos[1]);
	expect_own_alone(_metadata, &self->genl[1], self->view,
			 &self->infos[1], &self->infos[0]);
}

SOCKDUP_TEST_MAIN
