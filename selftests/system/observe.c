// SPDX-License-Identifier: GPL-2.0-only
/*
 * What an administrator can see: a trace event for the birth and each kind of
 * end of a token and for every refusal, the tokens that wait for a process in
 * its handle's fdinfo, and what the module says of itself. None of them gives
 * away what it takes to import.
 */
#define _GNU_SOURCE
#include <ctype.h>
#include <dirent.h>
#include <fcntl.h>
#include <limits.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include "harness.h"
#include "module.h"
#include "scene.h"
#include "trace_log.h"

#define TEXT_SIZE	65536

#define EVENTS		"/sys/kernel/tracing/events/sockdup/"
#define MODULE		"/sys/module/" SOCKDUP_DEVICE_NAME "/"

/* Whether eight bytes stand in a text as a number or one after the other. */
static bool shows(const char *text, const __u8 bytes[8])
{
	char ordered[17], reversed[17];
	int i;

	for (i = 0; i < 8; i++) {
		snprintf(ordered + 2 * i, 3, "%02x", bytes[i]);
		snprintf(reversed + 2 * i, 3, "%02x", bytes[7 - i]);
	}
	return strcasestr(text, ordered) || strcasestr(text, reversed);
}

/* Whether any half of the secret, or what overlaps it by half, is told. */
static bool shows_secret(const char *text,
			 const struct sockdup_protocol_info *info)
{
	int i;

	for (i = sizeof(__u64); i <= SOCKDUP_OPAQUE_SIZE - 8; i++) {
		if (shows(text, info->opaque + i))
			return true;
	}
	return false;
}

/* Events, in a trace buffer of the test's own. */
FIXTURE(trace) {
	struct scene scene;
};

static void trace_set_up(struct __test_metadata *_metadata,
			 struct scene *scene)
{
	int error = trace_log_open();

	if (error == -ENOENT)
		SKIP(longjmp(_metadata->env, 1), "no tracefs here");
	ASSERT_EQ(0, error);
	ASSERT_EQ(0, scene_open(scene));
}

static void trace_tear_down(struct __test_metadata *_metadata,
			    struct scene *scene)
{
	EXPECT_EQ(0, trace_log_close());
	scene_close(scene);
}

FIXTURE_SETUP(trace)
{
	trace_set_up(_metadata, &self->scene);
}

FIXTURE_TEARDOWN(trace)
{
	trace_tear_down(_metadata, &self->scene);
}

static struct trace_line token_line(const char *event,
				    const struct sockdup_protocol_info *info,
				    pid_t source, pid_t target, uid_t uid)
{
	struct trace_line line = { .times = 1 };

	snprintf(line.text, sizeof(line.text),
		 ": sockdup_%s: id=%016llx source=%d target=%d uid=%u target_uid=-1 cgroup=0 sockets=1\n",
		 event, id_of(info), source, target, uid);
	return line;
}

/* Any line on a token, whatever it says. */
static int count_lines_on(const struct sockdup_protocol_info *info)
{
	char part[32];

	snprintf(part, sizeof(part), "id=%016llx ", id_of(info));
	return trace_log_count(part);
}

TEST_F(trace, tells_of_an_export)
{
	ASSERT_EQ(0, scene_export(&self->scene, 0, 0));
	EXPECT_EQ(0, trace_log_wait(token_line("export", &self->scene.info,
					       getpid(), self->scene.target.pid,
					       geteuid())));
	EXPECT_EQ(1, count_lines_on(&self->scene.info));
}

TEST_F(trace, tells_of_an_export_to_a_user)
{
	struct trace_line line = { .times = 1 };

	ASSERT_EQ(0, raw_export_with(self->scene.device, self->scene.fd,
				     TARGET_UID, SOCKDUP_EXPORT_TO_USER, 0,
				     &self->scene.info));
	snprintf(line.text, sizeof(line.text),
		 ": sockdup_export: id=%016llx source=%d target=0 uid=%u target_uid=%u cgroup=0 sockets=1\n",
		 id_of(&self->scene.info), getpid(), geteuid(), TARGET_UID);
	EXPECT_EQ(0, trace_log_wait(line));
	EXPECT_EQ(1, count_lines_on(&self->scene.info));
	EXPECT_EQ(0, raw_revoke(self->scene.device, &self->scene.info));
}

