/*
 * How many records a second become durable: bodies of about 900 bytes, all
 * columns set, in commits of several sizes. bench_store [DIRECTORY [RECORDS]]
 */
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <unistd.h>

#include "base/when.h"
#include "store/store.h"

struct texts {
	char rule[40], user[40], source[40], session[40];
	struct buf body;
};

static unsigned
next(uint64_t *seed)
{
	*seed = *seed * UINT64_C(6364136223846793005) + 1442695040888963407;
	return (unsigned)(*seed >> 33);
}

static void
fill(struct entry *e, struct texts *t, uint64_t n, uint64_t *seed)
{
	int64_t now = when_now();

	*e = (struct entry){ .kind = n % 10 == 0 ? KIND_EVENT : KIND_ALERT,
	    .class = n % 10 == 0 ? CLASS_EVIDENCE : CLASS_BULK,
	    .time = now, .received = now,
	    .level = (enum level)(next(seed) % 5) };
	for (size_t i = 0; i < 8; i++)
		e->id.b[i] = (unsigned char)(n >> (56 - 8 * i));
	for (size_t i = 8; i < ID_LEN; i++)
		e->id.b[i] = (unsigned char)next(seed);
	snprintf(t->rule, sizeof(t->rule),
	    "5f0d8a4e-0000-4000-8000-%012u", next(seed) % 300);
	snprintf(t->user, sizeof(t->user), "user%u", next(seed) % 1000);
	snprintf(t->source, sizeof(t->source), "198.51.%u.%u",
	    next(seed) % 256, next(seed) % 256);
	snprintf(t->session, sizeof(t->session), "%u", next(seed) % 5000);
	buf_clear(&t->body);
	buf_str(&t->body, "{\"message\":\"");
	while (t->body.len < 880)
		buf_fmt(&t->body, "%08x ", next(seed));
	buf_str(&t->body, "\"}");
	e->rule = slice_of(t->rule);
	e->title = S("Failed password for a user that does not exist");
	e->user = slice_of(t->user);
	e->source = slice_of(t->source);
	e->session = slice_of(t->session);
	e->body = buf_slice(&t->body);
}

static void
fail(const struct err *err)
{
	fprintf(stderr, "bench_store: %s\n", err->text);
	exit(2);
}

static double
cpu_seconds(void)
{
	struct rusage r;

	getrusage(RUSAGE_SELF, &r);
	return (double)(r.ru_utime.tv_sec + r.ru_stime.tv_sec) +
	    (double)(r.ru_utime.tv_usec + r.ru_stime.tv_usec) / 1e6;
}

static void
measure(struct store *st, size_t batch, uint64_t records, uint64_t *n,
    uint64_t *seed)
{
	struct texts t = { 0 };
	int64_t start = when_steady();
	double cpu = cpu_seconds();
	struct err err;
	struct entry e;

	for (uint64_t i = 1; i <= records; i++) {
		fill(&e, &t, (*n)++, seed);
		if (store_append(st, &e, &err) == -1)
			fail(&err);
		if ((i % batch == 0 || i == records) &&
		    store_commit(st, &err) == -1)
			fail(&err);
	}
	printf("%8zu %10.0f %10.1f\n", batch, (double)records * 1e6 /
	    (double)(when_steady() - start),
	    (cpu_seconds() - cpu) * 1e6 / (double)records);
	fflush(stdout);
	buf_free(&t.body);
}

int
main(int argc, char **argv)
{
	static const size_t batches[] = { 100, 300, 1000, 2000 };
	const struct store_limits limits = {
	    .size = argc > 3 ? strtoull(argv[3], NULL, 10) : 0 };
	uint64_t n = 0, seed = 1;
	uint64_t records = argc > 2 ? strtoull(argv[2], NULL, 10) : 50000;
	char made[] = "/var/tmp/bench_store.XXXXXX";
	const char *dir = argc > 1 ? argv[1] : mkdtemp(made);
	struct store_numbers numbers;
	struct rusage usage;
	struct store *st;
	struct err err;

	if (dir == NULL || store_open(dir, &limits, NULL, &st, &err) == -1)
		fail(&err);
	printf("%8s %10s %10s\n", "commit", "durable/s", "CPU us");
	for (size_t i = 0; i < COUNT(batches); i++)
		measure(st, batches[i], records, &n, &seed);
	if (store_count(st, &numbers, &err) == -1)
		fail(&err);
	getrusage(RUSAGE_SELF, &usage);
	printf("%llu records, %.0f bytes on disk each, %ld KiB of memory\n",
	    (unsigned long long)numbers.records, (double)numbers.bytes /
	    (double)numbers.records, usage.ru_maxrss);
	store_close(st);
	return 0;
}
