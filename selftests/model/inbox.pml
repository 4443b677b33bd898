/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Posts in an inbox. Senders, each with a binding, post and wait for room; they may revoke
 * and close. Acceptors are the owners of the inbox, a pool: they wait for posts, are killed
 * and leave, and the last one ends the inbox. Slots are swept, and room is told of.
 *
 * Each step is what the code does under one spinlock, or one atomic operation. A comment
 * above it names the function. Steps of "world" are the kernel's or user space's.
 */

#ifndef ACCEPTORS
#define ACCEPTORS	3
#endif
#ifndef SENDERS
#define SENDERS		3
#endif
#ifndef SLOTS
#define SLOTS		3
#endif
/* Users: the first one has all senders but those of the others, who have one each. */
#ifndef USERS
#define USERS		1
#endif
/* The slots that each user is guaranteed, and may have at most. */
#ifndef GUARANTEED
#define GUARANTEED	0
#endif
#ifndef LIMIT
#define LIMIT		SLOTS
#endif
/* How many acceptors are killed early on, at most. */
#ifndef KILLS
#define KILLS		0
#endif
/* How many senders revoke, and give up waiting, at most; whether posts may be late. */
#ifndef REVOKES
#define REVOKES		0
#endif
#ifndef GIVES_UP
#define GIVES_UP	0
#endif
#ifndef LATE
#define LATE		0
#endif
/* Whether acceptors may fail and restore or refuse a post. */
#ifndef FAILS
#define FAILS		0
#endif
/* Whether owners leave and the inbox ends, and senders close. */
#ifndef ENDS
#define ENDS		0
#endif
#ifndef MISTAKE
#define MISTAKE		0
#endif

/* kmod/inbox.c has 1024. */
#define SWEEP_BATCH	1

#define FREE		0
#define POSTED		1
#define TAKEN		2
#define ENDING		3

/* What became of a post. */
#define LIVES		1
#define ACCEPTED	2
#define ENDED		3

/* The lists of users with bindings that wait. */
#define NOWHERE		0
#define ENTITLED	1
#define WAITING		2
#define SERVED		3
#define FULL		4

/* Deadlines: one that the clock reaches, one that it does not, none. */
#define SOON		1
#define FAR		2
#define MAX		3

#define JOB_SWEEP	0
#define JOB_TELL	1

/* Slots; a post has its sender's number. */
byte state[SLOTS];
bool over[SLOTS];
byte position[SLOTS];
byte from[SLOTS];		/* the sender and 1, or 0 */
byte deadline[SLOTS];
byte free_count = SLOTS;
byte next_position = 1;
byte reserved = USERS * GUARANTEED;
byte cursor = SLOTS;
byte alarm = MAX;
bool memory = true;
byte fate[SENDERS];
bool put[SENDERS];
bool busy[SENDERS];

/* The inbox. Each acceptor has a handle and a record, each binding has a hold. */
byte ref = 2 * ACCEPTORS + SENDERS;
byte owners = ACCEPTORS;
bool ended, freed;
bool sweeping, telling;
bool told_entitled;
chan line_inbox = [2] of { byte };
byte tick_at = MAX;
bool tick_runs;
byte now;

/* Users. */
byte used[USERS];
byte place[USERS];
byte wait_count[USERS];
byte waiters;

/* Bindings: those that were bound to the inbox, and what they are told. */
bool bound[SENDERS] = true;
bool fresh[SENDERS];		/* no slot was released since it began to wait */
byte waits[SENDERS];		/* its turn among the user's that wait, or 0 */
byte posts[SENDERS];
bool bclosed[SENDERS], told[SENDERS], waking[SENDERS], bfreed[SENDERS];
chan line_wake = [SENDERS] of { byte };

/* Waits: of acceptors in a queue, of senders each in its own. */
byte queued[ACCEPTORS];		/* its turn, or 0 */
byte queue_len;
bool sleeps[ACCEPTORS], killed[ACCEPTORS];
byte kills;
bool room_queued[SENDERS], room_sleeps[SENDERS];

byte running, began, posted, revokes, gave_up;
bool last_call;

