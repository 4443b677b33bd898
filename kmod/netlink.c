// SPDX-License-Identifier: GPL-2.0-only
/*
 * The generic netlink family: exports sockets, shows and ends tokens, counts
 * them, and notifies listeners. It never imports: a reply can be lost when a
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
#include <linux/fs.h>
#include <linux/hashtable.h>
#include <linux/ipv6.h>
#include <linux/module.h>
#include <linux/net.h>
#include <linux/nsproxy.h>
#include <linux/pid_namespace.h>
#include <linux/random.h>
#include <linux/siphash.h>
#include <linux/slab.h>
#include <linux/user_namespace.h>
#include <net/genetlink.h>
#include <net/net_namespace.h>
#include <net/netns/generic.h>
#include <net/sock.h>

#include "account.h"
#include "netlink.h"
#include "netlink_gen.h"
#include "protocol_info.h"
#include "target.h"
#include "trace.h"

static bool netlink_export = true;
module_param(netlink_export, bool, 0644);
MODULE_PARM_DESC(netlink_export, "let sockets be exported by netlink, too (Y)");

/*
 * The module is loaded for good. Until then no request begins: a dump that is
 * pending when the load fails would run into code that is gone.
 */
static bool nl_open;

static_assert(sizeof(struct sockdup_protocol_info) == SOCKDUP_NETLINK_INFO_SIZE);
static_assert(sizeof(struct sockaddr_storage) == SOCKDUP_NETLINK_ADDRESS_SIZE);

/**
 * struct nl_net - a network namespace, to be found by its cookie
 * @node: in the table; covered by its lock, read under RCU
 * @net: the namespace
 * @loss: tells its listeners that notifications were lost
 *
 * A token keeps the cookie of the namespace that it was exported in, and neither
 * the namespace nor a pointer to it.
 */
struct nl_net {
	struct hlist_node node;
	struct net *net;
	struct work_struct loss;
};

#define NL_NETS_BITS	8
static DEFINE_HASHTABLE(nl_nets, NL_NETS_BITS);
static DEFINE_SPINLOCK(nl_nets_lock);
/* Secret: nobody can choose namespaces that share a chain. */
static siphash_key_t nl_nets_key __ro_after_init;
static unsigned int nl_net_id;
static struct genl_family nl_family;

static u32 nl_net_hash(u64 cookie)
{
	return siphash_1u64(cookie, &nl_nets_key);
}

static void nl_tell_loss(struct work_struct *work);

static int __net_init nl_net_init(struct net *net)
{
	struct nl_net *entry = net_generic(net, nl_net_id);

	entry->net = net;
	INIT_WORK(&entry->loss, nl_tell_loss);
	spin_lock(&nl_nets_lock);
	hash_add_rcu(nl_nets, &entry->node, nl_net_hash(net->net_cookie));
	spin_unlock(&nl_nets_lock);
	return 0;
}

/* A grace period lies between this and the exit: nobody finds it then. */
static void __net_exit nl_net_pre_exit(struct net *net)
{
	struct nl_net *entry = net_generic(net, nl_net_id);

	spin_lock(&nl_nets_lock);
	hash_del_rcu(&entry->node);
	spin_unlock(&nl_nets_lock);
}

static void __net_exit nl_net_exit(struct net *net)
{
	struct nl_net *entry = net_generic(net, nl_net_id);

	cancel_work_sync(&entry->loss);
}

static struct pernet_operations nl_net_ops = {
	.init		= nl_net_init,
	.pre_exit	= nl_net_pre_exit,
	.exit		= nl_net_exit,
	.id		= &nl_net_id,
	.size		= sizeof(struct nl_net),
};

/* Caller is in an RCU read section. */
static struct nl_net *nl_net_find(u64 cookie)
{
	struct nl_net *entry;

	hash_for_each_possible_rcu(nl_nets, entry, node, nl_net_hash(cookie))
		if (entry->net->net_cookie == cookie)
			return entry;
	return NULL;
}

/**
 * struct nl_reader - through whose eyes, and with whose rights
 * @pids: numbers of processes are those of this namespace
 * @users: numbers of users likewise
 * @net: the cookie of the socket's network namespace
 * @uid: real user id
 * @euid: effective user id
 * @all: sees the tokens of everybody and everywhere
 */
