/*
 * Fields of a journal entry. Those that begin with an underscore journald has
 * from the kernel; the others, SYSLOG_IDENTIFIER among them, are what the
 * client says. Both are kept, so that a rule can tell a forged name.
 */
#include "base/when.h"
#include "decode/cursor.h"
#include "decode/decode.h"

/* What the frame is made of; the last one given wins within a kind. */
enum part {
	P_NONE,
	P_MESSAGE,
	P_IDENTIFIER,
	P_COMM,
	P_PID,
	P_SYSLOG_PID,
	P_REALTIME,
	P_SOURCE_REALTIME,
	P_COUNT,
};

struct known {
	struct slice name;
	enum part part;
	int field;	/* -1: none */
	bool number;
};

static const struct known known[] = {
	{ SLICE("MESSAGE"), P_MESSAGE, F_MESSAGE, false },
	{ SLICE("SYSLOG_IDENTIFIER"), P_IDENTIFIER, -1, false },
	{ SLICE("_COMM"), P_COMM, F_JOURNALD_COMM, false },
	{ SLICE("_PID"), P_PID, -1, false },
	{ SLICE("SYSLOG_PID"), P_SYSLOG_PID, -1, false },
	{ SLICE("__REALTIME_TIMESTAMP"), P_REALTIME, -1, false },
	{ SLICE("_SOURCE_REALTIME_TIMESTAMP"), P_SOURCE_REALTIME, -1, false },
	{ SLICE("_UID"), P_NONE, F_JOURNALD_UID, false },
	{ SLICE("_EXE"), P_NONE, F_PROCESS_EXECUTABLE, false },
	{ SLICE("_CMDLINE"), P_NONE, F_PROCESS_COMMAND_LINE, false },
	{ SLICE("_SYSTEMD_UNIT"), P_NONE, F_SYSTEMD_UNIT, false },
	{ SLICE("_HOSTNAME"), P_NONE, F_HOST_HOSTNAME, false },
	{ SLICE("_TRANSPORT"), P_NONE, F_TRANSPORT, false },
	{ SLICE("PRIORITY"), P_NONE, F_SYSLOG_SEVERITY, true },
	{ SLICE("SYSLOG_FACILITY"), P_NONE, F_SYSLOG_FACILITY, true },
};

static const struct known *
find(struct slice name)
{
	for (size_t i = 0; i < COUNT(known); i++)
		if (slice_eq(known[i].name, name))
			return &known[i];
	return NULL;
}

/* The next "NAME=value"; false at the end or when the lengths are wrong. */
static bool
take_field(struct slice *rest, struct slice *name, struct slice *value)
{
	uint32_t len;

	if (rest->len < sizeof(len))
		return false;
	memcpy(&len, rest->p, sizeof(len));
	*rest = slice_from(*rest, sizeof(len));
	if (len > rest->len)
		return false;
	*value = slice_head(*rest, len);
	*rest = slice_from(*rest, len);
	return slice_cut(value, '=', name);
}

static void
take_one(struct decode_frame *frame, struct event *ev, struct slice *parts,
    struct slice name, struct slice value)
{
	const struct known *k = find(name);
	int field = schema_find(frame->schema, name);

	if (field >= 0)
		event_add(ev, field, VALUE_STRING, value);
	if (k == NULL)
		return;
	if (k->part != P_NONE && parts[k->part].p == NULL)
		parts[k->part] = value;
	if (k->part == P_MESSAGE)
		cursor_blanks(&value);
	/* Clients write what they like where a number is due. */
	if (k->number && decode_number(value) == VALUE_STRING)
		return;
	if (k->field >= 0)
		event_add(ev, k->field, k->number ? decode_number(value) :
		    VALUE_STRING, value);
}

static struct slice
either(const struct slice *parts, enum part first, enum part second)
{
	return parts[first].len > 0 ? parts[first] : parts[second];
}

static void
set_time(struct event *ev, struct slice text)
{
	uint64_t when;

	if (slice_to_u64(text, &when) == -1 || when == 0 ||
	    when > (uint64_t)ev->received)
		return;
	ev->time = (int64_t)when;
}

static bool
decode(struct decode_frame *frame, struct event *ev, struct decoded *out)
{
	struct slice rest = ev->record->bytes, name, value, pid;
	struct slice parts[P_COUNT] = { 0 };

	while (take_field(&rest, &name, &value))
		take_one(frame, ev, parts, name, value);
	out->program = either(parts, P_IDENTIFIER, P_COMM);
	out->message = parts[P_MESSAGE];
	cursor_blanks(&out->message);
	pid = either(parts, P_PID, P_SYSLOG_PID);
	if (out->program.len > 0)
		event_set(ev, F_PROCESS_NAME, out->program);
	if (pid.len > 0 && decode_number(pid) != VALUE_STRING)
		event_set_typed(ev, F_PROCESS_PID, decode_number(pid), pid);
	set_time(ev, either(parts, P_SOURCE_REALTIME, P_REALTIME));
	ev->raw = parts[P_MESSAGE];
	event_source(ev, frame->syslog);
	if (frame->told)
		event_source(ev, frame->other);
	return true;
}

/* Names of journal fields are of these bytes alone. */
static bool
is_name(struct slice s)
{
	for (size_t i = 0; i < s.len; i++)
		if ((s.p[i] < 'A' || s.p[i] > 'Z') && s.p[i] != '_' &&
		    !byte_is_digit(s.p[i]))
			return false;
	return s.len > 0 && !byte_is_digit(s.p[0]);
}

static bool
could(const struct decode_frame *frame, struct event *ev, unsigned n)
{
	if (n > 0)
		return false;
	for (size_t i = 0; i < schema_count(frame->schema); i++)
		if (is_name(schema_name(frame->schema, (int)i)))
			event_set(ev, (int)i, value_any);
	for (size_t i = 0; i < COUNT(known); i++)
		if (known[i].field >= 0)
			event_set(ev, known[i].field, value_any);
	event_set(ev, F_PROCESS_NAME, value_any);
	event_set(ev, F_PROCESS_PID, value_any);
	event_source(ev, frame->syslog);
	return true;
}

const struct decoder dec_journal = {
	.name = "journal",
	.form = FORM_JOURNAL,
	.decode = decode,
	.could = could,
	.speaks = true,
};
