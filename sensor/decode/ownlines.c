/*
 * Lines of programs' own logs, as decoders describe them under "lines". Who
 * writes such a line is known by its look alone, so it counts only where no
 * frame has told the program.
 */
#include "decode/cursor.h"
#include "decode/decoderfile.h"
#include "decode/stamp.h"

static bool
takes(struct decoders *d, const struct ownline *own, struct slice line)
{
	return line.len > 0 && own->starts[line.p[0]] &&
	    decoders_takes(d, &own->pattern, line);
}

/* False: the group took no part. */
static bool
group(const struct decoders *d, int n, struct slice line, struct slice *out)
{
	return n != -1 && regex_group(d->state, line, (unsigned)n, out);
}

static void
set_time(struct decoders *d, const struct ownline *own, struct event *ev,
    struct slice line)
{
	int64_t latest = d->frame.latest != 0 ? d->frame.latest :
	    ev->received + DAY, when;
	struct slice text;

	if (group(d, own->time, line, &text) &&
	    stamp_any(&text, &d->frame.zone, latest, &when))
		ev->time = when < ev->received ? when : ev->received;
}

/* What a format has set before of a line that it took for its own goes. */
static void
set_fields(struct decoders *d, const struct ownline *own, struct event *ev,
    struct slice line, const struct decoded *out)
{
	struct slice pid = S(""), host = S("");

	if (group(d, own->pid, line, &pid) ||
	    event_get(ev, F_PROCESS_PID) != NULL)
		event_set_typed(ev, F_PROCESS_PID, pid.len == 0 ? VALUE_NULL :
		    decode_number(pid), pid);
	if (group(d, own->host, line, &host) ||
	    event_get(ev, F_HOST_HOSTNAME) != NULL)
		event_set_typed(ev, F_HOST_HOSTNAME, host.len == 0 ?
		    VALUE_NULL : VALUE_STRING, host);
	event_set(ev, F_PROCESS_NAME, out->program);
	event_set(ev, F_MESSAGE, out->message);
	decoders_set(d, ev, &own->pattern, line);
}

static const struct ownline *
find(struct decoders *d, struct slice line, const struct decoder_file **file)
{
	for (size_t i = 0; i < d->count; i++) {
		*file = d->files[i];
		for (size_t n = 0; n < (*file)->line_count; n++)
			if (takes(d, &(*file)->lines[n], line))
				return &(*file)->lines[n];
	}
	return NULL;
}

bool
ownlines_take(struct decoders *d, struct event *ev, struct slice line,
    struct decoded *out)
{
	const struct decoder_file *file;
	const struct ownline *own;

	if (line.len > 0 && line.p[line.len - 1] == '\r')
		line.len--;
	own = find(d, line, &file);
	if (own == NULL)
		return false;
	out->program = file->programs[0];
	if (!group(d, own->message, line, &out->message))
		out->message = line;
	if (ev->record->form == FORM_TEXT)
		ev->raw = ev->record->bytes;
	set_time(d, own, ev, line);
	set_fields(d, own, ev, line, out);
	event_source(ev, d->frame.other);
	return true;
}

struct slice
ownlines_inside(struct decoders *d, const struct decoder_file *f,
    struct event *ev, struct slice message)
{
	struct slice inside;

	for (size_t i = 0; i < f->line_count; i++) {
		const struct ownline *own = &f->lines[i];

		if (!takes(d, own, message))
			continue;
		decoders_set(d, ev, &own->pattern, message);
		return group(d, own->message, message, &inside) ? inside :
		    message;
	}
	return message;
}
