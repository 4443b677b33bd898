// SPDX-License-Identifier: GPL-2.0-only
/*
 * The generic netlink family: exports sockets, shows and ends tokens, counts,
 * and tells who listens. It never imports: a reply can be lost when a
 * descriptor is in use already. A request acts for the process that sends it,
 * and what it may do is what the process may that opened the socket, too: a
 * privileged program can be made to write to a socket that is not its own.
 */

#include <linux/capability.h>
#include <linux/cred.h>
#include <linux/err.h>
#include <linux/file.h>
#include <linux/fs.h>
#include <linux/hashtable.h>
#include <linux/ipv6.h>
#include <linux/module.h>
#include <linux/net.h>
#include <linux/nsproxy.h>
#include <linux/pid_namespace.h>
#include <linux/slab.h>
#include <linux/user_namespace.h>
#include <net/genetlink.h>
#include <net/net_namespace.h>
#include <net/netns/generic.h>
#include <net/sock.h>

#include "netlink.h"
#include "netlink_gen.h"
#include "protocol_info.h"
#include "quota.h"
#include "target.h"
#include "trace.h"

static bool netlink_export = true;
module_param(netlink_export, bool, 0644);
MODULE_PARM_DESC(netlink_export, "let sockets be exported by netlink, too (Y)");

static struct genl_family netlink_family;

/* The module is loaded for good. */
static bool netlink_open;

static_assert(sizeof(struct sockdup_protocol_info) == SOCKDUP_NETLINK_INFO_SIZE);
static_assert(sizeof(struct sockaddr_storage) == SOCKDUP_NETLINK_ADDRESS_SIZE);

/*
 * Network namespaces by their cookies. A token keeps the cookie of the one it
 * is told of in, and neither the namespace nor a pointer to it.
 */
struct netlink_net {
	struct hlist_node node;		/* table lock; RCU readers */
	struct net *net;
};

#define NETLINK_NETS_BITS	8
static DEFINE_HASHTABLE(netlink_nets, NETLINK_NETS_BITS);
static DEFINE_SPINLOCK(netlink_nets_lock);
static unsigned int netlink_net_id;

static int __net_init netlink_net_init(struct net *net)
{
	struct netlink_net *entry = net_generic(net, netlink_net_id);

	entry->net = net;
	spin_lock(&netlink_nets_lock);
	hash_add_rcu(netlink_nets, &entry->node, net->net_cookie);
	spin_unlock(&netlink_nets_lock);
	return 0;
}

/* A grace period lies between this and the end of anything it names. */
static void __net_exit netlink_net_pre_exit(struct net *net)
{
	struct netlink_net *entry = net_generic(net, netlink_net_id);

	spin_lock(&netlink_nets_lock);
	hash_del_rcu(&entry->node);
	spin_unlock(&netlink_nets_lock);
}

static struct pernet_operations netlink_net_ops = {
	.init		= netlink_net_init,
	.pre_exit	= netlink_net_pre_exit,
	.id		= &netlink_net_id,
	.size		= sizeof(struct netlink_net),
};

/* Caller is in an RCU read section. */
static struct net *netlink_net_find(u64 cookie)
{
	struct netlink_net *entry;

	hash_for_each_possible_rcu(netlink_nets, entry, node, cookie)
		if (entry->net->net_cookie == cookie)
			return entry->net;
	return NULL;
}

/**
 * struct netlink_reader - through whose eyes, and with whose rights
 * @pids: numbers of processes are those of this namespace
 * @users: numbers of users likewise
 * @uid: whose tokens
 * @all: tokens of everybody
 */
struct netlink_reader {
	struct pid_namespace *pids;
	struct user_namespace *users;
	kuid_t uid;
	bool all;
};

static const struct cred *netlink_opener(const struct sk_buff *skb)
{
	const struct socket *sock = NETLINK_CB(skb).sk->sk_socket;

	return sock && sock->file ? sock->file->f_cred : NULL;
}

/* The sender, where the socket is the sender's own. */
static int netlink_reader_init(struct netlink_reader *reader,
			       const struct sk_buff *skb,
			       struct netlink_ext_ack *extack)
{
	const struct cred *opener = netlink_opener(skb);

