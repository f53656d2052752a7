/*
 * Which events records of a place may become: the same tables are walked that
 * decode them, each branch instead of the one that fits.
 *
 * A file of a name that a format claims holds that format, and one that has a
 * program's name in its path holds that program's own lines. One that
 * sources.yaml names holds such lines or others, or JSON. Any other may hold
 * what it likes, so what is more than a bare message is said with an "if".
 */
#include <stdlib.h>

#include "decode/decoderfile.h"

struct programs {
	struct map *seen;
	struct slice *names;
	size_t count;
};

/* What is being asked for; of one place and one format in it. */
struct asking {
	struct decoders *d;
	struct programs programs;
	struct event *ev;
	struct record record;
	const struct decoder *format;	/* NULL: bare lines */
	struct slice program;
	unsigned kind;		/* of the format's */
	const char *only;
	bool mapped;		/* sources.yaml names the place */
	bool alone;		/* it is the log of one program */
	bool known;		/* it does, or a format does */
	/* Log sources of which files are known count in messages, too. */
	bool homed;
	bool skipped;		/* there was one, and it did not */
	void (*each)(void *arg, const struct prospect *p);
	void *arg;
};

/* Lines of programs' own logs, as if they were a format of text. */
static bool
own_could(const struct decode_frame *frame, struct event *ev, unsigned n)
{
	event_set(ev, F_PROCESS_PID, value_any);
	event_set(ev, F_HOST_HOSTNAME, value_any);
	event_set(ev, F_MESSAGE, value_any);
	event_source(ev, frame->other);
	return n == 0;
}

static const struct decoder own_lines = {
	.name = "own", .form = FORM_TEXT, .could = own_could, .speaks = true,
};

/* --- places -------------------------------------------------------------- */

static bool
is_wild(struct slice path)
{
	for (size_t i = 0; i < path.len; i++)
		if (path.p[i] == '*' || path.p[i] == '?' || path.p[i] == '[')
			return true;
	return false;
}

static struct slice
name_of(struct slice path)
{
	struct slice dir, name;

	return slice_split_last(path, S("/"), &dir, &name) ? name : path;
}

/* Where such logs are by default; elsewhere, unless named, by the same name. */
static bool
claims(const struct decoder *format, struct slice path, bool named)
{
	for (size_t i = 0; format->files != NULL &&
	    format->files[i] != NULL; i++) {
		struct slice file = slice_of(format->files[i]);

		if (decoders_glob(file, path) || (!named &&
		    decoders_glob(name_of(file), name_of(path))))
			return true;
	}
	return false;
}

/* Whether a path with wildcards takes in one of these. */
static bool
may_claim(const struct decoder *format, struct slice path, bool named)
{
	for (size_t i = 0; format->files != NULL &&
	    format->files[i] != NULL; i++)
		if (decoders_meet(path, slice_of(format->files[i])))
			return true;
	return claims(format, path, named);
}

/* By a format that is of many programs, or also by one of one program's. */
static bool
is_claimed(const struct decoders *d, struct slice path, bool nameless)
{
	for (size_t i = 0; d->formats[i] != NULL; i++)
		if (claims(d->formats[i], path, false) &&
		    (nameless || !d->formats[i]->nameless))
			return true;
	return false;
}

/* --- programs ------------------------------------------------------------ */

static void
add_program(void *arg, struct slice name)
{
	struct programs *p = arg;

	if (map_put(p->seen, name, p) != NULL)
		return;
	p->names = xrealloc(p->names, p->count + 1, sizeof(*p->names));
	p->names[p->count++] = name;
}

/* All that somebody names, and one that nobody does. */
static void
find_programs(const struct decoders *d, struct programs *p)
{
	p->seen = map_new();
	add_program(p, value_any);
	for (size_t i = 0; i < d->count; i++)
		for (size_t k = 0; k < d->files[i]->program_count; k++)
			if (!d->files[i]->any)
				add_program(p, d->files[i]->programs[k]);
	sources_programs(d->sources, add_program, p);
}

/* --- events -------------------------------------------------------------- */

