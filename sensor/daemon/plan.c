#include "daemon/plan.h"

#include <stdlib.h>

#include "base/pack.h"

static void
need(void *arg, const char *path, bool append)
{
	struct plan *p = arg;

	if (!append && p->secret_count < PLAN_SECRETS_MAX)
		p->secrets[p->secret_count++] = xstrdup(path);
}

void
plan_make(struct plan *p, const struct config *c)
{
	*p = (struct plan){ 0 };
	slice_to_cstr(slice_of(c->state), p->state, sizeof(p->state));
	slice_to_cstr(slice_of(c->run), p->run, sizeof(p->run));
	for (size_t i = 0; i < c->input_count; i++)
		p->roles |= 1u << role_of_input(c->inputs[i].type);
	if (c->output_count > 0)
		p->roles |= 1u << ROLE_COURIER;
	for (size_t i = 0; i < c->output_count; i++)
		if (c->outputs[i].type->needs != NULL)
			c->outputs[i].type->needs(c->outputs[i].options, need,
			    p);
}

void
plan_pack(const struct plan *p, struct buf *out)
{
	pack_slice(out, slice_of(p->state));
	pack_slice(out, slice_of(p->run));
	pack_u32(out, p->roles);
	pack_u32(out, (uint32_t)p->secret_count);
	for (size_t i = 0; i < p->secret_count; i++)
		pack_slice(out, slice_of(p->secrets[i]));
}

int
plan_unpack(struct plan *p, struct slice body)
{
	struct unpack u = { body, false };
	uint32_t count;

	*p = (struct plan){ 0 };
	slice_to_cstr(unpack_slice(&u), p->state, sizeof(p->state));
	slice_to_cstr(unpack_slice(&u), p->run, sizeof(p->run));
	p->roles = unpack_u32(&u);
	count = unpack_u32(&u);
	if (u.bad || count > PLAN_SECRETS_MAX)
		return -1;
	while (p->secret_count < count)
		p->secrets[p->secret_count++] = xslicedup(unpack_slice(&u));
	if (!unpack_done(&u) || p->roles >= 1u << ROLE_KINDS ||
	    p->state[0] != '/' || p->run[0] != '/')
		return -1;
	return 0;
}

void
plan_free(struct plan *p)
{
	for (size_t i = 0; i < p->secret_count; i++)
		free(p->secrets[i]);
	p->secret_count = 0;
}
