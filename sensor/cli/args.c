#include "cli/args.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/json.h"
#include "base/when.h"
#include "cli/command.h"
#include "event/alert.h"

enum { ARGS_MAX = 48 };

/* One reading of one command line. */
struct reading {
	const struct command *command;
	unsigned char *into;
	int argc, next;
	char **argv;
};

static bool
ends(const struct arg *a)
{
	return a->name == NULL && a->letter == 0;
}

int
args_wrong(const struct command *c, const char *fmt, ...)
{
	struct buf raw = { 0 }, line = { 0 };
	va_list ap;

	va_start(ap, fmt);
	buf_vfmt(&raw, fmt, ap);
	va_end(ap);
	text_escape(&line, buf_slice(&raw));
	fprintf(stderr, "vedette %s: %s\n", c->name, buf_cstr(&line));
	buf_free(&raw);
	buf_free(&line);
	return EXIT_TROUBLE;
}

/* "-c, --config FILE" as --help shows it. */
static void
spelling(const struct arg *a, char *out, size_t size)
{
	const char *value = a->value == NULL ? "" : a->value;
	const char *gap = *value == '\0' ? "" : " ";

	if (a->name == NULL)
		snprintf(out, size, "-%c%s%s", a->letter, gap, value);
	else if (a->letter == 0)
		snprintf(out, size, "--%s%s%s", a->name, gap, value);
	else
		snprintf(out, size, "-%c, --%s%s%s", a->letter, a->name, gap,
		    value);
}

void
args_help(const struct command *c)
{
	char left[80];

	printf("usage: vedette %s %s\n\n%s\n", c->name, c->synopsis, c->what);
	if (c->args == NULL)
		return;
	putchar('\n');
	for (const struct arg *a = c->args; !ends(a); a++) {
		spelling(a, left, sizeof(left));
		printf("  %-22s  %s", left, a->what);
		for (size_t i = 0; a->words != NULL && a->words[i] != NULL; i++)
			printf("%s%s", i == 0 ? ": " : ", ", a->words[i]);
		putchar('\n');
	}
	printf("  %-22s  %s\n", "--help", "this");
}

static const struct arg *
find_name(const struct command *c, struct slice name)
{
	if (c->args == NULL)
		return NULL;
	for (const struct arg *a = c->args; !ends(a); a++)
		if (a->name != NULL && slice_eq(slice_of(a->name), name))
			return a;
	return NULL;
}

static const struct arg *
find_letter(const struct command *c, char letter)
{
	if (c->args == NULL)
		return NULL;
	for (const struct arg *a = c->args; !ends(a); a++)
		if (a->letter != 0 && a->letter == letter)
			return a;
	return NULL;
}

static int
unknown(const struct command *c, const char *given)
{
	const char *names[ARGS_MAX + 2], *near;
	char word[32];
	size_t n = 0;

	slice_to_cstr(slice_of(given + strspn(given, "-")), word,
	    sizeof(word));
	word[strcspn(word, "=")] = '\0';
	for (const struct arg *a = c->args; a != NULL && !ends(a); a++)
		if (a->name != NULL && n < ARGS_MAX)
			names[n++] = a->name;
	names[n++] = "help";
	names[n] = NULL;
	near = did_you_mean(word, names);
	if (near != NULL)
		return args_wrong(c, "no option \"%s\"; did you mean --%s?",
		    given, near);
	return args_wrong(c, "no option \"%s\"; vedette %s --help lists them",
	    given, c->name);
}

static int
set_word(int *out, const struct arg *a, const char *value)
{
	for (int i = 0; a->words[i] != NULL; i++) {
		if (strcmp(a->words[i], value) != 0)
			continue;
		*out = i;
		return 0;
	}
	return -1;
}

static void
list_add(struct strlist *list, const char *value)
{
	list->items = xrealloc(list->items, list->count + 1,
	    sizeof(*list->items));
	list->items[list->count++] = value;
}