	reader->pids = task_active_pid_ns(current);
	reader->users = current_user_ns();
	if (!opener || !uid_eq(opener->euid, current_euid()) ||
	    !uid_eq(opener->uid, current_uid())) {
		NL_SET_ERR_MSG(extack,
			       "another user opened this netlink socket");
		return -EPERM;
	}
	reader->uid = current_euid();
	reader->all = netlink_capable(skb, CAP_SYS_ADMIN);
	return 0;
}

static bool netlink_may_see(const struct netlink_reader *reader,
			    const struct sockdup_token *token)
{
	return reader->all || uid_eq(token->uid, reader->uid);
}

static int netlink_put_address(struct sk_buff *skb, int attribute,
			       struct socket *sock, bool peer)
{
	struct sockaddr_storage address;
	int size = sockdup_protocol_info_address(sock, peer, &address);

	return size ? nla_put(skb, attribute, size, &address) : 0;
}

static int netlink_put_description(struct sk_buff *skb, struct socket *sock,
				   const struct sockdup_protocol_info *info)
{
	if (nla_put_u32(skb, SOCKDUP_A_SOCKET_FAMILY, info->address_family) ||
	    nla_put_u32(skb, SOCKDUP_A_SOCKET_TYPE, info->socket_type) ||
	    nla_put_u32(skb, SOCKDUP_A_SOCKET_PROTOCOL, info->protocol) ||
	    nla_put_string(skb, SOCKDUP_A_SOCKET_PROTOCOL_NAME,
			   info->protocol_name) ||
	    netlink_put_address(skb, SOCKDUP_A_SOCKET_LOCAL_ADDRESS, sock,
				false) ||
	    netlink_put_address(skb, SOCKDUP_A_SOCKET_REMOTE_ADDRESS, sock,
				true) ||
	    nla_put_u64_64bit(skb, SOCKDUP_A_SOCKET_INODE,
			      SOCK_INODE(sock)->i_ino, SOCKDUP_A_SOCKET_PAD) ||
	    (info->address_family == AF_INET6 && ipv6_only_sock(sock->sk) &&
	     nla_put_flag(skb, SOCKDUP_A_SOCKET_IPV6_ONLY)))
		return -EMSGSIZE;
	return 0;
}

/* A nest for each of a token's sockets, of which there is one. */
static int netlink_put_sockets(struct sk_buff *skb,
			       const struct sockdup_token *token)
{
	struct socket *sock = sock_from_file(token->charge.file);
	struct sockdup_protocol_info info;
	struct nlattr *nest;

	sockdup_protocol_info_fill(&info, sock, &token->opaque);
	if (nla_put_u32(skb, SOCKDUP_A_TOKEN_SOCKET_COUNT, info.socket_count))
		return -EMSGSIZE;
	nest = nla_nest_start(skb, SOCKDUP_A_TOKEN_SOCKET);
	if (!nest || netlink_put_description(skb, sock, &info))
		return -EMSGSIZE;
	nla_nest_end(skb, nest);
	return 0;
}

/* The caller has claimed the token. */
static int netlink_put_token(struct sk_buff *skb,
			     const struct sockdup_token *token,
			     const struct netlink_reader *reader)
{
	u64 now = ktime_get_boottime_ns();

	if (nla_put_u64_64bit(skb, SOCKDUP_A_TOKEN_ID, token->opaque.id,
			      SOCKDUP_A_TOKEN_PAD) ||
	    nla_put_s32(skb, SOCKDUP_A_TOKEN_TARGET,
			pid_nr_ns(token->target->pid, reader->pids)) ||
	    nla_put_s32(skb, SOCKDUP_A_TOKEN_SOURCE,
			pid_nr_ns(token->source, reader->pids)) ||
	    nla_put_u32(skb, SOCKDUP_A_TOKEN_UID,
			from_kuid_munged(reader->users, token->uid)) ||
	    nla_put_u32(skb, SOCKDUP_A_TOKEN_GID,
			from_kgid_munged(reader->users, token->gid)) ||
	    nla_put_u64_64bit(skb, SOCKDUP_A_TOKEN_AGE_MS,
			      sockdup_token_age_ms(token, now),
			      SOCKDUP_A_TOKEN_PAD) ||
	    nla_put_u64_64bit(skb, SOCKDUP_A_TOKEN_LEFT_MS,
			      sockdup_token_left_ms(token, now),
			      SOCKDUP_A_TOKEN_PAD))
		return -EMSGSIZE;
	return netlink_put_sockets(skb, token);
}

