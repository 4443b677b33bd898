// SPDX-License-Identifier: GPL-2.0-only
/*
 * The device's commands that post and accept. While an acceptor has a slot in its hands,
 * user memory is written only as far as it is there. Where it is not, the slot goes back,
 * and the call begins anew once the pages are there.
 */

#include <linux/err.h>
#include <linux/fcntl.h>
#include <linux/fdtable.h>
#include <linux/file.h>
#include <linux/overflow.h>
#include <linux/pagemap.h>
#include <linux/sched/signal.h>
#include <linux/slab.h>
#include <linux/sockdup.h>
#include <linux/uaccess.h>

#include "binding.h"
#include "compat/file.h"
#include "descriptors.h"
#include "device_call.h"
#include "inbox.h"
#include "socket.h"
#include "target.h"
#include "token.h"
#include "trace.h"

/* Pages that go again so often can be read, and not be written. */
#define DEVICE_FAULT_TRIES	16

/* Word by word, as the check of a copy's size takes more than these words. */
static __always_inline int device_read_words(void *to, const void __user *from, size_t size)
{
	const u64 __user *words = from;
	u64 *read = to;
	size_t i;

	if (!user_read_access_begin(from, size))
		return -EFAULT;
	for (i = 0; i < size / sizeof(*read); i++)
		unsafe_get_user(read[i], &words[i], err_access);
	user_read_access_end();
	return 0;

err_access:
	user_read_access_end();
	return -EFAULT;
}

static void device_post_put(struct sockdup_account *account, struct file **files,
			    unsigned int count)
{
	unsigned int i;

	for (i = 0; i < count; i++)
		fput(files[i]);
	sockdup_account_return_files(account, count);
}

/* Holds the sockets at the expense of the sender. */
static __always_inline int device_post_hold(struct sockdup_account *account, const int *fds,
					    struct file **files, unsigned int count)
{
	unsigned int i;
	int err;

	err = sockdup_account_charge_files(account, count);
	if (err)
		return err;
	for (i = 0; i < count; i++) {
		files[i] = sockdup_socket_file(fds[i]);
		if (IS_ERR(files[i])) {
			err = PTR_ERR(files[i]);
			sockdup_account_return_files(account, count - i);
			device_post_put(account, files, i);
			return err;
		}
	}
	return 0;
}

/* A number that names another file by now is let alone: @files are held yet. */
static void device_post_close(const int *fds, struct file **files, unsigned int count,
			      bool posted)
{
	unsigned int i;

	for (i = 0; i < count; i++) {
		if (posted)
			sockdup_descriptor_close(fds[i], files[i]);
		fput(files[i]);
	}
}

static void device_post_get(struct file **files, unsigned int count)
{
	unsigned int i;

	for (i = 0; i < count; i++)
		get_file(files[i]);
}

static __always_inline int device_post_content(struct sockdup_binding *binding,
					       const struct sockdup_content *content,
					       bool wait, u64 *id)
{
	int err;

	for (;;) {
		err = sockdup_inbox_post(binding, content, id);
		if (likely(err != -EAGAIN) || !wait)
			return err;
		err = sockdup_binding_wait_for_room(binding);
		if (err)
			return err;
	}
}

/* Posts the sockets that @fds name, with room for their files and a message that is read. */
static __always_inline int device_post_sockets(struct sockdup_binding *binding,
					       const struct sockdup_post *post, const int *fds,
					       struct file **files, unsigned int count,
					       const void *message, bool wait, u64 *id)
{
	const struct sockdup_content content = {
		.files = files,
		.count = count,
		.message = message,
		.message_size = message ? post->message_size : 0,
		.cookie = post->cookie,
		.ttl_ms = post->ttl_ms ?: sockdup_token_default_ttl(),
	};
	bool closes = unlikely(post->flags & SOCKDUP_POST_CLOSE);
	int err;

	err = device_post_hold(binding->account, fds, files, count);
	if (err)
		return err;
	/* Once they are posted, the others are the inbox's. */
	if (closes)
		device_post_get(files, count);
	err = device_post_content(binding, &content, wait, id);
	if (closes)
		device_post_close(fds, files, count, !err);
	if (unlikely(err))
		device_post_put(binding->account, files, count);
	return err;
}

/* In one piece: files, descriptors and the message, as they lie in user memory. */
static void *device_post_read(const struct sockdup_post *post, struct file ***files, int **fds)
{
	const unsigned int count = max(post->socket_count, 1U);
	const size_t size = array_size(count, sizeof(**fds));
	void *memory, *message;

	memory = kvmalloc(array_size(count, sizeof(**files)) + size + post->message_size,
			  GFP_KERNEL_ACCOUNT);
	if (!memory)
		return ERR_PTR(-ENOMEM);
	*files = memory;
	*fds = memory + array_size(count, sizeof(**files));
	message = (void *)*fds + size;
	if (!post->socket_count)
		**fds = post->fd;
	else if (copy_from_user(*fds, u64_to_user_ptr(post->fds), size))
		goto err_memory;
	if (copy_from_user(message, u64_to_user_ptr(post->message), post->message_size))
		goto err_memory;
	return message;

err_memory:
	kvfree(memory);
	return ERR_PTR(-EFAULT);
}

