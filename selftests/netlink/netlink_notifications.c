// SPDX-License-Identifier: GPL-2.0-only
/*
 * What netlink tells of the end of each token and of exports, and to whom.
 */
#define _GNU_SOURCE
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <sys/wait.h>

#include "genl.h"
#include "harness.h"
#include "scene.h"

/* Ends, each with its count and its notification. */

struct hearing {
	struct scene scene;
	struct genl genl;
	struct genl ears;
};

static void hearing_set_up(struct __test_metadata *_metadata,
			   struct hearing *hearing)
{
	ASSERT_EQ(0, scene_open(&hearing->scene));
	ASSERT_EQ(0, genl_open(&hearing->genl));
	ASSERT_EQ(0, genl_open(&hearing->ears));
	ASSERT_EQ(0, genl_join(&hearing->ears));
}

static void hearing_tear_down(struct hearing *hearing)
{
	genl_close(&hearing->genl);
	genl_close(&hearing->ears);
	scene_close(&hearing->scene);
}

static int end_by_netlink(struct scene *scene)
{
	struct genl genl;
	int error = genl_open(&genl);

	if (error)
		return error;
	error = genl_revoke_id(&genl, id_of(&scene->info));
	genl_close(&genl);
	return error;
}

FIXTURE(end) {
	struct hearing hearing;
};

FIXTURE_VARIANT(end) {
	int command;
	int count;
	int (*come)(struct scene *scene);
	unsigned int flags;
	unsigned int ttl_ms;
};

FIXTURE_VARIANT_ADD(end, by_import) {
	SOCKDUP_CMD_TOKEN_IMPORTED_NTF, SOCKDUP_A_STATS_IMPORTED,
	end_by_import, 0, LONG_TTL_MS
};

FIXTURE_VARIANT_ADD(end, by_revocation) {
	SOCKDUP_CMD_TOKEN_REVOKED_NTF, SOCKDUP_A_STATS_REVOKED,
	end_by_revocation, 0, LONG_TTL_MS
};

FIXTURE_VARIANT_ADD(end, by_revocation_through_netlink) {
	SOCKDUP_CMD_TOKEN_REVOKED_NTF, SOCKDUP_A_STATS_REVOKED,
	end_by_netlink, 0, LONG_TTL_MS
};

FIXTURE_VARIANT_ADD(end, by_decline) {
	SOCKDUP_CMD_TOKEN_REVOKED_NTF, SOCKDUP_A_STATS_REVOKED,
	end_by_decline, 0, LONG_TTL_MS
};

FIXTURE_VARIANT_ADD(end, by_deadline) {
	SOCKDUP_CMD_TOKEN_EXPIRED_NTF, SOCKDUP_A_STATS_EXPIRED,
	end_by_deadline, 0, 300
};

FIXTURE_VARIANT_ADD(end, with_handle) {
	SOCKDUP_CMD_TOKEN_HANDLE_CLOSED_NTF, SOCKDUP_A_STATS_HANDLE_CLOSED,
	end_with_handle, SOCKDUP_EXPORT_END_ON_CLOSE, LONG_TTL_MS
};

FIXTURE_VARIANT_ADD(end, with_target) {
	SOCKDUP_CMD_TOKEN_TARGET_DIED_NTF, SOCKDUP_A_STATS_TARGET_DIED,
	end_with_target, 0, LONG_TTL_MS
};

FIXTURE_SETUP(end)
{
	hearing_set_up(_metadata, &self->hearing);
}

FIXTURE_TEARDOWN(end)
{
	hearing_tear_down(&self->hearing);
}

/* A notification has the token's id and its exporter's user, and nothing else. */
static void expect_notification(struct __test_metadata *_metadata,
				const struct genl_token *event,
				const struct sockdup_protocol_info *info,
				uid_t uid)
{
	struct genl_token wanted;

	memset(&wanted, 0, sizeof(wanted));
	wanted.command = event->command;
	wanted.id = id_of(info);
	wanted.uid = uid;
	EXPECT_EQ(wanted.id, event->id);
	EXPECT_EQ(wanted.uid, event->uid);
	EXPECT_EQ(0, event->source);
	EXPECT_EQ(0, event->target);
	EXPECT_EQ(0, memcmp(&wanted, event, sizeof(wanted)));
}

static bool is_of(__u64 id, const struct sockdup_protocol_info *infos,
		  unsigned int count)
{
	while (count--)
		if (id == id_of(&infos[count]))
			return true;
	return false;
}

