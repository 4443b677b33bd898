/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The life of one token, from its publication on. It may have several importers, and may
 * be revoked, declined, or end by its deadline, its target's death or the close of its
 * handle, which is told of the end. FILES > 1 makes it a set.
 *
 * Each step is what the code does under one spinlock, or one atomic operation. A comment
 * above it names the function. Steps of "world" are the kernel's or user space's.
 */

#ifndef IMPORTERS
#define IMPORTERS	3
#endif
#ifndef FILES
#define FILES		1
#endif
/* Who else is there: others than the source that revoke, readers of outcomes, a death. */
#ifndef REVOKERS
#define REVOKERS	1
#endif
#ifndef READERS
#define READERS		0
#endif
#ifndef DEATHS
#define DEATHS		0
#endif
/* Whether the source revokes, too. */
#ifndef REVOKES
#define REVOKES		0
#endif
#ifndef MISTAKE
#define MISTAKE		0
#endif

/* kmod/token.c has 64. */
#define PUT_BATCH	1

/* How a token ends, and what a verdict can be. */
#define LIVES		0
#define IMPORTED	1
#define REVOKED		2
#define DECLINED	3
#define EXPIRED		4
#define HANDLE_CLOSED	5
#define TARGET_DIED	6

/* When the account is to look at the token, and when its sweep is to run. */
#define NOW		0
#define LATER		1
#define NEVER		2

/* Jobs of an account: the first FILES put one file each. */
#define JOB_OTHERS	FILES
#define JOB_WAKE	(FILES + 1)

/* The token. */
byte ref = 1;
bool freed;
byte claim;			/* the process that holds it, or 0 */
byte end_;
byte verdict;
bool in_bucket, in_list, in_account, in_target;
byte due = LATER;
bool told_export;
byte told_ends;
byte handed;			/* imports that have given out descriptors */
byte busy;			/* the verdict whose writer was told EBUSY */

/* Its files, and the set. */
bool held[FILES] = true;
byte set_put;
byte set_ref = 1;
bool parcel_freed;

/* The target. */
bool target_lock;
bool dead;
bool expired;

/* The account: the token holds it, and so does the handle. */
byte account = 2;
byte charged = FILES;
byte alarm = NEVER;
chan line_put = [FILES + 2] of { byte };
chan line_other = [FILES + 2] of { byte };
chan line_wake = [2] of { byte };

/* The handle, which two threads use: its list and its outcomes. */
byte handle = 1 + READERS;
byte list_ref = 2;
byte outcomes_ref = 1 + READERS;		/* the handle's, and the report's */
bool report = READERS;		/* in the token */
bool unread, closed, waking;
byte count = READERS;			/* in the token or unread */
bool reader_queued, reader_awake;
bool reader_left, reader_read;

byte running, begun;

#define USE		assert(!freed)
#define CAUSE(how)	(dead -> TARGET_DIED : (expired -> EXPIRED : how))

inline account_put()
{
	assert(account > 0);
	account--
}

inline account_do(line, job)
{
	assert(account > 0);
	account++;
	assert(nfull(line));
	line!job
}

inline outcomes_put()
{
	assert(outcomes_ref > 0);
	outcomes_ref--
}

inline wake_reader()
{
	if
	:: reader_queued -> reader_queued = false; reader_awake = true
	:: else
	fi
}

inline put_file(i)
{
	USE;
	assert(held[i]);
	held[i] = false;
	charged--
}

inline token_put(n)
{
	USE;
	assert(ref >= n);
	ref = ref - n;
	if
	:: ref == 0 ->
		freed = true;
		if
		:: report ->
			report = false;
			assert(outcomes_ref > 0);
			count--;
			wake_reader();
			outcomes_put()
		:: else
		fi;
		list_ref--;
		account_put()
	:: else
	fi
}

inline parcel_put()
{
	assert(set_ref > 0);
	set_ref--;
	if
	:: set_ref == 0 -> parcel_freed = true
	:: else
	fi
}

/* The caller holds the claim, and gives it up. */
inline token_finish(how)
{
	/* kmod/token.c: token_unlink() */
	atomic {
		!target_lock;
		USE;
		assert(claim == _pid + 1 && end_ == LIVES);
		end_ = how;
		target_lock = true;
		in_bucket = false
	}
	/* kmod/token.c: token_leave_list() token_leave_account() token_leave_target() */
	d_step {
		USE;
		in_list = false;
		in_account = false;
		in_target = false;
		target_lock = false;
#if MISTAKE == 8
		seen = reader_queued;
#endif
		told_ends++
	}
	/* kmod/outcome.c: report_add(), kmod/token.c: token_finish() */
	d_step {
		USE;
		if
		:: !report
		:: report && closed -> report = false; outcomes_put()
		:: report && !closed ->
			report = false;
			unread = true;
#if MISTAKE == 8
			if
			:: seen && !waking ->
#else
			if
			:: reader_queued && !waking ->
#endif
				waking = true;
				outcomes_ref++;
				account_do(line_wake, JOB_WAKE)
			:: else
			fi
		fi;
		claim = 0
	}
}