static int
set(const struct arg *a, void *at, const char *value)
{
	enum level level;

	switch (a->type) {
	case ARG_FLAG:
		*(bool *)at = true;
		return 0;
	case ARG_STR:
		*(const char **)at = value;
		return 0;
	case ARG_COUNT:
		return slice_to_u64(slice_of(value), at);
	case ARG_TIME:
		return when_parse(slice_of(value), when_now(), at);
	case ARG_SPAN:
		return when_parse_span(slice_of(value), at);
	case ARG_LEVEL:
		if (level_parse(slice_of(value), &level) == -1)
			return -1;
		*(int *)at = level;
		return 0;
	case ARG_WORD:
		return set_word(at, a, value);
	case ARG_LIST:
		list_add(at, value);
		return 0;
	}
	return -1;
}

/* What would have been right, for people. */
static const char *
wanted(const struct arg *a, char *room, size_t size)
{
	size_t n = 0;

	switch (a->type) {
	case ARG_COUNT:
		return "a number";
	case ARG_TIME:
		return "a time: 2h, yesterday, 14:05, 2026-11-23";
	case ARG_SPAN:
		return "a span: 90s, 5m, 2h, 14d";
	case ARG_LEVEL:
		return "informational, low, medium, high or critical";
	case ARG_WORD:
		for (size_t i = 0; a->words[i] != NULL && n < size; i++)
			n += (size_t)snprintf(room + n, size - n, "%s%s",
			    i == 0 ? "" : " | ", a->words[i]);
		return room;
	default:
		return "something else";
	}
}

/* value NULL: it is the next argument. */
static int
take(struct reading *r, const struct arg *a, const char *given,
    const char *value)
{
	char room[128];

	if (a->type == ARG_FLAG && value != NULL)
		return args_wrong(r->command, "%s takes no value", given);
	if (a->type != ARG_FLAG && value == NULL) {
		if (r->next == r->argc)
			return args_wrong(r->command, "%s needs a value: %s",
			    given, a->value);
		value = r->argv[r->next++];
	}
	if (set(a, r->into + a->at, value) == 0)
		return 0;
	return args_wrong(r->command, "%s \"%s\": expected %s", given, value,
	    wanted(a, room, sizeof(room)));
}

static int
take_long(struct reading *r, char *given)
{
	char *equals = strchr(given, '=');
	size_t len = equals == NULL ? strlen(given) : (size_t)(equals - given);
	const struct arg *a = find_name(r->command,
	    slice_bytes(given + 2, len - 2));

	if (a == NULL)
		return unknown(r->command, given);
	return take(r, a, given, equals == NULL ? NULL : equals + 1);
}

static int
take_short(struct reading *r, char *given)
{
	const struct arg *a = find_letter(r->command, given[1]);

	if (a == NULL || (a->type == ARG_FLAG && given[2] != '\0'))
		return unknown(r->command, given);
	return take(r, a, given, given[2] == '\0' ? NULL : given + 2);
}

bool
args_read(const struct command *c, void *into, int *argc, char **argv,
    int *status)
{
	struct reading r = { .command = c, .into = into, .argc = *argc,
	    .next = 1, .argv = argv };
	bool options = true;
	int kept = 1;

	*status = EXIT_FINE;
	while (r.next < r.argc && *status == EXIT_FINE) {
		char *given = argv[r.next++];

		if (!options || given[0] != '-' || given[1] == '\0') {
			argv[kept++] = given;
		} else if (strcmp(given, "--") == 0) {
			options = false;
		} else if (strcmp(given, "--help") == 0) {
			args_help(c);
			return false;
		} else if (given[1] == '-') {
			*status = take_long(&r, given);
		} else {
			*status = take_short(&r, given);
		}
	}
	*argc = kept;
	return *status == EXIT_FINE;
}

void
args_free(const struct command *c, void *into)
{
	if (c->args == NULL)
		return;
	for (const struct arg *a = c->args; !ends(a); a++) {
		struct strlist *list;

		if (a->type != ARG_LIST)
			continue;
		list = (struct strlist *)((unsigned char *)into + a->at);
		free(list->items);
		*list = (struct strlist){ 0 };
	}
}
