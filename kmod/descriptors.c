// SPDX-License-Identifier: GPL-2.0-only
/*
 * Descriptors for all of several sockets, or for none.
 *
 * Only receive_fd() hands them out: it asks the security module, and the next socket
 * may then be refused. What was handed out before is taken back then. Other threads
 * see such numbers for a moment, and may have closed one and used it anew: it is
 * taken back only if it still names the file.
 */

#include <linux/bitmap.h>
#include <linux/bitops.h>
#include <linux/fdtable.h>
#include <linux/file.h>
#include <linux/nospec.h>
#include <linux/rcupdate.h>
#include <linux/sched.h>
#include <linux/sched/signal.h>
#include <linux/spinlock.h>

#include "compat/file.h"
#include "descriptors.h"
#include "set.h"

/*
 * How many of the first @known numbers are unused, as far as more are wanted: from the
 * last one on, as the kernel gives out the lowest.
 */
static unsigned long descriptors_unused(const unsigned long *open, unsigned long known,
					unsigned long wanted)
{
	unsigned long word = known / BITS_PER_LONG, unused = 0;

	if (known % BITS_PER_LONG)
		unused = hweight_long(~READ_ONCE(open[word]) & BITMAP_LAST_WORD_MASK(known));
	while (word-- && unused < wanted)
		unused += hweight_long(~READ_ONCE(open[word]));
	return unused;
}

/**
 * sockdup_descriptors_check - whether the current process can have more descriptors
 * @count: how many
 *
 * A hint, without a lock: other threads come and go.
 *
 * Return: 0 or -EMFILE.
 */
int sockdup_descriptors_check(unsigned int count)
{
	unsigned long limit = rlimit(RLIMIT_NOFILE), known, unused;
	const struct fdtable *table;

	rcu_read_lock();
	table = files_fdtable(current->files);
	known = min_t(unsigned long, table->max_fds, limit);
	unused = limit - known;
	if (unused < count)
		unused += descriptors_unused(table->open_fds, known, count - unused);
	rcu_read_unlock();
	return unused < count ? -EMFILE : 0;
}

/**
 * sockdup_descriptor_close - close a descriptor of the current process
 * @fd: the number
 * @file: what it names, unless another thread has closed it meanwhile; then it stays
 *
 * In one step the number becomes what it was between its choice and its use: taken,
 * and without a file. The rest is what close() does: another thread may have taken a
 * lock of POSIX by the number, which must not outlive the file.
 */
void sockdup_descriptor_close(unsigned int fd, struct file *file)
{
	struct files_struct *files = current->files;
	struct fdtable *table;
	bool ours;

	spin_lock(&files->file_lock);
	table = files_fdtable(files);
	/* Numbers that callers give may lie behind the table. */
	ours = fd < table->max_fds;
	if (ours) {
		fd = array_index_nospec(fd, table->max_fds);
		ours = rcu_access_pointer(table->fd[fd]) == file;
	}
	if (ours)
		RCU_INIT_POINTER(table->fd[fd], NULL);
	spin_unlock(&files->file_lock);
	if (!ours)
		return;
	put_unused_fd(fd);
	filp_close(file, files);
}

/**
 * sockdup_descriptors_receive - install several sockets in the current process
 * @sockets: whose files stay
 * @count: how many
 * @fds: room for as many descriptors, filled
 * @flags: O_CLOEXEC or 0
 *
 * Return: 0; what receive_fd() returned for one of them, and then none is left.
 */
int sockdup_descriptors_receive(const struct sockdup_set_socket *sockets, unsigned int count,
				int *fds, unsigned int flags)
{
	unsigned int i;
	int fd;

	for (i = 0; i < count; i++) {
		fd = sockdup_receive_fd(sockets[i].charge.file, flags);
		if (fd < 0)
			goto err_received;
		fds[i] = fd;
	}
	return 0;

err_received:
	/* The last one first, as then the lowest number is the next to be used. */
	while (i--)
		sockdup_descriptor_close(fds[i], sockets[i].charge.file);
	return fd;
}
