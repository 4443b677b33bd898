// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * The kept name of an AF_UNIX socket. The interpreter's lock has it to one thread at
 * a time: its calls go to the file system, and wait for nothing else.
 */

#include <errno.h>

#include "module.h"

/**
 * struct unix_path - a Python object
 * @it: the library's, NULL once it is closed
 */
struct unix_path {
	PyObject_HEAD
	struct sockdup_unix_path *it;
};

static const struct reason take_reasons[] = {
	{ EBADF, "the descriptor is not open" },
	{ ENOTSOCK, "the descriptor is not a socket's" },
	{ EAFNOSUPPORT, "the socket is not one of AF_UNIX" },
	{ EINVAL, "the socket is not bound" },
	{ EISCONN, "the socket is a connection, and the path its listener's" },
	{ ENOENT, "the socket's path leads nowhere" },
	{ ENOTDIR, "the socket's path leads nowhere" },
	{ ESTALE, "the socket's path leads to another file" },
	{ EOPNOTSUPP,
	  "the kernel does not tell which file the socket is bound to: it needs unix_diag" },
	{ EACCES, "this user may not write to the directory" },
	{ EPERM,
	  "this user may not link the socket's file, or the file system has no hard links" },
	{ EXDEV, "the path is a mount point" },
	{ }
};

static const struct reason watch_reasons[] = {
	{ EACCES, "this user may not read the socket's file: restore it from time to time" },
	{ ENOSPC, "this user has as many watches as fs.inotify.max_user_watches allows" },
	{ ENOENT, "/proc is not mounted" },
	{ }
};

static const struct reason restore_reasons[] = {
	{ EEXIST, "another file has the name" },
	{ ESTALE, "the second link has been removed or replaced" },
	{ EACCES, "this user may not write to the directory" },
	{ EPERM, "this user may neither link nor rename the socket's file" },
	{ ENOENT, "the directory was removed" },
	{ }
};

static const struct reason release_reasons[] = {
	{ EACCES, "this user may not write to the directory: the second link is left" },
	{ EPERM, "this user may not remove the second link, which is left" },
	{ EROFS, "the file system is mounted read-only: the second link is left" },
	{ }
};

static int unix_path_end(struct unix_path *self)
{
	struct sockdup_unix_path *it = self->it;

	self->it = NULL;
	return sockdup_unix_path_release(it);
}

static void unix_path_dealloc(PyObject *object)
{
	PyTypeObject *type = Py_TYPE(object);

	unix_path_end((struct unix_path *)object);
	PyObject_Free(object);
	Py_DECREF(type);
}

static PyObject *unix_path_close(PyObject *object, PyObject *unused)
{
	if (unix_path_end((struct unix_path *)object))
		return error_raise(release_reasons);
	Py_RETURN_NONE;
}

/* -1 once it is closed, like a socket's. */
static PyObject *unix_path_fileno(PyObject *object, PyObject *unused)
{
	struct unix_path *self = (struct unix_path *)object;
	int fd = -1;

	if (self->it) {
		fd = sockdup_unix_path_watch(self->it);
		if (fd < 0)
			return error_raise(watch_reasons);
	}
	return PyLong_FromLong(fd);
}

static PyObject *unix_path_restore(PyObject *object, PyObject *unused)
{
	struct unix_path *self = (struct unix_path *)object;
	int result;

	if (!self->it) {
		PyErr_SetString(PyExc_ValueError, "the path is kept no longer");
		return NULL;
	}
	result = sockdup_unix_path_restore(self->it);
	return result < 0 ? error_raise(restore_reasons) : PyBool_FromLong(result);
}

static PyMethodDef methods[] = {
	{ "close", unix_path_close, METH_NOARGS, NULL },
	{ "fileno", unix_path_fileno, METH_NOARGS, NULL },
	{ "restore", unix_path_restore, METH_NOARGS, NULL },
	{ }
};

static PyType_Slot slots[] = {
	{ Py_tp_dealloc, unix_path_dealloc },
	{ Py_tp_methods, methods },
	{ }
};

static PyType_Spec type_spec = {
	.name = "sockdup._sockdup.UnixPath",
	.basicsize = sizeof(struct unix_path),
	.flags = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_DISALLOW_INSTANTIATION |
		 Py_TPFLAGS_IMMUTABLETYPE,
	.slots = slots,
};

/* None where the name is abstract. */
static PyObject *unix_path_take(PyObject *module, PyObject *arguments)
{
	struct module_state *state = PyModule_GetState(module);
	struct unix_path *self;
	int fd, result;

	if (!PyArg_ParseTuple(arguments, "i:unix_path_take", &fd))
		return NULL;
	self = PyObject_New(struct unix_path, (PyTypeObject *)state->unix_path_type);
	if (!self)
		return NULL;
	self->it = NULL;
	Py_BEGIN_ALLOW_THREADS
	result = sockdup_unix_path_take(fd, &self->it);
	Py_END_ALLOW_THREADS
	if (result > 0)
		return (PyObject *)self;
	if (result < 0)
		error_raise(take_reasons);
	Py_DECREF(self);
	if (result < 0)
		return NULL;
	Py_RETURN_NONE;
}

static PyMethodDef functions[] = {
	{ "unix_path_take", unix_path_take, METH_VARARGS,
	  TAKES("unix_path_take", "fd, /") },
	{ }
};

int unix_path_add(PyObject *module)
{
	struct module_state *state = PyModule_GetState(module);

	state->unix_path_type = PyType_FromModuleAndSpec(module, &type_spec, NULL);
	if (!state->unix_path_type)
		return -1;
	return PyModule_AddType(module, (PyTypeObject *)state->unix_path_type) ||
	       PyModule_AddFunctions(module, functions) ? -1 : 0;
}