#define USE		assert(!freed)
#define USER(b)		((b) < SENDERS - USERS + 1 -> 0 : (b) - (SENDERS - USERS))
#define HAS_ROOM(u)	(used[u] < GUARANTEED || (used[u] < LIMIT && free_count > reserved))
#define LOOKING		(cursor < SLOTS)
#if MISTAKE == 7
#define IS_OVER(b)	(bclosed[b] && !posts[b])
#else
#define IS_OVER(b)	(bclosed[b] && !posts[b] && !waking[b])
#endif

inline inbox_put()
{
	USE;
	assert(ref > 0);
	ref--;
	if
	:: ref == 0 ->
		assert(!memory && tick_at == MAX && !tick_runs);
		freed = true
	:: else
	fi
}

/* The first of the posts is the one with the lowest position. */
inline find_first(s)
{
	s = 0;
	i = 0;
	do
	:: i < SLOTS ->
		if
		:: state[i] == POSTED && (s == 0 || position[i] < position[s - 1]) -> s = i + 1
		:: else
		fi;
		i++
	:: else -> break
	od;
	i = 0
}

#define HAS_POST	(state[0] == POSTED || (SLOTS > 1 && state[(SLOTS > 1 -> 1 : 0)] == POSTED) || \
			 (SLOTS > 2 && state[(SLOTS > 2 -> 2 : 0)] == POSTED))

inline queue_remove(me)
{
	i = 0;
	do
	:: i < ACCEPTORS ->
		queued[i] = (queued[i] > queued[me] -> queued[i] - 1 : queued[i]);
		i++
	:: else -> break
	od;
	i = 0;
	queued[me] = 0;
	queue_len--
}

/* An exclusive wake-up: the first that is not running yet. */
inline wake_one()
{
	n = 0;
	i = 0;
	do
	:: i < ACCEPTORS ->
		if
		:: queued[i] && sleeps[i] && (n == 0 || queued[i] < queued[n - 1]) -> n = i + 1
		:: else
		fi;
		i++
	:: else -> break
	od;
	i = 0;
	if
	:: n -> n--; sleeps[n] = false; queue_remove(n)
	:: else
	fi;
	n = 0
}

inline begin_sweep()
{
	if
	:: !sweeping -> sweeping = true; ref++; line_inbox!JOB_SWEEP
	:: else
	fi
}

inline set_alarm(due)
{
	if
	:: due < alarm ->
		alarm = due;
		if
		:: !LOOKING -> tick_at = due
		:: else
		fi
	:: else
	fi
}

inline end_post(b, how)
{
	assert(fate[b] == LIVES);
	fate[b] = how
}

inline set_ending(s)
{
	end_post(from[s] - 1, ENDED);
	state[s] = ENDING
}

inline put_file(b)
{
	assert(fate[b] > LIVES && !put[b]);
	put[b] = true
}

inline share_sort(u)
{
	if
	:: wait_count[u] == 0 -> place[u] = NOWHERE
	:: else ->
		i = 0;
		do
		:: waits[i] == 1 && USER(i) == u -> break
		:: else -> i++
		od;
		place[u] = (used[u] >= LIMIT -> FULL :
			    (fresh[i] -> SERVED :
			     (used[u] < GUARANTEED -> ENTITLED : WAITING)));
		i = 0
	fi
}

inline share_wait(b)
{
	if
	:: !waits[b] ->
		waiters++;
		fresh[b] = true;
		wait_count[USER(b)]++;
		waits[b] = wait_count[USER(b)];
		if
		:: place[USER(b)] == NOWHERE -> share_sort(USER(b))
		:: else
		fi
	:: else
	fi
}

inline share_wait_no_more(b)
{
	if
	:: waits[b] ->
		i = 0;
		do
		:: i < SENDERS ->
			waits[i] = (USER(i) == USER(b) && waits[i] > waits[b] -> waits[i] - 1 : waits[i]);
			i++
		:: else -> break
		od;
		i = 0;
		waits[b] = 0;
		fresh[b] = false;
		waiters--;
		wait_count[USER(b)]--;
		share_sort(USER(b))
	:: else
	fi
}

