/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * An agent is a process that has nothing in common with the test: it is
 * executed anew and inherits standard streams alone. The test tells it over
 * its standard input what to do, and reads the outcome from its standard
 * output. It serves as the target of an export, as its source, or as a
 * stranger.
 *
 * Every agent_*() call below has the agent do one thing and waits for it.
 * The value is what the call gave in the agent, or -errno of its failure
 * there. A lost agent is -EPIPE, one that does not answer within WAIT_MS is
 * killed and -ETIME.
 */
#ifndef SELFTESTS_AGENT_H
#define SELFTESTS_AGENT_H

#include <assert.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/socket.h>
#include <sys/types.h>

#include <sockdup.h>

#define AGENT_DATA_SIZE	2048

enum agent_op {
	AGENT_GETPID,
	AGENT_IMPORT,
	AGENT_IMPORT_FROM,
	AGENT_IMPORT_MAPPED,
	AGENT_IMPORT_RACE,
	AGENT_IMPORT_LOOP,
	AGENT_IMPORT_SOURCE,
	AGENT_EXPORT,
	AGENT_QUERY,
	AGENT_REVOKE,
	AGENT_EVENT_SELECT,
	AGENT_EVENT_ENUMERATE,
	AGENT_EVENT_REARM,
	AGENT_EVENT_INHERIT,
	AGENT_EVENT_QUERY,
	AGENT_SOCKET,
	AGENT_BIND,
	AGENT_CONNECT,
	AGENT_LISTEN,
	AGENT_ACCEPT,
	AGENT_SENDTO,
	AGENT_RECVFROM,
	AGENT_WRITE,
	AGENT_READ,
	AGENT_SHUTDOWN,
	AGENT_SETSOCKOPT,
	AGENT_GETSOCKOPT,
	AGENT_GETSOCKNAME,
	AGENT_OPEN,
	AGENT_EVENTFD,
	AGENT_POLL,
	AGENT_IOCTL,
	AGENT_DUP,
	AGENT_FCNTL,
	AGENT_CLOSE,
	AGENT_SETRLIMIT,
	AGENT_SETUID,
	AGENT_SETRESUID,
	AGENT_UNSHARE,
	AGENT_PIDFD_OPEN,
	AGENT_PARK_THREAD,
	AGENT_EXEC,
	AGENT_EXIT_LEADER,
	AGENT_EXIT,
	AGENT_OPS,
};

/* Which task of the agent does it. */
enum agent_actor {
	AGENT_MAIN,	/* the thread that leads the process */
	AGENT_THREAD,	/* another thread of it */
	AGENT_CHILD,	/* a process forked from it */
};

struct agent_request {
	__u32 op;
	__u32 actor;
	__s32 fd;
	__u32 args[4];
	__u32 size;
	__u32 address_size;
	__u32 __pad;
	struct sockaddr_storage address;
	struct sockdup_protocol_info info;
	__u8 data[AGENT_DATA_SIZE];
};

struct agent_reply {
	__s32 value;
	__u32 size;
	__u32 address_size;
	__u32 __pad;
	struct sockaddr_storage address;
	struct sockdup_protocol_info info;
	__u8 data[AGENT_DATA_SIZE];
};

/* So that an agent of 32 bits serves a test of 64. */
static_assert(sizeof(struct agent_request) == 296 + AGENT_DATA_SIZE, "");
static_assert(sizeof(struct agent_reply) == 272 + AGENT_DATA_SIZE, "");

/* What the threads of an AGENT_IMPORT_RACE got. */
struct agent_race {
	__s32 fd;		/* of the last that won, -1 if none did */
	__u32 won;
	__u32 enoent;
	__u32 other;		/* failed in another way */
};

/* struct sockdup_description, alike for 32 and 64 bits */
struct agent_description {
	struct sockdup_identity source;
	__s32 target_pid;
	__u32 __pad;
	__aligned_u64 age_ms;
	__aligned_u64 left_ms;
	__u32 target_flags;
	__u32 target_uid;
};

