/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The registration of one socket for network events. Processes register, each with a handle
 * of its own, re-arm, enumerate and cancel, while the socket wakes those on its wait queue.
 * In the end the socket is closed, or a handle.
 *
 * There are two network events: READ, and WRITE, which is recorded once until it is
 * re-armed. With ONCE, READ is so, too. Errors and connections are not modelled.
 *
 * Each step is what the code does under one spinlock, or one atomic operation. A comment
 * above it names the function. Steps of "world" are the kernel's or user space's.
 */

#ifndef REGISTRARS
#define REGISTRARS	3
#endif
/* How often data arrives, and room to write. */
#ifndef READS
#define READS		1
#endif
#ifndef WRITES
#define WRITES		0
#endif
#ifndef ONCE
#define ONCE		0
#endif
/* How many processes receive data and re-arm READ, enumerate, and cancel. */
#ifndef REARMERS
#define REARMERS	0
#endif
#ifndef ENUMERATORS
#define ENUMERATORS	0
#endif
#ifndef CANCELLERS
#define CANCELLERS	0
#endif
/* How often others hold the inode's lock for a moment. */
#ifndef LOCKERS
#define LOCKERS		0
#endif
/* Whether the socket, and the registrars' handles, may be closed early. */
#ifndef CLOSES
#define CLOSES		0
#endif
#ifndef MISTAKE
#define MISTAKE		0
#endif

#define READ		1
#define WRITE		2
#if ONCE
#define ONE_SHOT	(READ | WRITE)
#else
#define ONE_SHOT	WRITE
#endif

/* The registrations: each registrar makes one. */
byte ref[REGISTRARS];
bool freed[REGISTRARS], over[REGISTRARS];
bool on_queue[REGISTRARS];	/* the socket's wait queue */
bool on_list[REGISTRARS];	/* the handle's, and the account's */
bool waiting[REGISTRARS];
byte woken[REGISTRARS], armed[REGISTRARS], recorded[REGISTRARS];
byte unanswered[REGISTRARS];
byte rearms_read[REGISTRARS];
byte turn[REGISTRARS];
bool eventfd[REGISTRARS];
/* To check with: the last arrival that a record covers, and what held since a re-arming. */
byte seen[REGISTRARS], held[REGISTRARS];

byte in_force;			/* the table: a registration and 1, or 0 */
byte charged;
chan line = [REGISTRARS + 1] of { byte };

/* The socket. */
bool sk = true;
byte level;
byte last;			/* counts what arrived */
byte files;			/* calls that hold the file */
bool closing;
bool inode_lock, queue_lock;

byte running;
byte began[4];			/* those of a kind are alike, so they may begin in order */
bool last_call;

#define USE(r)		assert(!freed[r])

inline put(r)
{
	USE(r);
	assert(ref[r] > 0);
	ref[r]--;
	if
	:: ref[r] == 0 ->
		assert(!on_queue[r] && !on_list[r] && in_force != r + 1 && !waiting[r]);
		freed[r] = true
	:: else
	fi
}

/* Within a step that holds the registration's lock. */
inline write(r, events, at)
{
	assert(!over[r]);
	assert((held[r] & events & ONE_SHOT) == (events & ONE_SHOT));
	recorded[r] = recorded[r] | events;
	seen[r] = ((events & READ) && at > seen[r] -> at : seen[r]);
	armed[r] = armed[r] & ~(events & ONE_SHOT);
	eventfd[r] = true
}

/* Sets wanted to what is stale. The caller holds the file, or the inode's lock. */
inline look_once(r)
{
	/* kmod/registration.c: registration_look_once() */
	d_step { USE(r); rearms = rearms_read[r] }
	/* kmod/level.c: sockdup_level_of() */
	d_step { USE(r); assert(sk); lvl = level; at = last }
	/* kmod/registration.c: registration_record() registration_write() */
	d_step {
		USE(r);
		stale = 0;
		if
		:: !over[r] ->
#if MISTAKE != 7
			stale = (rearms != rearms_read[r] -> wanted & READ & ONE_SHOT : 0);
#endif
			wanted = wanted & ~stale;
			unanswered[r] = unanswered[r] & ~wanted;
			wanted = lvl & armed[r] & wanted;
			if
			:: wanted -> write(r, wanted, at)
			:: else
			fi
		:: else
		fi;
		wanted = stale;
		stale = 0;
		lvl = 0;
		at = 0;
		rearms = 0
	}
}