/* The next notification of one of these tokens. Others have tokens as well. */
static int next_of(struct genl *ears, const struct sockdup_protocol_info *infos,
		   unsigned int count, struct genl_token *event)
{
	int command;

	do {
		command = genl_event(ears, event);
	} while (command >= 0 && !is_of(event->id, infos, count));
	return command;
}

static int next_of_scene(struct hearing *hearing, struct genl_token *event)
{
	return next_of(&hearing->ears, &hearing->scene.info, 1, event);
}

TEST_F(end, is_told_once_by_a_notification_of_its_own)
{
	struct scene *scene = &self->hearing.scene;
	struct genl *ears = &self->hearing.ears;
	struct genl *genl = &self->hearing.genl;
	struct sockdup_protocol_info infos[2];
	struct genl_token event;

	ASSERT_EQ(0, scene_export(scene, variant->flags, variant->ttl_ms));
	infos[0] = scene->info;
	ears->secret = &scene->info;
	ASSERT_EQ(SOCKDUP_CMD_TOKEN_EXPORTED_NTF, next_of(ears, infos, 1, &event));
	expect_notification(_metadata, &event, &infos[0], geteuid());
	ASSERT_EQ(0, variant->come(scene));
	ASSERT_EQ(variant->command, next_of(ears, infos, 1, &event));
	expect_notification(_metadata, &event, &infos[0], geteuid());
	EXPECT_FALSE(ears->leaked);
	/* And no more until the test exports again. */
	ASSERT_EQ(0, genl_export(genl, scene->fd, getpid(), 0, &infos[1]));
	EXPECT_EQ(SOCKDUP_CMD_TOKEN_EXPORTED_NTF, next_of(ears, infos, 2, &event));
	EXPECT_EQ(id_of(&infos[1]), event.id);
}

/* What others still let go of counts as well, so these are lower bounds. */
TEST_F(end, is_counted)
{
	struct scene *scene = &self->hearing.scene;
	struct genl *genl = &self->hearing.genl;
	struct genl_stats before, after;
	struct genl_token event;

	ASSERT_EQ(0, genl_stats(genl, NULL, &before));
	ASSERT_TRUE(before.all);
	ASSERT_EQ(0, scene_export(scene, variant->flags, variant->ttl_ms));
	ASSERT_EQ(0, genl_stats(genl, NULL, &after));
	EXPECT_LT(before.counts[SOCKDUP_A_STATS_EXPORTED],
		  after.counts[SOCKDUP_A_STATS_EXPORTED]);
	ASSERT_EQ(0, variant->come(scene));
	ASSERT_EQ(SOCKDUP_CMD_TOKEN_EXPORTED_NTF,
		  next_of_scene(&self->hearing, &event));
	ASSERT_EQ(variant->command, next_of_scene(&self->hearing, &event));
	ASSERT_EQ(0, genl_stats(genl, NULL, &after));
	EXPECT_LT(before.counts[variant->count], after.counts[variant->count]);
}

/* Notifications, and who gets them. */

FIXTURE(notification) {
	struct hearing hearing;
	struct genl_token event;
};

FIXTURE_SETUP(notification)
{
	hearing_set_up(_metadata, &self->hearing);
}

FIXTURE_TEARDOWN(notification)
{
	hearing_tear_down(&self->hearing);
}

TEST_F(notification, tells_of_an_export_by_netlink)
{
	struct scene *scene = &self->hearing.scene;
	struct genl *ears = &self->hearing.ears;
	struct genl *genl = &self->hearing.genl;

	ASSERT_EQ(0, genl_export(genl, scene->fd, scene->target.pid, 0,
				 &scene->info));
	ears->secret = &scene->info;
	ASSERT_EQ(SOCKDUP_CMD_TOKEN_EXPORTED_NTF,
		  next_of_scene(&self->hearing, &self->event));
	expect_notification(_metadata, &self->event, &scene->info, geteuid());
	EXPECT_FALSE(ears->leaked);
}

TEST_F(notification, tells_of_each_token_of_a_target_that_died)
{
	struct sockdup_protocol_info infos[3];
	struct scene *scene = &self->hearing.scene;
	struct genl *ears = &self->hearing.ears;
	int i, j, found = 0;

	for (i = 0; i < 3; i++) {
		ASSERT_EQ(0, scene_export(scene, 0, LONG_TTL_MS));
		infos[i] = scene->info;
		ASSERT_EQ(SOCKDUP_CMD_TOKEN_EXPORTED_NTF,
			  next_of(ears, infos, i + 1, &self->event));
	}
	ASSERT_EQ(0, kill(scene->target.pid, SIGKILL));
	for (i = 0; i < 3; i++) {
		ASSERT_EQ(SOCKDUP_CMD_TOKEN_TARGET_DIED_NTF,
			  next_of(ears, infos, 3, &self->event));
		for (j = 0; j < 3; j++)
			found |= (id_of(&infos[j]) == self->event.id) << j;
	}
	EXPECT_EQ(7, found);
}

