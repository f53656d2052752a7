#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include <zlib.h>

#include "check.h"

#include "base/file.h"
#include "inputs/lines.h"

/* Writes in pieces of this size make the same lines as one write. */
static const size_t pieces[] = { 1, 2, 3, 4095, 65536, 1 << 20 };

static int
file_of(struct slice bytes)
{
	int fd = memfd_create("lines", MFD_CLOEXEC);

	CHECK(fd != -1);
	CHECK(write_all(fd, bytes) == 0);
	return fd;
}

/* A second description of the same file, with an offset of its own. */
static int
again(int fd)
{
	char path[64];

	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	CHECK(fd != -1);
	return fd;
}

/* "text|" per line, "<cut>" and "<rest>" behind what has these flags. */
static void
show(struct buf *out, const struct line *line)
{
	if (line->text.len > 100)
		buf_fmt(out, "%zu bytes", line->text.len);
	else
		buf_add(out, line->text);
	if (line->flags & RECORD_CUT)
		buf_str(out, "<cut>");
	if (line->flags & RECORD_PARTIAL)
		buf_str(out, "<rest>");
	buf_fmt(out, "@%llu|", (unsigned long long)line->start);
}

static void
read_all(struct lines *l, struct buf *out, bool rest)
{
	struct line line;

	while (lines_next(l, &line) == LINES_FOUND)
		show(out, &line);
	if (rest && lines_rest(l, &line))
		show(out, &line);
}

static void
lines_are_cut_at_newlines_only(void)
{
	static const struct {
		struct slice in;
		const char *out;
	} rows[] = {
		{ SLICE(""), "" },
		{ SLICE("\n"), "@0|" },
		{ SLICE("\n\n\n"), "@0|@1|@2|" },
		{ SLICE("a\nb\n"), "a@0|b@2|" },
		{ SLICE("a\r\nb\r\n"), "a@0|b@3|" },
		{ SLICE("a\rb\n"), "a\rb@0|" },
		{ SLICE("a\r\r\n"), "a\r@0|" },
		{ SLICE("\r\n"), "@0|" },
		{ SLICE("a\nrest"), "a@0|rest<rest>@2|" },
		{ SLICE("\xef\xbb\xbf" "bom\n"), "\xef\xbb\xbf" "bom@0|" },
		{ SLICE("\xff\xfe\xc3\n\x80\n"), "\xff\xfe\xc3@0|\x80@4|" },
		{ SLICE("a\xe2\x80\xa8" "b\n"), "a\xe2\x80\xa8" "b@0|" },
	};

	for (size_t i = 0; i < COUNT(rows); i++) {
		int fd = file_of(rows[i].in);
		struct feed *f = feed_new(fd, FEED_PLAIN);
		struct lines *l = lines_new(f);
		struct buf out = { 0 };

		read_all(l, &out, true);
		CHECK_TEXT_ROW(buf_slice(&out), rows[i].out, i);
		buf_free(&out);
		lines_free(l);
		feed_free(f);
		close(fd);
	}
}

static void
zeros_are_bytes_of_a_line(void)
{
	static const struct slice in = SLICE("a\0b\n\0\0\nc\n");
	int fd = file_of(in);
	struct feed *f = feed_new(fd, FEED_PLAIN);
	struct lines *l = lines_new(f);
	struct line line;

	CHECK(lines_next(l, &line) == LINES_FOUND);
	CHECK(slice_eq(line.text, S("a\0b")));
	CHECK(lines_next(l, &line) == LINES_FOUND);
	CHECK(slice_eq(line.text, S("\0\0")));
	CHECK(lines_next(l, &line) == LINES_FOUND);
	CHECK(slice_eq(line.text, S("c")));
	lines_free(l);
	feed_free(f);
	close(fd);
}

static void
repeat(struct buf *b, unsigned char c, size_t n)
{
	memset(buf_room(b, n), c, n);
	b->len += n;
}