FIXTURE(end) {
	struct scene scene;
};

FIXTURE_VARIANT(end) {
	const char *event;
	int (*come)(struct scene *scene);
	unsigned int flags;
	unsigned int ttl_ms;
};

FIXTURE_VARIANT_ADD(end, by_import) { "import", end_by_import, 0, 0 };
FIXTURE_VARIANT_ADD(end, by_revocation) { "revoke", end_by_revocation, 0, 0 };
FIXTURE_VARIANT_ADD(end, by_decline) { "revoke", end_by_decline, 0, 0 };
FIXTURE_VARIANT_ADD(end, by_deadline) { "expire", end_by_deadline, 0, 300 };
FIXTURE_VARIANT_ADD(end, with_handle) {
	"handle_close", end_with_handle, SOCKDUP_EXPORT_END_ON_CLOSE, 0
};

FIXTURE_VARIANT_ADD(end, with_target) {
	"target_death", end_with_target, 0, LONG_TTL_MS
};

FIXTURE_SETUP(end)
{
	trace_set_up(_metadata, &self->scene);
}

FIXTURE_TEARDOWN(end)
{
	trace_tear_down(_metadata, &self->scene);
}

TEST_F(end, is_told_by_an_event_of_its_own)
{
	struct scene *scene = &self->scene;

	ASSERT_EQ(0, scene_export(scene, variant->flags, variant->ttl_ms));
	ASSERT_EQ(0, variant->come(scene));
	EXPECT_EQ(0, trace_log_wait(token_line(variant->event, &scene->info,
					       getpid(), scene->target.pid,
					       geteuid())));
	/* The export, and one end. */
	EXPECT_EQ(2, count_lines_on(&scene->info));
	EXPECT_EQ(0, trace_log_count("sockdup_refuse"));
}

TEST_F(trace, tells_of_each_token_of_a_target_that_died)
{
	struct sockdup_protocol_info infos[3];
	int i;

	for (i = 0; i < 3; i++) {
		ASSERT_EQ(0, scene_export(&self->scene, 0, LONG_TTL_MS));
		infos[i] = self->scene.info;
	}
	ASSERT_EQ(0, kill(self->scene.target.pid, SIGKILL));
	for (i = 0; i < 3; i++)
		EXPECT_EQ(0, trace_log_wait(token_line("target_death", &infos[i],
						       getpid(),
						       self->scene.target.pid,
						       geteuid())));
}

TEST_F(trace, tells_the_numbers_that_the_outermost_namespace_has)
{
	struct agent source;
	int fd;

	agent_kill(&self->scene.target);
	ASSERT_EQ(0, agent_spawn_isolated(&source));
	ASSERT_EQ(0, agent_setuid(&source, SOURCE_UID));
	fd = agent_socket(&source, AF_INET, SOCK_STREAM, 0);
	ASSERT_LE(0, fd);
	ASSERT_EQ(0, agent_duplicate(&source, fd, 1, &self->scene.info));
	EXPECT_EQ(0, trace_log_wait(token_line("export", &self->scene.info,
					       source.pid, source.pid,
					       SOURCE_UID)));
	EXPECT_EQ(0, agent_stop(&source));
}

/* Commands that fail. */

static int refused_info(struct scene *scene)
{
	struct sockdup_info argument = {
		.size = sizeof(argument),
		.flags = 1,
	};

	return device_ioctl(scene->device, SOCKDUP_IOC_INFO, &argument);
}

static int refused_export(struct scene *scene)
{
	return raw_export(scene->device, -1, getpid(), 0, &scene->info);
}

static int refused_import(struct scene *scene)
{
	return raw_import(scene->device, &scene->info, 0, NULL);
}

