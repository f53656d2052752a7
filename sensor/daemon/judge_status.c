/*
 * What status tells; ask.h names the members.
 */
#include <unistd.h>

#include "base/when.h"
#include "daemon/judge.h"

enum { MUTES_TOLD = 100 };

struct degraded {
	const char *texts[16];
	size_t count;
};

static void
degrade(struct degraded *d, const char *text)
{
	if (d->count < COUNT(d->texts))
		d->texts[d->count++] = text;
}

static void
add_inputs(struct judge *j, struct jsonw *w, struct degraded *d)
{
	jsonw_key(w, S("inputs"));
	jsonw_array(w);
	for (size_t i = 0; i < j->input_count; i++) {
		const struct judge_input *in = &j->inputs[i];

		jsonw_object(w);
		jsonw_pair(w, "name", slice_of(in->type->name));
		jsonw_pair(w, "state", in->lost ? S("LOST") : S("ok"));
		jsonw_pair_int(w, "records", (int64_t)in->records);
		jsonw_pair_int(w, "gaps", (int64_t)in->gaps);
		jsonw_pair(w, "detail", slice_of(in->notice));
		jsonw_object_end(w);
		if (in->lost)
			degrade(d, "an input was lost");
		if (in->notice[0] != '\0')
			degrade(d, "an input leaves something unread");
	}
	jsonw_array_end(w);
	if (j->input_count == 0)
		degrade(d, "there is no input");
}

static void
add_output(struct judge *j, struct jsonw *w, const struct judge_output *o)
{
	uint64_t waiting = 0;
	struct err err;

	store_waiting(j->store, o->cursor, (enum level)o->config->level,
	    &waiting, &err);
	jsonw_object(w);
	jsonw_pair(w, "name", slice_of(o->config->name));
	jsonw_pair(w, "type", slice_of(o->config->type->name));
	jsonw_pair(w, "state", o->up ? S("ok") : S("DOWN"));
	jsonw_pair_int(w, "cursor", (int64_t)o->cursor);
	jsonw_pair_int(w, "waiting", (int64_t)waiting);
	jsonw_pair_int(w, "since", o->since);
	jsonw_pair(w, "reason", o->up ? S("") : slice_of(o->reason));
	jsonw_object_end(w);
}

static void
add_outputs(struct judge *j, struct jsonw *w, struct degraded *d)
{
	jsonw_key(w, S("outputs"));
	jsonw_array(w);
	for (size_t i = 0; i < j->output_count; i++) {
		add_output(j, w, &j->outputs[i]);
		if (!j->outputs[i].up)
			degrade(d, "an output is down");
	}
	jsonw_array_end(w);
}

static void
add_mute(struct jsonw *w, const struct rule_info *rule, const struct mute *m)
{
	jsonw_object(w);
	jsonw_pair(w, "id", rule->id);
	jsonw_pair(w, "title", rule->title);
	if (m->key.len > 0)
		jsonw_pair(w, "key", m->key);
	jsonw_pair_int(w, "until", m->until);
	jsonw_pair(w, "by", m->by);
	jsonw_pair(w, "reason", m->reason);
	jsonw_object_end(w);
}

static void
add_mutes(struct judge *j, struct jsonw *w)
{
	int64_t now = when_now();
	size_t told = 0;

	jsonw_key(w, S("muted"));
	jsonw_array(w);
	for (size_t i = 0; i < ruleset_count(j->det.rules); i++) {
		struct rule_view v = ruleset_view(j->det.rules, i);

		for (const struct mute *m = v.mute; m != NULL; m = m->next)
			if (now < m->until && told++ < MUTES_TOLD)
				add_mute(w, &v.info, m);
	}
	jsonw_array_end(w);
}

static void
add_rules(struct judge *j, struct jsonw *w, struct degraded *d)
{
	size_t n = ruleset_count(j->det.rules);
	uint64_t aborted = 0, stopped = 0;
	struct buf text = { 0 };

	for (size_t i = 0; i < n; i++) {
		struct rule_view rule = ruleset_view(j->det.rules, i);

		aborted += rule.aborted;
		stopped += rule.stopped;
	}
	buf_fmt(&text, "ruleset %.12s", j->ruleset);
	if (aborted > 0)
		buf_fmt(&text, ", %llu matches aborted at their limit",
		    (unsigned long long)aborted);
	if (stopped > 0)
		buf_fmt(&text, ", %llu rules switched off: too slow",
		    (unsigned long long)stopped);
	jsonw_key(w, S("rules"));
	jsonw_object(w);
	jsonw_pair_int(w, "loaded", (int64_t)n);
	jsonw_pair_int(w, "aborted", (int64_t)aborted);
	jsonw_pair_int(w, "stopped", (int64_t)stopped);
	jsonw_pair(w, "detail", buf_slice(&text));
	add_mutes(j, w);
	if (judge_memory_status(j, w))
		degrade(d, "rules had to forget what they had counted, "
		    "alerts may be missing");
	jsonw_object_end(w);
	buf_free(&text);
	if (n == 0)
		degrade(d, "there are no rules");
	if (j->refused.len > 0)
		degrade(d, "the rules were refused at the start; the last "
		    "good ones are in force (vedette check says why)");
	if (stopped > 0)
		degrade(d, "rules are switched off, they are too slow");
}

static void
add_roles(struct judge *j, struct jsonw *w)
{
	jsonw_key(w, S("roles"));
	jsonw_array(w);
	jsonw_object(w);
	jsonw_pair(w, "name", S("judge"));
	jsonw_pair_int(w, "pid", getpid());
	jsonw_object_end(w);
	jsonw_array_end(w);
	(void)j;
}

void
judge_status(void *owner, struct jsonw *w)
{
	struct judge *j = owner;
	struct decode_counts counts = decoders_counts(j->det.decoders);
	struct degraded d = { 0 };

	jsonw_pair(w, "version", S(PACKAGE_VERSION));
	jsonw_pair_int(w, "started", j->started);
	add_roles(j, w);
	add_inputs(j, w, &d);
	add_rules(j, w, &d);
	add_outputs(j, w, &d);
	jsonw_key(w, S("sandbox"));
	jsonw_object(w);
	jsonw_pair(w, "level", buf_slice(&j->sandbox));
	jsonw_object_end(w);
	jsonw_key(w, S("decode"));
	jsonw_object(w);
	jsonw_pair_int(w, "records", (int64_t)counts.records);
	jsonw_pair_int(w, "understood", (int64_t)counts.understood);
	jsonw_pair_int(w, "aborted", (int64_t)counts.aborted);
	jsonw_pair_int(w, "quarantined", (int64_t)j->quarantined);
	jsonw_object_end(w);
	if (j->full)
		degrade(&d, "the journal can't be written, nothing is read");
	else if (store_is_tight(j->store))
		degrade(&d, "the disk is nearly full: the journal has no "
		    "reserve");
	jsonw_key(w, S("degraded"));
	jsonw_array(w);
	for (size_t i = 0; i < d.count; i++)
		jsonw_str(w, slice_of(d.texts[i]));
	jsonw_array_end(w);
}
