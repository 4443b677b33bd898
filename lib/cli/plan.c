// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * The tokens, numbers and names that exec is given, on the command line and in
 * a file.
 */

#include <stdlib.h>
#include <string.h>

#include "plan.h"

int plan_token(struct plan *plan, const char *text)
{
	struct name name;
	int status = name_parse(text, &name);

	if (status)
		return status;
	if (!name.by_info)
		return complain("an id imports nothing: want the text that export printed");
	plan->sockets = checked(reallocarray(plan->sockets,
					     plan->socket_count + 1,
					     sizeof(*plan->sockets)));
	plan->sockets[plan->socket_count++].info = name.info;
	return EXIT_OK;
}

void plan_number(struct plan *plan, const char *text)
{
	int number = number_parse(text, 0, 65535, "a descriptor's number");
	int i;

	for (i = 0; i < plan->number_count; i++)
		if (plan->numbers[i] == number)
			usage_error("two sockets cannot both be number %d",
				    number);
	plan->numbers = checked(reallocarray(plan->numbers,
					     plan->number_count + 1,
					     sizeof(*plan->numbers)));
	plan->numbers[plan->number_count++] = number;
}

/* What systemd allows as a name. */
void plan_name(struct plan *plan, const char *name)
{
	const char *c;
	char *names;

	for (c = name; *c; c++)
		if (*c <= ' ' || *c > '~' || *c == ':')
			break;
	if (*c || c == name || c - name > 255)
		usage_error("'%s' cannot be the name of a descriptor", name);
	if (asprintf(&names, "%s%s%s", plan->names ? : "",
		     plan->names ? ":" : "", name) < 0)
		names = checked(NULL);
	free(plan->names);
	plan->names = names;
	plan->name_count++;
}

/* A byte at a time: what follows the last token is for the program. */
static FILE *tokens_open(const char *path)
{
	FILE *file = strcmp(path, "-") ? fopen(path, "re") : stdin;

	if (file)
		setvbuf(file, NULL, _IONBF, 0);
	return file;
}

int plan_read(struct plan *plan)
{
	FILE *file = tokens_open(plan->file);
	int status = EXIT_OK;
	long read = 0;
	char *text;

	if (!file)
		return failed_to(NULL, "open %s", plan->file);
	while (!status && (!plan->count || read < plan->count)) {
		text = name_read(file);
		if (!text)
			break;
		status = plan_token(plan, text);
		free(text);
		read++;
	}
	if (file != stdin)
		fclose(file);
	if (!status && read < plan->count)
		return complain("%s ended after %ld of %ld tokens", plan->file,
				read, plan->count);
	return status;
}

/* Numbers and names are for all sockets or for none. */
int plan_check(const struct plan *plan)
{
	if (!plan->socket_count)
		return complain("there is no token to import");
	if (plan->number_count && plan->number_count != plan->socket_count)
		return complain("%d tokens do not fit %d numbers",
				plan->socket_count, plan->number_count);
	if (plan->name_count && plan->name_count != plan->socket_count)
		return complain("%d tokens do not fit %d names",
				plan->socket_count, plan->name_count);
	return EXIT_OK;
}