/* An event as the frame leaves it; false when there is no such kind. */
static bool
begin(struct asking *a)
{
	const struct decoder *format = a->format;
	struct decode_frame *frame = &a->d->frame;

	event_reset(a->ev, &a->record);
	a->ev->raw = value_any;
	a->record.form = FORM_TEXT;
	if (format == NULL) {
		event_set(a->ev, F_MESSAGE, value_any);
		event_source(a->ev, frame->other);
		return a->kind == 0;
	}
	for (size_t i = 0; a->d->formats[i] != NULL; i++)
		if (a->d->formats[i] == format)
			frame->state = a->d->states[i];
	/* The name of the file tells what an object's fields would. */
	a->record.form = a->alone ? FORM_TEXT : format->form;
	if (!format->could(frame, a->ev, a->kind))
		return false;
	if (format->open)
		sources_needed(a->d->sources, a->ev);
	if (format->speaks && a->program.len > 0)
		event_set(a->ev, F_PROCESS_NAME, a->program);
	return true;
}

static void
tell(struct asking *a, struct slice by)
{
	sources_run(a->d->sources, a->ev);
	/* As percent_run does. */
	if (event_get(a->ev, F_CS_URI_QUERY) != NULL &&
	    event_get(a->ev, F_CS_URI_STEM) == NULL)
		event_set(a->ev, F_CS_URI_STEM, value_any);
	if (a->format != NULL && is_wild(a->program))
		event_set(a->ev, F_PROCESS_NAME, value_any);
	a->each(a->arg, &(struct prospect){ a->ev, by, a->only });
}

static struct slice
name_of_format(const struct asking *a)
{
	return a->format == NULL ? S("message") : slice_of(a->format->name);
}

static bool
takes(const struct decoder_file *f, struct slice program)
{
	for (size_t i = 0; i < f->program_count; i++)
		if (decoders_glob(f->programs[i], program))
			return true;
	return false;
}

/* Whether it is the message of a program, and not in a file of its own. */
static bool
is_framed(const struct asking *a)
{
	return a->format != NULL && a->format != &own_lines &&
	    !a->format->open && !a->format->nameless;
}

static void
add_sources(struct asking *a, const struct decoder_file *f)
{
	for (size_t i = 0; i < f->source_count; i++) {
		if (is_framed(a) && !a->homed &&
		    sources_home(a->d->sources, f->sources[i]))
			a->skipped = true;
		else
			event_source(a->ev, f->sources[i]);
	}
}

/* A program may put its own frame into what it gives to syslog. */
static void
add_own(struct event *ev, const struct decoder_file *f)
{
	for (size_t i = 0; i < f->line_count; i++) {
		const struct pattern *p = &f->lines[i].pattern;

		for (size_t k = 0; k < p->setting_count; k++)
			event_set(ev, p->settings[k].field, value_any);
	}
}

/* By its name alone a program is of the services of all that take it. */
static void
begin_spoken(struct asking *a)
{
	begin(a);
	for (size_t i = 0; i < a->d->count; i++) {
		const struct decoder_file *f = a->d->files[i];

		if (f->any || !takes(f, a->program))
			continue;
		add_sources(a, f);
		add_own(a->ev, f);
	}
}

static bool
is_in(struct slice name, struct slice path)
{
	enum { NAME_LEAST = 3 };

	return name.len >= NAME_LEAST && slice_find(path, name) != SIZE_MAX;
}

/* Whether a path has its name, or that of a program or service, in it. */
static bool
names(const struct asking *a, const struct decoder_file *f)
{
	struct slice path = a->record.source, dir, name;

	/* "auth" in auth.log is no program. */
	if (is_claimed(a->d, path, false) &&
	    slice_split_last(path, S("/"), &dir, &name))
		path = dir;
	for (size_t i = 0; i < f->program_count; i++)
		if (is_in(f->programs[i], path))
			return true;
	for (size_t i = 0; i < f->source_count; i++)
		if (is_in(schema_word_text(a->d->schema,
		    f->sources[i].service), path))
			return true;
	return is_in(f->name, path);
}

/* Whether the events of a decoder of any program come from files of its own. */
static bool
has_files(const struct asking *a, const struct decoder_file *f)
{
	for (size_t i = 0; i < f->source_count; i++)
		if (sources_home(a->d->sources, f->sources[i]))
			return true;
	return false;
}