/* n bytes and an end between two short lines, however they are written. */
static void
a_long_line_is_cut_and_its_rest_passed_over(void)
{
	static const struct {
		size_t n;
		const char *end, *out;
	} rows[] = {
		{ 65535, "\n", "a@0|65535 bytes@2|z@65538|" },
		{ 65536, "\n", "a@0|65536 bytes@2|z@65539|" },
		{ 65536, "\r\n", "a@0|65536 bytes@2|z@65540|" },
		{ 65537, "\n", "a@0|65536 bytes<cut>@2|z@65540|" },
		{ 65537, "\r\n", "a@0|65536 bytes<cut>@2|z@65541|" },
		{ 300000, "\n", "a@0|65536 bytes<cut>@2|z@300003|" },
	};

	for (size_t i = 0; i < COUNT(rows) * COUNT(pieces); i++) {
		size_t row = i / COUNT(pieces), piece = pieces[i % COUNT(pieces)];
		struct buf in = { 0 }, out = { 0 };
		int fd = file_of(S(""));
		struct feed *f = feed_new(fd, FEED_PLAIN);
		struct lines *l = lines_new(f);

		buf_str(&in, "a\n");
		repeat(&in, 'x', rows[row].n);
		buf_str(&in, rows[row].end);
		buf_str(&in, "z\n");
		for (size_t at = 0; at < in.len; at += piece) {
			struct slice part = slice_from(buf_slice(&in), at);

			CHECK(write_all(fd, slice_head(part, piece)) == 0);
			read_all(l, &out, false);
		}
		CHECK_TEXT_ROW(buf_slice(&out), rows[row].out, row);
		CHECK_ROW(lines_offset(l) == in.len, row);
		buf_free(&in);
		buf_free(&out);
		lines_free(l);
		feed_free(f);
		close(fd);
	}
}

static void
a_hole_is_passed_over(void)
{
	static const struct {
		size_t zeros;
		const char *out;
	} rows[] = {
		{ 4096, "a@0|z@4098|" },
		{ 1000000, "a@0|z@1000002|" },
		{ 4095, "a@0|4096 bytes@2|" },
	};

	for (size_t i = 0; i < COUNT(rows) * COUNT(pieces); i++) {
		size_t row = i / COUNT(pieces), piece = pieces[i % COUNT(pieces)];
		struct buf in = { 0 }, out = { 0 };
		int fd = file_of(S("")), reader = again(fd);
		struct feed *f = feed_new(reader, FEED_PLAIN);
		struct lines *l = lines_new(f);

		buf_str(&in, "a\n");
		repeat(&in, 0, rows[row].zeros);
		buf_str(&in, "z\n");
		if (piece < 100)
			piece = 1000;
		for (size_t at = 0; at < in.len; at += piece) {
			struct slice part = slice_from(buf_slice(&in), at);

			CHECK(write_all(fd, slice_head(part, piece)) == 0);
			read_all(l, &out, false);
		}
		CHECK_TEXT_ROW(buf_slice(&out), rows[row].out, row);
		buf_free(&in);
		buf_free(&out);
		lines_free(l);
		feed_free(f);
		close(reader);
		close(fd);
	}
}

static void
a_sparse_file_of_5_gib_is_read_at_once(void)
{
	char name[] = "/tmp/vedette-sparse-XXXXXX";
	int fd = mkostemp(name, O_CLOEXEC);
	struct feed *f = feed_new(fd, FEED_PLAIN);
	struct lines *l = lines_new(f);
	struct buf out = { 0 };
	off_t far = (off_t)5 << 30;

	unlink(name);
	CHECK(write_all(fd, S("a\n")) == 0);
	CHECK(pwrite(fd, "z\n", 2, far) == 2);
	read_all(l, &out, true);
	CHECK_TEXT(buf_slice(&out), "a@0|z@5368709120|");
	buf_free(&out);
	lines_free(l);
	feed_free(f);
	close(fd);
}

