// SPDX-License-Identifier: GPL-2.0-only
/*
 * An import that takes as long as it likes, inside its claim of the token. It
 * delays nobody: queries and lists show the token, a revocation is noted and
 * answered, and generic netlink serves everybody else.
 *
 * A rule on received files holds the import until the test lets it go on. So
 * an answer that comes before that has waited for nothing.
 */
#define _GNU_SOURCE
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include "clock.h"
#include "genl.h"
#include "harness.h"
#include "hook.h"
#include "page.h"

/* Long enough for an import to begin. */
#define SHORT_TTL_MS	3000

/* After this long an answer counts as one that does not come. */
#define ANSWER_MS	10000

/**
 * struct importer - a thread of the test that imports
 * @info: what it imports
 * @thread: it
 * @device: a handle
 * @fd: what came of it
 */
struct importer {
	struct sockdup_protocol_info info;
	pthread_t thread;
	int device;
	int fd;
};

/**
 * struct held - an import that is held inside its claim
 * @importer: imports
 * @page: missing, so that whoever reads it waits
 * @exporting: the handle that the token was exported through
 * @peer: the other end of the socket, of which the token has the only reference
 * @hook: the rule that has the importer read the page
 * @ears: hears how the token ends
 * @event: that
 */
struct held {
	struct importer importer;
	struct page page;
	int exporting;
	int peer;
	int hook;
	struct genl ears;
	struct genl_token event;
};

static void *import_in_thread(void *arg)
{
	struct importer *importer = arg;

	importer->fd = raw_import(importer->device, &importer->info, 0, NULL);
	return NULL;
}

/* 0 once the import is held, which will come to @error, or succeed. */
static int hold(struct held *held, unsigned int flags, unsigned int ttl_ms,
		int import_error)
{
	struct importer *importer = &held->importer;
	int fds[2], error;

	held->exporting = device_open();
	importer->device = device_open();
	if (importer->device < 0)
		return importer->device;
	error = genl_open(&held->ears);
	if (!error)
		error = genl_join(&held->ears);
	if (error)
		return error;
	held->hook = hook_hold(getpid(), held->page.memory, import_error);
	if (held->hook < 0)
		return held->hook;
	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds))
		return -errno;
	held->peer = fds[1];
	error = raw_export_with(held->exporting, fds[0], getpid(), flags,
				ttl_ms, &importer->info);
	close(fds[0]);
	if (error)
		return error;
	error = pthread_create(&importer->thread, NULL, import_in_thread,
			       importer);
	return error ? -error : page_wait_for_user(&held->page);
}

/* The import goes on and ends: what it gives. */
static int let_go(struct held *held)
{
	int error = page_fill(&held->page);

	if (error)
		return error;
	error = pthread_join(held->importer.thread, NULL);
	return error ? -error : held->importer.fd;
}

static void held_close(struct held *held)
{
	genl_close(&held->ears);
	close(held->hook);
	close(held->importer.device);
	close(held->exporting);
	page_close(&held->page);
}

/* What a token of this id comes to: the command of the notification. */
static int how_it_ends(struct held *held)
{
	int command;

	do {
		command = genl_event_on(&held->ears, id_of(&held->importer.info),
					&held->event);
	} while (command == SOCKDUP_CMD_TOKEN_EXPORTED_NTF);
	return command;
}

/**
 * struct answer - what came of a request, in memory that a child shares
 * @value: 0 or -errno
 * @token: what was told of the token
 * @found: how often a list has it
 */
struct answer {
	int value;
	struct genl_token token;
	int found;
};

typedef int (*claims_call)(const struct sockdup_protocol_info *info,
		       struct answer *answer);

static struct answer *new_answer(void)
{
	struct answer *answer = mmap(NULL, sizeof(*answer),
				     PROT_READ | PROT_WRITE,
				     MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	return answer == MAP_FAILED ? NULL : answer;
}

/* A child that makes one request; it dies with the test. */
static pid_t begin(claims_call call, const struct sockdup_protocol_info *info,
		   struct answer *answer)
{
	pid_t pid = fork();

	if (pid)
		return pid;
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	answer->value = call(info, answer);
	_exit(0);
}

/*
 * 0, or -ETIME for a child that waits for something. It is killed then, and not
 * waited for: what it sleeps for may not be interruptible.
 */
static int end(pid_t pid)
{
	int pidfd = syscall(SYS_pidfd_open, pid, 0);
	struct pollfd entry = { .fd = pidfd, .events = POLLIN };
	int ready, status;

	if (pidfd < 0)
		return -errno;
	ready = poll(&entry, 1, ANSWER_MS);
	close(pidfd);
	if (ready != 1) {
		kill(pid, SIGKILL);
		return -ETIME;
	}
	if (waitpid(pid, &status, 0) != pid)
		return -errno;
	return WIFEXITED(status) ? 0 : -ECHILD;
}

static int ask(claims_call call, const struct sockdup_protocol_info *info,
	       struct answer *answer)
{
	int error = end(begin(call, info, answer));

