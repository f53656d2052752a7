/*
 * The courier as a role: frames in, frames out, and its seal. What it does
 * with a batch is courier.c's.
 */
#include <libgen.h>
#include <stdlib.h>

#include "base/log.h"
#include "base/pack.h"
#include "base/when.h"
#include "daemon/courier.h"
#include "daemon/plan.h"
#include "daemon/role.h"
#include "daemon/sandbox.h"

struct courier_role {
	struct role_start *start;
	struct loop *loop;
	struct ipc *supervisor, *judge;
	struct courier *courier;
	struct sandbox box;
	int fds[PLAN_SECRETS_MAX];
	bool append[PLAN_SECRETS_MAX];
	size_t needed, given;	/* descriptors; secrets among them */
	size_t secrets;
};

static void
acked(void *owner, size_t output, uint64_t seq)
{
	struct courier_role *r = owner;
	struct buf body = { 0 };

	pack_u32(&body, (uint32_t)output);
	pack_u64(&body, seq);
	ipc_send(r->judge, JUDGE_ACKED, buf_slice(&body), -1);
	buf_free(&body);
}

static void
dead(void *owner, size_t output, uint64_t seq, const char *reason)
{
	struct courier_role *r = owner;
	struct buf body = { 0 };

	pack_u32(&body, (uint32_t)output);
	pack_u64(&body, seq);
	pack_slice(&body, slice_head(slice_of(reason), 1024));
	ipc_send(r->judge, JUDGE_DEAD, buf_slice(&body), -1);
	buf_free(&body);
}

static void
state(void *owner, size_t output, const struct courier_state *now)
{
	struct courier_role *r = owner;
	struct buf body = { 0 }, text = { 0 };

	buf_str(&text, now->reason);
	if (now->now != DELIVERED && now->retry_in > 0)
		buf_fmt(&text, ", retry in %d s",
		    (int)(now->retry_in / SECOND));
	pack_u32(&body, (uint32_t)output);
	pack_u8(&body, (uint8_t)now->now);
	pack_slice(&body, slice_head(buf_slice(&text), 1024));
	ipc_send(r->judge, JUDGE_STATE, buf_slice(&body), -1);
	buf_free(&body);
	buf_free(&text);
}

static void
peer_closed(void *arg, bool lied, const char *why)
{
	struct courier_role *r = arg;

	(void)lied;
	(void)why;
	loop_stop(r->loop);
}

static int
judge_frame(void *arg, unsigned type, struct slice body, int fd)
{
	struct courier_role *r = arg;
	struct unpack u = { body, false };
	size_t output = unpack_u32(&u);
	uint32_t count = unpack_u32(&u);
	struct parcel *parcels;
	int ret;

	(void)fd;
	(void)type;
	if (u.bad || count == 0 || count > body.len / 24)
		return -1;
	parcels = xcalloc(count, sizeof(*parcels));
	for (uint32_t i = 0; i < count; i++) {
		parcels[i].seq = unpack_u64(&u);
		parcels[i].kind = (enum kind)unpack_u32(&u);
		parcels[i].level = (enum level)unpack_u32(&u);
		parcels[i].time = (int64_t)unpack_u64(&u);
		parcels[i].id = unpack_slice(&u);
		parcels[i].body = unpack_slice(&u);
	}
	ret = !unpack_done(&u) ? -1 :
	    courier_batch(r->courier, output, parcels, count);
	free(parcels);
	return ret;
}

static void
need(void *arg, const char *path, bool append)
{
	struct courier_role *r = arg;
	char *copy;

	if (r->needed == PLAN_SECRETS_MAX)
		return;
	r->append[r->needed] = append;
	r->fds[r->needed++] = -1;
	if (!append) {
		r->secrets++;
		return;
	}
	copy = xstrdup(path);
	sandbox_allow(&r->box, dirname(copy), true);
}

/* What libcurl, the resolver and TLS read when they work. */
static void
allow_reading(struct courier_role *r)
{
	static const char *const paths[] = {
		"/etc/resolv.conf", "/etc/hosts", "/etc/nsswitch.conf",
		"/etc/host.conf", "/etc/gai.conf", "/etc/services",
		"/etc/ssl", "/etc/pki", "/etc/ca-certificates", "/usr/lib/ssl",
		"/usr/share/ca-certificates", "/usr/local/share/ca-certificates",
		"/run/systemd/resolve", "/run/resolvconf", "/etc/localtime",
		"/usr/share/zoneinfo",
	};

	for (size_t i = 0; i < COUNT(paths); i++)
		sandbox_allow(&r->box, paths[i], false);
}

static void
begin(struct courier_role *r)
{
	const struct courier_hooks hooks = { r, acked, dead, state };
	struct buf level = { 0 };
	struct err err;

	r->courier = courier_new(r->loop, &r->start->config, r->fds,
	    r->needed, &hooks);
	if (sandbox_seal(&r->box, &level, &err) == -1) {
		ipc_send(r->supervisor, SUP_FAILED, slice_of(err.text), -1);
		loop_stop(r->loop);
	} else {
		ipc_send(r->supervisor, SUP_READY, S(""), -1);
	}
	buf_free(&level);
}

/* The n-th secret is the n-th need that is not an output file. */
static int
take_secret(struct courier_role *r, struct slice body, int fd)
{
	struct unpack u = { body, false };
	uint32_t n = unpack_u32(&u);

	for (size_t i = 0; i < r->needed; i++) {
		if (r->append[i] || n-- > 0)
			continue;
		if (r->fds[i] != -1)
			return -1;
		r->fds[i] = fd;
		r->given++;
		return 0;
	}
	return -1;
}

static int
supervisor_frame(void *arg, unsigned type, struct slice body, int fd)
{
	struct courier_role *r = arg;
	const struct ipc_use use = { frames_to_courier, COURIER_COUNT,
		judge_frame, peer_closed, NULL, r };

	if (type == ROLE_SECRET)
		return take_secret(r, body, fd);
	if (type != ROLE_PEER || r->judge != NULL || r->given < r->secrets)
		return -1;
	r->judge = ipc_new(r->loop, fd, &use);
	begin(r);
	return 0;
}

int
courier_main(struct role_start *start)
{
	struct courier_role r = { .start = start, .loop = start->loop };
	const struct ipc_use use = { frames_to_role, ROLE_COUNT,
		supervisor_frame, peer_closed, NULL, &r };

	r.box.role = ROLE_COURIER;
	r.box.mode = start->config.sandbox;
	allow_reading(&r);
	courier_needs(&start->config, need, &r);
	r.supervisor = ipc_new(r.loop, ROLE_FD, &use);
	loop_run(r.loop);
	courier_free(r.courier);
	ipc_free(r.judge);
	ipc_free(r.supervisor);
	return 0;
}
