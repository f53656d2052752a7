/*
 * No decoder's pattern takes long, whatever somebody writes: each is given
 * lines of 4 KiB that are made of those of its own tests, with each word and
 * each byte of them repeated until the line is full, and with an end that does
 * not fit. A match that is given up by its limits is quick as well, and counted
 * when it happens.
 */
#include "check.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "decode/decoderfile.h"

extern const struct decoder dec_audit, dec_json, dec_journal, dec_syslog;

static const struct decoder *const formats[] = {
	&dec_audit, &dec_journal, &dec_json, &dec_syslog, NULL
};

enum {
	LINE_MAX_BYTES = 4096,
	TRIES = 5,		/* the fastest counts: machines are busy */
	TRIES_MORE = 500,	/* before one is called slow */
	/* Of processor time; with sanitizers a line takes ten times as long. */
	MOST_NANOSECONDS = 100 * 1000,
};

struct trial {
	struct decoders *d;
	struct event *ev;
	const struct pattern *pattern;
	int64_t worst;
	struct buf line;	/* that took so long */
	size_t aborted;
};

static int64_t
now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
	return t.tv_sec * INT64_C(1000000000) + t.tv_nsec;
}

static void
try_line(struct trial *t, struct slice line)
{
	int64_t best = INT64_MAX, took;

	for (int i = 0; best > MOST_NANOSECONDS / (i < TRIES ? 4 : 1) &&
	    i < TRIES_MORE; i++) {
		int64_t begin = now();
		enum regex_result r = regex_match(t->pattern->regex,
		    t->d->state, line);

		took = now() - begin;
		best = took < best ? took : best;
		t->aborted += r == REGEX_ABORTED;
	}
	if (best <= t->worst)
		return;
	t->worst = best;
	buf_clear(&t->line);
	buf_add(&t->line, line);
}

/*
 * The front of a line up to a place, the piece behind it again and again, and
 * the rest, or what fits nowhere.
 */
static void
try_repeated(struct trial *t, struct slice line, size_t from, size_t len)
{
	struct slice rest = slice_from(line, from + len);
	struct buf b = { 0 };

	buf_add(&b, slice_head(line, from));
	while (b.len + rest.len + len < LINE_MAX_BYTES)
		buf_add(&b, slice_head(slice_from(line, from), len));
	buf_add(&b, rest);
	try_line(t, buf_slice(&b));
	b.len -= rest.len > 0;
	buf_byte(&b, 1);
	try_line(t, buf_slice(&b));
	buf_free(&b);
}

static void
try_message(struct trial *t, struct slice line)
{
	size_t word = 0;

	for (size_t i = 0; i < line.len; i++) {
		bool ends = i + 1 == line.len || line.p[i] == ' ';

		if (i == 0 || line.p[i] != line.p[i - 1])
			try_repeated(t, line, i, 1);
		if (!ends)
			continue;
		try_repeated(t, line, word, i + 1 - word);
		word = i + 1;
	}
	try_repeated(t, line, 0, line.len);
}

/* The message of a whole line, or the line. */
static struct slice
message_of(struct trial *t, struct slice line)
{
	struct record r = { .form = FORM_TEXT, .bytes = line,
	    .source = S("x"), .received = when_now() };
	struct decoded in = { 0 };

	if (slice_starts(line, S("{")))
		r.form = FORM_JSON;
	event_reset(t->ev, &r);
	return decoders_frame(t->d, t->ev, &in) && in.message.p != NULL ?
	    in.message : line;
}

static void
try_pattern(struct trial *t, const struct pattern *p)
{
	const struct node *tests = node_get(p->at, "tests");

	t->pattern = p;
	t->worst = 0;
	t->aborted = 0;
	for (const struct node *n = tests == NULL ? NULL : tests->first;
	    n != NULL; n = n->next)
		try_message(t, message_of(t, node_text(n, "line")));
	if (t->worst > MOST_NANOSECONDS || getenv("HOSTILE_SHOW") != NULL)
		printf("# %6lld ns %zu %.*s: %.*s\n", (long long)t->worst,
		    t->aborted, (int)p->name.len, (const char *)p->name.p,
		    (int)t->line.len, (const char *)t->line.p);
	CHECK(t->worst <= MOST_NANOSECONDS);
}

static void
no_pattern_takes_long(void)
{
	const char *root = getenv("VEDETTE_SOURCE");
	struct schema *s = schema_new();
	struct trial t = { .d = decoders_new(s, formats) };
	struct diag diag = { 0 };
	struct buf path = { 0 };

	buf_fmt(&path, "%s/rules/decoders", root != NULL ? root : ".");
	CHECK(decoders_load(t.d, buf_cstr(&path), &diag) == 0);
	schema_freeze(s);
	t.ev = event_new(s);
	for (size_t i = 0; i < t.d->count; i++)
		for (size_t k = 0; k < t.d->files[i]->pattern_count; k++)
			try_pattern(&t, &t.d->files[i]->patterns[k]);
	buf_free(&t.line);
	buf_free(&path);
	event_free(t.ev);
	decoders_free(t.d);
	schema_free(s);
	diag_free(&diag);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(no_pattern_takes_long),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
