// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Sets: several sockets under one token, with names, and a payload.
 */

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "module.h"

static const struct reason export_reasons[] = {
	{ EBADF, "the descriptor of a socket is not open" },
	{ ENOTSOCK, "a descriptor is not a socket's" },
	{ EINVAL,
	  "the target or the life cannot be, or there are no sockets or too many" },
	{ EMSGSIZE, "the payload is too large" },
	{ ENOTCONN, "the peer socket has no peer that the kernel knows" },
	{ ESRCH, "there is no such target process, it has ended, or it is a kernel thread" },
	{ EPERM,
	  "a longer life needs a target of the same user, or one that has opened the device" },
	{ ENOBUFS,
	  "the user's tokens hold as many sockets, bytes or outcomes to come as they may" },
	{ E2BIG, "the module has no sets of sockets" },
	{ }
};

static const struct reason import_reasons[] = {
	{ EINVAL, "these bytes are no protocol info" },
	{ ENOENT,
	  "no live token has these bytes: it was imported or revoked, or has expired" },
	{ EPERM, "the token is not for this process" },
	{ EMFILE, "the process cannot have as many more descriptors as the token has sockets" },
	{ E2BIG, "the module has no sets of sockets" },
	{ }
};

/* From a tuple of a descriptor and a name. */
static int socket_read(PyObject *tuple, struct sockdup_socket *socket)
{
	Py_ssize_t size;
	char *name;

	if (!PyArg_ParseTuple(tuple, "iy#", &socket->fd, &name, &size))
		return -1;
	if (size >= SOCKDUP_NAME_SIZE || memchr(name, 0, size)) {
		PyErr_Format(PyExc_ValueError,
			     "a name has at most %d bytes, and no NUL",
			     SOCKDUP_NAME_SIZE - 1);
		return -1;
	}
	memcpy(socket->name, name, size);
	return 0;
}

/* As many as the list has; NULL with an exception. */
static struct sockdup_socket *sockets_read(PyObject *list)
{
	Py_ssize_t i, count = PyList_Size(list);
	struct sockdup_socket *sockets;

	sockets = PyMem_Calloc(count + 1, sizeof(*sockets));
	if (!sockets) {
		PyErr_NoMemory();
		return NULL;
	}
	for (i = 0; i < count; i++) {
		if (socket_read(PyList_GetItem(list, i), &sockets[i])) {
			PyMem_Free(sockets);
			return NULL;
		}
	}
	return sockets;
}

static PyObject *export_all(PyObject *list, Py_buffer *payload, int target,
			    unsigned int flags, unsigned int ttl_ms, int cgroup)
{
	struct iovec piece = { payload->buf, payload->len };
	struct sockdup_protocol_info info;
	struct sockdup_set set = {
		.socket_count = PyList_Size(list),
		.payload = &piece,
		.payload_count = payload->len ? 1 : 0,
		.cgroup = cgroup,
	};
	int result;

	set.sockets = sockets_read(list);
	if (!set.sockets)
		return NULL;
	Py_BEGIN_ALLOW_THREADS
	result = sockdup_export_set(&set, target, flags, ttl_ms, &info);
	Py_END_ALLOW_THREADS
	if (result)
		error_raise(export_reasons);
	PyMem_Free(set.sockets);
	return result ? NULL : info_bytes(&info);
}

static PyObject *set_export(PyObject *module, PyObject *arguments)
{
	unsigned int flags, ttl_ms;
	PyObject *list, *bytes;
	Py_buffer payload;
	int target, cgroup;

	if (!PyArg_ParseTuple(arguments, "Oy*iIIi:export_set", &list, &payload,
			      &target, &flags, &ttl_ms, &cgroup))
		return NULL;
	if (PyList_Check(list)) {
		bytes = export_all(list, &payload, target, flags, ttl_ms,
				   cgroup);
	} else {
		PyErr_SetString(PyExc_TypeError, "sockets are a list");
		bytes = NULL;
	}
	PyBuffer_Release(&payload);
	return bytes;
}

static void sockets_close(const struct sockdup_set *set)
{
	unsigned int i;

	for (i = 0; i < set->socket_count; i++)
		close(set->sockets[i].fd);
}

static PyObject *socket_with_name(const struct sockdup_socket *socket)
{
	int family, type, protocol;

	if (socket_kind(socket->fd, &family, &type, &protocol))
		return error_raise(NULL);
	return Py_BuildValue("(iiiiy)", socket->fd, family, type, protocol,
			     socket->name);
}

/* A list of them, or NULL with an exception; the descriptors are open still. */
static PyObject *sockets_list(const struct sockdup_set *set)
{
	PyObject *list = PyList_New(set->socket_count), *socket;
	unsigned int i;

	for (i = 0; list && i < set->socket_count; i++) {
		socket = socket_with_name(&set->sockets[i]);
		if (!socket)
			Py_CLEAR(list);
		else
			PyList_SetItem(list, i, socket);
	}
	return list;
}

/* With room for all; NULL with an exception. Consumes @payload. */
static PyObject *import_all(const struct sockdup_protocol_info *info, unsigned int flags,
			    struct sockdup_set *set, PyObject *payload)
{
	struct sockdup_identity source;
	PyObject *list;
	int result;

	Py_BEGIN_ALLOW_THREADS
	result = sockdup_import_set(info, flags, set, &source);
	Py_END_ALLOW_THREADS
	list = result ? error_raise(import_reasons) : sockets_list(set);
	if (!list) {
		Py_DECREF(payload);
		if (!result)
			sockets_close(set);
		return NULL;
	}
	return Py_BuildValue("(NN(iII))", list, payload, source.pid, source.uid,
			     source.gid);
}

static PyObject *import_with_room(const struct sockdup_protocol_info *info,
				  unsigned int flags,
				  const struct sockdup_description *description)
{
	PyObject *payload = PyBytes_FromStringAndSize(NULL, description->payload_size);
	struct iovec room = { NULL, description->payload_size };
	struct sockdup_set set = {
		.socket_count = description->info.socket_count,
		.payload = &room,
		.payload_count = description->payload_size ? 1 : 0,
	};
	PyObject *result;

	if (!payload)
		return NULL;
	room.iov_base = PyBytes_AsString(payload);
	set.sockets = PyMem_Calloc(set.socket_count, sizeof(*set.sockets));
	if (!set.sockets) {
		Py_DECREF(payload);
		return PyErr_NoMemory();
	}
	result = import_all(info, flags, &set, payload);
	PyMem_Free(set.sockets);
	return result;
}

static PyObject *set_import(PyObject *module, PyObject *arguments)
{
	struct sockdup_description description;
	struct sockdup_protocol_info info;
	unsigned int flags;
	int result;

	if (!PyArg_ParseTuple(arguments, "O&I:import_set", info_read, &info, &flags))
		return NULL;
	/* What a token holds stays as it is. */
	Py_BEGIN_ALLOW_THREADS
	result = sockdup_query(&info, &description);
	Py_END_ALLOW_THREADS
	return result ? error_raise(import_reasons) :
			import_with_room(&info, flags, &description);
}

static PyMethodDef functions[] = {
	{ "export_set", set_export, METH_VARARGS,
	  TAKES("export_set", "sockets, payload, target, flags, ttl_ms, cgroup, /") },
	{ "import_set", set_import, METH_VARARGS,
	  TAKES("import_set", "data, flags, /") },
	{ }
};

int set_add(PyObject *module)
{
	return PyModule_AddFunctions(module, functions) ||
	       PyModule_AddIntMacro(module, SOCKDUP_FEATURE_SETS) ? -1 : 0;
}
