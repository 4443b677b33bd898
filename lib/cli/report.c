// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * What went wrong, in a sentence on standard error.
 */

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "cli.h"

int complain(const char *format, ...)
{
	va_list arguments;

	fputs("sockdup: ", stderr);
	va_start(arguments, format);
	vfprintf(stderr, format, arguments);
	va_end(arguments);
	fputc('\n', stderr);
	return EXIT_FAILED;
}

/*
 * What could not be done, and why: in the kernel's own words if @said has any,
 * or else by errno.
 */
int failed_to(const char *said, const char *format, ...)
{
	int error = errno;
	va_list arguments;

	fputs("sockdup: cannot ", stderr);
	va_start(arguments, format);
	vfprintf(stderr, format, arguments);
	va_end(arguments);
	if (error == ENODEV)
		fputs(": the sockdup module is not loaded, or there is no /dev/sockdup here\n",
		      stderr);
	else if (said && *said)
		fprintf(stderr, ": %s (%s)\n", said, strerror(error));
	else
		fprintf(stderr, ": %s\n", strerror(error));
	return error == ENODEV ? EXIT_ABSENT : EXIT_FAILED;
}
