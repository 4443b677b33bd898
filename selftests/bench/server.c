// SPDX-License-Identifier: GPL-2.0-only
/*
 * A server whose clients connect sixteen at once, each to have a byte answered. One process
 * accepts the connections, and serves them itself, or hands each to one of its workers in
 * turn; or else the workers accept them. What counts is a connection, with all that client
 * and kernel do for it.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "measure.h"
#include "part.h"
#include "process.h"
#include "way.h"

/* Connections of the client at once. */
#define CLIENTS	16
#define WORKERS	4
/* Rounds of the other parts for each connection here. */
#define SHARE	8

struct server;

/**
 * struct plan - how the connections come to those who serve them
 * @name: in tables
 * @processes: the client and those of the server
 * @way: that the acceptor hands them over; or NULL
 * @live: what the first process of the server does
 */
struct plan {
	const char *name;
	unsigned int processes;
	const struct way *way;
	int (*live)(void *server);
};

/**
 * struct worker - a process to which connections are handed, as both see it
 * @side: of the acceptor, or its own
 * @way: how it is handed them
 * @there: what must travel
 * @ready: where it says that it has begun
 */
struct worker {
	struct side side;
	const struct way *way;
	int there[2];
	int ready;
};

/**
 * struct server - a server, as each of its processes and the client see it
 * @plan: what it does
 * @address: where it listens
 * @listener: its socket for that
 * @ready: where each of its processes says by a byte that it has begun
 * @pid: of its first process
 */
struct server {
	const struct plan *plan;
	struct address address;
	int listener;
	int ready[2];
	pid_t pid;
};

static int new_listener(struct address *address)
{
	const int yes = 1;
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (fd < 0 ||
	    setsockopt(fd, SOL_SOCKET, SO_REUSEPORT, &yes, sizeof(yes)) ||
	    bind(fd, (const void *)&address->storage, address->size) ||
	    listen(fd, SOMAXCONN))
		return -errno;
	*address = bound_address(fd);
	return fd;
}

static int say_ready(int ready)
{
	return pipe_write(ready, "", 1);
}

static int next_connection(int listener)
{
	int fd = accept4(listener, NULL, NULL, SOCK_CLOEXEC);

	return fd < 0 ? -errno : fd;
}

static int answer(int fd)
{
	char byte;
	int error = pipe_read(fd, &byte, 1);

	if (!error)
		error = pipe_write(fd, &byte, 1);
	if (!error && close(fd))
		error = -errno;
	return error;
}

/* Accept and answer: the acceptor alone, or each worker. */
static int serve(const struct server *server, int listener)
{
	int fd, error = say_ready(server->ready[1]);

	while (!error) {
		fd = next_connection(listener);
		error = fd < 0 ? fd : answer(fd);
	}
	return error;
}

static int serve_alone(void *context)
{
	const struct server *server = context;

	return serve(server, server->listener);
}

/* On the same address. */
static int serve_by_own_listener(void *context)
{
	struct server *server = context;
	int listener = new_listener(&server->address);

	return listener < 0 ? listener : serve(server, listener);
}

static int start_workers(struct server *server, int (*live)(void *context))
{
	pid_t pid;
	int i;

	for (i = 0; i < WORKERS; i++) {
		pid = process_start(live, server);
		if (pid < 0)
			return pid;
	}
	return pause() ? -errno : 0;
}

static int share_listener(void *server)
{
	return start_workers(server, serve_alone);
}

static int reuse_port(void *context)
{
	struct server *server = context;

	/* The client is to meet none but the workers'. */
	close(server->listener);
	return start_workers(server, serve_by_own_listener);
}

/* Connections that are handed over. */

static int take_one(const struct worker *worker)
{
	union parcel parcel;
	int error = pipe_read(worker->there[0], &parcel, worker->way->size);
	int fd;

	if (error)
		return error;
	fd = worker->way->take(&worker->side, &parcel);
	return fd < 0 ? fd : answer(fd);
}

static int take_all(void *context)
{
	struct worker *worker = context;
	int error;

	worker->side.target = getpid();
	error = side_begin(&worker->side, worker->way);
	if (!error)
		error = say_ready(worker->ready);
	while (!error)
		error = take_one(worker);
	return error;
}

static int worker_start(struct worker *worker, const struct server *server)
{
	int error = side_open(&worker->side, server->plan->way);

	if (error)
		return error;
	close(worker->side.socket);
	worker->way = server->plan->way;
	worker->ready = server->ready[1];
	if (pipe2(worker->there, O_CLOEXEC))
		return -errno;
	worker->side.target = process_start(take_all, worker);
	if (worker->side.target < 0)
		return worker->side.target;
	return side_begin(&worker->side, worker->way);
}

