/*
 * What was not observed: spans in which no sensor ran, and gaps that a
 * running one wrote down. The first are known without reading what lies
 * between: a sensor was alive when it wrote the record before its next start.
 */
#include "store/inside.h"

#include <stdlib.h>

#include "base/json.h"
#include "base/when.h"

enum { SHOWN = 4, GAP_ARENA = 1 << 20 };

static const int64_t never = INT64_MIN, forever = INT64_MAX;

struct span {
	int64_t from, until;
	bool lost;		/* a gap of a running sensor */
	uint64_t count;		/* or GAP_UNKNOWN */
	char *source, *reason;	/* of a gap; owner: spans */
};

struct spans {
	struct span *items;
	size_t count;
};

/* One walk over start, ready and stop, in order. */
struct life {
	struct store *st;
	struct spans *spans;
	struct err *err;
	struct arena *arena;
	bool down;
	int64_t since;		/* down since */
	int64_t started;	/* a start that is not ready yet; 0: none */
	int64_t first, last;	/* received, of the journal's ends */
	int64_t first_seq;
	bool failed;
};

static struct span *
add_span(struct spans *s, int64_t from, int64_t until)
{
	struct span *span;

	s->items = xrealloc(s->items, s->count + 1, sizeof(*s->items));
	span = &s->items[s->count++];
	*span = (struct span){ .from = from, .until = until,
	    .count = GAP_UNKNOWN };
	return span;
}

static void
spans_free(struct spans *s)
{
	for (size_t i = 0; i < s->count; i++) {
		free(s->items[i].source);
		free(s->items[i].reason);
	}
	free(s->items);
}

/* When the record before this one was received; never, if it is the first. */
static int
life_before(struct store *st, uint64_t seq, int64_t *out, struct err *err)
{
	sqlite3_stmt *q;
	int ret;

	*out = never;
	if (prepare(st, "SELECT received FROM record WHERE seq < ?1"
	    " ORDER BY seq DESC LIMIT 1", &q, err) == -1)
		return -1;
	bind_number(q, 1, seq);
	ret = step_read(st, q, "read the sensor's life", err);
	if (ret == 1)
		*out = sqlite3_column_int64(q, 0);
	sqlite3_finalize(q);
	return ret == -1 ? -1 : 0;
}

static void
up_again(struct life *l, int64_t when)
{
	add_span(l->spans, l->since, when);
	l->down = false;
	l->started = 0;
}

static int
each_self(void *arg, const struct row *row)
{
	struct life *l = arg;
	bool ready = slice_eq(row->rule, S("ready"));

	if ((int64_t)row->seq == l->first_seq)
		return 0;
	if (l->down && l->started != 0)
		up_again(l, ready ? row->received : l->started);
	if (slice_eq(row->rule, S("stop"))) {
		l->since = l->down ? l->since : row->received;
		l->down = true;
		return 0;
	}
	/* A reload is no time without a sensor: the next one was ready. */
	if (slice_eq(row->rule, S("takeover")))
		l->down = false;
	if (!slice_eq(row->rule, S("start")))
		return 0;
	if (!l->down && life_before(l->st, row->seq, &l->since,
	    l->err) == -1) {
		l->failed = true;
		return -1;
	}
	l->down = true;
	l->started = row->received;
	return 0;
}

/* How long somebody lived who is alive now, or was until the last record. */
static void
life_end(struct life *l)
{
	if (l->down && l->started != 0)
		up_again(l, l->started);
	if (l->down)
		add_span(l->spans, l->since, forever);
	else if (!l->st->writer && !l->st->running)
		add_span(l->spans, l->last, forever);
}

static int
find_life(struct life *l)
{
	const struct query q = { .kinds = 1u << KIND_SELF,
	    .oldest_first = true };

	if (read_number(l->st, "SELECT received FROM record"
	    " ORDER BY seq LIMIT 1", &l->first, l->err) == -1 ||
	    read_number(l->st, "SELECT received FROM record"
	    " ORDER BY seq DESC LIMIT 1", &l->last, l->err) == -1 ||
	    read_number(l->st, "SELECT min(seq) FROM record", &l->first_seq,
	    l->err) == -1)
		return -1;
	if (l->last == 0)
		return 0;
	/* Whatever the first record is, before it there was nothing. */
	l->down = true;
	l->since = never;
	l->started = l->first;
	if (store_query(l->st, &q, each_self, l, l->err) == -1 || l->failed)
		return -1;
	life_end(l);
	return 0;
}

