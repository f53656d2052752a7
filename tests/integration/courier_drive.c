/*
 * The courier's engine without the sensor around it: outputs as a
 * configuration file says, parcels from standard input (one JSON body a line)
 * or made here (-n COUNT), and on standard output what came of them:
 *
 *	acked OUTPUT SEQ
 *	dead OUTPUT SEQ REASON
 *	state OUTPUT ok|down|held SECONDS REASON
 *
 * Ends when every output has dealt with everything (0) or after -t SECONDS
 * (3). Ids are the sequence number, in 16 bytes.
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/when.h"
#include "cli/command.h"
#include "daemon/courier.h"

struct drive;

struct way {
	struct drive *drive;
	size_t index;
	uint64_t acked, sent;
	struct loop_timer *timer;
};

struct drive {
	struct loop *loop;
	struct buf batch[OUTPUT_BATCH_MAX];
	unsigned char ids[OUTPUT_BATCH_MAX][ID_LEN];
	struct config config;
	struct courier *courier;
	struct way *ways;
	struct buf *bodies;	/* of standard input */
	uint64_t count;
	int fds[64];
	size_t fd_count;
	int status;
};

static void
body_of(struct drive *d, uint64_t seq, struct buf *out)
{
	buf_clear(out);
	if (d->bodies != NULL) {
		buf_add(out, buf_slice(&d->bodies[seq - 1]));
		return;
	}
	buf_fmt(out, "{\"@timestamp\":\"2026-11-23T16:10:00.123456Z\","
	    "\"event\":{\"id\":\"%032llx\",\"kind\":\"alert\"},"
	    "\"host\":{\"name\":\"web01\"},\"message\":\"alert number %llu\","
	    "\"rule\":{\"id\":\"5c1e\",\"name\":\"Test\"}}",
	    (unsigned long long)seq, (unsigned long long)seq);
}

/* The next batch of an output, as the judge would send it. */
static void
send_next(void *arg)
{
	struct parcel parcels[OUTPUT_BATCH_MAX];
	struct way *w = arg;
	struct drive *d = w->drive;
	size_t n = 0, max = courier_batch_max(&d->config, w->index);

	while (n < max && w->sent < d->count) {
		uint64_t seq = ++w->sent;

		body_of(d, seq, &d->batch[n]);
		for (size_t i = 0; i < 8; i++)
			d->ids[n][15 - i] = (unsigned char)(seq >> (8 * i));
		parcels[n] = (struct parcel){
			.seq = seq,
			.kind = KIND_ALERT,
			.level = LEVEL_HIGH,
			.time = INT64_C(1795450200123456),
			.id = slice_bytes(d->ids[n], ID_LEN),
			.body = buf_slice(&d->batch[n]),
		};
		n++;
	}
	if (n > 0 && courier_batch(d->courier, w->index, parcels, n) == -1)
		abort();
}

static void
end_if_done(struct drive *d)
{
	for (size_t i = 0; i < d->config.output_count; i++)
		if (d->ways[i].acked < d->count)
			return;
	loop_stop(d->loop);
}

static void
acked(void *owner, size_t output, uint64_t seq)
{
	struct drive *d = owner;
	struct way *w = &d->ways[output];

	if (seq <= w->acked)
		abort();
	w->acked = seq;
	printf("acked %s %llu\n", d->config.outputs[output].name,
	    (unsigned long long)seq);
	if (seq == w->sent)
		loop_timer_set(w->timer, 0);
	end_if_done(d);
}

static void
dead(void *owner, size_t output, uint64_t seq, const char *reason)
{
	struct drive *d = owner;

	printf("dead %s %llu %s\n", d->config.outputs[output].name,
	    (unsigned long long)seq, reason);
}

static void
state(void *owner, size_t output, const struct courier_state *s)
{
	static const char *const words[] = {
		[DELIVERED] = "ok", [RETRY] = "down", [HELD] = "held",
	};
	struct drive *d = owner;

	printf("state %s %s %.3f %s\n", d->config.outputs[output].name,
	    words[s->now], (double)s->retry_in / 1e6, s->reason);
}

static void
late(void *arg)
{
	struct drive *d = arg;

	d->status = 3;
	loop_stop(d->loop);
}

/* As the supervisor does. */
static void
open_needed(void *arg, const char *path, bool append)
{
	struct drive *d = arg;
	int flags = append ? O_RDWR | O_APPEND | O_CREAT : O_RDONLY;

	if (d->fd_count == COUNT(d->fds))
		abort();
	d->fds[d->fd_count++] = open(path, flags | O_CLOEXEC, 0640);
}

static void
read_bodies(struct drive *d)
{
	char *line = NULL;
	size_t room = 0;
	ssize_t n;

	while ((n = getline(&line, &room, stdin)) > 0) {
		d->bodies = xrealloc(d->bodies, d->count + 1,
		    sizeof(*d->bodies));
		d->bodies[d->count] = (struct buf){ 0 };
		buf_add(&d->bodies[d->count++],
		    slice_bytes(line, (size_t)n - (line[n - 1] == '\n')));
	}
	free(line);
}

static int
run(struct drive *d, unsigned seconds)
{
	struct courier_hooks hooks = { d, acked, dead, state };
	struct loop_timer *limit = loop_timer(d->loop, late, d);

	d->ways = xcalloc(d->config.output_count + 1, sizeof(*d->ways));
	courier_needs(&d->config, open_needed, d);
	d->courier = courier_new(d->loop, &d->config, d->fds, d->fd_count,
	    &hooks);
	for (size_t i = 0; i < d->config.output_count; i++) {
		struct way *w = &d->ways[i];

		w->drive = d;
		w->index = i;
		w->timer = loop_timer(d->loop, send_next, w);
		loop_timer_set(w->timer, 0);
	}
	loop_timer_set(limit, seconds * SECOND);
	if (loop_run(d->loop) == -1)
		d->status = 2;
	courier_free(d->courier);
	loop_timer_free(limit);
	return d->status;
}

static void
drive_free(struct drive *d)
{
	for (uint64_t i = 0; d->bodies != NULL && i < d->count; i++)
		buf_free(&d->bodies[i]);
	for (size_t i = 0; i < COUNT(d->batch); i++)
		buf_free(&d->batch[i]);
	free(d->bodies);
	free(d->ways);
	config_free(&d->config);
	loop_free(d->loop);
}

int
main(int argc, char **argv)
{
	struct drive d = { .loop = loop_new() };
	struct diag diag = { 0 };
	unsigned seconds = 60;
	int option, status = 1;

	setvbuf(stdout, NULL, _IOLBF, 0);
	while ((option = getopt(argc, argv, "n:t:")) != -1) {
		if (option == 'n')
			d.count = strtoull(optarg, NULL, 10);
		else if (option == 't')
			seconds = (unsigned)strtoul(optarg, NULL, 10);
		else
			return 2;
	}
	if (optind != argc - 1)
		return 2;
	if (config_load(&d.config, argv[optind], registry.inputs,
	    registry.outputs, &diag) == 0) {
		if (d.count == 0)
			read_bodies(&d);
		status = run(&d, seconds);
	}
	fputs(diag.text.len > 0 ? buf_cstr(&diag.text) : "", stderr);
	diag_free(&diag);
	drive_free(&d);
	return status;
}
