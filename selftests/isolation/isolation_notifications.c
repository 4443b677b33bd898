// SPDX-License-Identifier: GPL-2.0-only
/*
 * What netlink tells those who listen: one message for all of them, which
 * therefore names no process, and the user as the owner of the network namespace
 * has it.
 */
#define _GNU_SOURCE
#include <sched.h>

#include "genl.h"
#include "harness.h"
#include "scene.h"

FIXTURE(notification) {
	struct scene scene;
	struct genl ears;
	struct genl_token event;
};

FIXTURE_VARIANT(notification) {
	int command;
	int (*come)(struct scene *scene);
	unsigned int flags;
	unsigned int ttl_ms;
};

FIXTURE_VARIANT_ADD(notification, of_an_import) {
	SOCKDUP_CMD_TOKEN_IMPORTED_NTF, end_by_import, 0, LONG_TTL_MS
};

FIXTURE_VARIANT_ADD(notification, of_a_revocation) {
	SOCKDUP_CMD_TOKEN_REVOKED_NTF, end_by_revocation, 0, LONG_TTL_MS
};

FIXTURE_VARIANT_ADD(notification, of_a_deadline) {
	SOCKDUP_CMD_TOKEN_EXPIRED_NTF, end_by_deadline, 0, 300
};

FIXTURE_VARIANT_ADD(notification, of_a_closed_handle) {
	SOCKDUP_CMD_TOKEN_HANDLE_CLOSED_NTF, end_with_handle,
	SOCKDUP_EXPORT_END_ON_CLOSE, LONG_TTL_MS
};

FIXTURE_VARIANT_ADD(notification, of_a_death) {
	SOCKDUP_CMD_TOKEN_TARGET_DIED_NTF, end_with_target, 0, LONG_TTL_MS
};

FIXTURE_SETUP(notification)
{
	ASSERT_EQ(0, scene_open(&self->scene));
	ASSERT_EQ(0, genl_open(&self->ears));
	ASSERT_EQ(0, genl_join(&self->ears));
}

FIXTURE_TEARDOWN(notification)
{
	genl_close(&self->ears);
	scene_close(&self->scene);
}

static bool is_told(const struct genl *genl, int type)
{
	const struct nlmsghdr *message = (const void *)genl->reply;
	const struct nlattr *attribute;

	mnl_attr_for_each(attribute, message, sizeof(struct genlmsghdr))
		if (mnl_attr_get_type(attribute) == type)
			return true;
	return false;
}

static void expect_no_process(struct __test_metadata *_metadata,
			      const struct genl *ears)
{
	EXPECT_TRUE(is_told(ears, SOCKDUP_A_TOKEN_ID));
	EXPECT_TRUE(is_told(ears, SOCKDUP_A_TOKEN_UID));
	EXPECT_FALSE(is_told(ears, SOCKDUP_A_TOKEN_TARGET));
	EXPECT_FALSE(is_told(ears, SOCKDUP_A_TOKEN_SOURCE));
}

TEST_F(notification, names_no_process)
{
	struct scene *scene = &self->scene;
	struct genl *ears = &self->ears;

	ASSERT_EQ(0, scene_export(scene, variant->flags, variant->ttl_ms));
	ASSERT_EQ(SOCKDUP_CMD_TOKEN_EXPORTED_NTF,
		  genl_event_on(ears, id_of(&scene->info), &self->event));
	EXPECT_EQ(geteuid(), self->event.uid);
	expect_no_process(_metadata, ears);
	ASSERT_EQ(0, variant->come(scene));
	ASSERT_EQ(variant->command,
		  genl_event_on(ears, id_of(&scene->info), &self->event));
	EXPECT_EQ(geteuid(), self->event.uid);
	expect_no_process(_metadata, ears);
}

/* What unshare -Urn does. */
static int become_root_of_a_network(void)
{
	const uid_t uid = geteuid();
	char map[32];

	if (unshare(CLONE_NEWUSER | CLONE_NEWNET))
		return -errno;
	snprintf(map, sizeof(map), "0 %u 1", uid);
	return write_string("/proc/self/uid_map", map);
}

/* Users have the numbers of those who own the network namespace. */
TEST(notification_has_the_owners_number_of_the_user)
{
	struct sockdup_protocol_info info;
	struct genl_token event;
	struct genl genl;

	ASSERT_EQ(0, become_user(100000 + getpid()));
	if (become_root_of_a_network())
		SKIP(return, "users may make no namespaces here");
	ASSERT_EQ(0, genl_open(&genl));
	ASSERT_EQ(0, genl_join(&genl));
	ASSERT_EQ(0, try_duplicate(socket(AF_INET, SOCK_STREAM, 0), getpid(),
				   &info));
	ASSERT_EQ(SOCKDUP_CMD_TOKEN_EXPORTED_NTF, genl_event(&genl, &event));
	EXPECT_EQ(id_of(&info), event.id);
	EXPECT_EQ(0, event.uid);
	expect_no_process(_metadata, &genl);
	genl_close(&genl);
}

SOCKDUP_TEST_MAIN
