// SPDX-License-Identifier: GPL-2.0-only
/*
 * The generic netlink family: exports sockets, shows and ends tokens and posts, counts
 * tokens, and has lists and notifications. It never imports: a reply can be lost when a
 * descriptor is in use already. A request acts for the process that sends it,
 * but with no more rights than the opener of the socket has: a privileged
 * program can be made to write to a socket that is not its own.
 *
 * Requests hold a lock of all generic netlink, so they wait for nothing that a
 * user can make last.
 */

#include <linux/capability.h>
#include <linux/cred.h>
#include <linux/err.h>
#include <linux/file.h>
#include <linux/module.h>
#include <linux/net.h>
#include <linux/pid_namespace.h>
#include <linux/user_namespace.h>
#include <net/genetlink.h>
#include <net/net_namespace.h>
#include <net/sock.h>

#include "account.h"
#include "cgroup.h"
#include "netlink.h"
#include "netlink_gen.h"
#include "netlink_list.h"
#include "netlink_notice.h"
#include "netlink_posts.h"
#include "netlink_reader.h"
#include "protocol_info.h"
#include "target.h"
#include "token.h"
#include "trace.h"

static bool netlink_export = true;
module_param(netlink_export, bool, 0644);
MODULE_PARM_DESC(netlink_export, "whether netlink exports sockets, beside the device (Y)");

/*
 * Set once the load can no longer fail. Until then no request begins: if the load
 * failed, a pending dump would call code that is gone.
 */
static bool nl_open;

static_assert(sizeof(struct sockdup_protocol_info) == SOCKDUP_NETLINK_INFO_SIZE);

static int nl_reply_token(struct genl_info *info, struct sockdup_token *token,
			  const struct sockdup_nl_reader *reader)
{
	struct sk_buff *reply = genlmsg_new(GENLMSG_DEFAULT_SIZE, GFP_KERNEL);
	void *header;
	int err;

	if (!reply)
		return -ENOMEM;
	header = genlmsg_put_reply(reply, info, &sockdup_nl_family, 0,
				   info->genlhdr->cmd);
	err = header ? sockdup_nl_reader_put_token(reply, token, 0, reader) : -EMSGSIZE;
	if (err) {
		nlmsg_free(reply);
		return err;
	}
	genlmsg_end(reply, header);
	return genlmsg_reply(reply, info);
}

/*
 * The one attribute that names an export's target, or NULL. A control group can be
 * named beside a user.
 */
static struct nlattr *nl_target_attr(const struct genl_info *info)
{
	struct nlattr *number = info->attrs[SOCKDUP_A_TOKEN_TARGET];
	struct nlattr *peer = info->attrs[SOCKDUP_A_TOKEN_PEER_FD];
	struct nlattr *pidfd = info->attrs[SOCKDUP_A_TOKEN_PIDFD];
	struct nlattr *user = info->attrs[SOCKDUP_A_TOKEN_TARGET_UID];
	struct nlattr *cgroup = info->attrs[SOCKDUP_A_TOKEN_CGROUP_FD];
	struct nlattr *scope = cgroup ?: user;

	return !!number + !!peer + !!pidfd + !!scope == 1 ?
	       number ?: peer ?: pidfd ?: scope : NULL;
}

/* See SOCKDUP_NL_GFP. */
#define NL_NO_MEMORY	"no memory is free at once: try again, or export by the device"

/*
 * The target of a token to a user, a control group, or both. Whether the caller may write
 * to the group's directory is not asked: the answer takes a lock of all groups.
 */
static struct sockdup_target *nl_target_scope(struct genl_info *info, kuid_t *uid)
{
	struct nlattr *user = info->attrs[SOCKDUP_A_TOKEN_TARGET_UID];
	struct nlattr *fd = info->attrs[SOCKDUP_A_TOKEN_CGROUP_FD];
	struct sockdup_target *target;
	struct cgroup *cgroup = NULL;

