#include "check.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"

static void
make_file(int dir, const char *name, struct slice body)
{
	int fd = openat(dir, name, O_WRONLY | O_CREAT | O_TRUNC, 0600);

	CHECK(fd != -1);
	CHECK(write_all(fd, body) == 0);
	close(fd);
}

struct seen {
	struct buf names;
	size_t skip;
};

static int
add_name(void *arg, const char *path)
{
	struct seen *seen = arg;

	buf_str(&seen->names, path + seen->skip);
	buf_byte(&seen->names, ' ');
	return 0;
}

static int
refuse(void *arg, const char *path)
{
	(void)path;
	(*(int *)arg)++;
	return -1;
}

static void
a_walk_is_in_order_and_leaves_dot_names_out(void)
{
	static const char *const suffixes[] = { ".yml", ".yaml", NULL };
	char top[] = "/tmp/vedette-test-XXXXXX";
	struct seen seen = { { 0 }, 0 };
	struct err err;
	int dir, calls = 0;

	CHECK(mkdtemp(top) != NULL);
	dir = open(top, O_RDONLY | O_DIRECTORY);
	CHECK(mkdirat(dir, "b", 0700) == 0 && mkdirat(dir, ".git", 0700) == 0);
	make_file(dir, "c.yml", S("c"));
	make_file(dir, "b/a.yaml", S("ba"));
	make_file(dir, "b/z.txt", S(""));
	make_file(dir, "a.yml", S(""));
	make_file(dir, ".hidden.yml", S(""));
	make_file(dir, ".git/x.yml", S(""));
	seen.skip = strlen(top) + 1;
	CHECK(walk_files(top, suffixes, add_name, &seen, &err) == 0);
	CHECK_TEXT(buf_slice(&seen.names), "a.yml b/a.yaml c.yml ");
	CHECK(walk_files(top, suffixes, refuse, &calls, &err) == -1);
	CHECK(calls == 1);
	CHECK(walk_files("/nonexistent", suffixes, add_name, &seen, &err) ==
	    -1);
	for (const char *const *p = (const char *const[]){ "c.yml", "b/a.yaml",
	    "b/z.txt", "a.yml", ".hidden.yml", ".git/x.yml", NULL }; *p != NULL;
	    p++)
		unlinkat(dir, *p, 0);
	unlinkat(dir, "b", AT_REMOVEDIR);
	unlinkat(dir, ".git", AT_REMOVEDIR);
	rmdir(top);
	close(dir);
	buf_free(&seen.names);
}

static void
a_walk_ends_in_circles_and_waits_for_nobody(void)
{
	static const char *const suffixes[] = { ".yml", NULL };
	static const struct {
		const char *name, *target, *says;	/* no target: a FIFO */
	} rows[] = {
		{ "round", ".", "leads back" },
		{ "b/round", "..", "leads back" },
		{ "fifo.yml", NULL, "not a regular file" },
		{ "null.yml", "/dev/null", "not a regular file" },
		{ "gone.yml", "nowhere", "No such file" },
		{ "link.yml", "b/a.yml", "" },
		{ "fifo.txt", NULL, "" },
		{ "gone.txt", "nowhere", "" },
	};
	char top[] = "/tmp/vedette-test-XXXXXX";
	int dir;

	CHECK(mkdtemp(top) != NULL);
	dir = open(top, O_RDONLY | O_DIRECTORY);
	CHECK(mkdirat(dir, "b", 0700) == 0);
	make_file(dir, "b/a.yml", S(""));
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct seen seen = { { 0 }, strlen(top) };
		struct err err = { "" };
		bool fine = rows[i].says[0] == '\0';

		CHECK_ROW((rows[i].target == NULL ?
		    mkfifoat(dir, rows[i].name, 0600) :
		    symlinkat(rows[i].target, dir, rows[i].name)) == 0, i);
		CHECK_ROW(walk_files(top, suffixes, add_name, &seen, &err) ==
		    (fine ? 0 : -1), i);
		CHECK_ROW(strstr(err.text, rows[i].says) != NULL, i);
		unlinkat(dir, rows[i].name, 0);
		buf_free(&seen.names);
	}
	unlinkat(dir, "b/a.yml", 0);
	unlinkat(dir, "b", AT_REMOVEDIR);
	rmdir(top);
	close(dir);
}

static void
reading_stops_at_the_most_that_is_allowed(void)
{
	char name[] = "/tmp/vedette-test-XXXXXX";
	int fd = mkstemp(name);
	struct buf b = { 0 };
	struct err err;
	char part[4];

	CHECK(fd != -1 && write_all(fd, S("0123456789")) == 0);
	CHECK(read_file(name, &b, 10, &err) == 0);
	CHECK_TEXT(buf_slice(&b), "0123456789");
	buf_clear(&b);
	errno = 0;
	CHECK(read_file(name, &b, 9, &err) == -1 && errno == EFBIG);
	CHECK(pread_full(fd, part, 4, 8) == 2);
	CHECK(memcmp(part, "89", 2) == 0);
	CHECK(pread_full(fd, part, 4, 100) == 0);
	CHECK(read_file("/nonexistent", &b, 10, &err) == -1);
	close(fd);
	unlink(name);
	buf_free(&b);
}

static void
directories_are_made_with_their_parents(void)
{
	char top[] = "/tmp/vedette-test-XXXXXX";
	struct buf path = { 0 };
	struct err err;
	struct stat sb;

	CHECK(mkdtemp(top) != NULL);
	buf_fmt(&path, "%s/a/b", top);
	CHECK(make_dirs(buf_cstr(&path), 0700, &err) == 0);
	CHECK(make_dirs(buf_cstr(&path), 0700, &err) == 0);
	CHECK(stat(buf_cstr(&path), &sb) == 0 && S_ISDIR(sb.st_mode));
	CHECK((sb.st_mode & 0777) == 0700);
	rmdir(buf_cstr(&path));
	path.len -= 2;
	rmdir(buf_cstr(&path));
	rmdir(top);
	buf_free(&path);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_walk_is_in_order_and_leaves_dot_names_out),
		TEST(a_walk_ends_in_circles_and_waits_for_nobody),
		TEST(reading_stops_at_the_most_that_is_allowed),
		TEST(directories_are_made_with_their_parents),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