static int refused_query(struct scene *scene)
{
	scene->info.opaque[0] ^= 1;
	return raw_query(scene->device, &scene->info);
}

static int refused_revoke(struct scene *scene)
{
	scene->info.opaque[SOCKDUP_OPAQUE_SIZE - 1] ^= 1;
	return raw_revoke(scene->device, &scene->info);
}

static int refused_select(struct scene *scene)
{
	return raw_event_select(scene->device, scene->fd, -1, 0x40);
}

static int refused_enumerate(struct scene *scene)
{
	struct sockdup_event_enumerate argument = {
		.size = sizeof(argument),
		.fd = scene->fd,
	};

	return device_ioctl(scene->device, SOCKDUP_IOC_EVENT_ENUMERATE,
			    &argument);
}

static int refused_rearm(struct scene *scene)
{
	struct sockdup_event_rearm argument = {
		.size = sizeof(argument),
		.fd = scene->device,
	};

	return device_ioctl(scene->device, SOCKDUP_IOC_EVENT_REARM, &argument);
}

static int refused_inherit(struct scene *scene)
{
	struct sockdup_event_inherit argument = {
		.size = sizeof(argument),
		.fd = scene->fd,
		.listener = -1,
	};

	return device_ioctl(scene->device, SOCKDUP_IOC_EVENT_INHERIT,
			    &argument);
}

static int refused_event_query(struct scene *scene)
{
	struct sockdup_event_query argument = {
		.size = sizeof(argument),
		.fd = -1,
	};

	return device_ioctl(scene->device, SOCKDUP_IOC_EVENT_QUERY, &argument);
}

static int refused_command(struct scene *scene)
{
	return device_ioctl(scene->device, _IO(SOCKDUP_IOC_TYPE, 0x7f), NULL);
}

FIXTURE(refusal) {
	struct scene scene;
};

FIXTURE_VARIANT(refusal) {
	const char *command;
	int (*call)(struct scene *scene);
	int error;
};

FIXTURE_VARIANT_ADD(refusal, of_info) { "info", refused_info, -EINVAL };
FIXTURE_VARIANT_ADD(refusal, of_export) { "export", refused_export, -EBADF };
FIXTURE_VARIANT_ADD(refusal, of_import) { "import", refused_import, -EPERM };
FIXTURE_VARIANT_ADD(refusal, of_query) { "query", refused_query, -ENOENT };
FIXTURE_VARIANT_ADD(refusal, of_revoke) { "revoke", refused_revoke, -ENOENT };
FIXTURE_VARIANT_ADD(refusal, of_event_select) { "event_select", refused_select, -EINVAL };
FIXTURE_VARIANT_ADD(refusal, of_event_enumerate) { "event_enumerate", refused_enumerate, -ENOENT };
FIXTURE_VARIANT_ADD(refusal, of_event_rearm) { "event_rearm", refused_rearm, -ENOTSOCK };
FIXTURE_VARIANT_ADD(refusal, of_event_inherit) { "event_inherit", refused_inherit, -EBADF };
FIXTURE_VARIANT_ADD(refusal, of_event_query) { "event_query", refused_event_query, -EBADF };
FIXTURE_VARIANT_ADD(refusal, of_unknown) { "0xde7f", refused_command, -ENOTTY };

FIXTURE_SETUP(refusal)
{
	trace_set_up(_metadata, &self->scene);
}

FIXTURE_TEARDOWN(refusal)
{
	trace_tear_down(_metadata, &self->scene);
}

TEST_F(refusal, is_told_with_its_error)
{
	struct trace_line line = { .times = 1 };

	/* To another process than the test. */
	ASSERT_EQ(0, scene_export(&self->scene, 0, 0));
	ASSERT_EQ(variant->error, variant->call(&self->scene));
	snprintf(line.text, sizeof(line.text),
		 ": sockdup_refuse: command=%s error=%d\n", variant->command,
		 variant->error);
	EXPECT_EQ(0, trace_log_wait(line));
	EXPECT_EQ(1, trace_log_count("sockdup_refuse"));
}

