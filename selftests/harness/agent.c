// SPDX-License-Identifier: GPL-2.0-only
/*
 * The agent program: does what agent.h lists, one request after the other,
 * until its standard input ends.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <poll.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "agent.h"
#include "result.h"

#define RESUMED		"resumed"
#define RACE_THREADS	64

typedef int (*agent_handler)(const struct agent_request *request,
			     struct agent_reply *reply);

static int get_pid(const struct agent_request *request,
		   struct agent_reply *reply)
{
	return getpid();
}

static int import_token(const struct agent_request *request,
			struct agent_reply *reply)
{
	return result(sockdup_socket(&request->info, request->args[0]));
}

static int import_from(const struct agent_request *request,
		       struct agent_reply *reply)
{
	struct sockdup_protocol_info info;
	int error;

	error = read_exactly(request->fd, &info, sizeof(info));
	if (error)
		return error;
	return result(sockdup_socket(&info, request->args[0]));
}

static int import_mapped(const struct agent_request *request,
			 struct agent_reply *reply)
{
	struct sockdup_protocol_info *info;
	int value;

	info = mmap(NULL, sizeof(*info), PROT_READ, MAP_SHARED, request->fd, 0);
	if (info == MAP_FAILED)
		return -errno;
	value = result(sockdup_socket(info, request->args[0]));
	munmap(info, sizeof(*info));
	return value;
}

struct racer {
	pthread_t thread;
	const struct sockdup_protocol_info *info;
	atomic_uint *ready;
	unsigned int threads;
	int value;
};

/* Spins: threads that were asleep would start one after the other. */
static void *race(void *arg)
{
	struct racer *racer = arg;

	atomic_fetch_add(racer->ready, 1);
	while (atomic_load(racer->ready) < racer->threads)
		sched_yield();
	racer->value = result(sockdup_socket(racer->info, 0));
	return NULL;
}

static void race_count(struct agent_race *race, int value)
{
	if (value >= 0) {
		race->won++;
		race->fd = value;
	} else if (value == -ENOENT) {
		race->enoent++;
	} else {
		race->other++;
	}
}

static int import_race(const struct agent_request *request,
		       struct agent_reply *reply)
{
	unsigned int threads = request->args[0];
	struct racer racers[RACE_THREADS];
	struct agent_race outcome = { .fd = -1 };
	struct sockdup_info info = { .size = sizeof(info) };
	atomic_uint ready = 0;
	unsigned int i;

	if (threads > RACE_THREADS)
		return -EINVAL;
	/* The device is open before anybody races. */
	if (sockdup_info(&info))
		return -errno;
	for (i = 0; i < threads; i++) {
		racers[i].info = &request->info;
		racers[i].ready = &ready;
		racers[i].threads = threads;
		/* Those that run already spin for one that cannot. */
		if (pthread_create(&racers[i].thread, NULL, race, &racers[i]))
			abort();
	}
	for (i = 0; i < threads; i++) {
		pthread_join(racers[i].thread, NULL);
		race_count(&outcome, racers[i].value);
	}
	memcpy(reply->data, &outcome, sizeof(outcome));
	reply->size = sizeof(outcome);
	return 0;
}

struct looper {
	pthread_t thread;
	const struct sockdup_protocol_info *info;
	unsigned int refused;
	int value;
};

static void *import_until_gone(void *arg)
{
	struct looper *looper = arg;

	while ((looper->value = result(sockdup_socket(looper->info, 0))) ==
	       -EMFILE)
		looper->refused++;
	return NULL;
}

static int import_loop(const struct agent_request *request,
		       struct agent_reply *reply)
{
	struct looper loopers[RACE_THREADS] = { 0 };
	unsigned int threads = request->args[0];
	unsigned int refused = 0;
	int value = -ENOENT;
	unsigned int i;

	(void)reply;
	if (threads > RACE_THREADS)
		return -EINVAL;
	for (i = 0; i < threads; i++) {
		loopers[i].info = &request->info;
		if (pthread_create(&loopers[i].thread, NULL, import_until_gone,
				   &loopers[i]))
			abort();
	}
	for (i = 0; i < threads; i++) {
		pthread_join(loopers[i].thread, NULL);
		refused += loopers[i].refused;
		if (loopers[i].value != -ENOENT)
			value = loopers[i].value;
	}
	if (value != -ENOENT)
		return value < 0 ? value : -EEXIST;
	return refused;
}

static int import_source(const struct agent_request *request,
			 struct agent_reply *reply)
{
	struct sockdup_identity source;
	int fd = sockdup_import(&request->info, 0, &source);

