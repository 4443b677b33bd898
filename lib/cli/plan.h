/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What exec is to do: which tokens become which descriptors of the program.
 */
#ifndef CLI_PLAN_H
#define CLI_PLAN_H

#include <stdbool.h>
#include <sockdup.h>

/* The first number of systemd's socket activation. */
#define LISTEN_FDS_START	3

/**
 * struct plan - what the command line asks for
 * @texts: tokens from the command line
 * @text_count: of them
 * @infos: all tokens, in their order
 * @info_count: of them
 * @numbers: where --fd wants their sockets
 * @number_count: of them
 * @names: what --name calls them, by a colon between each two
 * @name_count: of them
 * @file: where tokens are read from, NULL for none
 * @count: of tokens to read, 0 for all of the file
 * @blocking: clear O_NONBLOCK of the sockets
 * @take_path: keep the names of AF_UNIX sockets in the file system
 */
struct plan {
	const char **texts;
	int text_count;
	struct sockdup_protocol_info *infos;
	int info_count;
	int *numbers;
	int number_count;
	char *names;
	int name_count;
	const char *file;
	long count;
	bool blocking;
	bool take_path;
};

/* plan.c: the last gives an exit code after a complaint. */
void plan_text(struct plan *plan, const char *text);
void plan_number(struct plan *plan, const char *text);
void plan_name(struct plan *plan, const char *name);
int plan_read(struct plan *plan);
int plan_number_of(const struct plan *plan, int i);

/* In check.c; gives an exit code after a complaint. */
int plan_check(const struct plan *plan);

/* In place.c; gives an exit code after a complaint. */
int plan_carry_out(const struct plan *plan);

#endif /* CLI_PLAN_H */