static int
each_gap(void *arg, const struct row *row)
{
	struct life *l = arg;
	struct span *span = add_span(l->spans, row->time, row->time);
	struct json *body;
	int64_t count;

	span->lost = true;
	arena_reset(l->arena);
	if (json_parse(l->arena, row->body, &body, NULL) == -1)
		return 0;
	if (when_parse_rfc3339(json_text(body, "event.start"),
	    &span->from) == -1 || when_parse_rfc3339(json_text(body,
	    "event.end"), &span->until) == -1)
		span->from = span->until = row->time;
	span->source = xslicedup(json_text(body, "vedette.gap.source"));
	span->reason = xslicedup(json_text(body, "vedette.gap.reason"));
	count = json_int(body, "vedette.gap.count", -1);
	span->count = count < 0 ? GAP_UNKNOWN : (uint64_t)count;
	return 0;
}

static int
find_gaps(struct life *l)
{
	const struct query q = { .kinds = 1u << KIND_GAP,
	    .oldest_first = true };
	int ret;

	l->arena = arena_new(GAP_ARENA);
	ret = store_query(l->st, &q, each_gap, l, l->err);
	arena_free(l->arena);
	return ret;
}

/* What does not touch the period goes; a moment of loss within it stays. */
static void
clip(struct spans *s, int64_t since, int64_t until)
{
	size_t kept = 0;

	for (size_t i = 0; i < s->count; i++) {
		struct span *span = &s->items[i], whole = *span;

		if (span->from < since)
			span->from = since;
		if (span->until > until)
			span->until = until;
		if (span->from < span->until || (whole.lost &&
		    whole.from == whole.until && whole.from >= since &&
		    whole.from < until)) {
			whole = *span;
			s->items[i] = s->items[kept];
			s->items[kept++] = whole;
		}
	}
	for (size_t i = kept; i < s->count; i++) {
		free(s->items[i].source);
		free(s->items[i].reason);
	}
	s->count = kept;
}

static int
by_start(const void *a, const void *b)
{
	const struct span *x = a, *y = b;

	return x->from < y->from ? -1 : x->from > y->from;
}

static int
by_length(const void *a, const void *b)
{
	const struct span *x = a, *y = b;
	int64_t m = x->until - x->from, n = y->until - y->from;

	return m > n ? -1 : m < n ? 1 : by_start(a, b);
}

/* Length of all of them together; they may overlap. Sorts them. */
static int64_t
missing(struct spans *s)
{
	int64_t sum = 0, end = never;

	if (s->count > 0)
		qsort(s->items, s->count, sizeof(*s->items), by_start);
	for (size_t i = 0; i < s->count; i++) {
		const struct span *span = &s->items[i];
		int64_t from = span->from > end ? span->from : end;

		if (span->until > from)
			sum += span->until - from;
		if (span->until > end)
			end = span->until;
	}
	return sum;
}

struct period {
	int64_t since, until;
	const char *format;
};

static void
write_times(struct buf *line, const struct span *span,
    const struct period *p)
{
	if (!span->lost && span->until == p->until) {
		buf_str(line, " since ");
		when_local(line, span->from, p->format);
		return;
	}
	buf_str(line, " ");
	when_local(line, span->from, p->format);
	if (span->from == span->until)
		return;
	buf_str(line, "-");
	when_local(line, span->until, p->format);
}

