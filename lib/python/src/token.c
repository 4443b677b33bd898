// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * What is done with a token through the device, and the text form.
 */

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "module.h"

static const struct reason export_reasons[] = {
	{ EINVAL,
	  "pid is a thread's id, peer is not an AF_UNIX socket, uid is no user of this user namespace, cgroup is the root of all control groups, or life is above info().max_life"
	},
	{ E2BIG, "the loaded module takes no control groups" },
	{ }
};

static const struct reason token_reasons[] = {
	{ EINVAL, "these bytes are no protocol info, or an invitation to an inbox" },
	{ ENOENT,
	  "no live token has these bytes: it was imported or revoked, or has expired" },
	{ EPERM, "the token is not for this process" },
	{ EMSGSIZE, "the token holds several sockets, or a payload: see fromshare_set()" },
	{ EBUSY, "the token is being imported; if that fails, it is revoked" },
	{ }
};

/**
 * info_read - a converter for PyArg_ParseTuple(): bytes as a protocol info
 * @object: any object with a buffer
 * @info: the struct sockdup_protocol_info to fill
 *
 * Copies, as the buffer may change once the interpreter's lock is released.
 *
 * Return: 1, or 0 with TypeError or, for a wrong length, ValueError.
 */
int info_read(PyObject *object, void *info)
{
	Py_buffer buffer;
	int fits;

	if (PyObject_GetBuffer(object, &buffer, PyBUF_SIMPLE))
		return 0;
	fits = buffer.len == sizeof(struct sockdup_protocol_info);
	if (fits)
		memcpy(info, buffer.buf, buffer.len);
	else
		PyErr_Format(PyExc_ValueError,
			     "a protocol info has %zu bytes, and this has %zd",
			     sizeof(struct sockdup_protocol_info), buffer.len);
	PyBuffer_Release(&buffer);
	return fits;
}

/**
 * info_bytes - a protocol info as bytes
 * @info: it
 *
 * Return: new bytes, or NULL with an exception.
 */
PyObject *info_bytes(const struct sockdup_protocol_info *info)
{
	return PyBytes_FromStringAndSize((const char *)info, sizeof(*info));
}

/* The library takes a user and a control group together for sets alone. */
static int export_one(int fd, int target, unsigned int flags, unsigned int ttl_ms,
		      int cgroup, struct sockdup_protocol_info *info)
{
	const unsigned int both = SOCKDUP_EXPORT_TO_USER | SOCKDUP_EXPORT_TO_CGROUP;
	const struct sockdup_set set = {
		.fds = &fd,
		.socket_count = 1,
		.cgroup = cgroup,
	};

	return (flags & both) == both ?
	       sockdup_export_set(&set, target, flags, ttl_ms, info) :
	       sockdup_export(fd, target, flags, ttl_ms, info);
}

static PyObject *token_export(PyObject *module, PyObject *arguments)
{
	struct sockdup_protocol_info info;
	int fd, target, cgroup, result;
	unsigned int flags, ttl_ms;

	if (!PyArg_ParseTuple(arguments, "iiIIi:export", &fd, &target, &flags,
			      &ttl_ms, &cgroup))
		return NULL;
	Py_BEGIN_ALLOW_THREADS
	result = export_one(fd, target, flags, ttl_ms, cgroup, &info);
	Py_END_ALLOW_THREADS
	if (result)
		return error_raise_export(export_reasons);
	return info_bytes(&info);
}

static int socket_number(int fd, int option, int *value)
{
	socklen_t size = sizeof(*value);

	return getsockopt(fd, SOL_SOCKET, option, value, &size);
}

/**
 * socket_kind - a socket as Python's socket.socket() takes it
 * @fd: its descriptor
 * @family: filled
 * @type: filled; says as well whether the file is non-blocking, for Python keeps a
 *	  timeout of its own
 * @protocol: filled
 *
 * Return: 0, or -1 with errno.
 */
int socket_kind(int fd, int *family, int *type, int *protocol)
{
	int flags = fcntl(fd, F_GETFL);

	if (flags < 0 || socket_number(fd, SO_DOMAIN, family) ||
	    socket_number(fd, SO_TYPE, type) ||
	    socket_number(fd, SO_PROTOCOL, protocol))
		return -1;
	if (flags & O_NONBLOCK)
		*type |= SOCK_NONBLOCK;
	return 0;
}

static PyObject *socket_tuple(int fd, const struct sockdup_identity *source)
{
	int family, type, protocol;

	if (socket_kind(fd, &family, &type, &protocol))
		return error_raise(NULL);
	return Py_BuildValue("(iiii(iII))", fd, family, type, protocol,
			     source->pid, source->uid, source->gid);
}

static PyObject *token_import(PyObject *module, PyObject *arguments)
{
	struct sockdup_protocol_info info;
	struct sockdup_identity source;
	unsigned int flags;
	PyObject *socket;
	int fd;

	if (!PyArg_ParseTuple(arguments, "O&I:import_", info_read, &info,
			      &flags))
		return NULL;
	Py_BEGIN_ALLOW_THREADS
	fd = sockdup_import(&info, flags, &source);
	Py_END_ALLOW_THREADS
	if (fd < 0)
		return error_raise(token_reasons);
	socket = socket_tuple(fd, &source);
	if (!socket)
		close(fd);
	return socket;
}

