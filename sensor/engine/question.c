/*
 * Questions: parts of rules that are asked by hand.
 */
#include "engine/anatomy.h"
#include "engine/program.h"
#include "engine/ruleset.h"

#include <stdlib.h>

/* What is wrong with a part was told when its rule was read. */
int
ruleset_question(struct ruleset *rs, const struct node *detection)
{
	struct diag quiet = { 0 };
	struct load l = ruleset_load_begin(rs, detection->file, &quiet);
	struct expr *e = detection_read(&l, detection, DETECTION_RULE);

	buf_free(&l.missing.names);
	diag_free(&quiet);
	if (e == NULL)
		return -1;
	rs->questions = xrealloc(rs->questions, rs->question_count + 1,
	    sizeof(*rs->questions));
	rs->questions[rs->question_count] = (struct question){ .expr = e };
	return (int)rs->question_count++;
}

void
questions_compile(struct ruleset *rs)
{
	for (size_t i = 0; i < rs->question_count; i++) {
		struct question *q = &rs->questions[i];

		q->code = program_new(rs->keep, q->expr, &q->code_len);
		if (q->code == NULL)
			q->code_len = 0;
		q->expr = NULL;
	}
}

bool
ruleset_holds(struct ruleset *rs, size_t question, const struct event *ev)
{
	const struct question *q = &rs->questions[question];
	bool aborted = false;

	predicates_event(rs->predicates, ev);
	return program_run(q->code, q->code_len, rs->predicates, &aborted);
}

/* What program_tests calls back with. */
struct once {
	void (*each)(void *arg, uint32_t test);
	void *arg;
	bool *seen;
};

static void
tell_once(void *arg, uint32_t test)
{
	struct once *o = arg;

	if (!o->seen[test])
		o->each(o->arg, test);
	o->seen[test] = true;
}

void
ruleset_question_tests(const struct ruleset *rs, size_t question,
    void (*each)(void *arg, uint32_t test), void *arg)
{
	const struct question *q = &rs->questions[question];
	struct once o = { each, arg,
	    xcalloc(predicates_count(rs->predicates), sizeof(*o.seen)) };

	program_tests(q->code, q->code_len, tell_once, &o);
	free(o.seen);
}

void
ruleset_filters(const struct ruleset *rs, size_t rule,
    void (*each)(void *arg, const char *file, unsigned line), void *arg)
{
	for (size_t i = 0; i < rs->filter_count; i++)
		if (filter_is_over(&rs->filters[i], &rs->rules[rule]))
			each(arg, rs->filters[i].file, rs->filters[i].line);
}