/* The last put of a file is a job's, in either of two lines. */
inline charge_return_later(i)
{
	if
	:: true ->
		/* kmod/account.c: sockdup_charge_return_later() */
		d_step { put_file(i); token_put(1) }
	:: true ->
		/* kmod/account.c: sockdup_account_do() */
		d_step { USE; account_do(line_put, i) }
#if FILES > 1
	:: true ->
		/* kmod/account.c: sockdup_account_do() */
		d_step { USE; account_do(line_other, i) }
#endif
	fi
}

/* A batch of the files of a set, but for the first. Consumes a reference. */
inline put_others()
{
	batch = 0;
	do
	:: batch < PUT_BATCH && set_put < FILES ->
		/* kmod/token.c: token_put_others() */
		d_step {
			USE;
			file = set_put;
			set_put++;
			batch++;
#if MISTAKE != 7
			ref++
#endif
		}
		charge_return_later(file)
	:: else -> break
	od;
	if
	:: set_put < FILES ->
		/* kmod/account.c: sockdup_account_do() */
		d_step { USE; account_do(line_put, JOB_OTHERS) }
	:: else ->
		/* kmod/token.c: sockdup_token_put() */
		d_step { token_put(1) }
	fi
}

inline put_files_later()
{
#if FILES > 1
	/* kmod/token.c: token_put_files_later() */
	d_step { USE; parcel_put(); ref++; set_put = 1 }
	put_others();
#endif
	charge_return_later(0)
}

inline put_files_here(n)
{
	/* kmod/token.c: token_put_files() sockdup_token_put() */
	d_step {
		file = 0;
		do
		:: file < FILES -> put_file(file); file++
		:: else -> break
		od;
#if FILES > 1
		parcel_put();
#endif
		file = 0;
		token_put(n)
	}
}

inline token_drop()
{
	token_finish(verdict);
	put_files_later()
}

inline token_restore()
{
#if MISTAKE == 1
	/* kmod/token.c: sockdup_token_restore() */
	d_step { seen = verdict != LIVES };
	/* kmod/token.c: sockdup_token_restore() */
	d_step { USE; assert(claim == _pid + 1); claim = 0 };
#else
	/* kmod/token.c: sockdup_token_restore() */
	d_step { USE; assert(claim == _pid + 1); claim = 0 };
	/* kmod/token.c: sockdup_token_restore() */
	d_step { USE; seen = verdict != LIVES };
#endif
	if
	:: seen ->
		/* kmod/token.c: sockdup_token_restore() */
		d_step {
			USE;
			seen = claim == 0 && end_ == LIVES;
			if
			:: seen -> claim = _pid + 1
			:: else
			fi
		}
		if
		:: seen -> token_drop()
		:: else
		fi
	:: else
	fi;
	seen = false
}

inline token_end(how, here)
{
	cause = how;
	/* kmod/token.c: sockdup_token_end() */
	d_step {
		USE;
		cause = CAUSE(how);
#if MISTAKE == 6
		seen = verdict == LIVES || !(cause == EXPIRED || cause == HANDLE_CLOSED)
#else
		seen = verdict == LIVES
#endif
		if
		:: seen -> verdict = cause
		:: else
		fi
	}
	if
	:: seen ->
		/* kmod/token.c: sockdup_token_end() */
		d_step {
			USE;
#if MISTAKE == 3
			seen = end_ == LIVES;
#else
			seen = claim == 0 && end_ == LIVES;
#endif
			if
			:: seen -> claim = _pid + 1
			:: !seen && claim != 0 -> busy = cause
			:: else -> assert(end_ == cause || end_ == IMPORTED)
			fi
		}
		if
		:: !seen
		:: seen ->
			if
			:: here && (cause == REVOKED || cause == HANDLE_CLOSED) ->
				token_finish(cause);
				put_files_here(1)
			:: true -> token_drop()
			fi
		fi
	:: else
	fi;
	seen = false;
	cause = 0
}

inline token_get()
{
	/* kmod/token.c: token_find() */
	d_step {
		seen = in_bucket;
		if
		:: seen -> USE; ref++
		:: else
		fi
	}
}

