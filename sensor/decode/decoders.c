/*
 * Runs the format decoders over a record and the pattern decoders over its
 * message. Nothing here is malloc'ed per record.
 */
#include <stdlib.h>

#include "decode/cursor.h"
#include "decode/decoderfile.h"
#include "decode/percent.h"
#include "decode/stamp.h"

const char *const decode_records[] = {
	"login", "logout", "privilege", "account", "group", "password",
	"package", "service", "change", NULL
};

enum value_type
decode_number(struct slice text)
{
	if (text.len == 0 || text.len > 18 ||
	    (text.p[0] == '0' && text.len > 1))
		return VALUE_STRING;
	for (size_t i = 0; i < text.len; i++)
		if (!byte_is_digit(text.p[i]))
			return VALUE_STRING;
	return VALUE_NUMBER;
}

static size_t
count_formats(const struct decoders *d)
{
	size_t n = 0;

	while (d->formats[n] != NULL)
		n++;
	return n;
}

struct decoders *
decoders_new(struct schema *s, const struct decoder *const *formats)
{
	struct decoders *d = xcalloc(1, sizeof(*d));

	d->schema = s;
	d->formats = formats;
	d->arena = arena_new(0);
	d->routes = map_new();
	d->sources = sources_new(s, d->arena);
	d->state = regex_state_new();
	d->frame.schema = s;
	d->frame.syslog.product = (uint16_t)schema_word(s, S("linux"));
	d->frame.syslog.service = (uint16_t)schema_word(s, S("syslog"));
	d->frame.other.product = d->frame.syslog.product;
	d->frame.web.category = (uint16_t)schema_word(s, S("webserver"));
	d->states = xcalloc(count_formats(d), sizeof(*d->states));
	for (size_t i = 0; formats[i] != NULL; i++)
		if (formats[i]->start != NULL)
			d->states[i] = formats[i]->start(s);
	return d;
}

static void
forget_routes(struct decoders *d)
{
	struct slice name;
	void *route;

	for (size_t at = 0; map_next(d->routes, &at, &name, &route);) {
		free(((struct route *)route)->files);
		free(route);
	}
	map_free(d->routes);
	free(d->loose.files);
	free(d->any.files);
	d->loose = d->any = (struct route){ 0 };
}

void
decoders_free(struct decoders *d)
{
	if (d == NULL)
		return;
	forget_routes(d);
	for (size_t i = 0; i < d->count; i++)
		for (size_t j = 0; j < d->files[i]->pattern_count; j++)
			regex_free(d->files[i]->patterns[j].regex);
	for (size_t i = 0; i < d->count; i++)
		for (size_t j = 0; j < d->files[i]->line_count; j++)
			regex_free(d->files[i]->lines[j].pattern.regex);
	free(d->files);
	for (size_t i = 0; d->formats[i] != NULL; i++)
		if (d->states[i] != NULL)
			d->formats[i]->stop(d->states[i]);
	free(d->states);
	regex_state_free(d->state);
	sources_free(d->sources);
	arena_free(d->arena);
	free(d);
}

void
decoders_latest(struct decoders *d, int64_t latest)
{
	d->frame.latest = latest;
}

void
decoders_source(struct decoders *d, struct logsource source)
{
	d->frame.other = source;
	d->frame.told = true;
}

struct decode_counts
decoders_counts(const struct decoders *d)
{
	return d->counts;
}

bool
decoders_glob(struct slice pattern, struct slice s)
{
	struct slice retry = S(""), from = S("");
	bool star = false;

	while (s.len > 0) {
		if (pattern.len > 0 && pattern.p[0] == '*') {
			retry = pattern = slice_from(pattern, 1);
			from = s;
			star = true;
		} else if (pattern.len > 0 && pattern.p[0] == s.p[0]) {
			pattern = slice_from(pattern, 1);
			s = slice_from(s, 1);
		} else if (star) {
			pattern = retry;
			s = from = slice_from(from, 1);
		} else
			return false;
	}
	while (slice_skip(&pattern, S("*")))
		;
	return pattern.len == 0;
}

static bool
is_glob(struct slice name)
{
	return slice_find_byte(name, '*') != SIZE_MAX;
}

/* Whether one of the decoder's names, exact or glob, is this program. */
static bool
takes(const struct decoder_file *f, struct slice program)
{
	for (size_t i = 0; i < f->program_count; i++)
		if (decoders_glob(f->programs[i], program))
			return true;
	return false;
}

static void
route_add(struct route *r, const struct decoder_file *f)
{
	r->files = xrealloc(r->files, r->count + 1, sizeof(*r->files));
	r->files[r->count++] = f;
}

