/*
 * A random history of log files: written, rotated in every way, packed,
 * deleted when read, with stops and crashes between. Every numbered line must
 * be kept exactly once. TAILMODEL_SEED and TAILMODEL_STEPS choose another.
 */
#include "tailworld.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/file.h"

enum { NAMES = 3, OLDER_MAX = 12, STEPS = 1000 };

struct model {
	struct world w;
	uint64_t random;
	unsigned long lines;		/* written so far */
	unsigned steps;
	bool running;
	bool partial[NAMES];		/* the last line has no end yet */
	int older[NAMES];		/* name.1 to name.older */
	bool packed[NAMES][OLDER_MAX + 2];
	struct buf history;
};

static unsigned
dice(struct model *m, unsigned sides)
{
	m->random ^= m->random << 13;
	m->random ^= m->random >> 7;
	m->random ^= m->random << 17;
	return (unsigned)(m->random >> 33) % sides;
}

static void
note(struct model *m, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	buf_vfmt(&m->history, fmt, ap);
	va_end(ap);
	buf_byte(&m->history, '\n');
}

static const char *
older_name(struct model *m, int name, int n, char *out, size_t size)
{
	snprintf(out, size, "%c.log.%d%s", 'a' + name, n,
	    m->packed[name][n] ? ".gz" : "");
	return out;
}

static const char *
log_name(int name, char *out, size_t size)
{
	snprintf(out, size, "%c.log", 'a' + name);
	return out;
}

static void
end_line(struct model *m, int name, const char *file)
{
	if (!m->partial[name])
		return;
	world_write(&m->w, file, "-end\n");
	m->partial[name] = false;
}

static void
write_lines(struct model *m, int name)
{
	char file[64], line[160];
	unsigned n = dice(m, 5) == 0 ? dice(m, 400) : 1 + dice(m, 4);

	log_name(name, file, sizeof(file));
	note(m, "%u lines to %s from %lu", n, file, m->lines);
	end_line(m, name, file);
	while (n-- > 0) {
		snprintf(line, sizeof(line), "line %lu of %s-end\n",
		    m->lines++, file);
		world_write(&m->w, file, line);
	}
}

static void
write_partial(struct model *m, int name)
{
	char file[64], line[160];

	log_name(name, file, sizeof(file));
	end_line(m, name, file);
	note(m, "a partial line to %s, %lu", file, m->lines);
	snprintf(line, sizeof(line), "line %lu of %s", m->lines++, file);
	world_write(&m->w, file, line);
	m->partial[name] = true;
}

/* What is deleted must have been read, and kept. */
static bool
drop_oldest(struct model *m, int name)
{
	char file[64];

	if (m->older[name] == 0 || !m->running)
		return false;
	world_run(&m->w, 80);
	world_commit(&m->w);
	older_name(m, name, m->older[name], file, sizeof(file));
	note(m, "delete %s", file);
	world_remove(&m->w, file);
	m->packed[name][m->older[name]] = false;
	m->older[name]--;
	return true;
}

static bool
shift(struct model *m, int name)
{
	char from[64], to[64];

	if (m->older[name] == OLDER_MAX && !drop_oldest(m, name))
		return false;
	for (int n = m->older[name]; n >= 1; n--) {
		m->packed[name][n + 1] = m->packed[name][n];
		older_name(m, name, n, from, sizeof(from));
		older_name(m, name, n + 1, to, sizeof(to));
		world_rename(&m->w, from, to);
	}
	m->packed[name][1] = false;
	m->older[name]++;
	return true;
}

static void
rotate(struct model *m, int name)
{
	char file[64], one[64];

	log_name(name, file, sizeof(file));
	world_write(&m->w, file, "");
	if (!shift(m, name))
		return;
	note(m, "rename %s and create", file);
	older_name(m, name, 1, one, sizeof(one));
	world_rename(&m->w, file, one);
	if (dice(m, 2) == 0)
		world_write(&m->w, file, "");
	/* The writer still has the old one open. */
	end_line(m, name, one);
}

static void
copytruncate(struct model *m, int name)
{
	char file[64], one[64];

	log_name(name, file, sizeof(file));
	world_write(&m->w, file, "");
	end_line(m, name, file);
	if (!shift(m, name))
		return;
	if (m->running && dice(m, 2) == 0)
		world_settle(&m->w);
	note(m, "copy %s and truncate", file);
	older_name(m, name, 1, one, sizeof(one));
	world_copy(&m->w, file, one);
	world_truncate(&m->w, file);
}

