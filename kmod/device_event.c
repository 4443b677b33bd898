// SPDX-License-Identifier: GPL-2.0-only
/*
 * The device's commands for the network events of a socket.
 */

#include <linux/bits.h>
#include <linux/err.h>
#include <linux/file.h>
#include <linux/sched/signal.h>
#include <linux/sockdup.h>
#include <linux/string.h>

#include "device_call.h"
#include "eventfd.h"
#include "registration.h"
#include "socket.h"

#define DEVICE_EVENTS	(SOCKDUP_FD_READ | SOCKDUP_FD_WRITE | SOCKDUP_FD_OOB | \
			 SOCKDUP_FD_ACCEPT | SOCKDUP_FD_CONNECT | \
			 SOCKDUP_FD_CLOSE)

static_assert(BIT(SOCKDUP_NETWORK_EVENTS) - 1 == DEVICE_EVENTS);

static int device_event_register(struct sockdup_device_call *call, struct file *file)
{
	const struct sockdup_event_select *select = &call->u.event_select;
	struct sockdup_registration_terms terms = {
		.eventfd = sockdup_eventfd_get(select->event),
		.mask = select->mask,
		.kind = select->kind,
		.flags = select->flags,
	};
	int err;

	if (IS_ERR(terms.eventfd))
		return PTR_ERR(terms.eventfd);
	err = sockdup_registration_register(file, &terms,
					    &call->handle->registrations);
	sockdup_eventfd_put(terms.eventfd);
	return err;
}

/**
 * sockdup_device_event_select - the command SOCKDUP_IOC_EVENT_SELECT
 * @call: with the caller's struct
 *
 * Return: 0, or an error that &struct sockdup_event_select lists.
 */
int sockdup_device_event_select(struct sockdup_device_call *call)
{
	const struct sockdup_event_select *select = &call->u.event_select;
	struct file *file;
	int err = 0;

	if (select->flags & ~SOCKDUP_EVENT_ONCE ||
	    select->mask & ~DEVICE_EVENTS ||
	    select->kind > SOCKDUP_EVENT_KIND_MESSAGE)
		return -EINVAL;
	file = sockdup_socket_file(select->fd);
	if (IS_ERR(file))
		return PTR_ERR(file);
	if (select->mask)
		err = device_event_register(call, file);
	else
		sockdup_registration_cancel(file);
	fput(file);
	return err;
}

/* The record goes out before it is cleared: a fault then loses nothing. */
static int device_hand_out(struct sockdup_device_call *call,
			   struct sockdup_registration *registration)
{
	struct sockdup_event_enumerate *enumerate = &call->u.event_enumerate;
	bool reset = !(enumerate->flags & SOCKDUP_EVENT_KEEP_SET);
	struct sockdup_registration_record record;
	s32 given[SOCKDUP_EVENT_ERRORS];
	int err, i;

	memcpy(given, enumerate->errors, sizeof(given));
	do {
		sockdup_registration_read(registration, &record);
		enumerate->events = record.events;
		memcpy(enumerate->errors, given, sizeof(given));
		for (i = 0; i < SOCKDUP_NETWORK_EVENTS; i++)
			if (record.events & BIT(i))
				enumerate->errors[i] = record.errors[i];
		err = sockdup_device_answer(call, sizeof(*enumerate)) ?:
		      sockdup_registration_clear(registration, &record, reset);
	} while (err == -EAGAIN && !fatal_signal_pending(current));
	return err == -EAGAIN ? -EINTR : err;
}

/* The registration of a socket, if the caller's handle made it. */
static struct sockdup_registration *
device_registration(const struct sockdup_device_call *call, struct file *file)
{
	return sockdup_registration_get_own(file, &call->handle->registrations);
}

/**
 * sockdup_device_event_enumerate - the command SOCKDUP_IOC_EVENT_ENUMERATE
 * @call: with the caller's struct
 *
 * Return: 0, or an error that &struct sockdup_event_enumerate lists.
 */
