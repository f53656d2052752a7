/*
 * The kernel's audit, as auditd writes it to audit.log. Each record is an
 * event of product linux, service auditd, with the names of the ENRICHED
 * format: type, SYSCALL and syscall, a0..., name, exe, key.
 *
 * What starts a program gives one more event, of category process_creation:
 * its records taken together, in Sigma's own names. Image has the path that
 * was asked for beside that of the file that ran: /bin/sh is dash here.
 *
 * In a raw log only numbers stand for users: this host's names may be others
 * than those of the host that wrote it. 0 is root everywhere.
 */
#include <stdlib.h>

#include "base/digest.h"
#include "decode/auditgroup.h"
#include "decode/cursor.h"
#include "decode/decode.h"
#include "decode/syscall.h"

enum name {
	N_TYPE, N_ARCH, N_SYSCALL, N_IMAGE, N_COMMAND_LINE, N_DIRECTORY,
	N_USER, N_LOGON, N_PID, N_PPID, N_COUNT
};
static const struct slice names[N_COUNT] = {
	[N_TYPE] = SLICE("type"),
	[N_ARCH] = SLICE("ARCH"),
	[N_SYSCALL] = SLICE("SYSCALL"),
	[N_IMAGE] = SLICE("Image"),
	[N_COMMAND_LINE] = SLICE("CommandLine"),
	[N_DIRECTORY] = SLICE("CurrentDirectory"),
	[N_USER] = SLICE("User"),
	[N_LOGON] = SLICE("LogonId"),
	[N_PID] = SLICE("ProcessId"),
	[N_PPID] = SLICE("ParentProcessId"),
};

/* What other decoders set too, by audit's name; the first of a record. */
static const struct {
	struct slice key;
	int field;
} common[] = {
	{ SLICE("pid"), F_PROCESS_PID },
	{ SLICE("comm"), F_PROCESS_NAME },
	{ SLICE("exe"), F_PROCESS_EXECUTABLE },
	{ SLICE("uid"), F_USER_ID },
	{ SLICE("acct"), F_USER_NAME },
	{ SLICE("addr"), F_SOURCE_IP },
};

struct audit {
	int fields[N_COUNT];
	struct logsource auditd, process;
	struct auditgroups *groups;
};

static void *
start(struct schema *s)
{
	struct audit *a = xcalloc(1, sizeof(*a));

	for (size_t i = 0; i < N_COUNT; i++)
		a->fields[i] = schema_field(s, names[i]);
	a->auditd.product = a->process.product =
	    (uint16_t)schema_word(s, S("linux"));
	a->auditd.service = (uint16_t)schema_word(s, S("auditd"));
	a->process.category = (uint16_t)schema_word(s, S("process_creation"));
	a->groups = auditgroups_new();
	return a;
}

static void
stop(void *state)
{
	struct audit *a = state;

	auditgroups_free(a->groups);
	free(a);
}

static void
set(const struct audit *a, struct event *ev, enum name n, struct slice text)
{
	if (a->fields[n] != -1 && text.len > 0)
		event_set(ev, a->fields[n], text);
}

/* What stands for nothing. */
static bool
is_unset(struct slice value)
{
	return value.len == 0 || slice_eq(value, S("?")) ||
	    slice_eq(value, S("(null)")) || slice_eq(value, S("(none)"));
}

static enum value_type
type_of(const struct auditpair *pair)
{
	return pair->quoted || pair->decoded ? VALUE_STRING :
	    decode_number(pair->value);
}

static void
add_common(struct event *ev, const struct auditpair *pair)
{
	for (size_t i = 0; i < COUNT(common); i++) {
		if (!slice_eq(pair->key, common[i].key))
			continue;
		if (event_get(ev, common[i].field) == NULL &&
		    !is_unset(pair->value))
			event_set_typed(ev, common[i].field, type_of(pair),
			    pair->value);
		return;
	}
}

/* Several keys of one rule stand behind each other, a byte 1 between. */
static void
add_keys(struct event *ev, int field, struct slice value)
{
	struct slice key;

	while (slice_cut(&value, 1, &key))
		event_add(ev, field, VALUE_STRING, key);
	event_add(ev, field, VALUE_STRING, value);
}