static void
pack(struct model *m, int name)
{
	char file[64];
	int n;

	if (m->older[name] == 0)
		return;
	n = 1 + (int)dice(m, (unsigned)m->older[name]);
	if (m->packed[name][n])
		return;
	older_name(m, name, n, file, sizeof(file));
	note(m, "gzip %s", file);
	world_gzip(&m->w, file);
	m->packed[name][n] = true;
}

static void
stop_or_start(struct model *m, int name)
{
	(void)name;
	if (m->running) {
		bool commit = dice(m, 2) == 0;

		note(m, commit ? "stop" : "crash");
		if (commit)
			world_commit(&m->w);
		world_crash(&m->w);
	} else {
		note(m, "start");
		world_start(&m->w);
	}
	m->running = !m->running;
}

static void
settle(struct model *m, int name)
{
	(void)name;
	if (!m->running)
		return;
	note(m, "settle");
	world_settle(&m->w);
}

static void
commit(struct model *m, int name)
{
	(void)name;
	if (!m->running)
		return;
	note(m, "commit");
	world_commit(&m->w);
}

static void
delete_oldest(struct model *m, int name)
{
	if (dice(m, 4) == 0)
		drop_oldest(m, name);
}

static void
step(struct model *m)
{
	static void (*const steps[])(struct model *m, int name) = {
		write_lines, write_lines, write_lines, write_partial,
		rotate, rotate, copytruncate, pack, delete_oldest,
		stop_or_start, settle, settle, settle, commit,
	};

	steps[dice(m, COUNT(steps))](m, (int)dice(m, NAMES));
}

static void
count_lines(struct model *m, struct slice texts, unsigned *seen)
{
	struct slice text;

	while (slice_cut(&texts, '|', &text)) {
		struct slice number;
		uint64_t n;

		if (slice_skip(&text, S("line ")) &&
		    slice_cut(&text, ' ', &number) &&
		    slice_to_u64(number, &n) == 0 && n < m->lines &&
		    slice_ends(text, S("-end")))
			seen[n]++;
		else
			note(m, "odd text");
	}
}

static void
check_all(struct model *m)
{
	unsigned *seen = xcalloc(m->lines + 1, sizeof(*seen));
	struct buf texts = world_texts(&m->w);
	unsigned lost = 0, twice = 0;

	count_lines(m, buf_slice(&texts), seen);
	for (unsigned long i = 0; i < m->lines; i++) {
		lost += seen[i] == 0;
		twice += seen[i] > 1;
		if (seen[i] != 1)
			print_error("line %lu: %u times\n", i, seen[i]);
	}
	if (lost + twice + m->w.forged > 0 && getenv("TAILMODEL_HISTORY"))
		print_error("%s", buf_cstr(&m->history));
	print_message("# %lu lines, %u lost, %u twice, %u read again\n",
	    m->lines, lost, twice, m->w.again);
	CHECK(lost == 0);
	CHECK(twice == 0);
	CHECK(m->w.forged == 0);
	CHECK(m->w.lies == 0);
	buf_free(&texts);
	free(seen);
}

static void
run(uint64_t seed, unsigned steps, size_t limit)
{
	struct model m = { .random = seed * 0x9e3779b97f4a7c15 + 1 };

	print_message("# seed %llu\n", (unsigned long long)seed);
	world_open(&m.w);
	m.w.spans = (struct tail_spans){ .linger = 100000, .settle = 60000,
	    .copy = 200000, .active = 60000, .tick = 10000 };
	m.w.limit = limit;
	/* What was rotated before a name was known is not ours. */
	for (int name = 0; name < NAMES; name++)
		write_lines(&m, name);
	stop_or_start(&m, 0);
	world_commit(&m.w);
	for (unsigned i = 0; i < steps; i++)
		step(&m);
	if (!m.running)
		world_start(&m.w);
	for (int name = 0; name < NAMES; name++) {
		char file[64];

		end_line(&m, name, log_name(name, file, sizeof(file)));
	}
	world_run(&m.w, 2000);
	check_all(&m);
	buf_free(&m.history);
	world_close(&m.w);
}

static uint64_t
from_environment(const char *name, uint64_t otherwise)
{
	uint64_t n;

	return slice_to_u64(slice_of(getenv(name)), &n) == 0 ? n : otherwise;
}

static void
no_history_loses_or_doubles_a_line(void)
{
	run(from_environment("TAILMODEL_SEED", 1),
	    (unsigned)from_environment("TAILMODEL_STEPS", STEPS), 0);
}

static void
nor_does_one_with_few_descriptors(void)
{
	run(from_environment("TAILMODEL_SEED", 2),
	    (unsigned)from_environment("TAILMODEL_STEPS", STEPS / 4), 4);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(no_history_loses_or_doubles_a_line),
		TEST(nor_does_one_with_few_descriptors),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
