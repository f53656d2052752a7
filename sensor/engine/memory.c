#include "engine/memory.h"

#include <assert.h>
#include <stdlib.h>

#include "base/map.h"
#include "engine/alarms.h"

enum {
	FORMAT = 1,	/* of what stands in front of a kind's value */
	FIRST_SIZE = 64,
	/* What an item costs besides itself: places in tables, the malloc. */
	OVERHEAD = 64,
};

struct holder {
	struct memory *memory;
	const struct memory_kind *kind;
	void *owner;
	struct holder *next;
	unsigned char prefix[1 + MEMORY_MARK];	/* of its keys */
	size_t most;
	struct item *newest, *oldest;
	struct memory_counts counts;
};

/* An item that is gone, and somebody may have it on disk. */
struct grave {
	bool told;
};

struct memory {
	struct holder *holders;
	struct map *marks;		/* holders by prefix */
	uint64_t secret[2];
	struct item **heads;		/* of the chains */
	size_t size;			/* a power of two */
	struct alarms alarms;
	struct item **changes;
	size_t change_count, change_room;
	struct map *graves;		/* by key */
	struct memory_counts counts;
	size_t limit;
	uint64_t clock;			/* of uses */
	bool shuffled;			/* recalled, not in order of use yet */
	struct buf value;
};

struct memory *
memory_new(void)
{
	struct memory *m = xcalloc(1, sizeof(*m));

	m->marks = map_new();
	m->graves = map_new();
	m->size = FIRST_SIZE;
	m->heads = xcalloc(m->size, sizeof(*m->heads));
	m->limit = MEMORY_BYTES;
	random_bytes(m->secret, sizeof(m->secret));
	return m;
}

static void
forget_graves(struct memory *m)
{
	struct slice key;
	void *grave;

	for (size_t at = 0; map_next(m->graves, &at, &key, &grave);) {
		map_remove(m->graves, key);
		free(grave);
	}
}

void
memory_free(struct memory *m)
{
	if (m == NULL)
		return;
	memory_clear(m);
	while (m->holders != NULL) {
		struct holder *h = m->holders;

		m->holders = h->next;
		free(h);
	}
	map_free(m->marks);
	map_free(m->graves);
	free(m->heads);
	free(m->alarms.items);
	free(m->changes);
	buf_free(&m->value);
	free(m);
}

void
memory_limit(struct memory *m, size_t bytes)
{
	m->limit = bytes;
}

struct memory_counts
memory_counts(const struct memory *m)
{
	return m->counts;
}

struct holder *
memory_holder(struct memory *m, const struct memory_kind *kind,
    const struct digest *mark, void *owner, size_t most)
{
	struct holder *h = xcalloc(1, sizeof(*h));
	void *before;

	*h = (struct holder){ .memory = m, .kind = kind, .owner = owner,
	    .next = m->holders, .most = most > 0 ? most : MEMORY_ITEMS };
	h->prefix[0] = kind->tag;
	memcpy(h->prefix + 1, mark->b, MEMORY_MARK);
	m->holders = h;
	before = map_put(m->marks, slice_bytes(h->prefix, sizeof(h->prefix)),
	    h);
	assert(before == NULL);
	return h;
}

void *
holder_owner(const struct holder *h)
{
	return h->owner;
}

struct memory_counts
holder_counts(const struct holder *h)
{
	return h->counts;
}

/* --- finding ------------------------------------------------------------ */

static struct slice
item_key(const struct item *it)
{
	return slice_bytes(it->key, it->key_len);
}

struct slice
item_name(const struct item *it)
{
	return slice_from(item_key(it), 1 + MEMORY_MARK);
}

struct holder *
item_holder(const struct item *it)
{
	return it->holder;
}

static uint32_t
hash_of(const struct memory *m, const struct holder *h, struct slice name)
{
	uint64_t key[2] = { m->secret[0] ^ (uintptr_t)h, m->secret[1] };

	return (uint32_t)slice_hash_keyed(name, key);
}

struct item *
memory_find(struct holder *h, struct slice name)
{
	const struct memory *m = h->memory;
	uint32_t hash = hash_of(m, h, name);
	struct item *it = m->heads[hash & (m->size - 1)];

	while (it != NULL && (it->hash != hash || it->holder != h ||
	    !slice_eq(item_name(it), name)))
		it = it->chain;
	return it;
}

static void
enter(struct memory *m, struct item *it)
{
	struct item **head = &m->heads[it->hash & (m->size - 1)];

	it->chain = *head;
	*head = it;
}

static void
leave(struct memory *m, struct item *it)
{
	struct item **at = &m->heads[it->hash & (m->size - 1)];

	while (*at != it)
		at = &(*at)->chain;
	*at = it->chain;
}

