// SPDX-License-Identifier: GPL-2.0-only
/*
 * Several sockets under one token, with names, and a payload that travels with them: all
 * of it is imported, or none.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <linux/capability.h>
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <sys/epoll.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/uio.h>

#include "census.h"
#include "hand_over.h"
#include "harness.h"
#include "hook.h"
#include "page.h"
#include "result.h"

/* A guest's users have that many descriptors otherwise. */
#define DESCRIPTORS	4096
#define MOST		SOCKDUP_MAX_SOCKETS
/* No process has a page there. */
#define BAD_ADDRESS	((void *)8)
/* What one message of SCM_RIGHTS takes. */
#define RIGHTS_MOST	253

struct sockets {
	int fds[MOST + 1];
	char names[MOST + 1][SOCKDUP_NAME_SIZE];
};

/* Sockets to export, their peers, and what came of the import. */
FIXTURE(set) {
	int fds[2];
	int peers[2];
	struct sockets exported;
	struct sockets imported;
	char payload[SOCKDUP_MAX_PAYLOAD + 1];
	char carried[SOCKDUP_MAX_PAYLOAD + 1];
	struct sockdup_protocol_info info;
};

static int allow_descriptors(unsigned int count)
{
	struct rlimit limit = { count, count };

	return setrlimit(RLIMIT_NOFILE, &limit) ? -errno : 0;
}

/* Leaves as many numbers free. */
static int leave_descriptors(unsigned int count)
{
	int number;

	for (number = 0; count; number++)
		count -= fcntl(number, F_GETFD) < 0;
	return allow_descriptors(number);
}

static int raw_set(unsigned int command, void *argument)
{
	int device = device_open();
	int error = device_ioctl(device, command, argument);

	close(device);
	return error;
}

FIXTURE_SETUP(set)
{
	int pair[2];
	int i;

	ASSERT_EQ(0, allow_descriptors(DESCRIPTORS));
	ASSERT_LE(0, sockdup_open());
	for (i = 0; i < 2; i++) {
		ASSERT_EQ(0, tcp_pair(AF_INET, pair));
		self->fds[i] = pair[0];
		self->peers[i] = pair[1];
	}
	memset(&self->exported, 0, sizeof(self->exported));
	memset(&self->imported, 0xff, sizeof(self->imported));
	for (i = 0; i <= MOST; i++) {
		self->exported.fds[i] = self->fds[i % 2];
		snprintf(self->exported.names[i], SOCKDUP_NAME_SIZE, "socket %d", i);
	}
	for (i = 0; i < (int)sizeof(self->payload); i++)
		self->payload[i] = i * 7 + i / 256;
	memset(self->carried, 0, sizeof(self->carried));
}

FIXTURE_TEARDOWN(set)
{
}

/* The first @sockets of the fixture, and @payload bytes. */
static int export_to(struct _test_data_set *self, unsigned int sockets, size_t payload,
		     int target, unsigned int flags)
{
	struct iovec piece = { self->payload, payload };
	struct sockdup_set set = {
		.fds = self->exported.fds,
		.names = self->exported.names,
		.socket_count = sockets,
		.payload = &piece,
		.payload_count = payload ? 1 : 0,
	};

	return result(sockdup_export_set(&set, target, flags, 0, &self->info));
}

static int export_set(struct _test_data_set *self, unsigned int sockets, size_t payload)
{
	return export_to(self, sockets, payload, getpid(), 0);
}

/* With room for as much; @needed tells how much it takes. */
static int import_into(struct _test_data_set *self, unsigned int sockets, size_t payload,
		       struct sockdup_set *needed)
{
	struct iovec piece = { self->carried, payload };

	*needed = (struct sockdup_set){
		.fds = self->imported.fds,
		.names = self->imported.names,
		.socket_count = sockets,
		.payload = &piece,
		.payload_count = payload ? 1 : 0,
	};
	return result(sockdup_import_set(&self->info, 0, needed, NULL));
}

static int import_set(struct _test_data_set *self, unsigned int sockets, size_t payload)
{
	struct sockdup_set needed;

	return import_into(self, sockets, payload, &needed);
}

static bool is_same(int one, int other)
{
	return same_file(0, one, 0, other) == 1 && one != other;
}

/* How many of the first @count came as they were exported. */
static unsigned int count_same(struct _test_data_set *self, unsigned int count)
{
	unsigned int i, same = 0;

	for (i = 0; i < count; i++)
		same += is_same(self->exported.fds[i], self->imported.fds[i]) &&
			!memcmp(self->exported.names[i], self->imported.names[i],
				SOCKDUP_NAME_SIZE);
	return same;
}

static void close_imported(struct _test_data_set *self, unsigned int count)
{
	while (count--)
		close(self->imported.fds[count]);
}

/* The largest set, the sizes around it, and around what one message of SCM_RIGHTS takes. */
static const unsigned int sizes[] = { 1, 2, 3, 64, RIGHTS_MOST, RIGHTS_MOST + 1, MOST - 1,
				      MOST };

TEST_F(set, sockets_come_in_order_with_their_names)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(sizes); i++) {
		ASSERT_EQ(0, export_set(self, sizes[i], 0));
		EXPECT_EQ(sizes[i], self->info.socket_count);
		ASSERT_EQ(0, import_set(self, sizes[i], 0));
		EXPECT_EQ(sizes[i], count_same(self, sizes[i]));
		EXPECT_EQ(-1, self->imported.fds[sizes[i]]);
		close_imported(self, sizes[i]);
		EXPECT_EQ(-ENOENT, import_set(self, sizes[i], 0));
	}
}

