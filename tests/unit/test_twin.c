/*
 * The engine against the twin, for a few seconds and always on the same
 * rules and events. tests/bench/twin_pairs does it for longer.
 */
#include "check.h"

#include "pairs.h"

static void
both_engines_say_the_same(void)
{
	struct pairs_counts c = { 0 };

	for (uint64_t seed = 1; seed <= 20; seed++)
		pairs_invent(seed, 100, 150, &c);
	CHECK(c.differences == 0);
	/* And it was about something. */
	CHECK(c.pairs > 200000);
	CHECK(c.matches > c.pairs / 100);
	CHECK(c.refused > 10);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(both_engines_say_the_same),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
