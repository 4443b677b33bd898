// SPDX-License-Identifier: GPL-2.0-only
/*
 * The char device. One open of it is a handle. Only the process that opened it
 * counts as having the device open. The handle's tokens and registrations end with
 * it. Commands act for the process that calls.
 */

#include <linux/capability.h>
#include <linux/compat.h>
#include <linux/cred.h>
#include <linux/err.h>
#include <linux/fs.h>
#include <linux/miscdevice.h>
#include <linux/module.h>
#include <linux/nospec.h>
#include <linux/pid.h>
#include <linux/pid_namespace.h>
#include <linux/poll.h>
#include <linux/sched.h>
#include <linux/seq_file.h>
#include <linux/slab.h>
#include <linux/sockdup.h>
#include <linux/timekeeping.h>
#include <linux/uaccess.h>
#include <linux/user_namespace.h>

#include "account.h"
#include "binding.h"
#include "device.h"
#include "device_call.h"
#include "inbox.h"
#include "outcome.h"
#include "registration.h"
#include "target.h"
#include "token.h"
#include "trace.h"

/* Tokens that a handle's fdinfo lists one by one. */
#define DEVICE_FDINFO_TOKENS	64

static int device_info(struct sockdup_device_call *call)
{
	struct sockdup_info *info = &call->u.info;

	if (info->flags || info->__reserved)
		return -EINVAL;
	info->abi_version = SOCKDUP_ABI_VERSION;
	info->protocol_info_size = sizeof(struct sockdup_protocol_info);
	info->features = SOCKDUP_FEATURE_EVENTS | SOCKDUP_FEATURE_EVENT_ONCE |
			 SOCKDUP_FEATURE_EXPORT_TO_PIDFD |
			 SOCKDUP_FEATURE_EXPORT_REPORT |
			 SOCKDUP_FEATURE_EXPORT_TO_USER |
			 (IS_ENABLED(CONFIG_CGROUPS) ? SOCKDUP_FEATURE_EXPORT_TO_CGROUP : 0) |
			 SOCKDUP_FEATURE_SETS | SOCKDUP_FEATURE_INBOX;
	info->default_ttl_ms = sockdup_token_default_ttl();
	info->max_ttl_ms = sockdup_token_max_ttl();
	info->max_sockets = SOCKDUP_MAX_SOCKETS;
	info->max_payload = SOCKDUP_MAX_PAYLOAD;
	info->max_slots = SOCKDUP_MAX_SLOTS;
	info->max_message = SOCKDUP_MAX_MESSAGE;
	info->max_users = SOCKDUP_MAX_USERS;
	return sockdup_device_answer(call, sizeof(*info));
}

/**
 * struct device_command - one row of the ioctl table
 * @run: carries it out
 * @size: bytes of the struct that the kernel knows
 * @min_size: bytes of its first version
 */
struct device_command {
	int (*run)(struct sockdup_device_call *call);
	u32 size;
	u32 min_size;
};

#define DEVICE_COMMAND(_ioctl, _run, _member, _min_size)		\
	[_IOC_NR(_ioctl)] = {						\
		.run = (_run),						\
		.size = sizeof_field(struct sockdup_device_call, u._member),	\
		.min_size = (_min_size),				\
	}

