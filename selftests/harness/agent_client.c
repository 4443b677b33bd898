// SPDX-License-Identifier: GPL-2.0-only
/*
 * The test's side of an agent: starts it, and turns calls into requests.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/sched.h>
#include <poll.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "agent.h"
#include "common.h"

/* Writing to an agent that is gone is an error to see, not a reason to die. */
static void __attribute__((constructor)) ignore_sigpipe(void)
{
	signal(SIGPIPE, SIG_IGN);
}

/* Beside the test program, unless SOCKDUP_AGENT names another build. */
static const char *agent_path(void)
{
	static char path[PATH_MAX];
	const char *named = getenv("SOCKDUP_AGENT");
	ssize_t length;
	char *slash;

	if (named && *named)
		return named;
	length = readlink("/proc/self/exe", path, sizeof(path) - 8);
	if (length < 0)
		return "agent";
	path[length] = '\0';
	slash = strrchr(path, '/');
	strcpy(slash ? slash + 1 : path, "agent");
	return path;
}

static void become_agent(const char *path, int in, int out)
{
	char *const arguments[] = { "agent", NULL };

	/* A test that is killed leaves nobody behind. */
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (dup2(in, STDIN_FILENO) < 0 || dup2(out, STDOUT_FILENO) < 0 ||
	    close_range(STDERR_FILENO + 1, ~0U, 0))
		_exit(126);
	execv(path, arguments);
	_exit(127);
}

static int agent_call(struct agent *agent, const struct agent_request *request,
		      struct agent_reply *reply);

/*
 * fork(), with namespaces of its own for the child as @flags ask for, and the
 * process id @pid where it is not 0.
 */
static pid_t fork_with(unsigned int flags, pid_t pid)
{
	struct clone_args arguments = {
		.flags = flags,
		.exit_signal = SIGCHLD,
		.set_tid = pid ? (uintptr_t)&pid : 0,
		.set_tid_size = pid ? 1 : 0,
	};

	if (!flags && !pid)
		return fork();
	return syscall(SYS_clone3, &arguments, sizeof(arguments));
}

static int spawn(struct agent *agent, unsigned int flags, pid_t pid)
{
	const char *path = agent_path();
	struct agent_request request;
	struct agent_reply reply;
	int to[2], from[2], error;

	memset(agent, 0, sizeof(*agent));
	if (pipe2(to, O_CLOEXEC))
		return -errno;
	if (pipe2(from, O_CLOEXEC)) {
		error = -errno;
		goto close_to;
	}
	agent->pid = fork_with(flags, pid);
	if (agent->pid < 0) {
		error = -errno;
		goto close_from;
	}
	if (!agent->pid)
		become_agent(path, to[0], from[1]);
	close(to[0]);
	close(from[1]);
	agent->to = to[1];
	agent->from = from[0];

	/* The fork is no agent before it has executed the program. */
	agent_prepare(&request, AGENT_GETPID, -1);
	error = agent_call(agent, &request, &reply);
	if (error > 0)
		return 0;
	agent_kill(agent);
	return error;

close_from:
	close(from[0]);
	close(from[1]);
close_to:
	close(to[0]);
	close(to[1]);
	agent->pid = 0;
	return error;
}

int agent_spawn(struct agent *agent)
{
	return spawn(agent, 0, 0);
}

int agent_spawn_as(struct agent *agent, pid_t pid)
{
	return spawn(agent, 0, pid);
}

int agent_spawn_isolated(struct agent *agent)
{
	return spawn(agent, CLONE_NEWPID, 0);
}

static int agent_reap(struct agent *agent)
{
	int status;

	while (waitpid(agent->pid, &status, 0) < 0) {
		if (errno != EINTR)
			return -errno;
	}
	close(agent->from);
	memset(agent, 0, sizeof(*agent));
	return WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
}

int agent_stop(struct agent *agent)
{
	if (!agent->pid)
		return 0;
	close(agent->to);
	agent->to = -1;
	if (wait_for_death(agent->pid))
		kill(agent->pid, SIGKILL);
	return agent_reap(agent);
}

