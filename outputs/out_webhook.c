/*
 * POSTs alerts as JSON, in the form and with the signature of Standard
 * Webhooks 1.0. Up to four requests are under way; what the receiver has is
 * told to the courier in the journal's order, and what it took ahead of a
 * failure is not sent to it again when the rest is.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/digest.h"
#include "base/file.h"
#include "base/json.h"
#include "base/when.h"
#include "output.h"
#include "transport.h"

enum {
	FLIGHTS_MAX = 4,
	LIST_MAX = 64,
	KEYS_MAX = 4,
	KEY_MIN_LEN = 24,
	KEY_MAX_LEN = 64,
	SECRET_MAX = 4096,
	CA_MAX = 1 << 20,
};

struct webhook {
	const char *url;
	const char *secret_file;
	const char *ca_file;
	bool allow_http;
	int64_t timeout;
	uint64_t batch;
};

static const struct opt webhook_opts[] = {
	{ "url", OPT_STR, AT(webhook, url), NULL,
	    "where alerts are posted", NULL, true },
	{ "secret_file", OPT_PATH, AT(webhook, secret_file), NULL,
	    "keys to sign with, one whsec_... a line", NULL, false },
	{ "ca_file", OPT_PATH, AT(webhook, ca_file), NULL,
	    "authorities to trust instead of the system's, PEM", NULL, false },
	{ "allow_http", OPT_BOOL, AT(webhook, allow_http), "false",
	    "take a url without TLS", NULL, false },
	{ "timeout", OPT_SPAN, AT(webhook, timeout), "30s",
	    "longest wait for one reply", NULL, false },
	{ "batch", OPT_COUNT, AT(webhook, batch), "1",
	    "most alerts in one request; above 1 they are sent as a list",
	    NULL, false },
	{ 0 }
};

/* What stands for a parcel beside the status that settled it. */
enum { WAITING = 0, FLYING = 1 };

/* One request under way. */
struct flight {
	struct hook *hook;
	bool busy;
	size_t first, count;	/* parcels of the batch */
	struct buf body;
	char id[96];
	char time[64];
	char signature[320];
};

struct key {
	unsigned char bytes[KEY_MAX_LEN];
	size_t len;
};

struct hook {
	const struct webhook *options;
	struct courier_room room;
	struct transport *transport;
	struct buf ca;
	struct key keys[KEYS_MAX];
	size_t key_count;

	const struct parcel *parcels;
	uint64_t seqs[OUTPUT_BATCH_MAX];
	int settled[OUTPUT_BATCH_MAX];	/* HTTP status, WAITING, FLYING */
	size_t count, at;	/* at: the first not told to the courier */
	uint64_t single_until;	/* no lists up to this seq: one was refused */
	struct flight flights[FLIGHTS_MAX];
	size_t flying;

	bool failed;		/* the batch ends when no flight is left */
	enum delivery what;
	int64_t wait;
	char reason[200];
};

static const struct {
	int from, to;
	enum delivery what;
	const char *why;
} verdicts[] = {
	{ 200, 299, DELIVERED, "" },
	{ 300, 399, HELD, ": redirects are not followed" },
	{ 400, 400, REFUSED, "" },
	{ 408, 408, RETRY, "" },
	{ 413, 413, REFUSED, "" },
	{ 422, 422, REFUSED, "" },
	{ 425, 425, RETRY, "" },
	{ 429, 429, RETRY, "" },
	{ 400, 499, HELD, ": check url and secret" },
	{ 500, 599, RETRY, "" },
	{ 0, 999, RETRY, "" },
};

static size_t
verdict_of(int status)
{
	size_t i = 0;

	while (status < verdicts[i].from || status > verdicts[i].to)
		i++;
	return i;
}

static void pump(struct hook *h);

/* --- one request ---------------------------------------------------------- */

static void
add_data(struct jsonw *w, const struct parcel *p)
{
	if (p->body.len > 0)
		jsonw_raw(w, p->body);
	else
		jsonw_null(w);	/* erased since */
}