int sockdup_device_event_enumerate(struct sockdup_device_call *call)
{
	const struct sockdup_event_enumerate *enumerate =
		&call->u.event_enumerate;
	struct sockdup_registration *registration;
	struct file *file;
	int err;

	if (enumerate->flags & ~SOCKDUP_EVENT_KEEP_SET)
		return -EINVAL;
	file = sockdup_socket_file(enumerate->fd);
	if (IS_ERR(file))
		return PTR_ERR(file);
	registration = device_registration(call, file);
	fput(file);
	if (IS_ERR(registration))
		return PTR_ERR(registration);
	err = device_hand_out(call, registration);
	sockdup_registration_put(registration);
	return err;
}

/**
 * sockdup_device_event_rearm - the command SOCKDUP_IOC_EVENT_REARM
 * @call: with the caller's struct
 *
 * Open to every holder of the socket: it tells no more than a query does.
 *
 * Return: 0, or an error that &struct sockdup_event_rearm lists.
 */
int sockdup_device_event_rearm(struct sockdup_device_call *call)
{
	const struct sockdup_event_rearm *rearm = &call->u.event_rearm;
	struct file *file;
	int err;

	if (rearm->flags || rearm->events & ~DEVICE_EVENTS)
		return -EINVAL;
	file = sockdup_socket_file(rearm->fd);
	if (IS_ERR(file))
		return PTR_ERR(file);
	err = sockdup_registration_rearm(file, rearm->events);
	fput(file);
	return err;
}

/* The registration of the listener that a caller names. */
static struct sockdup_registration *
device_listener(const struct sockdup_device_call *call)
{
	struct file *file = sockdup_socket_file(call->u.event_inherit.listener);
	struct sockdup_registration *registration;

	if (IS_ERR(file))
		return ERR_CAST(file);
	registration = device_registration(call, file);
	fput(file);
	return registration;
}

/**
 * sockdup_device_event_inherit - the command SOCKDUP_IOC_EVENT_INHERIT
 * @call: with the caller's struct
 *
 * Return: 0, or an error that &struct sockdup_event_inherit lists.
 */
int sockdup_device_event_inherit(struct sockdup_device_call *call)
{
	const struct sockdup_event_inherit *inherit = &call->u.event_inherit;
	struct sockdup_registration *listener;
	struct file *file;
	int err;

	if (inherit->flags)
		return -EINVAL;
	file = sockdup_socket_file(inherit->fd);
	if (IS_ERR(file))
		return PTR_ERR(file);
	listener = device_listener(call);
	if (IS_ERR(listener)) {
		err = PTR_ERR(listener);
		goto out;
	}
	err = sockdup_registration_register(file, &listener->terms,
					    &call->handle->registrations);
	sockdup_registration_put(listener);
out:
	fput(file);
	return err;
}

/**
 * sockdup_device_event_query - the command SOCKDUP_IOC_EVENT_QUERY
 * @call: with the caller's struct
 *
 * Return: 0, or an error that &struct sockdup_event_query lists.
 */
int sockdup_device_event_query(struct sockdup_device_call *call)
{
	struct sockdup_event_query *query = &call->u.event_query;
	struct sockdup_registration *registration;
	struct file *file;

	if (query->flags)
		return -EINVAL;
	file = sockdup_socket_file(query->fd);
	if (IS_ERR(file))
		return PTR_ERR(file);
	registration = sockdup_registration_get(file);
	fput(file);
	if (IS_ERR(registration)) {
		query->mask = 0;
		query->kind = 0;
		query->own = 0;
		query->source = (struct sockdup_identity){ };
	} else {
		query->mask = registration->terms.mask;
		query->kind = registration->terms.kind;
		query->own = registration->list == &call->handle->registrations;
		query->source = sockdup_device_identity(registration->source, registration->uid,
							registration->gid);
		sockdup_registration_put(registration);
	}
	return sockdup_device_answer(call, sizeof(*query));
}
