// SPDX-License-Identifier: GPL-2.0-only
#include "window.h"

#include "test.h"
#include "world.h"

#define STEP_MS	5

static bool message_within(HWND window, MSG *message, unsigned int milliseconds)
{
	unsigned int waited = 0;

	while (!PeekMessageA(message, window, WM_SOCKET, WM_SOCKET, PM_REMOVE)) {
		if (waited > milliseconds)
			return false;
		Sleep(STEP_MS);
		waited += STEP_MS;
	}
	return true;
}

MSG next_message(HWND window)
{
	MSG message;

	ASSERT(message_within(window, &message, WAIT_MS));
	ASSERT(message.hwnd == window);
	ASSERT_EQ(WM_SOCKET, message.message);
	return message;
}

void expect_message(HWND window, SOCKET s, long event)
{
	MSG message = next_message(window);

	ASSERT_EQ(event, WSAGETSELECTEVENT(message.lParam));
	ASSERT_EQ(0, WSAGETSELECTERROR(message.lParam));
	ASSERT_EQ(s, message.wParam);
}

void assert_no_message(HWND window)
{
	MSG message;

	ASSERT(!message_within(window, &message, QUIET_MS));
}
