// SPDX-License-Identifier: LGPL-2.1-or-later
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "address.h"
#include "arrival.h"
#include "message.h"
#include "output.h"
#include "process.h"
#include "socket.h"
#include "state.h"
#include "token.h"
#include "verb.h"

/* Room for any post of the inbox. */
void arrival_prepare(struct arrival *arrival, const struct sockdup_inbox_options *inbox)
{
	*arrival = (struct arrival){
		.fds = checked(calloc(inbox->max_sockets, sizeof(*arrival->fds))),
		.max_sockets = inbox->max_sockets,
		.message = checked(malloc(inbox->message_size + 1)),
		.message_room = inbox->message_size,
	};
}

/* The program that gets them wants them without close-on-exec. 0, or -1 with errno. */
static int post_accept(struct arrival *arrival, int inbox)
{
	const struct iovec message = {
		.iov_base = arrival->message,
		.iov_len = arrival->message_room,
	};
	struct sockdup_posting *posting = &arrival->posting;

	*posting = (struct sockdup_posting){
		.fds = arrival->fds,
		.socket_count = arrival->max_sockets,
		.message = &message,
		.message_count = arrival->message_room ? 1 : 0,
	};
	if (sockdup_accept_set(inbox, posting, 0))
		return -1;
	posting->message = NULL;
	arrival->message[posting->message_size] = '\0';
	return 0;
}

/* Why there is none, by errno. */
static const char *accept_reason(int error)
{
	static char reason[96];
	struct rlimit limit;

	if (error != EMFILE)
		return strerror(error);
	getrlimit(RLIMIT_NOFILE, &limit);
	snprintf(reason, sizeof(reason), "the limit of open files is %llu (ulimit -n)",
		 (unsigned long long)limit.rlim_cur);
	return reason;
}

static void complain_of(const struct arrival *arrival, int error, const char *and_then)
{
	const char *reason = accept_reason(error);

	if (error == EMFILE)
		complain("cannot accept a post, which may have %u socket%s: %s%s",
			 arrival->max_sockets, arrival->max_sockets == 1 ? "" : "s",
			 reason, and_then);
	else
		complain("cannot accept a post: %s%s", reason, and_then);
}

/* @can_wait: others may have the descriptors that lack, and not the command itself. */
static bool lack_passes(int error, bool can_wait)
{
	return error == ENFILE || error == ENOMEM || (error == EMFILE && can_wait);
}

enum accepted arrival_accept(struct arrival *arrival, int inbox, bool can_wait)
{
	int error = post_accept(arrival, inbox) ? errno : 0;
	const bool passes = lack_passes(error, can_wait);

	if (error && error != EAGAIN && error != arrival->lacks)
		complain_of(arrival, error, passes ? "; tries again every second" : "");
	arrival->lacks = passes ? error : 0;
	switch (error) {
	case 0:
		return ACCEPTED_POST;
	case EAGAIN:
		return ACCEPTED_NONE;
	case EACCES:
		return ACCEPTED_REFUSED;
	default:
		return passes ? ACCEPTED_LATER : ACCEPTED_NEVER;
	}
}

/* Until there is a post; false where there can be none. @worst is an exit code. */
bool arrival_await(struct arrival *arrival, int inbox, bool can_wait, int *worst)
{
	for (;;) {
		switch (arrival_accept(arrival, inbox, can_wait)) {
		case ACCEPTED_POST:
			return true;
		case ACCEPTED_NONE:
			break;
		case ACCEPTED_LATER:
			sleep(1);
			break;
		case ACCEPTED_REFUSED:
			*worst = EXIT_FAILED;
			break;
		case ACCEPTED_NEVER:
			*worst = EXIT_FAILED;
			return false;
		}
	}
}

void arrival_close(const struct arrival *arrival)
{
	unsigned int i;

	for (i = 0; i < arrival->posting.socket_count; i++)
		close(arrival->fds[i]);
}

void arrival_titles(void)
{
	static const char * const titles[] = {
		"SOURCE", "USER", "COOKIE", "COUNT", "SOCKETS", "MESSAGE", NULL
	};
	static const int widths[] = { 16, 8, 6, 5, 41, 0 };

	output_titles(titles, widths);
}

/* Each as query shows it, in a few words. */
static void sockets_cell(const struct arrival *arrival)
{
	struct sockdup_socket_info socket;
	struct address_text text;
	char local[sizeof(text) + 4], remote[sizeof(text) + 4];
	char *shown;
	size_t size, i;
	FILE *stream = checked(open_memstream(&shown, &size));

	for (i = 0; i < arrival->posting.socket_count; i++) {
		socket_describe(&socket, arrival->fds[i]);
		address_format(&text, &socket, &socket.local, socket.local_size);
		address_join(local, sizeof(local), &text);
		address_format(&text, &socket, &socket.remote, socket.remote_size);
		address_join(remote, sizeof(remote), &text);
		fprintf(stream, "%s%s %s %s %s", i ? ", " : "", protocol_format(&socket),
			state_format(socket.state) ? : "-", local, remote);
	}
	if (fclose(stream))
		checked(NULL);
	cell(MAGENTA, "%s", shown);
	free(shown);
}

/* The table shows other control characters itself. */
static void message_cell(const struct arrival *arrival)
{
	const char *byte = arrival->message, *end = byte + arrival->posting.message_size;
	char *shown = checked(malloc(2 * (end - byte) + 1));
	char *to = shown;

	for (; byte < end; byte++)
		if (*byte)
			*to++ = *byte;
		else
			to = mempcpy(to, "\\0", 2);
	*to = '\0';
	cell(PLAIN, "%s", shown);
	free(shown);
}

static void arrival_cells(const struct arrival *arrival)
{
	const struct sockdup_posting *posting = &arrival->posting;

	process_cell(posting->source.pid);
	user_cell(posting->source.uid);
	cell(YELLOW, "%llu", posting->cookie);
	cell(PLAIN, "%u", posting->socket_count);
	sockets_cell(arrival);
	message_cell(arrival);
}

static void arrival_fields(const struct arrival *arrival)
{
	const struct sockdup_posting *posting = &arrival->posting;
	struct sockdup_socket_info socket;
	unsigned int i;
	char id[20];

	id_format(id, posting->id);
	field_text("id", id);
	process_fields("source", posting->source.pid);
	user_fields(posting->source.uid);
	field_number("gid", posting->source.gid);
	field_unsigned("cookie", posting->cookie);
	field_number("message_size", posting->message_size);
	field_bytes("message", arrival->message, posting->message_size);
	field_number("socket_count", posting->socket_count);
	items_begin("sockets");
	for (i = 0; i < posting->socket_count; i++) {
		item_begin();
		socket_describe(&socket, arrival->fds[i]);
		socket_fields(&socket);
		state_field(socket.state);
		item_end();
	}
	items_end();
}

void arrival_print(const struct arrival *arrival)
{
	record_begin();
	if (output_for_people())
		arrival_cells(arrival);
	else
		arrival_fields(arrival);
	record_end();
}
