#include "cli/draft.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "base/json.h"
#include "base/when.h"

enum { DATE_LEN = 10, NAME_LONGEST = 48, SAME_NAMES = 100 };

/* --- YAML ------------------------------------------------------------------ */

static bool
is_line(struct slice s)
{
	for (size_t i = 0; i < s.len; i++)
		if (s.p[i] < ' ' || s.p[i] == 0x7f)
			return false;
	return utf8_valid(s);
}

/* A number is written as one, so that it equals numbers and their texts. */
static bool
is_number(struct slice s)
{
	uint64_t n;

	return slice_to_u64(s, &n) == 0 && s.len < 10 &&
	    (s.p[0] != '0' || s.len == 1);
}

static bool
is_plain(struct slice s)
{
	for (size_t i = 0; i < s.len; i++) {
		unsigned char c = byte_lower(s.p[i]);

		if ((c < 'a' || c > 'z') && (i == 0 || (!byte_is_digit(c) &&
		    memchr("._-|", c, 4) == NULL)))
			return false;
	}
	return s.len > 0;
}

static void
add_value(struct buf *out, struct slice s)
{
	if (is_number(s))
		buf_add(out, s);
	else
		yaml_quote(out, s);
}

static int
split(const char *match, struct slice *key, struct slice *value,
    struct err *err)
{
	*value = slice_of(match);
	if (!is_line(*value))
		return err_set(err, "--match: a line of text is wanted");
	if (!slice_cut(value, '=', key) || key->len == 0)
		return err_set(err, "--match \"%s\": expected FIELD=VALUE or "
		    "FIELD|MODIFIER=VALUE", match);
	return 0;
}

/* All values of one key are a list; the key stands where it came first. */
static int
add_key(const struct draft *d, size_t at, struct buf *out, struct err *err)
{
	struct slice key, value, other;
	size_t n = 0;

	if (split(d->match.items[at], &key, &value, err) == -1)
		return -1;
	for (size_t i = 0; i < d->match.count; i++) {
		if (split(d->match.items[i], &other, &value, err) == -1)
			return -1;
		n += slice_eq(other, key);
		if (i < at && slice_eq(other, key))
			return 0;
	}
	buf_str(out, "    ");
	if (is_plain(key))
		buf_add(out, key);
	else
		yaml_quote(out, key);
	buf_str(out, ":");
	for (size_t i = at; i < d->match.count; i++) {
		split(d->match.items[i], &other, &value, err);
		if (!slice_eq(other, key))
			continue;
		buf_str(out, n > 1 ? "\n        - " : " ");
		add_value(out, value);
	}
	buf_byte(out, '\n');
	return 0;
}

static int
add_text(struct buf *out, const char *key, const char *text, struct err *err)
{
	if (text == NULL)
		return 0;
	if (!is_line(slice_of(text)))
		return err_set(err, "--%s: a line of text is wanted", key);
	buf_fmt(out, "%s: ", key);
	yaml_quote(out, slice_of(text));
	buf_byte(out, '\n');
	return 0;
}

/* A time of whole seconds, without the fraction. */
static void
add_second(struct buf *out, int64_t when)
{
	when_utc(out, when);
	out->len -= strlen(".000000Z");
	buf_byte(out, 'Z');
}

static int
add_end(const struct draft *d, int64_t now, struct buf *out, struct err *err)
{
	struct slice text = slice_trim(slice_of(d->until));
	int64_t end;
	bool span = when_parse_span(text, &end) == 0 &&
	    !byte_is_digit(text.p[text.len - 1]);

	if (span)
		end += now;
	else if (when_parse(text, now, &end) == -1)
		return err_set(err, "--until \"%s\": a date, a time, or a "
		    "span such as 30d", d->until);
	if (text.len == DATE_LEN && !span)
		end += DAY - SECOND;
	end -= end % SECOND;
	if (end <= now)
		return err_set(err, "--until \"%s\" is past", d->until);
	buf_str(out, "expires: ");
	if (text.len == DATE_LEN && !span)
		buf_add(out, text);
	else
		add_second(out, end);
	buf_byte(out, '\n');
	return 0;
}