	if (user) {
		*uid = make_kuid(current_user_ns(), nla_get_u32(user));
		if (!uid_valid(*uid))
			return ERR_PTR(-EINVAL);
	}
	if (fd) {
		cgroup = sockdup_cgroup_get(nla_get_s32(fd), NULL);
		if (IS_ERR(cgroup))
			return ERR_CAST(cgroup);
	}
	target = sockdup_target_find_scope(NULL, user, cgroup, SOCKDUP_NL_GFP);
	if (cgroup)
		sockdup_cgroup_put(cgroup);
	return target;
}

/* The target that an export names, and the user, if there is one. */
static struct sockdup_target *nl_target(struct genl_info *info, kuid_t *user)
{
	struct nlattr *attr = nl_target_attr(info);
	struct sockdup_target *target;

	if (!attr) {
		NL_SET_ERR_MSG(info->extack,
			       "give one of target, peer-fd, pidfd, target-uid and cgroup-fd, or the last two");
		return ERR_PTR(-EINVAL);
	}
	switch (nla_type(attr)) {
	case SOCKDUP_A_TOKEN_TARGET:
		target = sockdup_target_find(nla_get_s32(attr), SOCKDUP_NL_GFP);
		break;
	case SOCKDUP_A_TOKEN_PEER_FD:
		target = sockdup_target_find_peer(nla_get_s32(attr), SOCKDUP_NL_GFP);
		break;
	case SOCKDUP_A_TOKEN_PIDFD:
		target = sockdup_target_find_pidfd(nla_get_s32(attr), SOCKDUP_NL_GFP);
		break;
	default:
		target = nl_target_scope(info, user);
	}
	if (PTR_ERR_OR_ZERO(target) == -ENOMEM)
		NL_SET_ERR_MSG(info->extack, NL_NO_MEMORY);
	else if (IS_ERR(target))
		NL_SET_ERR_MSG_ATTR(info->extack, attr, "this cannot be a target");
	return target;
}

#define NL_EXPORT_SIZE	(nla_total_size_64bit(sizeof(u64)) + \
				 nla_total_size(sizeof(struct sockdup_protocol_info)))

static struct sk_buff *nl_export_reply(struct genl_info *info,
				       const struct sockdup_token *token)
{
	struct sockdup_protocol_info protocol_info;
	struct sk_buff *reply;
	void *header;

	reply = genlmsg_new(NL_EXPORT_SIZE, GFP_KERNEL);
	if (!reply)
		return ERR_PTR(-ENOMEM);
	sockdup_protocol_info_fill(&protocol_info,
				   sock_from_file(token->charge.file),
				   &token->opaque);
	header = genlmsg_put_reply(reply, info, &sockdup_nl_family, 0,
				   SOCKDUP_CMD_TOKEN_EXPORT);
	if (!header ||
	    nla_put_u64_64bit(reply, SOCKDUP_A_TOKEN_ID, token->opaque.id,
			      SOCKDUP_A_TOKEN_PAD) ||
	    nla_put(reply, SOCKDUP_A_TOKEN_PROTOCOL_INFO,
		    sizeof(protocol_info), &protocol_info)) {
		nlmsg_free(reply);
		return ERR_PTR(-EMSGSIZE);
	}
	genlmsg_end(reply, header);
	return reply;
}

/* Revoke a token whose reply did not reach the caller. */
static void nl_take_back(u64 id)
{
	struct sockdup_token *token = sockdup_token_get_by_id(id);

	if (IS_ERR(token))
		return;
	sockdup_token_end(token, SOCKDUP_TOKEN_REVOKED);
	sockdup_token_put(token);
}

