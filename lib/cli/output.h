/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Records on standard output. People see columns and cells, programs get fields.
 * Callers call for both; the calls for the other kind do nothing.
 */
#ifndef CLI_OUTPUT_H
#define CLI_OUTPUT_H

#include <stdbool.h>
#include <stddef.h>

#include "table.h"

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

void output_format(enum format format);
bool output_colour(const char *when);
void output_no_titles(void);
bool output_for_people(void);
void output_begin(enum shape shape);
void output_titles(const char * const *titles, const int *widths);
void record_begin(void);
void record_end(void);
void group_begin(const char *key);
void group_end(void);
void items_begin(const char *key);
void item_begin(void);
void item_end(void);
void items_end(void);
[[gnu::format(printf, 2, 3)]]
void cell(enum colour colour, const char *format, ...);
void field_text(const char *key, const char *value);
void field_bytes(const char *key, const char *value, size_t size);
void field_number(const char *key, long long number);
void field_unsigned(const char *key, unsigned long long number);
void field_boolean(const char *key, bool value);
void field_null(const char *key);
int output_end(void);

#endif /* CLI_OUTPUT_H */