/* Several sockets, or a message. */
static noinline int device_post_large(struct sockdup_binding *binding,
				      const struct sockdup_post *post, bool wait, u64 *id)
{
	struct file **files;
	void *message;
	int *fds, err;

	message = device_post_read(post, &files, &fds);
	if (IS_ERR(message))
		return PTR_ERR(message);
	err = device_post_sockets(binding, post, fds, files, max(post->socket_count, 1U), message,
				  wait, id);
	kvfree(files);
	return err;
}

/* What is wrong with a post, or 0. */
static int device_post_check(const struct sockdup_device_handle *handle,
			     const struct sockdup_binding *binding,
			     const struct sockdup_post *post)
{
	if (post->flags & ~SOCKDUP_POST_CLOSE || post->__reserved ||
	    post->ttl_ms > sockdup_token_max_ttl() ||
	    (post->socket_count && post->fd != -1))
		return -EINVAL;
	if (!binding)
		return -ENOTCONN;
	if (!sockdup_device_is_owner(handle))
		return -EPERM;
	if (post->message_size > binding->inbox->message_size ||
	    post->socket_count > binding->inbox->max_sockets)
		return -EMSGSIZE;
	return 0;
}

static __always_inline int device_post(const struct sockdup_device_handle *handle,
				       struct sockdup_post __user *argument, bool wait)
{
	/* Pairs with the release in sockdup_device_bind(). */
	struct sockdup_binding *binding = smp_load_acquire(&handle->binding);
	struct sockdup_post post __uninitialized;
	struct file *file;
	u64 id;
	int err;

	err = device_read_words(&post, argument, sizeof(post)) ?:
	      device_post_check(handle, binding, &post);
	if (err)
		return err;
	if (post.socket_count || post.message_size)
		err = device_post_large(binding, &post, wait, &id);
	else
		err = device_post_sockets(binding, &post, &post.fd, &file, 1, NULL, wait,
					  &id);
	if (err)
		return err;
	/* It is posted, whether or not the caller can be told its name. */
	(void)put_user(id, &argument->id);
	return 0;
}

static bool device_waits(const struct file *file)
{
	return !(file->f_flags & O_NONBLOCK);
}

/**
 * sockdup_device_post - the command SOCKDUP_IOC_POST
 * @file: the handle's
 * @argument: where the caller's struct lies
 *
 * Return: 0, or an error that &struct sockdup_post lists.
 */
long sockdup_device_post(struct file *file, unsigned long argument)
{
	int err = device_post(file->private_data, (void __user *)argument, device_waits(file));

	/* A call that a signal ends has not been refused. */
	if (err && err != -ERESTARTSYS)
		trace_sockdup_refuse(SOCKDUP_IOC_POST, err);
	return err;
}

/* All that the caller is told of a post before it has the sockets. */
static int device_accept_tell(const struct sockdup_accept *accept, struct sockdup_slot *slot,
			      struct sockdup_accept __user *argument)
{
	const struct sockdup_identity source =
		sockdup_device_identity(slot->binding->sender, slot->uid, slot->gid);

	if (!user_write_access_begin(argument, sizeof(*argument)))
		return -EFAULT;
	unsafe_put_user(slot->cookie, &argument->cookie, err_access);
	unsafe_put_user(slot->id, &argument->id, err_access);
	unsafe_put_user(source.pid, &argument->source.pid, err_access);
	unsafe_put_user(source.uid, &argument->source.uid, err_access);
	unsafe_put_user(source.gid, &argument->source.gid, err_access);
	unsafe_put_user(0, &argument->source.__reserved, err_access);
	unsafe_put_user(slot->count, &argument->socket_count, err_access);
	unsafe_put_user(slot->message_size, &argument->message_size, err_access);
	user_write_access_end();
	if (slot->count > max(accept->socket_room, 1U) ||
	    slot->message_size > accept->message_room)
		return -EMSGSIZE;
	if (slot->message_size &&
	    copy_to_user(u64_to_user_ptr(accept->message), sockdup_slot_message(slot),
			 slot->message_size))
		return -EFAULT;
	return accept->socket_room ? sockdup_device_write_fds(u64_to_user_ptr(accept->fds), NULL,
							       slot->count) : 0;

err_access:
	user_write_access_end();
	return -EFAULT;
}

/* Page by page, as some kernels do not tell of a later one that is missing. */
static bool device_fault_in(u64 address, size_t size)
{
	size_t part;

	for (; size; address += part, size -= part) {
		part = min_t(size_t, size, PAGE_SIZE - offset_in_page(address));
		if (fault_in_safe_writeable(u64_to_user_ptr(address), part))
			return false;
	}
	return true;
}