int agent_kill(struct agent *agent)
{
	if (!agent->pid)
		return 0;
	kill(agent->pid, SIGKILL);
	close(agent->to);
	return agent_reap(agent);
}

void agent_prepare(struct agent_request *request, enum agent_op op, int fd)
{
	memset(request, 0, sizeof(*request));
	request->op = op;
	request->fd = fd;
}

int agent_post(struct agent *agent, const struct agent_request *request)
{
	if (!agent->pid)
		return -EPIPE;
	return write_exactly(agent->to, request, sizeof(*request));
}

int agent_wait(struct agent *agent, struct agent_reply *reply)
{
	int error;

	if (!agent->pid)
		return -EPIPE;
	if (wait_for_poll(agent->from, POLLIN)) {
		kill(agent->pid, SIGKILL);
		return -ETIME;
	}
	error = read_exactly(agent->from, reply, sizeof(*reply));
	return error ? error : reply->value;
}

static int agent_call(struct agent *agent, const struct agent_request *request,
		      struct agent_reply *reply)
{
	int error = agent_post(agent, request);

	return error ? error : agent_wait(agent, reply);
}

/* A call whose reply is its value alone. */
static int agent_ask(struct agent *agent, const struct agent_request *request)
{
	struct agent_reply reply;

	return agent_call(agent, request, &reply);
}

static int agent_ask_fd(struct agent *agent, enum agent_op op, int fd,
			unsigned int arg0, unsigned int arg1)
{
	struct agent_request request;

	agent_prepare(&request, op, fd);
	request.args[0] = arg0;
	request.args[1] = arg1;
	return agent_ask(agent, &request);
}

static int put_data(struct agent_request *request, const void *data,
		    size_t size)
{
	if (size > sizeof(request->data))
		return -EMSGSIZE;
	if (data)
		memcpy(request->data, data, size);
	request->size = size;
	return 0;
}

static int put_address(struct agent_request *request, const void *address,
		       socklen_t size)
{
	if (size > sizeof(request->address))
		return -EMSGSIZE;
	if (address)
		memcpy(&request->address, address, size);
	request->address_size = size;
	return 0;
}

int agent_exit(struct agent *agent, int status)
{
	struct agent_request request;
	int error;

	agent_prepare(&request, AGENT_EXIT, -1);
	request.args[0] = status;
	error = agent_post(agent, &request);
	return error ? error : wait_for_death(agent->pid);
}

/* True when the leader is a zombie, its process alive or not. */
static bool leader_is_dead(void *context)
{
	const struct agent *agent = context;
	char path[64], line[256];
	char *state;
	FILE *file;

	snprintf(path, sizeof(path), "/proc/%d/stat", agent->pid);
	file = fopen(path, "re");
	if (!file)
		return true;
	state = fgets(line, sizeof(line), file);
	fclose(file);
	state = state ? strrchr(state, ')') : NULL;
	return state && state[1] && state[2] == 'Z';
}

int agent_exit_leader(struct agent *agent)
{
	struct agent_request request;
	int error;

	agent_prepare(&request, AGENT_EXIT_LEADER, -1);
	error = agent_post(agent, &request);
	return error ? error : wait_until(leader_is_dead, agent);
}

int agent_import_by(struct agent *agent, enum agent_actor actor,
		    const struct sockdup_protocol_info *info,
		    unsigned int flags)
{
	struct agent_request request;

	agent_prepare(&request, AGENT_IMPORT, -1);
	request.actor = actor;
	request.info = *info;
	request.args[0] = flags;
	return agent_ask(agent, &request);
}

int agent_import(struct agent *agent, const struct sockdup_protocol_info *info,
		 unsigned int flags)
{
	return agent_import_by(agent, AGENT_MAIN, info, flags);
}

int agent_import_from(struct agent *agent, int fd, unsigned int flags)
{
	return agent_ask_fd(agent, AGENT_IMPORT_FROM, fd, flags, 0);
}

int agent_import_mapped(struct agent *agent, int fd, unsigned int flags)
{
	return agent_ask_fd(agent, AGENT_IMPORT_MAPPED, fd, flags, 0);
}

