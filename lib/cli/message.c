// SPDX-License-Identifier: LGPL-2.1-or-later
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <sockdup.h>

#include "message.h"
#include "verb.h"

/* The verb that runs, NULL before there is one. */
static const char *verb_name;

void message_verb(const char *name)
{
	verb_name = name;
}

/* Ends the command, after a sentence about the command line. */
void usage_hint(void)
{
	fprintf(stderr, "sockdup: see sockdup %s%s--help\n",
		verb_name ? : "", verb_name ? " " : "");
	exit(EXIT_USAGE);
}

static void say(const char *before, const char *format, va_list arguments)
{
	fprintf(stderr, "sockdup: %s", before);
	vfprintf(stderr, format, arguments);
}

void usage_error(const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	say("", format, arguments);
	va_end(arguments);
	fputc('\n', stderr);
	usage_hint();
}

int complain(const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	say("", format, arguments);
	va_end(arguments);
	fputc('\n', stderr);
	return EXIT_FAILED;
}

static bool is_closed_to_us(void)
{
	return faccessat(AT_FDCWD, "/dev/" SOCKDUP_DEVICE_NAME, R_OK | W_OK,
			 AT_EACCESS) && errno == EACCES;
}

/* What could not be done, and why: @reason, or what errno says. */
int failed_to(const char *reason, const char *format, ...)
{
	int error = errno;
	va_list arguments;

	va_start(arguments, format);
	say("cannot ", format, arguments);
	va_end(arguments);
	if (error == ENODEV)
		reason = "the sockdup module is not loaded, or there is no /dev/sockdup here";
	else if (error == EACCES && !reason && is_closed_to_us())
		reason = "this user may not open /dev/sockdup";
	fprintf(stderr, ": %s\n", reason ? : strerror(error));
	return error == ENODEV ? EXIT_ABSENT : EXIT_FAILED;
}

/* What the kernel has to say of the last failure, NULL where errno says all. */
const char *kernel_reason(void)
{
	const char *text = sockdup_error_text();

	return *text ? text : NULL;
}

void *checked(void *memory)
{
	if (!memory) {
		perror("sockdup");
		exit(EXIT_FAILED);
	}
	return memory;
}
