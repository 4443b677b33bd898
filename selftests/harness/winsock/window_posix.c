// SPDX-License-Identifier: GPL-2.0-only
#include "window.h"

HWND window_open(void)
{
	return sockdup_ws_make_queue();
}

void window_close(HWND window)
{
	DestroyWindow(window);
}