struct nl_reader {
	struct pid_namespace *pids;
	struct user_namespace *users;
	u64 net;
	kuid_t uid;
	kuid_t euid;
	bool all;
};

static const struct cred *nl_opener(const struct sk_buff *skb)
{
	const struct socket *sock = NETLINK_CB(skb).sk->sk_socket;

	return sock && sock->file ? sock->file->f_cred : NULL;
}

/* The sender, where the socket is the sender's own. */
static int nl_reader_init(struct nl_reader *reader, const struct sk_buff *skb,
			  struct netlink_ext_ack *extack)
{
	const struct cred *opener = nl_opener(skb);

	reader->pids = task_active_pid_ns(current);
	reader->users = current_user_ns();
	reader->net = sock_net(NETLINK_CB(skb).sk)->net_cookie;
	if (!opener || !uid_eq(opener->euid, current_euid()) ||
	    !uid_eq(opener->uid, current_uid())) {
		NL_SET_ERR_MSG(extack,
			       "another user opened this netlink socket");
		return -EPERM;
	}
	reader->uid = current_uid();
	reader->euid = current_euid();
	reader->all = netlink_capable(skb, CAP_SYS_ADMIN);
	return 0;
}

/*
 * Without privilege a reader sees what its user exported, in the network
 * namespace of the socket, and by a process that the reader could see.
 */
static bool nl_may_see(const struct nl_reader *reader,
		       const struct sockdup_token *token)
{
	return reader->all ||
	       (uid_eq(token->charge.account->uid, reader->uid) &&
		uid_eq(token->uid, reader->euid) &&
		token->net == reader->net &&
		pid_nr_ns(token->source, reader->pids));
}

static int nl_put_address(struct sk_buff *skb, int attribute,
			  struct socket *sock, bool peer)
{
	struct sockaddr_storage address;
	int size = sockdup_protocol_info_address(sock, peer, &address);

	return size ? nla_put(skb, attribute, size, &address) : 0;
}

/* Not all families have a state. */
static int nl_put_state(struct sk_buff *skb, const struct sock *sk)
{
	int state = sockdup_protocol_info_state(sk);

	return state ? nla_put_u32(skb, SOCKDUP_A_SOCKET_STATE, state) : 0;
}

/* Without privilege a reader learns of no network namespace but its own. */
static int nl_put_netns(struct sk_buff *skb, const struct sock *sk,
			const struct nl_reader *reader)
{
	const struct net *net = sock_net(sk);

	if (!reader->all && net->net_cookie != reader->net)
		return 0;
	return nla_put_u64_64bit(skb, SOCKDUP_A_SOCKET_NETNS, net->ns.inum,
				 SOCKDUP_A_SOCKET_PAD);
}

static int nl_put_description(struct sk_buff *skb, struct file *file,
			      const struct sockdup_protocol_info *info,
			      const struct nl_reader *reader)
{
	struct socket *sock = sock_from_file(file);

	if (nla_put_u32(skb, SOCKDUP_A_SOCKET_FAMILY, info->address_family) ||
	    nla_put_u32(skb, SOCKDUP_A_SOCKET_TYPE, info->socket_type) ||
	    nla_put_u32(skb, SOCKDUP_A_SOCKET_PROTOCOL, info->protocol) ||
	    nla_put_string(skb, SOCKDUP_A_SOCKET_PROTOCOL_NAME,
			   info->protocol_name) ||
	    nl_put_address(skb, SOCKDUP_A_SOCKET_LOCAL_ADDRESS, sock, false) ||
	    nl_put_address(skb, SOCKDUP_A_SOCKET_REMOTE_ADDRESS, sock, true) ||
	    nla_put_u64_64bit(skb, SOCKDUP_A_SOCKET_INODE,
			      file_inode(file)->i_ino, SOCKDUP_A_SOCKET_PAD) ||
	    (info->address_family == AF_INET6 && ipv6_only_sock(sock->sk) &&
	     nla_put_flag(skb, SOCKDUP_A_SOCKET_IPV6_ONLY)) ||
	    nl_put_state(skb, sock->sk) ||
	    nl_put_netns(skb, sock->sk, reader))
		return -EMSGSIZE;
	return 0;
}

/* A message that is being made, and its reader. */
struct nl_page {
	struct sk_buff *skb;
	const struct nl_reader *reader;
};