inline look(r)
{
	look_once(r);
	if
	:: wanted -> look_once(r); wanted = 0
	:: else
	fi
}

/* Within a step that holds the locks of the registration and of the bucket. */
inline unlink(r)
{
	assert(!over[r] && in_force == r + 1 && on_list[r]);
	in_force = 0;
	on_list[r] = false;
	over[r] = true;
	charged--
}

inline registration_end(r)
{
	/* kmod/registration.c: registration_end() */
	atomic { !queue_lock -> USE(r); on_queue[r] = false }
	/* kmod/registration.c: sockdup_registration_put() */
	d_step { put(r) }
}

/* Of one that the caller holds. */
inline end_found(r)
{
	/* kmod/registration.c: registration_end_found() registration_unlink() */
	d_step {
		USE(r);
#if MISTAKE == 4
		ours = true;
		if
		:: !over[r] -> unlink(r)
		:: else
		fi
#else
		ours = !over[r];
		if
		:: ours -> unlink(r)
		:: else
		fi
#endif
	}
	if
	:: ours -> ours = false; registration_end(r)
	:: else
	fi;
	/* kmod/registration.c: sockdup_registration_put() */
	d_step { put(r) }
}

/* Sets prev to one and 1, held, or 0. */
inline get(prev)
{
	/* kmod/registration.c: registration_get() */
	d_step {
		prev = in_force;
		if
		:: prev -> USE(prev - 1); ref[prev - 1]++
		:: else
		fi
	}
}

/* Any call: the descriptor's file, unless the socket is closed. */
/* model: those of a kind are alike, so they begin in order */
#define FGET(kind)	atomic { \
				began[kind] == me -> began[kind]++; \
				if :: closing -> goto out :: else -> files++ fi \
			}

proctype registrar(byte me)
{
	byte prev, wanted, lvl, at, rearms, stale;
	bool ours;

	/* world: fget() */
	FGET(0);
	/* kmod/registration.c: registration_new() sockdup_registration_register() */
	atomic { !queue_lock -> ref[me] = 2; on_queue[me] = true }
#if MISTAKE == 1
	wanted = READ | WRITE;
	look(me);
#endif
	do
	:: true ->
		get(prev);
		/* kmod/registration.c: registration_try_replace() registration_replace() */
		d_step {
			USE(me);
			if
#if MISTAKE == 8
			:: true ->
#else
			:: in_force == prev ->
#endif
				if
				:: prev ->
					USE(prev - 1);
					unlink(prev - 1)
				:: else
				fi;
				charged++;
				armed[me] = READ | WRITE;
				held[me] = level;
				in_force = me + 1;
				on_list[me] = true;
				ours = true
			:: else -> ours = false
			fi
		}
		if
		:: ours && prev -> registration_end(prev - 1)
		:: else
		fi;
		if
		:: prev ->
			/* kmod/registration.c: sockdup_registration_put() */
			d_step { put(prev - 1); prev = 0 }
		:: else
		fi;
		if
		:: ours -> ours = false; break
		:: else
		fi
	od;
#if MISTAKE != 1
	wanted = READ | WRITE;
	look(me);
#endif
	/* kmod/registration.c: sockdup_registration_put(), world: fput() */
	atomic { put(me); files-- }
	/* The handle is closed, or stays open. */
	if
#if CLOSES
	:: true
#endif
	:: last_call && closing -> goto out
	fi;
	/* kmod/registration.c: registration_list_get() */
	atomic {
		if
		:: on_list[me] -> USE(me); ref[me]++
		:: else -> goto out
		fi
	}
	end_found(me);
out:
	running--
}

inline held_all(event)
{
	r = 0;
	do
	:: r < REGISTRARS -> held[r] = held[r] | event; r++
	:: else -> break
	od;
	r = 0
}