/* kmod/device_import.c: device_import_one() */
proctype importer(byte nr)
{
	bool seen;
	byte cause, file, batch;

	/* model: they are alike, so the first steps may be in order. */
	told_export && begun == nr;
	/* kmod/token.c: token_find() */
	atomic {
		begun++;
		if
		:: in_bucket -> USE; ref++
		:: else -> goto out
		fi
	}
#if FILES > 1
	/* kmod/set.c: sockdup_parcel_get() */
	d_step {
		USE;
		seen = set_ref > 0;
		if
		:: seen -> set_ref++
		:: else
		fi
	}
	if
	:: seen ->
		/* kmod/set.c: sockdup_parcel_put() */
		d_step { assert(!freed && !parcel_freed); seen = false; parcel_put() }
	:: else -> goto put
	fi;
#endif
	/* kmod/token.c: sockdup_token_claim() */
	d_step { USE; seen = verdict != LIVES }
	if
	:: seen -> seen = false; goto put
	:: else
	fi;
	if
	/* kmod/token.c: sockdup_token_claim() */
	:: atomic {
		claim == 0 ->
		USE;
#if MISTAKE != 2
		if
		:: end_ != LIVES -> goto put
		:: else
		fi;
#endif
		claim = _pid + 1
	   }
	/* world: killed while it waits */
	:: claim != 0 -> goto put
	fi;
	/* kmod/token.c: token_check_claimed() */
	d_step {
		USE;
		cause = CAUSE(LIVES);
		if
		:: cause != LIVES && verdict == LIVES -> verdict = cause
		:: else
		fi
	}
	if
	:: cause != LIVES ->
		cause = 0;
		token_drop();
		goto put
	:: else
	fi;
	if
	:: true ->
		/* kmod/compat/file.h: sockdup_receive_fd() */
		d_step { USE; assert(held[0] && held[FILES - 1]); handed++ }
		token_finish(IMPORTED);
#if MISTAKE == 5
		put_files_here(1);
#else
		put_files_here(2);
#endif
		goto out
	/* world: no number is free, or the caller has left the cgroup */
	:: true -> token_restore()
	fi;
put:
	/* kmod/token.c: sockdup_token_put() */
	atomic { token_put(1) }
out:
	running--
}

/* A process that the token is for, or another of its user's, ends it. */
proctype revoker()
{
	bool seen;
	byte cause, file, batch;

	told_export;
	token_get();
	if
	:: seen ->
		token_end(DECLINED, false);
		/* kmod/token.c: sockdup_token_put() */
		d_step { token_put(1) }
	:: else
	fi;
	running--
}

inline handle_release()
{
	/* kmod/outcome.c: sockdup_outcomes_close() */
	d_step {
		closed = true;
		if
		:: unread -> unread = false; outcomes_put()
		:: else
		fi;
		outcomes_put()
	}
	/* kmod/token.c: token_list_take() */
	d_step {
		seen = in_list;
		if
		:: seen -> USE; ref++; in_list = false
		:: else
		fi
	}
	if
	:: seen ->
		token_end(HANDLE_CLOSED, true);
		/* kmod/token.c: sockdup_token_put() */
		d_step { token_put(1) }
	:: else
	fi;
	/* kmod/device.c: device_release() */
	d_step { list_ref--; account_put() }
}

/* fput() by a thread of the source; the last one closes the handle. */
inline handle_put()
{
	/* world: fput() */
	atomic { handle--; seen = handle == 0 }
	if
	:: seen -> handle_release()
	:: else
	fi
}

proctype exporter()
{
	bool seen;
	byte cause, file, batch;

	/* kmod/token.c: token_link() */
	atomic { !target_lock -> target_lock = true; seen = dead }
	if
	:: seen ->
		target_lock = false;
		put_files_here(1);
		told_export = true;
		goto out
	:: else
	fi;
	/* kmod/token.c: token_join_target() */
	d_step { USE; told_export = true; in_target = true }
#if MISTAKE == 9
	target_lock = false;
#endif
	/* kmod/token.c: token_join_account() */
	d_step { USE; in_account = true; alarm = LATER }
	/* kmod/token.c: token_join_list() */
	d_step { USE; in_list = true }
	/* kmod/token.c: token_link() */
	d_step { USE; in_bucket = true; target_lock = false }
#if REVOKES
	if
	:: true ->
		token_get();
		if
		:: seen ->
			token_end(REVOKED, true);
			/* kmod/token.c: sockdup_token_put() */
			d_step { token_put(1) }
		:: else
		fi
	:: true
	fi;
#endif
out:
	handle_put();
	running--
}