TEST_F(set, has_a_largest_size)
{
	EXPECT_EQ(-EINVAL, export_set(self, MOST + 1, 0));
	EXPECT_EQ(-EINVAL, export_set(self, 0, 0));
	EXPECT_EQ(-EINVAL, export_set(self, -1, 0));
}

TEST_F(set, room_may_be_larger)
{
	struct sockdup_set needed;

	ASSERT_EQ(0, export_set(self, 2, 5));
	ASSERT_EQ(0, import_into(self, MOST, 50, &needed));
	EXPECT_EQ(2, needed.socket_count);
	EXPECT_EQ(5, needed.payload_size);
	EXPECT_EQ(2, count_same(self, 2));
	EXPECT_EQ(-1, self->imported.fds[2]);
	EXPECT_EQ(0, self->carried[5]);
}

TEST_F(set, too_little_room_changes_nothing_and_is_told)
{
	long before = count_descriptors();
	struct sockdup_set needed;

	ASSERT_EQ(0, export_set(self, 3, 5));
	EXPECT_EQ(-EMSGSIZE, import_into(self, 2, 5, &needed));
	EXPECT_EQ(3, needed.socket_count);
	EXPECT_EQ(5, needed.payload_size);
	EXPECT_EQ(-EMSGSIZE, import_into(self, 3, 4, &needed));
	EXPECT_EQ(3, needed.socket_count);
	EXPECT_EQ(5, needed.payload_size);
	EXPECT_EQ(-EMSGSIZE, import_into(self, 3, 0, &needed));
	EXPECT_EQ(before, count_descriptors());
	EXPECT_EQ(0, import_set(self, 3, 5));
	EXPECT_EQ(3, count_same(self, 3));
}

TEST_F(set, single_import_of_several_is_refused)
{
	ASSERT_EQ(0, export_set(self, 2, 0));
	EXPECT_EQ(-EMSGSIZE, try_socket(&self->info, 0));
	ASSERT_EQ(0, import_set(self, 2, 0));
	EXPECT_EQ(2, count_same(self, 2));
}

TEST_F(set, single_import_does_not_lose_a_payload)
{
	ASSERT_EQ(0, export_set(self, 1, 1));
	EXPECT_EQ(-EMSGSIZE, try_socket(&self->info, 0));
	ASSERT_EQ(0, import_set(self, 1, 1));
	EXPECT_EQ(self->payload[0], self->carried[0]);
}

TEST_F(set, of_one_can_be_imported_alone)
{
	int fd;

	ASSERT_EQ(0, export_set(self, 1, 0));
	fd = try_socket(&self->info, 0);
	ASSERT_LE(0, fd);
	EXPECT_EQ(1, same_file(0, self->fds[0], 0, fd));
}

TEST_F(set, single_token_is_a_set_of_one)
{
	ASSERT_EQ(0, try_duplicate(self->fds[0], getpid(), &self->info));
	ASSERT_EQ(0, import_set(self, 1, 0));
	EXPECT_EQ(1, same_file(0, self->fds[0], 0, self->imported.fds[0]));
	EXPECT_EQ(0, self->imported.names[0][0]);
}

TEST_F(set, payload_comes_as_it_was)
{
	static const size_t payloads[] = { 1, 2, 4095, 4096, 4097, SOCKDUP_MAX_PAYLOAD - 1,
					   SOCKDUP_MAX_PAYLOAD };
	struct sockdup_set needed;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(payloads); i++) {
		memset(self->carried, 0, sizeof(self->carried));
		ASSERT_EQ(0, export_set(self, 2, payloads[i]));
		ASSERT_EQ(0, import_into(self, 2, SOCKDUP_MAX_PAYLOAD, &needed));
		EXPECT_EQ(payloads[i], needed.payload_size);
		EXPECT_EQ(0, memcmp(self->payload, self->carried, payloads[i]));
		EXPECT_EQ(0, self->carried[payloads[i]]);
		close_imported(self, 2);
	}
}

TEST_F(set, payload_has_a_largest_size)
{
	EXPECT_EQ(-EMSGSIZE, export_set(self, 1, SOCKDUP_MAX_PAYLOAD + 1));
	EXPECT_EQ(0, held_by_tokens());
}

TEST_F(set, payload_is_in_pieces)
{
	struct iovec parts[] = { { "one, ", 5 }, { NULL, 0 }, { "two", 3 } };
	char first[2] = { 0 }, second[9] = { 0 };
	struct iovec rooms[] = { { first, 2 }, { second, 9 } };
	struct sockdup_set set = {
		.fds = self->exported.fds,
		.socket_count = 1,
		.payload = parts,
		.payload_count = ARRAY_SIZE(parts),
	};

	ASSERT_EQ(0, sockdup_export_set(&set, getpid(), 0, 0, &self->info));
	set.fds = self->imported.fds;
	set.payload = rooms;
	set.payload_count = ARRAY_SIZE(rooms);
	ASSERT_EQ(0, sockdup_import_set(&self->info, 0, &set, NULL));
	EXPECT_EQ(8, set.payload_size);
	EXPECT_EQ(0, memcmp("on", first, 2));
	EXPECT_EQ(0, memcmp("e, two", second, 7));
}

TEST_F(set, name_fills_all_but_a_byte)
{
	memset(self->exported.names[0], 'n', SOCKDUP_NAME_SIZE - 1);
	memset(self->exported.names[1], 0, SOCKDUP_NAME_SIZE);
	ASSERT_EQ(0, export_set(self, 2, 0));
	ASSERT_EQ(0, import_set(self, 2, 0));
	EXPECT_EQ(2, count_same(self, 2));
}

