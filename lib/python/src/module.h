/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What the files of the extension share. It keeps to the limited API of Python
 * 3.11, so one file serves that version and all later ones.
 */
#ifndef SOCKDUP_PYTHON_MODULE_H
#define SOCKDUP_PYTHON_MODULE_H

#define PY_SSIZE_T_CLEAN
#define Py_LIMITED_API 0x030b0000
#include <Python.h>

#include <sockdup.h>

/* A doc string by which inspect, and so the check of the stub, knows arguments. */
#define TAKES(name, arguments)		name "($module, " arguments ")\n--\n\n"
#define METHOD_TAKES(name, arguments)	name "($self, " arguments ")\n--\n\n"

/**
 * struct module_state - what each import of the module has for itself
 * @subscription_type: the type of subscriptions, owned
 * @unix_path_type: the type of names that are kept, owned
 * @handle_type: the type of handles of inboxes, owned
 */
struct module_state {
	PyObject *subscription_type;
	PyObject *unix_path_type;
	PyObject *handle_type;
};

/**
 * struct reason - a sentence for an errno, where a call has a better one
 * @error: the errno, 0 at the end of a table
 * @text: the sentence, with every cause that the errno can have in this call
 */
struct reason {
	int error;
	const char *text;
};

PyObject *error_raise(const struct reason *reasons);
PyObject *error_raise_export(const struct reason *reasons);
PyObject *error_raise_netlink(const struct reason *reasons);

int info_read(PyObject *object, void *info);
PyObject *info_bytes(const struct sockdup_protocol_info *info);
int socket_kind(int fd, int *family, int *type, int *protocol);
PyObject *target_user(unsigned int flags, uid_t uid);
PyObject *target_cgroup(unsigned int flags, unsigned long long number);

int token_add(PyObject *module);
int set_add(PyObject *module);
int netlink_add(PyObject *module);
int subscription_add(PyObject *module);
int event_add(PyObject *module);
int outcome_add(PyObject *module);
int unix_path_add(PyObject *module);
int inbox_add(PyObject *module);

PyMODINIT_FUNC PyInit__sockdup(void);

#endif /* SOCKDUP_PYTHON_MODULE_H */
