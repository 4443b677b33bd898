// SPDX-License-Identifier: GPL-2.0-only
#include "window.h"

/* It is never shown, and takes no screen. */
HWND window_open(void)
{
	return CreateWindowExA(0, "Message", NULL, 0, 0, 0, 0, 0, HWND_MESSAGE, NULL, NULL,
			       NULL);
}

void window_close(HWND window)
{
	DestroyWindow(window);
}