/*
 * What hangs on it that a decoder of any program sees its lines here: in a
 * file that nobody wrote through syslog they are of whoever has the file.
 */
static const char *
if_any(const struct asking *a, const struct decoder_file *f)
{
	if (a->only != NULL || !f->any || names(a, f))
		return a->only;
	return is_framed(a) && !has_files(a, f) ? NULL : own_lines.name;
}

static void
tell_pattern(struct asking *a, const struct decoder_file *f,
    const struct pattern *p)
{
	begin_spoken(a);
	add_sources(a, f);
	for (size_t i = 0; i < p->setting_count; i++) {
		const struct setting *s = &p->settings[i];

		event_set_typed(a->ev, s->field, s->group == -1 ? s->type :
		    VALUE_STRING, s->group == -1 ? s->text : value_any);
	}
	tell(a, p->name);
}

/* An open format has every field already, whatever a pattern adds. */
static void
tell_file(struct asking *a, const struct decoder_file *f)
{
	bool open = a->format != NULL && a->format->open;
	const char *only = a->only;

	/* Nobody looks there for what other programs say. */
	if (f->any && a->known && !is_framed(a) && !names(a, f))
		return;
	a->only = if_any(a, f);
	for (size_t i = 0; !open && i < f->pattern_count; i++)
		tell_pattern(a, f, &f->patterns[i]);
	if (open && f->any) {
		begin_spoken(a);
		add_sources(a, f);
		tell(a, f->name);
	}
	a->only = only;
}

/* Formats that may stand in the message of another. */
static void
tell_inside(struct asking *a)
{
	const char *only = a->only;

	for (size_t i = 0; a->d->formats[i] != NULL; i++) {
		const struct decoder *f = a->d->formats[i];

		if (f->inside == NULL || f == a->format)
			continue;
		begin_spoken(a);
		f->could(&a->d->frame, a->ev, 0);
		a->only = only != NULL ? only : f->name;
		tell(a, slice_of(f->name));
	}
	a->only = only;
}

static void
tell_program(struct asking *a)
{
	begin_spoken(a);
	tell(a, name_of_format(a));
	if (a->format != NULL)
		tell_inside(a);
	for (size_t i = 0; i < a->d->count; i++)
		if (a->d->files[i]->any || takes(a->d->files[i], a->program))
			tell_file(a, a->d->files[i]);
}

/*
 * What goes to files of its own as a rule goes to syslog only if somebody
 * wants it so: sure is what is said without it.
 */
static void
tell_programs(struct asking *a)
{
	const char *only = a->only;

	for (size_t i = 0; i < a->programs.count; i++) {
		a->program = a->programs.names[i];
		a->homed = only != NULL;
		a->skipped = false;
		tell_program(a);
		if (!a->skipped)
			continue;
		a->homed = true;
		a->only = own_lines.name;
		tell_program(a);
		a->only = only;
	}
}

/* NULL: bare lines, which are of no program. */
static void
tell_format(struct asking *a, const struct decoder *format, const char *only)
{
	a->format = format;
	a->only = only;
	a->program = S("");
	for (a->kind = 0; begin(a); a->kind++) {
		if (format == NULL || format->nameless)
			tell_program(a);
		else if (format->speaks)
			tell_programs(a);
		else
			tell(a, name_of_format(a));
		a->program = S("");
	}
}

/* The log of one program, which sources.yaml knows. */
static void
tell_alone(struct asking *a, const struct decoder *format)
{
	a->format = format;
	a->only = format != NULL ? format->name : NULL;
	a->program = S("");
	a->kind = 0;
	a->alone = true;
	begin(a);
	tell(a, name_of_format(a));
	a->alone = false;
	for (size_t i = 0; format == NULL && i < a->d->count; i++)
		if (a->d->files[i]->any && names(a, a->d->files[i]))
			tell_file(a, a->d->files[i]);
}

static void
tell_formats(struct asking *a, enum record_form form, bool sure)
{
	for (size_t i = 0; a->d->formats[i] != NULL; i++) {
		const struct decoder *f = a->d->formats[i];

		if (f->form == form && f->could != NULL)
			tell_format(a, f, sure ? NULL : f->name);
	}
}