/* Only keywords look at what no rule names; what was hex is not in the line. */
static void
add_pair(struct event *ev, const struct auditpair *pair)
{
	int field = schema_find(ev->schema, pair->key);

	add_common(ev, pair);
	if (field == -1) {
		if (pair->decoded)
			event_other(ev, pair->value);
	} else if (slice_eq(pair->key, S("key")) && pair->decoded)
		add_keys(ev, field, pair->value);
	else
		event_add(ev, field, type_of(pair), pair->value);
}

/* An argument of which pieces have come: a1[0]=... a1[1]=... */
struct whole {
	uint64_t number;
	struct slice text;
};

/* The pieces of one argument lie behind each other. */
static void
take_piece(struct whole *w, uint64_t n, struct slice piece)
{
	if (w->text.len > 0 && w->number == n &&
	    w->text.p + w->text.len == piece.p) {
		w->text.len += piece.len;
		return;
	}
	w->number = n;
	w->text = piece;
}

/* False: it is no piece, but a pair like any other. */
static bool
add_piece(struct event *ev, const struct auditpair *pair, struct whole *w)
{
	struct slice name;
	uint64_t n;
	int field;

	if (!auditline_piece(pair->key, &name, &n))
		return false;
	take_piece(w, n, pair->value);
	field = schema_find(ev->schema, name);
	if (field != -1)
		event_set(ev, field, w->text);
	else
		event_other(ev, pair->value);
	return true;
}

/* The token of an architecture is a number in hex. */
static uint64_t
arch_of(struct slice hex)
{
	unsigned char b[4];

	if (hex.len != 2 * sizeof(b) || hex_decode(hex, b, sizeof(b)) == -1)
		return 0;
	return (uint64_t)b[0] << 24 | (uint64_t)b[1] << 16 |
	    (uint64_t)b[2] << 8 | b[3];
}

/* A system call in numbers, as a SYSCALL has it. */
struct call {
	struct slice arch, number;
};

/* Names it; whether it starts a program. */
static bool
name_call(const struct audit *a, struct event *ev, const struct call *call)
{
	uint64_t token = arch_of(call->arch), n;
	struct slice name;

	if (slice_to_u64(call->number, &n) == -1)
		return false;
	name = syscall_name(token, n);
	if (event_get(ev, a->fields[N_SYSCALL]) == NULL)
		set(a, ev, N_SYSCALL, name);
	if (event_get(ev, a->fields[N_ARCH]) == NULL)
		set(a, ev, N_ARCH, syscall_arch(token));
	return slice_eq(name, S("execve")) || slice_eq(name, S("execveat"));
}

static struct call
add_pairs(struct event *ev, const struct auditline *line)
{
	struct auditwalk walk = auditwalk_begin(line, ev->arena);
	struct call call = { 0 };
	struct auditpair pair;
	struct whole whole = { 0 };

	while (auditwalk_next(&walk, &pair)) {
		if (walk.args && add_piece(ev, &pair, &whole))
			continue;
		add_pair(ev, &pair);
		if (slice_eq(pair.key, S("arch")))
			call.arch = pair.value;
		else if (slice_eq(pair.key, S("syscall")))
			call.number = pair.value;
	}
	ev->truncated |= auditwalk_full(&walk);
	return call;
}

/*
 * Keys of records are in lower case, but for those of names that auditd adds
 * behind: UID, SYSCALL, ARCH.
 */
static bool
is_key(struct slice s)
{
	bool lower = false, upper = false;

	for (size_t i = 0; i < s.len; i++) {
		lower |= s.p[i] >= 'a' && s.p[i] <= 'z';
		upper |= s.p[i] >= 'A' && s.p[i] <= 'Z';
		if (s.p[i] == '.')
			return false;
	}
	return lower != upper;
}

static void
could_record(const struct decode_frame *frame, struct event *ev)
{
	const struct audit *a = frame->state;

	for (size_t i = 0; i < schema_count(frame->schema); i++)
		if (is_key(schema_name(frame->schema, (int)i)))
			event_set(ev, (int)i, value_any);
	for (size_t i = 0; i < COUNT(common); i++)
		event_set(ev, common[i].field, value_any);
	event_set(ev, F_HOST_HOSTNAME, value_any);
	event_source(ev, a->auditd);
}