static void
grow(struct memory *m)
{
	struct item **old = m->heads;
	size_t size = m->size;

	m->size *= 2;
	m->heads = xcalloc(m->size, sizeof(*m->heads));
	for (size_t i = 0; i < size; i++) {
		struct item *it, *next;

		for (it = old[i]; it != NULL; it = next) {
			next = it->chain;
			enter(m, it);
		}
	}
	free(old);
}

/* --- order of use --------------------------------------------------------- */

static void
link_newest(struct item *it)
{
	struct holder *h = it->holder;

	it->newer = NULL;
	it->older = h->newest;
	if (h->newest != NULL)
		h->newest->newer = it;
	else
		h->oldest = it;
	h->newest = it;
}

static void
unlink_use(struct item *it)
{
	struct holder *h = it->holder;

	*(it->newer != NULL ? &it->newer->older : &h->newest) = it->older;
	*(it->older != NULL ? &it->older->newer : &h->oldest) = it->newer;
}

static int
compare_use(const void *a, const void *b)
{
	const struct item *const *x = a, *const *y = b;

	if ((*x)->used != (*y)->used)
		return (*x)->used < (*y)->used ? -1 : 1;
	return slice_cmp(item_key(*x), item_key(*y));
}

/* Items come back in any order; as they were used is how they are to go. */
static void
sort_uses(struct memory *m)
{
	struct item **all = xcalloc(m->counts.items + 1, sizeof(struct item *));

	for (struct holder *h = m->holders; h != NULL; h = h->next) {
		size_t n = 0;

		for (struct item *it = h->oldest; it != NULL; it = it->newer)
			all[n++] = it;
		qsort(all, n, sizeof(struct item *), compare_use);
		h->newest = h->oldest = NULL;
		for (size_t i = 0; i < n; i++)
			link_newest(all[i]);
	}
	free(all);
	m->shuffled = false;
}

/* --- time ------------------------------------------------------------------ */

int64_t
memory_time(struct memory *m, int64_t now, const struct listener *to)
{
	struct item *it;

	while ((it = alarms_ring(&m->alarms, now)) != NULL) {
		it->due = MEMORY_NEVER;
		if (it->holder->kind->due != NULL)
			it->holder->kind->due(it, now, to);
		else
			memory_drop(it);
	}
	return alarms_next(&m->alarms);
}

/* Each that is noted becomes the newest: as many turns show each once. */
void
memory_clock(struct memory *m, int64_t now, int64_t by)
{
	for (struct holder *h = m->holders; h != NULL; h = h->next)
		for (uint64_t n = h->kind->clock == NULL ? 0 :
		    h->counts.items; n > 0 && h->oldest != NULL; n--)
			h->kind->clock(h->oldest, now, by);
}

/* --- changes -------------------------------------------------------------- */

static void
mark_changed(struct memory *m, struct item *it)
{
	it->told = false;
	if (it->change != 0)
		return;
	if (m->change_count == m->change_room) {
		m->change_room = m->change_room * 2 + FIRST_SIZE;
		m->changes = xrealloc(m->changes, m->change_room,
		    sizeof(struct item *));
	}
	m->changes[m->change_count++] = it;
	it->change = (uint32_t)m->change_count;
}

static void
unmark_changed(struct memory *m, struct item *it)
{
	struct item *last;

	if (it->change == 0)
		return;
	last = m->changes[--m->change_count];
	m->changes[it->change - 1] = last;
	last->change = it->change;
	it->change = 0;
}

void
memory_changed(struct memory *m,
    void (*each)(void *arg, struct slice key, struct slice value), void *arg)
{
	struct slice key;
	void *grave;

	for (size_t i = 0; i < m->change_count; i++) {
		struct item *it = m->changes[i];

		buf_clear(&m->value);
		pack_u8(&m->value, FORMAT);
		pack_varint(&m->value, it->used);
		it->holder->kind->save(it, &m->value);
		each(arg, item_key(it), buf_slice(&m->value));
		it->told = true;
	}
	for (size_t at = 0; map_next(m->graves, &at, &key, &grave);) {
		each(arg, key, S(""));
		((struct grave *)grave)->told = true;
	}
}

void
memory_settled(struct memory *m)
{
	struct slice key;
	void *grave;

	for (size_t i = m->change_count; i-- > 0;) {
		struct item *it = m->changes[i];

		if (!it->told)
			continue;
		unmark_changed(m, it);
		it->told = false;
		it->kept = true;
	}
	for (size_t at = 0; map_next(m->graves, &at, &key, &grave);) {
		if (!((struct grave *)grave)->told)
			continue;
		map_remove(m->graves, key);
		free(grave);
	}
}

/* --- items ---------------------------------------------------------------- */

/* Takes an item out of everything and frees it. */
static void
remove_item(struct memory *m, struct item *it)
{
	struct holder *h = it->holder;

	leave(m, it);
	unlink_use(it);
	alarms_cancel(&m->alarms, it);
	unmark_changed(m, it);
	h->counts.items--;
	h->counts.bytes -= it->bytes;
	m->counts.items--;
	m->counts.bytes -= it->bytes;
	free(it->key);
	h->kind->free(it);
}

