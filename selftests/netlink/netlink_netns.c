// SPDX-License-Identifier: GPL-2.0-only
/*
 * Which reader is told the network namespace of a token's socket.
 */
#define _GNU_SOURCE
#include <sched.h>

#include "genl.h"
#include "harness.h"

/*
 * A socket of another network namespace, one of the reader's own, and tokens of
 * both that the reader has exported.
 */
FIXTURE(netns) {
	struct agent elsewhere;
	struct agent target;
	struct genl genl;
	int fds[2];
	__u64 known[2];		/* namespaces that the reader is told, or 0 */
	struct sockdup_protocol_info infos[2];
};

FIXTURE_VARIANT(netns) {
	bool root;
	int namespaces;		/* of the reader's own */
};

FIXTURE_VARIANT_ADD(netns, of_a_user) { };

FIXTURE_VARIANT_ADD(netns, of_root_of_a_user_namespace) {
	false, CLONE_NEWUSER
};

FIXTURE_VARIANT_ADD(netns, of_root_of_a_network_namespace) {
	false, CLONE_NEWUSER | CLONE_NEWNET
};

FIXTURE_VARIANT_ADD(netns, of_root) {
	true, 0
};

FIXTURE_VARIANT_ADD(netns, of_root_in_a_network_namespace) {
	true, CLONE_NEWNET
};

/* A socket of the agent's network namespace. */
static int socket_from(struct agent *agent)
{
	int there = agent_socket(agent, AF_INET, SOCK_STREAM, 0);
	struct sockdup_protocol_info info;
	int error;

	if (there < 0)
		return there;
	error = agent_duplicate(agent, there, getpid(), &info);
	return error ? error : try_socket(&info, 0);
}

FIXTURE_SETUP(netns)
{
	int i;

	ASSERT_EQ(0, agent_spawn(&self->target));
	ASSERT_EQ(0, agent_spawn(&self->elsewhere));
	ASSERT_EQ(0, agent_unshare(&self->elsewhere, CLONE_NEWNET));
	self->fds[0] = socket_from(&self->elsewhere);
	ASSERT_LE(0, self->fds[0]);
	if (variant->root) {
		self->known[0] = network_namespace_of(self->elsewhere.pid);
		ASSERT_NE(0, self->known[0]);
		ASSERT_EQ(0, unshare(variant->namespaces));
	} else {
		ASSERT_EQ(0, become_user(100000 + getpid()));
		if (variant->namespaces)
			ASSERT_EQ(0, become_root_inside(variant->namespaces));
	}
	self->fds[1] = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	ASSERT_LE(0, self->fds[1]);
	self->known[1] = network_namespace();
	ASSERT_NE(0, self->known[1]);
	ASSERT_NE(self->known[0], self->known[1]);
	ASSERT_EQ(0, genl_open(&self->genl));
	for (i = 0; i < 2; i++)
		ASSERT_EQ(0, genl_export(&self->genl, self->fds[i],
					 self->target.pid, 0,
					 &self->infos[i]));
}

FIXTURE_TEARDOWN(netns)
{
	genl_close(&self->genl);
	agent_stop(&self->target);
	agent_stop(&self->elsewhere);
}

TEST_F(netns, is_told_where_the_reader_may_know_it)
{
	struct genl_token token;
	int i;

	for (i = 0; i < 2; i++) {
		ASSERT_EQ(0, genl_get(&self->genl, id_of(&self->infos[i]),
				      &token));
		EXPECT_EQ(self->known[i], token.socket.netns);
		ASSERT_EQ(0, genl_query(&self->genl, &self->infos[i], &token));
		EXPECT_EQ(self->known[i], token.socket.netns);
	}
}

TEST_F(netns, is_listed_where_the_reader_may_know_it)
{
	const struct genl_filter filter = { .source = getpid() };
	struct genl_token tokens[2];
	int i, other;

	ASSERT_EQ(2, genl_list(&self->genl, &filter, tokens, 2));
	for (i = 0; i < 2; i++) {
		other = tokens[i].id == id_of(&self->infos[1]);
		EXPECT_EQ(self->known[other], tokens[i].socket.netns);
	}
}

/* A target may ask about a token that no list shows it. */
TEST_F(netns, is_told_to_a_target_where_it_may_know_it)
{
	struct sockdup_protocol_info info;
	struct genl_token token;
	int fd;

	fd = agent_socket(&self->elsewhere, AF_INET, SOCK_DGRAM, 0);
	ASSERT_LE(0, fd);
	ASSERT_EQ(0, agent_duplicate(&self->elsewhere, fd, getpid(), &info));
	ASSERT_EQ(0, genl_query(&self->genl, &info, &token));
	EXPECT_EQ(self->known[0], token.socket.netns);
}

SOCKDUP_TEST_MAIN