/* A nest for each of a token's sockets, of which there is one. */
static int nl_put_sockets(const struct sockdup_token *token, void *data)
{
	const struct nl_page *page = data;
	struct sk_buff *skb = page->skb;
	struct file *file = token->charge.file;
	struct sockdup_protocol_info info;
	struct nlattr *nest;

	sockdup_protocol_info_fill(&info, sock_from_file(file),
				   &token->opaque);
	if (nla_put_u32(skb, SOCKDUP_A_TOKEN_SOCKET_COUNT, info.socket_count))
		return -EMSGSIZE;
	nest = nla_nest_start(skb, SOCKDUP_A_TOKEN_SOCKET);
	if (!nest || nl_put_description(skb, file, &info, page->reader))
		return -EMSGSIZE;
	nla_nest_end(skb, nest);
	return 0;
}

/* -ENOENT where the token has ended, and else 0 or -EMSGSIZE. */
static int nl_put_token(struct sk_buff *skb, struct sockdup_token *token,
			const struct nl_reader *reader)
{
	struct nl_page page = { .skb = skb, .reader = reader };
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
	return sockdup_token_look(token, nl_put_sockets, &page);
}

static int nl_reply_token(struct genl_info *info, struct sockdup_token *token,
			  const struct nl_reader *reader)
{
	struct sk_buff *reply = genlmsg_new(GENLMSG_DEFAULT_SIZE, GFP_KERNEL);
	void *header;
	int err;

	if (!reply)
		return -ENOMEM;
	header = genlmsg_put_reply(reply, info, &nl_family, 0,
				   info->genlhdr->cmd);
	err = header ? nl_put_token(reply, token, reader) : -EMSGSIZE;
	if (err) {
		nlmsg_free(reply);
		return err;
	}
	genlmsg_end(reply, header);
	return genlmsg_reply(reply, info);
}

/* The target that an export names, in one of two ways. */
static struct sockdup_target *nl_target(struct genl_info *info)
{
	struct nlattr *number = info->attrs[SOCKDUP_A_TOKEN_TARGET];
	struct nlattr *peer = info->attrs[SOCKDUP_A_TOKEN_PEER_FD];
	struct sockdup_target *target;

