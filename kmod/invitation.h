/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef SOCKDUP_INVITATION_H
#define SOCKDUP_INVITATION_H

struct file;
struct sockdup_inbox;

struct file *sockdup_invitation_new(struct sockdup_inbox *inbox);
struct sockdup_inbox *sockdup_invitation_inbox(const struct file *file);

#endif /* SOCKDUP_INVITATION_H */