/* --- programs' own lines ------------------------------------------------- */

static void
tell_own_as(struct asking *a, const struct decoder *format, const char *only)
{
	a->format = format;
	a->only = only;
	tell_program(a);
}

/* Its own lines may be JSON, too. */
static void
tell_own_lines(struct asking *a, bool sure)
{
	tell_own_as(a, &own_lines, sure ? NULL : own_lines.name);
	a->alone = true;
	for (size_t i = 0; sure && a->d->formats[i] != NULL; i++)
		if (a->d->formats[i]->form == FORM_JSON)
			tell_own_as(a, a->d->formats[i],
			    a->d->formats[i]->name);
	a->alone = false;
}

static void
tell_own(struct asking *a, bool known)
{
	a->kind = 0;
	for (size_t i = 0; i < a->d->count; i++) {
		const struct decoder_file *f = a->d->files[i];
		bool sure = names(a, f);

		if (f->line_count == 0 || (known && !sure))
			continue;
		a->program = f->programs[0];
		tell_own_lines(a, sure);
	}
}

/* --- files --------------------------------------------------------------- */

static void
tell_claims(struct asking *a)
{
	for (size_t i = 0; a->d->formats[i] != NULL; i++)
		if (may_claim(a->d->formats[i], a->record.source, a->mapped))
			tell_format(a, a->d->formats[i], NULL);
}

static void
find_mapped(void *arg, struct slice file)
{
	struct asking *a = arg;

	a->mapped |= decoders_glob(file, a->record.source);
}

/* What a path with wildcards and a mapping's have in common is the latter. */
static void
tell_mapped(void *arg, struct slice file)
{
	struct asking *a = arg;
	struct slice path = a->record.source;
	bool whole = decoders_glob(file, path);

	if (!whole && !decoders_meet(path, file))
		return;
	a->record.source = whole ? path : file;
	tell_alone(a, NULL);
	for (size_t i = 0; a->d->formats[i] != NULL; i++)
		if (a->d->formats[i]->form == FORM_JSON)
			tell_alone(a, a->d->formats[i]);
	tell_own(a, true);
	a->record.source = path;
}

static void
tell_file_records(struct asking *a)
{
	sources_files(a->d->sources, find_mapped, a);
	a->known = a->mapped || is_claimed(a->d, a->record.source, true);
	tell_claims(a);
	sources_files(a->d->sources, tell_mapped, a);
	tell_own(a, a->known);
	if (a->known)
		return;
	tell_format(a, NULL, NULL);
	tell_formats(a, FORM_TEXT, false);
	tell_formats(a, FORM_JSON, false);
}

void
decoders_prospects(struct decoders *d, const struct decode_place *from,
    void (*each)(void *arg, const struct prospect *p), void *arg)
{
	struct asking a = {
		.d = d, .ev = event_new(d->schema), .each = each, .arg = arg,
		.record = { .form = from->form, .source = from->source },
	};

	find_programs(d, &a.programs);
	if (from->form == FORM_TEXT)
		tell_file_records(&a);
	else
		tell_formats(&a, from->form, true);
	map_free(a.programs.seen);
	free(a.programs.names);
	event_free(a.ev);
}

struct telling {
	void (*each)(void *arg, const struct decode_place *place);
	void *arg;
};

static void
tell_place(void *arg, struct slice file)
{
	struct telling *t = arg;

	t->each(t->arg, &(struct decode_place){ FORM_TEXT, file });
}

void
decoders_places(struct decoders *d,
    void (*each)(void *arg, const struct decode_place *place), void *arg)
{
	struct telling t = { each, arg };

	for (size_t i = 0; d->formats[i] != NULL; i++) {
		const struct decoder *f = d->formats[i];
		struct slice file;

		if (f->form == FORM_JOURNAL)
			each(arg, &(struct decode_place){ f->form,
			    S("journal") });
		if (f->files == NULL)
			continue;
		file = slice_of(f->files[0]);
		if (slice_find_byte(file, '*') + 1 == file.len)
			file.len--;
		tell_place(&t, file);
	}
	sources_files(d->sources, tell_place, &t);
}