/* Why no token could be made, or published. */
static void nl_blame(struct genl_info *info, int err)
{
	struct nlattr *target = nl_target_attr(info);

	switch (err) {
	case -EINVAL:
		NL_SET_ERR_MSG_ATTR(info->extack,
				    info->attrs[SOCKDUP_A_TOKEN_TTL_MS],
				    "no token may live this long, see max_ttl_ms");
		break;
	case -EPERM:
		if (nla_type(target) == SOCKDUP_A_TOKEN_CGROUP_FD)
			NL_SET_ERR_MSG_ATTR(info->extack,
					    info->attrs[SOCKDUP_A_TOKEN_TTL_MS],
					    "the target is a control group, so its token may not live longer than default_ttl_ms, unless the device exports it");
		else if (nla_type(target) == SOCKDUP_A_TOKEN_TARGET_UID)
			NL_SET_ERR_MSG_ATTR(info->extack,
					    info->attrs[SOCKDUP_A_TOKEN_TTL_MS],
					    "the target is another user, so its token may not live longer than default_ttl_ms");
		else
			NL_SET_ERR_MSG_ATTR(info->extack,
					    info->attrs[SOCKDUP_A_TOKEN_TTL_MS],
					    "the target belongs to another user and has not opened the device, so its token may not live longer than default_ttl_ms");
		break;
	case -ESRCH:
		NL_SET_ERR_MSG_ATTR(info->extack, target,
				    "this target has just ended");
		break;
	case -ENOBUFS:
		NL_SET_ERR_MSG(info->extack,
			       "your tokens hold as many sockets as RLIMIT_NOFILE allows");
		break;
	case -ENOMEM:
		NL_SET_ERR_MSG(info->extack, NL_NO_MEMORY);
		break;
	}
}

/* Consumes the caller's reference of @file, and hold of @target. */
static int nl_export_file(struct genl_info *info, struct file *file,
			  struct sockdup_target *target, kuid_t user)
{
	struct nlattr *ttl = info->attrs[SOCKDUP_A_TOKEN_TTL_MS];
	const struct sockdup_token_terms terms = {
		.user = user,
		.ttl_ms = ttl ? nla_get_u32(ttl) : 0,
	};
	struct sockdup_token *token;
	struct sk_buff *reply;
	int err;
	u64 id;

	token = sockdup_token_create(file, target, &terms, SOCKDUP_NL_GFP);
	if (IS_ERR(token)) {
		nl_blame(info, PTR_ERR(token));
		return PTR_ERR(token);
	}
	/* Users see tokens of their netlink socket's namespace, so that is what counts. */
	token->net = genl_info_net(info)->net_cookie;
	reply = nl_export_reply(info, token);
	if (IS_ERR(reply)) {
		sockdup_token_discard(token);
		return PTR_ERR(reply);
	}
	id = token->opaque.id;
	err = sockdup_token_publish(token);
	if (err) {
		nl_blame(info, err);
		nlmsg_free(reply);
		sockdup_token_discard(token);
		return err;
	}
	err = genlmsg_reply(reply, info);
	if (err)
		nl_take_back(id);
	return err;
}

static bool nl_caps_equal(kernel_cap_t one, kernel_cap_t other)
{
	return cap_issubset(one, other) && cap_issubset(other, one);
}

/* Whether two credentials give the same rights, whatever keys they carry. */
static bool nl_creds_equal(const struct cred *one, const struct cred *other)
{
	return uid_eq(one->uid, other->uid) &&
	       uid_eq(one->euid, other->euid) &&
	       uid_eq(one->suid, other->suid) &&
	       gid_eq(one->gid, other->gid) &&
	       gid_eq(one->egid, other->egid) &&
	       gid_eq(one->sgid, other->sgid) &&
	       !cred_fscmp(one, other) &&
	       nl_caps_equal(one->cap_inheritable, other->cap_inheritable) &&
	       nl_caps_equal(one->cap_permitted, other->cap_permitted) &&
	       nl_caps_equal(one->cap_effective, other->cap_effective) &&
	       nl_caps_equal(one->cap_bset, other->cap_bset) &&
	       nl_caps_equal(one->cap_ambient, other->cap_ambient) &&
	       one->user_ns == other->user_ns;
}

