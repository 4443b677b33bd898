/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Posts become the sockets of a program.
 */
#ifndef CLI_DELIVERY_H
#define CLI_DELIVERY_H

#include "arrival.h"
#include "plan.h"
#include "program.h"

/**
 * struct delivery - what an inbox does with posts
 * @plan: names, numbers of messages, and what else each program is to get
 * @program: it
 * @count: of posts to accept; 0 for all
 * @most_children: how many programs may run at once
 */
struct delivery {
	struct plan plan;
	struct program program;
	long count;
	long most_children;
};

int delivery_check(const struct delivery *delivery, unsigned int sockets);
int delivery_execute(struct delivery *delivery, const struct arrival *arrivals, int count);

/* In serve.c. */
int serve(struct delivery *delivery, int inbox, struct arrival *arrival);

#endif /* CLI_DELIVERY_H */
