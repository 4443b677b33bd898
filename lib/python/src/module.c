// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * The extension module of the package sockdup: the library's functions, with
 * plain numbers, bytes and tuples. The package makes Python of them.
 *
 * It keeps nothing outside its state, so each interpreter of a process can have
 * it.
 */

#include "module.h"

static int module_exec(PyObject *module)
{
	return token_add(module) || set_add(module) || netlink_add(module) ||
	       subscription_add(module) || event_add(module) ||
	       outcome_add(module) || unix_path_add(module) ||
	       inbox_add(module) ? -1 : 0;
}

static int module_traverse(PyObject *module, visitproc visit, void *arg)
{
	struct module_state *state = PyModule_GetState(module);

	Py_VISIT(state->subscription_type);
	Py_VISIT(state->unix_path_type);
	Py_VISIT(state->handle_type);
	return 0;
}

static int module_clear(PyObject *module)
{
	struct module_state *state = PyModule_GetState(module);

	Py_CLEAR(state->subscription_type);
	Py_CLEAR(state->unix_path_type);
	Py_CLEAR(state->handle_type);
	return 0;
}

/*
 * Python 3.12 brought interpreters with a lock of their own, and a slot by which
 * a module says that it is fit for them. Earlier versions refuse a slot that
 * they do not know.
 */
#define SLOT_MULTIPLE_INTERPRETERS	3
#define PER_INTERPRETER_GIL_SUPPORTED	((void *)2)
#define VERSION_WITH_SLOT		0x030c0000

static PyModuleDef_Slot slots[] = {
	{ Py_mod_exec, module_exec },
	{ }
};

static PyModuleDef_Slot slots_since_3_12[] = {
	{ Py_mod_exec, module_exec },
	{ SLOT_MULTIPLE_INTERPRETERS, PER_INTERPRETER_GIL_SUPPORTED },
	{ }
};

static struct PyModuleDef definition = {
	PyModuleDef_HEAD_INIT,
	.m_name = "sockdup._sockdup",
	.m_size = sizeof(struct module_state),
	.m_traverse = module_traverse,
	.m_clear = module_clear,
};

PyMODINIT_FUNC PyInit__sockdup(void)
{
	definition.m_slots = Py_Version < VERSION_WITH_SLOT ? slots :
							      slots_since_3_12;
	return PyModuleDef_Init(&definition);
}
