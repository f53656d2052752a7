/*
 * What a broken journal role says to the judge. The input is frames: a byte
 * for the type, two for the length, the body; and the same bytes as fields of
 * an entry, which must stay within RECORD_MAX and be whole fields.
 */
#include <stdlib.h>

#include "base/pack.h"
#include "inputs/entries.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
take_record(void *owner, const struct record *r)
{
	(void)owner;
	if (r->bytes.len > RECORD_MAX || r->bytes.len == 0 ||
	    r->offset >> 40 != 0)
		abort();
}

static void
take_position(void *owner, const struct position *p)
{
	(void)owner;
	if (p->state.len >= CURSOR_MAX)
		abort();
}

static void
take_gap(void *owner, const struct gap *g)
{
	(void)owner;
	if (g->reason.len > 0 && g->reason.p == NULL)
		abort();
}

static void
no_positions(void *owner, const char *input,
    void (*each)(void *arg, const struct position *p), void *arg)
{
	(void)owner;
	(void)input;
	(void)each;
	(void)arg;
}

static void
take_answer(void *owner, enum input_frame type, struct slice body)
{
	(void)owner;
	if (type != INPUT_START && type != INPUT_ACK)
		abort();
	if (body.len > 4 + CURSOR_MAX)
		abort();
}

static void
nothing(void *owner)
{
	(void)owner;
}

static void
hear(struct slice in)
{
	const struct judge_room room = {
		.host_id = S("host"), .record = take_record,
		.position = take_position, .gap = take_gap,
		.positions = no_positions, .send = take_answer,
		.wake = nothing, .hurry = nothing,
	};
	void *state = entries_open(&room);

	while (in.len >= 3) {
		enum input_frame type = in.p[0] % INPUT_FRAMES;
		size_t len = (size_t)in.p[1] << 8 | in.p[2];
		struct slice body = slice_head(slice_from(in, 3), len);

		if (type != INPUT_NOTICE &&
		    entries_heard(state, type, body, -1) == -1)
			break;
		entries_work(state);
		entries_committed(state);
		in = slice_from(in, 3 + body.len);
	}
	entries_close(state);
}

/* Fields are lines here; each is made longer, as a client would. */
static void
add(struct slice in)
{
	struct buf fields = { 0 }, field = { 0 };
	struct slice rest = in, line;
	struct unpack u;

	for (enum rank rank = 0; rank < RANKS; rank++, rest = in)
		while (slice_cut(&rest, '\n', &line)) {
			buf_clear(&field);
			buf_add(&field, line);
			for (size_t i = 0; i < line.len % 7; i++)
				buf_add(&field, in);
			entries_add(&fields, rank, buf_slice(&field));
		}
	if (fields.len > RECORD_MAX)
		abort();
	u = (struct unpack){ buf_slice(&fields), false };
	while (u.rest.len > 0) {
		line = unpack_slice(&u);
		if (u.bad || memchr(line.p, '=', line.len) == NULL)
			abort();
	}
	buf_free(&fields);
	buf_free(&field);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct slice in = slice_bytes(data, size), a, b = in;

	hear(in);
	add(in);
	if (slice_cut(&b, '\n', &a) &&
	    entries_same(a, b) != entries_same(b, a))
		abort();
	return 0;
}