	if (fd < 0)
		return -errno;
	memcpy(reply->data, &source, sizeof(source));
	reply->size = sizeof(source);
	return fd;
}

static int export_socket(const struct agent_request *request,
			 struct agent_reply *reply)
{
	return result(sockdup_export(request->fd, request->args[0],
				     request->args[1], request->args[2],
				     &reply->info));
}

static int query_token(const struct agent_request *request,
		       struct agent_reply *reply)
{
	struct agent_description answer = { 0 };
	struct sockdup_description description;

	if (sockdup_query(&request->info, &description))
		return -errno;
	reply->info = description.info;
	answer.source = description.source;
	answer.target_pid = description.target_pid;
	answer.age_ms = description.age_ms;
	answer.left_ms = description.left_ms;
	answer.target_flags = description.target_flags;
	answer.target_uid = description.target_uid;
	memcpy(reply->data, &answer, sizeof(answer));
	reply->size = sizeof(answer);
	return 0;
}

static int revoke_token(const struct agent_request *request,
			struct agent_reply *reply)
{
	return result(sockdup_revoke(&request->info));
}

static int select_events(const struct agent_request *request,
			 struct agent_reply *reply)
{
	(void)reply;
	return result(sockdup_event_register(request->fd, request->args[0],
					     request->args[1], request->args[2],
					     request->args[3]));
}

static int enumerate_events(const struct agent_request *request,
			    struct agent_reply *reply)
{
	struct sockdup_network_events happened;

	memcpy(&happened, request->data, sizeof(happened));
	if (sockdup_event_enumerate(request->fd, request->args[0], &happened))
		return -errno;
	memcpy(reply->data, &happened, sizeof(happened));
	reply->size = sizeof(happened);
	return 0;
}

static int rearm_events(const struct agent_request *request,
			struct agent_reply *reply)
{
	(void)reply;
	return result(sockdup_event_rearm(request->fd, request->args[0]));
}

static int inherit_events(const struct agent_request *request,
			  struct agent_reply *reply)
{
	(void)reply;
	return result(sockdup_event_inherit(request->fd, request->args[0]));
}

static int query_events(const struct agent_request *request,
			struct agent_reply *reply)
{
	struct sockdup_registration registration;
	struct agent_registration answer;

	if (sockdup_event_query(request->fd, &registration))
		return -errno;
	answer.mask = registration.mask;
	answer.kind = registration.kind;
	answer.own = registration.own;
	answer.source = registration.source;
	memcpy(reply->data, &answer, sizeof(answer));
	reply->size = sizeof(answer);
	return 0;
}

static int make_socket(const struct agent_request *request,
		       struct agent_reply *reply)
{
	return result(socket(request->args[0],
			     request->args[1] | SOCK_CLOEXEC,
			     request->args[2]));
}

static const struct sockaddr *address_of(const struct agent_request *request)
{
	return request->address_size ? (const void *)&request->address : NULL;
}

static int bind_socket(const struct agent_request *request,
		       struct agent_reply *reply)
{
	return result(bind(request->fd, address_of(request),
			   request->address_size));
}

static int connect_socket(const struct agent_request *request,
			  struct agent_reply *reply)
{
	return result(connect(request->fd, address_of(request),
			      request->address_size));
}

static int listen_socket(const struct agent_request *request,
			 struct agent_reply *reply)
{
	return result(listen(request->fd, request->args[0]));
}

static int accept_socket(const struct agent_request *request,
			 struct agent_reply *reply)
{
	return result(accept4(request->fd, NULL, NULL,
			      request->args[0] | SOCK_CLOEXEC));
}

static int send_data(const struct agent_request *request,
		     struct agent_reply *reply)
{
	return result(sendto(request->fd, request->data, request->size,
			     request->args[0] | MSG_NOSIGNAL,
			     address_of(request), request->address_size));
}

static size_t reply_room(const struct agent_request *request)
{
	return request->size < AGENT_DATA_SIZE ? request->size :
						 AGENT_DATA_SIZE;
}

static int receive_data(const struct agent_request *request,
			struct agent_reply *reply)
{
	socklen_t address_size = sizeof(reply->address);
	int value;

	value = recvfrom(request->fd, reply->data, reply_room(request),
			 request->args[0], (void *)&reply->address,
			 &address_size);
	if (value < 0)
		return -errno;
	reply->address_size = address_size;
	reply->size = reply_room(request);
	return value;
}

static int write_data(const struct agent_request *request,
		      struct agent_reply *reply)
{
	return result(write(request->fd, request->data, request->size));
}

static int read_data(const struct agent_request *request,
		     struct agent_reply *reply)
{
	reply->size = reply_room(request);
	return result(read(request->fd, reply->data, reply->size));
}