	return error ? error : answer->value;
}

/* The requests. */

static int query_by_netlink(const struct sockdup_protocol_info *info,
			    struct answer *answer)
{
	struct genl genl;
	int error = genl_open(&genl);

	return error ? error : genl_query(&genl, info, &answer->token);
}

static int get_by_netlink(const struct sockdup_protocol_info *info,
			  struct answer *answer)
{
	struct genl genl;
	int error = genl_open(&genl);

	return error ? error : genl_get(&genl, id_of(info), &answer->token);
}

struct search {
	const struct sockdup_protocol_info *info;
	struct answer *answer;
};

static void look_at(const struct genl_token *token, void *context)
{
	struct search *search = context;

	if (token->id != id_of(search->info))
		return;
	search->answer->found++;
	search->answer->token = *token;
}

/* 0 where the list has it, once. */
static int list_by_netlink(const struct sockdup_protocol_info *info,
			   struct answer *answer)
{
	struct search search = { .info = info, .answer = answer };
	struct genl genl;
	int more = genl_open(&genl);

	answer->found = 0;
	if (more)
		return more;
	more = genl_list_begin(&genl, NULL);
	if (more)
		return more;
	do {
		more = genl_list_step(&genl, look_at, &search);
	} while (more > 0);
	if (more)
		return more;
	return answer->found == 1 ? 0 : -ENOENT;
}

static int query_by_device(const struct sockdup_protocol_info *info,
			   struct answer *answer)
{
	struct sockdup_description description;
	int error = try_query(info, &description);

	answer->token.id = id_of(&description.info);
	answer->token.target = description.target_pid;
	answer->token.source = description.source.pid;
	return error;
}

static int revoke_by_netlink(const struct sockdup_protocol_info *info,
			     struct answer *answer)
{
	struct genl genl;
	int error = genl_open(&genl);

	return error ? error : genl_revoke(&genl, info);
}

static int revoke_by_id(const struct sockdup_protocol_info *info,
			struct answer *answer)
{
	struct genl genl;
	int error = genl_open(&genl);

	return error ? error : genl_revoke_id(&genl, id_of(info));
}

static int revoke_by_device(const struct sockdup_protocol_info *info,
			    struct answer *answer)
{
	return raw_revoke(device_open(), info);
}

/* CTRL_CMD_GETFAMILY, which has nothing to do with tokens. */
static int ask_for_a_family(const struct sockdup_protocol_info *info,
			    struct answer *answer)
{
	struct genl genl;
	int error = become_user(OTHER_UID);

	return error ? error : genl_open(&genl);
}

/* The figures, for comparison. */
static int stats_of(struct genl_stats *stats)
{
	struct genl genl;
	int error = genl_open(&genl);

	if (error)
		return error;
	error = genl_stats(&genl, NULL, stats);
	genl_close(&genl);
	return error;
}

/* Why a test cannot be, or NULL. */
static const char *missing(struct held *held)
{
	held->hook = -1;
	held->exporting = -1;
	held->importer.device = -1;
	held->page.faults = -1;
	if (!hook_is_there())
		return "no security module \"bpf\" here, or no types";
	if (page_open_missing(&held->page))
		return "no userfaultfd here";
	return NULL;
}

/* What all have. Skips the test where something is missing. */
static void set_up(struct __test_metadata *_metadata, struct held *held,
		   struct answer **answer)
{
	const char *lacking = missing(held);