static const struct {
	enum name name;
	int field;	/* that other decoders set too; -1: none */
} of_start[] = {
	{ N_IMAGE, -1 }, { N_COMMAND_LINE, -1 }, { N_DIRECTORY, -1 },
	{ N_USER, F_USER_NAME }, { N_LOGON, F_USER_ID },
	{ N_PID, F_PROCESS_PID }, { N_PPID, -1 },
};

static void
could_start(const struct decode_frame *frame, struct event *ev)
{
	const struct audit *a = frame->state;

	for (size_t i = 0; i < COUNT(of_start); i++) {
		if (a->fields[of_start[i].name] != -1)
			event_set(ev, a->fields[of_start[i].name], value_any);
		if (of_start[i].field != -1)
			event_set(ev, of_start[i].field, value_any);
	}
	event_set(ev, F_PROCESS_NAME, value_any);
	event_set(ev, F_HOST_HOSTNAME, value_any);
	event_source(ev, a->process);
}

static bool
could(const struct decode_frame *frame, struct event *ev, unsigned n)
{
	static void (*const kinds[])(const struct decode_frame *frame,
	    struct event *ev) = { could_record, could_start };

	if (n < COUNT(kinds))
		kinds[n](frame, ev);
	return n < COUNT(kinds);
}

static bool
decode(struct decode_frame *frame, struct event *ev, struct decoded *out)
{
	struct audit *a = frame->state;
	struct auditline line;
	struct call call;
	bool begins = false;

	(void)out;
	if (!auditline_read(ev->record->bytes, &line))
		return false;
	ev->raw = ev->record->bytes;
	ev->time = line.time < ev->received ? line.time : ev->received;
	event_source(ev, a->auditd);
	if (frame->told)
		event_source(ev, frame->other);
	set(a, ev, N_TYPE, line.type);
	if (line.node.len > 0)
		event_set(ev, F_HOST_HOSTNAME, line.node);
	call = add_pairs(ev, &line);
	if (slice_eq(line.type, S("SYSCALL")))
		begins = name_call(a, ev, &call);
	auditgroups_add(a->groups, ev->record, &line, begins);
	return true;
}

/* The start of a program, as its records tell of it one after the other. */
struct start {
	struct event *ev;
	struct slice exe, path, cwd, pid, ppid, uid, user, comm;
	unsigned char *args;	/* of the arena: room for all of them */
	size_t args_len;
	bool begun;
	uint64_t last;		/* argument that args ends with */
};

static void
take_syscall(struct start *p, const struct auditpair *pair)
{
	const struct {
		struct slice key;
		struct slice *to;
	} rows[] = {
		{ SLICE("exe"), &p->exe }, { SLICE("pid"), &p->pid },
		{ SLICE("ppid"), &p->ppid }, { SLICE("uid"), &p->uid },
		{ SLICE("UID"), &p->user }, { SLICE("comm"), &p->comm },
	};

	for (size_t i = 0; i < COUNT(rows); i++)
		if (slice_eq(pair->key, rows[i].key) && !is_unset(pair->value))
			*rows[i].to = pair->value;
}

static void
take_arg(struct start *p, const struct auditpair *pair)
{
	uint64_t n;

	if (!auditline_arg(pair->key, &n) || p->args == NULL)
		return;
	if (p->begun && n != p->last)
		p->args[p->args_len++] = ' ';
	p->begun = true;
	p->last = n;
	if (pair->value.len > 0)
		memcpy(p->args + p->args_len, pair->value.p, pair->value.len);
	p->args_len += pair->value.len;
}

static void
take_cwd(struct start *p, const struct auditpair *pair)
{
	if (slice_eq(pair->key, S("cwd")))
		p->cwd = pair->value;
}

/* Item 0 is what was asked for; the others are its interpreters. */
static void
take_path(struct start *p, const struct auditpair *pair)
{
	if (slice_eq(pair->key, S("name")) && p->path.len == 0 &&
	    !is_unset(pair->value))
		p->path = pair->value;
}