/* Of one token that was imported in the end, and one that was revoked. */
TEST_F(trace, tells_no_secret)
{
	struct sockdup_protocol_info imported;
	char *text;

	ASSERT_EQ(0, scene_export(&self->scene, 0, 0));
	imported = self->scene.info;
	ASSERT_EQ(-EPERM, raw_import(self->scene.device, &imported, 0, NULL));
	ASSERT_EQ(0, raw_query(self->scene.device, &imported));
	ASSERT_LE(0, agent_import(&self->scene.target, &imported, 0));
	ASSERT_EQ(-ENOENT, agent_import(&self->scene.target, &imported, 0));
	ASSERT_EQ(0, scene_export(&self->scene, 0, 0));
	ASSERT_EQ(0, raw_revoke(self->scene.device, &self->scene.info));
	ASSERT_EQ(0, trace_log_wait(token_line("revoke", &self->scene.info,
					       getpid(), self->scene.target.pid,
					       geteuid())));
	text = trace_log_text();
	ASSERT_NE(NULL, text);
	EXPECT_TRUE(shows(text, imported.opaque));
	EXPECT_FALSE(shows_secret(text, &imported));
	EXPECT_FALSE(shows_secret(text, &self->scene.info));
	free(text);
}

/* Nor do the records that tools read in binary form have room for one. */
TEST_F(trace, has_no_field_for_a_secret)
{
	static const char *const names[] = {
		"export", "import", "revoke", "expire", "handle_close",
		"target_death",
	};
	char path[PATH_MAX];
	unsigned int i;
	char *text;

	for (i = 0; i < ARRAY_SIZE(names); i++) {
		snprintf(path, sizeof(path), EVENTS "sockdup_%s/format",
			 names[i]);
		text = read_text(path);
		ASSERT_NE(NULL, text);
		EXPECT_EQ(1, count_in(text, " id;\toffset"));
		EXPECT_EQ(1, count_in(text, " source;\toffset"));
		EXPECT_EQ(1, count_in(text, " target;\toffset"));
		EXPECT_EQ(1, count_in(text, " uid;\toffset"));
		EXPECT_EQ(1, count_in(text, " target_uid;\toffset"));
		EXPECT_EQ(1, count_in(text, " cgroup;\toffset"));
		EXPECT_EQ(1, count_in(text, " sockets;\toffset"));
		/* And four that every event has. */
		EXPECT_EQ(11, count_in(text, "\tfield:"));
		free(text);
	}
}

/* A handle of the target, as its fdinfo shows it. */
FIXTURE(fdinfo) {
	struct agent target;
	int device;		/* in the target */
	int fd;
	char path[64];
	struct sockdup_protocol_info info;
};

FIXTURE_SETUP(fdinfo)
{
	ASSERT_EQ(0, agent_spawn(&self->target));
	self->device = agent_open(&self->target, DEVICE_PATH, O_RDWR);
	ASSERT_LE(0, self->device);
	snprintf(self->path, sizeof(self->path), "/proc/%d/fdinfo/%d",
		 self->target.pid, self->device);
	self->fd = tcp_listener(AF_INET);
	ASSERT_LE(0, self->fd);
}

FIXTURE_TEARDOWN(fdinfo)
{
	agent_kill(&self->target);
}

/* The number behind a key, -1 where there is none. */
static long find_number(const char *path, const char *key)
{
	char *text = read_text(path);
	char *at = text ? strstr(text, key) : NULL;
	long number = at ? strtol(at + strlen(key), NULL, 10) : -1;

	free(text);
	return number;
}

static long tokens_shown(const char *path)
{
	return find_number(path, "\ntokens:\t");
}

struct token_shown {
	unsigned long long id;
	int source;
	unsigned int uid;
	unsigned long long left_ms;
};

