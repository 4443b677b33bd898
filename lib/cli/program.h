/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The program that is to be executed.
 */
#ifndef CLI_PROGRAM_H
#define CLI_PROGRAM_H

/**
 * struct program - what execve() is to be given
 * @name: by the user
 * @path: of its file, or of the shell that runs it
 * @arguments: from the name of the program on
 */
struct program {
	const char *name;
	const char *path;
	char **arguments;
};

int program_find(struct program *program, char **arguments);
int program_check(const struct program *program);
int program_execute(const struct program *program);

#endif /* CLI_PROGRAM_H */