/* As much as the largest post takes. What was there stays. */
static bool device_accept_fault_in(const struct sockdup_inbox *inbox,
				   const struct sockdup_accept *accept,
				   struct sockdup_accept __user *argument)
{
	unsigned int message = min(accept->message_room, inbox->message_size);
	unsigned int sockets = min(accept->socket_room, inbox->max_sockets);

	return device_fault_in((unsigned long)argument, sizeof(*argument)) &&
	       device_fault_in(accept->message, message) &&
	       device_fault_in(accept->fds, array_size(sockets, sizeof(s32)));
}

/* A post that has told its acceptor what it is; or an error, and the first post stays. */
static struct sockdup_slot *device_accept_slot(struct sockdup_inbox *inbox,
					       const struct sockdup_accept *accept,
					       struct sockdup_accept __user *argument,
					       bool wait)
{
	struct sockdup_slot *slot;
	unsigned int tries;
	int err = -EFAULT;

	for (tries = 0; tries < DEVICE_FAULT_TRIES; tries++) {
		slot = sockdup_inbox_take(inbox, wait);
		if (IS_ERR(slot))
			return slot;
		pagefault_disable();
		err = device_accept_tell(accept, slot, argument);
		pagefault_enable();
		if (likely(!err))
			return slot;
		sockdup_slot_restore(slot);
		if (err != -EFAULT || !device_accept_fault_in(inbox, accept, argument))
			return ERR_PTR(err);
		if (signal_pending(current))
			return ERR_PTR(-ERESTARTSYS);
		cond_resched();
	}
	return ERR_PTR(err);
}

/* Whether another try to install descriptors may succeed. */
static bool device_accept_may_succeed(int err)
{
	return err == -EMFILE || err == -ENFILE || err == -ENOMEM;
}

static void device_accept_fail(struct sockdup_slot *slot, int err)
{
	if (device_accept_may_succeed(err))
		sockdup_slot_restore(slot);
	else
		sockdup_slot_drop(slot, SOCKDUP_POST_REFUSED);
}

static __always_inline void device_accept_succeed(struct sockdup_slot *slot)
{
	trace_sockdup_accept(slot);
	sockdup_slot_spend(slot);
}

static int device_accept_one(struct sockdup_slot *slot, unsigned int flags)
{
	int fd = sockdup_receive_fd(slot->sockets[0].charge.file, flags);

	if (likely(fd >= 0))
		device_accept_succeed(slot);
	else
		device_accept_fail(slot, fd);
	return fd;
}

static noinline int device_accept_several(const struct sockdup_accept *accept,
					  struct sockdup_slot *slot, unsigned int flags)
{
	const unsigned int count = slot->count;
	int few[SOCKDUP_DEVICE_FEW_SOCKETS], *fds = few;
	int err = -ENOMEM;

	if (count > ARRAY_SIZE(few))
		fds = kmalloc_array(count, sizeof(*fds), GFP_KERNEL_ACCOUNT);
	if (fds)
		err = sockdup_descriptors_check(count) ?:
		      sockdup_descriptors_receive(slot->sockets, count, fds, flags);
	if (err) {
		device_accept_fail(slot, err);
	} else {
		device_accept_succeed(slot);
		err = sockdup_device_answer_fds(u64_to_user_ptr(accept->fds), fds, count);
	}
	if (fds != few)
		kfree(fds);
	return err;
}

static __always_inline int device_accept(const struct sockdup_device_handle *handle,
					 struct sockdup_accept __user *argument, bool wait)
{
	/* Pairs with the release in sockdup_device_inbox(). */
	struct sockdup_inbox *inbox = smp_load_acquire(&handle->inbox);
	struct sockdup_accept accept __uninitialized;
	struct sockdup_slot *slot;
	unsigned int flags;

	if (device_read_words(&accept, argument, offsetof(struct sockdup_accept, cookie)))
		return -EFAULT;
	if (accept.flags & ~SOCKDUP_ACCEPT_INHERITABLE || accept.__reserved || !inbox)
		return -EINVAL;
	if (handle->target->pid != task_tgid(current))
		return -EPERM;
	slot = device_accept_slot(inbox, &accept, argument, wait);
	if (IS_ERR(slot))
		return PTR_ERR(slot);
	flags = accept.flags & SOCKDUP_ACCEPT_INHERITABLE ? 0 : O_CLOEXEC;
	return accept.socket_room ? device_accept_several(&accept, slot, flags) :
				     device_accept_one(slot, flags);
}

/**
 * sockdup_device_accept - the command SOCKDUP_IOC_ACCEPT
 * @file: the handle's
 * @argument: where the caller's struct lies
 *
 * Return: the new descriptor; 0 for several; or an error that &struct sockdup_accept lists.
 */
long sockdup_device_accept(struct file *file, unsigned long argument)
{
	int fd = device_accept(file->private_data, (void __user *)argument, device_waits(file));

	/* Likewise. */
	if (fd < 0 && fd != -ERESTARTSYS)
		trace_sockdup_refuse(SOCKDUP_IOC_ACCEPT, fd);
	return fd;
}
