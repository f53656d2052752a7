#include "store/inside.h"

#include <stdio.h>
#include <sys/utsname.h>

#include "base/file.h"
#include "base/pack.h"

enum { HOST_ID_LEN = 16, MARK_MAX = 256 };

static bool
read_mark(const char *path, struct digest *out)
{
	struct buf b = { 0 };
	struct slice text, parts[2];
	bool found;

	if (read_file(path, &b, MARK_MAX, NULL) == -1)
		buf_clear(&b);
	text = slice_trim(buf_slice(&b));
	/* Before the first boot is over, systemd says "uninitialized". */
	found = text.len > 0 && !slice_eq(text, S("uninitialized"));
	parts[0] = slice_of(path);
	parts[1] = text;
	if (found)
		*out = digest_of(parts, COUNT(parts));
	buf_free(&b);
	return found;
}

void
host_marks_read(struct host_marks *out)
{
	struct utsname name;

	*out = (struct host_marks){ 0 };
	if (uname(&name) == 0)
		slice_to_cstr(slice_of(name.nodename), out->name,
		    sizeof(out->name));
	out->has_machine = read_mark("/etc/machine-id", &out->machine);
	out->has_product = read_mark("/sys/class/dmi/id/product_uuid",
	    &out->product);
}

/*
 * What is kept: the id, and of each mark a digest that is bound to the id, so
 * that it tells nobody else's secret. Absent: 32 zero bytes.
 */
struct bond {
	unsigned char id[HOST_ID_LEN];
	struct digest machine, product;
};

static bool
is_zero(const struct digest *d)
{
	static const struct digest zero;

	return memcmp(d, &zero, sizeof(zero)) == 0;
}

static struct digest
bind_mark(const struct bond *b, const struct digest *mark)
{
	struct slice parts[] = { slice_bytes(b->id, HOST_ID_LEN),
	    digest_slice(mark) };

	return digest_of(parts, COUNT(parts));
}

/*
 * Whether a mark speaks against the bond. A mark that was never seen, or
 * can't be read now, does not; one that is seen for the first time is added.
 */
static bool
contradicts(struct bond *b, struct digest *kept, bool known,
    const struct digest *mark)
{
	struct digest now;

	if (!known)
		return false;
	now = bind_mark(b, mark);
	if (is_zero(kept))
		*kept = now;
	return memcmp(kept, &now, sizeof(now)) != 0;
}

static void
show_id(const struct bond *b, char out[33])
{
	for (size_t i = 0; i < HOST_ID_LEN; i++)
		snprintf(out + 2 * i, 3, "%02x", b->id[i]);
}

/* 1 there is one, 0 not. */
static int
load(struct store *st, struct bond *b, struct err *err)
{
	struct buf value = { 0 };
	int ret = state_get(st, "host", S("id"), &value, err);

	*b = (struct bond){ 0 };
	if (ret == 1 && value.len == sizeof(*b))
		memcpy(b, value.p, sizeof(*b));
	else if (ret == 1)
		ret = 0;
	buf_free(&value);
	return ret;
}

/* What stands there already is not written: the disk may be full. */
static int
keep(struct store *st, struct slice key, struct slice value, struct err *err)
{
	struct buf before = { 0 };
	int ret = state_get(st, "host", key, &before, err);

	if (ret != 1 || !slice_eq(buf_slice(&before), value))
		ret = ret == -1 ? -1 : state_put(st, "host", key, value, err);
	buf_free(&before);
	return ret == -1 ? -1 : 0;
}

static int
save(struct store *st, const struct bond *b, const struct host_marks *marks,
    struct err *err)
{
	show_id(b, st->host.id);
	memcpy(st->host.name, marks->name, sizeof(st->host.name));
	if (keep(st, S("name"), slice_of(st->host.name), err) == -1)
		return -1;
	return keep(st, S("id"), slice_bytes(b, sizeof(*b)), err);
}

/*
 * One mark that differs is enough: a cloned machine often keeps its
 * machine-id, a cloned container its product uuid. To take a host with a new
 * board for a new host costs a record; to take two hosts for one costs
 * alerts, which receivers would drop as known.
 */
int
host_check(struct store *st, const struct host_marks *marks,
    struct err *err)
{
	struct bond b;
	int ret = load(st, &b, err);
	bool other;

	if (ret == -1)
		return -1;
	if (ret == 0)
		random_bytes(b.id, HOST_ID_LEN);
	other = contradicts(&b, &b.machine, marks->has_machine,
	    &marks->machine);
	other |= contradicts(&b, &b.product, marks->has_product,
	    &marks->product);
	if (other) {
		show_id(&b, st->host_before);
		st->host_new = true;
		return 0;
	}
	return save(st, &b, marks, err) == -1 ? -1 : 1;
}

int
host_load(struct store *st, struct err *err)
{
	struct buf name = { 0 };
	struct bond b;

	if (load(st, &b, err) == -1 ||
	    state_get(st, "host", S("name"), &name, err) == -1) {
		buf_free(&name);
		return -1;
	}
	show_id(&b, st->host.id);
	slice_to_cstr(buf_slice(&name), st->host.name,
	    sizeof(st->host.name));
	buf_free(&name);
	return 0;
}
