// SPDX-License-Identifier: LGPL-2.1-or-later
#include <errno.h>
#include <limits.h>
#include <pwd.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "message.h"
#include "value.h"

/* Decimal digits and nothing else; @kind it is to be of, for the message. */
long number_parse(const char *text, long min, long max, const char *kind)
{
	char *end;
	long value;

	errno = 0;
	value = strtol(text, &end, 10);
	if (*text < '0' || *text > '9' || *end || errno || value < min ||
	    value > max)
		usage_error("'%s' is not %s", text, kind);
	return value;
}

unsigned long long cookie_parse(const char *text)
{
	unsigned long long value;
	char *end;

	errno = 0;
	value = strtoull(text, &end, 10);
	if (*text < '0' || *text > '9' || *end || errno)
		usage_error("'%s' is not a cookie: that is a number below 2^64", text);
	return value;
}

pid_t pid_parse(const char *text)
{
	return number_parse(text, 1, INT_MAX, "a process id");
}

static const struct unit {
	const char *name;
	unsigned int milliseconds;
} units[] = {
	{ "", 1000 }, { "ms", 1 }, { "s", 1000 }, { "m", 60000 }, { "h", 3600000 }, { }
};

/* NULL where there is no such unit. */
static const struct unit *unit_find(const char *name)
{
	const struct unit *unit;

	for (unit = units; unit->name; unit++)
		if (!strcmp(unit->name, name))
			return unit;
	return NULL;
}

/* What is a time and nothing else, as 30s is. */
bool duration_has_unit(const char *text)
{
	size_t digits = strspn(text, "0123456789");

	return digits && text[digits] && unit_find(text + digits);
}

/*
 * Milliseconds of a number with one of the units ms, s, m and h. UINT_MAX stands for
 * more as well: it is above what the kernel allows.
 */
unsigned int duration_parse(const char *text)
{
	const struct unit *unit;
	unsigned long value;
	char *end;

	value = strtoul(text, &end, 10);
	unit = unit_find(end);
	if (*text < '0' || *text > '9' || !unit || !value)
		usage_error("'%s' is not a time above 0, such as 500ms, 30s, 5m or 1h",
			    text);
	if (value > UINT_MAX / unit->milliseconds)
		return UINT_MAX;
	return value * unit->milliseconds;
}

uid_t user_parse(const char *text)
{
	const struct passwd *user = getpwnam(text);

	if (user)
		return user->pw_uid;
	return number_parse(text, 0, UINT_MAX - 1, "a user");
}

/* By the names that ss(8) has for its option -f. */
int family_parse(const char *text)
{
	static const struct family {
		const char *name;
		int number;
	} families[] = {
		{ "inet", AF_INET }, { "inet6", AF_INET6 },
		{ "unix", AF_UNIX }, { "netlink", AF_NETLINK },
		{ "link", AF_PACKET }, { "vsock", AF_VSOCK }, { }
	};
	const struct family *family;

	for (family = families; family->name; family++)
		if (!strcmp(family->name, text))
			return family->number;
	return number_parse(text, 1, UCHAR_MAX,
			    "inet, inet6, unix, netlink, link, vsock or a family's number");
}

void no_arguments(int count, char **arguments)
{
	if (count)
		usage_error("'%s' is one argument too many", arguments[0]);
}
