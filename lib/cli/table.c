// SPDX-License-Identifier: LGPL-2.1-or-later
#include <stdio.h>

#include <libsmartcols/libsmartcols.h>

#include "message.h"
#include "table.h"

static const char * const sequences[] = {
	[BOLD] = "\033[1m",
	[RED] = "\033[31m",
	[GREEN] = "\033[32m",
	[YELLOW] = "\033[33m",
	[MAGENTA] = "\033[35m",
	[CYAN] = "\033[36m",
};

/* As wide as it is: no cell is cut to fit a terminal. */
struct libscols_table *table_new(bool colours)
{
	struct libscols_table *table = checked(scols_new_table());

	scols_table_set_termforce(table, SCOLS_TERMFORCE_NEVER);
	scols_table_set_column_separator(table, "  ");
	scols_table_enable_noheadings(table, true);
	scols_table_enable_colors(table, colours);
	return table;
}

void table_column(struct libscols_table *table, int width)
{
	checked(scols_table_new_column(table, "", width, 0));
}

void table_row(struct libscols_table *table)
{
	checked(scols_table_new_line(table, NULL));
}

/* In the last row. */
void table_cell(struct libscols_table *table, int column, enum colour colour,
		const char *text)
{
	struct libscols_line *row;

	row = scols_table_get_line(table, scols_table_get_nlines(table) - 1);
	if (scols_line_set_data(row, column, text) ||
	    scols_cell_set_color(scols_line_get_cell(row, column),
				 sequences[colour]))
		checked(NULL);
}

/* The rows that were added since the last time. */
void table_print(struct libscols_table *table)
{
	scols_print_table(table);
	scols_table_remove_lines(table);
}