static int shut_down(const struct agent_request *request,
		     struct agent_reply *reply)
{
	return result(shutdown(request->fd, request->args[0]));
}

static int set_option(const struct agent_request *request,
		      struct agent_reply *reply)
{
	return result(setsockopt(request->fd, request->args[0],
				 request->args[1], request->data,
				 request->size));
}

static int get_option(const struct agent_request *request,
		      struct agent_reply *reply)
{
	socklen_t size = reply_room(request);

	if (getsockopt(request->fd, request->args[0], request->args[1],
		       reply->data, &size))
		return -errno;
	reply->size = size;
	return 0;
}

static int get_name(const struct agent_request *request,
		    struct agent_reply *reply)
{
	socklen_t size = sizeof(reply->address);

	if (getsockname(request->fd, (void *)&reply->address, &size))
		return -errno;
	reply->address_size = size;
	return 0;
}

static int open_path(const struct agent_request *request,
		     struct agent_reply *reply)
{
	return result(open((const char *)request->data,
			   request->args[0] | O_CLOEXEC));
}

static int make_eventfd(const struct agent_request *request,
			struct agent_reply *reply)
{
	(void)reply;
	return result(eventfd(request->args[0],
			      request->args[1] | EFD_CLOEXEC));
}

static int poll_fd(const struct agent_request *request,
		   struct agent_reply *reply)
{
	struct pollfd entry = {
		.fd = request->fd,
		.events = request->args[0],
	};

	(void)reply;
	if (poll(&entry, 1, request->args[1]) < 0)
		return -errno;
	return entry.revents;
}

static int control(const struct agent_request *request,
		   struct agent_reply *reply)
{
	reply->size = reply_room(request);
	memcpy(reply->data, request->data, reply->size);
	return result(ioctl(request->fd, request->args[0],
			    reply->size ? reply->data : NULL));
}

static int duplicate_fd(const struct agent_request *request,
			struct agent_reply *reply)
{
	return result(fcntl(request->fd, F_DUPFD_CLOEXEC, 0));
}

static int control_fd(const struct agent_request *request,
		      struct agent_reply *reply)
{
	return result(fcntl(request->fd, request->args[0], request->args[1]));
}

static int close_fd(const struct agent_request *request,
		    struct agent_reply *reply)
{
	return result(close(request->fd));
}

static int set_limit(const struct agent_request *request,
		     struct agent_reply *reply)
{
	struct rlimit limit;

	if (getrlimit(request->args[0], &limit))
		return -errno;
	limit.rlim_cur = request->args[1];
	return result(setrlimit(request->args[0], &limit));
}

static int set_user(const struct agent_request *request,
		    struct agent_reply *reply)
{
	uid_t id = request->args[0];

	if (setgroups(0, NULL) || setresgid(id, id, id))
		return -errno;
	return result(setresuid(id, id, id));
}

static int set_users(const struct agent_request *request,
		     struct agent_reply *reply)
{
	(void)reply;
	return result(setresuid(request->args[0], request->args[1],
				request->args[2]));
}

static int unshare_namespace(const struct agent_request *request,
			     struct agent_reply *reply)
{
	return result(unshare(request->args[0]));
}

static int open_pidfd(const struct agent_request *request,
		      struct agent_reply *reply)
{
	return result(syscall(SYS_pidfd_open, request->args[0], 0));
}

static void *park(void *arg)
{
	atomic_int *tid = arg;

	atomic_store(tid, syscall(SYS_gettid));
	for (;;)
		pause();
	return NULL;
}

static int park_thread(const struct agent_request *request,
		       struct agent_reply *reply)
{
	static atomic_int tid;
	pthread_t thread;
	int error;

	atomic_store(&tid, 0);
	error = pthread_create(&thread, NULL, park, &tid);
	if (error)
		return -error;
	while (!atomic_load(&tid))
		sched_yield();
	return atomic_load(&tid);
}

/* The next image answers the request. */
static int execute(const struct agent_request *request,
		   struct agent_reply *reply)
{
	const char *path = request->size ? (const char *)request->data :
					   "/proc/self/exe";
	char *const arguments[] = { "agent", RESUMED, NULL };

	return result(execv(path, arguments));
}