static PyObject *token_revoke(PyObject *module, PyObject *arguments)
{
	struct sockdup_protocol_info info;
	int result;

	if (!PyArg_ParseTuple(arguments, "O&:revoke", info_read, &info))
		return NULL;
	Py_BEGIN_ALLOW_THREADS
	result = sockdup_revoke(&info);
	Py_END_ALLOW_THREADS
	if (result)
		return error_raise(token_reasons);
	Py_RETURN_NONE;
}

static PyObject *token_encode(PyObject *module, PyObject *arguments)
{
	struct sockdup_protocol_info info;
	char text[SOCKDUP_TEXT_SIZE];

	if (!PyArg_ParseTuple(arguments, "O&:encode", info_read, &info))
		return NULL;
	if (sockdup_info_to_text(&info, text)) {
		PyErr_SetString(PyExc_ValueError,
				"these bytes are no protocol info");
		return NULL;
	}
	return PyUnicode_FromString(text);
}

static PyObject *token_decode(PyObject *module, PyObject *arguments)
{
	struct sockdup_protocol_info info;
	const char *text;

	if (!PyArg_ParseTuple(arguments, "s:decode", &text))
		return NULL;
	memset(&info, 0, sizeof(info));
	if (!sockdup_info_from_text(text, &info))
		return info_bytes(&info);
	PyErr_SetString(PyExc_ValueError, errno == EBADMSG ?
			"characters of this token have been altered" :
			"this is not the text of a token");
	return NULL;
}

static PyObject *token_info(PyObject *module, PyObject *unused)
{
	struct sockdup_info info = { .size = sizeof(info) };
	int result;

	Py_BEGIN_ALLOW_THREADS
	result = sockdup_info(&info);
	Py_END_ALLOW_THREADS
	if (result)
		return error_raise(NULL);
	return Py_BuildValue("(IIKIII)", info.abi_version,
			     info.protocol_info_size, info.features,
			     info.default_ttl_ms, info.max_ttl_ms,
			     info.max_sockets);
}

static PyObject *handle_open(PyObject *module, PyObject *unused)
{
	int fd;

	Py_BEGIN_ALLOW_THREADS
	fd = sockdup_open();
	Py_END_ALLOW_THREADS
	if (fd < 0)
		return error_raise(NULL);
	return PyLong_FromLong(fd);
}

static PyObject *handle_use(PyObject *module, PyObject *arguments)
{
	static const struct reason reasons[] = {
		{ EINVAL, "the descriptor is not one of /dev/sockdup" },
		{ }
	};
	int fd, result;

	if (!PyArg_ParseTuple(arguments, "i:use", &fd))
		return NULL;
	Py_BEGIN_ALLOW_THREADS
	result = sockdup_use(fd);
	Py_END_ALLOW_THREADS
	if (result)
		return error_raise(reasons);
	Py_RETURN_NONE;
}

static PyObject *handle_release(PyObject *module, PyObject *unused)
{
	PyThreadState *thread = PyEval_SaveThread();

	sockdup_release();
	PyEval_RestoreThread(thread);
	Py_RETURN_NONE;
}

static PyMethodDef functions[] = {
	{ "export", token_export, METH_VARARGS,
	  TAKES("export", "fd, target, flags, ttl_ms, cgroup, /") },
	{ "import_", token_import, METH_VARARGS,
	  TAKES("import_", "data, flags, /") },
	{ "revoke", token_revoke, METH_VARARGS,
	  TAKES("revoke", "data, /") },
	{ "encode", token_encode, METH_VARARGS,
	  TAKES("encode", "data, /") },
	{ "decode", token_decode, METH_VARARGS,
	  TAKES("decode", "text, /") },
	{ "info", token_info, METH_NOARGS, NULL },
	{ "open", handle_open, METH_NOARGS, NULL },
	{ "use", handle_use, METH_VARARGS,
	  TAKES("use", "fd, /") },
	{ "release", handle_release, METH_NOARGS, NULL },
	{ }
};

int token_add(PyObject *module)
{
	return PyModule_AddFunctions(module, functions) ||
	       PyModule_AddIntMacro(module, SOCKDUP_EXPORT_TO_PIDFD) ||
	       PyModule_AddIntMacro(module, SOCKDUP_EXPORT_TO_PEER) ||
	       PyModule_AddIntMacro(module, SOCKDUP_EXPORT_TO_USER) ||
	       PyModule_AddIntMacro(module, SOCKDUP_EXPORT_TO_CGROUP) ||
	       PyModule_AddIntMacro(module, SOCKDUP_EXPORT_END_ON_CLOSE) ||
	       PyModule_AddIntMacro(module, SOCKDUP_EXPORT_REPORT) ||
	       PyModule_AddIntMacro(module, SOCKDUP_IMPORT_INHERITABLE) ||
	       PyModule_AddIntMacro(module, SOCKDUP_FEATURE_EVENTS) ||
	       PyModule_AddIntMacro(module, SOCKDUP_FEATURE_EVENT_ONCE) ||
	       PyModule_AddIntMacro(module, SOCKDUP_FEATURE_EXPORT_TO_PIDFD) ||
	       PyModule_AddIntMacro(module, SOCKDUP_FEATURE_EXPORT_TO_USER) ||
	       PyModule_AddIntMacro(module, SOCKDUP_FEATURE_EXPORT_TO_CGROUP) ||
	       PyModule_AddIntMacro(module, SOCKDUP_FEATURE_EXPORT_REPORT) ?
	       -1 : 0;
}
