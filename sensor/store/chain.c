/*
 * The chains. What is hashed, so that anybody can do it again:
 *
 *	record = SHA-256(salt || body)
 *	hash   = SHA-256(hash before || seq || kind || record)
 *
 * with seq as 8 bytes, most significant first, and kind as one byte (the
 * number in enum kind, which is therefore part of the format). The hash
 * before the first record is 32 zero bytes. The salt is 16 random bytes, then
 * the first 16 bytes of SHA-256(these || columns).
 */
#include "store/inside.h"

#include <assert.h>

static_assert(KIND_ALERT == 0 && KIND_EVENT == 1 && KIND_GAP == 2 &&
    KIND_CHANGE == 3 && KIND_DECISION == 4 && KIND_LOAD == 5 &&
    KIND_HEARTBEAT == 6 && KIND_CANARY == 7 && KIND_REFUSED == 8 &&
    KIND_QUARANTINE == 9 && KIND_SELF == 10 &&
    KIND_EXCEPTED == 11, "numbers are in the chain");
static_assert(CLASS_BULK == 0 && CLASS_EVIDENCE == 1 &&
    LEVEL_INFORMATIONAL == 0 && LEVEL_CRITICAL == 4, "in the columns");

enum { RANDOM_LEN = SALT_LEN / 2 };

static void
big_endian(unsigned char *to, uint64_t n)
{
	for (int i = 7; i >= 0; i--) {
		to[i] = (unsigned char)n;
		n >>= 8;
	}
}

/* Numbers in 8 bytes each; texts by length, so that none runs into the next. */
static struct digest
columns_digest(struct slice random, const struct row *row)
{
	const struct slice texts[] = { row->rule, row->title, row->user,
	    row->source, row->session };
	const uint64_t numbers[] = { row->class, row->level,
	    (uint64_t)row->time, (uint64_t)row->received, row->has_about,
	    row->rule.len, row->title.len, row->user.len, row->source.len,
	    row->session.len };
	unsigned char fixed[sizeof(numbers)];
	struct slice parts[4 + COUNT(texts)];
	size_t n = 0;

	for (size_t i = 0; i < COUNT(numbers); i++)
		big_endian(fixed + 8 * i, numbers[i]);
	parts[n++] = random;
	parts[n++] = slice_bytes(fixed, sizeof(fixed));
	parts[n++] = slice_bytes(row->id.b, ID_LEN);
	parts[n++] = slice_bytes(row->about.b, row->has_about ? ID_LEN : 0);
	for (size_t i = 0; i < COUNT(texts); i++)
		parts[n++] = texts[i];
	return digest_of(parts, n);
}

void
salt_make(struct store *st, const struct row *row,
    unsigned char salt[SALT_LEN])
{
	struct digest d;

	if (st->salts_left < RANDOM_LEN) {
		random_bytes(st->salts, sizeof(st->salts));
		st->salts_left = sizeof(st->salts);
	}
	st->salts_left -= RANDOM_LEN;
	memcpy(salt, st->salts + st->salts_left, RANDOM_LEN);
	d = columns_digest(slice_bytes(salt, RANDOM_LEN), row);
	memcpy(salt + RANDOM_LEN, d.b, SALT_LEN - RANDOM_LEN);
}

bool
salt_fits(struct slice salt, const struct row *row)
{
	struct digest d;

	if (salt.len != SALT_LEN)
		return false;
	d = columns_digest(slice_head(salt, RANDOM_LEN), row);
	return memcmp(salt.p + RANDOM_LEN, d.b, SALT_LEN - RANDOM_LEN) == 0;
}

struct digest
chain_digest(struct slice salt, struct slice body)
{
	struct slice parts[] = { salt, body };

	return digest_of(parts, COUNT(parts));
}

struct digest
chain_hash(const struct digest *before, uint64_t seq, enum kind kind,
    const struct digest *record)
{
	unsigned char middle[9];
	struct slice parts[] = { digest_slice(before),
	    slice_bytes(middle, sizeof(middle)), digest_slice(record) };

	big_endian(middle, seq);
	middle[8] = (unsigned char)kind;
	return digest_of(parts, COUNT(parts));
}

struct slice
class_name(enum class class)
{
	static const struct slice keys[] = {
		[CLASS_BULK] = SLICE("bulk"),
		[CLASS_EVIDENCE] = SLICE("evidence"),
	};

	static_assert(COUNT(keys) == CLASS_COUNT, "one name per class");
	return keys[class];
}

/*
 * Without its row in the state a chain goes on where its records end: it must
 * be possible to go on writing, and verify tells.
 */
static int
chain_guess(struct store *st, enum class class, struct err *err)
{
	struct chain *c = &st->now.chains[class];
	sqlite3_stmt *q;
	int ret;

	*c = (struct chain){ 0 };
	if (prepare(st, "SELECT seq, hash FROM record WHERE class = ?1"
	    " ORDER BY seq DESC LIMIT 1", &q, err) == -1)
		return -1;
	bind_number(q, 1, class);
	ret = step_read(st, q, "read the chain's end", err);
	if (ret == 1 && column_slice(q, 1).len == DIGEST_LEN) {
		c->head.seq = column_number(q, 0);
		memcpy(c->head.hash.b, column_slice(q, 1).p, DIGEST_LEN);
	}
	sqlite3_finalize(q);
	return ret == -1 ? -1 : 0;
}

static int
class_load(struct store *st, enum class class, struct err *err)
{
	struct chain *c = &st->now.chains[class];
	struct buf value = { 0 };
	int ret = state_get(st, "chain", class_name(class), &value, err);

	if (ret == 1 && value.len == sizeof(*c))
		memcpy(c, value.p, sizeof(*c));
	else if (ret != -1)
		ret = chain_guess(st, class, err);
	buf_free(&value);
	return ret == -1 ? -1 : 0;
}

int
chain_load(struct store *st, struct err *err)
{
	int64_t last;

	if (state_load(st, err) == -1)
		return -1;
	for (enum class class = 0; class < CLASS_COUNT; class++)
		if (class_load(st, class, err) == -1)
			return -1;
	if (read_number(st, "SELECT max(seq) FROM record", &last, err) == -1)
		return -1;
	st->now.last = (uint64_t)last;
	for (enum class class = 0; class < CLASS_COUNT; class++)
		if (st->now.chains[class].head.seq > st->now.last)
			st->now.last = st->now.chains[class].head.seq;
	st->kept = st->now;
	return 0;
}

int
chain_save(struct store *st, struct err *err)
{
	for (enum class class = 0; class < CLASS_COUNT; class++) {
		const struct chain *c = &st->now.chains[class];

		if (memcmp(c, &st->kept.chains[class], sizeof(*c)) != 0 &&
		    state_put(st, "chain", class_name(class),
		    slice_bytes(c, sizeof(*c)), err) == -1)
			return -1;
	}
	return state_save(st, err);
}