inline share_take(b)
{
	used[USER(b)]++;
	if
	:: used[USER(b)] <= GUARANTEED -> reserved--
	:: else
	fi;
	if
	:: wait_count[USER(b)] > 0 &&
	   (used[USER(b)] >= LIMIT || used[USER(b)] == GUARANTEED) -> share_sort(USER(b))
	:: else
	fi
}

inline tell_binding(b)
{
	assert(!bfreed[b]);
	told[b] = true;
	if
	:: !waking[b] -> waking[b] = true; line_wake!b
	:: else
	fi
}

/* A user whose turn it is, and 1; 0 for none. Within a list their numbers decide. */
inline share_next()
{
	n = 0;
	i = 0;
	do
	:: i < USERS ->
		if
		:: place[i] == ENTITLED -> n = (told_entitled && n != 0 -> n : i + 1)
		:: place[i] == WAITING && free_count > reserved ->
			n = (!told_entitled && n != 0 -> n : i + 1)
		:: else
		fi;
		i++
	:: else -> break
	od;
	i = 0
}

/* Sets n if another is to be told. */
inline share_tell_one()
{
	share_next();
	if
	:: n ->
		u = n - 1;
		told_entitled = used[u] < GUARANTEED;
		b = 0;
		do
		:: waits[b] == 1 && USER(b) == u -> break
		:: else -> b++
		od;
		share_wait_no_more(b);
		tell_binding(b);
		share_next();
		u = 0;
		b = 0
	:: else
	fi
}

inline tell_others()
{
	if
	:: !telling -> telling = true; ref++; line_inbox!JOB_TELL
	:: else
	fi
}

inline give_back(s_user)
{
	moves = used[s_user] >= LIMIT || used[s_user] == GUARANTEED;
	used[s_user]--;
	if
	:: used[s_user] < GUARANTEED -> reserved++
	:: else
	fi;
	i = 0;
	do
	:: i < SENDERS -> fresh[i] = false; i++
	:: else -> break
	od;
	i = 0;
	if
	:: waiters ->
		do
		:: i < USERS ->
			if
			:: place[i] == SERVED -> place[i] = WAITING
			:: else
			fi;
			i++
		:: else -> break
		od;
		i = 0;
#if MISTAKE == 9
		moves = false;
#endif
		if
		:: moves && wait_count[s_user] > 0 -> share_sort(s_user)
		:: else
		fi;
		share_tell_one();
#if MISTAKE != 6
		if
		:: n -> tell_others()
		:: else
		fi;
#endif
		n = 0
	:: else
	fi;
	moves = false
}

/* Sets took if the caller is to free the memory. */
inline take_memory()
{
	if
#if MISTAKE == 8
	:: ended && memory ->
#else
	:: ended && free_count == SLOTS && memory ->
#endif
		memory = false;
		took = true;
		ref++
	:: else
	fi
}

inline free_memory()
{
	if
	:: took ->
		/* kmod/inbox.c: inbox_free_memory() */
		d_step {
			USE;
			took = false;
			inbox_put()
		}
	:: else
	fi
}

inline binding_unlink(x)
{
	assert(!bfreed[x]);
	bfreed[x] = true;
	bound[x] = false
}

/* Within a step: a slot whose file has been put. The rest of it comes with slot_released(). */
inline slot_release(s)
{
		x = from[s] - 1;
		assert(memory && put[x] && !bfreed[x]);
		state[s] = FREE;
		over[s] = false;
		position[s] = 0;
		from[s] = 0;
		deadline[s] = 0;
		free_count++;
		posts[x]--;
		y = USER(x);
		give_back(y);
		y = 0;
		if
		:: IS_OVER(x) -> binding_unlink(x)
		:: else -> x = SENDERS
		fi;
		take_memory()
}

inline slot_released()
{
	free_memory();
	if
	:: x < SENDERS ->
		/* kmod/binding.c: sockdup_binding_free() */
		d_step { inbox_put() }
	:: else
	fi;
	x = 0
}

