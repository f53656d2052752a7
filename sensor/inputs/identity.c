#include "inputs/identity.h"

#include <fcntl.h>
#include <linux/fs.h>
#include <sys/ioctl.h>

#include "base/digest.h"
#include "base/pack.h"
#include "base/when.h"

static int64_t
birth_of(int fd)
{
	struct statx sx;

	if (statx(fd, "", AT_EMPTY_PATH, STATX_BTIME, &sx) == -1 ||
	    (sx.stx_mask & STATX_BTIME) == 0)
		return 0;
	return sx.stx_btime.tv_sec * INT64_C(1000000000) +
	    sx.stx_btime.tv_nsec;
}

static uint64_t
generation_of(int fd)
{
	/* The kernel writes an int, whatever the request's size says. */
	union {
		unsigned int n;
		long room;
	} generation = { .room = 0 };

	if (ioctl(fd, FS_IOC_GETVERSION, &generation) == -1)
		return 0;
	return generation.n;
}

int
identity_place(int fd, struct identity *id, struct stat *st)
{
	*id = (struct identity){ 0 };
	if (fstat(fd, st) == -1)
		return -1;
	id->dev = st->st_dev;
	id->ino = st->st_ino;
	id->birth = birth_of(fd);
	id->generation = generation_of(fd);
	return 0;
}

enum same_place
identity_compare(const struct identity *a, const struct identity *b)
{
	bool both_births = a->birth != 0 && b->birth != 0;
	bool both_generations = a->generation != 0 && b->generation != 0;

	if (a->dev != b->dev || a->ino != b->ino)
		return PLACE_OTHER;
	if (both_births && a->birth != b->birth)
		return PLACE_OTHER;
	if (both_generations && a->generation != b->generation)
		return PLACE_OTHER;
	return both_births || both_generations ? PLACE_SAME : PLACE_UNSURE;
}

struct mark
mark_of(struct slice bytes)
{
	struct digest d = digest_one(bytes);
	struct mark m = { .len = (uint32_t)bytes.len };

	memcpy(m.hash, d.b, sizeof(m.hash));
	return m;
}

bool
mark_fits(const struct mark *m, struct slice bytes)
{
	struct mark other;

	if (m->len == 0)
		return true;
	if (bytes.len < m->len)
		return false;
	other = mark_of(slice_head(bytes, m->len));
	return memcmp(other.hash, m->hash, sizeof(m->hash)) == 0;
}

void
identity_learn(struct identity *id, struct slice bytes)
{
	size_t end;

	bytes = slice_head(bytes, IDENTITY_HEAD);
	if (bytes.len <= id->head.len)
		return;
	id->head = mark_of(bytes);
	end = slice_find_byte(bytes, '\n');
	if (end != SIZE_MAX)
		id->line = mark_of(slice_head(bytes, end + 1));
}

bool
identity_may_begin(const struct identity *id, struct slice bytes)
{
	if (id->line.len == 0)
		return true;
	if (bytes.len >= id->line.len)
		return mark_fits(&id->line, bytes);
	return slice_find_byte(bytes, '\n') == SIZE_MAX;
}

static void
write_mark(struct buf *out, const char *key, const struct mark *m)
{
	buf_fmt(out, " %s=%u:", key, m->len);
	buf_hex(out, slice_bytes(m->hash, sizeof(m->hash)));
}

void
identity_write(struct buf *out, const struct identity *id)
{
	buf_fmt(out, "dev=%llu ino=%llu gen=%llu birth=%lld",
	    (unsigned long long)id->dev, (unsigned long long)id->ino,
	    (unsigned long long)id->generation, (long long)id->birth);
	write_mark(out, "head", &id->head);
	write_mark(out, "line", &id->line);
	write_mark(out, "tail", &id->tail);
}

static int
take_mark(struct mark *m, struct slice value, uint64_t max)
{
	struct slice number;
	uint64_t len;

	if (!slice_cut(&value, ':', &number) ||
	    slice_to_u64(number, &len) == -1 || len > max)
		return -1;
	m->len = (uint32_t)len;
	return hex_decode(value, m->hash, sizeof(m->hash)) == -1 ? -1 : 1;
}

int
identity_take(struct identity *id, struct slice key, struct slice value)
{
	const struct {
		struct slice key;
		uint64_t *into;
	} numbers[] = {
		{ SLICE("dev"), &id->dev },
		{ SLICE("ino"), &id->ino },
		{ SLICE("gen"), &id->generation },
	};

	for (size_t i = 0; i < COUNT(numbers); i++)
		if (slice_eq(key, numbers[i].key))
			return slice_to_u64(value, numbers[i].into) == -1 ?
			    -1 : 1;
	if (slice_eq(key, S("birth")))
		return slice_to_i64(value, &id->birth) == -1 ? -1 : 1;
	if (slice_eq(key, S("head")))
		return take_mark(&id->head, value, IDENTITY_HEAD);
	if (slice_eq(key, S("line")))
		return take_mark(&id->line, value, IDENTITY_HEAD);
	if (slice_eq(key, S("tail")))
		return take_mark(&id->tail, value, IDENTITY_TAIL);
	return 0;
}

void
identity_name(struct buf *out, const struct identity *id)
{
	buf_str(out, "file");
	pack_u64(out, id->dev);
	pack_u64(out, id->ino);
	pack_u64(out, id->generation);
	pack_u64(out, (uint64_t)id->birth);
	/* Without either, an inode that is used again must get a new name. */
	if (id->generation == 0 && id->birth == 0)
		pack_u64(out, (uint64_t)when_now());
}