static void
write_body(struct flight *f, const struct parcel *p)
{
	bool list = f->hook->options->batch > 1;
	struct jsonw w = { .out = &f->body };
	struct buf type = { 0 };

	buf_fmt(&type, "%s%s.created", kind_name(p->kind), list ? "s" : "");
	buf_clear(&f->body);
	jsonw_object(&w);
	jsonw_pair(&w, "type", buf_slice(&type));
	jsonw_key(&w, S("timestamp"));
	jsonw_time(&w, p->time);
	jsonw_key(&w, S("data"));
	if (list)
		jsonw_array(&w);
	for (size_t i = 0; i < f->count; i++)
		add_data(&w, &p[i]);
	if (list)
		jsonw_array_end(&w);
	jsonw_object_end(&w);
	buf_free(&type);
}

/* The same at each attempt with the same parcels. */
static void
write_id(const struct hook *h, const struct parcel *p, size_t count,
    struct buf *out)
{
	struct slice ids[LIST_MAX];
	struct digest d;

	if (h->options->batch <= 1) {
		buf_hex(out, p->id);
		return;
	}
	for (size_t i = 0; i < count; i++)
		ids[i] = p[i].id;
	d = digest_of(ids, count);
	buf_hex(out, slice_head(digest_slice(&d), ID_LEN));
}

static void
sign(struct flight *f, struct slice id, struct slice time)
{
	struct slice parts[] = { id, S("."), time, S("."),
		buf_slice(&f->body) };
	struct buf b = { 0 };

	for (size_t i = 0; i < f->hook->key_count; i++) {
		const struct key *k = &f->hook->keys[i];
		struct digest d = digest_hmac(slice_bytes(k->bytes, k->len),
		    parts, COUNT(parts));

		buf_str(&b, i == 0 ? "webhook-signature: v1," : " v1,");
		base64_add(&b, digest_slice(&d));
	}
	slice_to_cstr(buf_slice(&b), f->signature, sizeof(f->signature));
	buf_free(&b);
}

static void
prepare(struct flight *f, const struct parcel *p)
{
	struct buf id = { 0 }, time = { 0 };

	write_body(f, p);
	write_id(f->hook, p, f->count, &id);
	buf_u64(&time, (uint64_t)(when_now() / SECOND));
	snprintf(f->id, sizeof(f->id), "webhook-id: %s", buf_cstr(&id));
	snprintf(f->time, sizeof(f->time), "webhook-timestamp: %s",
	    buf_cstr(&time));
	f->signature[0] = '\0';
	sign(f, buf_slice(&id), buf_slice(&time));
	buf_free(&id);
	buf_free(&time);
}

static void
settle(struct flight *f, int status)
{
	struct hook *h = f->hook;

	for (size_t i = f->first; i < f->first + f->count; i++)
		h->settled[i] = status;
}

static void
fail(struct hook *h, enum delivery what, int64_t wait, const char *reason)
{
	if (!h->failed || what == HELD) {
		h->what = what;
		slice_to_cstr(slice_of(reason), h->reason, sizeof(h->reason));
	}
	h->failed = true;
	if (h->wait < wait)
		h->wait = wait;
}

static void
judge(struct flight *f, const struct transport_reply *reply)
{
	size_t verdict = verdict_of(reply->status);
	enum delivery what = verdicts[verdict].what;
	struct hook *h = f->hook;
	char reason[160];

	if (reply->status == 0) {
		fail(h, reply->untrusted ? HELD : RETRY, 0, reply->error);
		settle(f, WAITING);
		return;
	}
	if (what == DELIVERED || (what == REFUSED && f->count == 1)) {
		settle(f, reply->status);
		return;
	}
	settle(f, WAITING);
	if (what == REFUSED) {
		/* One of them is bad; which, shows when each goes alone. */
		h->single_until = h->seqs[f->first + f->count - 1];
		return;
	}
	snprintf(reason, sizeof(reason), "HTTP %d%s", reply->status,
	    verdicts[verdict].why);
	fail(h, what, reply->retry_after, reason);
}

static void
answered(void *arg, const struct transport_reply *reply)
{
	struct flight *f = arg;

	f->busy = false;
	f->hook->flying--;
	judge(f, reply);
	pump(f->hook);
}

