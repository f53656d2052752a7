/*
 * A rule that somebody silenced for a while, while the sensor runs.
 */
#include <stdlib.h>

#include "engine/tuning.h"

/* A mute with its texts behind it. */
static struct mute *
copy(const struct mute *m)
{
	size_t len = m->by.len + m->reason.len + m->ticket.len;
	struct mute *out = xcalloc(1, sizeof(*out) + len);
	unsigned char *p = (unsigned char *)(out + 1);
	struct slice *const texts[] = { &out->by, &out->reason,
		&out->ticket };

	*out = *m;
	for (size_t i = 0; i < COUNT(texts); i++) {
		if (texts[i]->len > 0)
			memcpy(p, texts[i]->p, texts[i]->len);
		texts[i]->p = p;
		p += texts[i]->len;
	}
	return out;
}

void
rule_mute(struct rule *r, const struct mute *m)
{
	free(r->mute);
	r->mute = m == NULL ? NULL : copy(m);
}

const struct mute *
rule_muted(const struct rule *r, int64_t now)
{
	return r->mute != NULL && now < r->mute->until ? r->mute : NULL;
}
