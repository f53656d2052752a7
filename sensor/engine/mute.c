/*
 * A rule that somebody silenced for a while, while the sensor runs: whole, or
 * for some keys. Above MUTES_MAX of these the oldest ends before its time.
 */
#include <stdlib.h>

#include "engine/tuning.h"

enum { MUTES_MAX = 64 };

/* A mute with its texts behind it. */
static struct mute *
copy(const struct mute *m)
{
	size_t len = m->key.len + m->by.len + m->reason.len + m->ticket.len;
	struct mute *out = xcalloc(1, sizeof(*out) + len);
	unsigned char *p = (unsigned char *)(out + 1);
	struct slice *const texts[] = { &out->key, &out->by, &out->reason,
		&out->ticket };

	*out = *m;
	out->next = NULL;
	for (size_t i = 0; i < COUNT(texts); i++) {
		if (texts[i]->len > 0)
			memcpy(p, texts[i]->p, texts[i]->len);
		texts[i]->p = p;
		p += texts[i]->len;
	}
	return out;
}

/* Whether a mute is over with a new one, NULL: with the rule. */
static bool
goes(const struct mute *old, const struct mute *m)
{
	if (m == NULL || old->until <= m->since ||
	    (m->key.len == 0 && m->until <= m->since))
		return true;
	return slice_eq_nocase(old->key, m->key);
}

static void
take_out(struct mute **at)
{
	struct mute *m = *at;

	*at = m->next;
	free(m);
}

void
rule_mute(struct rule *r, const struct mute *m)
{
	struct mute **at = &r->mute;
	size_t n = 0;

	while (*at != NULL) {
		if (goes(*at, m)) {
			take_out(at);
			continue;
		}
		at = &(*at)->next;
		n++;
	}
	if (m == NULL || m->until <= m->since)
		return;
	*at = copy(m);
	if (n >= MUTES_MAX)
		take_out(&r->mute);
}

const struct mute *
rule_muted(const struct rule *r, int64_t now)
{
	const struct mute *m = r->mute;

	while (m != NULL && now >= m->until)
		m = m->next;
	return m;
}