/* An export acts on the sender's descriptors, so the socket must be its own. */
static int nl_check_export(const struct sk_buff *skb, struct genl_info *info)
{
	const struct cred *opener = sockdup_nl_reader_opener(skb);

	if (!READ_ONCE(netlink_export)) {
		NL_SET_ERR_MSG(info->extack,
			       "exports by netlink are switched off");
		return -EOPNOTSUPP;
	}
	if (!opener || !nl_creds_equal(opener, current_cred())) {
		NL_SET_ERR_MSG(info->extack,
			       "other credentials opened this netlink socket: reopen it");
		return -EPERM;
	}
	if (GENL_REQ_ATTR_CHECK(info, SOCKDUP_A_TOKEN_FD)) {
		NL_SET_ERR_MSG(info->extack, "the fd of a socket is missing");
		return -EINVAL;
	}
	return 0;
}

static struct file *nl_socket(struct genl_info *info)
{
	struct nlattr *fd = info->attrs[SOCKDUP_A_TOKEN_FD];
	struct file *file = fget(nla_get_s32(fd));

	if (!file) {
		NL_SET_ERR_MSG_ATTR(info->extack, fd,
				    "this descriptor is not open");
		return ERR_PTR(-EBADF);
	}
	if (!sock_from_file(file)) {
		NL_SET_ERR_MSG_ATTR(info->extack, fd, "this is not a socket");
		fput(file);
		return ERR_PTR(-ENOTSOCK);
	}
	return file;
}

static int nl_export(struct sk_buff *skb, struct genl_info *info)
{
	struct sockdup_target *target;
	kuid_t user = INVALID_UID;
	struct file *file;
	int err;

	err = nl_check_export(skb, info);
	if (err)
		return err;
	file = nl_socket(info);
	if (IS_ERR(file))
		return PTR_ERR(file);
	target = nl_target(info, &user);
	if (IS_ERR(target)) {
		fput(file);
		return PTR_ERR(target);
	}
	return nl_export_file(info, file, target, user);
}

/* By the bytes that import it, for its parties. */
static struct sockdup_token *
nl_token_by_info(struct genl_info *info,
		 const struct sockdup_nl_reader *reader)
{
	struct nlattr *attr = info->attrs[SOCKDUP_A_TOKEN_PROTOCOL_INFO];
	struct sockdup_protocol_info *protocol_info = nla_data(attr);
	struct sockdup_opaque opaque;
	struct sockdup_token *token;
	int err;

	memcpy(&opaque, protocol_info->opaque, sizeof(opaque));
	token = protocol_info->size == sizeof(*protocol_info) ?
		sockdup_token_get(&opaque) : ERR_PTR(-EINVAL);
	if (IS_ERR(token)) {
		NL_SET_ERR_MSG_ATTR(info->extack, attr,
				    "these bytes name no live token");
		return token;
	}
	if (sockdup_nl_reader_may_see(reader, token) ||
	    sockdup_target_is_current(token->target, token->target_uid))
		return token;
	err = sockdup_token_refusal(token);
	sockdup_token_put(token);
	NL_SET_ERR_MSG_ATTR(info->extack, attr,
			    "this token is not for this process, and not exported by you");
	return ERR_PTR(err);
}

/* Finds what a list would show to this reader. Any other token is ENOENT. */
static struct sockdup_token *
nl_token_by_id(struct genl_info *info,
	       const struct sockdup_nl_reader *reader)
{
	struct nlattr *attr = info->attrs[SOCKDUP_A_TOKEN_ID];
	struct sockdup_token *token = sockdup_token_get_by_id(nla_get_u64(attr));

	if (!IS_ERR(token) && !sockdup_nl_reader_may_see(reader, token)) {
		sockdup_token_put(token);
		token = ERR_PTR(-ENOENT);
	}
	if (IS_ERR(token))
		NL_SET_ERR_MSG_ATTR(info->extack, attr,
				    "no live token of yours has this id");
	return token;
}