#if READERS
/* Another thread of the source waits for the outcome, or does not. */
proctype reader()
{
	bool seen;
	byte cause, file, batch;

	if
	:: true -> reader_left = true; goto out
	:: true
	fi;
again:
	/* kmod/outcome.c: outcomes_read_some() */
	atomic {
		seen = count == 0;
		if
		:: unread ->
			unread = false;
			reader_read = true;
			seen = true;
			count--;
			outcomes_put()
		:: else
		fi
	}
	if
	:: seen -> goto out
	:: else
	fi;
	/* linux/wait.h: prepare_to_wait_event() */
	d_step { reader_queued = true; reader_awake = false }
	/* kmod/outcome.c: outcomes_are_ready() */
	d_step { seen = unread || count == 0 }
	if
	:: seen -> reader_queued = false
	:: else -> reader_awake
	fi;
	goto again;
out:
	handle_put();
	running--
}

active proctype waker()
{
	byte job;

end:
	do
	:: line_wake?job ->
		/* kmod/outcome.c: outcomes_wake() */
		d_step { waking = false }
		/* kmod/outcome.c: outcomes_wake() */
		d_step { wake_reader() }
		/* kmod/outcome.c: outcomes_put(), kmod/account.c: account_work() */
		d_step { outcomes_put(); account_put(); job = 0 }
	od
}
#endif

active proctype sweeper()
{
	bool seen, more;
	byte cause, file, batch;

end:
	do
	/* world: a timer is due */
	:: account > 0 && (alarm == NOW || (alarm == LATER && expired)) ->
		/* kmod/token.c: sockdup_token_sweep() token_take_due() */
		atomic {
			if
			:: account > 0 -> account++
			:: else -> goto end
			fi;
			seen = in_account && (due == NOW || (due == LATER && expired));
			if
			:: seen ->
				USE;
				due = NEVER;
#if MISTAKE != 4
				ref++
#endif
			:: else
			fi
		}
		if
		:: seen ->
			token_end(EXPIRED, false);
			/* kmod/token.c: sockdup_token_put() */
#if MISTAKE == 4
			skip
#else
			d_step { token_put(1) }
#endif
		:: else
		fi;
		/* kmod/token.c: token_set_alarm() */
		d_step {
			alarm = (in_account -> due : NEVER);
			account_put()
		}
	od
}

active proctype worker()
{
	bool seen;
	byte cause, file, batch;

end:
	do
	:: line_put?file ->
work:
		if
		:: file == JOB_OTHERS -> put_others()
		:: else ->
			/* kmod/account.c: sockdup_charge_put() */
			d_step { put_file(file) }
			/* kmod/token.c: sockdup_token_put() */
			d_step { token_put(1) }
		fi;
		/* kmod/account.c: account_work() */
		d_step { account_put(); file = 0 }
#if FILES > 1
	:: line_other?file -> goto work
#endif
	od
}

active proctype world()
{
	/* world: the deadline passes */
	expired = true
}

#if DEATHS
/* The target dies, or does not. */
active proctype death()
{
	if
	:: true ->
		/* kmod/target.c: target_end() */
		atomic { !target_lock -> dead = true }
		/* kmod/token.c: token_target_died() */
		atomic {
			!target_lock;
			if
			:: in_target ->
				USE;
				in_target = false;
				if
				:: due != NEVER -> due = NOW
				:: else
				fi;
				alarm = NOW
			:: else
			fi
		}
	:: true
	fi
}
#endif

init {
	byte i;

	/* model: begin */
	atomic {
		running = IMPORTERS + REVOKERS + READERS + 1;
		run exporter();
#if READERS
		run reader();
#endif
#if REVOKERS
		run revoker();
#endif
		do
		:: i < IMPORTERS -> run importer(i); i++
		:: else -> break
		od;
		i = 0
	}
	/* model: nothing goes on any more */
	timeout;
	assert(running == 0);
	assert(freed && ref == 0 && !claim);
	assert(told_ends <= 1 && (told_ends == 1) == (end_ != LIVES));
	assert(handed <= 1 && (handed == 1) == (end_ == IMPORTED));
	assert(end_ == LIVES || end_ == IMPORTED || end_ == verdict);
	assert(!busy || end_ == busy || end_ == IMPORTED);
	do
	:: i < FILES -> assert(!held[i]); i++
	:: else -> break
	od;
	assert(charged == 0 && account == 0);
	assert(list_ref == 0 && outcomes_ref == 0 && !unread && !report);
	assert(FILES == 1 || end_ == LIVES || parcel_freed);
	assert(!READERS || reader_left || end_ == LIVES || reader_read)
}
