/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What exec is to do: which sockets of which tokens become which descriptors of the
 * program.
 */
#ifndef CLI_PLAN_H
#define CLI_PLAN_H

#include <stdbool.h>
#include <sockdup.h>

/* The first number of systemd's socket activation. */
#define LISTEN_FDS_START	3

/**
 * struct plan_text - a token that the command line names
 * @text: its text, or the name that it is kept under
 * @is_name: which of them
 */
struct plan_text {
	const char *text;
	bool is_name;
};

/**
 * struct plan_token - a token to import
 * @info: its bytes
 * @kept: the name that it is kept under, or NULL
 * @shown: in messages
 * @fds: of its sockets, once they are imported
 * @names: of its sockets; this and what follows is known once the plan has been checked
 * @socket_count: of them
 * @first: the place of the first of them among the sockets of all tokens
 * @payload_size: bytes that travel with it
 */
struct plan_token {
	struct sockdup_protocol_info info;
	const char *kept;
	char *shown;
	int *fds;
	char (*names)[SOCKDUP_NAME_SIZE];
	int socket_count;
	int first;
	unsigned int payload_size;
};

/**
 * struct plan - what the command line asks for
 * @texts: those from the command line
 * @text_count: of them
 * @tokens: all tokens, in their order
 * @token_count: of them
 * @socket_count: of their sockets, once the plan has been checked
 * @numbers: where --fd wants the sockets
 * @number_count: of them
 * @payload_numbers: where --payload-fd wants payloads
 * @payload_number_count: of them
 * @names: what --name, or else their exporters, call them, by a colon between each two
 * @name_count: how many --name gives
 * @file: where tokens are read from, NULL for none
 * @count: of tokens to read, 0 for all of the file
 * @blocking: clear O_NONBLOCK of the sockets
 * @take_path: keep the names of AF_UNIX sockets in the file system
 */
struct plan {
	struct plan_text *texts;
	int text_count;
	struct plan_token *tokens;
	int token_count;
	int socket_count;
	int *numbers;
	int number_count;
	int *payload_numbers;
	int payload_number_count;
	char *names;
	int name_count;
	const char *file;
	long count;
	bool blocking;
	bool take_path;
};

/* plan.c: the last gives an exit code after a complaint. */
void plan_text(struct plan *plan, const char *text);
void plan_kept(struct plan *plan, const char *name);
void plan_number(struct plan *plan, const char *text);
void plan_payload_number(struct plan *plan, const char *text, const char *what);
void plan_name(struct plan *plan, const char *name);
bool plan_name_fits(const char *name);
int plan_read(struct plan *plan);
int plan_number_of(const struct plan *plan, int i);

/* In check.c; these give an exit code after a complaint. */
int plan_payload_numbers_check(const struct plan *plan, const char *what);
int plan_check(struct plan *plan);

/* In place.c; the first three give an exit code after a complaint. */
int plan_environment(const struct plan *plan);
int plan_place(const struct plan *plan);
int plan_carry_out(struct plan *plan);
void plan_tell_spent(const struct plan *plan, int count);

#endif /* CLI_PLAN_H */