/* By the one of its names that the request has. */
static struct sockdup_token *nl_token(struct genl_info *info,
				      const struct sockdup_nl_reader *reader)
{
	return info->attrs[SOCKDUP_A_TOKEN_PROTOCOL_INFO] ?
	       nl_token_by_info(info, reader) : nl_token_by_id(info, reader);
}

static int nl_show(struct sk_buff *skb, struct genl_info *info)
{
	struct sockdup_token *token;
	struct sockdup_nl_reader reader;
	int err;

	err = sockdup_nl_reader_init(&reader, skb, info->extack);
	if (err)
		return err;
	token = nl_token(info, &reader);
	if (IS_ERR(token))
		return PTR_ERR(token);
	err = nl_reply_token(info, token, &reader);
	if (err == -ENOENT)
		NL_SET_ERR_MSG(info->extack, "the token has just ended");
	sockdup_token_put(token);
	return err;
}

static int nl_query(struct sk_buff *skb, struct genl_info *info)
{
	if (GENL_REQ_ATTR_CHECK(info, SOCKDUP_A_TOKEN_PROTOCOL_INFO)) {
		NL_SET_ERR_MSG(info->extack, "a protocol-info is missing");
		return -EINVAL;
	}
	return nl_show(skb, info);
}

static int nl_revoke(struct sk_buff *skb, struct genl_info *info)
{
	struct nlattr *bytes = info->attrs[SOCKDUP_A_TOKEN_PROTOCOL_INFO];
	struct nlattr *id = info->attrs[SOCKDUP_A_TOKEN_ID];
	struct sockdup_token *token;
	struct sockdup_nl_reader reader;
	int err;

	if ((id && bytes) || (!id && !bytes)) {
		NL_SET_ERR_MSG_ATTR(info->extack, id,
				    "give an id or a protocol-info, and not both");
		return -EINVAL;
	}
	err = sockdup_nl_reader_init(&reader, skb, info->extack);
	if (err)
		return err;
	token = nl_token(info, &reader);
	if (IS_ERR(token))
		return PTR_ERR(token);
	err = sockdup_token_revoke(token);
	if (err == -EBUSY)
		NL_SET_ERR_MSG(info->extack,
			       "the token is being imported; if that fails, it is revoked");
	else if (err)
		NL_SET_ERR_MSG(info->extack, "the token has just ended");
	sockdup_token_put(token);
	return err;
}

static int nl_get(struct sk_buff *skb, struct genl_info *info)
{
	struct nlattr *filter = info->attrs[SOCKDUP_A_TOKEN_TARGET] ?:
				info->attrs[SOCKDUP_A_TOKEN_SOURCE] ?:
				info->attrs[SOCKDUP_A_TOKEN_UID];

	if (GENL_REQ_ATTR_CHECK(info, SOCKDUP_A_TOKEN_ID)) {
		NL_SET_ERR_MSG(info->extack, "an id is missing");
		return -EINVAL;
	}
	if (filter) {
		NL_SET_ERR_MSG_ATTR(info->extack, filter,
				    "this is for a dump alone: name one token by its id");
		return -EINVAL;
	}
	return nl_show(skb, info);
}

static int nl_put_counts(struct sk_buff *skb)
{
	static const int attributes[SOCKDUP_TOKEN_EVENTS] = {
		[SOCKDUP_TOKEN_EXPORTED] = SOCKDUP_A_STATS_EXPORTED,
		[SOCKDUP_TOKEN_IMPORTED] = SOCKDUP_A_STATS_IMPORTED,
		[SOCKDUP_TOKEN_REVOKED] = SOCKDUP_A_STATS_REVOKED,
		[SOCKDUP_TOKEN_EXPIRED] = SOCKDUP_A_STATS_EXPIRED,
		[SOCKDUP_TOKEN_HANDLE_CLOSED] = SOCKDUP_A_STATS_HANDLE_CLOSED,
		[SOCKDUP_TOKEN_TARGET_DIED] = SOCKDUP_A_STATS_TARGET_DIED,
	};
	int i;

	for (i = 0; i < SOCKDUP_TOKEN_EVENTS; i++)
		if (nla_put_u64_64bit(skb, attributes[i],
				      sockdup_token_count(i),
				      SOCKDUP_A_STATS_PAD))
			return -EMSGSIZE;
	return 0;
}