/* How many there are, with the first of them, in their order. */
static int read_tokens(const char *path, struct token_shown *shown, int room)
{
	FILE *file = fopen(path, "re");
	struct token_shown one;
	char line[256];
	int found = 0;

	if (!file)
		return -errno;
	while (fgets(line, sizeof(line), file)) {
		if (sscanf(line,
			   "token:\tid=%16llx source=%d uid=%u left_ms=%llu sockets=1",
			   &one.id, &one.source, &one.uid, &one.left_ms) != 4)
			continue;
		if (found < room)
			shown[found] = one;
		found++;
	}
	fclose(file);
	return found;
}

TEST_F(fdinfo, of_a_fresh_handle_shows_no_token)
{
	EXPECT_EQ(0, tokens_shown(self->path));
	EXPECT_EQ(0, read_tokens(self->path, NULL, 0));
}

TEST_F(fdinfo, shows_tokens_in_the_order_of_their_exports)
{
	static const unsigned int lives[] = { 900000, 700000, 800000 };
	struct sockdup_protocol_info infos[3];
	struct token_shown shown[3];
	int i;

	for (i = 0; i < 3; i++)
		ASSERT_EQ(0, try_export(self->fd, self->target.pid, 0,
					lives[i], &infos[i]));
	EXPECT_EQ(3, tokens_shown(self->path));
	ASSERT_EQ(3, read_tokens(self->path, shown, 3));
	for (i = 0; i < 3; i++) {
		EXPECT_EQ(id_of(&infos[i]), shown[i].id);
		EXPECT_EQ(getpid(), shown[i].source);
		EXPECT_EQ(geteuid(), shown[i].uid);
		EXPECT_GE(lives[i], shown[i].left_ms);
		EXPECT_LE(lives[i] - WAIT_MS, shown[i].left_ms);
	}
}

TEST_F(fdinfo, shows_tokens_of_its_process_alone)
{
	struct agent other;

	ASSERT_EQ(0, agent_spawn(&other));
	ASSERT_EQ(0, try_duplicate(self->fd, other.pid, &self->info));
	EXPECT_EQ(0, tokens_shown(self->path));
	EXPECT_EQ(0, read_tokens(self->path, NULL, 0));
	EXPECT_EQ(0, agent_stop(&other));
}

/* Those that the opener's own user exports, in the opener's namespaces. */
TEST_F(fdinfo, shows_tokens_to_users_apart)
{
	unsigned int uid, target_uid;
	unsigned long long id, left_ms;
	int source, fields;
	const char *at;
	char *text;

	EXPECT_EQ(0, find_number(self->path, "\nuser_tokens:\t"));
	ASSERT_EQ(0, try_export(self->fd, TARGET_UID, SOCKDUP_EXPORT_TO_USER, 0,
				&self->info));
	EXPECT_EQ(0, tokens_shown(self->path));
	EXPECT_EQ(1, find_number(self->path, "\nuser_tokens:\t"));
	text = read_text(self->path);
	ASSERT_NE(NULL, text);
	EXPECT_FALSE(shows_secret(text, &self->info));
	at = strstr(text, "\nuser_token:\t");
	ASSERT_NE(NULL, at);
	fields = sscanf(at,
			"\nuser_token:\tid=%16llx source=%d uid=%u target_uid=%u left_ms=%llu",
			&id, &source, &uid, &target_uid, &left_ms);
	ASSERT_EQ(5, fields);
	EXPECT_EQ(id_of(&self->info), id);
	EXPECT_EQ(getpid(), source);
	EXPECT_EQ(geteuid(), uid);
	EXPECT_EQ(TARGET_UID, target_uid);
	free(text);
	ASSERT_EQ(0, try_revoke(&self->info));
	EXPECT_EQ(0, find_number(self->path, "\nuser_tokens:\t"));
}

