/* The journal's writing side: transactions, ids, crashes, positions. */
#include "check.h"

#include "journal_make.h"

static void
what_is_committed_is_there_after_opening_again(void)
{
	struct made m;
	struct store *st;

	made_begin(&m);
	st = made_open(m.dir);
	made_append(st, &m, 0, 100);
	CHECK(store_pending(st) == 100);
	made_commit(st);
	CHECK(store_pending(st) == 0);
	store_close(st);
	st = made_open(m.dir);
	CHECK(made_count(st) == 100);
	CHECK(made_intact(st));
	store_close(st);
	made_end(&m);
}

static void
an_id_is_kept_once(void)
{
	struct made m;
	struct store *st;
	struct entry e;

	made_begin(&m);
	st = made_open(m.dir);
	made_append(st, &m, 0, 10);
	e = made_entry(&m, 3);
	CHECK(store_append(st, &e, NULL) == 1);
	made_commit(st);
	e = made_entry(&m, 4);
	CHECK(store_append(st, &e, NULL) == 1);
	made_append(st, &m, 10, 1);
	made_commit(st);
	CHECK(made_count(st) == 11);
	CHECK(made_intact(st));
	store_close(st);
	made_end(&m);
}

static void
a_rollback_leaves_nothing(void)
{
	const struct position p = { .input = S("file"), .source = S("/a"),
	    .offset = 7, .stream = { { 1 } } };
	struct made m;
	struct store *st;

	made_begin(&m);
	st = made_open(m.dir);
	made_append(st, &m, 0, 5);
	made_commit(st);
	made_append(st, &m, 5, 5);
	CHECK(store_position(st, &p, NULL) == 0);
	store_rollback(st);
	CHECK(store_pending(st) == 0);
	CHECK(made_count(st) == 5);
	made_append(st, &m, 5, 3);
	made_commit(st);
	CHECK(made_count(st) == 8);
	CHECK(made_intact(st));
	store_close(st);
	made_end(&m);
}

/* A child appends in commits of ten until it is killed in the middle. */
static void
write_until_killed(struct made *m, int tell)
{
	struct store *st = made_open(m->dir);

	for (uint64_t n = made_count(st);; n++) {
		made_append(st, m, n, 1);
		if (n % 10 == 9) {
			made_commit(st);
			if (write(tell, ".", 1) != 1)
				_exit(1);
		}
	}
}

static void
a_kill_leaves_whole_transactions(void)
{
	struct made m;

	made_begin(&m);
	for (int round = 0; round < 10; round++) {
		struct store *st;
		uint64_t count, told = 0;
		char c;
		int pair[2];
		pid_t pid;

		CHECK(pipe(pair) == 0);
		pid = fork();
		CHECK(pid != -1);
		if (pid == 0)
			write_until_killed(&m, pair[1]);
		close(pair[1]);
		for (int i = 0; i < 3 + round * 7; i++)
			CHECK(read(pair[0], &c, 1) == 1);
		kill(pid, SIGKILL);
		while (read(pair[0], &c, 1) == 1)
			told++;
		close(pair[0]);
		CHECK(waitpid(pid, NULL, 0) == pid);
		st = made_read(m.dir);
		count = made_count(st);
		CHECK_ROW(count % 10 == 0, round);
		CHECK_ROW(count >= 10 * told, round);
		CHECK_ROW(made_intact(st), round);
		store_close(st);
	}
	made_end(&m);
}

static void
a_second_writer_is_refused(void)
{
	struct made m;
	struct store *st, *second = NULL;
	struct err err = { "" };

	made_begin(&m);
	st = made_open(m.dir);
	errno = 0;
	CHECK(store_open(m.dir, &no_limits, NULL, &second, &err) == -1);
	CHECK(errno == EWOULDBLOCK);
	CHECK(second == NULL);
	CHECK(strstr(err.text, "another vedette writes") != NULL);
	store_close(st);
	store_close(made_open(m.dir));
	made_end(&m);
}

