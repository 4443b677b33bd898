// SPDX-License-Identifier: GPL-2.0-only
/*
 * Must not compile, and say why: a file speaks Winsock or POSIX.
 */
#include WRONG_FIRST
#include <winsock2.h>