/* struct sockdup_registration, likewise */
struct agent_registration {
	__u32 mask;
	__u32 kind;
	__u32 own;
	struct sockdup_identity source;
};

/**
 * struct agent - the test's end of an agent
 * @pid: its process id as the test sees it, 0 while there is none
 * @to: where requests go
 * @from: where replies come from
 */
struct agent {
	pid_t pid;
	int to;
	int from;
};

/*
 * Life of an agent. agent_spawn() is 0 or -errno; agent_spawn_as() gives the
 * agent a process id of the caller's choice, agent_spawn_isolated() a pid
 * namespace of its own; both are for root alone. agent_stop() lets it end by
 * itself, reaps it and returns its exit status, or minus the signal that ended
 * it; it does nothing for an agent that is none (pid 0), so that a teardown
 * may call it always. agent_kill() is agent_stop() by SIGKILL.
 */
int agent_spawn(struct agent *agent);
int agent_spawn_as(struct agent *agent, pid_t pid);
int agent_spawn_isolated(struct agent *agent);
int agent_stop(struct agent *agent);
int agent_kill(struct agent *agent);

/*
 * Has the agent exit at once, without closing anything first, and waits until
 * it is dead. It stays a zombie until agent_stop().
 */
int agent_exit(struct agent *agent, int status);

/* Ends the leading thread while a parked one lives on; no calls after it. */
int agent_exit_leader(struct agent *agent);

/* The library. */
int agent_import(struct agent *agent, const struct sockdup_protocol_info *info,
		 unsigned int flags);
int agent_import_by(struct agent *agent, enum agent_actor actor,
		    const struct sockdup_protocol_info *info,
		    unsigned int flags);
/* The agent reads the info from @fd itself, or maps @fd and imports there. */
int agent_import_from(struct agent *agent, int fd, unsigned int flags);
int agent_import_mapped(struct agent *agent, int fd, unsigned int flags);
int agent_import_race(struct agent *agent,
		      const struct sockdup_protocol_info *info,
		      unsigned int threads, struct agent_race *race);
/*
 * The two halves of a loop in which several threads import a token that they
 * have no room for, until it is gone: how often they were refused.
 */
int agent_import_loop_post(struct agent *agent,
			   const struct sockdup_protocol_info *info,
			   unsigned int threads);
int agent_import_loop_wait(struct agent *agent);
int agent_import_source(struct agent *agent,
			const struct sockdup_protocol_info *info,
			struct sockdup_identity *source);
int agent_export(struct agent *agent, int fd, int target, unsigned int flags,
		 unsigned int ttl_ms, struct sockdup_protocol_info *info);
int agent_duplicate(struct agent *agent, int fd, pid_t pid,
		    struct sockdup_protocol_info *info);
int agent_duplicate_pidfd(struct agent *agent, int fd, int pidfd,
			  struct sockdup_protocol_info *info);
/* Moves @fd to the agent, whose descriptor of it is the value. */
int agent_give(struct agent *agent, int fd);
/* Leaves @fd to a token of the agent's alone. */
int agent_entrust(struct agent *agent, int fd, int target, unsigned int flags,
		  unsigned int ttl_ms, struct sockdup_protocol_info *info);
int agent_query(struct agent *agent, const struct sockdup_protocol_info *info,
		struct sockdup_description *description);
int agent_revoke(struct agent *agent,
		 const struct sockdup_protocol_info *info);

int agent_event_select(struct agent *agent, int fd, int event,
		       unsigned int mask, unsigned int kind);
int agent_event_register(struct agent *agent, int fd, int event,
			 unsigned int mask, unsigned int kind, unsigned int flags);
int agent_event_enumerate(struct agent *agent, int fd, unsigned int flags,
			  struct sockdup_network_events *happened);
int agent_event_rearm(struct agent *agent, int fd, unsigned int events);
int agent_event_inherit(struct agent *agent, int fd, int listener);
int agent_event_query(struct agent *agent, int fd,
		      struct sockdup_registration *registration);

/* Sockets. Sizes of data are at most AGENT_DATA_SIZE. */
int agent_socket(struct agent *agent, int domain, int type, int protocol);
int agent_bind(struct agent *agent, int fd, const void *address,
	       socklen_t size);