/* By the socket, with the wait queue's lock held. */
inline wake(r, event)
{
	/* kmod/registration.c: registration_wake() registration_record_data() */
	atomic {
		USE(r);
		if
		:: !(armed[r] & event)
		/* The two looks at the data and the lock are one step. */
		:: (armed[r] & event) && event == READ && !waiting[r] &&
		   !(armed[r] & WRITE) && (level & READ) ->
			if
			:: !over[r] -> write(r, READ, last)
			:: else
			fi
		:: else ->
			woken[r] = woken[r] | event;
			if
			:: !waiting[r] ->
				waiting[r] = true;
#if MISTAKE != 3
				ref[r]++;
#endif
				line!r
			:: else
			fi
		fi
	}
}

/* The socket tells of one event. */
proctype source(byte me, event)
{
	byte r;

	/* world: data arrives, or room to write */
	atomic {
		event == WRITE || last == me || closing;
		if
		:: closing -> goto out
		:: else
		fi;
		level = level | event;
		held_all(event);
		if
		:: event == READ -> last++
		:: else
		fi
	}
	/* linux/wait.h: wake_up() */
	atomic { !queue_lock -> queue_lock = true }
	do
	:: r < REGISTRARS ->
		if
		:: on_queue[r] -> wake(r, event)
		:: else
		fi;
		r++
	:: else -> break
	od;
	/* linux/wait.h: wake_up() */
	atomic { r = 0; queue_lock = false }
out:
	running--
}

/* The caller has received the data, and re-arms. */
proctype rearmer(byte me)
{
	byte r, wanted, lvl, at, rearms, stale;

	/* world: fget(), recv() */
	FGET(1);
	level = level & ~READ;
	do
	:: true ->
		get(r);
		if
		:: r == 0 -> break
		:: else
		fi;
		/* kmod/registration.c: registration_arm_again() */
		d_step {
			USE(r - 1);
			if
			:: !over[r - 1] ->
				if
				:: !(unanswered[r - 1] & READ) ->
					rearms_read[r - 1]++;
					held[r - 1] = (held[r - 1] & ~READ) | (level & READ)
				:: else
				fi;
				unanswered[r - 1] = unanswered[r - 1] | READ;
				armed[r - 1] = armed[r - 1] | READ;
				wanted = READ
			:: else
			fi
		}
		if
		:: wanted -> break
		:: else
		fi;
		/* kmod/registration.c: sockdup_registration_put() */
		d_step { put(r - 1); r = 0 }
	od;
	if
	:: r ->
#if MISTAKE != 6
		look(r - 1);
#endif
		wanted = 0;
		/* kmod/registration.c: sockdup_registration_put() */
		d_step { put(r - 1); r = 0 }
	:: else
	fi;
	/* world: fput() */
	files--;
out:
	running--
}

proctype enumerator(byte me)
{
	byte r, events, now;
	bool done;

	/* world: fget() */
	FGET(2);
	get(r);
	/* world: fput() */
	files--;
	if
	:: r ->
		do
		:: true ->
			/* kmod/registration.c: sockdup_registration_read() */
			d_step { USE(r - 1); events = recorded[r - 1]; now = turn[r - 1] }
			/* kmod/registration.c: sockdup_registration_clear() */
			d_step {
				USE(r - 1);
				if
				:: over[r - 1] -> done = true
#if MISTAKE == 5
				:: !over[r - 1] ->
#else
				:: !over[r - 1] && turn[r - 1] == now ->
#endif
					/* Nobody else has handed it out. */
					assert((recorded[r - 1] & events) == events);
					turn[r - 1]++;
					recorded[r - 1] = recorded[r - 1] & ~events;
					eventfd[r - 1] = (recorded[r - 1] -> eventfd[r - 1] : false);
					done = true
				:: else
				fi;
				events = 0;
				now = 0
			}
			if
			:: done -> done = false; break
			:: else
			fi
		od;
		/* kmod/registration.c: sockdup_registration_put() */
		atomic { put(r - 1); r = 0 }
	:: else
	fi;
out:
	running--
}

proctype canceller(byte me)
{
	byte r;
	bool ours;

	/* world: fget() */
	FGET(3);
	get(r);
	if
	:: r -> end_found(r - 1); r = 0
	:: else
	fi;
	/* world: fput() */
	files--;
out:
	running--
}

