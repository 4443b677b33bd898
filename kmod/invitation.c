// SPDX-License-Identifier: GPL-2.0-only
/*
 * What a token holds that invites to an inbox: a file in the place of a socket's, so that
 * the token is charged, found and ended like any other. No process gets a descriptor of it.
 */

#include <linux/anon_inodes.h>
#include <linux/err.h>
#include <linux/fcntl.h>
#include <linux/fs.h>
#include <linux/module.h>
#include <linux/refcount.h>

#include "inbox.h"
#include "invitation.h"

static int invitation_release(struct inode *inode, struct file *file)
{
	sockdup_inbox_put(file->private_data);
	return 0;
}

static const struct file_operations invitation_fops = {
	.owner		= THIS_MODULE,
	.release	= invitation_release,
};

/**
 * sockdup_invitation_new - make an invitation
 * @inbox: that it is to, held by the caller
 *
 * Return: the file, to be put; ERR_PTR(-ENFILE) or ERR_PTR(-ENOMEM).
 */
struct file *sockdup_invitation_new(struct sockdup_inbox *inbox)
{
	struct file *file;

	refcount_inc(&inbox->ref);
	file = anon_inode_getfile("[sockdup_invitation]", &invitation_fops, inbox, O_RDONLY);
	if (IS_ERR(file))
		sockdup_inbox_put(inbox);
	return file;
}

/**
 * sockdup_invitation_inbox - the inbox that an invitation is to
 * @file: of a token that invites; held by the caller
 *
 * Return: the inbox, to be put.
 */
struct sockdup_inbox *sockdup_invitation_inbox(const struct file *file)
{
	struct sockdup_inbox *inbox = file->private_data;

	refcount_inc(&inbox->ref);
	return inbox;
}
