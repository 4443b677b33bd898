/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the module's tracepoints tell, in a buffer of the test's own.
 */
#ifndef SELFTESTS_TRACE_LOG_H
#define SELFTESTS_TRACE_LOG_H

/**
 * struct trace_line - a line that is to come, and how often
 * @text: what is in it
 * @times: not less and not more often
 */
struct trace_line {
	char text[128];
	int times;
};

/* 0 or -errno, which is -ENOENT where there is no tracefs. */
int trace_log_open(void);
int trace_log_close(void);
/* An event of the kernel's besides, as "group/name", where @filter says so. */
int trace_log_add(const char *event, const char *filter);

/* All of it, to be freed, or NULL. */
char *trace_log_text(void);

/* How often something is in it, or -1. */
int trace_log_count(const char *part);

/* 0 once a line has come so often, and no more often; -ETIME, -EEXIST. */
int trace_log_wait(struct trace_line line);

#endif /* SELFTESTS_TRACE_LOG_H */