int agent_import_race(struct agent *agent,
		      const struct sockdup_protocol_info *info,
		      unsigned int threads, struct agent_race *race)
{
	struct agent_request request;
	struct agent_reply reply;
	int value;

	agent_prepare(&request, AGENT_IMPORT_RACE, -1);
	request.info = *info;
	request.args[0] = threads;
	value = agent_call(agent, &request, &reply);
	if (value >= 0)
		memcpy(race, reply.data, sizeof(*race));
	return value;
}

int agent_import_loop_post(struct agent *agent,
			   const struct sockdup_protocol_info *info,
			   unsigned int threads)
{
	struct agent_request request;

	agent_prepare(&request, AGENT_IMPORT_LOOP, -1);
	request.info = *info;
	request.args[0] = threads;
	return agent_post(agent, &request);
}

int agent_import_loop_wait(struct agent *agent)
{
	struct agent_reply reply;

	return agent_wait(agent, &reply);
}

int agent_import_source(struct agent *agent,
			const struct sockdup_protocol_info *info,
			struct sockdup_identity *source)
{
	struct agent_request request;
	struct agent_reply reply;
	int value;

	agent_prepare(&request, AGENT_IMPORT_SOURCE, -1);
	request.info = *info;
	value = agent_call(agent, &request, &reply);
	if (value >= 0)
		memcpy(source, reply.data, sizeof(*source));
	return value;
}

int agent_export(struct agent *agent, int fd, int target, unsigned int flags,
		 unsigned int ttl_ms, struct sockdup_protocol_info *info)
{
	struct agent_request request;
	struct agent_reply reply;
	int value;

	agent_prepare(&request, AGENT_EXPORT, fd);
	request.args[0] = target;
	request.args[1] = flags;
	request.args[2] = ttl_ms;
	value = agent_call(agent, &request, &reply);
	if (value >= 0)
		*info = reply.info;
	return value;
}

int agent_duplicate(struct agent *agent, int fd, pid_t pid,
		    struct sockdup_protocol_info *info)
{
	return agent_export(agent, fd, pid, 0, 0, info);
}

int agent_duplicate_pidfd(struct agent *agent, int fd, int pidfd,
			  struct sockdup_protocol_info *info)
{
	return agent_export(agent, fd, pidfd, SOCKDUP_EXPORT_TO_PIDFD, 0,
			    info);
}

int agent_give(struct agent *agent, int fd)
{
	struct sockdup_protocol_info info;
	int value = try_duplicate(fd, agent->pid, &info);

	if (!value)
		value = agent_import(agent, &info, 0);
	close(fd);
	return value;
}

int agent_entrust(struct agent *agent, int fd, int target, unsigned int flags,
		  unsigned int ttl_ms, struct sockdup_protocol_info *info)
{
	int error;

	fd = agent_give(agent, fd);
	if (fd < 0)
		return fd;
	error = agent_export(agent, fd, target, flags, ttl_ms, info);
	return error ? error : agent_close(agent, fd);
}

int agent_query(struct agent *agent, const struct sockdup_protocol_info *info,
		struct sockdup_description *description)
{
	struct agent_description answer;
	struct agent_request request;
	struct agent_reply reply;
	int value;

	agent_prepare(&request, AGENT_QUERY, -1);
	request.info = *info;
	value = agent_call(agent, &request, &reply);
	if (value < 0)
		return value;
	memcpy(&answer, reply.data, sizeof(answer));
	memset(description, 0, sizeof(*description));
	description->info = reply.info;
	description->source = answer.source;
	description->target_pid = answer.target_pid;
	description->age_ms = answer.age_ms;
	description->left_ms = answer.left_ms;
	description->target_flags = answer.target_flags;
	description->target_uid = answer.target_uid;
	return value;
}

int agent_revoke(struct agent *agent, const struct sockdup_protocol_info *info)
{
	struct agent_request request;

	agent_prepare(&request, AGENT_REVOKE, -1);
	request.info = *info;
	return agent_ask(agent, &request);
}