	if (lacking)
		SKIP(longjmp(_metadata->env, 1), "%s", lacking);
	*answer = new_answer();
	ASSERT_NE(NULL, *answer);
}

/* Who asks for a token. */
FIXTURE(token) {
	struct held held;
	struct answer *answer;
};

FIXTURE_VARIANT(token) {
	claims_call call;
	int error;	/* of the import, at last */
};

FIXTURE_VARIANT_ADD(token, is_shown_by_its_bytes) {
	query_by_netlink, -EACCES
};

FIXTURE_VARIANT_ADD(token, is_shown_by_its_id) { get_by_netlink, -EACCES };
FIXTURE_VARIANT_ADD(token, is_listed) { list_by_netlink, -EACCES };
FIXTURE_VARIANT_ADD(token, is_shown_by_the_device) { query_by_device, -EACCES };
FIXTURE_VARIANT_ADD(token, is_shown_by_its_bytes_and_imported) {
	query_by_netlink, 0
};

FIXTURE_VARIANT_ADD(token, is_shown_by_its_id_and_imported) { get_by_netlink, 0 };
FIXTURE_VARIANT_ADD(token, is_listed_and_imported) { list_by_netlink, 0 };
FIXTURE_VARIANT_ADD(token, is_shown_by_the_device_and_imported) {
	query_by_device, 0
};

FIXTURE_SETUP(token)
{
	set_up(_metadata, &self->held, &self->answer);
	ASSERT_EQ(0, hold(&self->held, 0, LONG_TTL_MS, variant->error));
}

FIXTURE_TEARDOWN(token)
{
	held_close(&self->held);
}

TEST_F(token, under_import)
{
	const struct sockdup_protocol_info *info = &self->held.importer.info;
	const struct genl_token *token = &self->answer->token;
	int outcome;

	ASSERT_EQ(0, ask(variant->call, info, self->answer));
	EXPECT_EQ(id_of(info), token->id);
	EXPECT_EQ(getpid(), token->target);
	EXPECT_EQ(getpid(), token->source);
	/* That it was shown changes nothing. */
	outcome = let_go(&self->held);
	if (variant->error) {
		EXPECT_EQ(variant->error, outcome);
		EXPECT_EQ(0, ask(variant->call, info, self->answer));
		EXPECT_EQ(0, raw_revoke(self->held.exporting, info));
	} else {
		EXPECT_LE(0, outcome);
		EXPECT_EQ(-ENOENT, ask(variant->call, info, self->answer));
		EXPECT_EQ(0, recv_nothing(self->held.peer));
		EXPECT_EQ(0, close(outcome));
	}
	EXPECT_EQ(0, wait_for_end(self->held.peer));
}

/* Who revokes it. */
FIXTURE(revocation) {
	struct held held;
	struct answer *answer;
};

FIXTURE_VARIANT(revocation) {
	claims_call call;
	int error;
};

FIXTURE_VARIANT_ADD(revocation, by_its_bytes_of_what_is_refused) {
	revoke_by_netlink, -EACCES
};

FIXTURE_VARIANT_ADD(revocation, by_its_id_of_what_is_refused) {
	revoke_by_id, -EACCES
};

FIXTURE_VARIANT_ADD(revocation, by_the_device_of_what_is_refused) {
	revoke_by_device, -EACCES
};

FIXTURE_VARIANT_ADD(revocation, by_its_bytes_of_what_is_imported) {
	revoke_by_netlink, 0
};

FIXTURE_VARIANT_ADD(revocation, by_its_id_of_what_is_imported) {
	revoke_by_id, 0
};

FIXTURE_VARIANT_ADD(revocation, by_the_device_of_what_is_imported) {
	revoke_by_device, 0
};

FIXTURE_SETUP(revocation)
{
	set_up(_metadata, &self->held, &self->answer);
	ASSERT_EQ(0, hold(&self->held, 0, LONG_TTL_MS, variant->error));
}

FIXTURE_TEARDOWN(revocation)
{
	held_close(&self->held);
}

TEST_F(revocation, is_noted)
{
	const struct sockdup_protocol_info *info = &self->held.importer.info;
	struct genl_stats before, after;
	int again, outcome;

	ASSERT_EQ(0, stats_of(&before));
	ASSERT_EQ(-EBUSY, ask(variant->call, info, self->answer));
	/* Once more is no more; that the token is there still, nobody promises. */
	again = ask(variant->call, info, self->answer);
	EXPECT_TRUE(again == -EBUSY || again == -ENOENT) {
		TH_LOG("again: %d", again);
	}
	outcome = let_go(&self->held);
	ASSERT_EQ(0, stats_of(&after));
	if (variant->error) {
		EXPECT_EQ(variant->error, outcome);
		EXPECT_EQ(SOCKDUP_CMD_TOKEN_REVOKED_NTF,
			  how_it_ends(&self->held));
		EXPECT_LT(before.counts[SOCKDUP_A_STATS_REVOKED],
			  after.counts[SOCKDUP_A_STATS_REVOKED]);
	} else {
		EXPECT_LE(0, outcome);
		EXPECT_EQ(SOCKDUP_CMD_TOKEN_IMPORTED_NTF,
			  how_it_ends(&self->held));
		EXPECT_EQ(before.counts[SOCKDUP_A_STATS_REVOKED],
			  after.counts[SOCKDUP_A_STATS_REVOKED]);
		EXPECT_EQ(0, recv_nothing(self->held.peer));
		EXPECT_EQ(0, close(outcome));
	}
	/* Nothing is left either way. */
	EXPECT_EQ(-ENOENT, ask(get_by_netlink, info, self->answer));
	EXPECT_EQ(-ENOENT, ask(variant->call, info, self->answer));
	EXPECT_EQ(-ENOENT, raw_import(self->held.importer.device, info, 0,
				      NULL));
	EXPECT_EQ(0, wait_for_end(self->held.peer));
}

/* Other ends than by revocation, that come while an import is held. */
FIXTURE(end) {
	struct held held;
	struct answer *answer;
};

FIXTURE_VARIANT(end) {
	int error;
};

FIXTURE_VARIANT_ADD(end, of_what_is_refused) { -EACCES };
FIXTURE_VARIANT_ADD(end, of_what_is_imported) { 0 };

FIXTURE_SETUP(end)
{
	set_up(_metadata, &self->held, &self->answer);
}

FIXTURE_TEARDOWN(end)
{
	held_close(&self->held);
}

static void expect_end(struct __test_metadata *_metadata, struct held *held,
		       struct answer *answer, int error, int command)
{
	int outcome = let_go(held);

