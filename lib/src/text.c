// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * The text form of a protocol info: a prefix, then the bytes and their CRC-32,
 * most significant byte first, in base64url. All of them together need no padding.
 */

#include <assert.h>
#include <errno.h>
#include <string.h>

#include "sockdup.h"

#define PREFIX		"sockdup1:"
#define PREFIX_LENGTH	(sizeof(PREFIX) - 1)
#define INFO_SIZE	sizeof(struct sockdup_protocol_info)
#define CHECK_SIZE	4
#define BYTES		(INFO_SIZE + CHECK_SIZE)

static_assert(BYTES % 3 == 0, "no padding");
static_assert(PREFIX_LENGTH + BYTES / 3 * 4 + 1 == SOCKDUP_TEXT_SIZE,
	      "the header tells the size");

static const char digits[] =
	"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

/* The CRC-32 of Ethernet and gzip. */
static __u32 crc32(const __u8 *bytes, size_t size)
{
	__u32 crc = ~0U;
	size_t i;
	int bit;

	for (i = 0; i < size; i++) {
		crc ^= bytes[i];
		for (bit = 0; bit < 8; bit++)
			crc = crc >> 1 ^ (crc & 1 ? 0xedb88320 : 0);
	}
	return ~crc;
}

static void put_check(__u8 *to, __u32 check)
{
	to[0] = check >> 24;
	to[1] = check >> 16;
	to[2] = check >> 8;
	to[3] = check;
}

static int invalid(void)
{
	errno = EINVAL;
	return -1;
}

int sockdup_info_to_text(const struct sockdup_protocol_info *info,
			 char text[SOCKDUP_TEXT_SIZE])
{
	__u8 bytes[BYTES];
	__u32 group;
	char *to;
	size_t i;

	if (!info || !text) {
		errno = EFAULT;
		return -1;
	}
	if (info->size != INFO_SIZE)
		return invalid();
	memcpy(bytes, info, INFO_SIZE);
	put_check(bytes + INFO_SIZE, crc32(bytes, INFO_SIZE));

	memcpy(text, PREFIX, PREFIX_LENGTH);
	to = text + PREFIX_LENGTH;
	for (i = 0; i < BYTES; i += 3) {
		group = bytes[i] << 16 | bytes[i + 1] << 8 | bytes[i + 2];
		*to++ = digits[group >> 18];
		*to++ = digits[group >> 12 & 63];
		*to++ = digits[group >> 6 & 63];
		*to++ = digits[group & 63];
	}
	*to = '\0';
	return 0;
}

/* Four digits are three bytes; false where one is no digit. */
static bool decode_group(__u8 *to, const char *from)
{
	__u32 group = 0;
	const char *digit;
	int i;

	for (i = 0; i < 4; i++) {
		digit = memchr(digits, from[i], sizeof(digits) - 1);
		if (!digit)
			return false;
		group = group << 6 | (digit - digits);
	}
	to[0] = group >> 16;
	to[1] = group >> 8;
	to[2] = group;
	return true;
}

int sockdup_info_from_text(const char *text, struct sockdup_protocol_info *info)
{
	struct sockdup_protocol_info result;
	__u8 bytes[BYTES], check[CHECK_SIZE];
	size_t i;

	if (!text || !info) {
		errno = EFAULT;
		return -1;
	}
	if (strnlen(text, SOCKDUP_TEXT_SIZE) != SOCKDUP_TEXT_SIZE - 1 ||
	    memcmp(text, PREFIX, PREFIX_LENGTH))
		return invalid();
	text += PREFIX_LENGTH;
	for (i = 0; i < BYTES / 3; i++)
		if (!decode_group(bytes + 3 * i, text + 4 * i))
			return invalid();
	put_check(check, crc32(bytes, INFO_SIZE));
	if (memcmp(check, bytes + INFO_SIZE, CHECK_SIZE)) {
		errno = EBADMSG;
		return -1;
	}
	memcpy(&result, bytes, INFO_SIZE);
	if (result.size != INFO_SIZE)
		return invalid();
	*info = result;
	return 0;
}