int agent_event_register(struct agent *agent, int fd, int event,
			 unsigned int mask, unsigned int kind, unsigned int flags)
{
	struct agent_request request;

	agent_prepare(&request, AGENT_EVENT_SELECT, fd);
	request.args[0] = event;
	request.args[1] = mask;
	request.args[2] = kind;
	request.args[3] = flags;
	return agent_ask(agent, &request);
}

int agent_event_select(struct agent *agent, int fd, int event,
		       unsigned int mask, unsigned int kind)
{
	return agent_event_register(agent, fd, event, mask, kind, 0);
}

int agent_event_enumerate(struct agent *agent, int fd, unsigned int flags,
			  struct sockdup_network_events *happened)
{
	struct agent_request request;
	struct agent_reply reply;
	int value;

	agent_prepare(&request, AGENT_EVENT_ENUMERATE, fd);
	request.args[0] = flags;
	value = put_data(&request, happened, sizeof(*happened));
	if (!value)
		value = agent_call(agent, &request, &reply);
	if (value >= 0)
		memcpy(happened, reply.data, sizeof(*happened));
	return value;
}

int agent_event_rearm(struct agent *agent, int fd, unsigned int events)
{
	return agent_ask_fd(agent, AGENT_EVENT_REARM, fd, events, 0);
}

int agent_event_inherit(struct agent *agent, int fd, int listener)
{
	return agent_ask_fd(agent, AGENT_EVENT_INHERIT, fd, listener, 0);
}

int agent_event_query(struct agent *agent, int fd,
		      struct sockdup_registration *registration)
{
	struct agent_registration answer;
	struct agent_request request;
	struct agent_reply reply;
	int value;

	agent_prepare(&request, AGENT_EVENT_QUERY, fd);
	value = agent_call(agent, &request, &reply);
	if (value < 0)
		return value;
	memcpy(&answer, reply.data, sizeof(answer));
	registration->mask = answer.mask;
	registration->kind = answer.kind;
	registration->own = answer.own;
	registration->source = answer.source;
	return value;
}

int agent_socket(struct agent *agent, int domain, int type, int protocol)
{
	struct agent_request request;

	agent_prepare(&request, AGENT_SOCKET, -1);
	request.args[0] = domain;
	request.args[1] = type;
	request.args[2] = protocol;
	return agent_ask(agent, &request);
}

static int ask_address(struct agent *agent, enum agent_op op, int fd,
		       const void *address, socklen_t size)
{
	struct agent_request request;
	int error;

	agent_prepare(&request, op, fd);
	error = put_address(&request, address, size);
	return error ? error : agent_ask(agent, &request);
}

int agent_bind(struct agent *agent, int fd, const void *address,
	       socklen_t size)
{
	return ask_address(agent, AGENT_BIND, fd, address, size);
}

int agent_connect(struct agent *agent, int fd, const void *address,
		  socklen_t size)
{
	return ask_address(agent, AGENT_CONNECT, fd, address, size);
}

int agent_listen(struct agent *agent, int fd, int backlog)
{
	return agent_ask_fd(agent, AGENT_LISTEN, fd, backlog, 0);
}

int agent_accept(struct agent *agent, int fd, int flags)
{
	return agent_ask_fd(agent, AGENT_ACCEPT, fd, flags, 0);
}

int agent_sendto(struct agent *agent, int fd, const void *data, size_t size,
		 int flags, const void *address, socklen_t address_size)
{
	struct agent_request request;
	int error;

	agent_prepare(&request, AGENT_SENDTO, fd);
	request.args[0] = flags;
	error = put_data(&request, data, size);
	if (!error)
		error = put_address(&request, address, address_size);
	return error ? error : agent_ask(agent, &request);
}

int agent_send(struct agent *agent, int fd, const void *data, size_t size,
	       int flags)
{
	return agent_sendto(agent, fd, data, size, flags, NULL, 0);
}

