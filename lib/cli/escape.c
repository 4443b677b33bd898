// SPDX-License-Identifier: LGPL-2.1-or-later
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "escape.h"
#include "message.h"

/* Bytes of the UTF-8 character that @text starts with, 0 where it is none. */
static size_t utf8_length(const unsigned char *text)
{
	size_t length, i;

	if (text[0] >= 0xc2 && text[0] <= 0xdf)
		length = 2;
	else if (text[0] >= 0xe0 && text[0] <= 0xef)
		length = 3;
	else if (text[0] >= 0xf0 && text[0] <= 0xf4)
		length = 4;
	else
		return text[0] < 0x80;
	for (i = 1; i < length; i++)
		if ((text[i] & 0xc0) != 0x80)
			return 0;
	/* Overlong, a surrogate, or beyond the last character. */
	if ((text[0] == 0xe0 && text[1] < 0xa0) ||
	    (text[0] == 0xed && text[1] > 0x9f) ||
	    (text[0] == 0xf0 && text[1] < 0x90) ||
	    (text[0] == 0xf4 && text[1] > 0x8f))
		return 0;
	return length;
}

/* Those of ASCII, and of two bytes those that some terminals obey. */
static bool is_control(const unsigned char *text)
{
	return text[0] < ' ' || text[0] == 0x7f ||
	       (text[0] == 0xc2 && text[1] < 0xa0);
}

/* A zero byte is behind the @size bytes, which may have others among them. */
char *escape_bytes_for_line(const char *text, size_t size)
{
	char *escaped = checked(malloc(4 * size + 1));
	const char *end = text + size;
	char *to = escaped;
	size_t length, i;

	for (; text < end; text += length) {
		length = utf8_length((const unsigned char *)text);
		if (length && !is_control((const unsigned char *)text) &&
		    *text != ' ' && *text != '\\') {
			to = mempcpy(to, text, length);
			continue;
		}
		length = length ? : 1;
		for (i = 0; i < length; i++)
			to += sprintf(to, "\\x%02x", (unsigned char)text[i]);
	}
	*to = '\0';
	return escaped;
}

char *escape_for_line(const char *text)
{
	return escape_bytes_for_line(text, strlen(text));
}

char *escape_bytes_for_json(const char *text, size_t size)
{
	char *escaped = checked(malloc(6 * size + 1));
	const char *end = text + size;
	const unsigned char *from;
	char *to = escaped;
	size_t length;

	for (; text < end; text += length) {
		from = (const unsigned char *)text;
		length = utf8_length(from);
		if (!length)
			to += sprintf(to, "\\ufffd");
		else if (*text == '"' || *text == '\\')
			to += sprintf(to, "\\%c", *text);
		else if (is_control(from))
			to += sprintf(to, "\\u%04x", from[length - 1]);
		else
			to = mempcpy(to, text, length);
		length = length ? : 1;
	}
	*to = '\0';
	return escaped;
}

char *escape_for_json(const char *text)
{
	return escape_bytes_for_json(text, strlen(text));
}
