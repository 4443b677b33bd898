/* SPDX-License-Identifier: GPL-2.0-only */
#undef TRACE_SYSTEM
#define TRACE_SYSTEM sockdup

#if !defined(SOCKDUP_TRACE_H) || defined(TRACE_HEADER_MULTI_READ)
#define SOCKDUP_TRACE_H

#include <linux/pid.h>
#include <linux/sockdup_netlink.h>
#include <linux/tracepoint.h>

#include "binding.h"
#include "inbox.h"
#include "target.h"
#include "token.h"

/*
 * Numbers of processes and users are those of the initial namespaces. A token that is not
 * for one process has target 0, one to no user has target_uid -1, and one to no control
 * group has 0 for that. A token is named by its id alone, which nobody can import with.
 */
DECLARE_EVENT_CLASS(sockdup_token_class,
		    TP_PROTO(const struct sockdup_token *token),
		    TP_ARGS(token),
		    TP_STRUCT__entry(__field(u64, id)
				     __field(pid_t, source)
				     __field(pid_t, target)
				     __field(uid_t, uid)
				     __field(int, target_uid)
				     __field(u64, cgroup)
				     __field(unsigned int, sockets)
		    ),
		    TP_fast_assign(__entry->id = token->opaque.id;
				   __entry->source = pid_nr(token->source);
				   __entry->target = sockdup_target_nr(token->target, &init_pid_ns);
				   __entry->uid = __kuid_val(token->uid);
				   __entry->target_uid = token->target->user_ns ?
							 (int)__kuid_val(token->target_uid) : -1;
				   __entry->cgroup = sockdup_target_cgroup_ino(token->target, NULL);
				   __entry->sockets = sockdup_token_socket_count(token);
		    ),
		    TP_printk("id=%016llx source=%d target=%d uid=%u target_uid=%d cgroup=%llu sockets=%u",
			      __entry->id, __entry->source, __entry->target, __entry->uid,
			      __entry->target_uid, __entry->cgroup, __entry->sockets)
);

DEFINE_EVENT(sockdup_token_class, sockdup_export,
	     TP_PROTO(const struct sockdup_token *token),
	     TP_ARGS(token)
);

DEFINE_EVENT(sockdup_token_class, sockdup_import,
	     TP_PROTO(const struct sockdup_token *token),
	     TP_ARGS(token)
);

DEFINE_EVENT(sockdup_token_class, sockdup_revoke,
	     TP_PROTO(const struct sockdup_token *token),
	     TP_ARGS(token)
);

DEFINE_EVENT(sockdup_token_class, sockdup_expire,
	     TP_PROTO(const struct sockdup_token *token),
	     TP_ARGS(token)
);

DEFINE_EVENT(sockdup_token_class, sockdup_handle_close,
	     TP_PROTO(const struct sockdup_token *token),
	     TP_ARGS(token)
);

/* One for each token of a target that died. */
DEFINE_EVENT(sockdup_token_class, sockdup_target_death,
	     TP_PROTO(const struct sockdup_token *token),
	     TP_ARGS(token)
);

/* A post is named by its id, among those of its inbox. */
DECLARE_EVENT_CLASS(sockdup_post_class,
		    TP_PROTO(const struct sockdup_slot *slot),
		    TP_ARGS(slot),
		    TP_STRUCT__entry(__field(u64, id)
				     __field(pid_t, source)
				     __field(uid_t, uid)
				     __field(unsigned int, sockets)
				     __field(unsigned int, message_size)
		    ),
		    TP_fast_assign(__entry->id = slot->id;
				   __entry->source = pid_nr(slot->binding->sender);
				   __entry->uid = __kuid_val(slot->uid);
				   __entry->sockets = slot->count;
				   __entry->message_size = slot->message_size;
		    ),
		    TP_printk("id=%016llx source=%d uid=%u sockets=%u message_size=%u",
			      __entry->id, __entry->source, __entry->uid, __entry->sockets,
			      __entry->message_size)
);

DEFINE_EVENT(sockdup_post_class, sockdup_post,
	     TP_PROTO(const struct sockdup_slot *slot),
	     TP_ARGS(slot)
);

DEFINE_EVENT(sockdup_post_class, sockdup_accept,
	     TP_PROTO(const struct sockdup_slot *slot),
	     TP_ARGS(slot)
);

