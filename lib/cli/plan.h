/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What exec is to do: which tokens become which descriptors of the program.
 */
#ifndef CLI_PLAN_H
#define CLI_PLAN_H

#include "cli.h"

struct socket {
	struct sockdup_protocol_info info;
	int fd;
};

/**
 * struct plan - what the command line asks for
 * @sockets: the tokens, in their order, and what they were imported as
 * @numbers: where --fd wants them
 * @names: what --name calls them, by a colon between each two
 * @file: where tokens are read from, NULL for none
 * @wait: the process id is printed first
 * @count: of tokens to read, 0 for all of the file
 */
struct plan {
	struct socket *sockets;
	int socket_count;
	int *numbers;
	int number_count;
	char *names;
	int name_count;
	const char *file;
	bool wait;
	long count;
};

/* plan.c: those that can fail give an exit code after a complaint. */
int plan_token(struct plan *plan, const char *text);
void plan_number(struct plan *plan, const char *text);
void plan_name(struct plan *plan, const char *name);
int plan_read(struct plan *plan);
int plan_check(const struct plan *plan);

/* place.c: likewise. */
int plan_carry_out(struct plan *plan);

#endif /* CLI_PLAN_H */
