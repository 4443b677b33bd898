// SPDX-License-Identifier: LGPL-2.1-or-later
#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "escape.h"
#include "message.h"
#include "names.h"
#include "token.h"
#include "verb.h"

#define ID_DIGITS	16
#define TEXT_SHOWN	19
#define NONSENSE_SHOWN	40

/* Of a line. No token is as long, so what is beyond it need not be kept. */
#define LINE_SIZE	512

/* The beginning of what is no name, and so may be anybody's bytes. */
static char *beginning(const char *text, size_t size)
{
	char *start = checked(strndup(text, size));
	char *escaped = escape_for_line(start);

	free(start);
	return escaped;
}

static int refuse_text(const char *text, bool altered)
{
	char *start = beginning(text, TEXT_SHOWN);
	int status;

	status = altered ? complain("%s... has been altered on its way", start) :
			   complain("%s... is not a complete token", start);
	free(start);
	return status;
}

static int refuse_nonsense(const char *text, const char *what)
{
	char *start = beginning(text, NONSENSE_SHOWN);
	int status;

	status = complain("'%s' is %s", start, what);
	free(start);
	return status;
}

static bool is_text(const char *text)
{
	return !strncmp(text, SOCKDUP_TEXT_PREFIX, strlen(SOCKDUP_TEXT_PREFIX));
}

static int parse_text(const char *text, struct name *name)
{
	memset(name, 0, sizeof(*name));
	name->by_info = true;
	if (sockdup_info_from_text(text, &name->info))
		return refuse_text(text, errno == EBADMSG);
	/* Part of the id; what follows that is secret. */
	snprintf(name->shown, sizeof(name->shown), "%.*s...", TEXT_SHOWN, text);
	return EXIT_OK;
}

/* 0, or an exit code after a complaint. An id names no token that can be imported. */
int name_parse_text(const char *text, struct name *name)
{
	if (!is_text(text))
		return refuse_nonsense(text, "not the text of a token, as export prints it");
	return parse_text(text, name);
}

/* 0, or an exit code after a complaint. */
int name_parse(const char *text, struct name *name)
{
	size_t digits = strspn(text, "0123456789abcdefABCDEF");

	if (is_text(text))
		return parse_text(text, name);
	if (digits != ID_DIGITS || text[digits])
		return refuse_nonsense(text,
				       "neither a token's text nor its id (for what is kept: sockdup kept, and its --forget)");
	memset(name, 0, sizeof(*name));
	name->id = strtoull(text, NULL, 16);
	id_format(name->shown, name->id);
	return EXIT_OK;
}

static const char gone[] =
	"no live token has these bytes: it was imported or revoked, or has expired";

/* Why there is no such token for the caller, by errno; NULL where that says all. */
const char *name_reason(const struct name *name)
{
	switch (errno) {
	case ENOENT:
		return name->by_info ? gone : "no live token of yours has this id";
	case EPERM:
		return "only its target and the user who exported it may do that";
	default:
		return NULL;
	}
}

/*
 * A line without its end; false where there is none. The writer may be a stranger whose
 * line never ends, so its length costs no memory.
 */
static bool line_read(FILE *file, char line[LINE_SIZE])
{
	size_t length = 0;
	int c = getc(file);

	if (c == EOF)
		return false;
	for (; c != EOF && c != '\n'; c = getc(file))
		if (length < LINE_SIZE - 1)
			line[length++] = c;
	line[length] = '\0';
	return true;
}

/* The next line that is not blank, without blanks around it; NULL at the end. */
char *name_read(FILE *file)
{
	char line[LINE_SIZE];
	const char *start;
	size_t length;

	while (line_read(file, line)) {
		start = line + strspn(line, " \t");
		length = strlen(start);
		while (length && isspace((unsigned char)start[length - 1]))
			length--;
		if (length)
			return checked(strndup(start, length));
	}
	return NULL;
}

FILE *names_open(const char *path)
{
	return strcmp(path, "-") ? fopen(path, "re") : stdin;
}

/* Read a byte at a time: what follows the last token is for the program. */
FILE *names_open_sparing(const char *path)
{
	FILE *file = names_open(path);

	if (file)
		setvbuf(file, NULL, _IONBF, 0);
	return file;
}

/* The text of the one token in a file, or on standard input; an exit code. */
int name_of_file(const char *path, struct name *name)
{
	FILE *file = names_open_sparing(path);
	int status;
	char *text;

	if (!file)
		return failed_to(NULL, "open %s", path);
	text = name_read(file);
	if (text)
		status = name_parse_text(text, name);
	else if (ferror(file))
		status = failed_to(NULL, "read %s", path);
	else
		status = complain("there is no token in %s", file == stdin ?
				  "standard input" : path);
	free(text);
	if (file != stdin)
		fclose(file);
	return status;
}

static int name_act(const char *text, int (*act)(const struct name *name))
{
	struct name name;
	int status = name_parse(text, &name);

	return status ? : act(&name);
}

static int names_of_file(const char *path, int (*act)(const struct name *name))
{
	FILE *file = names_open(path);
	int status, worst = EXIT_OK;
	char *text;

	if (!file)
		return failed_to(NULL, "open %s", path);
	while ((text = name_read(file))) {
		status = name_act(text, act);
		if (status)
			worst = status;
		free(text);
	}
	if (ferror(file))
		worst = failed_to(NULL, "read %s", file == stdin ?
				  "standard input" : path);
	if (file != stdin)
		fclose(file);
	return worst;
}

/*
 * Those on the lines of a file, if @path is not NULL, and then those given; "-"
 * stands for standard input. Goes on after a failure.
 */
int names_each(const char *path, int count, char **names,
	       int (*act)(const struct name *name))
{
	int i, status, worst = EXIT_OK;

	if (!count && !path)
		usage_error("a token is missing");
	if (path)
		worst = names_of_file(path, act);
	for (i = 0; i < count; i++) {
		if (!strcmp(names[i], "-"))
			status = names_of_file("-", act);
		else
			status = name_act(names[i], act);
		if (status)
			worst = status;
	}
	return worst;
}