/* A post that nobody accepted, and why. */
TRACE_EVENT(sockdup_post_end,
	    TP_PROTO(const struct sockdup_slot *slot, unsigned int how),
	    TP_ARGS(slot, how),
	    TP_STRUCT__entry(__field(u64, id)
			     __field(pid_t, source)
			     __field(uid_t, uid)
			     __field(unsigned int, sockets)
			     __field(unsigned int, message_size)
			     __field(unsigned int, how)
	    ),
	    TP_fast_assign(__entry->id = slot->id;
			   __entry->source = pid_nr(slot->binding->sender);
			   __entry->uid = __kuid_val(slot->uid);
			   __entry->sockets = slot->count;
			   __entry->message_size = slot->message_size;
			   __entry->how = how;
	    ),
	    TP_printk("id=%016llx source=%d uid=%u sockets=%u message_size=%u how=%s",
		      __entry->id, __entry->source, __entry->uid, __entry->sockets,
		      __entry->message_size,
		      __print_symbolic(__entry->how,
				       { SOCKDUP_POST_REVOKED, "revoked" },
				       { SOCKDUP_POST_DECLINED, "declined" },
				       { SOCKDUP_POST_EXPIRED, "expired" },
				       { SOCKDUP_POST_REFUSED, "refused" },
				       { SOCKDUP_POST_INBOX_ENDED, "inbox_ended" }))
);

/* A command that failed: its number, which is an ioctl's, and the errno. */
DECLARE_EVENT_CLASS(sockdup_refusal_class,
		    TP_PROTO(unsigned int command, int error),
		    TP_ARGS(command, error),
		    TP_STRUCT__entry(__field(unsigned int, command)
				     __field(int, error)
		    ),
		    TP_fast_assign(__entry->command = command;
				   __entry->error = error;
		    ),
		    TP_printk("command=%s error=%d",
			      __print_symbolic(__entry->command,
					       { SOCKDUP_IOC_INFO, "info" },
					       { SOCKDUP_IOC_EXPORT, "export" },
					       { SOCKDUP_IOC_IMPORT, "import" },
					       { SOCKDUP_IOC_QUERY, "query" },
					       { SOCKDUP_IOC_REVOKE, "revoke" },
					       { SOCKDUP_IOC_EVENT_SELECT, "event_select" },
					       { SOCKDUP_IOC_EVENT_ENUMERATE, "event_enumerate" },
					       { SOCKDUP_IOC_EVENT_REARM, "event_rearm" },
					       { SOCKDUP_IOC_EVENT_INHERIT, "event_inherit" },
					       { SOCKDUP_IOC_EVENT_QUERY, "event_query" },
					       { SOCKDUP_IOC_INBOX, "inbox" },
					       { SOCKDUP_IOC_BIND, "bind" },
					       { SOCKDUP_IOC_POST, "post" },
					       { SOCKDUP_IOC_ACCEPT, "accept" },
					       { SOCKDUP_IOC_POST_REVOKE, "post_revoke" }),
			      __entry->error)
);

DEFINE_EVENT(sockdup_refusal_class, sockdup_refuse,
	     TP_PROTO(unsigned int command, int error),
	     TP_ARGS(command, error)
);

/* Tools that read the records themselves are given the numbers. */
TRACE_DEFINE_ENUM(SOCKDUP_POST_REVOKED);
TRACE_DEFINE_ENUM(SOCKDUP_POST_DECLINED);
TRACE_DEFINE_ENUM(SOCKDUP_POST_EXPIRED);
TRACE_DEFINE_ENUM(SOCKDUP_POST_REFUSED);
TRACE_DEFINE_ENUM(SOCKDUP_POST_INBOX_ENDED);
TRACE_DEFINE_ENUM(SOCKDUP_CMD_TOKEN_EXPORT);
TRACE_DEFINE_ENUM(SOCKDUP_CMD_TOKEN_QUERY);
TRACE_DEFINE_ENUM(SOCKDUP_CMD_TOKEN_REVOKE);
TRACE_DEFINE_ENUM(SOCKDUP_CMD_TOKEN_GET);
TRACE_DEFINE_ENUM(SOCKDUP_CMD_STATS_GET);
TRACE_DEFINE_ENUM(SOCKDUP_CMD_POST_GET);
TRACE_DEFINE_ENUM(SOCKDUP_CMD_POST_REVOKE);

/* The same of the netlink family's, by their names there. */
DEFINE_EVENT_PRINT(sockdup_refusal_class, sockdup_netlink_refuse,
		   TP_PROTO(unsigned int command, int error),
		   TP_ARGS(command, error),
		   TP_printk("command=%s error=%d",
			     __print_symbolic(__entry->command,
					      { SOCKDUP_CMD_TOKEN_EXPORT, "token-export" },
					      { SOCKDUP_CMD_TOKEN_QUERY, "token-query" },
					      { SOCKDUP_CMD_TOKEN_REVOKE, "token-revoke" },
					      { SOCKDUP_CMD_TOKEN_GET, "token-get" },
					      { SOCKDUP_CMD_STATS_GET, "stats-get" },
					      { SOCKDUP_CMD_POST_GET, "post-get" },
					      { SOCKDUP_CMD_POST_REVOKE, "post-revoke" }),
			     __entry->error)
);

#endif /* SOCKDUP_TRACE_H */

#undef TRACE_INCLUDE_PATH
#define TRACE_INCLUDE_PATH .
#undef TRACE_INCLUDE_FILE
#define TRACE_INCLUDE_FILE trace
#include <trace/define_trace.h>
