// SPDX-License-Identifier: LGPL-2.1-or-later
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "escape.h"
#include "message.h"
#include "output.h"
#include "verb.h"

static enum format format;
static const char *colour_when = "auto";
static bool without_titles;

/* What is under way. */
static enum shape shape;
static struct libscols_table *table;
static const char * const *titles;
static const char *group;
static const char *items;
static char item_key[32];
static int item_count;
static int records;
static int cells;
static int fields;

void output_format(enum format wanted)
{
	format = wanted;
}

/* False where there is no such choice. */
bool output_colour(const char *when)
{
	colour_when = when;
	return !strcmp(when, "auto") || !strcmp(when, "always") ||
	       !strcmp(when, "never");
}

void output_no_titles(void)
{
	without_titles = true;
}

static bool colours_wanted(void)
{
	const char *refused = getenv("NO_COLOR");

	if (!strcmp(colour_when, "auto"))
		return isatty(STDOUT_FILENO) && !(refused && *refused);
	return !strcmp(colour_when, "always");
}

bool output_for_people(void)
{
	return format == FORMAT_PEOPLE;
}

static bool titles_beside(void)
{
	return shape == SHAPE_DETAILS || shape == SHAPE_ONE;
}

static bool output_is_array(void)
{
	return shape == SHAPE_LIST || shape == SHAPE_DETAILS;
}

void output_begin(enum shape wanted)
{
	shape = wanted;
	if (output_for_people())
		table = table_new(colours_wanted());
}

/* The rows so far, as a stream shows them. */
static void table_flush(void)
{
	table_print(table);
	fflush(stdout);
}

static void titles_above(const int *widths)
{
	int i;

	for (i = 0; titles[i]; i++)
		table_column(table, widths ? widths[i] : 0);
	if (without_titles)
		return;
	table_row(table);
	for (i = 0; titles[i]; i++)
		table_cell(table, i, BOLD, titles[i]);
	if (shape == SHAPE_STREAM)
		table_flush();
}

/*
 * Of the cells that follow, in their order, up to a NULL. @widths: the least of
 * each column, where rows are shown before those that follow are known; or NULL.
 */
void output_titles(const char * const *wanted, const int *widths)
{
	if (!output_for_people())
		return;
	if (!titles && titles_beside()) {
		table_column(table, 14);
		table_column(table, 0);
	}
	titles = wanted;
	cells = 0;
	if (!titles_beside())
		titles_above(widths);
}

/* A bracket of JSON. No record has been before the first, nor has its own. */
static void array_next(void)
{
	fputs(records ? ",\n " : "[\n ", stdout);
}

void record_begin(void)
{
	fields = 0;
	cells = 0;
	if (format == FORMAT_JSON) {
		if (output_is_array())
			array_next();
		putchar('{');
	} else if (output_for_people()) {
		if (!titles_beside())
			table_row(table);
		else if (records)
			putchar('\n');
	}
}

void record_end(void)
{
	records++;
	if (output_for_people()) {
		if (titles_beside())
			table_print(table);
		else if (shape == SHAPE_STREAM)
			table_flush();
		return;
	}
	if (format == FORMAT_JSON)
		putchar('}');
	if (format == FORMAT_LINES || !output_is_array())
		putchar('\n');
	if (shape == SHAPE_STREAM)
		fflush(stdout);
}

void cell(enum colour colour, const char *words, ...)
{
	int column = cells;
	va_list arguments;
	char *text;

	if (!output_for_people())
		return;
	va_start(arguments, words);
	if (vasprintf(&text, words, arguments) < 0)
		text = checked(NULL);
	va_end(arguments);
	if (titles_beside()) {
		table_row(table);
		table_cell(table, 0, PLAIN, titles[cells]);
		column = 1;
	}
	table_cell(table, column, colour, text);
	free(text);
	cells++;
}

/* Whether fields are wanted, with what stands before the value if so. */
static bool field_begin(const char *key)
{
	if (output_for_people())
		return false;
	if (format == FORMAT_JSON)
		printf("%s\"%s\": ", fields ? ", " : "", key);
	else
		printf("%s%s%s%s=", fields ? " " : "", group ? : "",
		       group ? "." : "", key);
	fields++;
	return true;
}

/* Fields that belong together: an object, keys that start alike, a paragraph. */
void group_begin(const char *key)
{
	if (format == FORMAT_JSON) {
		field_begin(key);
		putchar('{');
		fields = 0;
	} else if (output_for_people() && fields) {
		putchar('\n');
	}
	group = key;
}

void group_end(void)
{
	if (format == FORMAT_JSON)
		putchar('}');
	else if (output_for_people())
		table_print(table);
	group = NULL;
	fields = 1;
}

/* Groups of one kind: an array of objects, keys that a number joins. */
void items_begin(const char *key)
{
	if (format == FORMAT_JSON && field_begin(key))
		putchar('[');
	items = key;
	item_count = 0;
}

void item_begin(void)
{
	if (format == FORMAT_JSON) {
		fputs(item_count ? ", {" : "{", stdout);
		fields = 0;
	}
	snprintf(item_key, sizeof(item_key), "%s.%d", items, item_count++);
	group = item_key;
}

void item_end(void)
{
	group_end();
}

void items_end(void)
{
	if (format == FORMAT_JSON)
		putchar(']');
	fields = 1;
}

/* A zero byte is behind the @size bytes of the value. */
void field_bytes(const char *key, const char *value, size_t size)
{
	char *escaped;

	if (!field_begin(key))
		return;
	if (format == FORMAT_JSON) {
		escaped = escape_bytes_for_json(value, size);
		printf("\"%s\"", escaped);
	} else {
		escaped = escape_bytes_for_line(value, size);
		fputs(escaped, stdout);
	}
	free(escaped);
}

void field_text(const char *key, const char *value)
{
	field_bytes(key, value, strlen(value));
}

void field_number(const char *key, long long number)
{
	if (field_begin(key))
		printf("%lld", number);
}

void field_unsigned(const char *key, unsigned long long number)
{
	if (field_begin(key))
		printf("%llu", number);
}

void field_boolean(const char *key, bool value)
{
	if (field_begin(key))
		fputs(value ? "true" : "false", stdout);
}

/* An absent value: null in JSON, and nothing in lines. */
void field_null(const char *key)
{
	if (format == FORMAT_JSON && field_begin(key))
		fputs("null", stdout);
}

/* An exit code: standard output may be full, or closed. */
int output_end(void)
{
	if (output_for_people() && !titles_beside())
		table_print(table);
	else if (format == FORMAT_JSON && output_is_array())
		fputs(records ? "\n]\n" : "[]\n", stdout);
	if (fflush(stdout) || ferror(stdout))
		return failed_to(NULL, "write to standard output");
	return EXIT_OK;
}