/* A program that some decoder names: all that take it, then those of "*". */
static void
add_route(struct decoders *d, struct slice program)
{
	struct route *r;

	if (is_glob(program) || map_get(d->routes, program) != NULL)
		return;
	r = xcalloc(1, sizeof(*r));
	for (size_t i = 0; i < d->count; i++)
		if (!d->files[i]->any &&
		    takes(d->files[i], program))
			route_add(r, d->files[i]);
	for (size_t i = 0; i < d->any.count; i++)
		route_add(r, d->any.files[i]);
	map_put(d->routes, program, r);
}

static bool
has_glob(const struct decoder_file *f)
{
	for (size_t i = 0; i < f->program_count; i++)
		if (is_glob(f->programs[i]))
			return true;
	return false;
}

void
decoders_route(struct decoders *d)
{
	forget_routes(d);
	d->routes = map_new();
	for (size_t i = 0; i < d->count; i++) {
		const struct decoder_file *f = d->files[i];

		if (f->any)
			route_add(&d->any, f);
		else if (has_glob(f))
			route_add(&d->loose, f);
	}
	for (size_t i = 0; i < d->count; i++)
		for (size_t j = 0; j < d->files[i]->program_count; j++)
			add_route(d, d->files[i]->programs[j]);
}

static void
set_field(struct event *ev, const struct setting *s,
    const struct regex_state *st, struct slice message)
{
	struct slice text;

	if (s->group == -1)
		event_set_typed(ev, s->field, s->type, s->text);
	else if (regex_group(st, message, (unsigned)s->group, &text))
		event_set_typed(ev, s->field, s->number ?
		    decode_number(text) : VALUE_STRING, text);
}

void
decoders_set(struct decoders *d, struct event *ev, const struct pattern *p,
    struct slice message)
{
	for (size_t i = 0; i < p->setting_count; i++)
		set_field(ev, &p->settings[i], d->state, message);
}

bool
decoders_takes(struct decoders *d, const struct pattern *p,
    struct slice message)
{
	enum regex_result result;

	if (!slice_starts(message, p->prefix))
		return false;
	result = regex_match(p->regex, d->state, message);
	d->counts.aborted += result == REGEX_ABORTED;
	return result == REGEX_YES;
}

static void
add_sources(struct event *ev, const struct decoder_file *f)
{
	for (size_t i = 0; i < f->source_count; i++)
		event_source(ev, f->sources[i]);
}

static const struct pattern *
match_file(struct decoders *d, const struct decoder_file *f, struct event *ev,
    struct slice message)
{
	const struct pattern *const *next;

	message = ownlines_inside(d, f, ev, message);
	next = f->starting[message.len > 0 ? message.p[0] : UCHAR_MAX + 1];
	for (; *next != NULL; next++) {
		const struct pattern *p = *next;

		if (!decoders_takes(d, p, message))
			continue;
		decoders_set(d, ev, p, message);
		ev->decoder = p->name;
		ev->kept = p->kept;
		return p;
	}
	return NULL;
}

/*
 * Decoders of every program know no program's stamp, which some write within
 * another frame, too.
 */
static struct slice
unstamped(struct decoders *d, struct slice message)
{
	struct slice rest = message;
	int64_t when;

	if (!stamp_own(&rest, &d->frame.zone, &when))
		return message;
	cursor_blanks(&rest);
	return rest;
}

/*
 * The service is known from the program's name alone, so that rules on
 * keywords see the messages that no pattern knows. "*" is no name.
 */
static const struct pattern *
match_route(struct decoders *d, const struct route *r, struct event *ev,
    const struct decoded *in)
{
	const struct pattern *found = NULL;
	struct slice bare = { 0 };

	for (size_t i = 0; i < r->count; i++) {
		const struct decoder_file *f = r->files[i];

		if (!f->any)
			add_sources(ev, f);
		if (found != NULL)
			continue;
		if (f->any && bare.p == NULL)
			bare = unstamped(d, in->message);
		found = match_file(d, f, ev, f->any ? bare : in->message);
		if (found != NULL && f->any)
			add_sources(ev, f);
	}
	return found;
}

/* A program that no decoder names exactly. */
static const struct pattern *
match_other(struct decoders *d, struct event *ev, const struct decoded *in)
{
	const struct pattern *found;

	for (size_t i = 0; i < d->loose.count; i++) {
		const struct route one = { &d->loose.files[i], 1 };

		if (!takes(d->loose.files[i], in->program))
			continue;
		found = match_route(d, &one, ev, in);
		if (found != NULL)
			return found;
	}
	return match_route(d, &d->any, ev, in);
}

const struct pattern *
decoders_match(struct decoders *d, struct event *ev, const struct decoded *in)
{
	const struct route *r = map_get(d->routes, in->program);

	if (r != NULL)
		return match_route(d, r, ev, in);
	return match_other(d, ev, in);
}