/* It is for readers in all pid namespaces. */
TEST_F(notification, names_no_process)
{
	struct scene *scene = &self->hearing.scene;
	struct genl *ears = &self->hearing.ears;
	struct agent source;
	int fd;

	ASSERT_EQ(0, agent_spawn_isolated(&source));
	ASSERT_EQ(0, agent_setuid(&source, SOURCE_UID));
	fd = agent_socket(&source, AF_INET, SOCK_STREAM, 0);
	ASSERT_LE(0, fd);
	ASSERT_EQ(0, agent_duplicate(&source, fd, 1, &scene->info));
	ASSERT_EQ(SOCKDUP_CMD_TOKEN_EXPORTED_NTF,
		  genl_event_on(ears, id_of(&scene->info), &self->event));
	expect_notification(_metadata, &self->event, &scene->info, SOURCE_UID);
	EXPECT_EQ(0, agent_stop(&source));
}

/* Exports one that only those in @ears' namespace hear of, whose end it is. */
static int export_last(struct scene *scene, struct agent *source, int fd,
		       __u64 *id)
{
	struct sockdup_protocol_info info;
	int error = agent_duplicate(source, fd, scene->target.pid, &info);

	*id = id_of(&info);
	return error;
}

TEST_F(notification, is_told_in_the_network_namespace_of_the_exporter_alone)
{
	struct scene *scene = &self->hearing.scene;
	struct genl inside, *outside = &self->hearing.ears;
	struct agent source;
	__u64 last;
	int fd;

	ASSERT_EQ(0, agent_spawn(&source));
	fd = agent_socket(&source, AF_INET, SOCK_STREAM, 0);
	ASSERT_LE(0, fd);
	ASSERT_EQ(0, unshare(CLONE_NEWNET));
	ASSERT_EQ(0, genl_open(&inside));
	ASSERT_EQ(0, genl_join(&inside));
	ASSERT_EQ(0, scene_export(scene, 0, 0));
	ASSERT_EQ(SOCKDUP_CMD_TOKEN_EXPORTED_NTF,
		  genl_event(&inside, &self->event));
	EXPECT_EQ(id_of(&scene->info), self->event.id);
	/* The target is in the outer one. */
	ASSERT_LE(0, agent_import(&scene->target, &scene->info, 0));
	ASSERT_EQ(SOCKDUP_CMD_TOKEN_IMPORTED_NTF,
		  genl_event(&inside, &self->event));
	EXPECT_EQ(id_of(&scene->info), self->event.id);

	ASSERT_EQ(0, export_last(scene, &source, fd, &last));
	do {
		ASSERT_LE(0, genl_event(outside, &self->event));
		EXPECT_NE(id_of(&scene->info), self->event.id);
	} while (self->event.id != last);

	/* Nor is what happens outside told inside. */
	ASSERT_EQ(0, scene_export(scene, 0, 0));
	ASSERT_EQ(SOCKDUP_CMD_TOKEN_EXPORTED_NTF,
		  genl_event(&inside, &self->event));
	EXPECT_EQ(id_of(&scene->info), self->event.id);
	genl_close(&inside);
	EXPECT_EQ(0, agent_stop(&source));
}

/* Exports in a network namespace that ends with this process. */
static int export_from_nowhere(struct scene *scene, unsigned int count)
{
	int error = unshare(CLONE_NEWNET) ? -errno : 0;

	while (count-- && !error)
		error = scene_export(scene, 0, LONG_TTL_MS);
	return -error;
}

TEST_F(notification, of_a_network_namespace_that_is_gone_is_told_to_nobody)
{
	const unsigned int rounds = stress(200);
	struct scene *scene = &self->hearing.scene;
	struct genl *ears = &self->hearing.ears;
	unsigned int i;
	int status;
	pid_t pid;

	for (i = 0; i < rounds; i++) {
		pid = fork();
		if (!pid)
			_exit(export_from_nowhere(scene, 8));
		ASSERT_EQ(pid, waitpid(pid, &status, 0));
		ASSERT_EQ(0, status);
		/* They end while the namespace does. */
		ASSERT_EQ(-SIGKILL, agent_kill(&scene->target));
		ASSERT_EQ(0, agent_spawn(&scene->target));
	}
	ASSERT_EQ(0, scene_export(scene, 0, 0));
	EXPECT_EQ(SOCKDUP_CMD_TOKEN_EXPORTED_NTF,
		  genl_event_on(ears, id_of(&scene->info), &self->event));
}

