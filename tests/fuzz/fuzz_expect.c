/*
 * Whatever the bytes are: an expectation or mistakes. One of a span is within
 * its bounds; one of a part of the day has parts that follow each other and
 * are not empty, also where clocks are turned.
 */
#include <stdlib.h>
#include <time.h>

#include "base/when.h"
#include "engine/expect.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* From a week before the clocks of 2027 are turned, forward and back. */
static const int64_t times[] = {
	0, INT64_C(1805587200) * SECOND, INT64_C(1824336000) * SECOND,
};

static void
walk(const struct expectation *e, int64_t time)
{
	for (int i = 0; i < 16; i++) {
		struct daypart p = expect_next(e, time);

		if (p.until <= time || p.from >= p.until ||
		    p.until - p.from > DAY + 2 * HOUR ||
		    p.until - time > 16 * DAY)
			abort();
		time = p.until;
	}
}

static void
check(const struct expectation *e)
{
	if (e == NULL || e->text.len == 0 || e->by_count > EXPECT_BY_MAX)
		abort();
	if (e->every > 0) {
		if (e->every < SECOND || e->every > 400 * DAY)
			abort();
		return;
	}
	for (size_t i = 0; i < COUNT(times); i++)
		walk(e, times[i]);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena *a = arena_new(0);
	struct schema *s = schema_new();
	struct diag d = { 0 };
	struct load l = { .keep = a, .build = a, .schema = s, .diag = &d,
		.file = "r.yml" };
	struct rule r = { .name = S("") };
	struct node *doc;

	setenv("TZ", "CET-1CEST,M3.5.0,M10.5.0/3", 1);
	tzset();
	if (yaml_parse(a, l.file, slice_bytes(data, size), &doc, &d) == 0 &&
	    doc != NULL && expect_read(&l, doc, &r) == 0)
		check(r.expect);
	arena_free(a);
	schema_free(s);
	diag_free(&d);
	return 0;
}