	if (error) {
		EXPECT_EQ(error, outcome);
		EXPECT_EQ(command, how_it_ends(held));
	} else {
		EXPECT_LE(0, outcome);
		EXPECT_EQ(SOCKDUP_CMD_TOKEN_IMPORTED_NTF, how_it_ends(held));
		EXPECT_EQ(0, recv_nothing(held->peer));
		EXPECT_EQ(0, close(outcome));
	}
	EXPECT_EQ(-ENOENT, ask(get_by_netlink, &held->importer.info, answer));
	EXPECT_EQ(0, wait_for_end(held->peer));
}

TEST_F(end, by_deadline_comes_when_the_import_is_over)
{
	int value;

	ASSERT_EQ(0, hold(&self->held, 0, SHORT_TTL_MS, variant->error));
	sleep_ms(SHORT_TTL_MS + 500);
	/* Whether it still shows is nobody's promise; that it waits would be. */
	value = ask(get_by_netlink, &self->held.importer.info, self->answer);
	EXPECT_TRUE(!value || value == -ENOENT) {
		TH_LOG("get: %d", value);
	}
	EXPECT_EQ(0, recv_nothing(self->held.peer));
	expect_end(_metadata, &self->held, self->answer, variant->error,
		   SOCKDUP_CMD_TOKEN_EXPIRED_NTF);
}

static int close_exporting(struct held *held)
{
	int error = close(held->exporting) ? -errno : 0;

	held->exporting = -1;
	return error;
}

TEST_F(end, with_the_handle_comes_when_the_import_is_over)
{
	int value;

	ASSERT_EQ(0, hold(&self->held, SOCKDUP_EXPORT_END_ON_CLOSE,
			  LONG_TTL_MS, variant->error));
	ASSERT_EQ(0, close_exporting(&self->held));
	value = ask(get_by_netlink, &self->held.importer.info, self->answer);
	EXPECT_TRUE(!value || value == -ENOENT) {
		TH_LOG("get: %d", value);
	}
	EXPECT_EQ(0, recv_nothing(self->held.peer));
	expect_end(_metadata, &self->held, self->answer, variant->error,
		   SOCKDUP_CMD_TOKEN_HANDLE_CLOSED_NTF);
}

/* A target that is killed while it imports. */
struct victim {
	struct sockdup_protocol_info info;
	struct page page;
	atomic_int ready;
	atomic_int go;
};

static bool victim_is_ready(void *context)
{
	struct victim *victim = context;

	return atomic_load(&victim->ready);
}

static bool victim_may_go(void *context)
{
	struct victim *victim = context;

	return atomic_load(&victim->go);
}

/* It has the test's descriptors, so that the test sees it wait for the page. */
static pid_t begin_victim(struct victim *victim, int device)
{
	pid_t pid = syscall(SYS_clone, CLONE_FILES | SIGCHLD, 0, 0, 0, 0);

	if (pid)
		return pid;
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (page_open_missing(&victim->page))
		_exit(1);
	atomic_store(&victim->ready, 1);
	if (!wait_until(victim_may_go, victim))
		raw_import(device, &victim->info, 0, NULL);
	_exit(0);
}

TEST_F(end, with_the_target_comes_when_the_import_is_over)
{
	struct held *held = &self->held;
	struct victim *victim;
	int fds[2], status;
	pid_t pid;

	victim = mmap(NULL, sizeof(*victim), PROT_READ | PROT_WRITE,
		      MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	ASSERT_NE(MAP_FAILED, victim);
	held->exporting = device_open();
	held->importer.device = device_open();
	ASSERT_EQ(0, genl_open(&held->ears));
	ASSERT_EQ(0, genl_join(&held->ears));
	pid = begin_victim(victim, held->importer.device);
	ASSERT_LT(0, pid);
	ASSERT_EQ(0, wait_until(victim_is_ready, victim));
	ASSERT_EQ(0, socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds));
	held->peer = fds[1];
	ASSERT_EQ(0, raw_export(held->exporting, fds[0], pid, LONG_TTL_MS,
				&victim->info));
	held->importer.info = victim->info;
	ASSERT_EQ(0, close(fds[0]));
	held->hook = hook_hold(pid, victim->page.memory, variant->error);
	ASSERT_LE(0, held->hook);
	atomic_store(&victim->go, 1);
	ASSERT_EQ(0, page_wait_for_user(&victim->page));

	ASSERT_EQ(0, kill(pid, SIGKILL));
	ASSERT_EQ(pid, waitpid(pid, &status, 0));
	if (variant->error)
		EXPECT_EQ(SOCKDUP_CMD_TOKEN_TARGET_DIED_NTF,
			  how_it_ends(held));
	EXPECT_EQ(-ENOENT, ask(get_by_netlink, &victim->info, self->answer));
	close(victim->page.faults);
	/* What it was given, it shares with the test. */
	if (variant->error)
		EXPECT_EQ(0, wait_for_end(held->peer));
}

/* Those who have nothing to do with it. */
FIXTURE(stranger) {
	struct held held;
	struct answer *answer;
};

FIXTURE_VARIANT(stranger) {
	claims_call call;
};

FIXTURE_VARIANT_ADD(stranger, beside_a_query) { query_by_netlink };
FIXTURE_VARIANT_ADD(stranger, beside_a_get) { get_by_netlink };
FIXTURE_VARIANT_ADD(stranger, beside_a_list) { list_by_netlink };
FIXTURE_VARIANT_ADD(stranger, beside_a_revocation) { revoke_by_netlink };
FIXTURE_VARIANT_ADD(stranger, beside_a_revocation_by_id) { revoke_by_id };

FIXTURE_SETUP(stranger)
{
	set_up(_metadata, &self->held, &self->answer);
	ASSERT_EQ(0, hold(&self->held, 0, LONG_TTL_MS, -EACCES));
}

FIXTURE_TEARDOWN(stranger)
{
	held_close(&self->held);
}

TEST_F(stranger, is_answered)
{
	struct answer *other = new_answer();
	pid_t pid;

	ASSERT_NE(NULL, other);
	pid = begin(variant->call, &self->held.importer.info, self->answer);
	ASSERT_LT(0, pid);
	EXPECT_EQ(0, ask(ask_for_a_family, &self->held.importer.info, other));
	EXPECT_EQ(0, end(pid));
	EXPECT_EQ(-EACCES, let_go(&self->held));
}

/*
 * A family that registers or leaves excludes all requests: behind one that waits,
 * everybody waits.
 */
#define FAMILY_MODULE	"fou"

static int register_a_family(const struct sockdup_protocol_info *info,
			     struct answer *answer)
{
	return system("modprobe " FAMILY_MODULE) ? -EIO : 0;
}

TEST_F(stranger, registers_a_family_and_others_are_answered)
{
	const struct sockdup_protocol_info *info = &self->held.importer.info;
	struct answer *registered = new_answer();
	struct answer *other = new_answer();
	pid_t asking, registering;

	ASSERT_NE(NULL, registered);
	ASSERT_NE(NULL, other);
	if (system("modprobe " FAMILY_MODULE " && modprobe -r " FAMILY_MODULE))
		SKIP(return, "no module " FAMILY_MODULE " here");
	asking = begin(variant->call, info, self->answer);
	ASSERT_LT(0, asking);
	/* It has either been answered by now, or it waits. */
	sleep_ms(1000);
	registering = begin(register_a_family, info, registered);
	ASSERT_LT(0, registering);
	sleep_ms(3000);
	EXPECT_EQ(0, ask(ask_for_a_family, info, other));
	EXPECT_EQ(-EACCES, let_go(&self->held));
	EXPECT_EQ(0, end(asking));
	EXPECT_EQ(0, end(registering));
	EXPECT_EQ(0, registered->value);
	EXPECT_EQ(0, system("modprobe -r " FAMILY_MODULE));
}

SOCKDUP_TEST_MAIN
