# SPDX-License-Identifier: GPL-2.0-only
#
# Draws ratios.data, inbox.data and alive.data of the current directory, which have so
# many `kernels`; `form` is the kind of file.

set grid ytics
set key outside above horizontal
set termoption noenhanced
set datafile separator "\t"

# A kernel has two columns: its values, and the aims, which are marks.
set style data histograms
set style histogram clustered gap 1
set style fill solid 0.8 noborder
set yrange [0:*]
set bmargin 6
place(row, kernel) = row + (kernel - (kernels - 1) / 2.) / (kernels + 1)
do for [name in "ratios inbox"] {
	set output sprintf("%s.%s", name, form)
	set title sprintf("%s against the others, by instructions; marks are the aims", \
			  name eq "inbox" ? "an inbox" : "tokens and registrations")
	plot for [i = 0:kernels - 1] name.".data" \
			using 2 + 2 * i:xticlabels(1) title columnheader(2 + 2 * i), \
		for [i = 0:kernels - 1] name.".data" skip 1 \
			using (place($0, i)):3 + 2 * i:(0.4 / (kernels + 1)) \
			with xerrorbars pointtype 0 linewidth 3 linecolor "black" notitle
}

set output sprintf("alive.%s", form)
set title "one process, by instructions"
set xlabel "tokens of others alive"
set logscale x
set format x "%.0f"
set rmargin 5
set key maxrows 2
set style data linespoints
plot for [i = 2:2 * kernels + 1] "alive.data" using 1:i title columnheader(i)
