// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Registrations for network events.
 */

#include <errno.h>
#include <sys/eventfd.h>

#include "module.h"

static const struct reason reasons[] = {
	{ EBADF, "the socket's descriptor is not open" },
	{ ENOTSOCK, "the descriptor is not a socket's" },
	{ ENOENT, "the socket has no registration any more" },
	{ EPERM, "another process has registered for the socket's network events" },
	{ EOPNOTSUPP, "sockets of this family cannot be registered" },
	{ ENOBUFS, "the user has as many registrations as RLIMIT_NOFILE allows" },
	{ }
};

static PyObject *event_result(int result)
{
	if (result)
		return error_raise(reasons);
	Py_RETURN_NONE;
}

/* An eventfd, as a registration takes it. */
static PyObject *event_object(PyObject *module, PyObject *unused)
{
	int fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);

	return fd < 0 ? error_raise(NULL) : PyLong_FromLong(fd);
}

static PyObject *event_register(PyObject *module, PyObject *arguments)
{
	unsigned int mask, flags;
	int fd, event, result;

	if (!PyArg_ParseTuple(arguments, "iiII:event_register", &fd, &event,
			      &mask, &flags))
		return NULL;
	Py_BEGIN_ALLOW_THREADS
	result = sockdup_event_register(fd, event, mask,
					SOCKDUP_EVENT_KIND_EVENT, flags);
	Py_END_ALLOW_THREADS
	return event_result(result);
}

/* The network events, and an errno or 0 in the place of each one's bit. */
static PyObject *event_enumerate(PyObject *module, PyObject *arguments)
{
	struct sockdup_network_events happened = { };
	PyObject *errors, *number;
	unsigned int flags;
	int fd, result, i;

	if (!PyArg_ParseTuple(arguments, "iI:event_enumerate", &fd, &flags))
		return NULL;
	Py_BEGIN_ALLOW_THREADS
	result = sockdup_event_enumerate(fd, flags, &happened);
	Py_END_ALLOW_THREADS
	if (result)
		return error_raise(reasons);
	errors = PyTuple_New(SOCKDUP_EVENT_ERRORS);
	for (i = 0; errors && i < SOCKDUP_EVENT_ERRORS; i++) {
		number = PyLong_FromLong(happened.errors[i]);
		if (!number || PyTuple_SetItem(errors, i, number))
			Py_CLEAR(errors);
	}
	return errors ? Py_BuildValue("(IN)", happened.events, errors) : NULL;
}

static PyObject *event_rearm(PyObject *module, PyObject *arguments)
{
	unsigned int events;
	int fd, result;

	if (!PyArg_ParseTuple(arguments, "iI:event_rearm", &fd, &events))
		return NULL;
	Py_BEGIN_ALLOW_THREADS
	result = sockdup_event_rearm(fd, events);
	Py_END_ALLOW_THREADS
	return event_result(result);
}

static PyObject *event_query(PyObject *module, PyObject *arguments)
{
	struct sockdup_registration registration;
	int fd, result;

	if (!PyArg_ParseTuple(arguments, "i:event_query", &fd))
		return NULL;
	Py_BEGIN_ALLOW_THREADS
	result = sockdup_event_query(fd, &registration);
	Py_END_ALLOW_THREADS
	if (result)
		return error_raise(reasons);
	return Py_BuildValue("(IN(iII))", registration.mask,
			     PyBool_FromLong(registration.own),
			     registration.source.pid, registration.source.uid,
			     registration.source.gid);
}

static PyMethodDef functions[] = {
	{ "event_object", event_object, METH_NOARGS, NULL },
	{ "event_register", event_register, METH_VARARGS,
	  TAKES("event_register", "fd, event, mask, flags, /") },
	{ "event_enumerate", event_enumerate, METH_VARARGS,
	  TAKES("event_enumerate", "fd, flags, /") },
	{ "event_rearm", event_rearm, METH_VARARGS,
	  TAKES("event_rearm", "fd, events, /") },
	{ "event_query", event_query, METH_VARARGS,
	  TAKES("event_query", "fd, /") },
	{ }
};

int event_add(PyObject *module)
{
	return PyModule_AddFunctions(module, functions) ||
	       PyModule_AddIntMacro(module, SOCKDUP_EVENT_ONCE) ||
	       PyModule_AddIntMacro(module, SOCKDUP_EVENT_KEEP_SET) ||
	       PyModule_AddIntMacro(module, SOCKDUP_FD_READ) ||
	       PyModule_AddIntMacro(module, SOCKDUP_FD_WRITE) ||
	       PyModule_AddIntMacro(module, SOCKDUP_FD_OOB) ||
	       PyModule_AddIntMacro(module, SOCKDUP_FD_ACCEPT) ||
	       PyModule_AddIntMacro(module, SOCKDUP_FD_CONNECT) ||
	       PyModule_AddIntMacro(module, SOCKDUP_FD_CLOSE) ? -1 : 0;
}
