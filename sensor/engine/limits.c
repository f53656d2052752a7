/*
 * How much rules may remember, as the configuration says it.
 */
#include "engine/engine.h"

const struct opt limit_opts[] = {
	{ "groups", OPT_COUNT, AT(ruleset_limits, groups), "100000",
	    "most groups that a correlation keeps", NULL, false },
	{ "values", OPT_COUNT, AT(ruleset_limits, values), "10000",
	    "most different values that a group tells apart", NULL, false },
	{ "memory", OPT_SIZE, AT(ruleset_limits, memory), "64M",
	    "most bytes that all rules remember", NULL, false },
	{ "late", OPT_SPAN, AT(ruleset_limits, late), "10s",
	    "how long a window waits for what comes late", NULL, false },
	{ 0 },
};

/*
 * Looking for a value goes through all of a group, and a late window holds
 * up its alert: above these nobody would be glad.
 */
static const struct range {
	size_t at;
	uint64_t least, most;
	const char *wanted;
} ranges[] = {
	{ AT(ruleset_limits, groups), 1, 10000000, "from 1 to 10000000" },
	{ AT(ruleset_limits, values), 1, LIMIT_VALUES, "from 1 to 100000" },
	{ AT(ruleset_limits, memory), 1 << 20, UINT64_C(1) << 40,
	    "from 1M to 1T" },
	{ AT(ruleset_limits, late), 0, UINT64_C(86400000000),
	    "from 0s to 1d" },
};

static const char *
name_of(size_t at)
{
	const struct opt *o = limit_opts;

	while (o->at != at)
		o++;
	return o->name;
}

int
ruleset_limits_check(const struct ruleset_limits *limits,
    const struct node *map, struct diag *d)
{
	int ret = 0;

	for (size_t i = 0; i < COUNT(ranges); i++) {
		const struct range *r = &ranges[i];
		uint64_t n;

		/* A span is a number as well, and none is negative. */
		memcpy(&n, (const char *)limits + r->at, sizeof(n));
		if (n < r->least || n > r->most)
			ret = node_error(d, node_get(map, name_of(r->at)),
			    "%s: must be %s", name_of(r->at), r->wanted);
	}
	return ret;
}