static void
a_directory_that_others_enter_is_refused(void)
{
	struct made m;
	struct store *st = NULL;
	struct err err = { "" };
	struct stat sb;
	char dir[128];

	made_begin(&m);
	CHECK(chmod(m.dir, 0750) == 0);
	CHECK(store_open(m.dir, &no_limits, NULL, &st, &err) == -1);
	CHECK(strstr(err.text, "0700") != NULL);
	CHECK(chmod(m.dir, 0700) == 0);
	if (geteuid() == 0) {
		CHECK(chown(m.dir, 65534, 65534) == 0);
		CHECK(store_open(m.dir, &no_limits, NULL, &st, &err) == -1);
		CHECK(strstr(err.text, "65534") != NULL);
		CHECK(chown(m.dir, 0, 0) == 0);
	}
	snprintf(dir, sizeof(dir), "%s/new", m.dir);
	store_close(made_open(dir));
	CHECK(stat(dir, &sb) == 0 && (sb.st_mode & 07777) == 0700);
	snprintf(dir, sizeof(dir), "%s/new/journal.db", m.dir);
	CHECK(stat(dir, &sb) == 0 && (sb.st_mode & 07777) == 0600);
	snprintf(dir, sizeof(dir), "%s/no/new", m.dir);
	CHECK(store_open(dir, &no_limits, NULL, &st, &err) == -1);
	made_end(&m);
}

static void
a_link_in_place_of_a_file_is_refused(void)
{
	static const char *const names[] = { "journal.db", "lock" };

	for (size_t i = 0; i < COUNT(names); i++) {
		struct made m;
		struct store *st = NULL;
		struct buf path = { 0 }, target = { 0 };
		struct stat sb;

		made_begin(&m);
		buf_fmt(&path, "%s/%s", m.dir, names[i]);
		buf_fmt(&target, "%s/target", m.dir);
		CHECK(symlink(buf_cstr(&target), buf_cstr(&path)) == 0);
		CHECK_ROW(store_open(m.dir, &no_limits, NULL, &st, NULL) ==
		    -1, i);
		CHECK_ROW(stat(buf_cstr(&target), &sb) == -1, i);
		buf_free(&path);
		buf_free(&target);
		made_end(&m);
	}
}

struct seen {
	size_t count;
	uint64_t offsets;
};

static void
each_position(void *arg, const struct position *p)
{
	struct seen *seen = arg;

	CHECK(slice_eq(p->input, S("file")));
	CHECK_TEXT(p->source, "/var/log/\xff log");
	CHECK_TEXT(p->state, "{}");
	seen->count++;
	seen->offsets += p->offset;
}

static void
positions_come_back_by_input(void)
{
	struct position p = { .input = S("file"),
	    .source = S("/var/log/\xff log"), .state = S("{}") };
	struct seen seen = { 0 };
	struct made m;
	struct store *st;

	made_begin(&m);
	st = made_open(m.dir);
	for (unsigned char i = 0; i < 5; i++) {
		p.stream.b[0] = i;
		p.offset = i;
		CHECK(store_position(st, &p, NULL) == 0);
		p.offset = (uint64_t)1 << (20 + i);
		CHECK(store_position(st, &p, NULL) == 0);
	}
	CHECK(store_forget(st, p.stream, NULL) == 0);
	p.stream.b[0] = 77;
	p.input = S("journal");
	CHECK(store_position(st, &p, NULL) == 0);
	made_commit(st);
	CHECK(store_positions(st, "file", each_position, &seen, NULL) == 0);
	CHECK(seen.count == 4 && seen.offsets == UINT64_C(15) << 20);
	CHECK(made_intact(st));
	store_close(st);
	made_end(&m);
}

static void
a_new_output_begins_at_the_end(void)
{
	struct made m;
	struct store *st;
	uint64_t seq = 99, waiting = 99;

	made_begin(&m);
	st = made_open(m.dir);
	made_append(st, &m, 0, 20);
	CHECK(store_cursor(st, "soc", &seq, NULL) == 0);
	CHECK(seq == 20);
	made_append(st, &m, 20, 10);
	made_commit(st);
	CHECK(store_waiting(st, seq, LEVEL_INFORMATIONAL, &waiting,
	    NULL) == 0);
	CHECK(waiting == 10);
	CHECK(store_waiting(st, seq, LEVEL_HIGH, &waiting, NULL) == 0);
	CHECK(waiting == 4);
	CHECK(store_cursor_set(st, "soc", 25, NULL) == 0);
	CHECK(store_dead_letter(st, "soc", 24, "413", NULL) == 0);
	made_commit(st);
	store_close(st);
	st = made_open(m.dir);
	CHECK(store_cursor(st, "soc", &seq, NULL) == 0);
	CHECK(seq == 25);
	CHECK(made_intact(st));
	store_close(st);
	made_end(&m);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(what_is_committed_is_there_after_opening_again),
		TEST(an_id_is_kept_once),
		TEST(a_rollback_leaves_nothing),
		TEST(a_kill_leaves_whole_transactions),
		TEST(a_second_writer_is_refused),
		TEST(a_directory_that_others_enter_is_refused),
		TEST(a_link_in_place_of_a_file_is_refused),
		TEST(positions_come_back_by_input),
		TEST(a_new_output_begins_at_the_end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
