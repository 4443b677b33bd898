// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * A subscription to the notifications of tokens. It never waits, so the
 * interpreter's lock has it to one thread at a time, as the library demands.
 * Python waits on its descriptor.
 */

#include <errno.h>
#include <fcntl.h>

#include "module.h"

/**
 * struct subscription - a Python object
 * @it: the library's, NULL once it is closed
 */
struct subscription {
	PyObject_HEAD
	struct sockdup_subscription *it;
};

static const struct reason reasons[] = {
	{ EPERM, "notifications need CAP_NET_ADMIN in the network namespace" },
	{ ENOBUFS, "notifications came too fast, and some are lost; more follow" },
	{ ENODEV, "the sockdup module is not loaded any more" },
	{ }
};

static void subscription_end(struct subscription *self)
{
	struct sockdup_subscription *it = self->it;

	self->it = NULL;
	sockdup_unsubscribe(it);
}

static void subscription_dealloc(PyObject *object)
{
	PyTypeObject *type = Py_TYPE(object);

	subscription_end((struct subscription *)object);
	PyObject_Free(object);
	Py_DECREF(type);
}

static PyObject *subscription_close(PyObject *object, PyObject *unused)
{
	subscription_end((struct subscription *)object);
	Py_RETURN_NONE;
}

/* -1 once it is closed, like a socket's. */
static PyObject *subscription_fileno(PyObject *object, PyObject *unused)
{
	struct subscription *self = (struct subscription *)object;

	return PyLong_FromLong(self->it ? sockdup_subscription_fd(self->it) :
					  -1);
}

/* None where there is none at the moment. */
static PyObject *subscription_next(PyObject *object, PyObject *unused)
{
	struct subscription *self = (struct subscription *)object;
	struct sockdup_token_event event;

	if (!self->it) {
		PyErr_SetString(PyExc_ValueError, "the monitor is closed");
		return NULL;
	}
	if (!sockdup_next_event(self->it, &event))
		return Py_BuildValue("(iKINN)", event.what, event.id, event.uid,
				     target_user(event.target_flags,
						 event.target_uid),
				     target_cgroup(event.target_flags,
						   event.target_cgroup));
	if (errno != EAGAIN && errno != EINTR)
		return error_raise(reasons);
	Py_RETURN_NONE;
}

static PyMethodDef methods[] = {
	{ "close", subscription_close, METH_NOARGS, NULL },
	{ "fileno", subscription_fileno, METH_NOARGS, NULL },
	{ "next", subscription_next, METH_NOARGS, NULL },
	{ }
};

static PyType_Slot slots[] = {
	{ Py_tp_dealloc, subscription_dealloc },
	{ Py_tp_methods, methods },
	{ }
};

static PyType_Spec type_spec = {
	.name = "sockdup._sockdup.Subscription",
	.basicsize = sizeof(struct subscription),
	.flags = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_DISALLOW_INSTANTIATION |
		 Py_TPFLAGS_IMMUTABLETYPE,
	.slots = slots,
};

static int subscribe(struct sockdup_subscription **it)
{
	int fd;

	if (sockdup_subscribe(it))
		return -1;
	fd = sockdup_subscription_fd(*it);
	return fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) | O_NONBLOCK);
}

static PyObject *subscription_new(PyObject *module, PyObject *unused)
{
	struct module_state *state = PyModule_GetState(module);
	struct subscription *self;
	PyThreadState *thread;
	int result;

	self = PyObject_New(struct subscription,
			    (PyTypeObject *)state->subscription_type);
	if (!self)
		return NULL;
	self->it = NULL;
	thread = PyEval_SaveThread();
	result = subscribe(&self->it);
	PyEval_RestoreThread(thread);
	if (result) {
		error_raise_netlink(reasons);
		Py_DECREF(self);
		return NULL;
	}
	return (PyObject *)self;
}

static PyMethodDef functions[] = {
	{ "subscribe", subscription_new, METH_NOARGS, NULL },
	{ }
};

int subscription_add(PyObject *module)
{
	struct module_state *state = PyModule_GetState(module);

	state->subscription_type = PyType_FromModuleAndSpec(module, &type_spec,
							    NULL);
	if (!state->subscription_type)
		return -1;
	return PyModule_AddType(module,
				(PyTypeObject *)state->subscription_type) ||
	       PyModule_AddFunctions(module, functions) ||
	       PyModule_AddIntMacro(module, SOCKDUP_HAPPENING_EXPORTED) ||
	       PyModule_AddIntMacro(module, SOCKDUP_HAPPENING_IMPORTED) ||
	       PyModule_AddIntMacro(module, SOCKDUP_HAPPENING_REVOKED) ||
	       PyModule_AddIntMacro(module, SOCKDUP_HAPPENING_EXPIRED) ||
	       PyModule_AddIntMacro(module, SOCKDUP_HAPPENING_HANDLE_CLOSED) ||
	       PyModule_AddIntMacro(module, SOCKDUP_HAPPENING_TARGET_DIED) ?
	       -1 : 0;
}
