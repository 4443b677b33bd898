// SPDX-License-Identifier: GPL-2.0-only
/*
 * The text form of a protocol info.
 */
#include "harness.h"

#include <ctype.h>
#include <errno.h>
#include <string.h>
#include <unistd.h>

#define LENGTH	(SOCKDUP_TEXT_SIZE - 1)

FIXTURE(text) {
	struct sockdup_protocol_info info;
	char text[SOCKDUP_TEXT_SIZE];
};

FIXTURE_SETUP(text)
{
	int fd = tcp_listener(AF_INET);

	ASSERT_LE(0, fd);
	ASSERT_EQ(0, try_duplicate(fd, getpid(), &self->info));
	close(fd);
	ASSERT_EQ(0, sockdup_info_to_text(&self->info, self->text));
}

FIXTURE_TEARDOWN(text)
{
	try_revoke(&self->info);
}

static int parse(const char *text)
{
	struct sockdup_protocol_info info;

	return sockdup_info_from_text(text, &info) ? -errno : 0;
}

TEST_F(text, is_one_printable_word)
{
	size_t i;

	ASSERT_EQ(LENGTH, strlen(self->text));
	ASSERT_EQ(45, LENGTH);
	ASSERT_EQ(0, strncmp(self->text, "sockdup1:", 9));
	for (i = 9; i < LENGTH; i++)
		ASSERT_TRUE(isalnum(self->text[i]) ||
			    strchr("-_", self->text[i]));
}

TEST_F(text, gives_bytes_that_import)
{
	struct sockdup_protocol_info back;
	int fd;

	ASSERT_EQ(0, sockdup_info_from_text(self->text, &back));
	EXPECT_EQ(0, memcmp(back.opaque, self->info.opaque,
			    sizeof(back.opaque)));
	fd = try_socket(&back, 0);
	ASSERT_LE(0, fd);
	close(fd);
}

TEST_F(text, gives_bytes_that_revoke)
{
	struct sockdup_protocol_info back;

	ASSERT_EQ(0, sockdup_info_from_text(self->text, &back));
	ASSERT_EQ(0, try_revoke(&back));
	EXPECT_EQ(-ENOENT, try_revoke(&self->info));
}

TEST_F(text, what_it_leaves_out_is_queried)
{
	struct sockdup_protocol_info back, expected = {
		.size = sizeof(expected),
	};
	struct sockdup_description description;

	memcpy(expected.opaque, self->info.opaque, sizeof(expected.opaque));
	memset(&back, POISON, sizeof(back));
	ASSERT_EQ(0, sockdup_info_from_text(self->text, &back));
	EXPECT_EQ(0, memcmp(&back, &expected, sizeof(back)));
	ASSERT_EQ(0, try_query(&back, &description));
	EXPECT_EQ(0, memcmp(&description.info, &self->info,
			    sizeof(self->info)));
}

/* The bytes of these are known, and so is their text. */
TEST(known_text)
{
	static const char expected[] =
		"sockdup1:AAECAwQFBgcICQoLDA0ODxAREhMUFRYXdbeA";
	struct sockdup_protocol_info info = { .size = 128 };
	char text[SOCKDUP_TEXT_SIZE];
	unsigned int i;

	for (i = 0; i < sizeof(info.opaque); i++)
		info.opaque[i] = i;
	ASSERT_EQ(0, sockdup_info_to_text(&info, text));
	EXPECT_STREQ(expected, text);
}

TEST_F(text, every_altered_character_is_noticed)
{
	char kept;
	size_t i;

	for (i = 0; i < LENGTH; i++) {
		kept = self->text[i];
		self->text[i] = kept == 'A' ? 'B' : 'A';
		ASSERT_EQ(i < 9 ? -EINVAL : -EBADMSG, parse(self->text));
		self->text[i] = kept;
	}
	ASSERT_EQ(0, parse(self->text));
}

TEST_F(text, no_other_character_is_a_digit)
{
	int c;

	for (c = 1; c < 256; c++) {
		if (isalnum(c) || c == '-' || c == '_')
			continue;
		self->text[LENGTH / 2] = c;
		ASSERT_EQ(-EINVAL, parse(self->text));
	}
}

TEST_F(text, every_shorter_one_is_refused)
{
	size_t length;

	for (length = 0; length < LENGTH; length++) {
		self->text[length] = '\0';
		ASSERT_EQ(-EINVAL, parse(self->text));
		ASSERT_EQ(0, sockdup_info_to_text(&self->info, self->text));
	}
}

TEST_F(text, nothing_may_stand_around_it)
{
	static const char * const tails[] = { "\n", " ", "=", "A", "AAAA", NULL };
	char longer[SOCKDUP_TEXT_SIZE + 8];
	const char * const *tail;

	for (tail = tails; *tail; tail++) {
		snprintf(longer, sizeof(longer), "%s%s", self->text, *tail);
		EXPECT_EQ(-EINVAL, parse(longer));
	}
	snprintf(longer, sizeof(longer), " %s", self->text);
	EXPECT_EQ(-EINVAL, parse(longer));
}

TEST_F(text, a_failure_leaves_the_info_alone)
{
	struct sockdup_protocol_info info;
	char before[sizeof(info)];

	memset(before, POISON, sizeof(before));
	memset(&info, POISON, sizeof(info));
	self->text[LENGTH - 1] ^= 1;
	ASSERT_EQ(-1, sockdup_info_from_text(self->text, &info));
	EXPECT_EQ(0, memcmp(&info, before, sizeof(info)));
}

TEST_F(text, what_is_no_protocol_info_has_no_text)
{
	self->info.size = 127;
	ASSERT_EQ(-1, sockdup_info_to_text(&self->info, self->text));
	EXPECT_EQ(EINVAL, errno);
	self->info.size = 128;
}

TEST_F(text, null_pointers)
{
	EXPECT_EQ(-1, sockdup_info_to_text(NULL, self->text));
	EXPECT_EQ(EFAULT, errno);
	EXPECT_EQ(-1, sockdup_info_to_text(&self->info, NULL));
	EXPECT_EQ(EFAULT, errno);
	EXPECT_EQ(-EFAULT, parse(NULL));
	EXPECT_EQ(-1, sockdup_info_from_text(self->text, NULL));
	EXPECT_EQ(EFAULT, errno);
}

SOCKDUP_TEST_MAIN