static int netlink_reply_token(struct genl_info *info,
			       const struct sockdup_token *token,
			       const struct netlink_reader *reader)
{
	struct sk_buff *reply = genlmsg_new(GENLMSG_DEFAULT_SIZE, GFP_KERNEL);
	void *header;

	if (!reply)
		return -ENOMEM;
	header = genlmsg_put_reply(reply, info, &netlink_family, 0,
				   info->genlhdr->cmd);
	if (!header || netlink_put_token(reply, token, reader)) {
		nlmsg_free(reply);
		return -EMSGSIZE;
	}
	genlmsg_end(reply, header);
	return genlmsg_reply(reply, info);
}

/* The target that an export names, in one of two ways. */
static struct sockdup_target *netlink_target(struct genl_info *info)
{
	struct nlattr *number = info->attrs[SOCKDUP_A_TOKEN_TARGET];
	struct nlattr *peer = info->attrs[SOCKDUP_A_TOKEN_PEER_FD];
	struct sockdup_target *target;

	if (!number == !peer) {
		NL_SET_ERR_MSG_ATTR(info->extack, peer,
				    "want either a target or a peer-fd");
		return ERR_PTR(-EINVAL);
	}
	target = number ? sockdup_target_find(nla_get_s32(number)) :
			  sockdup_target_find_peer(nla_get_s32(peer));
	if (IS_ERR(target))
		NL_SET_ERR_MSG_ATTR(info->extack, number ?: peer,
				    "this cannot be a target");
	return target;
}

#define NETLINK_EXPORT_SIZE	(nla_total_size_64bit(sizeof(u64)) + \
				 nla_total_size(sizeof(struct sockdup_protocol_info)))