static void
take_record(struct start *p, struct slice bytes)
{
	static const struct {
		struct slice type;
		void (*take)(struct start *p, const struct auditpair *pair);
	} rows[] = {
		{ SLICE("SYSCALL"), take_syscall },
		{ SLICE("EXECVE"), take_arg },
		{ SLICE("CWD"), take_cwd },
		{ SLICE("PATH"), take_path },
	};
	struct auditline line;
	struct auditwalk walk;
	struct auditpair pair;
	size_t row = 0;

	if (!auditline_read(bytes, &line))
		return;
	while (row < COUNT(rows) && !slice_eq(line.type, rows[row].type))
		row++;
	if (row == COUNT(rows) || (slice_eq(line.type, S("PATH")) &&
	    slice_find(line.rest, S(" item=0 ")) == SIZE_MAX))
		return;
	walk = auditwalk_begin(&line, p->ev->arena);
	while (auditwalk_next(&walk, &pair))
		rows[row].take(p, &pair);
	p->ev->truncated |= auditwalk_full(&walk);
}

/* A path that was asked for from the directory on. */
static struct slice
absolute(struct start *p)
{
	struct slice name = p->path;
	unsigned char *whole;

	if (slice_starts(name, S("/")) || name.len == 0 || p->cwd.len == 0)
		return name;
	slice_skip(&name, S("./"));
	whole = arena_alloc(p->ev->arena, p->cwd.len + name.len + 1);
	if (whole == NULL)
		return p->path;
	memcpy(whole, p->cwd.p, p->cwd.len);
	whole[p->cwd.len] = '/';
	memcpy(whole + p->cwd.len + 1, name.p, name.len);
	return slice_bytes(whole, p->cwd.len + 1 + name.len);
}

static void
set_number(const struct audit *a, struct event *ev, enum name n,
    struct slice text)
{
	if (a->fields[n] != -1 && text.len > 0)
		event_set_typed(ev, a->fields[n], decode_number(text), text);
}

static void
set_start(const struct audit *a, struct start *p)
{
	struct event *ev = p->ev;
	struct slice asked = absolute(p);
	struct slice user = p->user;

	if (user.len == 0)
		user = slice_eq(p->uid, S("0")) ? S("root") : p->uid;
	set(a, ev, N_IMAGE, p->exe.len > 0 ? p->exe : asked);
	if (asked.len > 0 && p->exe.len > 0 && !slice_eq(asked, p->exe) &&
	    a->fields[N_IMAGE] != -1)
		event_add(ev, a->fields[N_IMAGE], VALUE_STRING, asked);
	set(a, ev, N_COMMAND_LINE, slice_bytes(p->args, p->args_len));
	set(a, ev, N_DIRECTORY, p->cwd);
	set(a, ev, N_USER, user);
	if (user.len > 0)
		event_set(ev, F_USER_NAME, user);
	set_number(a, ev, N_LOGON, p->uid);
	set_number(a, ev, N_PID, p->pid);
	set_number(a, ev, N_PPID, p->ppid);
	if (p->comm.len > 0)
		event_set(ev, F_PROCESS_NAME, p->comm);
	if (p->pid.len > 0)
		event_set_typed(ev, F_PROCESS_PID, decode_number(p->pid),
		    p->pid);
	if (p->uid.len > 0)
		event_set(ev, F_USER_ID, p->uid);
}

static bool
merged(struct decode_frame *frame, struct event *ev, bool all)
{
	struct audit *a = frame->state;
	const struct auditgroup *g = auditgroups_take(a->groups, all);
	struct start p = { .ev = ev };
	struct slice rest, bytes;
	struct auditline first = { 0 };

	if (g == NULL)
		return false;
	event_reset(ev, &g->record);
	if (auditline_read(g->record.bytes, &first) &&
	    first.time < ev->received)
		ev->time = first.time;
	if (first.node.len > 0)
		event_set(ev, F_HOST_HOSTNAME, first.node);
	event_source(ev, a->process);
	/* No value is longer than where it stood, with its key. */
	p.args = arena_alloc(ev->arena, g->record.bytes.len + 1);
	ev->truncated = g->cut || p.args == NULL;
	for (rest = g->record.bytes; slice_cut(&rest, '\n', &bytes);)
		take_record(&p, bytes);
	take_record(&p, rest);
	set_start(a, &p);
	return true;
}

static const char *const files[] = {
	"/var/log/audit/audit.log*", NULL
};

const struct decoder dec_audit = {
	.name = "audit",
	.form = FORM_TEXT,
	.could = could,
	.files = files,
	.start = start,
	.stop = stop,
	.decode = decode,
	.merged = merged,
};
