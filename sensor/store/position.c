#include "store/inside.h"

#include "base/pack.h"

static const char space[] = "position";

int
store_position(struct store *st, const struct position *p, struct err *err)
{
	struct buf value = { 0 };
	int ret;

	pack_slice(&value, p->input);
	pack_slice(&value, p->source);
	pack_u64(&value, p->offset);
	pack_slice(&value, p->state);
	ret = state_put(st, space, slice_bytes(p->stream.b, STREAM_LEN),
	    buf_slice(&value), err);
	buf_free(&value);
	return ret;
}

int
store_forget(struct store *st, struct stream s, struct err *err)
{
	return state_drop(st, space, slice_bytes(s.b, STREAM_LEN), err);
}

struct asked {
	struct slice input;
	void (*each)(void *arg, const struct position *p);
	void *arg;
};

static void
unpack_position(void *arg, struct slice key, struct slice value)
{
	struct asked *asked = arg;
	struct unpack u = { .rest = value };
	struct position p;

	p.input = unpack_slice(&u);
	p.source = unpack_slice(&u);
	p.offset = unpack_u64(&u);
	p.state = unpack_slice(&u);
	if (!unpack_done(&u) || key.len != STREAM_LEN ||
	    !slice_eq(p.input, asked->input))
		return;
	memcpy(p.stream.b, key.p, STREAM_LEN);
	asked->each(asked->arg, &p);
}

int
store_positions(struct store *st, const char *input,
    void (*each)(void *arg, const struct position *p), void *arg,
    struct err *err)
{
	struct asked asked = { slice_of(input), each, arg };

	return state_each(st, space, unpack_position, &asked, err);
}