static struct sk_buff *netlink_export_reply(struct genl_info *info,
					    const struct sockdup_token *token)
{
	struct sockdup_protocol_info protocol_info;
	struct sk_buff *reply;
	void *header;

	reply = genlmsg_new(NETLINK_EXPORT_SIZE, GFP_KERNEL);
	if (!reply)
		return ERR_PTR(-ENOMEM);
	sockdup_protocol_info_fill(&protocol_info,
				   sock_from_file(token->charge.file),
				   &token->opaque);
	header = genlmsg_put_reply(reply, info, &netlink_family, 0,
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

/* A reply that does not arrive takes the token with it. */
static void netlink_take_back(u64 id)
{
	struct sockdup_token *token = sockdup_token_get_by_id(id);

	if (IS_ERR(token))
		return;
	sockdup_token_disown(token);
	sockdup_token_put(token);
}

/* Why no token could be made, or published. */
static void netlink_blame(struct genl_info *info, int err)
{
	struct nlattr *target = info->attrs[SOCKDUP_A_TOKEN_TARGET] ?:
				info->attrs[SOCKDUP_A_TOKEN_PEER_FD];

	switch (err) {
	case -EINVAL:
	case -EPERM:
		NL_SET_ERR_MSG_ATTR(info->extack,
				    info->attrs[SOCKDUP_A_TOKEN_TTL_MS],
				    "a life this long is not granted");
		break;
	case -ESRCH:
		NL_SET_ERR_MSG_ATTR(info->extack, target,
				    "this target has just ended");
		break;
	case -ENOBUFS:
		NL_SET_ERR_MSG(info->extack,
			       "too many tokens of yours are live, or too many wait for this target");
		break;
	}
}

/* Consumes the caller's reference of @file, and hold of @target. */
static int netlink_export_file(struct genl_info *info, struct file *file,
			       struct sockdup_target *target)
{
	struct nlattr *ttl = info->attrs[SOCKDUP_A_TOKEN_TTL_MS];
	struct sockdup_token *token;
	struct sk_buff *reply;
	int err;
	u64 id;

	token = sockdup_token_create(file, target, NULL,
				     ttl ? nla_get_u32(ttl) : 0, NULL);
	if (IS_ERR(token)) {
		netlink_blame(info, PTR_ERR(token));
		return PTR_ERR(token);
	}
	reply = netlink_export_reply(info, token);
	if (IS_ERR(reply)) {
		sockdup_token_discard(token);
		return PTR_ERR(reply);
	}
	id = token->opaque.id;
	err = sockdup_token_publish(token);
	if (err) {
		netlink_blame(info, err);
		nlmsg_free(reply);
		sockdup_token_discard(token);
		return err;
	}
	err = genlmsg_reply(reply, info);
	if (err)
		netlink_take_back(id);
	return err;
}

/* Only the very credentials that opened the socket make it the sender's. */
static int netlink_check_export(const struct sk_buff *skb,
				struct genl_info *info)
{
	/* What a failing init left alive would hold that up. */
	if (!READ_ONCE(netlink_open))
		return -ENODEV;
	if (!READ_ONCE(netlink_export)) {
		NL_SET_ERR_MSG(info->extack,
			       "exports by netlink are switched off");
		return -EOPNOTSUPP;
	}
	if (netlink_opener(skb) != current_cred()) {
		NL_SET_ERR_MSG(info->extack,
			       "other credentials opened this netlink socket: reopen it");
		return -EPERM;
	}
	if (GENL_REQ_ATTR_CHECK(info, SOCKDUP_A_TOKEN_FD)) {
		NL_SET_ERR_MSG(info->extack, "want the fd of a socket");
		return -EINVAL;
	}
	return 0;
}

static struct file *netlink_socket(struct genl_info *info)
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

/* The generated table names the functions from here on. */

int sockdup_nl_token_export_doit(struct sk_buff *skb, struct genl_info *info)
{
	struct sockdup_target *target;
	struct file *file;
	int err;

	err = netlink_check_export(skb, info);
	if (err)
		return err;
	/* A token keeps the module: it must not be on its way out already. */
	if (!try_module_get(THIS_MODULE))
		return -ENODEV;
	file = netlink_socket(info);
	if (IS_ERR(file)) {
		err = PTR_ERR(file);
		goto out_module;
	}
	target = netlink_target(info);
	if (IS_ERR(target)) {
		err = PTR_ERR(target);
		fput(file);
		goto out_module;
	}
	err = netlink_export_file(info, file, target);
out_module:
	module_put(THIS_MODULE);
	return err;
}

/* By the bytes that import it, for its parties. */
static struct sockdup_token *
netlink_token_by_info(struct genl_info *info,
		      const struct netlink_reader *reader)
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
	if (netlink_may_see(reader, token) ||
	    sockdup_target_is_current(token->target))
		return token;
	err = sockdup_token_refusal(token);
	sockdup_token_put(token);
	NL_SET_ERR_MSG_ATTR(info->extack, attr,
			    "this token is for its target and its exporter");
	return ERR_PTR(err);
}

/* By what lists show; what may not be seen is not there. */
static struct sockdup_token *
netlink_token_by_id(struct genl_info *info,
		    const struct netlink_reader *reader)
{
	struct nlattr *attr = info->attrs[SOCKDUP_A_TOKEN_ID];
	struct sockdup_token *token = sockdup_token_get_by_id(nla_get_u64(attr));

	if (!IS_ERR(token) && !netlink_may_see(reader, token)) {
		sockdup_token_put(token);
		token = ERR_PTR(-ENOENT);
	}
	if (IS_ERR(token))
		NL_SET_ERR_MSG_ATTR(info->extack, attr,
				    "no live token of yours has this id");
	return token;
}

/* Claimed: by the one of its names that the request has. */
static struct sockdup_token *netlink_claim(struct genl_info *info,
					   const struct netlink_reader *reader)
{
	struct sockdup_token *token;
	int err;

	if (info->attrs[SOCKDUP_A_TOKEN_PROTOCOL_INFO])
		token = netlink_token_by_info(info, reader);
	else
		token = netlink_token_by_id(info, reader);
	if (IS_ERR(token))
		return token;
	err = sockdup_token_claim(token);
	if (!err)
		return token;
	sockdup_token_put(token);
	NL_SET_ERR_MSG(info->extack, "the token has just ended");
	return ERR_PTR(err);
}

static int netlink_show(struct genl_info *info,
			const struct netlink_reader *reader)
{
	struct sockdup_token *token = netlink_claim(info, reader);
	int err;

	if (IS_ERR(token))
		return PTR_ERR(token);
	err = netlink_reply_token(info, token, reader);
	sockdup_token_restore(token);
	sockdup_token_put(token);
	return err;
}

int sockdup_nl_token_query_doit(struct sk_buff *skb, struct genl_info *info)
{
	struct netlink_reader reader;
	int err;

	if (GENL_REQ_ATTR_CHECK(info, SOCKDUP_A_TOKEN_PROTOCOL_INFO)) {
		NL_SET_ERR_MSG(info->extack, "want a protocol-info");
		return -EINVAL;
	}
	err = netlink_reader_init(&reader, skb, info->extack);
	return err ?: netlink_show(info, &reader);
}

int sockdup_nl_token_revoke_doit(struct sk_buff *skb, struct genl_info *info)
{
	struct netlink_reader reader;
	struct sockdup_token *token;
	int err;

	if (!info->attrs[SOCKDUP_A_TOKEN_PROTOCOL_INFO] ==
	    !info->attrs[SOCKDUP_A_TOKEN_ID]) {
		NL_SET_ERR_MSG_ATTR(info->extack,
				    info->attrs[SOCKDUP_A_TOKEN_ID],
				    "want either an id or a protocol-info");
		return -EINVAL;
	}
	err = netlink_reader_init(&reader, skb, info->extack);
	if (err)
		return err;
	token = netlink_claim(info, &reader);
	if (IS_ERR(token))
		return PTR_ERR(token);
	sockdup_token_drop(token, SOCKDUP_TOKEN_REVOKED);
	sockdup_token_put(token);
	return 0;
}

int sockdup_nl_token_get_doit(struct sk_buff *skb, struct genl_info *info)
{
	struct nlattr *filter = info->attrs[SOCKDUP_A_TOKEN_TARGET] ?:
				info->attrs[SOCKDUP_A_TOKEN_SOURCE] ?:
				info->attrs[SOCKDUP_A_TOKEN_UID];
	struct netlink_reader reader;
	int err;

	if (GENL_REQ_ATTR_CHECK(info, SOCKDUP_A_TOKEN_ID)) {
		NL_SET_ERR_MSG(info->extack, "want an id");
		return -EINVAL;
	}
	if (filter) {
		NL_SET_ERR_MSG_ATTR(info->extack, filter,
				    "an id alone names a token; this filters a dump");
		return -EINVAL;
	}
	err = netlink_reader_init(&reader, skb, info->extack);
	return err ?: netlink_show(info, &reader);
}

/**
 * struct netlink_list - a list under way
 * @reader: as it was at the start; its namespaces are held
 * @target: bound to the process of this number, or to any where 0
 * @source: exported by the process of this number, or by any where 0
 * @uid: exported by this user
 * @by_uid: or by any where false
 * @cursor: what has been shown
 * @err: nothing is to be, for this reason
 * @extack: in these words
 */
struct netlink_list {
	struct netlink_reader reader;
	pid_t target;
	pid_t source;
	kuid_t uid;
	bool by_uid;
	struct sockdup_token_cursor cursor;
	int err;
	struct netlink_ext_ack extack;
};

static int netlink_filter_uid(struct netlink_list *list, struct nlattr *attr,
			      struct netlink_ext_ack *extack)
{
	if (!attr)
		return 0;
	list->by_uid = true;
	list->uid = make_kuid(list->reader.users, nla_get_u32(attr));
	if (uid_valid(list->uid))
		return 0;
	NL_SET_ERR_MSG_ATTR(extack, attr, "there is no such user here");
	return -EINVAL;
}

static int netlink_list_filter(struct netlink_list *list,
			       struct netlink_callback *cb,
			       struct netlink_ext_ack *extack)
{
	struct nlattr *attrs[SOCKDUP_A_TOKEN_UID + 1];
	int err;

	/* Kernels keep what they have parsed themselves in different places. */
	err = nlmsg_parse(cb->nlh, GENL_HDRLEN, attrs, SOCKDUP_A_TOKEN_UID,
			  sockdup_token_get_nl_policy, extack);
	if (err)
		return err;
	if (attrs[SOCKDUP_A_TOKEN_ID]) {
		NL_SET_ERR_MSG_ATTR(extack, attrs[SOCKDUP_A_TOKEN_ID],
				    "an id is not for a dump");
		return -EINVAL;
	}
	if (attrs[SOCKDUP_A_TOKEN_TARGET])
		list->target = nla_get_s32(attrs[SOCKDUP_A_TOKEN_TARGET]);
	if (attrs[SOCKDUP_A_TOKEN_SOURCE])
		list->source = nla_get_s32(attrs[SOCKDUP_A_TOKEN_SOURCE]);
	return netlink_filter_uid(list, attrs[SOCKDUP_A_TOKEN_UID], extack);
}

static int netlink_list_done(struct netlink_callback *cb)
{
	struct netlink_list *list = (void *)cb->args[0];

	put_user_ns(list->reader.users);
	put_pid_ns(list->reader.pids);
	kfree(list);
	return 0;
}

/* A failure is also told in a trace; whoever asked is answered as ever. */
static int netlink_refusal(unsigned int command, int err)
{
	if (err)
		trace_sockdup_netlink_refuse(command, err);
	return err;
}

/* Rights and namespaces are those of now, whoever receives the list. */
static int netlink_list_start(struct netlink_callback *cb)
{
	struct netlink_ext_ack *extack;
	struct netlink_list *list;
	int err;

	list = kzalloc(sizeof(*list), GFP_KERNEL_ACCOUNT);
	if (!list)
		return netlink_refusal(SOCKDUP_CMD_TOKEN_GET, -ENOMEM);
	cb->args[0] = (long)list;
	/* Where the kernel does not let a start say why, the list begins so. */
	extack = cb->extack ?: &list->extack;
	err = netlink_reader_init(&list->reader, cb->skb, extack);
	get_pid_ns(list->reader.pids);
	get_user_ns(list->reader.users);
	if (!err)
		err = netlink_list_filter(list, cb, extack);
	netlink_refusal(SOCKDUP_CMD_TOKEN_GET, err);
	if (err && cb->extack) {
		netlink_list_done(cb);
		return err;
	}
	list->err = err;
	return 0;
}

/* By numbers, which a process keeps for this even when it is gone. */
static bool netlink_list_wants(const struct netlink_list *list,
			       const struct sockdup_token *token)
{
	struct pid_namespace *pids = list->reader.pids;

	return netlink_may_see(&list->reader, token) &&
	       (!list->target ||
		pid_nr_ns(token->target->pid, pids) == list->target) &&
	       (!list->source ||
		pid_nr_ns(token->source, pids) == list->source) &&
	       (!list->by_uid || uid_eq(token->uid, list->uid));
}

/* The caller has claimed the token. */
static int netlink_list_token(struct sk_buff *skb, struct netlink_callback *cb,
			      const struct netlink_list *list,
			      const struct sockdup_token *token)
{
	void *header = genlmsg_put(skb, NETLINK_CB(cb->skb).portid,
				   cb->nlh->nlmsg_seq, &netlink_family,
				   NLM_F_MULTI, SOCKDUP_CMD_TOKEN_GET);

	if (!header)
		return -EMSGSIZE;
	if (netlink_put_token(skb, token, &list->reader)) {
		genlmsg_cancel(skb, header);
		return -EMSGSIZE;
	}
	genlmsg_end(skb, header);
	return 0;
}

/* Show a token where it is wanted; what has ended meanwhile is not. */
static int netlink_list_one(struct sk_buff *skb, struct netlink_callback *cb,
			    const struct netlink_list *list,
			    struct sockdup_token *token)
{
	int err;

	if (!netlink_list_wants(list, token))
		return 0;
	err = sockdup_token_claim(token);
	if (err)
		return err == -ENOENT ? 0 : err;
	err = netlink_list_token(skb, cb, list, token);
	sockdup_token_restore(token);
	return err;
}

int sockdup_nl_token_get_dumpit(struct sk_buff *skb,
				struct netlink_callback *cb)
{
	struct netlink_list *list = (void *)cb->args[0];
	struct sockdup_token *token;
	int err = list->err;

	if (err)
		cb->extack->_msg = list->extack._msg;
	while (!err && (token = sockdup_token_next(&list->cursor))) {
		err = netlink_list_one(skb, cb, list, token);
		if (!err)
			sockdup_token_pass(&list->cursor, token);
		sockdup_token_put(token);
		if (fatal_signal_pending(current))
			err = -EINTR;
	}
	/* A full buffer is sent, and the walk goes on where it is. */
	return err == -EMSGSIZE && skb->len ? skb->len : err;
}

static int netlink_put_counts(struct sk_buff *skb)
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

static int netlink_put_stats(struct sk_buff *skb, kuid_t uid,
			     const struct netlink_reader *reader)
{
	if (nla_put_u32(skb, SOCKDUP_A_STATS_UID,
			from_kuid_munged(reader->users, uid)) ||
	    nla_put_u64_64bit(skb, SOCKDUP_A_STATS_HELD,
			      sockdup_account_held_by(uid),
			      SOCKDUP_A_STATS_PAD))
		return -EMSGSIZE;
	return reader->all ? netlink_put_counts(skb) : 0;
}

static int netlink_reply_stats(struct genl_info *info, kuid_t uid,
			       const struct netlink_reader *reader)
{
	struct sk_buff *reply = genlmsg_new(GENLMSG_DEFAULT_SIZE, GFP_KERNEL);
	void *header;
	int err;

	if (!reply)
		return -ENOMEM;
	header = genlmsg_put_reply(reply, info, &netlink_family, 0,
				   SOCKDUP_CMD_STATS_GET);
	err = header ? netlink_put_stats(reply, uid, reader) : -EMSGSIZE;
	if (err) {
		nlmsg_free(reply);
		return err;
	}
	genlmsg_end(reply, header);
	return genlmsg_reply(reply, info);
}

int sockdup_nl_stats_get_doit(struct sk_buff *skb, struct genl_info *info)
{
	struct nlattr *attr = info->attrs[SOCKDUP_A_STATS_UID];
	struct netlink_reader reader;
	kuid_t uid;
	int err;

	err = netlink_reader_init(&reader, skb, info->extack);
	if (err)
		return err;
	uid = attr ? make_kuid(reader.users, nla_get_u32(attr)) : current_uid();
	if (!uid_valid(uid)) {
		NL_SET_ERR_MSG_ATTR(info->extack, attr,
				    "there is no such user here");
		return -EINVAL;
	}
	if (!reader.all && !uid_eq(uid, current_uid())) {
		NL_SET_ERR_MSG_ATTR(info->extack, attr,
				    "other users are for privileged ones");
		return -EPERM;
	}
	return netlink_reply_stats(info, uid, &reader);
}

#define NETLINK_EVENT_SIZE	(nla_total_size_64bit(sizeof(u64)) + \
				 3 * nla_total_size(sizeof(u32)))