TEST_F(fdinfo, of_another_user_shows_no_tokens_to_users)
{
	struct agent stranger;

	ASSERT_EQ(0, agent_spawn(&stranger));
	ASSERT_EQ(0, agent_setuid(&stranger, OTHER_UID));
	self->device = agent_open(&stranger, DEVICE_PATH, O_RDWR);
	ASSERT_LE(0, self->device);
	snprintf(self->path, sizeof(self->path), "/proc/%d/fdinfo/%d",
		 stranger.pid, self->device);
	ASSERT_EQ(0, try_export(self->fd, OTHER_UID, SOCKDUP_EXPORT_TO_USER, 0,
				&self->info));
	EXPECT_EQ(0, find_number(self->path, "\nuser_tokens:\t"));
	ASSERT_EQ(0, try_revoke(&self->info));
	EXPECT_EQ(0, agent_stop(&stranger));
}

TEST_F(fdinfo, shows_tokens_until_they_end)
{
	struct sockdup_protocol_info infos[3];

	ASSERT_EQ(0, try_duplicate(self->fd, self->target.pid, &infos[0]));
	ASSERT_EQ(0, try_duplicate(self->fd, self->target.pid, &infos[1]));
	ASSERT_EQ(0, try_duplicate(self->fd, self->target.pid, &infos[2]));
	ASSERT_EQ(0, try_revoke(&infos[1]));
	EXPECT_EQ(2, tokens_shown(self->path));
	ASSERT_LE(0, agent_import(&self->target, &infos[0], 0));
	EXPECT_EQ(1, tokens_shown(self->path));
	EXPECT_EQ(1, read_tokens(self->path, NULL, 0));
	ASSERT_EQ(0, agent_revoke(&self->target, &infos[2]));
	EXPECT_EQ(0, tokens_shown(self->path));
	EXPECT_EQ(0, read_tokens(self->path, NULL, 0));
}

#define SHOWN_MOST	64

TEST_F(fdinfo, shows_so_many_tokens_and_counts_the_rest)
{
	struct token_shown shown[SHOWN_MOST];
	struct sockdup_protocol_info first;
	int i;

	ASSERT_EQ(0, try_export(self->fd, self->target.pid, 0, LONG_TTL_MS,
				&first));
	for (i = 0; i < SHOWN_MOST + 6; i++)
		ASSERT_EQ(0, try_export(self->fd, self->target.pid, 0,
					LONG_TTL_MS / 2, &self->info));
	EXPECT_EQ(SHOWN_MOST + 7, tokens_shown(self->path));
	EXPECT_EQ(SHOWN_MOST, read_tokens(self->path, shown, SHOWN_MOST));
	EXPECT_EQ(id_of(&first), shown[0].id);
}

TEST_F(fdinfo, of_a_handle_that_a_child_inherited_shows_its_openers_tokens)
{
	struct sockdup_protocol_info info;
	int device = device_open();
	char path[64];
	pid_t pid;

	ASSERT_LE(0, device);
	ASSERT_EQ(0, try_duplicate(self->fd, getpid(), &info));
	pid = fork();
	if (!pid) {
		for (;;)
			pause();
	}
	snprintf(path, sizeof(path), "/proc/%d/fdinfo/%d", pid, device);
	EXPECT_EQ(1, find_number(path, "\ntokens:\t"));
	kill(pid, SIGKILL);
}

/* What is wrong with what a user reads who has got the handle: bits, 0 for nothing. */
static int read_as(uid_t uid, int device)
{
	char path[64];

	if (become_user(uid))
		return 1;
	snprintf(path, sizeof(path), "/proc/self/fdinfo/%d", device);
	return (find_number(path, "\nregistrations:\t") ? 2 : 0) |
	       (tokens_shown(path) != -1 ? 4 : 0) |
	       (read_tokens(path, NULL, 0) ? 8 : 0);
}

TEST_F(fdinfo, of_a_handle_that_a_stranger_inherited_shows_no_token)
{
	struct sockdup_protocol_info info;
	int status, device = device_open();
	pid_t pid;

	ASSERT_LE(0, device);
	ASSERT_EQ(0, try_duplicate(self->fd, getpid(), &info));
	pid = fork();
	if (!pid)
		_exit(read_as(OTHER_UID, device));
	ASSERT_EQ(pid, waitpid(pid, &status, 0));
	ASSERT_TRUE(WIFEXITED(status));
	EXPECT_EQ(0, WEXITSTATUS(status));
}