int agent_connect(struct agent *agent, int fd, const void *address,
		  socklen_t size);
int agent_listen(struct agent *agent, int fd, int backlog);
int agent_accept(struct agent *agent, int fd, int flags);
int agent_send(struct agent *agent, int fd, const void *data, size_t size,
	       int flags);
int agent_recv(struct agent *agent, int fd, void *data, size_t size,
	       int flags);
int agent_sendto(struct agent *agent, int fd, const void *data, size_t size,
		 int flags, const void *address, socklen_t address_size);
int agent_recvfrom(struct agent *agent, int fd, void *data, size_t size,
		   int flags, void *address, socklen_t *address_size);
int agent_write(struct agent *agent, int fd, const void *data, size_t size);
int agent_read(struct agent *agent, int fd, void *data, size_t size);
int agent_shutdown(struct agent *agent, int fd, int how);
int agent_setsockopt(struct agent *agent, int fd, int level, int name,
		     const void *value, socklen_t size);
int agent_getsockopt(struct agent *agent, int fd, int level, int name,
		     void *value, socklen_t *size);
int agent_getsockname(struct agent *agent, int fd, void *address,
		      socklen_t *size);

/*
 * Descriptors. agent_poll() waits for a descriptor and gives what poll() tells
 * of it, 0 where nothing came in time. agent_ioctl() passes @arg there and
 * back, NULL allowed.
 */
int agent_open(struct agent *agent, const char *path, int flags);
int agent_eventfd(struct agent *agent, unsigned int counter, int flags);
int agent_poll(struct agent *agent, int fd, short events,
	       unsigned int timeout_ms);
int agent_ioctl(struct agent *agent, int fd, unsigned int request, void *arg,
		size_t size);
int agent_dup(struct agent *agent, int fd);
int agent_fcntl(struct agent *agent, int fd, int command, int arg);
int agent_close(struct agent *agent, int fd);

/*
 * The process. agent_getpid() is its id as it sees itself. agent_setrlimit()
 * sets the soft limit alone. agent_setuid() sets all user and group ids and
 * drops the supplementary groups. agent_park_thread() starts a thread that
 * does nothing and gives its id. agent_exec() has a thread execute the agent
 * program anew, agent_exec_path() another copy of it.
 */
int agent_getpid(struct agent *agent);
int agent_setrlimit(struct agent *agent, int resource, unsigned int soft);
int agent_setuid(struct agent *agent, uid_t uid);
int agent_setresuid(struct agent *agent, uid_t real, uid_t effective,
		    uid_t saved);
int agent_unshare(struct agent *agent, int flags);
/* By root: @outside, and nobody else, is @inside in the agent's user namespace. */
int agent_map_users(struct agent *agent, unsigned int inside, unsigned int outside);
int agent_map_groups(struct agent *agent, unsigned int inside, unsigned int outside);
/* A user namespace of its own in which both are mapped like that. */
int agent_enter_user_namespace(struct agent *agent, unsigned int inside,
			       unsigned int outside);
int agent_pidfd_open(struct agent *agent, pid_t pid);
int agent_park_thread(struct agent *agent);
int agent_exec(struct agent *agent, enum agent_actor actor);
int agent_exec_path(struct agent *agent, enum agent_actor actor,
		    const char *path);

/* An AF_UNIX stream socket whose peer, by connect(), is the agent; or -errno. */
int agent_channel(struct agent *agent);

/*
 * The two halves of a call, for one that blocks: agent_post() is 0 or
 * -errno, agent_wait() as the call would be. One at a time for each agent.
 */
void agent_prepare(struct agent_request *request, enum agent_op op, int fd);
int agent_post(struct agent *agent, const struct agent_request *request);
int agent_wait(struct agent *agent, struct agent_reply *reply);

/* Reads or writes exactly @size bytes; 0, -EPIPE at the end, or -errno. */
int read_exactly(int fd, void *data, size_t size);
int write_exactly(int fd, const void *data, size_t size);

#endif /* SELFTESTS_AGENT_H */