static int nl_put_stats(struct sk_buff *skb, kuid_t uid,
			const struct sockdup_nl_reader *reader)
{
	struct sockdup_usage usage = sockdup_account_usage_of(uid);

	if (nla_put_u32(skb, SOCKDUP_A_STATS_UID,
			from_kuid_munged(reader->users, uid)) ||
	    nla_put_u64_64bit(skb, SOCKDUP_A_STATS_HELD, usage.files,
			      SOCKDUP_A_STATS_PAD) ||
	    nla_put_u64_64bit(skb, SOCKDUP_A_STATS_BYTES, usage.bytes,
			      SOCKDUP_A_STATS_PAD))
		return -EMSGSIZE;
	return reader->all ? nl_put_counts(skb) : 0;
}

static int nl_reply_stats(struct genl_info *info, kuid_t uid,
			  const struct sockdup_nl_reader *reader)
{
	struct sk_buff *reply = genlmsg_new(GENLMSG_DEFAULT_SIZE, GFP_KERNEL);
	void *header;
	int err;

	if (!reply)
		return -ENOMEM;
	header = genlmsg_put_reply(reply, info, &sockdup_nl_family, 0,
				   SOCKDUP_CMD_STATS_GET);
	err = header ? nl_put_stats(reply, uid, reader) : -EMSGSIZE;
	if (err) {
		nlmsg_free(reply);
		return err;
	}
	genlmsg_end(reply, header);
	return genlmsg_reply(reply, info);
}

static int nl_stats(struct sk_buff *skb, struct genl_info *info)
{
	struct nlattr *attr = info->attrs[SOCKDUP_A_STATS_UID];
	struct sockdup_nl_reader reader;
	kuid_t uid;
	int err;

	err = sockdup_nl_reader_init(&reader, skb, info->extack);
	if (err)
		return err;
	uid = attr ? make_kuid(reader.users, nla_get_u32(attr)) : current_uid();
	if (!uid_valid(uid)) {
		NL_SET_ERR_MSG_ATTR(info->extack, attr,
				    "your user namespace has no such user");
		return -EINVAL;
	}
	if (!reader.all && !uid_eq(uid, current_uid())) {
		NL_SET_ERR_MSG_ATTR(info->extack, attr,
				    "only CAP_SYS_ADMIN may see what other users hold");
		return -EPERM;
	}
	/* The count is of all namespaces. */
	if (!reader.all && reader.pids != &init_pid_ns) {
		NL_SET_ERR_MSG(info->extack,
			       "inside a pid namespace only CAP_SYS_ADMIN may see what a user holds");
		return -EPERM;
	}
	return nl_reply_stats(info, uid, &reader);
}

/* Trace a failure, and pass it on. */
static int nl_refusal(unsigned int command, int err)
{
	if (err)
		trace_sockdup_netlink_refuse(command, err);
	return err;
}

/*
 * Run a request. It may make tokens and accounts, which hold the module: so begin
 * none when the module is being removed.
 */
static int nl_do(struct sk_buff *skb, struct genl_info *info,
		 int (*run)(struct sk_buff *skb, struct genl_info *info))
{
	int err;

	if (!READ_ONCE(nl_open) || !try_module_get(THIS_MODULE))
		return -ENODEV;
	err = nl_refusal(info->genlhdr->cmd, run(skb, info));
	module_put(THIS_MODULE);
	return err;
}

