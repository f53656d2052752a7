/*
 * Journals for tests: a directory of their own, and records whose columns say
 * what their bodies say.
 */
#ifndef VEDETTE_JOURNAL_MAKE_H
#define VEDETTE_JOURNAL_MAKE_H

#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <signal.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/digest.h"
#include "base/file.h"
#include "base/json.h"
#include "base/when.h"
#include "store/store.h"

static const struct store_limits no_limits;

/* 2026-11-23T00:00:00Z, a second per record. */
#define MADE_TIME (INT64_C(1795392000) * SECOND)

struct made {
	char dir[64];
	struct buf body;
	char user[32], source[32], rule[32];
};

static inline void
made_begin(struct made *m)
{
	*m = (struct made){ .dir = "/tmp/vedette-test.XXXXXX" };
	CHECK(mkdtemp(m->dir) != NULL);
}

static inline int
made_unlink(const char *path, const struct stat *sb, int type,
    struct FTW *ftw)
{
	(void)sb;
	(void)type;
	(void)ftw;
	return remove(path);
}

static inline void
made_remove(const char *dir)
{
	nftw(dir, made_unlink, 16, FTW_DEPTH | FTW_PHYS);
}

static inline void
made_end(struct made *m)
{
	made_remove(m->dir);
	buf_free(&m->body);
}

static inline struct id
made_id(uint64_t n)
{
	struct id id = { { 's', 't', 'r', 'e', 'a', 'm' } };

	for (int i = 0; i < 8; i++)
		id.b[6 + i] = (unsigned char)(n >> (56 - 8 * i));
	return id;
}

/* The body of an entry, as alert_write and event_write would have it. */
static inline void
made_body(struct made *m, struct entry *e)
{
	struct jsonw w = { .out = &m->body };
	struct buf id = { 0 };

	buf_clear(&m->body);
	id_add(&id, e->id);
	jsonw_object(&w);
	jsonw_key(&w, S("@timestamp"));
	jsonw_time(&w, e->time);
	jsonw_key(&w, S("event"));
	jsonw_object(&w);
	jsonw_pair(&w, "id", buf_slice(&id));
	jsonw_key(&w, S("created"));
	jsonw_time(&w, e->received);
	jsonw_object_end(&w);
	jsonw_key(&w, S("rule"));
	jsonw_object(&w);
	jsonw_pair(&w, "id", e->rule);
	jsonw_pair(&w, "name", e->title);
	jsonw_object_end(&w);
	jsonw_key(&w, S("source"));
	jsonw_object(&w);
	jsonw_pair(&w, "ip", e->source);
	jsonw_object_end(&w);
	jsonw_key(&w, S("user"));
	jsonw_object(&w);
	jsonw_pair(&w, "name", e->user);
	jsonw_object_end(&w);
	jsonw_key(&w, S("vedette"));
	jsonw_object(&w);
	jsonw_pair(&w, "level", slice_of(level_name(e->level)));
	jsonw_pair(&w, "session", e->session);
	jsonw_object_end(&w);
	jsonw_object_end(&w);
	buf_free(&id);
	e->body = buf_slice(&m->body);
}

/* Alert n; each tenth is an event of record and evidence. */
static inline struct entry
made_entry(struct made *m, uint64_t n)
{
	struct entry e = {
		.kind = n % 10 == 9 ? KIND_EVENT : KIND_ALERT,
		.class = n % 10 == 9 ? CLASS_EVIDENCE : CLASS_BULK,
		.id = made_id(n),
		.time = MADE_TIME + (int64_t)n * SECOND,
		.received = MADE_TIME + (int64_t)n * SECOND + 1000,
		.level = (enum level)(n % 5),
		.title = S("A title"),
	};

	snprintf(m->rule, sizeof(m->rule), "rule-%d", (int)(n % 7));
	snprintf(m->user, sizeof(m->user), "user%d", (int)(n % 11));
	snprintf(m->source, sizeof(m->source), "198.51.100.%d",
	    (int)(n % 13));
	e.rule = slice_of(m->rule);
	e.user = slice_of(m->user);
	e.source = slice_of(m->source);
	e.session = n % 3 == 0 ? S("417") : S("");
	made_body(m, &e);
	return e;
}

static inline void
made_append(struct store *st, struct made *m, uint64_t from, uint64_t count)
{
	struct err err = { "" };

	for (uint64_t n = from; n < from + count; n++) {
		struct entry e = made_entry(m, n);

		if (store_append(st, &e, &err) != 0)
			print_error("append %d: %s\n", (int)n, err.text);
		CHECK(err.text[0] == '\0');
	}
}

/* A decision about alert n; it is record number `own` of its kind. */
static inline void
made_decision(struct store *st, struct made *m, uint64_t own, uint64_t n,
    const char *verb)
{
	struct entry e = made_entry(m, 1000000 + own);

	e.kind = KIND_DECISION;
	e.class = CLASS_EVIDENCE;
	e.rule = slice_of(verb);
	e.about = made_id(n);
	e.has_about = true;
	e.body = S("{}");
	CHECK(store_append(st, &e, NULL) == 0);
}

/* A record of the sensor itself. */
static inline void
made_self(struct store *st, struct made *m, enum kind kind, const char *rule,
    int64_t when)
{
	struct entry e = made_entry(m, 0);

	random_bytes(e.id.b, ID_LEN);
	e.kind = kind;
	e.class = CLASS_EVIDENCE;
	e.rule = slice_of(rule);
	e.time = e.received = when;
	e.body = S("{}");
	CHECK(store_append(st, &e, NULL) == 0);
}

static inline struct store *
made_open(const char *dir)
{
	struct err err = { "" };
	struct store *st = NULL;

	if (store_open(dir, &no_limits, NULL, &st, &err) == -1)
		print_error("%s\n", err.text);
	CHECK(st != NULL);
	return st;
}

static inline struct store *
made_read(const char *dir)
{
	struct err err = { "" };
	struct store *st = NULL;

	if (store_open_read(dir, &st, &err) == -1)
		print_error("%s\n", err.text);
	CHECK(st != NULL);
	return st;
}

static inline void
made_commit(struct store *st)
{
	struct err err = { "" };

	if (store_commit(st, &err) == -1)
		print_error("%s\n", err.text);
	CHECK(err.text[0] == '\0');
}

static inline int
made_sum(void *arg, const struct row *row)
{
	struct digest *d = arg;
	struct slice parts[] = { digest_slice(d),
	    slice_bytes(&row->seq, sizeof(row->seq)),
	    slice_bytes(row->id.b, ID_LEN), row->rule, row->user, row->body };

	*d = digest_of(parts, COUNT(parts));
	return 0;
}

/* A digest of all rows, to say that two journals are the same. */
static inline struct digest
made_digest(struct store *st)
{
	const struct query q = { .oldest_first = true };
	struct digest d = { { 0 } };

	CHECK(store_query(st, &q, made_sum, &d, NULL) == 0);
	return d;
}

static inline uint64_t
made_count(struct store *st)
{
	struct store_numbers n;

	CHECK(store_count(st, &n, NULL) == 0);
	return n.records;
}

static inline bool
made_intact(struct store *st)
{
	struct verdict v;
	struct err err = { "" };
	int ret = store_verify(st, S(""), &v, &err);

	if (ret != 0)
		print_error("verify: %s%s\n", err.text, buf_cstr(&v.what));
	buf_free(&v.what);
	return ret == 0;
}

#endif
