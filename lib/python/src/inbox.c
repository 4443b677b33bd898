// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Inboxes, and bindings to them: each has a handle of the device of its own. It is
 * O_NONBLOCK, so posts and accepts never wait. They keep the interpreter's lock, and
 * another thread cannot close the handle, or a socket, meanwhile. Python waits on the
 * handle's descriptor.
 */

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <unistd.h>

#include "module.h"

/**
 * struct handle - a Python object
 * @fd: its descriptor, -1 once it is closed
 * @limits: of the inbox: slots, message_size and max_sockets
 */
struct handle {
	PyObject_HEAD
	int fd;
	struct sockdup_inbox_options limits;
};

static const struct reason open_reasons[] = {
	{ EINVAL,
	  "slots, message_size, max_sockets or the number of users is above its limit, a user is listed twice, or there is no such user in this user namespace"
	},
	{ EBUSY, "the process has an inbox" },
	{ ENOBUFS,
	  "inboxes and tokens of this user would take more bytes than the module's max_user_bytes"
	},
	{ ENOTTY, "the loaded module has no inboxes" },
	{ }
};

static const struct reason join_reasons[] = {
	{ EINVAL, "these bytes are no invitation to accept" },
	{ ENOENT,
	  "no live token has these bytes: it was used or revoked, or has expired" },
	{ EPERM, "the invitation is not for this process" },
	{ EBUSY, "the process has an inbox" },
	{ ECONNREFUSED, "the inbox has ended" },
	{ ENOTTY, "the loaded module has no inboxes" },
	{ }
};

static const struct reason bind_reasons[] = {
	{ EBADF, "the descriptor of peer is not open, or pidfd is not a pidfd" },
	{ ENOTSOCK, "the descriptor of peer is not a socket's" },
	{ EINVAL, "pid is a thread's id, or peer is not an AF_UNIX socket" },
	{ ENOTCONN, "peer is not connected, so it has no peer" },
	{ ESRCH, "there is no such process, or it has ended" },
	{ ECONNREFUSED, "the process has no inbox, or this user may not post to it" },
	{ ENOTTY, "the loaded module has no inboxes" },
	{ }
};

static const struct reason bind_invited_reasons[] = {
	{ EINVAL, "these bytes are no invitation to post" },
	{ ENOENT,
	  "no live token has these bytes: it was used or revoked, or has expired" },
	{ EPERM, "the invitation is not for this process" },
	{ ECONNREFUSED,
	  "the inbox has ended, or its listed users are sure to have all slots" },
	{ ENOTTY, "the loaded module has no inboxes" },
	{ }
};

static const struct reason accept_reasons[] = {
	{ EPERM, "another process opened the inbox" },
	{ ESRCH, "the inbox has ended" },
	{ EMFILE, "the process cannot have as many more descriptors; the post stays" },
	{ }
};

static const struct reason post_reasons[] = {
	{ EBADF, "the descriptor of a socket is not open" },
	{ ENOTSOCK, "the descriptor of a socket is not a socket's" },
	{ EINVAL, "there is no socket, or life is above info().max_life" },
	{ EMSGSIZE, "the inbox takes fewer sockets in one post, or a smaller message" },
	{ EPERM, "another process made the binding, or the user has changed since" },
	{ EPIPE, "the inbox has ended" },
	{ ENOBUFS, "tokens and posts of this user hold as many sockets as RLIMIT_NOFILE allows" },
	{ }
};

static const struct reason revoke_reasons[] = {
	{ ENOENT, "no such post waits: it was accepted or revoked, or has expired" },
	{ EBUSY, "the post is being accepted" },
	{ EPERM, "another process has the inbox or the binding, or the user has changed since" },
	{ }
};

static const struct reason invite_reasons[] = {
	{ EINVAL,
	  "pid is a thread's id, peer is not an AF_UNIX socket, uid is no user of this user namespace, cgroup is the root of all control groups or comes with uid, or life is above info().max_life"
	},
	{ EPERM,
	  "another process opened the inbox; or a life above the default needs a target of the same user, one that has opened the device, a control group whose directory this user may write to, or CAP_SYS_RESOURCE"
	},
	{ EPIPE, "the inbox has ended" },
	{ }
};

/* The descriptor, which is the caller's now; -1 if it was before. */
static int handle_take(struct handle *self)
{
	int fd = self->fd;

	self->fd = -1;
	return fd;
}

