/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Tables for people, by libsmartcols, which knows the width of characters and
 * shows none that would steer a terminal.
 */
#ifndef CLI_TABLE_H
#define CLI_TABLE_H

#include <stdbool.h>

enum colour {
	PLAIN,
	BOLD,
	RED,
	GREEN,
	YELLOW,
	MAGENTA,
	CYAN,
};

struct libscols_table;

struct libscols_table *table_new(bool colours);
void table_column(struct libscols_table *table, int width);
void table_row(struct libscols_table *table);
void table_cell(struct libscols_table *table, int column, enum colour colour,
		const char *text);
void table_print(struct libscols_table *table);

#endif /* CLI_TABLE_H */
