// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Records on standard output, in the format that was asked for.
 */

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli.h"

static enum format format;
static enum shape shape;
static const char *colour_when = "auto";
static bool colours;
static unsigned int records;
static unsigned int fields;

void output_format(enum format wanted)
{
	format = wanted;
}

void output_colour(const char *when)
{
	if (strcmp(when, "auto") && strcmp(when, "always") &&
	    strcmp(when, "never"))
		usage_error("'%s' is not auto, always or never", when);
	colour_when = when;
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

static bool output_is_table(void)
{
	return output_for_people() &&
	       (shape == SHAPE_LIST || shape == SHAPE_STREAM);
}

static bool output_is_array(void)
{
	return format == FORMAT_JSON &&
	       (shape == SHAPE_LIST || shape == SHAPE_DETAILS);
}

void output_begin(enum shape wanted)
{
	shape = wanted;
	colours = colours_wanted();
	if (output_is_table())
		table_begin(colours, shape == SHAPE_STREAM);
	else if (output_is_array())
		putchar('[');
}

void record_begin(void)
{
	fields = 0;
	if (format == FORMAT_JSON) {
		if (output_is_array())
			fputs(records ? ",\n " : "\n ", stdout);
		putchar('{');
	} else if (output_for_people() && shape == SHAPE_DETAILS && records) {
		putchar('\n');
	}
}

void record_end(void)
{
	records++;
	if (output_is_table())
		table_row_end();
	else if (format == FORMAT_JSON)
		fputs(output_is_array() ? "}" : "}\n", stdout);
	else if (format == FORMAT_LINES)
		putchar('\n');
	if (shape == SHAPE_STREAM)
		fflush(stdout);
}

void cell(enum colour colour, const char *title, const char *words, ...)
{
	char *text, *escaped;
	va_list arguments;

	if (!output_for_people())
		return;
	va_start(arguments, words);
	if (vasprintf(&text, words, arguments) < 0)
		text = checked(NULL);
	va_end(arguments);
	escaped = escape_for_people(text);
	free(text);
	if (output_is_table()) {
		table_cell(colour, title, escaped);
		return;
	}
	if (!colours)
		colour = PLAIN;
	printf("%-14s %s%s%s\n", title, colour_on(colour), escaped,
	       colour_off(colour));
	free(escaped);
}

/* Whether fields are wanted, with what stands before the value if so. */
static bool field_begin(const char *key)
{
	if (output_for_people())
		return false;
	if (format == FORMAT_JSON)
		printf("%s\"%s\": ", fields ? ", " : "", key);
	else
		printf("%s%s=", fields ? " " : "", key);
	fields++;
	return true;
}

void field_text(const char *key, const char *value)
{
	char *escaped;

	if (!field_begin(key))
		return;
	if (format == FORMAT_JSON) {
		escaped = escape_for_json(value);
		printf("\"%s\"", escaped);
	} else {
		escaped = escape_for_line(value);
		fputs(escaped, stdout);
	}
	free(escaped);
}

void field_number(const char *key, long long number)
{
	if (field_begin(key))
		printf("%lld", number);
}

/* A value that there is not: no word at all but in JSON. */
void field_null(const char *key)
{
	if (format == FORMAT_JSON && field_begin(key))
		fputs("null", stdout);
}

/* An exit code: standard output may be full, or closed. */
int output_end(void)
{
	if (output_is_table())
		table_end();
	else if (output_is_array())
		fputs(records ? "\n]\n" : "]\n", stdout);
	if (fflush(stdout) || ferror(stdout))
		return failed_to(NULL, "write to standard output");
	return EXIT_OK;
}