static void
reading_goes_on_where_it_stopped(void)
{
	static const struct {
		uint64_t offset;
		enum lines_mode mode;
		const char *out;
	} rows[] = {
		{ 0, LINES_TEXT, "one@0|two@4|three@8|" },
		{ 4, LINES_TEXT, "two@4|three@8|" },
		{ 5, LINES_SKIPPING, "three@8|" },
		{ 14, LINES_TEXT, "" },
		{ 99, LINES_TEXT, "" },
	};
	int fd = file_of(S("one\ntwo\nthree\n"));

	for (size_t i = 0; i < COUNT(rows); i++) {
		struct feed *f = feed_new(fd, FEED_PLAIN);
		struct lines *l = lines_new(NULL);
		struct buf out = { 0 };

		CHECK_ROW(feed_seek(f, rows[i].offset, 1) == 0, i);
		lines_take(l, f, rows[i].mode);
		read_all(l, &out, true);
		CHECK_TEXT_ROW(buf_slice(&out), rows[i].out, i);
		buf_free(&out);
		lines_free(l);
		feed_free(f);
	}
	close(fd);
}

static void
a_look_ahead_takes_nothing(void)
{
	int fd = file_of(S("one\ntwo\n"));
	struct feed *f = feed_new(fd, FEED_PLAIN);
	struct lines *l = lines_new(f);
	struct line line;

	CHECK_TEXT(lines_look(l, 6), "one\ntw");
	CHECK_TEXT(lines_look(l, 100), "one\ntwo\n");
	lines_pass(l, 4);
	CHECK(lines_next_here(l, &line) == LINES_FOUND);
	CHECK_TEXT(line.text, "two");
	CHECK(line.start == 4);
	CHECK_TEXT(lines_behind(l, 5), "\ntwo\n");
	CHECK_TEXT(lines_behind(l, 100), "one\ntwo\n");
	CHECK(lines_next_here(l, &line) == LINES_END);
	lines_free(l);
	feed_free(f);
	close(fd);
}

static void
gzip_add(struct buf *out, struct slice in)
{
	z_stream z = { 0 };

	CHECK(deflateInit2(&z, 6, Z_DEFLATED, 15 + 16, 8, 0) == Z_OK);
	z.next_in = (unsigned char *)(uintptr_t)in.p;
	z.avail_in = (unsigned)in.len;
	z.next_out = buf_room(out, in.len + 1000);
	z.avail_out = (unsigned)in.len + 1000;
	CHECK(deflate(&z, Z_FINISH) == Z_STREAM_END);
	out->len += z.total_out;
	deflateEnd(&z);
}

static void
gzip_is_read_through_all_members(void)
{
	static const struct {
		struct slice members[3];
		struct slice behind;
		size_t missing;
		const char *out, *error;
		bool unfinished;
	} rows[] = {
		{ { SLICE("a\nb\n") }, SLICE(""), 0, "a@0|b@2|", NULL, 0 },
		{ { SLICE("a\nb"), SLICE("c\n"), SLICE("") }, SLICE(""), 0,
		    "a@0|bc@2|", NULL, 0 },
		{ { SLICE("a\n"), SLICE("b\n") }, SLICE("\0\0\0\0"), 0,
		    "a@0|b@2|", NULL, 0 },
		{ { SLICE("a\n") }, SLICE("junk"), 0, "a@0|",
		    "garbage behind the end of the gzip data", 0 },
		{ { SLICE("a\nb\n") }, SLICE(""), 6, "a@0|b@2|", NULL, 1 },
		{ { SLICE("a\n") }, SLICE("\x1f\x8b\x08\xff\xff\xff\xff"
		    "\xff\xff\xff\xff\xff\xff"), 0,
		    "a@0|", "damaged gzip data", 0 },
	};

	for (size_t i = 0; i < COUNT(rows); i++) {
		struct buf in = { 0 }, out = { 0 };
		struct feed *f;
		struct lines *l;
		int fd;

		for (size_t k = 0; k < 3; k++)
			if (rows[i].members[k].len > 0)
				gzip_add(&in, rows[i].members[k]);
		buf_add(&in, rows[i].behind);
		in.len -= rows[i].missing;
		fd = file_of(buf_slice(&in));
		f = feed_new(fd, FEED_ANY);
		l = lines_new(f);
		read_all(l, &out, true);
		CHECK_TEXT_ROW(buf_slice(&out), rows[i].out, i);
		CHECK_ROW(feed_is_packed(f), i);
		CHECK_ROW((feed_unfinished(f) != NULL) == rows[i].unfinished, i);
		CHECK_TEXT_ROW(slice_of(feed_error(f)),
		    rows[i].error == NULL ? "" : rows[i].error, i);
		buf_free(&in);
		buf_free(&out);
		lines_free(l);
		feed_free(f);
		close(fd);
	}
}