static void
post(struct flight *f)
{
	struct hook *h = f->hook;
	const char *headers[8] = { "Content-Type: application/json",
		"User-Agent: vedette/" PACKAGE_VERSION, "Expect:",
		f->id, f->time };
	struct transport_request r = {
		.url = h->options->url,
		.headers = headers,
		.ca = buf_slice(&h->ca),
		.timeout = h->options->timeout,
		.allow_http = h->options->allow_http,
		.done = answered,
		.arg = f,
	};
	struct err err;

	prepare(f, h->parcels + f->first);
	if (f->signature[0] != '\0')
		headers[5] = f->signature;
	r.body = buf_slice(&f->body);
	if (transport_post(h->transport, &r, &err) == -1) {
		fail(h, HELD, 0, err.text);
		return;
	}
	settle(f, FLYING);
	f->busy = true;
	h->flying++;
}

/* --- a batch -------------------------------------------------------------- */

/* How many from a parcel on may go in one request. */
static size_t
run_length(const struct hook *h, size_t from)
{
	size_t most = h->options->batch, n = 1;

	if (h->seqs[from] <= h->single_until)
		return 1;
	while (n < most && from + n < h->count &&
	    h->settled[from + n] == WAITING &&
	    h->parcels[from + n].kind == h->parcels[from].kind)
		n++;
	return n;
}

/* The next parcels that wait, into a free flight; false when there are none. */
static bool
take_off(struct hook *h, struct flight *f)
{
	size_t i = h->at;

	while (i < h->count && h->settled[i] != WAITING)
		i++;
	if (i == h->count)
		return false;
	f->first = i;
	f->count = run_length(h, i);
	post(f);
	return true;
}

static void
account(struct hook *h)
{
	while (h->at < h->count && h->settled[h->at] > FLYING) {
		int status = h->settled[h->at++];
		char reason[32];

		snprintf(reason, sizeof(reason), "HTTP %d", status);
		h->room.done(h->room.owner, 1,
		    verdicts[verdict_of(status)].what, 0, reason);
	}
}

static void
pump(struct hook *h)
{
	for (size_t i = 0; i < FLIGHTS_MAX && !h->failed; i++)
		if (!h->flights[i].busy && !take_off(h, &h->flights[i]))
			break;
	account(h);
	if (h->failed && h->flying == 0)
		h->room.done(h->room.owner, 0, h->what, h->wait, h->reason);
}

/*
 * What comes after a failure is the rest of the batch before; what of it is
 * settled already stays so.
 */
static void
carry_over(struct hook *h, const struct parcel *parcels, size_t count)
{
	size_t old = h->at;

	for (size_t i = 0; i < count; i++) {
		int settled = WAITING;

		while (old < h->count && h->seqs[old] < parcels[i].seq)
			old++;
		if (old < h->count && h->seqs[old] == parcels[i].seq)
			settled = h->settled[old];
		/* old never lies before i, so nothing unread is overwritten. */
		h->settled[i] = settled;
		h->seqs[i] = parcels[i].seq;
	}
	h->count = count;
	h->at = 0;
}

static void
webhook_send(void *state, const struct parcel *parcels, size_t count)
{
	struct hook *h = state;

	carry_over(h, parcels, count);
	h->parcels = parcels;
	h->failed = false;
	h->wait = 0;
	pump(h);
}

/* --- start and end -------------------------------------------------------- */

static int
add_key(struct hook *h, struct slice line, unsigned number, struct err *err)
{
	struct buf bytes = { 0 };
	int ret = -1;

	if (h->key_count == KEYS_MAX)
		return err_set(err, "secret_file: more than %d keys",
		    KEYS_MAX);
	if (!slice_skip(&line, S("whsec_")) ||
	    base64_decode(&bytes, line) == -1 ||
	    bytes.len < KEY_MIN_LEN || bytes.len > KEY_MAX_LEN) {
		err_set(err, "secret_file: line %u is not whsec_ and 24 to 64 "
		    "bytes in base64", number);
	} else {
		struct key *k = &h->keys[h->key_count++];

		memcpy(k->bytes, bytes.p, bytes.len);
		k->len = bytes.len;
		ret = 0;
	}
	if (bytes.p != NULL)
		explicit_bzero(bytes.p, bytes.cap);
	buf_free(&bytes);
	return ret;
}