int agent_recvfrom(struct agent *agent, int fd, void *data, size_t size,
		   int flags, void *address, socklen_t *address_size)
{
	struct agent_request request;
	struct agent_reply reply;
	int value;

	agent_prepare(&request, AGENT_RECVFROM, fd);
	request.args[0] = flags;
	value = put_data(&request, NULL, size);
	if (value)
		return value;
	value = agent_call(agent, &request, &reply);
	if (value < 0)
		return value;
	memcpy(data, reply.data, (size_t)value < size ? (size_t)value : size);
	if (address) {
		if (*address_size > reply.address_size)
			*address_size = reply.address_size;
		memcpy(address, &reply.address, *address_size);
	}
	return value;
}

int agent_recv(struct agent *agent, int fd, void *data, size_t size, int flags)
{
	return agent_recvfrom(agent, fd, data, size, flags, NULL, NULL);
}

int agent_write(struct agent *agent, int fd, const void *data, size_t size)
{
	struct agent_request request;
	int error;

	agent_prepare(&request, AGENT_WRITE, fd);
	error = put_data(&request, data, size);
	return error ? error : agent_ask(agent, &request);
}

int agent_read(struct agent *agent, int fd, void *data, size_t size)
{
	struct agent_request request;
	struct agent_reply reply;
	int value;

	agent_prepare(&request, AGENT_READ, fd);
	value = put_data(&request, NULL, size);
	if (!value)
		value = agent_call(agent, &request, &reply);
	if (value > 0)
		memcpy(data, reply.data, value);
	return value;
}

int agent_shutdown(struct agent *agent, int fd, int how)
{
	return agent_ask_fd(agent, AGENT_SHUTDOWN, fd, how, 0);
}

int agent_setsockopt(struct agent *agent, int fd, int level, int name,
		     const void *value, socklen_t size)
{
	struct agent_request request;
	int error;

	agent_prepare(&request, AGENT_SETSOCKOPT, fd);
	request.args[0] = level;
	request.args[1] = name;
	error = put_data(&request, value, size);
	return error ? error : agent_ask(agent, &request);
}

int agent_getsockopt(struct agent *agent, int fd, int level, int name,
		     void *value, socklen_t *size)
{
	struct agent_request request;
	struct agent_reply reply;
	int error;

	agent_prepare(&request, AGENT_GETSOCKOPT, fd);
	request.args[0] = level;
	request.args[1] = name;
	error = put_data(&request, NULL, *size);
	if (!error)
		error = agent_call(agent, &request, &reply);
	if (error < 0)
		return error;
	*size = reply.size;
	memcpy(value, reply.data, reply.size);
	return 0;
}

int agent_getsockname(struct agent *agent, int fd, void *address,
		      socklen_t *size)
{
	struct agent_request request;
	struct agent_reply reply;
	int error;

	agent_prepare(&request, AGENT_GETSOCKNAME, fd);
	error = agent_call(agent, &request, &reply);
	if (error < 0)
		return error;
	if (*size > reply.address_size)
		*size = reply.address_size;
	memcpy(address, &reply.address, *size);
	return 0;
}

int agent_open(struct agent *agent, const char *path, int flags)
{
	struct agent_request request;
	int error;

	agent_prepare(&request, AGENT_OPEN, -1);
	request.args[0] = flags;
	error = put_data(&request, path, strlen(path) + 1);
	return error ? error : agent_ask(agent, &request);
}

int agent_eventfd(struct agent *agent, unsigned int counter, int flags)
{
	return agent_ask_fd(agent, AGENT_EVENTFD, -1, counter, flags);
}

int agent_poll(struct agent *agent, int fd, short events,
	       unsigned int timeout_ms)
{
	return agent_ask_fd(agent, AGENT_POLL, fd, events, timeout_ms);
}

int agent_ioctl(struct agent *agent, int fd, unsigned int command, void *arg,
		size_t size)
{
	struct agent_request request;
	struct agent_reply reply;
	int value;

	agent_prepare(&request, AGENT_IOCTL, fd);
	request.args[0] = command;
	value = put_data(&request, arg, arg ? size : 0);
	if (value)
		return value;
	value = agent_call(agent, &request, &reply);
	if (value >= 0 && arg)
		memcpy(arg, reply.data, size);
	return value;
}

