// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * What netlink tells of tokens.
 */

#include <errno.h>

#include "module.h"

static const struct reason token_reasons[] = {
	{ ENOENT, "the caller sees no live token of this name" },
	{ EPERM, "the token is not for this process" },
	{ EBUSY, "the token is being imported; if that fails, it is revoked" },
	{ }
};

static PyObject *socket_tuple(const struct sockdup_socket_info *socket)
{
	return Py_BuildValue("(iiisy#y#NKKiy)", socket->family, socket->type,
			     socket->protocol, socket->protocol_name,
			     (const char *)&socket->local,
			     (Py_ssize_t)socket->local_size,
			     (const char *)&socket->remote,
			     (Py_ssize_t)socket->remote_size,
			     PyBool_FromLong(socket->ipv6_only), socket->inode,
			     socket->netns, socket->state, socket->name);
}

/**
 * target_user - the user that a token is for
 * @flags: of the target
 * @uid: the user, if the flags say so
 *
 * Return: a number, None where the target has no user, or NULL.
 */
PyObject *target_user(unsigned int flags, uid_t uid)
{
	if (flags & SOCKDUP_EXPORT_TO_USER)
		return PyLong_FromUnsignedLong(uid);
	Py_RETURN_NONE;
}

/**
 * target_cgroup - the control group that a token is for
 * @flags: of the target
 * @number: the inode number of the group's directory, if the flags say so
 *
 * Return: a number, None where the target is no group, or NULL.
 */
PyObject *target_cgroup(unsigned int flags, unsigned long long number)
{
	if (flags & SOCKDUP_EXPORT_TO_CGROUP)
		return PyLong_FromUnsignedLongLong(number);
	Py_RETURN_NONE;
}

static PyObject *token_tuple(const struct sockdup_token_info *token)
{
	const unsigned int invites = SOCKDUP_EXPORT_INVITE_TO_POST |
				     SOCKDUP_EXPORT_INVITE_TO_ACCEPT;

	return Py_BuildValue("(KiiIIKKINNINI)", token->id, token->target,
			     token->source, token->uid, token->gid,
			     token->age_ms, token->left_ms,
			     token->socket_count, socket_tuple(&token->socket),
			     target_user(token->target_flags, token->target_uid),
			     token->payload_size,
			     target_cgroup(token->target_flags,
					   token->target_cgroup),
			     token->target_flags & invites);
}

/**
 * struct listing - a list that is being made
 * @tokens: a Python list, owned until listing_end()
 * @thread: the interpreter's lock, released while the kernel is asked
 */
struct listing {
	PyObject *tokens;
	PyThreadState *thread;
};

/* Non-zero ends the list, with an exception set. */
static int list_append(const struct sockdup_token_info *token, void *context)
{
	struct listing *listing = context;
	PyObject *tuple;
	int failed;

	PyEval_RestoreThread(listing->thread);
	tuple = token_tuple(token);
	failed = !tuple || PyList_Append(listing->tokens, tuple) ||
		 PyErr_CheckSignals();
	Py_XDECREF(tuple);
	listing->thread = PyEval_SaveThread();
	return failed;
}

/* Releases the interpreter's lock, or fails with an exception. */
static int listing_begin(struct listing *listing)
{
	listing->tokens = PyList_New(0);
	if (!listing->tokens)
		return -1;
	listing->thread = PyEval_SaveThread();
	return 0;
}

/* The list, or NULL with an exception: list_append()'s where @result is above 0. */
static PyObject *listing_end(struct listing *listing, int result,
			     const struct reason *reasons)
{
	PyEval_RestoreThread(listing->thread);
	if (!result)
		return listing->tokens;
	Py_DECREF(listing->tokens);
	return result < 0 ? error_raise_netlink(reasons) : NULL;
}

static PyObject *netlink_list(PyObject *module, PyObject *arguments)
{
	struct sockdup_filter filter = { };
	struct listing listing;
	int by_uid, result;

	if (!PyArg_ParseTuple(arguments, "iipI:list", &filter.target,
			      &filter.source, &by_uid, &filter.uid))
		return NULL;
	filter.by_uid = by_uid;
	if (listing_begin(&listing))
		return NULL;
	result = sockdup_list(&filter, list_append, &listing);
	return listing_end(&listing, result, NULL);
}

