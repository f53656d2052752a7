/*
 * Which events records of a place may become: the same tables are walked that
 * decode them, each branch instead of the one that fits.
 *
 * A file of a name that a format claims holds that format, and one that has a
 * program's name in its path holds that program's own lines. One that
 * sources.yaml names holds such lines or others, or JSON. Any other may hold
 * what it likes, so what is more than a bare message is said with an "if".
 */
#include <limits.h>
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

/* --- globs that have a path in common ----------------------------------------- */

/* One step of a glob: bytes that stand for themselves, or more than these. */
struct step {
	enum { STEP_BYTE, STEP_ONE, STEP_RUN, STEP_DEEP } type;
	unsigned char byte;
};

/* A shell's wildcards stop at slashes; ours have only '*', which does not. */
static size_t
steps_read(struct slice glob, bool shell, struct step *out)
{
	size_t n = 0;

	for (size_t i = 0; i < glob.len; i++) {
		unsigned char c = glob.p[i];
		struct slice rest = slice_from(glob, i + 1);

		out[n] = (struct step){ STEP_BYTE, c };
		if (c == '*')
			out[n].type = shell ? STEP_RUN : STEP_DEEP;
		else if (shell && c == '?')
			out[n].type = STEP_ONE;
		else if (shell && c == '\\' && rest.len > 0)
			out[n].byte = glob.p[++i];
		else if (shell && c == '[' && rest.len > 0 &&
		    slice_find_byte(slice_from(rest, 1), ']') != SIZE_MAX) {
			out[n].type = STEP_ONE;
			i += 2 + slice_find_byte(slice_from(rest, 1), ']');
		}
		n++;
	}
	return n;
}

static bool
is_run(const struct step *s)
{
	return s->type == STEP_RUN || s->type == STEP_DEEP;
}

/* Whether some byte is right for both. */
static bool
agree(const struct step *a, const struct step *b)
{
	if (a->type == STEP_BYTE && b->type == STEP_BYTE)
		return a->byte == b->byte;
	if (a->type == STEP_BYTE)
		return b->type == STEP_DEEP || a->byte != '/';
	return b->type != STEP_BYTE || a->type == STEP_DEEP || b->byte != '/';
}

/*
 * Row i of a table that says whether the first i steps of one and the first k
 * of the other have a text in common; gives what it says of the next row.
 */
static void
meet_row(const struct step *a, const struct step *b, size_t count,
    bool *here, bool *next)
{
	for (size_t k = 0; k <= count; k++) {
		if (!here[k])
			continue;
		if (k < count && is_run(&b[k]))
			here[k + 1] = true;
		if (a == NULL)
			continue;
		next[k] |= is_run(a);
		if (k == count || !agree(a, &b[k]))
			continue;
		next[k] |= is_run(&b[k]);
		here[k + 1] |= is_run(a);
		next[k + 1] |= !is_run(a) && !is_run(&b[k]);
	}
}

/* Whether a path may match both, the first of which is a shell's. */
static bool
meet(struct slice shell, struct slice ours)
{
	struct step *a, *b;
	size_t na, nb;
	bool *rows, found;

	/* No path is longer. */
	if (shell.len > PATH_MAX || ours.len > PATH_MAX)
		return false;
	a = xcalloc(shell.len + 1, sizeof(*a));
	b = xcalloc(ours.len + 1, sizeof(*b));
	na = steps_read(shell, true, a);
	nb = steps_read(ours, false, b);
	rows = xcalloc((na + 2) * (nb + 2), sizeof(*rows));
	rows[0] = true;
	for (size_t i = 0; i <= na; i++)
		meet_row(i < na ? &a[i] : NULL, b, nb, rows + i * (nb + 2),
		    rows + (i + 1) * (nb + 2));
	found = rows[na * (nb + 2) + nb];
	free(a);
	free(b);
	free(rows);
	return found;
}

/* --- places ------------------------------------------------------------------- */

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

/* Whether all files of a path, maybe with wildcards, are of the format. */
static bool
claims(const struct decoder *format, struct slice path)
{
	for (size_t i = 0; format->files != NULL &&
	    format->files[i] != NULL; i++)
		if (decoders_glob(name_of(slice_of(format->files[i])),
		    name_of(path)))
			return true;
	return false;
}

/* Whether one of them may be, where such logs are by default. */
static bool
may_claim(const struct decoder *format, struct slice path)
{
	for (size_t i = 0; format->files != NULL &&
	    format->files[i] != NULL; i++)
		if (meet(path, slice_of(format->files[i])))
			return true;
	return claims(format, path);
}

static bool
is_claimed(const struct decoders *d, struct slice path)
{
	for (size_t i = 0; d->formats[i] != NULL; i++)
		if (claims(d->formats[i], path))
			return true;
	return false;
}

/* --- programs ----------------------------------------------------------------- */

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

/* --- events ------------------------------------------------------------------- */

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
	a->record.form = format->form;
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

