// SPDX-License-Identifier: GPL-2.0-only
/*
 * Isolation between users who register for network events: an attacker registers
 * with one eventfd from many threads while many epoll instances watch it, and a
 * victim with an eventfd of its own measures its calls.
 *
 * The test compares two measurements of one run: the victim's under attack, and
 * the victim's while as many busy threads of the attacker's user replace it. And
 * an eventfd that a virtual machine listens to is refused without an interrupt.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <linux/kvm.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>

#include "clock.h"
#include "harness.h"
#include "registration.h"

#define ATTACKER_UID	4011
#define VICTIM_UID	4012

#define THREADS		100
#define WATCHERS	8000

/* How long all threads run before a measurement, and how long that is. */
#define SETTLE_MS	1000LL
#define MEASURE_MS	6000LL
#define SAMPLES		10000
#define SAMPLES_LEAST	3

/* Between two calls, as if each was for a connection that has just come. */
#define PAUSE_US	1000

/* A chance event on a busy machine does not spoil each of so many attempts. */
#define ATTEMPTS	3

struct samples {
	int error;
	unsigned int count;
	long long ns[SAMPLES];
};

/**
 * struct attack - what the attacker's threads share
 * @device: a handle
 * @event: the eventfd that all of them register with
 */
struct attack {
	int device;
	int event;
};

static void *register_for_ever(void *context)
{
	const struct attack *attack = context;
	int fd = udp_bound(AF_INET);

	for (;;)
		raw_event_select(attack->device, fd, attack->event,
				 SOCKDUP_FD_READ);
	return NULL;
}

static void *be_busy(void *context)
{
	for (;;)
		;
	return NULL;
}

/* Many epoll instances watch the eventfd, so that waking all takes long. */
static int watch(int event)
{
	struct epoll_event wanted = { .events = EPOLLIN | EPOLLOUT | EPOLLET };
	int epoll, i;

	for (i = 0; i < WATCHERS; i++) {
		epoll = epoll_create1(EPOLL_CLOEXEC);
		if (epoll < 0 || epoll_ctl(epoll, EPOLL_CTL_ADD, event, &wanted))
			return -errno;
	}
	return 0;
}

/* The attacker's process. Tells its parent when the threads run. */
static void attack_live(bool busy, int channel)
{
	const struct rlimit limit = { WATCHERS + 1000, WATCHERS + 1000 };
	struct attack attack;
	pthread_attr_t small;
	pthread_t thread;
	int error = 0;
	int i;

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (setrlimit(RLIMIT_NOFILE, &limit))
		error = -errno;
	error = error ?: become_user(ATTACKER_UID);
	attack.device = device_open();
	attack.event = new_event();
	error = error ?: busy ? 0 : watch(attack.event);
	pthread_attr_init(&small);
	pthread_attr_setstacksize(&small, 64 << 10);
	for (i = 0; i < THREADS && !error; i++)
		error = -pthread_create(&thread, &small,
					busy ? be_busy : register_for_ever,
					&attack);
	if (write(channel, &error, sizeof(error)) != sizeof(error) || error)
		_exit(EXIT_FAILURE);
	for (;;)
		pause();
}

static pid_t attack_start(bool busy)
{
	int channel[2], error = -EPIPE;
	pid_t pid;

	if (pipe2(channel, O_CLOEXEC))
		return -errno;
	pid = fork();
	if (!pid)
		attack_live(busy, channel[1]);
	close(channel[1]);
	if (pid > 0 && read(channel[0], &error, sizeof(error)) < 0)
		error = -errno;
	close(channel[0]);
	return error ? error : pid;
}

static void attack_stop(pid_t pid)
{
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
}

static void victim_live(struct samples *samples)
{
	long long end;
	int device, fd, event;
	long long begun;

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	samples->error = become_user(VICTIM_UID);
	device = device_open();
	fd = udp_bound(AF_INET);
	event = new_event();
	usleep(SETTLE_MS * 1000);
	end = now_ns() + MEASURE_MS * 1000000;
	while (!samples->error && samples->count < SAMPLES && now_ns() < end) {
		begun = now_ns();
		samples->error = raw_event_select(device, fd, event,
						  SOCKDUP_FD_READ);
		samples->ns[samples->count++] = now_ns() - begun;
		usleep(PAUSE_US);
	}
	_exit(EXIT_SUCCESS);
}

static int by_duration(const void *one, const void *other)
{
	const long long *a = one, *b = other;

	return *a < *b ? -1 : *a > *b;
}

/* The median of the victim's calls in nanoseconds, or -errno. */
static long long measure(struct samples *samples, bool busy)
{
	pid_t attacker = attack_start(busy), victim;

	if (attacker < 0)
		return attacker;
	samples->error = 0;
	samples->count = 0;
	victim = fork();
	if (!victim)
		victim_live(samples);
	waitpid(victim, NULL, 0);
	attack_stop(attacker);
	if (samples->error)
		return samples->error;
	if (samples->count < SAMPLES_LEAST)
		return -ETIME;
	qsort(samples->ns, samples->count, sizeof(samples->ns[0]), by_duration);
	return samples->ns[samples->count / 2];
}