	if ((number && peer) || (!number && !peer)) {
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
	header = genlmsg_put_reply(reply, info, &nl_family, 0,
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
	struct nlattr *target = info->attrs[SOCKDUP_A_TOKEN_TARGET] ?:
				info->attrs[SOCKDUP_A_TOKEN_PEER_FD];

	switch (err) {
	case -EINVAL:
	case -EPERM:
		NL_SET_ERR_MSG_ATTR(info->extack,
				    info->attrs[SOCKDUP_A_TOKEN_TTL_MS],
				    "the target belongs to another user and does not use sockdup, or no life may be this long");
		break;
	case -ESRCH:
		NL_SET_ERR_MSG_ATTR(info->extack, target,
				    "this target has just ended");
		break;
	case -ENOBUFS:
		NL_SET_ERR_MSG(info->extack,
			       "your tokens hold as many sockets as RLIMIT_NOFILE allows");
		break;
	}
}

/* Consumes the caller's reference of @file, and hold of @target. */
static int nl_export_file(struct genl_info *info, struct file *file,
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
	const struct cred *opener = nl_opener(skb);

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
		NL_SET_ERR_MSG(info->extack, "want the fd of a socket");
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
	struct file *file;
	int err;

	err = nl_check_export(skb, info);
	if (err)
		return err;
	file = nl_socket(info);
	if (IS_ERR(file))
		return PTR_ERR(file);
	target = nl_target(info);
	if (IS_ERR(target)) {
		fput(file);
		return PTR_ERR(target);
	}
	return nl_export_file(info, file, target);
}

/* By the bytes that import it, for its parties. */
static struct sockdup_token *
nl_token_by_info(struct genl_info *info,
		 const struct nl_reader *reader)
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
	if (nl_may_see(reader, token) ||
	    sockdup_target_is_current(token->target))
		return token;
	err = sockdup_token_refusal(token);
	sockdup_token_put(token);
	NL_SET_ERR_MSG_ATTR(info->extack, attr,
			    "this token is for its target and its exporter");
	return ERR_PTR(err);
}

/* Finds what a list would show to this reader. Any other token is ENOENT. */
static struct sockdup_token *
nl_token_by_id(struct genl_info *info,
	       const struct nl_reader *reader)
{
	struct nlattr *attr = info->attrs[SOCKDUP_A_TOKEN_ID];
	struct sockdup_token *token = sockdup_token_get_by_id(nla_get_u64(attr));

	if (!IS_ERR(token) && !nl_may_see(reader, token)) {
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
				      const struct nl_reader *reader)
{
	return info->attrs[SOCKDUP_A_TOKEN_PROTOCOL_INFO] ?
	       nl_token_by_info(info, reader) : nl_token_by_id(info, reader);
}

static int nl_show(struct sk_buff *skb, struct genl_info *info)
{
	struct sockdup_token *token;
	struct nl_reader reader;
	int err;

	err = nl_reader_init(&reader, skb, info->extack);
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
		NL_SET_ERR_MSG(info->extack, "want a protocol-info");
		return -EINVAL;
	}
	return nl_show(skb, info);
}

static int nl_revoke(struct sk_buff *skb, struct genl_info *info)
{
	struct nlattr *bytes = info->attrs[SOCKDUP_A_TOKEN_PROTOCOL_INFO];
	struct nlattr *id = info->attrs[SOCKDUP_A_TOKEN_ID];
	struct sockdup_token *token;
	struct nl_reader reader;
	int err;

	if ((id && bytes) || (!id && !bytes)) {
		NL_SET_ERR_MSG_ATTR(info->extack, id,
				    "want either an id or a protocol-info");
		return -EINVAL;
	}
	err = nl_reader_init(&reader, skb, info->extack);
	if (err)
		return err;
	token = nl_token(info, &reader);
	if (IS_ERR(token))
		return PTR_ERR(token);
	err = sockdup_token_end(token, SOCKDUP_TOKEN_REVOKED);
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
		NL_SET_ERR_MSG(info->extack, "want an id");
		return -EINVAL;
	}
	if (filter) {
		NL_SET_ERR_MSG_ATTR(info->extack, filter,
				    "an id alone names a token; this filters a dump");
		return -EINVAL;
	}
	return nl_show(skb, info);
}

/**
 * struct nl_list - a list under way
 * @reader: as it was at the start; its namespaces are held
 * @target: bound to the process of this number, or to any where 0
 * @source: exported by the process of this number, or by any where 0
 * @uid: exported by this user
 * @by_uid: or by any where false
 * @account: of the reader, held; NULL where all accounts are read
 * @cursor: what has been shown
 * @err: nothing is to be, for this reason
 * @extack: in these words
 */
struct nl_list {
	struct nl_reader reader;
	pid_t target;
	pid_t source;
	kuid_t uid;
	bool by_uid;
	struct sockdup_account *account;
	struct sockdup_token_cursor cursor;
	int err;
	struct netlink_ext_ack extack;
};