static struct sk_buff *netlink_event(const struct sockdup_token *token,
				     const struct net *net, u8 command)
{
	struct sk_buff *skb = genlmsg_new(NETLINK_EVENT_SIZE, GFP_ATOMIC);
	void *header;

	if (!skb)
		return NULL;
	header = genlmsg_put(skb, 0, 0, &netlink_family, 0, command);
	if (!header ||
	    nla_put_u64_64bit(skb, SOCKDUP_A_TOKEN_ID, token->opaque.id,
			      SOCKDUP_A_TOKEN_PAD) ||
	    nla_put_s32(skb, SOCKDUP_A_TOKEN_TARGET,
			pid_nr(token->target->pid)) ||
	    nla_put_s32(skb, SOCKDUP_A_TOKEN_SOURCE, pid_nr(token->source)) ||
	    nla_put_u32(skb, SOCKDUP_A_TOKEN_UID,
			from_kuid_munged(net->user_ns, token->uid))) {
		nlmsg_free(skb);
		return NULL;
	}
	genlmsg_end(skb, header);
	return skb;
}

/* The command that tells of an event. */
#define NETLINK_COMMAND(_event)	(SOCKDUP_CMD_TOKEN_EXPORTED_NTF + (_event))

#define NETLINK_SAME_ORDER(_name)					\
	static_assert(NETLINK_COMMAND(SOCKDUP_TOKEN_##_name) ==		\
		      SOCKDUP_CMD_TOKEN_##_name##_NTF)

NETLINK_SAME_ORDER(IMPORTED);
NETLINK_SAME_ORDER(REVOKED);
NETLINK_SAME_ORDER(EXPIRED);
NETLINK_SAME_ORDER(HANDLE_CLOSED);
NETLINK_SAME_ORDER(TARGET_DIED);

static bool netlink_has_audience(struct net *net)
{
	return genl_has_listeners(&netlink_family, net, SOCKDUP_NLGRP_TOKENS);
}

/* Apart, as nobody listens most of the time. The caller keeps @net. */
static noinline void netlink_send_event(const struct sockdup_token *token,
					struct net *net,
					enum sockdup_token_event event)
{
	struct sk_buff *skb = netlink_event(token, net, NETLINK_COMMAND(event));

	if (skb)
		genlmsg_multicast_netns(&netlink_family, net, skb, 0,
					SOCKDUP_NLGRP_TOKENS, GFP_ATOMIC);
	else
		genl_set_err(&netlink_family, net, 0, SOCKDUP_NLGRP_TOKENS,
			     -ENOBUFS);
}

/* Where the exporter's namespace is not that of the current process. */
static noinline void netlink_tell_elsewhere(const struct sockdup_token *token,
					    enum sockdup_token_event event)
{
	struct net *net;

	rcu_read_lock();
	net = netlink_net_find(token->net);
	if (net && netlink_has_audience(net))
		netlink_send_event(token, net, event);
	rcu_read_unlock();
}

/**
 * sockdup_netlink_tell - tell those who listen of an event
 * @token: whose
 * @event: what
 *
 * In the network namespace that the exporter was in, if it is still there.
 * Processes have the numbers of the initial namespace, users those of the network
 * namespace's owner. Who does not keep up, or finds no memory, is told that
 * events were lost, by ENOBUFS as usual.
 */
void sockdup_netlink_tell(const struct sockdup_token *token,
			  enum sockdup_token_event event)
{
	const struct nsproxy *own = current->nsproxy;

	/* Who exits is in none. Nobody but the process itself leaves its own. */
	if (!own || own->net_ns->net_cookie != token->net)
		netlink_tell_elsewhere(token, event);
	else if (netlink_has_audience(own->net_ns))
		netlink_send_event(token, own->net_ns, event);
}

/* The generated operation of a command that is answered once. */
static int netlink_do(struct sk_buff *skb, struct genl_info *info)
{
	const struct genl_ops *op = sockdup_nl_ops;

	while (op->cmd != info->genlhdr->cmd)
		op++;
	return netlink_refusal(op->cmd, op->doit(skb, info));
}

/*
 * The generated operations by way of ours, and a dump's start and end, which it
 * lacks.
 */
static struct genl_ops netlink_ops[ARRAY_SIZE(sockdup_nl_ops)] __ro_after_init;

static const struct genl_multicast_group netlink_groups[] = {
	[SOCKDUP_NLGRP_TOKENS] = {
		.name	= SOCKDUP_MCGRP_TOKENS,
		.flags	= GENL_MCAST_CAP_NET_ADMIN,
	},
};

static struct genl_family netlink_family __ro_after_init = {
	.name		= SOCKDUP_FAMILY_NAME,
	.version	= SOCKDUP_FAMILY_VERSION,
	.module		= THIS_MODULE,
	.netnsok	= true,
	.parallel_ops	= true,
	.ops		= netlink_ops,
	.n_ops		= ARRAY_SIZE(netlink_ops),
	.mcgrps		= netlink_groups,
	.n_mcgrps	= ARRAY_SIZE(netlink_groups),
};

/**
 * sockdup_netlink_init - open the door
 *
 * Return: 0 or a negative errno.
 */
int __init sockdup_netlink_init(void)
{
	size_t i;
	int err;

	memcpy(netlink_ops, sockdup_nl_ops, sizeof(netlink_ops));
	for (i = 0; i < ARRAY_SIZE(netlink_ops); i++) {
		netlink_ops[i].doit = netlink_do;
		if (!netlink_ops[i].dumpit)
			continue;
		netlink_ops[i].start = netlink_list_start;
		netlink_ops[i].done = netlink_list_done;
	}
	err = register_pernet_subsys(&netlink_net_ops);
	if (err)
		return err;
	err = genl_register_family(&netlink_family);
	if (err)
		unregister_pernet_subsys(&netlink_net_ops);
	return err;
}

/**
 * sockdup_netlink_open - let sockets be exported
 *
 * The last step of loading the module, which can no longer fail.
 */
void __init sockdup_netlink_open(void)
{
	WRITE_ONCE(netlink_open, true);
}

/**
 * sockdup_netlink_exit - close the door
 *
 * Requests under way are waited for. No token is live, so nothing is told.
 */
void sockdup_netlink_exit(void)
{
	genl_unregister_family(&netlink_family);
	unregister_pernet_subsys(&netlink_net_ops);
}