TEST(registrations_with_one_eventfd_do_not_delay_those_of_strangers)
{
	struct samples *samples = mmap(NULL, sizeof(*samples),
				       PROT_READ | PROT_WRITE,
				       MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	long long busy, attacked;
	bool good = false;
	int i;

	ASSERT_NE(MAP_FAILED, samples);
	for (i = 0; i < ATTEMPTS && !good; i++) {
		busy = measure(samples, true);
		ASSERT_LT(0, busy);
		attacked = measure(samples, false);
		ASSERT_LT(0, attacked);
		TH_LOG("median: %lld ns beside busy threads, %lld ns in %u calls under attack",
		       busy, attacked, samples->count);
		good = attacked <= 2 * busy;
	}
	EXPECT_TRUE(good);
}

/* What a thread does that shares an eventfd with others. */
struct sharer {
	pthread_t thread;
	int device;
	int event;
	unsigned int rounds;
	int error;
};

static void *register_often(void *context)
{
	struct sharer *sharer = context;
	int fd = udp_bound(AF_INET);
	unsigned int i;

	for (i = 0; i < sharer->rounds && !sharer->error; i++)
		sharer->error = raw_event_select(sharer->device, fd,
						 sharer->event,
						 SOCKDUP_FD_READ);
	close(fd);
	return NULL;
}

/* Each call probes the eventfd while the other thread's call does. */
TEST(threads_that_share_an_eventfd_register_without_EBUSY)
{
	struct sharer sharers[4];
	int device = device_open();
	int event = new_event();
	int i;

	for (i = 0; i < 4; i++) {
		sharers[i] = (struct sharer){
			.device = device,
			.event = event,
			.rounds = stress(20000),
		};
		ASSERT_EQ(0, pthread_create(&sharers[i].thread, NULL,
					    register_often, &sharers[i]));
	}
	for (i = 0; i < 4; i++) {
		pthread_join(sharers[i].thread, NULL);
		EXPECT_EQ(0, sharers[i].error);
	}
	/* Nobody has set it, so no probe has left a signal behind. */
	EXPECT_FALSE(event_is_set(event));
}

static void *read_for_ever(void *context)
{
	const int event = *(int *)context;
	eventfd_t count;

	for (;;) {
		eventfd_read(event, &count);
		pthread_testcancel();
	}
	return NULL;
}

/* A reader that never waits takes what a probe signals. */
TEST(eventfd_that_others_read_all_the_time_is_EBUSY_at_worst)
{
	int device = device_open();
	int event = new_event();
	int fd = udp_bound(AF_INET);
	pthread_t reader;
	unsigned int i;
	int error;

	ASSERT_EQ(0, fcntl(event, F_SETFL, O_NONBLOCK));
	ASSERT_EQ(0, pthread_create(&reader, NULL, read_for_ever, &event));
	for (i = 0; i < stress(20000); i++) {
		error = raw_event_select(device, fd, event, SOCKDUP_FD_READ);
		if (error && error != -EBUSY)
			break;
	}
	EXPECT_EQ(stress(20000), i);
	pthread_cancel(reader);
	pthread_join(reader, NULL);
	EXPECT_EQ(0, raw_event_select(device, fd, event, SOCKDUP_FD_READ));
	EXPECT_FALSE(event_is_set(event));
}

#define IRQ	3

/* Whether an interrupt waits in the master interrupt controller. */
static bool is_interrupted(void *context)
{
	const int machine = *(int *)context;
	struct kvm_irqchip chip = { .chip_id = KVM_IRQCHIP_PIC_MASTER };

	if (ioctl(machine, KVM_GET_IRQCHIP, &chip))
		return true;
	return chip.chip.pic.irr & 1 << IRQ;
}

TEST(eventfd_of_a_virtual_machine_is_EINVAL_and_interrupts_nothing)
{
	int kvm = open("/dev/kvm", O_RDWR | O_CLOEXEC);
	int event = new_event();
	struct kvm_irqfd irqfd = { .fd = event, .gsi = IRQ };
	int machine;

	if (kvm < 0)
		SKIP(return, "no /dev/kvm");
	machine = ioctl(kvm, KVM_CREATE_VM, 0);
	ASSERT_LE(0, machine);
	ASSERT_EQ(0, ioctl(machine, KVM_CREATE_IRQCHIP));
	ASSERT_EQ(0, ioctl(machine, KVM_IRQFD, &irqfd));
	ASSERT_FALSE(is_interrupted(&machine));
	EXPECT_EQ(-EINVAL, raw_event_select(device_open(), udp_bound(AF_INET),
					    event, SOCKDUP_FD_READ));
	EXPECT_FALSE(is_interrupted(&machine));
	/* A signal is seen there. */
	ASSERT_EQ(0, eventfd_write(event, 1));
	EXPECT_EQ(0, wait_until(is_interrupted, &machine));
}

SOCKDUP_TEST_MAIN
