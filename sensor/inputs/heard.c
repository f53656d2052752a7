#include "inputs/heard.h"

#include "base/log.h"
#include "base/pack.h"

static int
heard_notice(struct unpack *u)
{
	struct slice text = unpack_slice(u);

	if (!unpack_done(u))
		return -1;
	text = slice_head(text, 1000);
	log_warn("%.*s", (int)text.len, (const char *)text.p);
	return 0;
}

static int
heard_lost(const struct judge_room *room, struct unpack *u)
{
	struct gap gap = { .source = unpack_slice(u) };

	gap.reason = unpack_slice(u);
	gap.detail = unpack_slice(u);
	gap.count = unpack_u64(u);
	gap.from = (int64_t)unpack_u64(u);
	gap.until = (int64_t)unpack_u64(u);
	if (!unpack_done(u))
		return -1;
	room->gap(room->owner, &gap);
	return 0;
}

int
heard_aside(const struct judge_room *room, enum input_frame type,
    struct slice body)
{
	struct unpack u = { .rest = body };

	switch (type) {
	case INPUT_NOTICE:
		return heard_notice(&u);
	case INPUT_LOST:
		return heard_lost(room, &u);
	default:
		return -1;
	}
}