static int give(struct worker *worker, int fd)
{
	union parcel parcel;
	int error;

	worker->side.socket = fd;
	error = worker->way->give(&worker->side, &parcel);
	if (!error)
		error = pipe_write(worker->there[1], &parcel, worker->way->size);
	if (!error && !worker->way->closes && close(fd))
		error = -errno;
	return error;
}

static int hand_to_workers(void *context)
{
	const struct server *server = context;
	struct worker workers[WORKERS];
	int i, fd, error = 0;

	for (i = 0; i < WORKERS && !error; i++)
		error = worker_start(workers + i, server);
	if (!error)
		error = say_ready(server->ready[1]);
	for (i = 0; !error; i = (i + 1) % WORKERS) {
		fd = next_connection(server->listener);
		error = fd < 0 ? fd : give(workers + i, fd);
	}
	return error;
}

/* The client. */

static int ask(const struct address *address)
{
	/* Its close resets, which leaves nothing to wait for at either end. */
	const struct linger linger = { .l_onoff = 1 };
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (fd < 0 ||
	    setsockopt(fd, SOL_SOCKET, SO_LINGER, &linger, sizeof(linger)) ||
	    connect(fd, (const void *)&address->storage, address->size) ||
	    write(fd, "?", 1) != 1)
		return -errno;
	return fd;
}

static int hear(int fd)
{
	char byte;
	int error = pipe_read(fd, &byte, 1);

	if (!error && close(fd))
		error = -errno;
	return error;
}

static int ask_all(const struct server *server)
{
	int fds[CLIENTS], i, error = 0;

	for (i = 0; i < CLIENTS && error >= 0; i++) {
		error = ask(&server->address);
		fds[i] = error;
	}
	error = error < 0 ? error : 0;
	for (i = 0; i < CLIENTS && !error; i++)
		error = hear(fds[i]);
	return error;
}

/* A round is a connection. */
static int repeat(void *server, unsigned int rounds, long long *ns)
{
	long long start = now_ns();
	int error = 0;

	for (; rounds && !error; rounds -= CLIENTS)
		error = ask_all(server);
	*ns = now_ns() - start;
	return error;
}

/* All of its processes, which are those besides the client that do not merely wait. */
static int wait_until_ready(const struct server *server)
{
	char byte;
	int i, error = 0;

	for (i = 1; i < (int)server->plan->processes && !error; i++)
		error = pipe_read(server->ready[0], &byte, 1);
	return error;
}

static int server_start(struct server *server, const struct plan *plan)
{
	*server = (struct server) {
		.plan = plan,
		.address = loopback(AF_INET, 0),
	};
	server->listener = new_listener(&server->address);
	if (server->listener < 0)
		return server->listener;
	if (pipe2(server->ready, O_CLOEXEC))
		return -errno;
	server->pid = process_start(plan->live, server);
	if (server->pid < 0)
		return server->pid;
	/* The server has it. */
	close(server->listener);
	return wait_until_ready(server);
}

static void server_end(const struct server *server)
{
	process_end(server->pid);
	close(server->ready[0]);
	close(server->ready[1]);
}

static int measure_plan(const struct effort *effort, const struct plan *plan)
{
	const unsigned int batches = effort->rounds / SHARE / CLIENTS ?: 1;
	const struct effort of_connections = {
		.rounds = batches * CLIENTS,
		.repetitions = effort->repetitions,
	};
	struct server server;
	const struct subject subject = {
		.name = plan->name,
		.processes = plan->processes,
		.repeat = repeat,
		.context = &server,
	};
	int error = server_start(&server, plan);

	if (error)
		return error;
	error = measure(&of_connections, &subject);
	server_end(&server);
	return error;
}

int part_server(const struct effort *effort)
{
	static const struct plan plans[] = {
		{ "server_alone", 2, NULL, serve_alone },
		{ "server_sockdup", 2 + WORKERS, &way_sockdup, hand_to_workers },
		{ "server_scm_rights", 2 + WORKERS, &way_scm_rights, hand_to_workers },
		{ "server_inbox", 2 + WORKERS, &way_inbox_close, hand_to_workers },
		{ "server_shared", 1 + WORKERS, NULL, share_listener },
		{ "server_reuseport", 1 + WORKERS, NULL, reuse_port },
	};
	unsigned int i;
	int error = 0;

	for (i = 0; i < sizeof(plans) / sizeof(*plans) && !error; i++)
		error = measure_plan(effort, plans + i);
	return error;
}