TEST_F(fdinfo, shows_no_source_that_the_reader_cannot_see)
{
	struct agent reader;
	char text[1025] = { 0 };
	int fd;

	ASSERT_EQ(0, try_duplicate(self->fd, self->target.pid, &self->info));
	ASSERT_EQ(0, agent_spawn_isolated(&reader));
	fd = agent_open(&reader, self->path, O_RDONLY);
	ASSERT_LE(0, fd);
	ASSERT_LT(0, agent_read(&reader, fd, text, sizeof(text) - 1));
	EXPECT_EQ(1, count_in(text, " source=0 uid="));
	EXPECT_EQ(0, agent_stop(&reader));
}

/* Those to users are the opening user's, whoever the process has become since. */
TEST_F(fdinfo, shows_tokens_to_users_to_their_exporter_alone)
{
	char text[2048] = { 0 };
	int fd;

	ASSERT_EQ(0, agent_entrust(&self->target, self->fd, TARGET_UID,
				   SOCKDUP_EXPORT_TO_USER, 0, &self->info));
	fd = agent_open(&self->target, self->path, O_RDONLY);
	ASSERT_LE(0, fd);
	ASSERT_LT(0, agent_read(&self->target, fd, text, sizeof(text) - 1));
	EXPECT_EQ(1, count_in(text, "\nuser_token:\t"));
	ASSERT_EQ(0, agent_close(&self->target, fd));
	ASSERT_EQ(0, agent_setuid(&self->target, TARGET_UID));
	fd = agent_open(&self->target, self->path, O_RDONLY);
	ASSERT_LE(0, fd);
	memset(text, 0, sizeof(text));
	ASSERT_LT(0, agent_read(&self->target, fd, text, sizeof(text) - 1));
	EXPECT_EQ(1, count_in(text, "\ntokens:\t"));
	EXPECT_EQ(0, count_in(text, "user_token"));
	EXPECT_EQ(0, try_revoke(&self->info));
}

/* What the user holds in all namespaces is not for a reader inside of one. */
TEST_F(fdinfo, counts_nothing_for_a_reader_in_a_pid_namespace)
{
	struct agent reader;
	char text[1025] = { 0 };
	int fd;

	ASSERT_EQ(0, agent_spawn_isolated(&reader));
	fd = agent_open(&reader, self->path, O_RDONLY);
	ASSERT_LE(0, fd);
	ASSERT_LT(0, agent_read(&reader, fd, text, sizeof(text) - 1));
	EXPECT_EQ(0, count_in(text, "held:"));
	EXPECT_EQ(0, count_in(text, "bytes:"));
	EXPECT_EQ(1, count_in(text, "\ntokens:\t"));
	EXPECT_EQ(0, agent_stop(&reader));
}

TEST_F(fdinfo, shows_no_secret)
{
	char *text;

	ASSERT_EQ(0, try_duplicate(self->fd, self->target.pid, &self->info));
	text = read_text(self->path);
	ASSERT_NE(NULL, text);
	EXPECT_TRUE(shows(text, self->info.opaque));
	EXPECT_FALSE(shows_secret(text, &self->info));
	free(text);
}

TEST_F(fdinfo, counts_what_the_user_holds)
{
	struct agent source;
	char path[64];
	int i, device, fd;

	ASSERT_EQ(0, agent_spawn(&source));
	/* A user who owes nothing for other tests. */
	ASSERT_EQ(0, agent_setuid(&source, 100000 + getpid()));
	device = agent_open(&source, DEVICE_PATH, O_RDWR);
	ASSERT_LE(0, device);
	fd = agent_socket(&source, AF_INET, SOCK_STREAM, 0);
	ASSERT_LE(0, fd);
	snprintf(path, sizeof(path), "/proc/%d/fdinfo/%d", source.pid, device);
	EXPECT_EQ(0, find_number(path, "\nheld:\t"));
	for (i = 1; i <= 3; i++) {
		ASSERT_EQ(0, agent_duplicate(&source, fd, self->target.pid,
					     &self->info));
		EXPECT_EQ(i, find_number(path, "\nheld:\t"));
	}
	/* An import gives back before it returns. */
	ASSERT_LE(0, agent_import(&self->target, &self->info, 0));
	EXPECT_EQ(2, find_number(path, "\nheld:\t"));
	/* What waits for the source is another matter. */
	EXPECT_EQ(0, find_number(path, "\ntokens:\t"));
	EXPECT_EQ(0, agent_stop(&source));
}