static const agent_handler handlers[AGENT_OPS] = {
	[AGENT_GETPID] = get_pid,
	[AGENT_IMPORT] = import_token,
	[AGENT_IMPORT_FROM] = import_from,
	[AGENT_IMPORT_MAPPED] = import_mapped,
	[AGENT_IMPORT_RACE] = import_race,
	[AGENT_IMPORT_LOOP] = import_loop,
	[AGENT_IMPORT_SOURCE] = import_source,
	[AGENT_EXPORT] = export_socket,
	[AGENT_QUERY] = query_token,
	[AGENT_REVOKE] = revoke_token,
	[AGENT_EVENT_SELECT] = select_events,
	[AGENT_EVENT_ENUMERATE] = enumerate_events,
	[AGENT_EVENT_REARM] = rearm_events,
	[AGENT_EVENT_INHERIT] = inherit_events,
	[AGENT_EVENT_QUERY] = query_events,
	[AGENT_SOCKET] = make_socket,
	[AGENT_BIND] = bind_socket,
	[AGENT_CONNECT] = connect_socket,
	[AGENT_LISTEN] = listen_socket,
	[AGENT_ACCEPT] = accept_socket,
	[AGENT_SENDTO] = send_data,
	[AGENT_RECVFROM] = receive_data,
	[AGENT_WRITE] = write_data,
	[AGENT_READ] = read_data,
	[AGENT_SHUTDOWN] = shut_down,
	[AGENT_SETSOCKOPT] = set_option,
	[AGENT_GETSOCKOPT] = get_option,
	[AGENT_GETSOCKNAME] = get_name,
	[AGENT_OPEN] = open_path,
	[AGENT_EVENTFD] = make_eventfd,
	[AGENT_POLL] = poll_fd,
	[AGENT_IOCTL] = control,
	[AGENT_DUP] = duplicate_fd,
	[AGENT_FCNTL] = control_fd,
	[AGENT_CLOSE] = close_fd,
	[AGENT_SETRLIMIT] = set_limit,
	[AGENT_SETUID] = set_user,
	[AGENT_SETRESUID] = set_users,
	[AGENT_UNSHARE] = unshare_namespace,
	[AGENT_PIDFD_OPEN] = open_pidfd,
	[AGENT_PARK_THREAD] = park_thread,
	[AGENT_EXEC] = execute,
};

/* One request on its way through a thread or a child. */
struct job {
	const struct agent_request *request;
	struct agent_reply *reply;
};

static void *perform(void *arg)
{
	struct job *job = arg;

	job->reply->value = handlers[job->request->op](job->request,
						       job->reply);
	return NULL;
}

static void answer(const struct agent_reply *reply)
{
	if (write_exactly(STDOUT_FILENO, reply, sizeof(*reply)))
		_exit(EXIT_FAILURE);
}

static void perform_in_thread(struct job *job)
{
	pthread_t thread;
	int error;

	error = pthread_create(&thread, NULL, perform, job);
	if (!error)
		error = pthread_join(thread, NULL);
	if (error)
		job->reply->value = -error;
	answer(job->reply);
}

/* Answers when the child is gone, with all it held. */
static void perform_in_child(struct job *job)
{
	int fds[2];
	pid_t pid;

	if (pipe(fds)) {
		job->reply->value = -errno;
		answer(job->reply);
		return;
	}
	pid = fork();
	if (!pid) {
		perform(job);
		_exit(write_exactly(fds[1], job->reply, sizeof(*job->reply)) ?
		      EXIT_FAILURE : EXIT_SUCCESS);
	}
	close(fds[1]);
	if (pid < 0 || read_exactly(fds[0], job->reply, sizeof(*job->reply)))
		job->reply->value = -ECHILD;
	close(fds[0]);
	if (pid > 0)
		waitpid(pid, NULL, 0);
	answer(job->reply);
}

static void serve(const struct agent_request *request)
{
	static struct agent_reply reply;
	struct job job = { .request = request, .reply = &reply };

	memset(&reply, 0, sizeof(reply));
	if (request->op == AGENT_EXIT)
		_exit(request->args[0]);
	if (request->op == AGENT_EXIT_LEADER)
		pthread_exit(NULL);
	if (request->op >= AGENT_OPS || !handlers[request->op]) {
		reply.value = -EOPNOTSUPP;
		answer(&reply);
	} else if (request->actor == AGENT_THREAD) {
		perform_in_thread(&job);
	} else if (request->actor == AGENT_CHILD) {
		perform_in_child(&job);
	} else {
		perform(&job);
		answer(&reply);
	}
}

int main(int argc, char **argv)
{
	static const struct agent_reply resumed;
	static struct agent_request request;

	signal(SIGPIPE, SIG_IGN);
	if (argc > 1 && !strcmp(argv[1], RESUMED))
		answer(&resumed);
	while (!read_exactly(STDIN_FILENO, &request, sizeof(request)))
		serve(&request);
	return EXIT_SUCCESS;
}