static PyObject *netlink_list_sockets(PyObject *module, PyObject *arguments)
{
	struct listing listing;
	unsigned long long id;
	int result;

	if (!PyArg_ParseTuple(arguments, "K:list_sockets", &id))
		return NULL;
	if (listing_begin(&listing))
		return NULL;
	result = sockdup_list_sockets(id, list_append, &listing);
	return listing_end(&listing, result, token_reasons);
}

static PyObject *found(int result, const struct sockdup_token_info *token)
{
	return result ? error_raise_netlink(token_reasons) : token_tuple(token);
}

static PyObject *netlink_find_by_info(PyObject *module, PyObject *arguments)
{
	struct sockdup_protocol_info info;
	struct sockdup_token_info token;
	int result;

	if (!PyArg_ParseTuple(arguments, "O&:find_by_info", info_read, &info))
		return NULL;
	Py_BEGIN_ALLOW_THREADS
	result = sockdup_find_by_info(&info, &token);
	Py_END_ALLOW_THREADS
	return found(result, &token);
}

static PyObject *netlink_find_by_id(PyObject *module, PyObject *arguments)
{
	struct sockdup_token_info token;
	unsigned long long id;
	int result;

	if (!PyArg_ParseTuple(arguments, "K:find_by_id", &id))
		return NULL;
	Py_BEGIN_ALLOW_THREADS
	result = sockdup_find_by_id(id, &token);
	Py_END_ALLOW_THREADS
	return found(result, &token);
}

static PyObject *netlink_revoke_id(PyObject *module, PyObject *arguments)
{
	unsigned long long id;
	int result;

	if (!PyArg_ParseTuple(arguments, "K:revoke_id", &id))
		return NULL;
	Py_BEGIN_ALLOW_THREADS
	result = sockdup_revoke_id(id);
	Py_END_ALLOW_THREADS
	if (result)
		return error_raise_netlink(token_reasons);
	Py_RETURN_NONE;
}

/* The argument is a user, or None for the caller. */
static PyObject *netlink_stats(PyObject *module, PyObject *arguments)
{
	struct sockdup_stats stats;
	PyObject *user;
	int result, others;
	uid_t uid = 0;

	if (!PyArg_ParseTuple(arguments, "O:stats", &user))
		return NULL;
	others = user != Py_None;
	if (others) {
		uid = PyLong_AsUnsignedLong(user);
		if (PyErr_Occurred())
			return NULL;
	}
	Py_BEGIN_ALLOW_THREADS
	result = others ? sockdup_stats_of(uid, &stats) : sockdup_stats(&stats);
	Py_END_ALLOW_THREADS
	if (result)
		return error_raise_netlink(NULL);
	return Py_BuildValue("(IKKNKKKKKK)", stats.uid, stats.held, stats.bytes,
			     PyBool_FromLong(stats.counted), stats.exported,
			     stats.imported, stats.revoked, stats.expired,
			     stats.handle_closed, stats.target_died);
}

static PyMethodDef functions[] = {
	{ "list", netlink_list, METH_VARARGS,
	  TAKES("list", "target, source, by_uid, uid, /") },
	{ "list_sockets", netlink_list_sockets, METH_VARARGS,
	  TAKES("list_sockets", "id, /") },
	{ "find_by_info", netlink_find_by_info, METH_VARARGS,
	  TAKES("find_by_info", "data, /") },
	{ "find_by_id", netlink_find_by_id, METH_VARARGS,
	  TAKES("find_by_id", "id, /") },
	{ "revoke_id", netlink_revoke_id, METH_VARARGS,
	  TAKES("revoke_id", "id, /") },
	{ "stats", netlink_stats, METH_VARARGS,
	  TAKES("stats", "uid, /") },
	{ }
};

int netlink_add(PyObject *module)
{
	return PyModule_AddFunctions(module, functions);
}