static const struct device_command device_commands[] = {
	DEVICE_COMMAND(SOCKDUP_IOC_INFO, device_info, info,
		       SOCKDUP_INFO_SIZE_VER0),
	DEVICE_COMMAND(SOCKDUP_IOC_EXPORT, sockdup_device_export, export,
		       SOCKDUP_EXPORT_SIZE_VER0),
	DEVICE_COMMAND(SOCKDUP_IOC_IMPORT, sockdup_device_import, import,
		       SOCKDUP_IMPORT_SIZE_VER0),
	DEVICE_COMMAND(SOCKDUP_IOC_QUERY, sockdup_device_query, query,
		       SOCKDUP_QUERY_SIZE_VER0),
	DEVICE_COMMAND(SOCKDUP_IOC_REVOKE, sockdup_device_revoke, revoke,
		       SOCKDUP_REVOKE_SIZE_VER0),
	DEVICE_COMMAND(SOCKDUP_IOC_EVENT_SELECT, sockdup_device_event_select,
		       event_select, SOCKDUP_EVENT_SELECT_SIZE_VER0),
	DEVICE_COMMAND(SOCKDUP_IOC_EVENT_ENUMERATE, sockdup_device_event_enumerate,
		       event_enumerate, SOCKDUP_EVENT_ENUMERATE_SIZE_VER0),
	DEVICE_COMMAND(SOCKDUP_IOC_EVENT_REARM, sockdup_device_event_rearm,
		       event_rearm, SOCKDUP_EVENT_REARM_SIZE_VER0),
	DEVICE_COMMAND(SOCKDUP_IOC_EVENT_INHERIT, sockdup_device_event_inherit,
		       event_inherit, SOCKDUP_EVENT_INHERIT_SIZE_VER0),
	DEVICE_COMMAND(SOCKDUP_IOC_EVENT_QUERY, sockdup_device_event_query,
		       event_query, SOCKDUP_EVENT_QUERY_SIZE_VER0),
	DEVICE_COMMAND(SOCKDUP_IOC_INBOX, sockdup_device_inbox, inbox,
		       SOCKDUP_INBOX_SIZE_VER0),
	DEVICE_COMMAND(SOCKDUP_IOC_BIND, sockdup_device_bind, bind,
		       SOCKDUP_BIND_SIZE_VER0),
	DEVICE_COMMAND(SOCKDUP_IOC_POST_REVOKE, sockdup_device_post_revoke, post_revoke,
		       SOCKDUP_POST_REVOKE_SIZE_VER0),
};

static int device_run(struct sockdup_device_call *call, unsigned int cmd)
{
	const struct device_command *command;
	unsigned int nr = _IOC_NR(cmd);
	int err;

	if (nr >= ARRAY_SIZE(device_commands) ||
	    cmd != _IO(SOCKDUP_IOC_TYPE, nr))
		return -ENOTTY;
	command = &device_commands[array_index_nospec(nr, ARRAY_SIZE(device_commands))];

	if (get_user(call->size, (u32 __user *)call->argument))
		return -EFAULT;
	if (call->size < command->min_size)
		return -EINVAL;
	if (call->size > PAGE_SIZE)
		return -E2BIG;
	/* What the caller does not know is zero already. */
	err = copy_struct_from_user(&call->u, min(command->size, call->size),
				    call->argument, call->size);
	if (err)
		return err;
	return command->run(call);
}

static long device_ioctl_sized(struct file *file, unsigned int cmd, unsigned long argument)
{
	/* A command sees only the struct that was copied in whole. */
	struct sockdup_device_call call __uninitialized;
	int result;

	/* All of it: an initializer need not reach beyond the union's first member. */
	memset(&call, 0, sizeof(call));
	call.handle = file->private_data;
	call.argument = (void __user *)argument;
	result = device_run(&call, cmd);
	if (result < 0)
		trace_sockdup_refuse(cmd, result);
	return result;
}

static long device_ioctl(struct file *file, unsigned int cmd,
			 unsigned long argument)
{
	switch (cmd) {
	case SOCKDUP_IOC_POST:
		return sockdup_device_post(file, argument);
	case SOCKDUP_IOC_ACCEPT:
		return sockdup_device_accept(file, argument);
	default:
		return device_ioctl_sized(file, cmd, argument);
	}
}

