// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * How the tokens ended that were exported with SOCKDUP_EXPORT_REPORT. Nothing here
 * waits: Python waits on the handle's descriptor.
 */

#include <errno.h>

#include "module.h"

static const struct reason reasons[] = {
	{ EINVAL, "this sockdup module does not tell how tokens end" },
	{ EPERM, "another process opened the handle, and outcomes are for that one" },
	{ }
};

/* A tuple; without an outcome True where one can still come, and False otherwise. */
static PyObject *outcome_next(PyObject *module, PyObject *unused)
{
	struct sockdup_outcome outcome;
	int result;

	do {
		Py_BEGIN_ALLOW_THREADS
		result = sockdup_outcome_next(&outcome, 0);
		Py_END_ALLOW_THREADS
		if (result > 0)
			return Py_BuildValue("(KIiIK)", outcome.id, outcome.kind,
					     outcome.pid, outcome.uid,
					     outcome.when_ns);
		if (!result || errno == EAGAIN)
			return PyBool_FromLong(result < 0);
		if (errno != EINTR)
			return error_raise(reasons);
	} while (!PyErr_CheckSignals());
	return NULL;
}

static PyObject *outcome_info_id(PyObject *module, PyObject *arguments)
{
	struct sockdup_protocol_info info;

	if (!PyArg_ParseTuple(arguments, "O&:info_id", info_read, &info))
		return NULL;
	return PyLong_FromUnsignedLongLong(sockdup_info_id(&info));
}

static PyMethodDef functions[] = {
	{ "outcome_next", outcome_next, METH_NOARGS, NULL },
	{ "info_id", outcome_info_id, METH_VARARGS,
	  TAKES("info_id", "data, /") },
	{ }
};

int outcome_add(PyObject *module)
{
	return PyModule_AddFunctions(module, functions) ||
	       PyModule_AddIntMacro(module, SOCKDUP_OUTCOME_IMPORTED) ||
	       PyModule_AddIntMacro(module, SOCKDUP_OUTCOME_REVOKED) ||
	       PyModule_AddIntMacro(module, SOCKDUP_OUTCOME_DECLINED) ||
	       PyModule_AddIntMacro(module, SOCKDUP_OUTCOME_EXPIRED) ||
	       PyModule_AddIntMacro(module, SOCKDUP_OUTCOME_TARGET_DIED) ?
	       -1 : 0;
}