static void handle_dealloc(PyObject *object)
{
	PyTypeObject *type = Py_TYPE(object);
	int fd = handle_take((struct handle *)object);

	if (fd >= 0)
		close(fd);
	PyObject_Free(object);
	Py_DECREF(type);
}

static PyObject *handle_detach(PyObject *object, PyObject *unused)
{
	return PyLong_FromLong(handle_take((struct handle *)object));
}

/* -1 once it is closed, like a socket's. */
static PyObject *handle_fileno(PyObject *object, PyObject *unused)
{
	return PyLong_FromLong(((struct handle *)object)->fd);
}

static PyObject *handle_limits(PyObject *object, PyObject *unused)
{
	const struct sockdup_inbox_options *limits = &((struct handle *)object)->limits;

	return Py_BuildValue("(III)", limits->slots, limits->message_size,
			     limits->max_sockets);
}

/* Its descriptor, or -1 with an exception. */
static int handle_fd(PyObject *object)
{
	int fd = ((struct handle *)object)->fd;

	if (fd < 0)
		PyErr_SetString(PyExc_ValueError, "this is closed");
	return fd;
}

static void sockets_close(const int *fds, unsigned int count)
{
	unsigned int i;

	for (i = 0; i < count; i++)
		close(fds[i]);
}

static PyObject *socket_tuple(int fd)
{
	int family, type, protocol;

	if (socket_kind(fd, &family, &type, &protocol))
		return error_raise(NULL);
	return Py_BuildValue("(iiii)", fd, family, type, protocol);
}

/* A list of them, or NULL with an exception; the descriptors are open still. */
static PyObject *sockets_list(const int *fds, unsigned int count)
{
	PyObject *list = PyList_New(count), *socket;
	unsigned int i;

	for (i = 0; list && i < count; i++) {
		socket = socket_tuple(fds[i]);
		if (!socket)
			Py_CLEAR(list);
		else
			PyList_SetItem(list, i, socket);
	}
	return list;
}

static PyObject *posting_tuple(const struct sockdup_posting *posting)
{
	const struct iovec *room = posting->message;
	PyObject *post, *sockets = sockets_list(posting->fds, posting->socket_count);

	if (!sockets)
		return NULL;
	post = Py_BuildValue("(OKy#(iII)K)", sockets, posting->cookie, room->iov_base,
			     (Py_ssize_t)posting->message_size, posting->source.pid,
			     posting->source.uid, posting->source.gid, posting->id);
	Py_DECREF(sockets);
	return post;
}

/* As sockdup_accept_set(), and -1 with an exception set by the handler of a signal. */
static int accept_now(int fd, struct sockdup_posting *posting, unsigned int room)
{
	int result;

	do {
		posting->socket_count = room;
		result = sockdup_accept_set(fd, posting, SOCK_CLOEXEC);
	} while (result && errno == EINTR && !PyErr_CheckSignals());
	return result;
}

static PyObject *accept_with_room(PyObject *object, struct sockdup_posting *posting)
{
	const struct handle *self = (struct handle *)object;
	PyObject *post;

	if (accept_now(self->fd, posting, self->limits.max_sockets)) {
		if (PyErr_Occurred())
			return NULL;
		if (errno != EAGAIN)
			return error_raise(accept_reasons);
		Py_RETURN_NONE;
	}
	post = posting_tuple(posting);
	if (!post)
		sockets_close(posting->fds, posting->socket_count);
	return post;
}

/* None where there is no post at the moment. An inbox's limits never change. */
static PyObject *handle_accept(PyObject *object, PyObject *unused)
{
	const struct sockdup_inbox_options *limits = &((struct handle *)object)->limits;
	struct iovec room = { NULL, limits->message_size };
	struct sockdup_posting posting = {
		.message = &room,
		.message_count = limits->message_size ? 1 : 0,
	};
	PyObject *post;

	if (handle_fd(object) < 0)
		return NULL;
	posting.fds = PyMem_Calloc(limits->max_sockets, sizeof(*posting.fds));
	room.iov_base = PyMem_Malloc(limits->message_size);
	if (posting.fds && room.iov_base)
		post = accept_with_room(object, &posting);
	else
		post = PyErr_NoMemory();
	PyMem_Free(room.iov_base);
	PyMem_Free(posting.fds);
	return post;
}

/* Of 32 bits, with a sign or without; or an exception. */
static unsigned int number_read(PyObject *object)
{
	long long number = PyLong_AsLongLong(object);

	if (number < INT_MIN || number > UINT_MAX)
		PyErr_SetString(PyExc_OverflowError, "a number has more than 32 bits");
	return number;
}