TEST_F(set, name_without_an_end_is_wrong)
{
	memset(self->exported.names[1], 'n', SOCKDUP_NAME_SIZE);
	EXPECT_EQ(-EINVAL, export_set(self, 2, 0));
	self->exported.names[1][10] = 0;
	EXPECT_EQ(-EINVAL, export_set(self, 2, 0));
	memset(self->exported.names[1] + 10, 0, SOCKDUP_NAME_SIZE - 10);
	EXPECT_EQ(0, export_set(self, 2, 0));
}

/* The first two are held by then, and a peer would not see its end. */
TEST_F(set, wrong_descriptor_leaves_nothing_held)
{
	self->exported.fds[2] = DESCRIPTORS - 1;
	EXPECT_EQ(-EBADF, export_set(self, 3, 0));
	self->exported.fds[2] = open("/dev/null", O_RDWR);
	EXPECT_EQ(-ENOTSOCK, export_set(self, 3, 0));
	self->exported.fds[2] = self->fds[0];
	EXPECT_EQ(-ESRCH, export_to(self, 3, 9, 1 << 22, 0));
	EXPECT_EQ(0, held_by_tokens());
	ASSERT_EQ(0, close(self->fds[0]));
	ASSERT_EQ(0, close(self->fds[1]));
	EXPECT_EQ(0, wait_for_end(self->peers[0]));
	EXPECT_EQ(0, wait_for_end(self->peers[1]));
}

TEST_F(set, needs_as_many_descriptors_as_sockets)
{
	int free_number = next_descriptor();

	ASSERT_EQ(0, export_set(self, 20, 5));
	ASSERT_EQ(0, leave_descriptors(19));
	EXPECT_EQ(-EMFILE, import_set(self, 20, 5));
	EXPECT_EQ(free_number, next_descriptor());
	ASSERT_EQ(0, allow_descriptors(DESCRIPTORS));
	ASSERT_EQ(0, leave_descriptors(20));
	EXPECT_EQ(0, import_set(self, 20, 5));
	EXPECT_EQ(20, count_same(self, 20));
}

#define MAX_USER_BYTES	"/sys/module/sockdup/parameters/max_user_bytes"

#define NR_OPEN		"/proc/sys/fs/nr_open"
/* The smallest that the kernel takes, and more than a new process's table holds. */
#define FEW		64
#define MANY		300

/* The process's limit allows it, and the machine's does not: that is found out late. */
TEST_F(set, late_failure_takes_all_back)
{
	long nr_open = read_number(NR_OPEN);
	long before = count_descriptors();
	int free_number = next_descriptor();
	int error;

	ASSERT_EQ(0, export_set(self, MANY, 0));
	ASSERT_EQ(0, write_number(NR_OPEN, FEW));
	error = import_set(self, MANY, 0);
	ASSERT_EQ(0, write_number(NR_OPEN, nr_open));
	EXPECT_EQ(-EMFILE, error);
	EXPECT_EQ(before, count_descriptors());
	EXPECT_EQ(free_number, next_descriptor());
	ASSERT_EQ(0, import_set(self, MANY, 0));
	EXPECT_EQ(MANY, count_same(self, MANY));
	close_imported(self, MANY);
	ASSERT_EQ(0, close(self->fds[0]));
	ASSERT_EQ(0, close(self->fds[1]));
	EXPECT_EQ(0, wait_for_end(self->peers[0]));
	EXPECT_EQ(0, wait_for_end(self->peers[1]));
}

/* Another thread of the importing process, which closes a number and uses it anew. */
struct other {
	pthread_t thread;
	int number;
	ino_t inode;
	atomic_uint rounds;	/* imports that have ended */
	atomic_bool over;
	atomic_uint locked;
	unsigned int closed;
	unsigned int lost;
};

/* After @round. */
static void wait_for_round(struct other *other, unsigned int round)
{
	while (round == atomic_load(&other->rounds) && !atomic_load(&other->over))
		;
}

static void *use_number_anew(void *argument)
{
	struct other *other = argument;
	unsigned int round;
	struct stat stat;
	int fd;

	while (!atomic_load(&other->over)) {
		round = atomic_load(&other->rounds);
		if (close(other->number))
			continue;
		fd = open("/dev/null", O_RDONLY);
		/* The import may have taken the number again, which was the last one. */
		if (fd < 0)
			continue;
		other->closed++;
		wait_for_round(other, round);
		if (fstat(fd, &stat) || stat.st_ino != other->inode || close(fd))
			other->lost++;
	}
	return NULL;
}

/* What it opened at a number that the import had for a moment stays its own. */
TEST_F(set, late_failure_takes_nothing_of_another_thread)
{
	struct other other = { .number = next_descriptor() };
	long nr_open = read_number(NR_OPEN);
	unsigned int i, wrong = 0;
	struct stat stat;

	ASSERT_EQ(0, fstatat(AT_FDCWD, "/dev/null", &stat, 0));
	other.inode = stat.st_ino;
	ASSERT_EQ(0, export_set(self, MANY, 0));
	/* The thread would close the file of that number, too. */
	ASSERT_EQ(0, write_number(NR_OPEN, FEW));
	ASSERT_EQ(0, pthread_create(&other.thread, NULL, use_number_anew, &other));
	for (i = 0; i < stress(4000) || (other.closed < 5 && i < 100000); i++) {
		wrong += import_set(self, MANY, 0) != -EMFILE;
		atomic_fetch_add(&other.rounds, 1);
	}
	atomic_store(&other.over, true);
	ASSERT_EQ(0, pthread_join(other.thread, NULL));
	ASSERT_EQ(0, write_number(NR_OPEN, nr_open));
	EXPECT_LT(0, other.closed);
	EXPECT_EQ(0, wrong);
	EXPECT_EQ(0, other.lost);
	EXPECT_EQ(0, import_set(self, MANY, 0));
	EXPECT_EQ(MANY, count_same(self, MANY));
}

