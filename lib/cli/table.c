// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Tables: as many rows as the columns' widths are found by are kept, then shown.
 */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli.h"

#define COLUMNS		12
#define ROWS		256

struct table_cell {
	char *text;
	enum colour colour;
};

static struct table {
	bool colours;
	bool streaming;
	bool titles_shown;
	int columns;
	int column;
	int rows;
	int widths[COLUMNS];
	const char *titles[COLUMNS];
	struct table_cell cells[ROWS][COLUMNS];
} table;

const char *colour_on(enum colour colour)
{
	static const char * const codes[] = {
		[PLAIN] = "", [BOLD] = "\033[1m", [RED] = "\033[31m",
		[GREEN] = "\033[32m", [YELLOW] = "\033[33m",
		[MAGENTA] = "\033[35m", [CYAN] = "\033[36m",
	};

	return codes[colour];
}

const char *colour_off(enum colour colour)
{
	return colour == PLAIN ? "" : "\033[0m";
}

void table_begin(bool colours, bool streaming)
{
	table.colours = colours;
	table.streaming = streaming;
}

static void widen(int column, const char *text)
{
	int width = strlen(text);

	if (width > table.widths[column])
		table.widths[column] = width;
}

/* Takes @text over. */
void table_cell(enum colour colour, const char *title, char *text)
{
	int column = table.column++;

	table.cells[table.rows][column] = (struct table_cell){
		.text = text,
		.colour = table.colours ? colour : PLAIN,
	};
	table.titles[column] = title;
	table.columns = table.column;
	widen(column, title);
	widen(column, text);
}

static void show(int column, enum colour colour, const char *text)
{
	bool last = column == table.columns - 1;

	printf("%s%s%s", colour_on(colour), text, colour_off(colour));
	if (last)
		putchar('\n');
	else
		printf("%*s", table.widths[column] + 2 - (int)strlen(text), "");
}

static void show_titles(void)
{
	int column;

	for (column = 0; column < table.columns; column++)
		show(column, table.colours ? BOLD : PLAIN,
		     table.titles[column]);
	table.titles_shown = true;
}

static void show_rows(void)
{
	struct table_cell *cell;
	int row, column;

	if (!table.titles_shown)
		show_titles();
	for (row = 0; row < table.rows; row++) {
		for (column = 0; column < table.columns; column++) {
			cell = &table.cells[row][column];
			show(column, cell->colour, cell->text);
			free(cell->text);
		}
	}
	table.rows = 0;
}

void table_row_end(void)
{
	table.column = 0;
	table.rows++;
	if (table.rows == ROWS || table.streaming)
		show_rows();
}

void table_end(void)
{
	if (table.rows)
		show_rows();
}