/* The first numbers of a list, for PyMem_Free(); or NULL with an exception. */
static unsigned int *numbers_read(PyObject *list, unsigned int count)
{
	unsigned int *numbers = PyMem_Calloc(count + 1, sizeof(*numbers)), i;

	if (!numbers) {
		PyErr_NoMemory();
		return NULL;
	}
	for (i = 0; i < count && !PyErr_Occurred(); i++)
		numbers[i] = number_read(PyList_GetItem(list, i));
	if (!PyErr_Occurred())
		return numbers;
	PyMem_Free(numbers);
	return NULL;
}

/* The post's id, or None where there is no room at the moment. */
static PyObject *post_now(int fd, struct sockdup_posting *posting)
{
	int result;

	do
		result = sockdup_post_set(fd, posting, 0);
	while (result && errno == EINTR && !PyErr_CheckSignals());
	if (!result)
		return PyLong_FromUnsignedLongLong(posting->id);
	if (PyErr_Occurred())
		return NULL;
	if (errno != EAGAIN)
		return error_raise(post_reasons);
	Py_RETURN_NONE;
}

static PyObject *handle_post(PyObject *object, PyObject *arguments)
{
	struct sockdup_posting posting = { };
	unsigned long long cookie;
	struct iovec piece;
	Py_buffer message;
	PyObject *list, *id = NULL;
	int fd = handle_fd(object);

	if (fd < 0 || !PyArg_ParseTuple(arguments, "O!Ky*I:post", &PyList_Type, &list,
					&cookie, &message, &posting.ttl_ms))
		return NULL;
	piece = (struct iovec){ message.buf, message.len };
	posting.message = &piece;
	posting.message_count = message.len ? 1 : 0;
	posting.socket_count = PyList_Size(list);
	posting.cookie = cookie;
	posting.fds = (int *)numbers_read(list, posting.socket_count);
	if (posting.fds)
		id = post_now(fd, &posting);
	PyMem_Free(posting.fds);
	PyBuffer_Release(&message);
	return id;
}

/* It can close sockets. */
static PyObject *handle_revoke(PyObject *object, PyObject *arguments)
{
	int fd = handle_fd(object), result;
	unsigned long long id;

	if (fd < 0 || !PyArg_ParseTuple(arguments, "K:revoke", &id))
		return NULL;
	Py_BEGIN_ALLOW_THREADS
	result = sockdup_post_revoke(fd, id);
	Py_END_ALLOW_THREADS
	if (result)
		return error_raise(revoke_reasons);
	Py_RETURN_NONE;
}

static PyObject *handle_invite(PyObject *object, PyObject *arguments)
{
	int fd = handle_fd(object), target, result;
	struct sockdup_protocol_info info;
	unsigned int flags, ttl_ms;

	if (fd < 0 || !PyArg_ParseTuple(arguments, "iII:invite", &target, &flags, &ttl_ms))
		return NULL;
	Py_BEGIN_ALLOW_THREADS
	result = sockdup_inbox_invite(fd, target, flags, ttl_ms, &info);
	Py_END_ALLOW_THREADS
	return result ? error_raise_export(invite_reasons) : info_bytes(&info);
}

static PyMethodDef methods[] = {
	{ "detach", handle_detach, METH_NOARGS, NULL },
	{ "fileno", handle_fileno, METH_NOARGS, NULL },
	{ "limits", handle_limits, METH_NOARGS, NULL },
	{ "accept", handle_accept, METH_NOARGS, NULL },
	{ "post", handle_post, METH_VARARGS,
	  METHOD_TAKES("post", "sockets, cookie, message, ttl_ms, /") },
	{ "revoke", handle_revoke, METH_VARARGS,
	  METHOD_TAKES("revoke", "id, /") },
	{ "invite", handle_invite, METH_VARARGS,
	  METHOD_TAKES("invite", "target, flags, ttl_ms, /") },
	{ }
};

static PyType_Slot slots[] = {
	{ Py_tp_dealloc, handle_dealloc },
	{ Py_tp_methods, methods },
	{ }
};

static PyType_Spec type_spec = {
	.name = "sockdup._sockdup.Handle",
	.basicsize = sizeof(struct handle),
	.flags = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_DISALLOW_INSTANTIATION |
		 Py_TPFLAGS_IMMUTABLETYPE,
	.slots = slots,
};