/* Another thread, which locks a number that the import has for a moment. */
static void *lock_number(void *argument)
{
	struct flock lock = { .l_type = F_WRLCK, .l_whence = SEEK_SET };
	struct other *other = argument;
	unsigned int round;

	while (!atomic_load(&other->over)) {
		round = atomic_load(&other->rounds);
		if (fcntl(other->number, F_SETLK, &lock))
			continue;
		atomic_fetch_add(&other->locked, 1);
		wait_for_round(other, round);
	}
	return NULL;
}

static int count_locks_of(pid_t pid)
{
	char *text = read_text("/proc/locks"), part[32];
	int count;

	if (!text)
		return -errno;
	snprintf(part, sizeof(part), " %d ", pid);
	count = count_in(text, part);
	free(text);
	return count;
}

/* A lock goes with the number, as by close(): the file may end before the process. */
TEST_F(set, late_failure_leaves_no_lock)
{
	struct other other = { .number = next_descriptor() };
	long nr_open = read_number(NR_OPEN);
	unsigned int i;

	ASSERT_EQ(0, export_set(self, MANY, 0));
	ASSERT_EQ(0, write_number(NR_OPEN, FEW));
	ASSERT_EQ(0, pthread_create(&other.thread, NULL, lock_number, &other));
	for (i = 0; i < stress(4000) || (atomic_load(&other.locked) < 5 && i < 100000); i++) {
		import_set(self, MANY, 0);
		atomic_fetch_add(&other.rounds, 1);
	}
	atomic_store(&other.over, true);
	ASSERT_EQ(0, pthread_join(other.thread, NULL));
	ASSERT_EQ(0, write_number(NR_OPEN, nr_open));
	EXPECT_LT(0, atomic_load(&other.locked));
	EXPECT_EQ(0, count_locks_of(getpid()));
}

/* Raw: the library looks at the sockets itself. */
static struct sockdup_export raw_export_of(struct _test_data_set *self, void *fds,
					   void *names)
{
	return (struct sockdup_export){
		.size = sizeof(struct sockdup_export),
		.fd = -1,
		.target = getpid(),
		.info_size = sizeof(self->info),
		.info = (uintptr_t)&self->info,
		.socket_count = 2,
		.fds = (uintptr_t)fds,
		.names = (uintptr_t)names,
		.payload_size = 5,
		.payload = (uintptr_t)self->payload,
	};
}

static struct sockdup_import raw_import_of(struct _test_data_set *self, void *fds,
					   void *names)
{
	return (struct sockdup_import){
		.size = sizeof(struct sockdup_import),
		.info_size = sizeof(self->info),
		.info = (uintptr_t)&self->info,
		.socket_count = 2,
		.fds = (uintptr_t)fds,
		.names = (uintptr_t)names,
		.payload_size = 5,
		.payload = (uintptr_t)self->carried,
	};
}

TEST_F(set, bad_memory_spends_nothing)
{
	struct sockdup_export export = raw_export_of(self, BAD_ADDRESS, NULL);
	struct sockdup_import import = raw_import_of(self, BAD_ADDRESS, NULL);
	long before = count_descriptors();

	EXPECT_EQ(-EFAULT, raw_set(SOCKDUP_IOC_EXPORT, &export));
	export = raw_export_of(self, self->exported.fds, BAD_ADDRESS);
	EXPECT_EQ(-EFAULT, raw_set(SOCKDUP_IOC_EXPORT, &export));
	export = raw_export_of(self, self->exported.fds, self->exported.names);
	export.payload = (uintptr_t)BAD_ADDRESS;
	EXPECT_EQ(-EFAULT, raw_set(SOCKDUP_IOC_EXPORT, &export));
	EXPECT_EQ(0, held_by_tokens());

	ASSERT_EQ(0, export_set(self, 2, 5));
	EXPECT_EQ(-EFAULT, raw_set(SOCKDUP_IOC_IMPORT, &import));
	import = raw_import_of(self, self->imported.fds, BAD_ADDRESS);
	EXPECT_EQ(-EFAULT, raw_set(SOCKDUP_IOC_IMPORT, &import));
	import = raw_import_of(self, self->imported.fds, self->imported.names);
	import.payload = (uintptr_t)BAD_ADDRESS;
	EXPECT_EQ(-EFAULT, raw_set(SOCKDUP_IOC_IMPORT, &import));
	EXPECT_EQ(before, count_descriptors());
	EXPECT_EQ(0, import_set(self, 2, 5));
}

