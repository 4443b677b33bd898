// SPDX-License-Identifier: GPL-2.0-only
/*
 * An importer that hardly ever runs, and is preempted inside its claim of the token,
 * where the kernel can be. It delays nobody who asks for the token.
 */
#define _GNU_SOURCE
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdatomic.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>

#include "clock.h"
#include "genl.h"
#include "harness.h"

#define PREEMPTION	"/sys/kernel/debug/sched/preempt"
#define BUSY_LOOPS	2
#define PHASE_MS	20000
#define IDLE_THREADS	4

/**
 * struct idler - a process that imports without end, and has no room for it
 * @pid: it
 * @device: its handle
 * @info: what it imports
 * @go: it may begin
 * @imports: how often it has tried
 */
struct idler {
	pid_t pid;
	int device;
	struct sockdup_protocol_info info;
	atomic_int go;
	atomic_int imports;
};

FIXTURE(idle) {
	struct idler *idlers[2];
	pid_t busy[BUSY_LOOPS];
	int device;
	int fd;
	struct genl genl;
	char before[16];	/* how the kernel was preempted, "" if it was so */
};

/* The word in parentheses is in force. */
static int allow_preemption(char before[16])
{
	char *modes = read_text(PREEMPTION);
	int error = -ENOENT;

	before[0] = '\0';
	if (modes && strstr(modes, "(full)")) {
		error = 0;
	} else if (modes && strchr(modes, '(') && strstr(modes, "full") &&
		   sscanf(strchr(modes, '('), "(%15[a-z]", before) == 1) {
		error = write_string(PREEMPTION, "full");
	}
	free(modes);
	return error;
}

static int stay_on(int processor)
{
	cpu_set_t set;

	CPU_ZERO(&set);
	CPU_SET(processor, &set);
	return sched_setaffinity(0, sizeof(set), &set) ? -errno : 0;
}

static bool idler_may_go(void *context)
{
	struct idler *idler = context;

	return atomic_load(&idler->go);
}

static bool idler_has_begun(void *context)
{
	struct idler *idler = context;

	return atomic_load(&idler->imports);
}

/* False where it came to something else than it must. */
static bool import_once(struct idler *idler)
{
	if (raw_import(idler->device, &idler->info, 0, NULL) != -EMFILE)
		return false;
	atomic_fetch_add(&idler->imports, 1);
	return true;
}

static void *import_without_end(void *idler)
{
	while (import_once(idler))
		;
	return NULL;
}

static struct idler *begin_idler(int device)
{
	const struct rlimit none = { .rlim_cur = 0, .rlim_max = 0 };
	const struct sched_param parameter = { 0 };
	struct idler *idler;
	pthread_t thread;
	pid_t pid;
	int i;

	idler = mmap(NULL, sizeof(*idler), PROT_READ | PROT_WRITE,
		     MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (idler == MAP_FAILED)
		return NULL;
	pid = fork();
	if (pid) {
		idler->pid = pid;
		return idler;
	}
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	idler->device = device;
	/* Once at least while it still has its share of the processor. */
	if (wait_until(idler_may_go, idler) || stay_on(0) ||
	    setrlimit(RLIMIT_NOFILE, &none) || !import_once(idler) ||
	    sched_setscheduler(0, SCHED_IDLE, &parameter))
		_exit(1);
	for (i = 1; i < IDLE_THREADS; i++)
		if (pthread_create(&thread, NULL, import_without_end, idler))
			_exit(1);
	import_without_end(idler);
	_exit(0);
}

static pid_t begin_busy_loop(void)
{
	pid_t pid = fork();

	if (pid)
		return pid;
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (stay_on(0))
		_exit(1);
	for (;;)
		;
}

FIXTURE_SETUP(idle)
{
	int i;

	if (sysconf(_SC_NPROCESSORS_ONLN) < 2)
		SKIP(longjmp(_metadata->env, 1), "one processor alone");
	if (allow_preemption(self->before))
		SKIP(longjmp(_metadata->env, 1),
		     "this kernel is not preempted while it works");
	ASSERT_EQ(0, stay_on(1));
	self->device = device_open();
	self->fd = tcp_listener(AF_INET);
	ASSERT_LE(0, self->fd);
	ASSERT_EQ(0, genl_open(&self->genl));
	for (i = 0; i < 2; i++) {
		self->idlers[i] = begin_idler(self->device);
		ASSERT_NE(NULL, self->idlers[i]);
		ASSERT_EQ(0, raw_export(self->device, self->fd,
					self->idlers[i]->pid, LONG_TTL_MS,
					&self->idlers[i]->info));
	}
	for (i = 0; i < BUSY_LOOPS; i++)
		self->busy[i] = begin_busy_loop();
}

FIXTURE_TEARDOWN(idle)
{
	int i;

	for (i = 0; i < BUSY_LOOPS; i++)
		kill(self->busy[i], SIGKILL);
	for (i = 0; i < 2; i++)
		kill(self->idlers[i]->pid, SIGKILL);
	if (self->before[0])
		write_string(PREEMPTION, self->before);
	genl_close(&self->genl);
}

/* How often the caller has slept. */
static long sleeps(void)
{
	struct rusage usage;

	getrusage(RUSAGE_SELF, &usage);
	return usage.ru_nvcsw;
}

/*
 * How often requests for a token, in one phase, sleep for something, or -errno.
 * The time that they take says less: the machine has others to serve.
 */
static long waits(struct genl *genl, const struct sockdup_protocol_info *info)
{
	const long long end = now_ms() + PHASE_MS;
	const long before = sleeps();
	struct genl_token token;
	int error;

	while (now_ms() < end) {
		error = genl_get(genl, id_of(info), &token);
		if (error)
			return error;
	}
	return sleeps() - before;
}

/* The other token is imported by nobody. */
TEST_F(idle, importer_delays_nobody_who_asks)
{
	long usual, waited;

	atomic_store(&self->idlers[0]->go, 1);
	ASSERT_EQ(0, wait_until(idler_has_begun, self->idlers[0]));
	usual = waits(&self->genl, &self->idlers[1]->info);
	ASSERT_LE(0, usual);
	waited = waits(&self->genl, &self->idlers[0]->info);
	ASSERT_LE(0, waited);
	TH_LOG("%ld waits, %ld where nobody imports; %d imports", waited,
	       usual, self->idlers[0]->imports);
	EXPECT_LE(waited, 2 * usual + 2);
}

SOCKDUP_TEST_MAIN
