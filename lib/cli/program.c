// SPDX-License-Identifier: LGPL-2.1-or-later
#include <errno.h>
#include <paths.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "message.h"
#include "program.h"
#include "verb.h"

static bool can_execute(const char *path)
{
	struct stat status;

	if (stat(path, &status))
		return false;
	if (!S_ISREG(status.st_mode)) {
		errno = EACCES;
		return false;
	}
	return !access(path, X_OK);
}

/* The program's path, as execvp() would find it; NULL with errno. */
static char *path_find(const char *name)
{
	const char *path = getenv("PATH") ? : "/bin:/usr/bin";
	int error = ENOENT;
	size_t length;
	char *file;

	if (strchr(name, '/'))
		return can_execute(name) ? checked(strdup(name)) : NULL;
	for (;; path += length + 1) {
		length = strcspn(path, ":");
		if (asprintf(&file, "%.*s%s%s", (int)length, path,
			     length ? "/" : "./", name) < 0)
			file = checked(NULL);
		if (can_execute(file))
			return file;
		if (errno == EACCES)
			error = EACCES;
		free(file);
		if (!path[length])
			break;
	}
	errno = error;
	return NULL;
}

/*
 * Asks the kernel whether a program can be executed: a traced child does so, and
 * is killed before the program's first instruction. 0 or an errno; 0 too where
 * tracing is not allowed, so that nobody knows.
 */
static int execute_check(const struct program *program)
{
	volatile int error = 0;
	int status;
	pid_t child;

	child = vfork();
	if (child < 0)
		return 0;
	if (!child) {
		if (!ptrace(PTRACE_TRACEME, 0, NULL, NULL)) {
			execv(program->path, program->arguments);
			error = errno;
		}
		_exit(0);
	}
	while (waitpid(child, &status, 0) == child && WIFSTOPPED(status))
		kill(child, SIGKILL);
	return error;
}

/* As execvp() does it: what no format fits is a script for the shell. */
static void shell_prefix(struct program *program)
{
	char **arguments = program->arguments;
	int count = 0;

	while (arguments[count])
		count++;
	program->arguments = checked(calloc(count + 2, sizeof(*arguments)));
	program->arguments[0] = _PATH_BSHELL;
	program->arguments[1] = (char *)program->path;
	memcpy(program->arguments + 2, arguments + 1,
	       count * sizeof(*arguments));
	program->path = _PATH_BSHELL;
}

/* An exit code after a complaint, as env(1) has it. */
static int program_failed(const struct program *program)
{
	bool lacks_interpreter = errno == ENOENT && program->path &&
				 !access(program->path, F_OK);
	bool found = errno != ENOENT || lacks_interpreter;

	failed_to(lacks_interpreter ? "its interpreter is missing" : NULL,
		  "execute %s", program->name);
	return found ? EXIT_UNFIT : EXIT_UNFOUND;
}

/* Finds the program of a command line, and makes sure that it can be executed. */
int program_find(struct program *program, char **arguments)
{
	*program = (struct program){
		.name = arguments[0],
		.path = path_find(arguments[0]),
		.arguments = arguments,
	};
	if (!program->path)
		return program_failed(program);
	errno = execute_check(program);
	if (errno == ENOEXEC) {
		shell_prefix(program);
		errno = execute_check(program);
	}
	return errno ? program_failed(program) : EXIT_OK;
}

/* Makes sure again: the environment is another one, or the file. */
int program_check(const struct program *program)
{
	errno = execute_check(program);
	return errno ? program_failed(program) : EXIT_OK;
}

/* Returns only if it fails. */
int program_execute(const struct program *program)
{
	execv(program->path, program->arguments);
	return program_failed(program);
}
