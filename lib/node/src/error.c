// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Errors as Node's own system calls have them: code is the name of the errno,
 * errno is negative, syscall is the library's function.
 */

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "value.h"

/*
 * What an errno means to one function and those whose names begin likewise, or to all
 * where call is NULL: every cause that it can have. The first that fits counts.
 */
static const struct {
	const char *call;
	int number;
	const char *meaning;
} meanings[] = {
	{ "sockdup_export_set", EINVAL,
	  "there is no socket, or more than 1024; or target is a thread's id, the socket that names the target is not one of AF_UNIX, uid is no user of this user namespace, cgroup is the root of all control groups, or ttl is above info().maxTtl"
	},
	{ "sockdup_export_set", EMSGSIZE, "the payload has more than 65536 bytes" },
	{ "sockdup_export_set", ENOBUFS,
	  "live tokens of this user hold as many sockets as RLIMIT_NOFILE allows, or as many bytes as the module's max_user_bytes, or 4096 outcomes are to come"
	},
	{ "sockdup_export_set", E2BIG,
	  "the loaded module has no sets of sockets and no payloads, or takes no control groups" },
	{ "sockdup_export", EBADF,
	  "the descriptor of a socket is not open, or cgroup is not a directory of control groups of version 2"
	},
	{ "sockdup_export", ENOTSOCK, "a descriptor is not a socket's" },
	{ "sockdup_export", EINVAL,
	  "target is a thread's id, the socket that names the target is not one of AF_UNIX, uid is no user of this user namespace, cgroup is the root of all control groups, or ttl is above info().maxTtl"
	},
	{ "sockdup_export", EPERM,
	  "a ttl above the default needs a target of the same user, one that has opened the device, a control group whose directory this user may write to, or CAP_SYS_RESOURCE"
	},
	{ "sockdup_export", ESRCH,
	  "there is no such process, it has ended or is a kernel thread, or the control group has been removed"
	},
	{ "sockdup_export", ENOTCONN, "the socket that names the target has no peer" },
	{ "sockdup_export", ENOBUFS,
	  "live tokens of this user hold as many sockets as RLIMIT_NOFILE allows, or 4096 outcomes are to come"
	},
	{ "sockdup_export", E2BIG, "the loaded module takes no control groups" },
	{ "sockdup_import_set", EMFILE,
	  "this process cannot have as many more descriptors as the token has sockets" },
	{ "sockdup_import_set", E2BIG, "the module has no sets" },
	{ "sockdup_import", EMSGSIZE,
	  "the token holds several sockets or a payload: fromShareSet() imports it" },
	{ "sockdup_import", EINVAL,
	  "these bytes are no protocol info, or those of an invitation, which bind() or joinInbox() spends"
	},
	{ "sockdup_import", EPERM, "the token is not for this process" },
	{ "sockdup_import", EACCES,
	  "a security module refused, and the token lives on, or this user may not open /dev/sockdup"
	},
	{ "sockdup_query", EINVAL, "these bytes are no protocol info" },
	{ "sockdup_query", EPERM, "the token is another user's, and not for this process" },
	{ "sockdup_revoke", EINVAL, "these bytes are no protocol info" },
	{ "sockdup_revoke", EPERM, "the token is another user's, and not for this process" },
	{ "sockdup_info_to_text", EINVAL, "these bytes are no protocol info" },
	{ "sockdup_info_from_text", EINVAL, "this is not the text form of a token" },
	{ "sockdup_info_from_text", EBADMSG, "characters of the text have been altered" },
	{ "sockdup_subscribe", EPERM, "notifications need CAP_NET_ADMIN" },
	{ "sockdup_unix_path_take", EBADF, "the descriptor is not open" },
	{ "sockdup_unix_path_take", EAFNOSUPPORT, "the socket is not one of AF_UNIX" },
	{ "sockdup_unix_path_take", EINVAL, "the socket is not bound" },
	{ "sockdup_unix_path_take", EISCONN,
	  "the socket is a connection, and the path its listener's" },
	{ "sockdup_unix_path_take", ENOENT, "the socket's path leads nowhere" },
	{ "sockdup_unix_path_take", ENOTDIR, "the socket's path leads nowhere" },
	{ "sockdup_unix_path_take", ESTALE, "the socket's path leads to another file" },
	{ "sockdup_unix_path_take", EOPNOTSUPP,
	  "the kernel does not tell which file the socket is bound to: it needs unix_diag" },
	{ "sockdup_unix_path_take", EPERM,
	  "this user may not link the socket's file, or the file system has no hard links" },
	{ "sockdup_unix_path_take", EXDEV, "the path is a mount point" },
	{ "sockdup_unix_path_watch", EACCES, "this user may not read the socket's file" },
	{ "sockdup_unix_path_watch", ENOSPC,
	  "this user has as many watches as fs.inotify.max_user_watches allows" },
	{ "sockdup_unix_path_watch", ENOENT, "/proc is not mounted" },
	{ "sockdup_unix_path_restore", EEXIST, "another file has the name" },
	{ "sockdup_unix_path_restore", ESTALE, "the second link has been removed or replaced" },
	{ "sockdup_unix_path_restore", EPERM,
	  "this user may neither link nor rename the socket's file" },
	{ "sockdup_unix_path_restore", ENOENT, "the directory was removed" },
	{ "sockdup_unix_path", EBADF, "the path has been released" },
	{ "sockdup_unix_path", EACCES, "this user may not write to the directory" },
	{ "sockdup_inbox_open", EINVAL,
	  "slots, messageSize, maxSockets or the number of users is above its limit, or a user is listed twice or is none of this user namespace"
	},
	{ "sockdup_inbox_open", ENOBUFS,
	  "slots of this user's inboxes and sets of its tokens would take more bytes than the module's max_user_bytes"
	},
	{ "sockdup_inbox_join", EINVAL, "the token is no invitation to accept" },
	{ "sockdup_inbox_join", EPERM, "the invitation is not for this process" },
	{ "sockdup_inbox_join", ECONNREFUSED, "the inbox has ended" },
	{ "sockdup_inbox_bind_invited", EINVAL, "the token is no invitation to post" },
	{ "sockdup_inbox_bind_invited", EPERM, "the invitation is not for this process" },
	{ "sockdup_inbox_bind_invited", ECONNREFUSED,
	  "the inbox has ended, or listed users are sure to have all its slots" },
	{ "sockdup_inbox_bind", EBADF, "pidfd is not an open descriptor of a process" },
	{ "sockdup_inbox_bind", EINVAL,
	  "target is a thread's id, or the socket that names the target is not one of AF_UNIX" },
	{ "sockdup_inbox_bind", ENOTCONN, "the socket that names the target has no peer" },
	{ "sockdup_inbox_bind", ESRCH, "there is no such process, or it has ended" },
	{ "sockdup_inbox_bind", ECONNREFUSED,
	  "the process has no inbox, or none for this user" },
	{ "sockdup_inbox_invite", EBADF,
	  "the inbox is closed, or cgroup is not a directory of control groups of version 2" },
	{ "sockdup_inbox_invite", EINVAL,
	  "target is a thread's id, the socket that names the target is not one of AF_UNIX, uid is no user of this user namespace, cgroup is the root of all control groups, or ttl is above info().maxTtl; or the loaded module has no invitations"
	},
	{ "sockdup_inbox_invite", EPERM,
	  "a ttl above the default needs a target of the same user, one that has opened the device, a control group whose directory this user may write to, or CAP_SYS_RESOURCE"
	},
	{ "sockdup_inbox_invite", ENOTCONN, "the socket that names the target has no peer" },
	{ "sockdup_inbox_invite", ESRCH,
	  "there is no such process, it has ended or is a kernel thread, or the control group has been removed"
	},
	{ "sockdup_inbox_invite", ENOBUFS,
	  "live tokens of this user hold as many sockets as RLIMIT_NOFILE allows" },
	{ "sockdup_inbox", EBUSY, "this process has an inbox" },
	{ "sockdup_inbox", ENOTTY, "the loaded module has no inboxes" },
	{ "sockdup_post_set", EBADF,
	  "the descriptor of a socket is not open, or the binding is closed" },
	{ "sockdup_post_set", ENOTSOCK, "a descriptor is not a socket's" },
	{ "sockdup_post_set", EINVAL, "there is no socket, or ttl is above info().maxTtl" },
	{ "sockdup_post_set", EMSGSIZE,
	  "the inbox takes fewer sockets in one post, or a smaller message; see limits" },
	{ "sockdup_post_set", EPIPE, "the inbox has ended" },
	{ "sockdup_post_set", EPERM, "the user of this process has changed since bind()" },
	{ "sockdup_post_set", ENOBUFS,
	  "tokens and posts of this user hold as many sockets as RLIMIT_NOFILE allows" },
	{ "sockdup_post_revoke", EBADF, "the inbox or the binding is closed" },
	{ "sockdup_post_revoke", ENOENT,
	  "no such post waits: it was accepted or revoked, or has expired" },
	{ "sockdup_post_revoke", EBUSY, "the post is being accepted" },
	{ "sockdup_post_revoke", EPERM, "the user of this process has changed since" },
	{ "sockdup_accept_set", EMFILE,
	  "this process cannot have as many more descriptors as the post has sockets" },
	{ "sockdup_accept_set", EBADF, "the inbox is closed" },
	{ "sockdup_accept_set", ESRCH, "the inbox has ended" },
	{ "sockdup_accept_set", EACCES, "a security module refused, and the post has ended" },
	{ NULL, ENODEV, "the sockdup module is not loaded, or there is no /dev/sockdup here" },
	{ NULL, EACCES, "this user may not open /dev/sockdup" },
	{ NULL, ENOENT, "no such token: it was imported or revoked, or has expired" },
	{ NULL, EBUSY, "an import of the token is under way" },
};

static bool begins_with(const char *text, const char *start)
{
	return !strncmp(text, start, strlen(start));
}

static const char *meaning_of(const char *call, int number)
{
	for (size_t i = 0; i < ARRAY_SIZE(meanings); i++)
		if (meanings[i].number == number &&
		    (!meanings[i].call || begins_with(call, meanings[i].call)))
			return meanings[i].meaning;
	return strerror(number);
}

napi_value value_throw(napi_env env, const char *call)
{
	int number = errno;
	const char *code = strerrorname_np(number);
	napi_value error = NULL;
	char message[512];

	snprintf(message, sizeof(message), "%s: %s, %s", code,
		 meaning_of(call, number), call);
	napi_create_error(env, value_text(env, code, NAPI_AUTO_LENGTH),
			  value_text(env, message, NAPI_AUTO_LENGTH), &error);
	value_set_number(env, error, "errno", -number);
	value_set_text(env, error, "syscall", call);
	napi_throw(env, error);
	return NULL;
}