int agent_dup(struct agent *agent, int fd)
{
	return agent_ask_fd(agent, AGENT_DUP, fd, 0, 0);
}

int agent_fcntl(struct agent *agent, int fd, int command, int arg)
{
	return agent_ask_fd(agent, AGENT_FCNTL, fd, command, arg);
}

int agent_close(struct agent *agent, int fd)
{
	return agent_ask_fd(agent, AGENT_CLOSE, fd, 0, 0);
}

int agent_getpid(struct agent *agent)
{
	return agent_ask_fd(agent, AGENT_GETPID, -1, 0, 0);
}

int agent_setrlimit(struct agent *agent, int resource, unsigned int soft)
{
	return agent_ask_fd(agent, AGENT_SETRLIMIT, -1, resource, soft);
}

int agent_setuid(struct agent *agent, uid_t uid)
{
	return agent_ask_fd(agent, AGENT_SETUID, -1, uid, 0);
}

int agent_setresuid(struct agent *agent, uid_t real, uid_t effective,
		    uid_t saved)
{
	struct agent_request request;

	agent_prepare(&request, AGENT_SETRESUID, -1);
	request.args[0] = real;
	request.args[1] = effective;
	request.args[2] = saved;
	return agent_ask(agent, &request);
}

int agent_unshare(struct agent *agent, int flags)
{
	return agent_ask_fd(agent, AGENT_UNSHARE, -1, flags, 0);
}

static int write_map(pid_t pid, const char *name, unsigned int inside,
		     unsigned int outside)
{
	char path[64], line[64];

	snprintf(path, sizeof(path), "/proc/%d/%s", pid, name);
	snprintf(line, sizeof(line), "%u %u 1\n", inside, outside);
	return write_string(path, line);
}

int agent_map_users(struct agent *agent, unsigned int inside, unsigned int outside)
{
	return write_map(agent->pid, "uid_map", inside, outside);
}

int agent_map_groups(struct agent *agent, unsigned int inside, unsigned int outside)
{
	return write_map(agent->pid, "gid_map", inside, outside);
}

int agent_enter_user_namespace(struct agent *agent, unsigned int inside,
			       unsigned int outside)
{
	int error = agent_unshare(agent, CLONE_NEWUSER);

	if (!error)
		error = agent_map_users(agent, inside, outside);
	if (!error)
		error = agent_map_groups(agent, inside, outside);
	return error;
}

int agent_pidfd_open(struct agent *agent, pid_t pid)
{
	return agent_ask_fd(agent, AGENT_PIDFD_OPEN, -1, pid, 0);
}

int agent_park_thread(struct agent *agent)
{
	return agent_ask_fd(agent, AGENT_PARK_THREAD, -1, 0, 0);
}

int agent_exec_path(struct agent *agent, enum agent_actor actor,
		    const char *path)
{
	struct agent_request request;
	int error;

	agent_prepare(&request, AGENT_EXEC, -1);
	request.actor = actor;
	error = put_data(&request, path, path ? strlen(path) + 1 : 0);
	return error ? error : agent_ask(agent, &request);
}

int agent_exec(struct agent *agent, enum agent_actor actor)
{
	return agent_exec_path(agent, actor, NULL);
}

int agent_channel(struct agent *agent)
{
	/* The kernel chooses an abstract name. */
	const struct sockaddr_un any_name = { .sun_family = AF_UNIX };
	int listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	int end = agent_socket(agent, AF_UNIX, SOCK_STREAM, 0);
	struct address name;
	int channel = -EADDRNOTAVAIL;

	if (end >= 0 &&
	    !bind(listener, (const void *)&any_name, sizeof(sa_family_t)) &&
	    !listen(listener, 1)) {
		name = bound_address(listener);
		channel = agent_connect(agent, end, &name.storage, name.size);
	}
	if (!channel) {
		channel = accept4(listener, NULL, NULL, SOCK_CLOEXEC);
		channel = channel < 0 ? -errno : channel;
	}
	close(listener);
	return channel;
}
