// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Sets: several sockets under one token, with names, and a payload.
 */

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "module.h"

static const struct reason export_reasons[] = {
	{ EINVAL,
	  "there is no socket, or more than 1024; or pid is a thread's id, peer is not an AF_UNIX socket, uid is no user of this user namespace, cgroup is the root of all control groups, or life is above info().max_life"
	},
	{ EMSGSIZE, "the payload has more than 65536 bytes" },
	{ E2BIG,
	  "the loaded module has no sets of sockets and no payloads, or takes no control groups" },
	{ }
};

static const struct reason import_reasons[] = {
	{ EINVAL, "these bytes are no protocol info, or an invitation to an inbox" },
	{ ENOENT,
	  "no live token has these bytes: it was imported or revoked, or has expired" },
	{ EPERM, "the token is not for this process" },
	{ EMFILE, "the process cannot have as many more descriptors as the token has sockets" },
	{ E2BIG, "the module has no sets of sockets" },
	{ }
};

static void arrays_free(const struct sockdup_set *set)
{
	PyMem_Free(set->fds);
	PyMem_Free(set->names);
}

/* For @set's sockets; or -1 with an exception. */
static int arrays_make(struct sockdup_set *set)
{
	set->fds = PyMem_Calloc(set->socket_count, sizeof(*set->fds));
	set->names = PyMem_Calloc(set->socket_count, sizeof(*set->names));
	if (set->fds && set->names)
		return 0;
	arrays_free(set);
	PyErr_NoMemory();
	return -1;
}

/* From a tuple of a descriptor and a name. */
static int socket_read(PyObject *tuple, int *fd, char name[SOCKDUP_NAME_SIZE])
{
	Py_ssize_t size;
	char *text;

	if (!PyArg_ParseTuple(tuple, "iy#", fd, &text, &size))
		return -1;
	if (size >= SOCKDUP_NAME_SIZE || memchr(text, 0, size)) {
		PyErr_Format(PyExc_ValueError,
			     "a name has at most %d bytes, and no NUL",
			     SOCKDUP_NAME_SIZE - 1);
		return -1;
	}
	memcpy(name, text, size);
	return 0;
}

/* Fills @set, whose arrays the caller frees; or -1 with an exception. */
static int sockets_read(PyObject *list, struct sockdup_set *set)
{
	unsigned int i;

	set->socket_count = PyList_Size(list);
	if (arrays_make(set))
		return -1;
	for (i = 0; i < set->socket_count; i++) {
		if (socket_read(PyList_GetItem(list, i), &set->fds[i],
				set->names[i])) {
			arrays_free(set);
			return -1;
		}
	}
	return 0;
}

static PyObject *export_all(PyObject *list, Py_buffer *payload, int target,
			    unsigned int flags, unsigned int ttl_ms, int cgroup)
{
	struct iovec piece = { payload->buf, payload->len };
	struct sockdup_protocol_info info;
	struct sockdup_set set = {
		.payload = &piece,
		.payload_count = payload->len ? 1 : 0,
		.cgroup = cgroup,
	};
	int result;

	if (sockets_read(list, &set))
		return NULL;
	Py_BEGIN_ALLOW_THREADS
	result = sockdup_export_set(&set, target, flags, ttl_ms, &info);
	Py_END_ALLOW_THREADS
	if (result)
		error_raise_export(export_reasons);
	arrays_free(&set);
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
		close(set->fds[i]);
}

static PyObject *socket_with_name(int fd, const char *name)
{
	int family, type, protocol;

	if (socket_kind(fd, &family, &type, &protocol))
		return error_raise(NULL);
	return Py_BuildValue("(iiiiy)", fd, family, type, protocol, name);
}

/* A list of them, or NULL with an exception; the descriptors are open still. */
static PyObject *sockets_list(const struct sockdup_set *set)
{
	PyObject *list = PyList_New(set->socket_count), *socket;
	unsigned int i;

	for (i = 0; list && i < set->socket_count; i++) {
		socket = socket_with_name(set->fds[i], set->names[i]);
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
	if (arrays_make(&set)) {
		Py_DECREF(payload);
		return NULL;
	}
	result = import_all(info, flags, &set, payload);
	arrays_free(&set);
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