/* Exports a token, and ends it once the reader says so, again and again. */
static int export_and_wait(struct scene *scene, int channel)
{
	int error;
	char go;

	do {
		error = scene_export(scene, 0, LONG_TTL_MS);
		if (error || read(channel, &go, 1) != 1)
			break;
		error = raw_revoke(scene->device, &scene->info);
	} while (!error);
	return -error;
}

TEST_F(notification, of_an_export_comes_when_the_token_can_be_found)
{
	const unsigned int rounds = stress(4000);
	struct scene *scene = &self->hearing.scene;
	struct genl *ears = &self->hearing.ears;
	struct genl *genl = &self->hearing.genl;
	int status, command, channel[2];
	struct genl_token token;
	unsigned int i = 0;
	pid_t pid;

	/* Once this is told, so is whatever earlier tests exported. */
	ASSERT_EQ(0, scene_export(scene, 0, 0));
	ASSERT_EQ(SOCKDUP_CMD_TOKEN_EXPORTED_NTF,
		  next_of_scene(&self->hearing, &self->event));
	ASSERT_EQ(0, socketpair(AF_UNIX, SOCK_STREAM, 0, channel));
	pid = fork();
	if (!pid) {
		close(channel[0]);
		_exit(export_and_wait(scene, channel[1]));
	}
	close(channel[1]);
	while (i < rounds) {
		command = genl_event(ears, &self->event);
		ASSERT_LT(0, command);
		if (command != SOCKDUP_CMD_TOKEN_EXPORTED_NTF)
			continue;
		ASSERT_EQ(0, genl_get(genl, self->event.id, &token))
			TH_LOG("round %u", i);
		ASSERT_EQ(1, write(channel[0], "", 1));
		i++;
	}
	close(channel[0]);
	ASSERT_EQ(pid, waitpid(pid, &status, 0));
	EXPECT_EQ(0, status);
}

/* Takes what comes, until nothing has come for a second. */
static void take_all(struct genl *ears)
{
	struct pollfd poll_fd = { .fd = genl_fd(ears), .events = POLLIN };
	struct genl_token event;

	while (poll(&poll_fd, 1, 1000) > 0)
		genl_event(ears, &event);
}

TEST_F(notification, that_a_listener_has_no_room_for_is_missed_in_the_open)
{
	struct scene *scene = &self->hearing.scene;
	struct genl *ears = &self->hearing.ears;
	const int room = 1;
	int i, command;

	ASSERT_EQ(0, setsockopt(genl_fd(ears), SOL_SOCKET, SO_RCVBUF,
				&room, sizeof(room)));
	for (i = 0; i < 1000; i++) {
		ASSERT_EQ(0, scene_export(scene, 0, 0));
		ASSERT_EQ(0, raw_revoke(scene->device, &scene->info));
	}
	/* Whatever there was room for may come first, or after. */
	do {
		command = genl_event(ears, &self->event);
	} while (command > 0);
	EXPECT_EQ(-ENOBUFS, command);
	/* The next one comes, unless others are still in its way. */
	for (i = 0; i < 5 && command < 0; i++) {
		take_all(ears);
		ASSERT_EQ(0, scene_export(scene, 0, 0));
		command = genl_event_on(ears, id_of(&scene->info),
					&self->event);
	}
	EXPECT_EQ(SOCKDUP_CMD_TOKEN_EXPORTED_NTF, command);
}

TEST_F(notification, that_exceeds_a_users_backlog_is_told_to_be_lost)
{
	const int room = 64 << 20;
	struct scene *scene = &self->hearing.scene;
	struct genl *ears = &self->hearing.ears;
	struct genl *crowd = genl_crowd();
	int command;

	ASSERT_NE(NULL, crowd);
	ASSERT_EQ(0, setsockopt(genl_fd(ears), SOL_SOCKET, SO_RCVBUFFORCE,
				&room, sizeof(room)));
	ASSERT_EQ(0, scene_export_many(scene));
	do {
		command = genl_event(ears, &self->event);
	} while (command > 0 &&
		 command != SOCKDUP_CMD_NOTIFICATIONS_LOST_NTF);
	EXPECT_EQ(SOCKDUP_CMD_NOTIFICATIONS_LOST_NTF, command);
	genl_crowd_close(crowd);
}

SOCKDUP_TEST_MAIN