/* Formats that stand in the message of the one that took the record. */
static void
look_inside(struct decoders *d, struct event *ev, struct decoded *out)
{
	for (size_t i = 0; d->formats[i] != NULL; i++)
		if (out->message.p != NULL && d->formats[i]->inside != NULL)
			d->formats[i]->inside(&d->frame, ev, out);
}

static bool
frame_format(struct decoders *d, struct event *ev, struct decoded *out)
{
	for (size_t i = 0; d->formats[i] != NULL; i++) {
		if (d->formats[i]->form != ev->record->form)
			continue;
		d->frame.state = d->states[i];
		if (!d->formats[i]->decode(&d->frame, ev, out))
			continue;
		d->merging |= d->formats[i]->merged != NULL;
		if (ev->record->form != FORM_JSON || out->program.len > 0)
			look_inside(d, ev, out);
		return true;
	}
	return false;
}

bool
decoders_merging(const struct decoders *d)
{
	return d->merging;
}

bool
decoders_merged(struct decoders *d, struct event *ev, bool all)
{
	for (size_t i = 0; (all || d->merging) && d->formats[i] != NULL;
	    i++) {
		d->frame.state = d->states[i];
		if (d->formats[i]->merged == NULL ||
		    !d->formats[i]->merged(&d->frame, ev, all))
			continue;
		sources_run(d->sources, ev);
		return true;
	}
	d->merging = false;
	return false;
}

/*
 * A whole line of syslog as the message of a JSON object, as shippers send it
 * that do not parse. The time of the object is the better one.
 */
static void
frame_inside(struct decoders *d, struct event *ev, struct decoded *out)
{
	const struct record *outer = ev->record;
	struct record inner = *outer;
	int64_t when = ev->time;

	inner.form = FORM_TEXT;
	inner.bytes = out->message;
	ev->record = &inner;
	frame_format(d, ev, out);
	ev->record = outer;
	ev->raw = S("");
	if (when != ev->received)
		ev->time = when;
}

/*
 * A line of a program's own log is known by its look: as it is, as what a
 * format makes no program of, and as the message of a JSON object.
 */
static bool
frame_own(struct decoders *d, struct event *ev, struct decoded *out)
{
	if (out->program.len > 0 && !out->loose)
		return false;
	if (ownlines_take(d, ev, ev->record->bytes, out))
		return true;
	return ev->record->form == FORM_JSON && out->message.p != NULL &&
	    ownlines_take(d, ev, out->message, out);
}

bool
decoders_frame(struct decoders *d, struct event *ev, struct decoded *out)
{
	bool framed = frame_format(d, ev, out);

	/* A format that leaves nothing to patterns has said who it is. */
	if (framed && ev->decoder.len > 0)
		return true;
	if (frame_own(d, ev, out))
		return true;
	if (framed && ev->record->form == FORM_JSON &&
	    out->program.len == 0 && out->message.p != NULL)
		frame_inside(d, ev, out);
	return framed;
}

/* No format knows it: all of it is the message. */
static void
bare(struct decoders *d, struct event *ev, struct decoded *out)
{
	struct slice line = ev->record->bytes;

	d->counts.bare++;
	ev->raw = line;
	if (line.len > 0 && line.p[line.len - 1] == '\r')
		line.len--;
	event_set(ev, F_MESSAGE, line);
	event_source(ev, d->frame.other);
	out->message = line;
}

void
decoders_map(struct decoders *d, const char *path, struct diag *diag)
{
	sources_load(d->sources, path, diag);
}

void
decoders_bind(struct decoders *d)
{
	sources_bind(d->sources);
}

bool
decoders_name(const struct decoders *d, struct slice field)
{
	return sources_name(d->sources, field);
}

void
decoders_echo(struct decoders *d, const char *program)
{
	if (d->echo_count < DECODERS_ECHOES_MAX)
		d->echoes[d->echo_count++] = program;
}

static bool
is_echo(const struct decoders *d, const struct event *ev,
    const struct decoded *got)
{
	if (ev->record->form == FORM_JSON || got->program.len == 0)
		return false;
	for (size_t i = 0; i < d->echo_count; i++)
		if (slice_eq(got->program, slice_of(d->echoes[i])))
			return true;
	return false;
}

void
decoders_run(struct decoders *d, struct event *ev)
{
	struct decoded got = { 0 };

	d->counts.records++;
	if (!decoders_frame(d, ev, &got))
		bare(d, ev, &got);
	ev->echo = is_echo(d, ev, &got);
	if (got.message.p != NULL && decoders_match(d, ev, &got) != NULL)
		d->counts.understood++;
	sources_run(d->sources, ev);
	percent_run(ev);
	if (ev->truncated)
		d->counts.truncated++;
}