static int device_open(struct inode *inode, struct file *file)
{
	struct sockdup_device_handle *handle;
	int err;

	handle = kmalloc(sizeof(*handle), GFP_KERNEL_ACCOUNT);
	if (!handle)
		return -ENOMEM;
	handle->target = sockdup_target_get(task_tgid(current), GFP_KERNEL_ACCOUNT);
	if (IS_ERR(handle->target)) {
		err = PTR_ERR(handle->target);
		goto err_handle;
	}
	handle->account = sockdup_account_get(current_uid(), GFP_KERNEL_ACCOUNT);
	if (IS_ERR(handle->account)) {
		err = PTR_ERR(handle->account);
		goto err_target;
	}
	handle->tokens = sockdup_token_list_new();
	if (!handle->tokens) {
		err = -ENOMEM;
		goto err_account;
	}
	handle->outcomes = sockdup_outcomes_new();
	if (!handle->outcomes) {
		err = -ENOMEM;
		goto err_tokens;
	}
	handle->users = NULL;
	atomic_set(&handle->role, SOCKDUP_ROLE_ANY);
	handle->inbox = NULL;
	handle->binding = NULL;
	sockdup_registration_list_init(&handle->registrations);
	atomic_inc(&handle->target->handles);
	file->private_data = handle;
	return nonseekable_open(inode, file);

err_tokens:
	sockdup_token_list_drop(handle->tokens);
err_account:
	sockdup_account_put(handle->account);
err_target:
	sockdup_target_put(handle->target);
err_handle:
	kfree(handle);
	return err;
}

static int device_release(struct inode *inode, struct file *file)
{
	struct sockdup_device_handle *handle = file->private_data;

	if (handle->inbox)
		sockdup_inbox_close(handle->inbox, handle->target);
	if (handle->binding)
		sockdup_binding_close(handle->binding);
	sockdup_registration_list_drop(&handle->registrations);
	sockdup_outcomes_close(handle->outcomes);
	sockdup_token_list_drop(handle->tokens);
	if (handle->users)
		sockdup_target_put(handle->users);
	atomic_dec(&handle->target->handles);
	sockdup_target_put(handle->target);
	sockdup_account_put(handle->account);
	kfree_rcu(handle, rcu);
	return 0;
}

/* A handle that a process was given tells it nothing of its opener's tokens. */
static ssize_t device_read(struct file *file, char __user *buffer, size_t size,
			   loff_t *position)
{
	struct sockdup_device_handle *handle = file->private_data;

	if (handle->target->pid != task_tgid(current))
		return -EPERM;
	return sockdup_outcomes_read(handle->outcomes, buffer, size,
				     !(file->f_flags & O_NONBLOCK));
}

/* May run in a worker for the caller, so it does not ask who that is. */
static __poll_t device_poll(struct file *file, struct poll_table_struct *table)
{
	struct sockdup_device_handle *handle = file->private_data;
	/* Pairs with the release in sockdup_device_inbox(). */
	struct sockdup_inbox *inbox = smp_load_acquire(&handle->inbox);
	/* Pairs with the release in sockdup_device_bind(). */
	struct sockdup_binding *binding = smp_load_acquire(&handle->binding);

	if (inbox)
		return sockdup_inbox_poll(inbox, file, table);
	if (binding)
		return sockdup_binding_poll(binding, file, table);
	return sockdup_outcomes_poll(handle->outcomes, file, table);
}

static bool device_reader_is_privileged(void)
{
	return ns_capable_noaudit(&init_user_ns, CAP_SYS_ADMIN);
}

/* Some tokens that wait for a process, by user and then by age. */
static void device_show_tokens(struct seq_file *m, struct sockdup_target *target)
{
	u64 now = ktime_get_boottime_ns();
	struct sockdup_token *token = NULL;
	unsigned int count = 0;

	spin_lock(&target->lock);
	seq_printf(m, "tokens:\t%u\n", target->token_count);
	while (count++ < DEVICE_FDINFO_TOKENS &&
	       (token = sockdup_token_next_of_target(target, token)))
		seq_printf(m, "token:\tid=%016llx source=%d uid=%u left_ms=%llu sockets=%u\n",
			   token->opaque.id, pid_vnr(token->source),
			   from_kuid_munged(seq_user_ns(m), token->uid),
			   sockdup_token_left_ms(token, now),
			   sockdup_token_socket_count(token));
	spin_unlock(&target->lock);
}

