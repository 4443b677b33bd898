/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Small structs to and from user space, a word at a time. The general functions
 * check, call and start more than it takes to move so little. Like them these
 * can be made to fail, and complain of callers who must not sleep. For a size
 * that is known to the compiler gcc leaves no loop; clang cannot unroll these.
 */
#ifndef SOCKDUP_WORDS_H
#define SOCKDUP_WORDS_H

#include <linux/align.h>
#include <linux/errno.h>
#include <linux/fault-inject-usercopy.h>
#include <linux/types.h>
#include <linux/uaccess.h>

static inline bool words_are_aligned(const void *kernel,
				     const void __user *user, size_t size)
{
	return IS_ALIGNED((unsigned long)kernel | (unsigned long)user | size,
			  sizeof(long));
}

/**
 * sockdup_words_from_user - copy a struct in
 * @to: where to
 * @from: where the caller says it lies
 * @size: bytes
 *
 * Return: 0 or -EFAULT.
 */
static __always_inline int sockdup_words_from_user(void *to,
						   const void __user *from,
						   size_t size)
{
	const unsigned long __user *source = from;
	unsigned long *words = to;
	size_t i;

	if (!words_are_aligned(to, from, size))
		return copy_from_user(to, from, size) ? -EFAULT : 0;
	might_fault();
	if (should_fail_usercopy() || !user_read_access_begin(source, size))
		return -EFAULT;
	if (__builtin_constant_p(size)) {
#pragma GCC unroll 32
		for (i = 0; i < size / sizeof(long); i++)
			unsafe_get_user(words[i], &source[i], fault);
	} else {
		for (i = 0; i < size / sizeof(long); i++)
			unsafe_get_user(words[i], &source[i], fault);
	}
	user_read_access_end();
	return 0;

fault:
	user_read_access_end();
	return -EFAULT;
}

/**
 * sockdup_words_to_user - copy a struct out
 * @to: where the caller wants it
 * @from: where from
 * @size: bytes
 *
 * Return: 0 or -EFAULT.
 */
static __always_inline int sockdup_words_to_user(void __user *to,
						 const void *from,
						 size_t size)
{
	unsigned long __user *target = to;
	const unsigned long *words = from;
	size_t i;

	if (!words_are_aligned(from, to, size))
		return copy_to_user(to, from, size) ? -EFAULT : 0;
	might_fault();
	if (should_fail_usercopy() || !user_write_access_begin(target, size))
		return -EFAULT;
	if (__builtin_constant_p(size)) {
#pragma GCC unroll 32
		for (i = 0; i < size / sizeof(long); i++)
			unsafe_put_user(words[i], &target[i], fault);
	} else {
		for (i = 0; i < size / sizeof(long); i++)
			unsafe_put_user(words[i], &target[i], fault);
	}
	user_write_access_end();
	return 0;

fault:
	user_write_access_end();
	return -EFAULT;
}

#endif /* SOCKDUP_WORDS_H */
