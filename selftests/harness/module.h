/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The module as a file, and its coming and going.
 */
#ifndef SELFTESTS_MODULE_H
#define SELFTESTS_MODULE_H

/* Beside the programs, unless SOCKDUP_MODULE names another. */
const char *module_path(void);

/* Its file in memory, from where it is loaded sooner: a descriptor, or -errno. */
int module_copy(void);
/* From a descriptor of its file; 0 or -errno. */
int module_load(int fd);
/* From where it is, unless it is loaded; 0 or -errno. */
int module_insert(void);
/* Without waiting; 0 or -errno. */
int module_remove(void);

/* 0 once nothing holds it. */
int module_wait_until_unused(void);

#endif /* SELFTESTS_MODULE_H */