/* Some tokens to users that the opener's user has exported where the opener is. */
static void device_show_user_tokens(struct seq_file *m, struct file *file)
{
	struct sockdup_device_handle *handle = file->private_data;
	struct sockdup_token *token = NULL;
	u64 now = ktime_get_boottime_ns();
	struct sockdup_target *users;
	unsigned int count = 0;

	users = sockdup_target_find_known_users(handle->account,
						ns_of_pid(handle->target->pid),
						file->f_cred->user_ns);
	if (!users) {
		seq_puts(m, "user_tokens:\t0\n");
		return;
	}
	spin_lock(&users->lock);
	seq_printf(m, "user_tokens:\t%u\n", users->token_count);
	while (count++ < DEVICE_FDINFO_TOKENS &&
	       (token = sockdup_token_next_of_target(users, token)))
		seq_printf(m, "user_token:\tid=%016llx source=%d uid=%u target_uid=%u left_ms=%llu sockets=%u\n",
			   token->opaque.id, pid_vnr(token->source),
			   from_kuid_munged(seq_user_ns(m), token->uid),
			   from_kuid_munged(seq_user_ns(m), token->target_uid),
			   sockdup_token_left_ms(token, now),
			   sockdup_token_socket_count(token));
	spin_unlock(&users->lock);
	sockdup_target_put(users);
}

/*
 * Numbers are those of the reader's namespaces. The tokens that wait for the opener are
 * shown to its user, as it is now; another user who got the handle does not see them. What
 * an account has is its own user's, which the opener may no longer run as: the tokens to
 * users and, in the initial pid namespace, how many sockets there are. So is what waits in
 * an inbox that the handle is. Privileged readers see all.
 */
static void device_show_fdinfo(struct seq_file *m, struct file *file)
{
	struct sockdup_device_handle *handle = file->private_data;
	bool privileged = device_reader_is_privileged();
	bool own = privileged || uid_eq(handle->account->uid, current_uid());
	struct sockdup_inbox *inbox;

	if (own && task_active_pid_ns(current) == &init_pid_ns)
		seq_printf(m, "held:\t%ld\nbytes:\t%ld\n",
			   atomic_long_read(&handle->account->held),
			   atomic_long_read(&handle->account->bytes));
	seq_printf(m, "registrations:\t%u\n",
		   sockdup_registration_list_count(&handle->registrations));
	seq_printf(m, "reports:\t%u\n",
		   sockdup_outcomes_count(handle->outcomes));
	if (privileged || sockdup_target_is_users(handle->target))
		device_show_tokens(m, handle->target);
	if (own)
		device_show_user_tokens(m, file);
	/* Pairs with the release in sockdup_device_inbox(). */
	inbox = smp_load_acquire(&handle->inbox);
	if (own && inbox)
		sockdup_inbox_show(m, inbox);
}

static const struct file_operations device_fops = {
	.owner		= THIS_MODULE,
	.open		= device_open,
	.release	= device_release,
	.read		= device_read,
	.poll		= device_poll,
	.unlocked_ioctl	= device_ioctl,
	.compat_ioctl	= compat_ptr_ioctl,
	.show_fdinfo	= device_show_fdinfo,
};

static struct miscdevice device_misc = {
	.minor	= MISC_DYNAMIC_MINOR,
	.name	= SOCKDUP_DEVICE_NAME,
	.mode	= 0666,
	.fops	= &device_fops,
};

/**
 * sockdup_device_init - open the door
 *
 * Return: 0 or a negative errno.
 */
int __init sockdup_device_init(void)
{
	return misc_register(&device_misc);
}

/**
 * sockdup_device_exit - close the door
 */
void sockdup_device_exit(void)
{
	misc_deregister(&device_misc);
}