static int nl_filter_uid(struct nl_list *list, struct nlattr *attr,
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

static int nl_list_filter(struct nl_list *list,
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
	return nl_filter_uid(list, attrs[SOCKDUP_A_TOKEN_UID], extack);
}

static int nl_list_done(struct netlink_callback *cb)
{
	struct nl_list *list = (void *)cb->args[0];

	put_user_ns(list->reader.users);
	put_pid_ns(list->reader.pids);
	if (list->account)
		sockdup_account_put(list->account);
	kfree(list);
	return 0;
}

/* Trace a failure. The sender is answered as ever. */
static int nl_refusal(unsigned int command, int err)
{
	if (err)
		trace_sockdup_netlink_refuse(command, err);
	return err;
}

/* What the reader may list is in one account, or else in all. */
static int nl_list_account(struct nl_list *list)
{
	struct sockdup_account *account;

	if (list->reader.all)
		return 0;
	account = sockdup_account_get(list->reader.uid);
	if (IS_ERR(account))
		return PTR_ERR(account);
	list->account = account;
	return 0;
}

/* A list has the rights and namespaces of the process that begins it. */
static int nl_list_start(struct netlink_callback *cb)
{
	struct netlink_ext_ack *extack;
	struct nl_list *list;
	int err;

	if (!READ_ONCE(nl_open))
		return -ENODEV;
	list = kzalloc(sizeof(*list), GFP_KERNEL_ACCOUNT);
	if (!list)
		return nl_refusal(SOCKDUP_CMD_TOKEN_GET, -ENOMEM);
	cb->args[0] = (long)list;
	/* Where the kernel does not let a start say why, the list begins so. */
	extack = cb->extack ?: &list->extack;
	err = nl_reader_init(&list->reader, cb->skb, extack);
	get_pid_ns(list->reader.pids);
	get_user_ns(list->reader.users);
	if (!err)
		err = nl_list_filter(list, cb, extack);
	if (!err)
		err = nl_list_account(list);
	nl_refusal(SOCKDUP_CMD_TOKEN_GET, err);
	if (err && cb->extack) {
		nl_list_done(cb);
		return err;
	}
	list->err = err;
	return 0;
}

/* By numbers, which a process keeps for this even when it is gone. */
static bool nl_list_wants(const struct nl_list *list,
			  const struct sockdup_token *token)
{
	struct pid_namespace *pids = list->reader.pids;

	return nl_may_see(&list->reader, token) &&
	       (!list->target ||
		pid_nr_ns(token->target->pid, pids) == list->target) &&
	       (!list->source ||
		pid_nr_ns(token->source, pids) == list->source) &&
	       (!list->by_uid || uid_eq(token->uid, list->uid));
}

/* Show a token where it is wanted, and has not ended meanwhile. */
static int nl_list_token(struct sk_buff *skb, struct netlink_callback *cb,
			 const struct nl_list *list,
			 struct sockdup_token *token)
{
	void *header;
	int err;

	if (!nl_list_wants(list, token))
		return 0;
	header = genlmsg_put(skb, NETLINK_CB(cb->skb).portid,
			     cb->nlh->nlmsg_seq, &nl_family, NLM_F_MULTI,
			     SOCKDUP_CMD_TOKEN_GET);
	if (!header)
		return -EMSGSIZE;
	err = nl_put_token(skb, token, &list->reader);
	if (err) {
		genlmsg_cancel(skb, header);
		return err == -ENOENT ? 0 : err;
	}
	genlmsg_end(skb, header);
	return 0;
}

/*
 * Tokens that one step of a list looks at: the first step holds the lock of generic
 * netlink.
 */
#define NL_LIST_STEP		256

/*
 * A step in which no token belongs into the list sends a message without a meaning. An
 * empty step would be the end of the list to its reader.
 */
static int nl_list_pause(struct sk_buff *skb, struct netlink_callback *cb)
{
	if (!skb->len &&
	    !nlmsg_put(skb, NETLINK_CB(cb->skb).portid, cb->nlh->nlmsg_seq,
		       NLMSG_NOOP, 0, NLM_F_MULTI))
		return -EMSGSIZE;
	return skb->len;
}

int sockdup_nl_token_get_dumpit(struct sk_buff *skb,
				struct netlink_callback *cb)
{
	struct nl_list *list = (void *)cb->args[0];
	struct sockdup_token *token;
	int err = list->err;
	int left = NL_LIST_STEP;

	if (err)
		cb->extack->_msg = list->extack._msg;
	while (!err &&
	       (token = sockdup_token_next(&list->cursor, list->account))) {
		err = nl_list_token(skb, cb, list, token);
		if (!err)
			sockdup_token_pass(&list->cursor);
		sockdup_token_put(token);
		if (fatal_signal_pending(current))
			err = -EINTR;
		if (!err && !--left)
			return nl_list_pause(skb, cb);
	}
	/* A full buffer is sent, and the walk goes on where it is. */
	return err == -EMSGSIZE && skb->len ? skb->len : err;
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
			const struct nl_reader *reader)
{
	if (nla_put_u32(skb, SOCKDUP_A_STATS_UID,
			from_kuid_munged(reader->users, uid)) ||
	    nla_put_u64_64bit(skb, SOCKDUP_A_STATS_HELD,
			      sockdup_account_held_by(uid),
			      SOCKDUP_A_STATS_PAD))
		return -EMSGSIZE;
	return reader->all ? nl_put_counts(skb) : 0;
}

static int nl_reply_stats(struct genl_info *info, kuid_t uid,
			  const struct nl_reader *reader)
{
	struct sk_buff *reply = genlmsg_new(GENLMSG_DEFAULT_SIZE, GFP_KERNEL);
	void *header;
	int err;

	if (!reply)
		return -ENOMEM;
	header = genlmsg_put_reply(reply, info, &nl_family, 0,
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
	struct nl_reader reader;
	kuid_t uid;
	int err;

	err = nl_reader_init(&reader, skb, info->extack);
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
				    "what other users hold takes CAP_SYS_ADMIN to see");
		return -EPERM;
	}
	/* The count is of all namespaces. */
	if (!reader.all && reader.pids != &init_pid_ns) {
		NL_SET_ERR_MSG(info->extack,
			       "what a user holds is not shown inside of a pid namespace");
		return -EPERM;
	}
	return nl_reply_stats(info, uid, &reader);
}