static int nl_token_get_start(struct netlink_callback *cb)
{
	return READ_ONCE(nl_open) ? sockdup_nl_token_get_start(cb) : -ENODEV;
}

static int nl_post_get_start(struct netlink_callback *cb)
{
	return READ_ONCE(nl_open) ? sockdup_nl_post_get_start(cb) : -ENODEV;
}

/* The generated table names these. */

int sockdup_nl_token_export_doit(struct sk_buff *skb, struct genl_info *info)
{
	return nl_do(skb, info, nl_export);
}

int sockdup_nl_token_query_doit(struct sk_buff *skb, struct genl_info *info)
{
	return nl_do(skb, info, nl_query);
}

int sockdup_nl_token_revoke_doit(struct sk_buff *skb, struct genl_info *info)
{
	return nl_do(skb, info, nl_revoke);
}

int sockdup_nl_token_get_doit(struct sk_buff *skb, struct genl_info *info)
{
	return nl_do(skb, info, nl_get);
}

int sockdup_nl_stats_get_doit(struct sk_buff *skb, struct genl_info *info)
{
	return nl_do(skb, info, nl_stats);
}

int sockdup_nl_post_get_doit(struct sk_buff *skb, struct genl_info *info)
{
	return nl_do(skb, info, sockdup_nl_post_get);
}

int sockdup_nl_post_revoke_doit(struct sk_buff *skb, struct genl_info *info)
{
	return nl_do(skb, info, sockdup_nl_post_revoke);
}

/* The generated operations, and a dump's start and end, which they lack. */
static struct genl_ops nl_ops[ARRAY_SIZE(sockdup_nl_ops)] __ro_after_init;

static const struct genl_multicast_group nl_groups[] = {
	[SOCKDUP_NLGRP_TOKENS] = {
		.name	= SOCKDUP_MCGRP_TOKENS,
		.flags	= GENL_MCAST_CAP_NET_ADMIN,
	},
};

struct genl_family sockdup_nl_family __ro_after_init = {
	.name		= SOCKDUP_FAMILY_NAME,
	.version	= SOCKDUP_FAMILY_VERSION,
	.module		= THIS_MODULE,
	.netnsok	= true,
	.parallel_ops	= true,
	.ops		= nl_ops,
	.n_ops		= ARRAY_SIZE(nl_ops),
	.mcgrps		= nl_groups,
	.n_mcgrps	= ARRAY_SIZE(nl_groups),
};

/**
 * sockdup_netlink_init - register the family
 *
 * Return: 0 or a negative errno.
 */
int __init sockdup_netlink_init(void)
{
	size_t i;
	int err;

	memcpy(nl_ops, sockdup_nl_ops, sizeof(nl_ops));
	for (i = 0; i < ARRAY_SIZE(nl_ops); i++) {
		if (nl_ops[i].cmd == SOCKDUP_CMD_TOKEN_GET) {
			nl_ops[i].start = nl_token_get_start;
			nl_ops[i].done = sockdup_nl_token_get_done;
		} else if (nl_ops[i].cmd == SOCKDUP_CMD_POST_GET) {
			nl_ops[i].start = nl_post_get_start;
			nl_ops[i].done = sockdup_nl_list_done;
		}
	}
	err = sockdup_nl_notice_init();
	if (err)
		return err;
	err = genl_register_family(&sockdup_nl_family);
	if (err)
		sockdup_nl_notice_exit();
	return err;
}

/**
 * sockdup_netlink_open - let requests begin
 *
 * The last step of loading the module, which can no longer fail.
 */
void __init sockdup_netlink_open(void)
{
	WRITE_ONCE(nl_open, true);
}

/**
 * sockdup_netlink_exit - unregister the family
 *
 * Waits for requests under way. There is no token, so no notification follows.
 */
void sockdup_netlink_exit(void)
{
	sockdup_nl_notice_flush();
	genl_unregister_family(&sockdup_nl_family);
	sockdup_nl_notice_exit();
}