inline slot_restore(s)
{
	/* kmod/inbox.c: sockdup_slot_restore() */
	d_step {
		USE;
		assert(memory && state[s] == TAKEN);
#if MISTAKE == 4
		if
		:: ended ->
#else
		if
		:: over[s] || ended ->
#endif
			set_ending(s);
			begin_sweep();
			done = false
		:: else ->
			state[s] = POSTED;
			set_alarm(deadline[s]);
			done = queue_len > 0
		fi
	}
#if MISTAKE != 5
	if
	:: done ->
		done = false;
		/* linux/wait.h: wake_up_interruptible() */
		d_step { USE; wake_one() }
	:: else
	fi;
#endif
	done = false
}

inline slot_drop(s)
{
	/* kmod/inbox.c: sockdup_slot_drop() */
	d_step {
		USE;
		assert(memory && state[s] == TAKEN);
		set_ending(s);
		begin_sweep()
	}
}

/* Of an acceptor, or of a sender that revokes. */
inline slot_spend(s, how)
{
	/* kmod/inbox.c: sockdup_slot_spend() slot_release(), kmod/share.h: sockdup_share_give_back() */
	d_step {
		USE;
		assert(memory && state[s] == TAKEN);
		end_post(from[s] - 1, how);
		put_file(from[s] - 1);
		slot_release(s)
	}
	slot_released()
}

/* world: a fatal signal, at a point where that can be seen */
inline may_be_killed()
{
	if
	:: true
#if KILLS
	:: kills < KILLS && !killed[me] -> kills++; killed[me] = true; sleeps[me] = false
#endif
	fi
}

inline pass_on()
{
#if MISTAKE != 1
	/* kmod/inbox.c: inbox_pass_on() */
	atomic {
		USE;
		if
		:: HAS_POST || ended
		:: else -> goto leave
		fi
	}
	/* linux/wait.h: wake_up_interruptible() */
	d_step { USE; wake_one() }
#endif
	goto leave
}

/* One owner of the pool: it accepts until it is killed, or fails. */
proctype acceptor(byte me)
{
	bool done, took, moves, late, ready;
	byte slot, i, n, u, b, x, y;

	/* model: they are alike, so they may begin in order */
	atomic { began == me -> began++ }
again:
	/* kmod/inbox.c: inbox_take_first() */
	atomic {
		USE;
		late = false;
		find_first(slot);
		if
		:: slot ->
			slot--;
			if
			:: deadline[slot] <= now ->
				late = true;
				set_ending(slot);
				begin_sweep();
				slot = SLOTS
			:: else -> state[slot] = TAKEN
			fi
		:: else -> slot = SLOTS
		fi;
		if
		:: late -> may_be_killed()
		:: else
		fi;
		done = (late || slot < SLOTS) && HAS_POST && queue_len > 0
	}
	if
	:: done ->
		done = false;
		/* linux/wait.h: wake_up_interruptible() */
		d_step { USE; wake_one() }
	:: else
	fi;
	if
	:: slot < SLOTS -> goto took_one
	:: late && !killed[me] -> late = false; goto again
	:: late && killed[me] -> late = false; slot = 0; pass_on()
	:: else
	fi;
	slot = 0;
	if
	:: ended -> goto leave
	:: else
	fi;
	/* A look comes first. It would go back, or find nothing, as above. */
	do
	:: ready -> break
	:: else ->
		/* linux/wait.h: prepare_to_wait_event() */
		atomic {
			may_be_killed();
			if
			:: killed[me] && queued[me] -> queue_remove(me)
			:: !killed[me] && !queued[me] -> queue_len++; queued[me] = queue_len
			:: else
			fi;
			sleeps[me] = !killed[me];
			done = killed[me];
			may_be_killed()
		}
		/* kmod/inbox.c: inbox_is_ready() */
		d_step { USE; ready = HAS_POST || ended }
		if
		:: !ready && done -> done = false; goto leave
		:: !ready && !done ->
			if
			:: !sleeps[me]
#if KILLS
			/* world: a fatal signal */
			:: atomic { sleeps[me] && kills < KILLS -> may_be_killed() }
#endif
			fi
		:: else
		fi
	od;
	ready = false;
	/* linux/wait.h: finish_wait() */
	atomic {
		done = false;
		may_be_killed();
		sleeps[me] = false;
		if
		:: queued[me] -> queue_remove(me)
		:: else
		fi
	}
	if
	:: killed[me] -> pass_on()
	:: else -> goto again
	fi;
took_one:
	if
	:: true ->
		slot_spend(slot, ACCEPTED);
		slot = 0;
		goto again
#if FAILS
	/* No number is free; or its memory cannot be written, or it is killed. */
	:: true -> slot_restore(slot)
	/* A security module refuses. */
	:: true -> slot_drop(slot)
#endif
	fi;
	slot = 0;
leave:
	/* The wait queue is the kernel's, which has taken the acceptor off it. */
	assert(!queued[me]);
#if ENDS
	/* kmod/inbox.c: inbox_leave() */
	atomic {
		USE;
		owners--;
		if
		:: owners == 0
		:: else -> goto gone
		fi
	}
	/* kmod/inbox.c: inbox_end() */
	d_step {
		USE;
		ended = true;
		cursor = 0;
		alarm = MAX;
		begin_sweep();
		tell_others();
		take_memory()
	}
	/* kmod/account.c: sockdup_tick_cancel() */
	atomic { !tick_runs -> tick_at = MAX }
	/* linux/wait.h: wake_up_interruptible_all() */
	d_step {
		USE;
		i = 0;
		do
		:: i < ACCEPTORS -> sleeps[i] = false; i++
		:: else -> break
		od;
		i = 0
	}
	free_memory();
gone:
	/* kmod/inbox.c: inbox_leave() sockdup_inbox_close() */
	atomic { inbox_put(); inbox_put() }
#endif
	running--
}

