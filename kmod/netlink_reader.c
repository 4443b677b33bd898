// SPDX-License-Identifier: GPL-2.0-only
/*
 * Who reads by netlink, what a reader may see, and how a token is described to one.
 */

#include <linux/cred.h>
#include <linux/fs.h>
#include <linux/ipv6.h>
#include <linux/net.h>
#include <linux/nsproxy.h>
#include <linux/pid_namespace.h>
#include <linux/user_namespace.h>
#include <net/net_namespace.h>
#include <net/netlink.h>
#include <net/sock.h>

#include <uapi/linux/sockdup_netlink.h>

#include "cgroup.h"
#include "netlink_reader.h"
#include "protocol_info.h"
#include "set.h"
#include "target.h"
#include "token.h"

static_assert(sizeof(struct sockaddr_storage) == SOCKDUP_NETLINK_ADDRESS_SIZE);

/**
 * sockdup_nl_reader_opener - who opened the socket that a request came by
 * @skb: the request
 *
 * Return: the credentials, as long as the socket is there, or NULL where it is not a file.
 */
const struct cred *sockdup_nl_reader_opener(const struct sk_buff *skb)
{
	const struct socket *sock = NETLINK_CB(skb).sk->sk_socket;

	return sock && sock->file ? sock->file->f_cred : NULL;
}

/**
 * sockdup_nl_reader_init - the sender of a request as a reader
 * @reader: its namespaces are the sender's, not held, and set even where this fails
 * @skb: the request
 * @extack: says why not
 *
 * Return: 0, or -EPERM where the socket is not the sender's own.
 */
int sockdup_nl_reader_init(struct sockdup_nl_reader *reader,
			   const struct sk_buff *skb,
			   struct netlink_ext_ack *extack)
{
	const struct cred *opener = sockdup_nl_reader_opener(skb);

	reader->pids = task_active_pid_ns(current);
	reader->users = current_user_ns();
	reader->cgroups = sockdup_cgroup_root();
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
	if (reader->all)
		reader->cgroups = NULL;
	return 0;
}

/**
 * sockdup_nl_reader_hold - hold the namespaces of a reader
 * @reader: set by sockdup_nl_reader_init(), in the same request
 */
void sockdup_nl_reader_hold(const struct sockdup_nl_reader *reader)
{
	get_pid_ns(reader->pids);
	get_user_ns(reader->users);
	if (reader->cgroups)
		sockdup_cgroup_hold(reader->cgroups);
}

/**
 * sockdup_nl_reader_release - let go of the namespaces of a reader
 * @reader: that was held
 */
void sockdup_nl_reader_release(const struct sockdup_nl_reader *reader)
{
	put_user_ns(reader->users);
	put_pid_ns(reader->pids);
	if (reader->cgroups)
		sockdup_cgroup_put(reader->cgroups);
}

/**
 * sockdup_nl_reader_may_see - whether a token is there for a reader
 * @reader: who reads
 * @token: held by the caller
 *
 * Without privilege a reader sees what its user exported, in the network
 * namespace of the socket, and by a process that the reader could see.
 */
bool sockdup_nl_reader_may_see(const struct sockdup_nl_reader *reader,
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
			const struct sockdup_nl_reader *reader)
{
	const struct net *net = sock_net(sk);

	if (!reader->all && net->net_cookie != reader->net)
		return 0;
	return nla_put_u64_64bit(skb, SOCKDUP_A_SOCKET_NETNS, net->ns.inum,
				 SOCKDUP_A_SOCKET_PAD);
}

static int nl_put_description(struct sk_buff *skb, struct file *file,
			      const struct sockdup_protocol_info *info,
			      const struct sockdup_nl_reader *reader)
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

/* A message that is being made, which socket it shows, and its reader. */
struct nl_page {
	struct sk_buff *skb;
	unsigned int index;
	const struct sockdup_nl_reader *reader;
};

static int nl_put_name(struct sk_buff *skb, const struct sockdup_token *token,
		       unsigned int index)
{
	const struct sockdup_set *set = sockdup_token_set(token);
	const char *name = set && set->names ? set->names[index].text : "";

	return *name ? nla_put(skb, SOCKDUP_A_SOCKET_NAME, strlen(name), name) : 0;
}

/* A nest for one of the token's sockets. */
static int nl_put_socket(const struct sockdup_token *token, void *data)
{
	const struct nl_page *page = data;
	struct sk_buff *skb = page->skb;
	struct file *file = sockdup_token_file(token, page->index);
	struct sockdup_protocol_info info;
	struct nlattr *nest;

	/* An invitation. */
	if (sockdup_token_invites(token))
		return 0;
	sockdup_protocol_info_fill(&info, sock_from_file(file),
				   &token->opaque);
	nest = nla_nest_start(skb, SOCKDUP_A_TOKEN_SOCKET);
	if (!nest || nl_put_description(skb, file, &info, page->reader) ||
	    nl_put_name(skb, token, page->index))
		return -EMSGSIZE;
	nla_nest_end(skb, nest);
	return 0;
}

static int nl_put_invitation(struct sk_buff *skb, const struct sockdup_token *token)
{
	if (!sockdup_token_invites(token))
		return 0;
	return nla_put_u32(skb, SOCKDUP_A_TOKEN_INVITATION,
			   sockdup_token_invites(token) == SOCKDUP_EXPORT_INVITE_TO_POST ?
			   SOCKDUP_NETLINK_INVITATION_TO_POST :
			   SOCKDUP_NETLINK_INVITATION_TO_ACCEPT);
}

/**
 * sockdup_nl_reader_put_token - describe a token and one of its sockets
 * @skb: the message
 * @token: held by the caller, and one that the reader may see
 * @index: of the socket, from 0 on
 * @reader: whose numbers processes and users get
 *
 * Return: 0, -ENOENT where the token has ended, or -EMSGSIZE.
 */
int sockdup_nl_reader_put_token(struct sk_buff *skb,
				struct sockdup_token *token, unsigned int index,
				const struct sockdup_nl_reader *reader)
{
	struct nl_page page = { .skb = skb, .index = index, .reader = reader };
	u64 now = ktime_get_boottime_ns();

	if (nla_put_u64_64bit(skb, SOCKDUP_A_TOKEN_ID, token->opaque.id,
			      SOCKDUP_A_TOKEN_PAD) ||
	    nla_put_s32(skb, SOCKDUP_A_TOKEN_TARGET,
			sockdup_target_nr(token->target, reader->pids)) ||
	    (token->target->user_ns &&
	     nla_put_u32(skb, SOCKDUP_A_TOKEN_TARGET_UID,
			 from_kuid_munged(reader->users, token->target_uid))) ||
	    (token->target->cgroup &&
	     nla_put_u64_64bit(skb, SOCKDUP_A_TOKEN_TARGET_CGROUP,
			       sockdup_target_cgroup_ino(token->target, reader->cgroups),
			       SOCKDUP_A_TOKEN_PAD)) ||
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
			      SOCKDUP_A_TOKEN_PAD) ||
	    nla_put_u32(skb, SOCKDUP_A_TOKEN_SOCKET_COUNT,
			sockdup_token_socket_count(token)) ||
	    nla_put_u32(skb, SOCKDUP_A_TOKEN_PAYLOAD_SIZE,
			sockdup_token_payload_size(token)) ||
	    nl_put_invitation(skb, token))
		return -EMSGSIZE;
	return sockdup_token_look(token, nl_put_socket, &page);
}