active proctype worker()
{
	byte r, wanted, lvl, at, rearms, stale;
	bool locked;

end:
	do
	:: line?r ->
		/* kmod/registration.c: registration_run() registration_is_closing() */
		atomic {
			USE(r);
			locked = !inode_lock;
			if
			:: locked -> inode_lock = true
#if MISTAKE != 9
			/* kmod/registration.c: registration_retry() */
			:: !locked && !over[r] && !closing -> line!r; r = 0; goto end
#endif
			:: else
			fi
#if MISTAKE != 2
			;
			waiting[r] = false
#endif
		}
		if
		:: locked ->
			/* kmod/registration.c: registration_run() registration_wanted() */
			d_step {
				USE(r);
				wanted = (sk -> ((woken[r] & READ) -> READ | WRITE : WRITE) : 0);
				woken[r] = (sk -> 0 : woken[r])
			}
			if
			:: wanted -> look(r)
			:: else
			fi;
			/* kmod/registration.c: registration_run() */
			d_step { inode_lock = false; locked = false }
		:: else
		fi;
#if MISTAKE == 2
		waiting[r] = false;
#endif
		/* kmod/registration.c: sockdup_registration_put() */
#if MISTAKE == 3
		d_step { USE(r); r = 0 }
#else
		d_step { put(r); r = 0 }
#endif
	od
}

#if LOCKERS
active proctype locker()
{
	byte left = LOCKERS;

	do
	:: left > 0 ->
		/* world: fchmod() */
		atomic { !inode_lock -> inode_lock = true }
		/* world: fchmod() */
		d_step { inode_lock = false; left-- }
	:: else -> break
	od
}
#endif

/* The last close, early or at the end. */
active proctype closer()
{
	/* world: __fput() */
	atomic {
#if CLOSES
		files == 0 -> closing = true
#else
		files == 0 && last_call -> closing = true
#endif
	}
	/* world: sock_close() */
	atomic { !inode_lock -> inode_lock = true }
	/* world: sock_close(), which may linger */
	d_step { sk = false; inode_lock = false }
}

/* It comes round again and again. */
active proctype sweeper()
{
	byte r;
	bool ours;

end:
	do
	/* kmod/registration.c: registration_find_closed() */
	:: atomic {
		!sk && in_force && on_list[in_force - 1] ->
			r = in_force - 1;
			USE(r);
			ref[r]++
	   }
		end_found(r);
		r = 0
	od
}

init {
	byte i;

	/* model: begin */
	atomic {
		running = REGISTRARS + READS + WRITES + REARMERS + ENUMERATORS + CANCELLERS;
		do
		:: i < REGISTRARS -> run registrar(i); i++
		:: else -> break
		od;
		i = 0;
		do
		:: i < READS -> run source(i, READ); i++
		:: else -> break
		od;
		i = 0;
		do
		:: i < WRITES -> run source(i, WRITE); i++
		:: else -> break
		od;
		i = 0;
		do
		:: i < REARMERS -> run rearmer(i); i++
		:: else -> break
		od;
		i = 0;
		do
		:: i < ENUMERATORS -> run enumerator(i); i++
		:: else -> break
		od;
		i = 0;
		do
		:: i < CANCELLERS -> run canceller(i); i++
		:: else -> break
		od;
		i = 0
	}
	timeout;
	/* model: nothing goes on any more, and nothing is lost */
	atomic {
		assert(empty(line) && !inode_lock && !queue_lock && files == 0);
		do
		:: i < REGISTRARS ->
			assert(on_queue[i] == (in_force == i + 1));
			assert(in_force == i + 1 || freed[i] || ref[i] == 0);
			assert(in_force != i + 1 || (!over[i] && ref[i] == 1 && !waiting[i]));
			assert(in_force != i + 1 || !(armed[i] & ONE_SHOT & level));
			assert(in_force != i + 1 || !(armed[i] & READ & level) || seen[i] == last);
			assert(in_force != i + 1 || !recorded[i] || eventfd[i]);
			i++
		:: else -> break
		od;
		i = 0;
		assert(charged == (in_force != 0));
		last_call = true
	}
	timeout;
	assert(running == 0 && !sk && in_force == 0 && charged == 0);
	do
	:: i < REGISTRARS -> assert((freed[i] || CLOSES) && ref[i] == 0); i++
	:: else -> break
	od
}