/* What the module says of itself. */

FIXTURE(module) {
	char *parameters;
};

/* All that modinfo gives for a field, to be freed. */
static char *ask_modinfo(const char *field)
{
	char command[2 * PATH_MAX + 64];
	char *text = calloc(1, TEXT_SIZE);
	FILE *pipe;

	snprintf(command, sizeof(command),
		 "PATH=$PATH:/usr/sbin:/sbin modinfo -F %s '%s'", field,
		 module_path());
	pipe = popen(command, "re");
	if (text && pipe)
		text[fread(text, 1, TEXT_SIZE - 1, pipe)] = '\0';
	if (pipe)
		pclose(pipe);
	return text;
}

FIXTURE_SETUP(module)
{
	if (access(module_path(), R_OK))
		SKIP(longjmp(_metadata->env, 1),
		     "no module file beside the programs");
	self->parameters = ask_modinfo("parm");
	ASSERT_NE(NULL, self->parameters);
}

FIXTURE_TEARDOWN(module)
{
	free(self->parameters);
}

/* The words on a parameter, NULL where there are none. */
static const char *find_words(const char *parameters, const char *name)
{
	const char *line = parameters;
	size_t length = strlen(name);

	while (line) {
		if (!strncmp(line, name, length) && line[length] == ':')
			return line + length + 1;
		line = strchr(line, '\n');
		line = line ? line + 1 : NULL;
	}
	return NULL;
}

TEST_F(module, describes_each_of_its_parameters)
{
	DIR *directory = opendir(MODULE "parameters");
	struct dirent *entry;
	const char *words;
	int found = 0;

	ASSERT_NE(NULL, directory);
	while ((entry = readdir(directory))) {
		if (entry->d_name[0] == '.')
			continue;
		found++;
		words = find_words(self->parameters, entry->d_name);
		/* An undescribed one has its type alone, in parentheses. */
		EXPECT_TRUE(words && islower(*words))
			TH_LOG("no description of %s", entry->d_name);
	}
	closedir(directory);
	EXPECT_LT(0, found);
}

TEST_F(module, lets_root_alone_set_its_parameters)
{
	DIR *directory = opendir(MODULE "parameters");
	struct dirent *entry;
	struct stat status;

	ASSERT_NE(NULL, directory);
	while ((entry = readdir(directory))) {
		if (entry->d_name[0] == '.')
			continue;
		ASSERT_EQ(0, fstatat(dirfd(directory), entry->d_name, &status,
				     0));
		EXPECT_EQ(0, status.st_uid);
		EXPECT_EQ(0, status.st_mode & (0022));
	}
	closedir(directory);
}

/* The kernel asks for a family's module by an alias. */
TEST_F(module, is_not_loaded_by_a_look_up_of_its_family)
{
	char *text = ask_modinfo("alias");

	ASSERT_NE(NULL, text);
	EXPECT_STREQ("", text);
	free(text);
}

TEST_F(module, says_what_it_is)
{
	static const char *const fields[] = {
		"description", "author", "license", "version",
	};
	unsigned int i;
	char *text;

	for (i = 0; i < ARRAY_SIZE(fields); i++) {
		text = ask_modinfo(fields[i]);
		ASSERT_NE(NULL, text);
		EXPECT_LT(1, strlen(text)) TH_LOG("no %s", fields[i]);
		free(text);
	}
}

SOCKDUP_TEST_MAIN
