// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * The text form of a protocol info: a prefix, then the opaque bytes and their
 * check in base64url. Both together need no padding. The description is left
 * out, as nobody trusts it: sockdup_query() tells it.
 */

#include <assert.h>
#include <errno.h>
#include <string.h>

#include "sockdup.h"

#define PREFIX_LENGTH	(sizeof(SOCKDUP_TEXT_PREFIX) - 1)
#define CHECK_SIZE	3
#define BYTES		(SOCKDUP_OPAQUE_SIZE + CHECK_SIZE)

static_assert(BYTES % 3 == 0, "no padding");
static_assert(PREFIX_LENGTH + BYTES / 3 * 4 + 1 == SOCKDUP_TEXT_SIZE,
	      "the header tells the size");

static const char digits[] =
	"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

/* Write the CRC-24 of OpenPGP, most significant byte first. */
static void put_check(__u8 *to, const __u8 *bytes, size_t size)
{
	__u32 crc = 0xb704ce;
	size_t i;
	int bit;

	for (i = 0; i < size; i++) {
		crc ^= bytes[i] << 16;
		for (bit = 0; bit < 8; bit++)
			crc = crc << 1 ^ (crc & 0x800000 ? 0x1864cfb : 0);
	}
	to[0] = crc >> 16;
	to[1] = crc >> 8;
	to[2] = crc;
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
	if (info->size != sizeof(*info))
		return invalid();
	memcpy(bytes, info->opaque, SOCKDUP_OPAQUE_SIZE);
	put_check(bytes + SOCKDUP_OPAQUE_SIZE, bytes, SOCKDUP_OPAQUE_SIZE);

	memcpy(text, SOCKDUP_TEXT_PREFIX, PREFIX_LENGTH);
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
	__u8 bytes[BYTES], check[CHECK_SIZE];
	size_t i;

	if (!text || !info) {
		errno = EFAULT;
		return -1;
	}
	if (strnlen(text, SOCKDUP_TEXT_SIZE) != SOCKDUP_TEXT_SIZE - 1 ||
	    memcmp(text, SOCKDUP_TEXT_PREFIX, PREFIX_LENGTH))
		return invalid();
	text += PREFIX_LENGTH;
	for (i = 0; i < BYTES / 3; i++)
		if (!decode_group(bytes + 3 * i, text + 4 * i))
			return invalid();
	put_check(check, bytes, SOCKDUP_OPAQUE_SIZE);
	if (memcmp(check, bytes + SOCKDUP_OPAQUE_SIZE, CHECK_SIZE)) {
		errno = EBADMSG;
		return -1;
	}
	*info = (struct sockdup_protocol_info){ .size = sizeof(*info) };
	memcpy(info->opaque, bytes, SOCKDUP_OPAQUE_SIZE);
	return 0;
}
