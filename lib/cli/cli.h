/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What the verbs of the sockdup command share.
 */
#ifndef CLI_H
#define CLI_H

#include <getopt.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdnoreturn.h>
#include <sys/types.h>

#include <sockdup.h>

#define ARRAY_SIZE(array)	(sizeof(array) / sizeof((array)[0]))

/* Exit codes, as --help and the man page state them. */
enum {
	EXIT_OK		= 0,
	EXIT_FAILED	= 1,
	EXIT_USAGE	= 2,
	EXIT_ABSENT	= 3,	/* the module is not there */
	EXIT_UNFIT	= 126,	/* the program cannot be executed */
	EXIT_UNFOUND	= 127,	/* there is no such program */
};

/**
 * struct verb - one of the things that the command does
 * @name: its word on the command line
 * @summary: what it does, in a few words
 * @help: what --help says, from the usage line on
 * @run: does it; @argv[0] is the verb; returns an exit code
 */
struct verb {
	const char *name;
	const char *summary;
	const char *help;
	int (*run)(int argc, char **argv);
};

extern const struct verb verb_exec, verb_export, verb_list, verb_monitor,
	verb_query, verb_revoke, verb_stats;

/* The verb that runs, NULL before there is one. */
extern const struct verb *verb;

/* options.c: exits with EXIT_USAGE where the command line is wrong. */
int option_next(int argc, char **argv, const struct option *own);
[[gnu::format(printf, 1, 2)]]
noreturn void usage_error(const char *format, ...);
long number_parse(const char *text, long min, long max, const char *what);
unsigned int duration_parse(const char *text);
uid_t user_parse(const char *text);

/* main.c */
void usage_print(FILE *file);

/* report.c: each says it on standard error and gives an exit code. */
[[gnu::format(printf, 1, 2)]]
int complain(const char *format, ...);
[[gnu::format(printf, 2, 3)]]
int failed_to(const char *said, const char *format, ...);

/*
 * output.c: records, for people or for programs. Cells are shown to people,
 * fields given to programs; each call is ignored where the other is wanted.
 */
enum format {
	FORMAT_PEOPLE,
	FORMAT_LINES,
	FORMAT_JSON,
};

enum shape {
	SHAPE_LIST,	/* a table, an array */
	SHAPE_DETAILS,	/* a line for each cell, an array */
	SHAPE_ONE,	/* a line for each cell, an object */
	SHAPE_STREAM,	/* a record at a time, each flushed */
};

enum colour {
	PLAIN,
	BOLD,
	RED,
	GREEN,
	YELLOW,
	MAGENTA,
	CYAN,
};

void output_format(enum format format);
void output_colour(const char *when);
bool output_for_people(void);
void output_begin(enum shape shape);
void record_begin(void);
void record_end(void);
[[gnu::format(printf, 3, 4)]]
void cell(enum colour colour, const char *title, const char *format, ...);
void field_text(const char *key, const char *value);
void field_number(const char *key, long long number);
void field_null(const char *key);
int output_end(void);

/* table.c */
void table_begin(bool colours, bool streaming);
void table_cell(enum colour colour, const char *title, char *text);
void table_row_end(void);
void table_end(void);
const char *colour_on(enum colour colour);
const char *colour_off(enum colour colour);

/* escape.c: fresh strings, safe to show and to parse. */
char *escape_for_people(const char *text);
char *escape_for_line(const char *text);
char *escape_for_json(const char *text);
void *checked(void *memory);

/* address.c */
#define ADDRESS_SIZE	128

/**
 * struct address_text - a socket address in two parts
 * @address: as ss(8) shows it; for unnamed ones empty
 * @port: empty where the family has none
 * @any_version: all addresses of IPv6 and IPv4, for which ss(8) has a sign
 */
struct address_text {
	char address[ADDRESS_SIZE];
	char port[16];
	bool any_version;
};

void address_format(struct address_text *text,
		    const struct sockdup_socket_info *socket,
		    const struct sockaddr_storage *address, socklen_t size);
void address_join(char *joined, size_t size, const struct address_text *text);
const char *protocol_format(const struct sockdup_socket_info *socket);

/* process.c */
#define COMMAND_SIZE	64

bool process_command(pid_t pid, char command[COMMAND_SIZE]);
int process_take_fd(pid_t pid, int fd);
void process_cells(const char *title, pid_t pid);
void process_fields(const char *key, pid_t pid);
void user_cell(uid_t uid);

/* program.c */
char *program_find(const char *name);
int program_failed(const char *name);

/* token.c */
void token_print(const struct sockdup_token_info *token);
void duration_format(char *text, size_t size, __u64 milliseconds);

/* name.c: what names a token on the command line or in a file. */
struct name {
	bool by_info;
	__u64 id;
	struct sockdup_protocol_info info;
	char shown[32];
};

int name_parse(const char *text, struct name *name);
char *name_read(FILE *file);
int names_each(int count, char **names, int (*act)(const struct name *name));
void id_format(char text[20], __u64 id);

#endif /* CLI_H */
