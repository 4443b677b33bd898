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

/* Of any export, by the names of the parameters of share() and share_set(). */
static const struct reason export_reasons[] = {
	{ EBADF,
	  "the descriptor of a socket or of peer is not open, pidfd is not a pidfd, or cgroup is not a directory of control groups of version 2"
	},
	{ ENOTSOCK, "the descriptor of a socket or of peer is not a socket's" },
	{ ENOTCONN, "peer is not connected, so it has no peer" },
	{ ESRCH,
	  "there is no such target process, it has ended or is a kernel thread, or the control group has been removed"
	},
	{ EPERM,
	  "a life above the default needs a target of the same user, one that has opened the device, a control group whose directory this user may write to, or CAP_SYS_RESOURCE"
	},
	{ ENOBUFS,
	  "live tokens of this user hold as many sockets as RLIMIT_NOFILE allows, or as many bytes as the module's max_user_bytes, or 4096 outcomes are to come"
	},
	{ }
};

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

/* NULL where the table does not have it. */
static const char *find_text(int error, const struct reason *reasons)
{
	for (; reasons && reasons->error; reasons++)
		if (reasons->error == error)
			return reasons->text;
	return NULL;
}

static const char *text_of(int error, const struct reason *reasons)
{
	const char *text = find_text(error, reasons);

	if (error == ENODEV)
		return "the sockdup module is not loaded, or there is no /dev/sockdup here";
	if (text)
		return text;
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
 * error_raise_export - the same after an export
 * @reasons: the call's own sentences, where it has another than all exports have
 *
 * Return: NULL.
 */
PyObject *error_raise_export(const struct reason *reasons)
{
	return error_raise(find_text(errno, reasons) ? reasons : export_reasons);
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