/* It posts once, and waits for room. */
proctype sender(byte me)
{
	bool done, took, moves, ready;
	byte slot, i, n, u, b, x, y;

#if MISTAKE == 2
	done = queue_len > 0;
#endif
#if USERS == 1
	/* model: they are alike, so they may begin in order */
	atomic { posted == me -> posted++ }
#endif
again:
	/* kmod/inbox.c: sockdup_inbox_post() kmod/share.h: sockdup_share_take() */
	atomic {
		USE;
		assert(!bfreed[me]);
		if
		:: ended -> goto bye
		:: !ended && HAS_ROOM(USER(me)) ->
			slot = 0;
			do
			:: state[slot] == FREE -> break
			:: else -> slot++
			od;
			assert(memory);
			free_count--;
			share_take(me);
			posts[me]++;
			from[slot] = me + 1;
			state[slot] = POSTED;
			fate[me] = LIVES;
			position[slot] = next_position;
			next_position++;
			if
			:: deadline[slot] = FAR
#if LATE
			:: deadline[slot] = SOON
#endif
			fi;
			set_alarm(deadline[slot]);
			slot = 0;
#if MISTAKE != 2
			done = queue_len > 0
#endif
		:: else -> goto wait
		fi
	}
	if
	:: done ->
		done = false;
		/* linux/wait.h: wake_up_interruptible() */
		d_step { USE; wake_one() }
	:: else
	fi;
#if REVOKES
	if
	:: revokes < REVOKES ->
		/* kmod/inbox.c: sockdup_inbox_take_out() */
		atomic {
			USE;
			revokes++;
			i = 0;
			slot = SLOTS;
			do
			:: i < SLOTS ->
				if
				:: memory && from[i] == me + 1 -> slot = i
				:: else
				fi;
				i++
			:: else -> break
			od;
			i = 0;
			if
			:: slot == SLOTS
			:: slot < SLOTS && state[slot] == POSTED ->
				state[slot] = TAKEN;
				over[slot] = true;
				done = true
			:: slot < SLOTS && state[slot] == TAKEN ->
				assert(!over[slot]);
				over[slot] = true;
				busy[me] = true
			:: slot < SLOTS && state[slot] == ENDING
			fi
		}
		if
		:: done ->
			done = false;
			if
			:: true -> slot_spend(slot, ENDED)
			/* It would linger. */
			:: true -> slot_drop(slot)
			fi
		:: else
		fi;
		slot = 0
	:: true
	fi;
#endif
	goto bye;
wait:
	/* kmod/binding.c: binding_is_ready() */
	atomic {
		USE;
		ready = ended || HAS_ROOM(USER(me));
		if
		:: !ready -> share_wait(me)
		:: else
		fi
	}
	do
	:: ready -> break
	:: else ->
		/* linux/wait.h: prepare_to_wait_event() */
		d_step { room_queued[me] = true; room_sleeps[me] = true }
		/* kmod/binding.c: binding_is_ready() */
		d_step {
			USE;
			ready = ended || HAS_ROOM(USER(me));
			if
			:: !ready -> share_wait(me)
			:: else
			fi
		}
		if
		:: !ready ->
			if
			:: !room_sleeps[me]
#if GIVES_UP
			/* world: a signal */
			:: gave_up < GIVES_UP -> gave_up++; ready = true; done = true
#endif
			fi
		:: else
		fi
	od;
	/* linux/wait.h: finish_wait() */
	atomic {
		ready = false;
		room_queued[me] = false;
		room_sleeps[me] = false;
		if
		:: !done -> goto again
		:: else -> done = false
		fi
	}
bye:
#if ENDS
	/* The handle is closed at once, or stays open. */
	if
	:: true
	:: last_call
	fi;
	/* kmod/binding.c: sockdup_binding_close() */
	d_step {
		USE;
		bclosed[me] = true;
		share_wait_no_more(me);
		if
		:: IS_OVER(me) -> binding_unlink(me); done = true
		:: else
		fi
	}
	if
	:: done ->
		/* kmod/binding.c: sockdup_binding_free() */
		d_step { inbox_put() }
	:: else
	fi;
#endif
	running--
}