static int
add_keys(struct hook *h, struct slice text, struct err *err)
{
	struct slice line;
	unsigned number = 0;

	while (text.len > 0) {
		if (!slice_cut(&text, '\n', &line)) {
			line = text;
			text.len = 0;
		}
		number++;
		line = slice_trim(line);
		if (line.len == 0 || line.p[0] == '#')
			continue;
		if (add_key(h, line, number, err) == -1)
			return -1;
	}
	return h->key_count > 0 ? 0 : err_set(err, "secret_file: no key");
}

/* Reads what the supervisor opened for us. */
static int
read_opened(int fd, const char *name, struct buf *b, size_t max,
    struct err *err)
{
	int ret;

	if (fd == -1)
		return err_set(err, "%s: cannot be opened", name);
	ret = read_fd(fd, b, max);
	return ret == 0 ? 0 : err_sys(err, "%s", name);
}

static int
read_files(struct hook *h, const int *fds, struct err *err)
{
	struct buf secret = { 0 };
	size_t at = 0;
	int ret = 0;

	if (h->options->secret_file != NULL) {
		ret = read_opened(fds[at++], h->options->secret_file, &secret,
		    SECRET_MAX, err);
		if (ret == 0)
			ret = add_keys(h, buf_slice(&secret), err);
		if (secret.p != NULL)
			explicit_bzero(secret.p, secret.cap);
		buf_free(&secret);
	}
	if (ret == 0 && h->options->ca_file != NULL)
		ret = read_opened(fds[at], h->options->ca_file, &h->ca,
		    CA_MAX, err);
	return ret;
}

static void
webhook_stop(void *state)
{
	struct hook *h = state;

	transport_free(h->transport);
	for (size_t i = 0; i < FLIGHTS_MAX; i++)
		buf_free(&h->flights[i].body);
	explicit_bzero(h->keys, sizeof(h->keys));
	buf_free(&h->ca);
	free(h);
}

static void *
webhook_start(const void *options, const int *fds, size_t fd_count,
    const struct courier_room *room, struct err *err)
{
	struct hook *h = xcalloc(1, sizeof(*h));
	int ret;

	h->options = options;
	h->room = *room;
	for (size_t i = 0; i < FLIGHTS_MAX; i++)
		h->flights[i].hook = h;
	ret = read_files(h, fds, err);
	for (size_t i = 0; i < fd_count; i++)
		if (fds[i] != -1)
			close(fds[i]);
	if (ret == 0)
		h->transport = transport_new(room->loop, err);
	if (h->transport == NULL) {
		webhook_stop(h);
		return NULL;
	}
	return h;
}

static void
webhook_needs(const void *options, void (*need)(void *arg, const char *path,
    bool append), void *arg)
{
	const struct webhook *o = options;

	if (o->secret_file != NULL)
		need(arg, o->secret_file, false);
	if (o->ca_file != NULL)
		need(arg, o->ca_file, false);
}

static bool
is_printable(struct slice s)
{
	for (size_t i = 0; i < s.len; i++)
		if (s.p[i] <= ' ' || s.p[i] >= 0x7f)
			return false;
	return true;
}

static int
webhook_check(const void *options, const struct node *at, struct diag *d)
{
	const struct webhook *o = options;
	struct slice url = slice_of(o->url);
	bool secure = slice_skip(&url, S("https://"));
	int ret = 0;

	if (!secure && !slice_skip(&url, S("http://")))
		ret = node_error(d, node_get(at, "url"),
		    "url must begin with https://");
	else if (!secure && !o->allow_http)
		ret = node_error(d, node_get(at, "url"),
		    "url without TLS: use https://, or say allow_http: true");
	else if (url.len == 0 || !is_printable(url))
		ret = node_error(d, node_get(at, "url"),
		    "url: a host must follow, and no blanks");
	if (o->batch < 1 || o->batch > LIST_MAX)
		ret = node_error(d, node_get(at, "batch"),
		    "batch must be 1 to %d", LIST_MAX);
	if (o->timeout < SECOND || o->timeout > 5 * MINUTE)
		ret = node_error(d, node_get(at, "timeout"),
		    "timeout must be 1s to 5m");
	return ret;
}

const struct output out_webhook = {
	.name = "webhook",
	.options = webhook_opts,
	.options_size = sizeof(struct webhook),
	.batch = OUTPUT_BATCH_MAX,
	.check = webhook_check,
	.needs = webhook_needs,
	.start = webhook_start,
	.send = webhook_send,
	.stop = webhook_stop,
};
