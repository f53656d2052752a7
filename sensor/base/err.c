#include "base/err.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

int
err_set(struct err *err, const char *fmt, ...)
{
	va_list ap;

	if (err == NULL)
		return -1;
	va_start(ap, fmt);
	vsnprintf(err->text, sizeof(err->text), fmt, ap);
	va_end(ap);
	return -1;
}

int
err_sys(struct err *err, const char *fmt, ...)
{
	int saved = errno;
	size_t n;
	va_list ap;

	if (err == NULL)
		return -1;
	va_start(ap, fmt);
	vsnprintf(err->text, sizeof(err->text), fmt, ap);
	va_end(ap);
	n = strlen(err->text);
	snprintf(err->text + n, sizeof(err->text) - n, ": %s",
	    strerror(saved));
	errno = saved;
	return -1;
}

static void tell_line(struct diag *d, struct diag_line line, const char *fmt,
    va_list ap) __attribute__((format(printf, 3, 0)));
static void add_line(struct diag *d, const char *file, unsigned line,
    unsigned column, const char *grade, const char *fmt, va_list ap)
    __attribute__((format(printf, 6, 0)));

/* More nobody reads; a hostile file has a mistake in every other byte. */
enum { LINES_MAX = 1000, WHAT_MAX = 2000, CHOICE_MAX = 10 };

static void
add_what(struct buf *b, const char *fmt, va_list ap)
{
	size_t start = b->len;

	buf_vfmt(b, fmt, ap);
	if (b->len - start <= WHAT_MAX)
		return;
	b->len = start + WHAT_MAX;
	buf_str(b, "...");
}

static void
tell_line(struct diag *d, struct diag_line line, const char *fmt, va_list ap)
{
	struct buf what = { 0 };

	add_what(&what, fmt, ap);
	line.text = buf_cstr(&what);
	d->told(d->arg, &line);
	buf_free(&what);
}

static void
add_line(struct diag *d, const char *file, unsigned line, unsigned column,
    const char *grade, const char *fmt, va_list ap)
{
	unsigned before = d->errors + d->warnings + d->refused;

	if (before == LINES_MAX && d->told == NULL)
		buf_str(&d->text, "and more\n");
	if (before >= LINES_MAX)
		return;
	if (d->told != NULL) {
		tell_line(d, (struct diag_line){ file, line, column, grade,
		    NULL }, fmt, ap);
		return;
	}
	if (file != NULL)
		buf_fmt(&d->text, "%s:", file);
	if (line > 0)
		buf_fmt(&d->text, "%u:", line);
	if (line > 0 && column > 0)
		buf_fmt(&d->text, "%u:", column);
	if (file != NULL)
		buf_str(&d->text, " ");
	if (strcmp(grade, "warning") == 0)
		buf_str(&d->text, "warning: ");
	add_what(&d->text, fmt, ap);
	buf_str(&d->text, "\n");
}

int
diag_error(struct diag *d, const char *file, unsigned line, unsigned column,
    const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	add_line(d, file, line, column, "error", fmt, ap);
	va_end(ap);
	d->errors++;
	return -1;
}

void
diag_warn(struct diag *d, const char *file, unsigned line, unsigned column,
    const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	add_line(d, file, line, column, "warning", fmt, ap);
	va_end(ap);
	d->warnings++;
}

void
diag_refuse(struct diag *d, const char *file, unsigned line, unsigned column,
    const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	add_line(d, file, line, column, "refused", fmt, ap);
	va_end(ap);
	d->refused++;
}

void
diag_free(struct diag *d)
{
	buf_free(&d->text);
	*d = (struct diag){ 0 };
}

/* Levenshtein's distance, words of up to 31 bytes. */
static unsigned
distance(const char *a, const char *b)
{
	unsigned row[32], na = (unsigned)strlen(a), nb = (unsigned)strlen(b);

	if (na > 31 || nb > 31)
		return 99;
	for (unsigned j = 0; j <= nb; j++)
		row[j] = j;
	for (unsigned i = 1; i <= na; i++) {
		unsigned corner = row[0];

		row[0] = i;
		for (unsigned j = 1; j <= nb; j++) {
			unsigned best = corner + (a[i - 1] != b[j - 1]);

			corner = row[j];
			if (row[j] + 1 < best)
				best = row[j] + 1;
			if (row[j - 1] + 1 < best)
				best = row[j - 1] + 1;
			row[j] = best;
		}
	}
	return row[nb];
}

const char *
did_you_mean(const char *word, const char *const *list)
{
	unsigned best = (unsigned)strlen(word) / 3 + 1;
	const char *found = NULL;

	for (; *list != NULL; list++) {
		unsigned d = distance(word, *list);

		if (d <= best && (found == NULL || d < best)) {
			best = d;
			found = *list;
		}
	}
	return found;
}

void
say_choice(struct buf *out, const char *word, const char *const *list)
{
	const char *near = did_you_mean(word, list);
	size_t count = 0;

	while (list[count] != NULL)
		count++;
	if (near != NULL)
		buf_fmt(out, "; did you mean \"%s\"?", near);
	else if (count > 0 && count <= CHOICE_MAX)
		for (size_t i = 0; i < count; i++)
			buf_fmt(out, "%s%s", i > 0 ? ", " :
			    "; it is one of: ", list[i]);
}
