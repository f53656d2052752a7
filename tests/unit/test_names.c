/* Names of users, from a text that looks like /etc/passwd or does not. */
#include "check.h"

#include "daemon/names.h"

static void
a_name_is_found_by_number(void)
{
	static const char text[] =
	    "root:x:0:0:root:/root:/bin/sh\n"
	    "broken\n"
	    ":::\n"
	    "\n"
	    "minus:x:-1:0::/:\n"
	    "large:x:4294967296:0::/:\n"
	    "alice:x:1000:1000::/home/alice:/bin/sh\n"
	    "second:x:1000:1000::/home/second:/bin/sh\n"
	    "unended:x:7:7::/:";
	static const struct {
		uint32_t uid;
		const char *name;
	} rows[] = {
		{ 0, "root" },
		{ 1000, "alice" },
		{ 7, "" },
		{ 5, "" },
		{ UINT32_MAX, "" },
	};
	struct buf names = { 0 };

	buf_str(&names, text);
	for (size_t i = 0; i < COUNT(rows); i++)
		CHECK_TEXT_ROW(names_of(&names, rows[i].uid), rows[i].name,
		    i);
	buf_clear(&names);
	CHECK_TEXT(names_of(&names, 0), "");
	buf_free(&names);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_name_is_found_by_number),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
