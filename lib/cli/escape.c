// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Names of processes and of AF_UNIX sockets are somebody else's choice: no byte
 * of them may steer a terminal or break a format.
 */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli.h"

void *checked(void *memory)
{
	if (!memory) {
		perror("sockdup");
		exit(EXIT_FAILED);
	}
	return memory;
}

static char *escape_except(const char *text, const char *special)
{
	char *escaped = checked(malloc(4 * strlen(text) + 1));
	char *to = escaped;

	for (; *text; text++) {
		if (*text >= ' ' && *text <= '~' && !strchr(special, *text))
			*to++ = *text;
		else
			to += sprintf(to, "\\x%02x", (unsigned char)*text);
	}
	*to = '\0';
	return escaped;
}

char *escape_for_people(const char *text)
{
	return escape_except(text, "\\");
}

char *escape_for_line(const char *text)
{
	return escape_except(text, " \\");
}

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

char *escape_for_json(const char *text)
{
	char *escaped = checked(malloc(6 * strlen(text) + 1));
	char *to = escaped;
	size_t length;

	while (*text) {
		length = utf8_length((const unsigned char *)text);
		if (!length)
			to += sprintf(to, "\\ufffd");
		else if (*text == '"' || *text == '\\')
			to += sprintf(to, "\\%c", *text);
		else if (length == 1 && (*text < ' ' || *text == 0x7f))
			to += sprintf(to, "\\u%04x", *text);
		else
			to = mempcpy(to, text, length);
		text += length ? length : 1;
	}
	*to = '\0';
	return escaped;
}
