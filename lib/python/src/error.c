// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Failures of the library as OSError.
 */

/* It has Python.h, which comes before all others. */
#include "module.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* OSError picks its subclass by the errno. Returns NULL. */
static PyObject *raise_with(int error, const char *text)
{
	PyObject *arguments = Py_BuildValue("(is)", error, text);

	if (arguments) {
		PyErr_SetObject(PyExc_OSError, arguments);
		Py_DECREF(arguments);
	}
	return NULL;
}

static const char *text_of(int error, const struct reason *reasons)
{
	if (error == ENODEV)
		return "the sockdup module is not loaded, or there is no /dev/sockdup here";
	for (; reasons && reasons->error; reasons++)
		if (reasons->error == error)
			return reasons->text;
	if (error == EACCES && faccessat(AT_FDCWD, "/dev/" SOCKDUP_DEVICE_NAME,
					 R_OK | W_OK, AT_EACCESS))
		return "this user may not open /dev/sockdup";
	return strerror(error);
}

/**
 * error_raise - raise OSError for errno
 * @reasons: the call's own sentences, or NULL
 *
 * Return: NULL.
 */
PyObject *error_raise(const struct reason *reasons)
{
	int error = errno;

	return raise_with(error, text_of(error, reasons));
}

/**
 * error_raise_netlink - the same after a netlink function
 * @reasons: the call's own sentences where the kernel has none, or NULL
 *
 * Return: NULL.
 */
PyObject *error_raise_netlink(const struct reason *reasons)
{
	int error = errno;
	const char *text = sockdup_error_text();
	const char *attribute = sockdup_error_attribute();
	char both[256];

	if (!*text)
		return raise_with(error, text_of(error, reasons));
	snprintf(both, sizeof(both), "%s%s%s", attribute, *attribute ? ": " : "",
		 text);
	return raise_with(error, both);
}