/* The line of the inbox's jobs. */
active proctype worker()
{
	bool done, took, moves, more;
	byte slot, i, n, u, b, x, y, left;

end:
	do
	:: line_inbox?JOB_SWEEP ->
		do
		:: true ->
			/* kmod/inbox.c: inbox_first_ending() slot_put_some() inbox_remove_ending() */
			atomic {
				USE;
				slot = 0;
				do
				:: slot == SLOTS -> break
				:: slot < SLOTS && state[slot] == ENDING -> break
				:: else -> slot++
				od;
				if
				:: slot == SLOTS -> slot = 0; goto look
				:: else
				fi;
				put_file(from[slot] - 1);
				slot_release(slot);
				slot = 0
			}
			slot_released()
		od;
look:
		/* kmod/inbox.c: inbox_sweep() inbox_look_at_some() inbox_look_at() */
		atomic {
			USE;
			if
			:: memory && LOOKING ->
				left = SWEEP_BATCH;
				do
				:: left > 0 && cursor < SLOTS ->
#if MISTAKE == 3
					if
					:: state[cursor] == POSTED || state[cursor] == TAKEN ->
#else
					if
					:: state[cursor] == POSTED ->
#endif
						if
						:: ended || deadline[cursor] <= now ->
							set_ending(cursor)
						:: else ->
							alarm = (deadline[cursor] < alarm ->
								 deadline[cursor] : alarm)
						fi
					:: else
					fi;
					cursor++;
					left--
				:: else -> break
				od;
				left = 0;
				if
				:: !LOOKING ->
					n = alarm;
					alarm = MAX;
					if
					:: !ended -> set_alarm(n)
					:: else
					fi;
					n = 0
				:: else
				fi
			:: memory && !LOOKING
			:: else -> cursor = SLOTS
			fi;
			more = LOOKING;
			i = 0;
			do
			:: i < SLOTS -> more = more || state[i] == ENDING; i++
			:: else -> break
			od;
			i = 0;
			sweeping = more;
			if
			:: more -> line_inbox!JOB_SWEEP
			:: else
			fi
		}
		if
		:: more -> more = false
		:: else ->
			/* kmod/inbox.c: sockdup_inbox_put() */
			d_step { inbox_put() }
		fi
	:: line_inbox?JOB_TELL ->
		/* kmod/share.c: sockdup_shares_tell() share_tell_one() share_tell_some_end() */
		d_step {
			USE;
			n = 0;
			if
			:: !ended -> share_tell_one()
			:: else ->
				b = 0;
				do
				:: b < SENDERS ->
					if
					:: bound[b] && room_queued[b] -> tell_binding(b)
					:: else
					fi;
					bound[b] = false;
					b++
				:: else -> break
				od;
				b = 0
			fi;
			more = n != 0;
			n = 0;
			telling = more;
			if
			:: more -> line_inbox!JOB_TELL
			:: else
			fi
		}
		if
		:: more -> more = false
		:: else ->
			/* kmod/inbox.c: sockdup_inbox_put() */
			d_step { inbox_put() }
		fi
	od
}

