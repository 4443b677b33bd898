/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Invitations that an inbox makes.
 */
#ifndef CLI_INVITATION_H
#define CLI_INVITATION_H

#include <sockdup.h>

void invitation_add(const char *text, unsigned int flags);
void invitation_ttl(const char *text);
void invitations_check(const struct sockdup_inbox_options *inbox);
int invitations_show(int inbox);

#endif /* CLI_INVITATION_H */