/* Of @fd, which it owns; or NULL with an exception, @reasons' where there is no @fd. */
static PyObject *handle_new(PyObject *module, int fd,
			    const struct sockdup_inbox_options *limits,
			    const struct reason *reasons)
{
	struct module_state *state = PyModule_GetState(module);
	struct handle *self;

	if (fd < 0)
		return error_raise(reasons);
	self = PyObject_New(struct handle, (PyTypeObject *)state->handle_type);
	if (!self) {
		close(fd);
		return NULL;
	}
	/* This cannot fail. */
	fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) | O_NONBLOCK);
	self->fd = fd;
	self->limits = *limits;
	return (PyObject *)self;
}

static PyObject *inbox_open(PyObject *module, PyObject *arguments)
{
	struct sockdup_inbox_options options = { };
	unsigned int *users;
	PyObject *list, *handle;
	int fd;

	if (!PyArg_ParseTuple(arguments, "IIIIO!:inbox_open", &options.slots,
			      &options.message_size, &options.max_sockets,
			      &options.flags, &PyList_Type, &list))
		return NULL;
	options.user_count = PyList_Size(list);
	users = numbers_read(list, options.user_count);
	if (!users)
		return NULL;
	options.users = options.user_count ? users : NULL;
	Py_BEGIN_ALLOW_THREADS
	fd = sockdup_inbox_open(&options);
	Py_END_ALLOW_THREADS
	handle = handle_new(module, fd, &options, open_reasons);
	PyMem_Free(users);
	return handle;
}

static PyObject *inbox_join(PyObject *module, PyObject *arguments)
{
	struct sockdup_inbox_options options;
	struct sockdup_protocol_info info;
	int fd;

	if (!PyArg_ParseTuple(arguments, "O&:inbox_join", info_read, &info))
		return NULL;
	Py_BEGIN_ALLOW_THREADS
	fd = sockdup_inbox_join(&info, &options);
	Py_END_ALLOW_THREADS
	return handle_new(module, fd, &options, join_reasons);
}

static PyObject *inbox_bind(PyObject *module, PyObject *arguments)
{
	struct sockdup_inbox_options options;
	unsigned int flags;
	int fd, target;

	if (!PyArg_ParseTuple(arguments, "iI:inbox_bind", &target, &flags))
		return NULL;
	Py_BEGIN_ALLOW_THREADS
	fd = sockdup_inbox_bind(target, flags, &options);
	Py_END_ALLOW_THREADS
	return handle_new(module, fd, &options, bind_reasons);
}

static PyObject *inbox_bind_invited(PyObject *module, PyObject *arguments)
{
	struct sockdup_inbox_options options;
	struct sockdup_protocol_info info;
	int fd;

	if (!PyArg_ParseTuple(arguments, "O&:inbox_bind_invited", info_read, &info))
		return NULL;
	Py_BEGIN_ALLOW_THREADS
	fd = sockdup_inbox_bind_invited(&info, &options);
	Py_END_ALLOW_THREADS
	return handle_new(module, fd, &options, bind_invited_reasons);
}

static PyMethodDef functions[] = {
	{ "inbox_open", inbox_open, METH_VARARGS,
	  TAKES("inbox_open", "slots, message_size, max_sockets, flags, users, /") },
	{ "inbox_join", inbox_join, METH_VARARGS,
	  TAKES("inbox_join", "data, /") },
	{ "inbox_bind", inbox_bind, METH_VARARGS,
	  TAKES("inbox_bind", "target, flags, /") },
	{ "inbox_bind_invited", inbox_bind_invited, METH_VARARGS,
	  TAKES("inbox_bind_invited", "data, /") },
	{ }
};

int inbox_add(PyObject *module)
{
	struct module_state *state = PyModule_GetState(module);

	state->handle_type = PyType_FromModuleAndSpec(module, &type_spec, NULL);
	if (!state->handle_type)
		return -1;
	return PyModule_AddType(module, (PyTypeObject *)state->handle_type) ||
	       PyModule_AddFunctions(module, functions) ||
	       PyModule_AddIntMacro(module, SOCKDUP_FEATURE_INBOX) ||
	       PyModule_AddIntMacro(module, SOCKDUP_INBOX_ANYBODY) ||
	       PyModule_AddIntMacro(module, SOCKDUP_EXPORT_INVITE_TO_POST) ||
	       PyModule_AddIntMacro(module, SOCKDUP_EXPORT_INVITE_TO_ACCEPT) ||
	       PyModule_AddIntMacro(module, SOCKDUP_BIND_TO_PEER) ||
	       PyModule_AddIntMacro(module, SOCKDUP_BIND_TO_PIDFD) ? -1 : 0;
}
