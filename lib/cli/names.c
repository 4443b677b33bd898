// SPDX-License-Identifier: LGPL-2.1-or-later
#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "message.h"
#include "names.h"
#include "token.h"
#include "verb.h"

#define ID_DIGITS	16
#define TEXT_SHOWN	19

static int parse_text(const char *text, struct name *name)
{
	name->by_info = true;
	/* Part of the id; what follows that is secret. */
	snprintf(name->shown, sizeof(name->shown), "%.*s...", TEXT_SHOWN, text);
	if (!sockdup_info_from_text(text, &name->info))
		return EXIT_OK;
	if (errno == EBADMSG)
		return complain("%s has been altered on its way", name->shown);
	return complain("%s is not a complete token", name->shown);
}

/* 0, or an exit code after a complaint. */
int name_parse(const char *text, struct name *name)
{
	size_t digits = strspn(text, "0123456789abcdefABCDEF");

	memset(name, 0, sizeof(*name));
	if (!strncmp(text, SOCKDUP_TEXT_PREFIX, strlen(SOCKDUP_TEXT_PREFIX)))
		return parse_text(text, name);
	if (digits != ID_DIGITS || text[digits])
		return complain("'%.40s' is neither a token's text nor its id",
				text);
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

/* The next line that is not blank, without blanks around it; NULL at the end. */
char *name_read(FILE *file)
{
	char *line = NULL, *start;
	size_t room = 0;
	ssize_t length;

	for (;;) {
		length = getline(&line, &room, file);
		if (length < 0) {
			free(line);
			return NULL;
		}
		while (length && isspace((unsigned char)line[length - 1]))
			line[--length] = '\0';
		start = line + strspn(line, " \t");
		if (*start)
			break;
	}
	memmove(line, start, strlen(start) + 1);
	return line;
}

FILE *names_open(const char *path)
{
	return strcmp(path, "-") ? fopen(path, "re") : stdin;
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
		worst = failed_to(NULL, "read %s", path);
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
