// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * The tokens, numbers and names that exec is given, on the command line and in
 * a file.
 */

#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#include <linux/magic.h>

#include "message.h"
#include "names.h"
#include "plan.h"
#include "value.h"
#include "verb.h"

/* The array with room for one more. */
static void *grown(void *array, int count, size_t size)
{
	return checked(reallocarray(array, count + 1, size));
}

void plan_text(struct plan *plan, const char *text)
{
	plan->texts = grown(plan->texts, plan->text_count, sizeof(*plan->texts));
	plan->texts[plan->text_count++] = text;
}

static void number_add(int **numbers, int *count, const char *text, const char *what)
{
	int number = number_parse(text, 0, INT_MAX, "a descriptor's number");
	int i;

	for (i = 0; i < *count; i++)
		if ((*numbers)[i] == number)
			usage_error("two %s cannot both be number %d", what, number);
	*numbers = grown(*numbers, *count, sizeof(**numbers));
	(*numbers)[(*count)++] = number;
}

void plan_number(struct plan *plan, const char *text)
{
	number_add(&plan->numbers, &plan->number_count, text, "sockets");
}

void plan_payload_number(struct plan *plan, const char *text)
{
	number_add(&plan->payload_numbers, &plan->payload_number_count, text, "payloads");
}

/* What systemd allows as a name. */
bool plan_name_fits(const char *name)
{
	const char *c;

	for (c = name; *c; c++)
		if (*c <= ' ' || *c > '~' || *c == ':')
			break;
	return !*c && c != name && c - name <= 255;
}

void plan_name(struct plan *plan, const char *name)
{
	char *names;

	if (!plan_name_fits(name))
		usage_error("'%s' cannot be the name of a descriptor: that has 1 to 255 visible ASCII characters and no colon",
			    name);
	if (asprintf(&names, "%s%s%s", plan->names ? : "",
		     plan->names ? ":" : "", name) < 0)
		names = checked(NULL);
	free(plan->names);
	plan->names = names;
	plan->name_count++;
}

/* Where the plan wants socket @i of all. */
int plan_number_of(const struct plan *plan, int i)
{
	return plan->number_count ? plan->numbers[i] : LISTEN_FDS_START + i;
}

static int token_add(struct plan *plan, const char *text)
{
	struct name name;
	int status = name_parse_text(text, &name);

	if (status)
		return status;
	plan->tokens = grown(plan->tokens, plan->token_count, sizeof(*plan->tokens));
	plan->tokens[plan->token_count++] = (struct plan_token){ .info = name.info };
	return EXIT_OK;
}

/*
 * A named pipe has one writer after another: while we have it open for writing
 * as well, the last of them does not end it. A descriptor, or -1.
 */
static int pipe_hold(int fd)
{
	struct statfs system;
	struct stat status;
	char path[32];

	if (fstat(fd, &status) || !S_ISFIFO(status.st_mode) ||
	    fstatfs(fd, &system) || system.f_type == PIPEFS_MAGIC)
		return -1;
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	return open(path, O_WRONLY | O_CLOEXEC);
}

static int file_read(struct plan *plan, FILE *file, const char *path)
{
	const char *shown = file == stdin ? "standard input" : path;
	int status = EXIT_OK;
	long read = 0;
	char *text;

	while (!status && (!plan->count || read < plan->count)) {
		text = name_read(file);
		if (!text)
			break;
		status = token_add(plan, text);
		free(text);
		read++;
	}
	if (!status && ferror(file))
		return failed_to(NULL, "read %s", shown);
	if (!status && read < plan->count)
		return complain("%s ended after %ld of %ld tokens", shown, read,
				plan->count);
	return status;
}

static int tokens_read(struct plan *plan, const char *path)
{
	FILE *file = names_open(path);
	int status, held = -1;

	if (!file)
		return failed_to(NULL, "open %s", path);
	/* A byte at a time: what follows the last token is for the program. */
	setvbuf(file, NULL, _IONBF, 0);
	if (plan->count)
		held = pipe_hold(fileno(file));
	status = file_read(plan, file, path);
	if (held >= 0)
		close(held);
	if (file != stdin)
		fclose(file);
	return status;
}

/* The tokens of the command line, and then those of the file. */
int plan_read(struct plan *plan)
{
	int i, status = EXIT_OK;

	for (i = 0; !status && i < plan->text_count; i++)
		status = token_add(plan, plan->texts[i]);
	if (!status && (plan->file || !plan->text_count))
		status = tokens_read(plan, plan->file ? : "-");
	return status;
}