static void
write_span(struct buf *line, const struct span *span,
    const struct period *p)
{
	if (!span->lost) {
		buf_str(line, "not running");
		write_times(line, span, p);
		return;
	}
	text_escape(line, slice_of(span->source));
	if (span->source != NULL && span->source[0] != '\0')
		buf_str(line, " ");
	text_escape(line, span->reason == NULL || span->reason[0] == '\0' ?
	    S("gap") : slice_of(span->reason));
	if (span->count != GAP_UNKNOWN && span->count > 0) {
		buf_str(line, " ");
		buf_u64(line, span->count);
		buf_str(line, span->count == 1 ? " record" : " records");
	}
	write_times(line, span, p);
}

/* Rounded down: 100 % is said of nothing less. */
static int64_t
permille(int64_t lost, int64_t whole)
{
	int64_t n = (int64_t)((double)(whole - lost) / (double)whole * 1000);

	return lost > 0 && n >= 1000 ? 999 : n;
}

static void
write_percent(struct buf *b, int64_t n)
{
	buf_u64(b, (uint64_t)n / 10);
	if (n % 10 != 0)
		buf_fmt(b, ".%d", (int)(n % 10));
}

static void
write_line(struct buf *line, struct spans *s, const struct period *p,
    int64_t share)
{
	buf_str(line, "observed ");
	write_percent(line, share);
	buf_str(line, " %");
	if (s->count > 0)
		qsort(s->items, s->count, sizeof(*s->items), by_length);
	for (size_t i = 0; i < s->count && i < SHOWN; i++) {
		buf_str(line, i == 0 ? ": " : "; ");
		write_span(line, &s->items[i], p);
	}
	if (s->count > SHOWN)
		buf_fmt(line, "; and %zu more", s->count - SHOWN);
}

static void
write_object(struct jsonw *w, const struct spans *s, const struct period *p,
    int64_t share)
{
	struct buf percent = { 0 };

	write_percent(&percent, share);
	jsonw_object(w);
	jsonw_key(w, S("percent"));
	jsonw_raw(w, buf_slice(&percent));
	buf_free(&percent);
	jsonw_key(w, S("since"));
	jsonw_time(w, p->since);
	jsonw_key(w, S("until"));
	jsonw_time(w, p->until);
	jsonw_key(w, S("missing"));
	jsonw_array(w);
	for (size_t i = 0; i < s->count; i++) {
		const struct span *span = &s->items[i];

		jsonw_object(w);
		jsonw_key(w, S("from"));
		jsonw_time(w, span->from);
		jsonw_key(w, S("until"));
		jsonw_time(w, span->until);
		jsonw_pair(w, "reason", slice_of(span->lost ? span->reason :
		    "not running"));
		if (span->source != NULL)
			jsonw_pair(w, "source", slice_of(span->source));
		if (span->count != GAP_UNKNOWN)
			jsonw_pair_int(w, "count", (int64_t)span->count);
		jsonw_object_end(w);
	}
	jsonw_array_end(w);
	jsonw_object_end(w);
}

static void
tell(struct life *l, struct period *p, struct buf *line, struct jsonw *w)
{
	int64_t whole = p->until - p->since, share;

	if (whole <= 0)
		p->until = p->since;
	clip(l->spans, p->since, p->until);
	share = whole <= 0 || l->last == 0 ? 0 :
	    permille(missing(l->spans), whole);
	p->format = whole > DAY ? "%Y-%m-%d %H:%M:%S" : "%H:%M:%S";
	if (l->last == 0)
		buf_str(line, "nothing was observed: the sensor never ran");
	else if (whole <= 0)
		buf_str(line, "nothing was observed: the period is empty");
	else
		write_line(line, l->spans, p, share);
	if (w != NULL)
		write_object(w, l->spans, p, share);
}

int
store_observed(struct store *st, int64_t since, int64_t until,
    struct buf *line, struct jsonw *w, struct err *err)
{
	struct spans spans = { 0 };
	struct life l = { .st = st, .spans = &spans, .err = err };
	struct period p;
	int ret = -1;

	if (find_life(&l) == 0 && find_gaps(&l) == 0) {
		p.since = since != 0 ? since : l.first;
		p.until = until != 0 ? until : when_now();
		tell(&l, &p, line, w);
		ret = 0;
	}
	spans_free(&spans);
	return ret;
}