/* Arrays that end within the room that the caller claims. */
TEST_F(set, array_that_ends_early_spends_nothing)
{
	size_t page_size = getpagesize();
	struct sockdup_export export;
	struct sockdup_import import;
	void *last_name;
	char *pages;
	int *last_fd;

	pages = mmap(NULL, 2 * page_size, PROT_READ | PROT_WRITE,
		     MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	ASSERT_NE(MAP_FAILED, pages);
	ASSERT_EQ(0, munmap(pages + page_size, page_size));
	last_fd = (int *)(pages + page_size) - 1;
	*last_fd = self->fds[0];
	last_name = pages + page_size - SOCKDUP_NAME_SIZE;
	export = raw_export_of(self, last_fd, NULL);
	EXPECT_EQ(-EFAULT, raw_set(SOCKDUP_IOC_EXPORT, &export));
	export = raw_export_of(self, self->exported.fds, pages + page_size / 2);
	EXPECT_EQ(0, raw_set(SOCKDUP_IOC_EXPORT, &export));
	EXPECT_EQ(0, try_revoke(&self->info));
	memset(last_name, 0, SOCKDUP_NAME_SIZE);
	export = raw_export_of(self, self->exported.fds, last_name);
	EXPECT_EQ(-EFAULT, raw_set(SOCKDUP_IOC_EXPORT, &export));
	EXPECT_EQ(0, held_by_tokens());
	ASSERT_EQ(0, export_set(self, 2, 5));
	import = raw_import_of(self, last_fd, NULL);
	EXPECT_EQ(-EFAULT, raw_set(SOCKDUP_IOC_IMPORT, &import));
	import = raw_import_of(self, self->imported.fds, last_name);
	EXPECT_EQ(-EFAULT, raw_set(SOCKDUP_IOC_IMPORT, &import));
	EXPECT_EQ(0, import_set(self, 2, 5));
	EXPECT_EQ(2, count_same(self, 2));
}

static bool have_no_name(struct sockets *sockets, unsigned int count)
{
	char none[SOCKDUP_NAME_SIZE] = { 0 };

	while (count--)
		if (memcmp(none, sockets->names[count], sizeof(none)))
			return false;
	return true;
}

TEST_F(set, names_may_be_left_out)
{
	struct sockdup_export export = raw_export_of(self, self->exported.fds, NULL);
	struct sockdup_import import;

	ASSERT_EQ(0, raw_set(SOCKDUP_IOC_EXPORT, &export));
	ASSERT_EQ(0, import_set(self, 2, 5));
	EXPECT_EQ(true, have_no_name(&self->imported, 2));
	EXPECT_EQ((char)0xff, self->imported.names[2][0]);
	close_imported(self, 2);
	ASSERT_EQ(0, export_set(self, 2, 5));
	import = raw_import_of(self, self->imported.fds, NULL);
	EXPECT_EQ(0, raw_set(SOCKDUP_IOC_IMPORT, &import));
	EXPECT_EQ(1, same_file(0, self->fds[1], 0, self->imported.fds[1]));
}

TEST_F(set, single_socket_may_have_a_name)
{
	struct sockdup_export export = raw_export_of(self, NULL, self->exported.names);

	export.fd = self->fds[0];
	export.socket_count = 0;
	export.payload_size = 0;
	ASSERT_EQ(0, raw_set(SOCKDUP_IOC_EXPORT, &export));
	ASSERT_EQ(0, import_set(self, 1, 0));
	EXPECT_EQ(1, count_same(self, 1));
	self->exported.names[0][SOCKDUP_NAME_SIZE - 1] = 'n';
	EXPECT_EQ(-EINVAL, raw_set(SOCKDUP_IOC_EXPORT, &export));
}

struct importer {
	pthread_t thread;
	struct sockdup_import import;
	int epoll;
	struct epoll_event *events;
	int error;
};

static void *import_in_thread(void *argument)
{
	struct importer *importer = argument;

	importer->error = raw_set(SOCKDUP_IOC_IMPORT, &importer->import);
	return NULL;
}

/*
 * The array goes while a security module looks at the first socket. Its page is there
 * when the import begins, or is not.
 */
static void lose_array(struct __test_metadata *_metadata, struct _test_data_set *self,
		       bool touched)
{
	struct importer importer;
	struct page page;
	long before;
	int hook, *fds;

	if (!hook_is_there())
		SKIP(return, "no security module \"bpf\" here, or no types");
	if (page_open_missing(&page))
		SKIP(return, "no userfaultfd here");
	fds = mmap(NULL, getpagesize(), PROT_READ | PROT_WRITE,
		   MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	ASSERT_NE(MAP_FAILED, fds);
	if (touched)
		memset(fds, 0xff, getpagesize());
	ASSERT_EQ(0, export_set(self, 2, 5));
	ASSERT_EQ(0, close(self->fds[0]));
	ASSERT_EQ(0, close(self->fds[1]));
	hook = hook_hold(getpid(), page.memory, 0);
	ASSERT_LE(0, hook);
	before = count_descriptors();
	importer.import = raw_import_of(self, fds, self->imported.names);
	ASSERT_EQ(0, pthread_create(&importer.thread, NULL, import_in_thread, &importer));
	ASSERT_EQ(0, page_wait_for_user(&page));
	EXPECT_STREQ("socket 1", self->imported.names[1]);
	EXPECT_EQ(-1, fds[1]);
	ASSERT_EQ(0, munmap(fds, getpagesize()));
	ASSERT_EQ(0, page_fill(&page));
	ASSERT_EQ(0, pthread_join(importer.thread, NULL));
	EXPECT_EQ(-EFAULT, importer.error);
	EXPECT_EQ(before, count_descriptors());
	EXPECT_EQ(-ENOENT, import_set(self, 2, 5));
	EXPECT_EQ(0, wait_for_end(self->peers[0]));
	EXPECT_EQ(0, wait_for_end(self->peers[1]));
	close(hook);
	page_close(&page);
}

TEST_F(set, array_that_goes_meanwhile_leaves_no_descriptor)
{
	lose_array(_metadata, self, true);
}

TEST_F(set, array_that_came_and_goes_leaves_no_descriptor)
{
	lose_array(_metadata, self, false);
}

/* Most pages of the arrays, and all of the payload's, come with the first write. */
TEST_F(set, memory_need_not_be_there_yet)
{
	const size_t size = sizeof(self->imported) + sizeof(self->carried);
	struct sockdup_import import;
	struct sockets *sockets;

	sockets = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS,
		       -1, 0);
	ASSERT_NE(MAP_FAILED, sockets);
	sockets->fds[0] = 0;
	ASSERT_EQ(0, export_set(self, MOST, SOCKDUP_MAX_PAYLOAD));
	import = raw_import_of(self, sockets->fds, sockets->names);
	import.socket_count = MOST;
	import.payload = (uintptr_t)(sockets + 1);
	import.payload_size = SOCKDUP_MAX_PAYLOAD;
	ASSERT_EQ(0, raw_set(SOCKDUP_IOC_IMPORT, &import));
	EXPECT_EQ(0, memcmp(self->payload, sockets + 1, SOCKDUP_MAX_PAYLOAD));
	self->imported = *sockets;
	EXPECT_EQ(MOST, count_same(self, MOST));
}

/* An importer who does not take the names keeps nothing of the exporter's. */
TEST_F(set, importer_that_is_stuck_holds_no_bytes)
{
	struct importer importer;
	struct page page;
	long limit;

	if (page_open_missing(&page))
		SKIP(return, "no userfaultfd here");
	limit = read_number(MAX_USER_BYTES);
	ASSERT_EQ(0, drop_capability(CAP_SYS_RESOURCE));
	ASSERT_EQ(0, write_number(MAX_USER_BYTES, 70000));
	ASSERT_EQ(0, export_set(self, 2, 60000));
	importer.import = raw_import_of(self, self->imported.fds, page.memory);
	importer.import.payload_size = 60000;
	ASSERT_EQ(0, pthread_create(&importer.thread, NULL, import_in_thread, &importer));
	ASSERT_EQ(0, page_wait_for_user(&page));
	EXPECT_EQ(0, try_revoke(&self->info));
	EXPECT_EQ(0, export_set(self, 2, 60000));
	EXPECT_EQ(-ENOBUFS, export_set(self, 2, 60000));
	ASSERT_EQ(0, page_fill(&page));
	ASSERT_EQ(0, pthread_join(importer.thread, NULL));
	EXPECT_EQ(0, write_number(MAX_USER_BYTES, limit));
	page_close(&page);
}

static void *wait_for_events(void *argument)
{
	struct importer *importer = argument;

	importer->error = epoll_wait(importer->epoll, importer->events, 1, -1);
	return NULL;
}

/*
 * One socket is in an epoll set that somebody does not let go of; the other ends. A close
 * here would wait, too, so the token's end comes after it.
 */
TEST_F(set, socket_that_cannot_be_put_holds_no_other)
{
	struct epoll_event event = { .events = EPOLLIN };
	struct sockdup_set set = { .fds = self->exported.fds, .socket_count = 2 };
	struct importer waiter = { .epoll = epoll_create1(EPOLL_CLOEXEC) };
	struct agent target;
	struct page page;

	if (page_open_missing(&page))
		SKIP(return, "no userfaultfd here");
	ASSERT_EQ(0, agent_spawn(&target));
	ASSERT_EQ(0, epoll_ctl(waiter.epoll, EPOLL_CTL_ADD, self->fds[0], &event));
	ASSERT_EQ(1, send(self->peers[0], "x", 1, 0));
	ASSERT_EQ(0, wait_for_poll(self->fds[0], POLLIN));
	waiter.events = page.memory;
	ASSERT_EQ(0, pthread_create(&waiter.thread, NULL, wait_for_events, &waiter));
	ASSERT_EQ(0, page_wait_for_user(&page));
	ASSERT_EQ(0, sockdup_export_set(&set, target.pid, 0, 0, &self->info));
	ASSERT_EQ(0, close(self->fds[0]));
	ASSERT_EQ(0, close(self->fds[1]));
	agent_kill(&target);
	EXPECT_EQ(0, wait_for_end(self->peers[1]));
	EXPECT_EQ(0, recv_nothing(self->peers[0]));
	ASSERT_EQ(0, page_fill(&page));
	ASSERT_EQ(0, pthread_join(waiter.thread, NULL));
	/* What it had not read is lost. */
	EXPECT_EQ(-ECONNRESET, wait_for_end(self->peers[0]));
	close(waiter.epoll);
	page_close(&page);
}

TEST_F(set, library_refuses_what_it_does_not_know)
{
	struct sockdup_set set = { .fds = self->exported.fds, .socket_count = 1 };

	set.__reserved[2] = 1;
	EXPECT_EQ(-EINVAL, result(sockdup_export_set(&set, getpid(), 0, 0, &self->info)));
	EXPECT_EQ(-EINVAL, result(sockdup_import_set(&self->info, 0, &set, NULL)));
	EXPECT_EQ(-EFAULT, result(sockdup_export_set(NULL, getpid(), 0, 0, &self->info)));
	set = (struct sockdup_set){ .socket_count = 1 };
	EXPECT_EQ(-EFAULT, result(sockdup_export_set(&set, getpid(), 0, 0, &self->info)));
	set = (struct sockdup_set){ .fds = self->exported.fds, .socket_count = 1,
				    .payload_count = 1 };
	EXPECT_EQ(-EFAULT, result(sockdup_export_set(&set, getpid(), 0, 0, &self->info)));
}

TEST_F(set, is_not_exported_with_a_single_socket)
{
	struct sockdup_export export = raw_export_of(self, self->exported.fds, NULL);

	export.fd = self->fds[0];
	EXPECT_EQ(-EINVAL, raw_set(SOCKDUP_IOC_EXPORT, &export));
}

TEST_F(set, query_shows_names_and_sockets)
{
	struct sockdup_protocol_info shown[2];
	struct sockdup_description description;
	void *volatile bad = BAD_ADDRESS;
	int udp = udp_bound(AF_INET6);

	self->exported.fds[1] = udp;
	ASSERT_EQ(0, export_set(self, 2, 7));
	EXPECT_EQ(2, sockdup_query_set(&self->info, NULL, NULL, 0));
	EXPECT_EQ(2, sockdup_query_set(&self->info, self->imported.names, shown, 2));
	EXPECT_STREQ("socket 0", self->imported.names[0]);
	EXPECT_STREQ("socket 1", self->imported.names[1]);
	EXPECT_EQ(SOCK_STREAM, shown[0].socket_type);
	EXPECT_EQ(AF_INET6, shown[1].address_family);
	EXPECT_EQ(SOCK_DGRAM, shown[1].socket_type);
	EXPECT_EQ(0, shown[0].opaque[0] | shown[0].opaque[20] | shown[1].opaque[23]);
	EXPECT_EQ(2, sockdup_query_set(&self->info, self->imported.names, NULL, 5));
	EXPECT_EQ(2, sockdup_query_set(&self->info, NULL, shown, 5));
	EXPECT_EQ(-EMSGSIZE,
		  result(sockdup_query_set(&self->info, self->imported.names, shown, 1)));
	EXPECT_EQ(-EFAULT, result(sockdup_query_set(&self->info, bad, shown, 2)));
	ASSERT_EQ(0, try_query(&self->info, &description));
	EXPECT_EQ(2, description.info.socket_count);
	EXPECT_EQ(7, description.payload_size);
	EXPECT_EQ(0, try_revoke(&self->info));
	EXPECT_EQ(-ENOENT, result(sockdup_query_set(&self->info, NULL, NULL, 0)));
}

/* Each of its ends lets go of every socket. */
static void expect_ends(struct __test_metadata *_metadata, struct _test_data_set *self)
{
	EXPECT_EQ(0, wait_for_end(self->peers[0]));
	EXPECT_EQ(0, wait_for_end(self->peers[1]));
	EXPECT_EQ(0, wait_for_held(0));
}

TEST_F(set, revoked_lets_go_of_every_socket)
{
	ASSERT_EQ(0, export_set(self, 64, 100));
	ASSERT_EQ(0, close(self->fds[0]));
	ASSERT_EQ(0, close(self->fds[1]));
	ASSERT_EQ(0, try_revoke(&self->info));
	expect_ends(_metadata, self);
}

TEST_F(set, expired_lets_go_of_every_socket)
{
	struct sockdup_set set = { .fds = self->exported.fds, .socket_count = 64 };

	ASSERT_EQ(0, sockdup_export_set(&set, getpid(), 0, 1, &self->info));
	ASSERT_EQ(0, close(self->fds[0]));
	ASSERT_EQ(0, close(self->fds[1]));
	expect_ends(_metadata, self);
}

TEST_F(set, target_that_dies_lets_go_of_every_socket)
{
	struct agent target;

	ASSERT_EQ(0, agent_spawn(&target));
	ASSERT_EQ(0, export_to(self, 64, 100, target.pid, 0));
	ASSERT_EQ(0, close(self->fds[0]));
	ASSERT_EQ(0, close(self->fds[1]));
	ASSERT_EQ(0, agent_stop(&target));
	expect_ends(_metadata, self);
}

TEST_F(set, ends_with_its_handle)
{
	ASSERT_EQ(0, export_to(self, 64, 100, getpid(), SOCKDUP_EXPORT_END_ON_CLOSE));
	ASSERT_EQ(0, close(self->fds[0]));
	ASSERT_EQ(0, close(self->fds[1]));
	sockdup_release();
	expect_ends(_metadata, self);
}

TEST_F(set, its_end_is_reported_once)
{
	struct sockdup_outcome outcome;

	ASSERT_EQ(0, export_to(self, 3, 1, getpid(), SOCKDUP_EXPORT_REPORT));
	ASSERT_EQ(0, import_set(self, 3, 1));
	ASSERT_EQ(1, sockdup_outcome_next(&outcome, 0));
	EXPECT_EQ(SOCKDUP_OUTCOME_IMPORTED, outcome.kind);
	EXPECT_EQ(0, sockdup_outcome_next(&outcome, 0));
}

TEST_F(set, stranger_gets_nothing)
{
	struct agent target;
	pid_t child;

	ASSERT_EQ(0, agent_spawn(&target));
	ASSERT_EQ(0, export_to(self, 2, 5, target.pid, 0));
	EXPECT_EQ(-EPERM, import_set(self, 2, 5));
	EXPECT_EQ(0, self->carried[0]);
	EXPECT_EQ((char)0xff, self->imported.names[0][0]);
	child = fork();
	if (!child) {
		if (become_user(OTHER_UID))
			_exit(1);
		_exit(result(sockdup_query_set(&self->info, self->imported.names, NULL, 2)) !=
		      -EPERM);
	}
	EXPECT_EQ(0, outcome_of(child));
	agent_kill(&target);
}

/* A user who may hold as many sockets exports that many, and one more is too much. */
TEST_F(set, quota_counts_sockets)
{
	pid_t child = fork();

	if (!child) {
		struct sockdup_protocol_info first;

		if (become_user(100000 + getpid()) || allow_descriptors(32))
			_exit(1);
		if (export_set(self, 33, 0) != -ENOBUFS || export_set(self, 31, 0))
			_exit(2);
		first = self->info;
		if (export_set(self, 2, 0) != -ENOBUFS || export_set(self, 1, 0) ||
		    export_set(self, 1, 0) != -ENOBUFS)
			_exit(3);
		self->info = first;
		if (try_revoke(&first) || wait_for_held(1))
			_exit(4);
		_exit(export_set(self, 31, 0) ? 5 : 0);
	}
	EXPECT_EQ(0, outcome_of(child));
}

/* How many payloads fit, by the administrator's limit; the rest comes with the token. */
TEST_F(set, bytes_of_a_user_are_limited)
{
	long limit = read_number(MAX_USER_BYTES);
	pid_t child;

	ASSERT_LT(0, limit);
	ASSERT_EQ(0, write_number(MAX_USER_BYTES, 5 * 60000));
	child = fork();
	if (!child) {
		int i;

		if (become_user(100000 + getpid()))
			_exit(1);
		for (i = 0; i < 4; i++)
			if (export_set(self, 1, 60000))
				_exit(2);
		if (export_set(self, 1, 60000) != -ENOBUFS)
			_exit(3);
		if (export_set(self, 2, 100) || try_revoke(&self->info))
			_exit(4);
		/* Another token, without a set, takes none of it. */
		if (try_duplicate(self->fds[0], getpid(), &self->info))
			_exit(5);
		_exit(0);
	}
	EXPECT_EQ(0, outcome_of(child));
	ASSERT_EQ(0, write_number(MAX_USER_BYTES, limit));
}

TEST_F(set, bytes_are_shown)
{
	long before = bytes_of_tokens();

	ASSERT_LE(0, before);
	ASSERT_EQ(0, export_set(self, 1, 60000));
	EXPECT_LE(before + 60000, bytes_of_tokens());
	EXPECT_GT(before + 70000, bytes_of_tokens());
	ASSERT_EQ(0, try_revoke(&self->info));
	EXPECT_EQ(before, bytes_of_tokens());
}

/* An import gives them back: as many rounds as would fill it several times. */
TEST_F(set, bytes_come_back)
{
	pid_t child = fork();

	if (!child) {
		int i;

		if (become_user(100000 + getpid()))
			_exit(1);
		for (i = 0; i < 600; i++) {
			if (export_set(self, 1, SOCKDUP_MAX_PAYLOAD))
				_exit(2);
			if (i % 2 ? try_revoke(&self->info) :
				    import_set(self, 1, SOCKDUP_MAX_PAYLOAD))
				_exit(3);
			if (!(i % 2))
				close_imported(self, 1);
		}
		_exit(0);
	}
	EXPECT_EQ(0, outcome_of(child));
}

/* SCM_RIGHTS with @count descriptors: -errno, or how many arrived in @room. */
static int pass_rights(int fd, unsigned int count, unsigned int room, bool *cut)
{
	static char space[CMSG_SPACE((MOST + 1) * sizeof(int))];
	char byte = 0;
	struct iovec data = { &byte, 1 };
	struct msghdr message = {
		.msg_iov = &data,
		.msg_iovlen = 1,
		.msg_control = space,
		.msg_controllen = CMSG_SPACE(count * sizeof(int)),
	};
	struct cmsghdr *header = CMSG_FIRSTHDR(&message);
	unsigned int i, got;
	int pair[2], number;

	if (socketpair(AF_UNIX, SOCK_DGRAM, 0, pair))
		return -errno;
	header->cmsg_level = SOL_SOCKET;
	header->cmsg_type = SCM_RIGHTS;
	header->cmsg_len = CMSG_LEN(count * sizeof(int));
	for (i = 0; i < count; i++)
		memcpy(CMSG_DATA(header) + i * sizeof(int), &fd, sizeof(int));
	if (sendmsg(pair[0], &message, 0) < 0)
		return -errno;
	message.msg_controllen = CMSG_SPACE(room * sizeof(int));
	if (recvmsg(pair[1], &message, 0) < 0)
		return -errno;
	header = CMSG_FIRSTHDR(&message);
	got = header ? (header->cmsg_len - CMSG_LEN(0)) / sizeof(int) : 0;
	for (i = 0; i < got; i++) {
		memcpy(&number, CMSG_DATA(header) + i * sizeof(int), sizeof(int));
		close(number);
	}
	*cut = message.msg_flags & MSG_CTRUNC;
	close(pair[0]);
	close(pair[1]);
	return got;
}

/* What SCM_RIGHTS does where there are too many sockets, or too little room. */
TEST_F(set, loses_nothing_where_SCM_RIGHTS_does)
{
	bool cut;

	EXPECT_EQ(-EINVAL, pass_rights(self->fds[0], RIGHTS_MOST + 1, MOST, &cut));
	ASSERT_EQ(0, leave_descriptors(2 + 5));
	EXPECT_EQ(5, pass_rights(self->fds[0], 20, 20, &cut));
	EXPECT_EQ(true, cut);

	ASSERT_EQ(0, allow_descriptors(DESCRIPTORS));
	ASSERT_EQ(0, export_set(self, 20, 0));
	ASSERT_EQ(0, leave_descriptors(5));
	EXPECT_EQ(-EMFILE, import_set(self, 20, 0));
	ASSERT_EQ(0, allow_descriptors(DESCRIPTORS));
	ASSERT_EQ(0, import_set(self, 20, 0));
	EXPECT_EQ(20, count_same(self, 20));
}

SOCKDUP_TEST_MAIN