/* The lines of the senders' jobs. */
active proctype waker()
{
	bool more, isover;
	byte who;

end:
	do
	:: line_wake?who ->
		/* kmod/binding.c: binding_wake() */
		d_step { USE; assert(!bfreed[who]); told[who] = false }
		/* linux/wait.h: wake_up_interruptible_poll() */
		d_step {
			assert(!bfreed[who]);
			if
			:: room_queued[who] -> room_sleeps[who] = false
			:: else
			fi
		}
		/* kmod/binding.c: binding_wake() */
		d_step {
			USE;
			assert(!bfreed[who]);
#if MISTAKE == 10
			more = false;
#else
			more = told[who];
#endif
			waking[who] = more;
			if
			:: IS_OVER(who) -> binding_unlink(who); isover = true
			:: else
			fi;
			if
			:: more -> line_wake!who; more = false
			:: else
			fi
		}
		if
		:: isover ->
			/* kmod/binding.c: sockdup_binding_free() */
			d_step { isover = false; inbox_put() }
		:: else
		fi;
		who = 0
	od
}

active proctype tick()
{
end:
	do
	/* world: a timer is due */
	:: atomic { tick_at <= now -> tick_at = MAX; tick_runs = true }
		/* kmod/inbox.c: inbox_tick() */
		d_step {
			USE;
			cursor = 0;
			alarm = MAX;
			begin_sweep();
			tick_runs = false
		}
	od
}

#if LATE
active proctype world()
{
	/* world: the deadline passes */
	now = SOON
}
#endif

init {
	byte i;

	/* model: begin */
	atomic {
		running = ACCEPTORS + SENDERS;
		do
		:: i < SENDERS -> run sender(i); i++
		:: else -> break
		od;
		i = 0;
		do
		:: i < ACCEPTORS -> run acceptor(i); i++
		:: else -> break
		od;
		i = 0
	}
	timeout;
	/* model: those who sleep now have nothing to do */
	atomic {
		assert(!HAS_POST || queue_len == 0);
		do
		:: i < SENDERS ->
			assert(!room_sleeps[i] || (!ended && !HAS_ROOM(USER(i))));
			i++
		:: else -> break
		od;
		i = 0;
		do
		:: i < SLOTS ->
			assert(state[i] == FREE || state[i] == POSTED);
			assert(state[i] == FREE || !over[i]);
			assert(state[i] == FREE || (!ended && deadline[i] > now));
			i++
		:: else -> break
		od;
		i = 0;
		assert(!sweeping && !telling && empty(line_inbox) && empty(line_wake));
#if ENDS
		/* The processes exit. */
		last_call = true;
		do
		:: i < ACCEPTORS -> killed[i] = true; sleeps[i] = false; i++
		:: else -> break
		od;
		i = 0
#endif
	}
#if ENDS
	timeout;
	assert(running == 0);
	assert(freed && !memory && ref == 0);
	do
	:: i < SENDERS ->
		assert(fate[i] != LIVES && put[i] == (fate[i] != 0));
		assert(!busy[i] || fate[i] > LIVES);
		assert(bfreed[i]);
		i++
	:: else -> break
	od
#endif
}