static void
add_sources(struct event *ev, const struct decoder_file *f)
{
	for (size_t i = 0; i < f->source_count; i++)
		event_source(ev, f->sources[i]);
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
		add_sources(a->ev, f);
		add_own(a->ev, f);
	}
}

static void
tell_pattern(struct asking *a, const struct decoder_file *f,
    const struct pattern *p)
{
	begin_spoken(a);
	add_sources(a->ev, f);
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

	for (size_t i = 0; !open && i < f->pattern_count; i++)
		tell_pattern(a, f, &f->patterns[i]);
	if (!open || !f->any)
		return;
	begin_spoken(a);
	add_sources(a->ev, f);
	tell(a, f->name);
}

static void
tell_program(struct asking *a)
{
	begin_spoken(a);
	tell(a, name_of_format(a));
	for (size_t i = 0; i < a->d->count; i++)
		if (a->d->files[i]->any || takes(a->d->files[i], a->program))
			tell_file(a, a->d->files[i]);
}

static void
tell_programs(struct asking *a)
{
	for (size_t i = 0; i < a->programs.count; i++) {
		a->program = a->programs.names[i];
		tell_program(a);
	}
}

/* What may stand in the messages of a format that speaks, if it does. */
static void
tell_inside(struct asking *a)
{
	const struct decoder *outer = a->format;
	const char *only = a->only;

	for (size_t i = 0; a->d->formats[i] != NULL; i++) {
		const struct decoder *f = a->d->formats[i];

		if (f->inside == NULL || f->could == NULL)
			continue;
		a->format = f;
		a->only = f->name;
		a->kind = 0;
		if (begin(a))
			tell(a, slice_of(f->name));
	}
	a->format = outer;
	a->only = only;
}

/* NULL: bare lines, which are of no program. */
static void
tell_format(struct asking *a, const struct decoder *format, const char *only)
{
	a->format = format;
	a->only = only;
	a->program = S("");
	for (a->kind = 0; begin(a); a->kind++) {
		if (a->alone || (format != NULL && !format->speaks))
			tell(a, name_of_format(a));
		else if (format == NULL)
			tell_program(a);
		else
			tell_programs(a);
		a->program = S("");
		if (a->alone)
			return;
	}
	if (format != NULL && format->speaks)
		tell_inside(a);
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

/* --- programs' own lines ------------------------------------------------------ */

/* Whether a path has the name of one of its programs in it. */
static bool
names(const struct decoder_file *f, struct slice path)
{
	enum { NAME_LEAST = 3 };

	for (size_t i = 0; i < f->program_count; i++)
		if (f->programs[i].len >= NAME_LEAST &&
		    slice_find(path, f->programs[i]) != SIZE_MAX)
			return true;
	return f->name.len >= NAME_LEAST &&
	    slice_find(path, f->name) != SIZE_MAX;
}

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
	for (size_t i = 0; sure && a->d->formats[i] != NULL; i++)
		if (a->d->formats[i]->form == FORM_JSON)
			tell_own_as(a, a->d->formats[i],
			    a->d->formats[i]->name);
}

static void
tell_own(struct asking *a, bool known)
{
	struct slice path = a->record.source, dir, name;

	/* "auth" in auth.log is no program. */
	if (is_claimed(a->d, path) &&
	    slice_split_last(path, S("/"), &dir, &name))
		path = dir;
	a->kind = 0;
	for (size_t i = 0; i < a->d->count; i++) {
		const struct decoder_file *f = a->d->files[i];
		bool sure = names(f, path);

		if (f->line_count == 0 || (known && !sure))
			continue;
		a->program = f->programs[0];
		tell_own_lines(a, sure);
	}
}

/* --- files -------------------------------------------------------------------- */

static void
tell_claims(struct asking *a)
{
	for (size_t i = 0; a->d->formats[i] != NULL; i++)
		if (may_claim(a->d->formats[i], a->record.source))
			tell_format(a, a->d->formats[i], NULL);
}

/*
 * What a path with wildcards and a mapping's have in common is the latter.
 * Nobody looks there for what other programs say.
 */
static void
tell_mapped(void *arg, struct slice file)
{
	struct asking *a = arg;
	struct slice path = a->record.source;
	bool whole = decoders_glob(file, path);

	if (!whole && !meet(path, file))
		return;
	a->record.source = whole ? path : file;
	a->alone = true;
	tell_format(a, NULL, NULL);
	tell_formats(a, FORM_JSON, false);
	a->alone = false;
	tell_own(a, true);
	a->record.source = path;
	a->mapped |= whole;
}

static void
tell_file_records(struct asking *a)
{
	bool known;

	tell_claims(a);
	sources_files(a->d->sources, tell_mapped, a);
	known = a->mapped || is_claimed(a->d, a->record.source);
	tell_own(a, known);
	if (known)
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
		while (slice_ends(file, S("*")))
			file.len--;
		tell_place(&t, file);
	}
	sources_files(d->sources, tell_place, &t);
}
