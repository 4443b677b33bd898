// SPDX-License-Identifier: GPL-2.0-only
/*
 * Who reads by netlink, what a reader may see, and how tokens and posts are described to
 * one.
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

#include "binding.h"
#include "cgroup.h"
#include "inbox.h"
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

/* Whether a process was of the reader's users and namespaces. */
static bool nl_reader_is(const struct sockdup_nl_reader *reader, kuid_t uid, kuid_t euid,
			 u64 net, struct pid *pid)
{
	return uid_eq(uid, reader->uid) && uid_eq(euid, reader->euid) &&
	       net == reader->net && pid_nr_ns(pid, reader->pids);
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
	return reader->all || nl_reader_is(reader, token->charge.account->uid, token->uid,
					   token->net, token->source);
}

/**
 * sockdup_nl_reader_may_see_inbox - whether all posts in an inbox are there for a reader
 * @reader: who reads
 * @inbox: held by the caller
 *
 * Without privilege those in an inbox that the reader's user opened, as tokens that it
 * exported.
 */
bool sockdup_nl_reader_may_see_inbox(const struct sockdup_nl_reader *reader,
				     const struct sockdup_inbox *inbox)
{
	return reader->all || nl_reader_is(reader, inbox->account->uid, inbox->uid,
					   inbox->net, inbox->opener);
}

/**
 * sockdup_nl_reader_may_see_post - whether a post is there for a reader
 * @reader: who reads
 * @slot: of the post, in an inbox that the caller has locked
 *
 * Without privilege also one that the reader's user posted, as tokens that it exported.
 */
bool sockdup_nl_reader_may_see_post(const struct sockdup_nl_reader *reader,
				    const struct sockdup_slot *slot)
{
	const struct sockdup_binding *binding = slot->binding;

	lockdep_assert_held(&slot->inbox->lock);

	return sockdup_nl_reader_may_see_inbox(reader, slot->inbox) ||
	       nl_reader_is(reader, binding->account->uid, slot->uid, binding->net,
			    binding->sender);
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

/* Its name, or an empty one. */
static const char *nl_name(const struct sockdup_token *token, unsigned int index)
{
	const struct sockdup_set *set = sockdup_token_set(token);

	return set && set->names ? set->names[index].text : "";
}

/* A nest for a socket. Its name can be empty. */
static int nl_put_socket(struct sk_buff *skb, int attribute, struct file *file,
			 const char *name, const struct sockdup_nl_reader *reader)
{
	static const struct sockdup_opaque none;
	struct sockdup_protocol_info info;
	struct nlattr *nest;

	sockdup_protocol_info_fill(&info, sock_from_file(file), &none);
	nest = nla_nest_start(skb, attribute);
	if (!nest || nl_put_description(skb, file, &info, reader) ||
	    (*name && nla_put(skb, SOCKDUP_A_SOCKET_NAME, strlen(name), name)))
		return -EMSGSIZE;
	nla_nest_end(skb, nest);
	return 0;
}

static int nl_put_token_socket(const struct sockdup_token *token, void *data)
{
	const struct nl_page *page = data;

	/* An invitation. */
	if (sockdup_token_invites(token))
		return 0;
	return nl_put_socket(page->skb, SOCKDUP_A_TOKEN_SOCKET,
			     sockdup_token_file(token, page->index),
			     nl_name(token, page->index), page->reader);
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
	return sockdup_token_look(token, nl_put_token_socket, &page);
}

/* The process that has owned the inbox for longest; 0 where it is not visible, or is gone. */
static pid_t nl_owner_nr(struct sockdup_inbox *inbox, const struct sockdup_nl_reader *reader)
{
	const struct sockdup_target *owner;

	lockdep_assert_held(&inbox->lock);

	owner = list_first_entry_or_null(&inbox->members, struct sockdup_target, inbox_place);
	return owner ? sockdup_target_nr(owner, reader->pids) : 0;
}

static u64 nl_left_ms(u64 deadline)
{
	u64 now = ktime_get_boottime_ns();

	return now < deadline ? div_u64(deadline - now, NSEC_PER_MSEC) : 0;
}

/**
 * sockdup_nl_reader_put_post - describe a post and the first of its sockets
 * @skb: the message
 * @slot: of a post that waits, and that the reader may see, in an inbox that the caller has
 *	  locked: its files stay
 * @reader: whose numbers processes and users get
 *
 * Return: 0 or -EMSGSIZE.
 */
int sockdup_nl_reader_put_post(struct sk_buff *skb, const struct sockdup_slot *slot,
			       const struct sockdup_nl_reader *reader)
{
	struct sockdup_inbox *inbox = slot->inbox;

	if (nla_put_u64_64bit(skb, SOCKDUP_A_POST_INBOX, inbox->number, SOCKDUP_A_POST_PAD) ||
	    nla_put_u64_64bit(skb, SOCKDUP_A_POST_ID, slot->id, SOCKDUP_A_POST_PAD) ||
	    nla_put_s32(skb, SOCKDUP_A_POST_TARGET, nl_owner_nr(inbox, reader)) ||
	    nla_put_s32(skb, SOCKDUP_A_POST_SOURCE,
			pid_nr_ns(slot->binding->sender, reader->pids)) ||
	    nla_put_u32(skb, SOCKDUP_A_POST_UID,
			from_kuid_munged(reader->users, slot->uid)) ||
	    nla_put_u32(skb, SOCKDUP_A_POST_GID,
			from_kgid_munged(reader->users, slot->gid)) ||
	    nla_put_u64_64bit(skb, SOCKDUP_A_POST_LEFT_MS, nl_left_ms(slot->deadline),
			      SOCKDUP_A_POST_PAD) ||
	    nla_put_u32(skb, SOCKDUP_A_POST_SOCKET_COUNT, slot->count) ||
	    nla_put_u32(skb, SOCKDUP_A_POST_MESSAGE_SIZE, slot->message_size))
		return -EMSGSIZE;
	return nl_put_socket(skb, SOCKDUP_A_POST_SOCKET, slot->sockets[0].charge.file, "",
			     reader);
}