int
draft_write(const struct draft *d, int64_t now, struct buf *out,
    struct err *err)
{
	struct buf title = { 0 };
	int ret;

	text_escape(&title, d->title);
	if (title.len > 0)
		buf_fmt(out, "# %s\n", buf_cstr(&title));
	buf_free(&title);
	ret = add_text(out, "rule", d->rule, err);
	buf_str(out, "match:\n");
	for (size_t i = 0; i < d->match.count; i++)
		ret |= add_key(d, i, out, err);
	if (ret != 0 || add_text(out, "reason", d->reason, err) == -1 ||
	    add_text(out, "owner", d->owner, err) == -1 ||
	    add_text(out, "ticket", d->ticket, err) == -1)
		return -1;
	buf_str(out, "created: ");
	when_local(out, now, "%F");
	buf_byte(out, '\n');
	return add_end(d, now, out, err);
}

/* --- the file ----------------------------------------------------------------- */

/* What of a name may be a file's: words joined by "-". */
static void
file_name(struct slice from, char out[NAME_LONGEST + 1])
{
	size_t n = 0;

	for (size_t i = 0; i < from.len && n < NAME_LONGEST; i++) {
		unsigned char c = byte_lower(from.p[i]);
		bool word = (c >= 'a' && c <= 'z') || byte_is_digit(c);

		if (word)
			out[n++] = (char)c;
		else if (n > 0 && out[n - 1] != '-')
			out[n++] = '-';
	}
	while (n > 0 && out[n - 1] == '-')
		n--;
	if (n == 0)
		n = (size_t)snprintf(out, NAME_LONGEST, "exception");
	out[n] = '\0';
}

/* Links the new file to the first name that nobody has. */
static int
give_name(int dir, const char *fresh, const char *base, char name[NAME_MAX],
    struct err *err)
{
	for (int i = 1; i < SAME_NAMES; i++) {
		if (i == 1)
			snprintf(name, NAME_MAX, "%s.yaml", base);
		else
			snprintf(name, NAME_MAX, "%s-%d.yaml", base, i);
		if (linkat(dir, fresh, dir, name, 0) == 0)
			return 0;
		if (errno != EEXIST)
			return err_sys(err, "%s", name);
	}
	return err_set(err, "%s.yaml: there are too many of this name", base);
}

static int
write_fresh(int dir, const char *fresh, struct slice yaml, struct err *err)
{
	int fd = openat(dir, fresh, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC |
	    O_NOFOLLOW, 0600), ret = 0;

	if (fd == -1)
		return err_sys(err, "%s", fresh);
	if (write_all(fd, yaml) == -1 || fchmod(fd, 0644) == -1 ||
	    fsync(fd) == -1)
		ret = err_sys(err, "%s", fresh);
	close(fd);
	return ret;
}

/* Readable for the judge, whatever the caller's umask. */
static int
open_directory(const char *dir, struct err *err)
{
	bool made = mkdir(dir, 0755) == 0;
	int fd;

	if (!made && errno != EEXIST)
		return err_sys(err, "%s", dir);
	fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd == -1 || (made && fchmod(fd, 0755) == -1))
		err_sys(err, "%s", dir);
	return fd;
}

int
draft_keep(const char *dir, struct slice name, struct slice yaml,
    struct buf *path, struct err *err)
{
	char base[NAME_LONGEST + 1], final[NAME_MAX], fresh[32];
	int fd = open_directory(dir, err), ret, saved;

	if (fd == -1)
		return -1;
	file_name(name, base);
	/* A name with a dot in front is not read, if it is left behind. */
	snprintf(fresh, sizeof(fresh), ".draft-%d", (int)getpid());
	unlinkat(fd, fresh, 0);
	ret = write_fresh(fd, fresh, yaml, err);
	if (ret == 0)
		ret = give_name(fd, fresh, base, final, err);
	saved = errno;
	unlinkat(fd, fresh, 0);
	if (ret == 0) {
		fsync(fd);
		buf_fmt(path, "%s/%s", dir, final);
	}
	close(fd);
	errno = saved;
	return ret;
}