/*
 * A request under way. Tokens and accounts keep the module, which must not be on
 * its way out already.
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

/* Notifications that wait of one account. More are lost, as listeners are told. */
#define NL_BACKLOG	1024

/* The bit of a token's news that says that its notice is in line. */
#define NL_IN_LINE	SOCKDUP_TOKEN_EVENTS

/* The command that tells of an event. */
#define NL_COMMAND(_event)	(SOCKDUP_CMD_TOKEN_EXPORTED_NTF + (_event))

#define NL_SAME_ORDER(_name)						\
	static_assert(NL_COMMAND(SOCKDUP_TOKEN_##_name) ==		\
		      SOCKDUP_CMD_TOKEN_##_name##_NTF)

NL_SAME_ORDER(IMPORTED);
NL_SAME_ORDER(REVOKED);
NL_SAME_ORDER(EXPIRED);
NL_SAME_ORDER(HANDLE_CLOSED);
NL_SAME_ORDER(TARGET_DIED);

#define NL_NOTICE_SIZE	(nla_total_size_64bit(sizeof(u64)) + \
			 nla_total_size(sizeof(u32)))

/*
 * Of processes it says nothing: the readers of one message can be in different
 * pid namespaces.
 */
static struct sk_buff *nl_notice(const struct sockdup_token *token,
				 const struct net *net, u8 command)
{
	struct sk_buff *skb = genlmsg_new(NL_NOTICE_SIZE, GFP_KERNEL);
	void *header;

	if (!skb)
		return NULL;
	header = genlmsg_put(skb, 0, 0, &nl_family, 0, command);
	if (!header ||
	    nla_put_u64_64bit(skb, SOCKDUP_A_TOKEN_ID, token->opaque.id,
			      SOCKDUP_A_TOKEN_PAD) ||
	    nla_put_u32(skb, SOCKDUP_A_TOKEN_UID,
			from_kuid_munged(net->user_ns, token->uid))) {
		nlmsg_free(skb);
		return NULL;
	}
	genlmsg_end(skb, header);
	return skb;
}

/*
 * A message like the others. genl_set_err() would walk all listeners, and wake them,
 * with interrupts off and under a lock that every close of a netlink socket spins for.
 */
static void nl_multicast_loss(struct net *net)
{
	struct sk_buff *skb = genlmsg_new(0, GFP_KERNEL);
	void *header;

	if (!skb)
		return;
	header = genlmsg_put(skb, 0, 0, &nl_family, 0,
			     SOCKDUP_CMD_NOTIFICATIONS_LOST_NTF);
	if (!header) {
		nlmsg_free(skb);
		return;
	}
	genlmsg_end(skb, header);
	genlmsg_multicast_netns(&nl_family, net, skb, 0, SOCKDUP_NLGRP_TOKENS,
				GFP_KERNEL);
}

static void nl_tell_loss(struct work_struct *work)
{
	struct nl_net *entry = container_of(work, struct nl_net, loss);

	nl_multicast_loss(entry->net);
}

static void nl_multicast(const struct sockdup_token *token, struct net *net,
			 enum sockdup_token_event event)
{
	struct sk_buff *skb = nl_notice(token, net, NL_COMMAND(event));

	if (skb)
		genlmsg_multicast_netns(&nl_family, net, skb, 0,
					SOCKDUP_NLGRP_TOKENS, GFP_KERNEL);
	else
		nl_multicast_loss(net);
}

/* A token's network namespace, held, where it is still in use, or NULL. */
static struct net *nl_net_get(u64 cookie)
{
	struct nl_net *entry;
	struct net *net;

	rcu_read_lock();
	entry = nl_net_find(cookie);
	net = entry ? maybe_get_net(entry->net) : NULL;
	rcu_read_unlock();
	return net;
}

/* In a worker, as a walk over all listeners can take long. */
static void nl_run_notice(struct sockdup_job *job)
{
	struct sockdup_token *token =
		container_of(job, struct sockdup_token, notice);
	struct net *net = nl_net_get(token->net);
	int event;

	atomic_dec(&token->charge.account->notices);
	clear_bit(NL_IN_LINE, &token->news);
	/* News that this does not see finds the notice out of line. */
	smp_mb__after_atomic();
	if (test_bit(SOCKDUP_TOKEN_EXPORTED, &token->news))
		sockdup_token_wait_published(token);
	for (event = 0; event < SOCKDUP_TOKEN_EVENTS; event++)
		if (test_and_clear_bit(event, &token->news) && net)
			nl_multicast(token, net, event);
	if (net)
		put_net(net);
	sockdup_token_put(token);
}

static void nl_lose(const struct sockdup_token *token)
{
	struct nl_net *entry;

	rcu_read_lock();
	entry = nl_net_find(token->net);
	if (entry)
		queue_work(sockdup_line_queue(SOCKDUP_LINE_NOTIFY),
			   &entry->loss);
	rcu_read_unlock();
}

/**
 * sockdup_netlink_tell - notify the listeners of an event
 * @token: whose; live, or about to end by the caller
 * @event: what happens
 *
 * In the network namespace that the token was exported in, if it is still there,
 * and a little later. The user has the number of the user namespace that owns the
 * network namespace. Listeners are told of a loss by a notification of its own.
 *
 * Context: may be under a spinlock.
 */
void sockdup_netlink_tell(struct sockdup_token *token,
			  enum sockdup_token_event event)
{
	struct sockdup_account *account = token->charge.account;

	/* The core knows of listeners in any namespace, but not in which. */
	if (!genl_has_listeners(&nl_family, &init_net, SOCKDUP_NLGRP_TOKENS))
		return;
	set_bit(event, &token->news);
	if (test_and_set_bit(NL_IN_LINE, &token->news))
		return;
	if (atomic_inc_return(&account->notices) > NL_BACKLOG) {
		atomic_dec(&account->notices);
		clear_bit(event, &token->news);
		clear_bit(NL_IN_LINE, &token->news);
		nl_lose(token);
		return;
	}
	sockdup_token_hold(token);
	token->notice.run = nl_run_notice;
	sockdup_account_do(account, SOCKDUP_LINE_NOTIFY, &token->notice);
}

/* The generated operations, and a dump's start and end, which they lack. */
static struct genl_ops nl_ops[ARRAY_SIZE(sockdup_nl_ops)] __ro_after_init;

static const struct genl_multicast_group nl_groups[] = {
	[SOCKDUP_NLGRP_TOKENS] = {
		.name	= SOCKDUP_MCGRP_TOKENS,
		.flags	= GENL_MCAST_CAP_NET_ADMIN,
	},
};

static struct genl_family nl_family __ro_after_init = {
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
 * sockdup_netlink_init - open the door
 *
 * Return: 0 or a negative errno.
 */
int __init sockdup_netlink_init(void)
{
	size_t i;
	int err;

	get_random_bytes(&nl_nets_key, sizeof(nl_nets_key));
	memcpy(nl_ops, sockdup_nl_ops, sizeof(nl_ops));
	for (i = 0; i < ARRAY_SIZE(nl_ops); i++) {
		if (!nl_ops[i].dumpit)
			continue;
		nl_ops[i].start = nl_list_start;
		nl_ops[i].done = nl_list_done;
	}
	err = register_pernet_subsys(&nl_net_ops);
	if (err)
		return err;
	err = genl_register_family(&nl_family);
	if (err)
		unregister_pernet_subsys(&nl_net_ops);
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
 * sockdup_netlink_exit - close the door
 *
 * Requests under way are waited for. There is no token, so nothing more is told.
 */
void sockdup_netlink_exit(void)
{
	/* A loss is told to the group's listeners while its number is the group's. */
	flush_workqueue(sockdup_line_queue(SOCKDUP_LINE_NOTIFY));
	genl_unregister_family(&nl_family);
	unregister_pernet_subsys(&nl_net_ops);
}
