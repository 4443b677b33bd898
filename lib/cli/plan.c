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
#include "store.h"
#include "value.h"
#include "verb.h"

/* The array with room for one more. */
static void *grown(void *array, int count, size_t size)
{
	return checked(reallocarray(array, count + 1, size));
}

static void text_add(struct plan *plan, const char *text, bool is_name)
{
	plan->texts = grown(plan->texts, plan->text_count, sizeof(*plan->texts));
	plan->texts[plan->text_count++] = (struct plan_text){ text, is_name };
}

void plan_text(struct plan *plan, const char *text)
{
	text_add(plan, text, false);
}

void plan_kept(struct plan *plan, const char *name)
{
	store_name_check(name);
	text_add(plan, name, true);
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

void plan_payload_number(struct plan *plan, const char *text, const char *what)
{
	number_add(&plan->payload_numbers, &plan->payload_number_count, text, what);
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

/* @kept: the name that it is kept under, or NULL. */
static void token_add(struct plan *plan, const struct sockdup_protocol_info *info,
		      const char *kept)
{
	const int number = plan->token_count + 1;
	struct plan_token *token;
	char *shown;
	int size;

	size = kept ? asprintf(&shown, "token %d (kept as %s)", number, kept) :
		      asprintf(&shown, "token %d", number);
	if (size < 0)
		shown = checked(NULL);
	plan->tokens = grown(plan->tokens, plan->token_count, sizeof(*plan->tokens));
	token = &plan->tokens[plan->token_count++];
	*token = (struct plan_token){ .info = *info, .kept = kept, .shown = shown };
}

static int token_add_text(struct plan *plan, const char *text)
{
	struct name name;
	int status = name_parse_text(text, &name);

	if (!status)
		token_add(plan, &name.info, NULL);
	return status;
}

static int token_add_kept(struct plan *plan, const char *name)
{
	struct store store;
	struct kept kept;
	int status = store_open(&store, false);

	if (status)
		return status;
	status = store_read(&store, name, &kept);
	if (!status && kept.state == KEPT_NOTHING)
		status = complain("nothing is kept as %s in %s", name, store.path);
	if (!status && kept.state == KEPT_INVALID)
		status = complain("%s/%s cannot be imported: %s", store.path, name,
				  kept.reason);
	if (!status)
		token_add(plan, &kept.info, name);
	store_close(&store);
	return status;
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
		status = token_add_text(plan, text);
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
	FILE *file = names_open_sparing(path);
	int status, held = -1;

	if (!file)
		return failed_to(NULL, "open %s", path);
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
	const struct plan_text *text = plan->texts;
	const struct plan_text *end = text + plan->text_count;
	int status = EXIT_OK;

	for (; !status && text < end; text++)
		status = text->is_name ? token_add_kept(plan, text->text) :
					 token_add_text(plan, text->text);
	if (!status && (plan->file || !plan->text_count))
		status = tokens_read(plan, plan->file ? : "-");
	return status;
}