void
memory_drop(struct item *it)
{
	struct memory *m = it->holder->memory;

	if (it->kept || it->told)
		free(map_put(m->graves, item_key(it),
		    xcalloc(1, sizeof(struct grave))));
	remove_item(m, it);
}

static void
evict(struct memory *m, struct holder *h)
{
	h->counts.evicted++;
	m->counts.evicted++;
	memory_drop(h->oldest);
}

/* Whoever floods one rule's groups is not to push out those of others. */
static struct holder *
greediest(const struct memory *m)
{
	struct holder *most = NULL;

	for (struct holder *h = m->holders; h != NULL; h = h->next)
		if (!h->kind->stays && (most == NULL ||
		    h->counts.bytes > most->counts.bytes))
			most = h;
	return most;
}

static void
make_room(struct memory *m, const struct item *it)
{
	while (it->holder->counts.items > it->holder->most)
		evict(m, it->holder);
	while (m->counts.bytes > m->limit && m->counts.items > 1) {
		struct holder *h = greediest(m);

		if (h == NULL || h->oldest == NULL || h->oldest == it)
			break;
		evict(m, h);
	}
}

void
memory_add(struct holder *h, struct slice name, struct item *it)
{
	struct memory *m = h->memory;
	struct grave *grave;

	assert(name.len <= MEMORY_NAME_MAX);
	if (m->shuffled)
		sort_uses(m);
	it->holder = h;
	it->key_len = (uint32_t)(sizeof(h->prefix) + name.len);
	it->key = xmalloc(it->key_len);
	memcpy(it->key, h->prefix, sizeof(h->prefix));
	if (name.len > 0)
		memcpy(it->key + sizeof(h->prefix), name.p, name.len);
	it->hash = hash_of(m, h, name);
	it->due = MEMORY_NEVER;
	grave = map_remove(m->graves, item_key(it));
	it->kept = grave != NULL;
	free(grave);
	if (m->counts.items >= m->size)
		grow(m);
	enter(m, it);
	link_newest(it);
	h->counts.items++;
	m->counts.items++;
}

static void
weigh(struct memory *m, struct item *it, size_t bytes)
{
	size_t all = sizeof(*it) + it->key_len + OVERHEAD + bytes;

	it->holder->counts.bytes += all - it->bytes;
	m->counts.bytes += all - it->bytes;
	it->bytes = (uint32_t)all;
}

void
memory_note(struct item *it, size_t bytes, int64_t due)
{
	struct holder *h = it->holder;
	struct memory *m = h->memory;

	if (m->shuffled)
		sort_uses(m);
	it->used = ++m->clock;
	if (h->newest != it) {
		unlink_use(it);
		link_newest(it);
	}
	weigh(m, it, bytes);
	it->due = due;
	alarms_set(&m->alarms, it);
	mark_changed(m, it);
	make_room(m, it);
}

bool
memory_value(struct slice value, struct slice *own)
{
	struct unpack u = { value, false };
	uint8_t version = unpack_u8(&u);

	unpack_varint(&u);
	*own = u.rest;
	return !u.bad && version == FORMAT;
}

bool
memory_recall(struct memory *m, struct slice key, struct slice value)
{
	struct unpack u = { value, false };
	struct slice prefix = slice_head(key, 1 + MEMORY_MARK);
	struct slice name = slice_from(key, prefix.len);
	struct holder *h = map_get(m->marks, prefix);
	uint8_t version = unpack_u8(&u);
	uint64_t used = unpack_varint(&u);
	int64_t due = MEMORY_NEVER;
	size_t bytes = 0;
	struct item *it;

	if (h == NULL || name.len > MEMORY_NAME_MAX || u.bad ||
	    version != FORMAT || used > INT64_MAX)
		return false;
	if (memory_find(h, name) != NULL)
		return true;
	if (h->counts.items >= h->most ||
	    (m->counts.bytes >= m->limit && !h->kind->stays)) {
		h->counts.evicted++;
		m->counts.evicted++;
		return false;
	}
	it = h->kind->load(h, name, u.rest, &bytes, &due);
	if (it == NULL)
		return false;
	m->shuffled = false;
	memory_add(h, name, it);
	it->kept = true;
	it->used = used;
	it->due = due;
	weigh(m, it, bytes);
	alarms_set(&m->alarms, it);
	m->clock = used > m->clock ? used : m->clock;
	m->shuffled = true;
	return true;
}

void
memory_clear(struct memory *m)
{
	for (struct holder *h = m->holders; h != NULL; h = h->next) {
		while (h->oldest != NULL)
			remove_item(m, h->oldest);
		h->counts.evicted = 0;
	}
	forget_graves(m);
	m->counts.evicted = 0;
	m->clock = 0;
}