static void
gzip_may_grow_while_it_is_read(void)
{
	struct buf in = { 0 }, out = { 0 };
	int fd = file_of(S(""));
	struct feed *f = feed_new(fd, FEED_ANY);
	struct lines *l = lines_new(f);

	gzip_add(&in, S("one\ntwo\nthree\n"));
	for (size_t i = 0; i < in.len; i++) {
		CHECK(write_all(fd, slice_bytes(in.p + i, 1)) == 0);
		read_all(l, &out, false);
	}
	CHECK_TEXT(buf_slice(&out), "one@0|two@4|three@8|");
	CHECK(feed_unfinished(f) == NULL);
	buf_free(&in);
	buf_free(&out);
	lines_free(l);
	feed_free(f);
	close(fd);
}

static void
gzip_is_sought_in_bounded_pieces(void)
{
	struct buf text = { 0 }, in = { 0 };
	struct feed *f;
	unsigned char c;
	int fd, calls = 1;

	for (int i = 0; i < 100000; i++)
		buf_fmt(&text, "line %d\n", i);
	gzip_add(&in, buf_slice(&text));
	fd = file_of(buf_slice(&in));
	f = feed_new(fd, FEED_ANY);
	while (feed_seek(f, 700000, 65536) == 1)
		calls++;
	CHECK(calls == 11);
	CHECK(feed_read(f, &c, 1) == 1);
	CHECK(c == text.p[700000]);
	CHECK(feed_seek(f, 5, 65536) == 0);
	CHECK(feed_read(f, &c, 1) == 1);
	CHECK(c == '0');
	CHECK(feed_seek(f, text.len + 1, SIZE_MAX) == -1);
	buf_free(&text);
	buf_free(&in);
	feed_free(f);
	close(fd);
}

static void
a_pipe_is_read_in_order_plain_or_gzip(void)
{
	struct buf in = { 0 };

	gzip_add(&in, S("a\nb\n"));
	for (int gzip = 0; gzip < 2; gzip++) {
		struct buf out = { 0 };
		struct feed *f;
		struct lines *l;
		int ends[2];

		CHECK(pipe2(ends, O_CLOEXEC) == 0);
		CHECK(write_all(ends[1], gzip ? buf_slice(&in) :
		    S("a\nb\n")) == 0);
		close(ends[1]);
		f = feed_new(ends[0], FEED_ANY);
		l = lines_new(f);
		read_all(l, &out, true);
		CHECK_TEXT_ROW(buf_slice(&out), "a@0|b@2|", gzip);
		buf_free(&out);
		lines_free(l);
		feed_free(f);
		close(ends[0]);
	}
	buf_free(&in);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(lines_are_cut_at_newlines_only),
		TEST(zeros_are_bytes_of_a_line),
		TEST(a_long_line_is_cut_and_its_rest_passed_over),
		TEST(a_hole_is_passed_over),
		TEST(a_sparse_file_of_5_gib_is_read_at_once),
		TEST(reading_goes_on_where_it_stopped),
		TEST(a_look_ahead_takes_nothing),
		TEST(gzip_is_read_through_all_members),
		TEST(gzip_may_grow_while_it_is_read),
		TEST(gzip_is_sought_in_bounded_pieces),
		TEST(a_pipe_is_read_in_order_plain_or_gzip),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
