#include "check.h"

#include <stdlib.h>

#include "base/when.h"

static void
civil_times_are_those_of_the_calendar(void)
{
	static const struct {
		int year, month, day;
		int64_t seconds;
	} rows[] = {
		{ 1970, 1, 1, 0 },
		{ 1969, 12, 31, -86400 },
		{ 2000, 2, 29, 951782400 },
		{ 2000, 3, 1, 951868800 },
		{ 2038, 1, 19, 2147472000 },
		{ 2100, 3, 1, 4107542400 },
		{ 1600, 1, 1, -11676096000 },
		{ 9999, 12, 31, 253402214400 },
	};

	for (size_t i = 0; i < COUNT(rows); i++)
		CHECK_ROW(when_civil(rows[i].year, rows[i].month, rows[i].day,
		    0, 0, 0) == rows[i].seconds * SECOND, i);
}

static void
utc_text_goes_both_ways(void)
{
	static const struct {
		int64_t when;
		const char *text;
	} rows[] = {
		{ 0, "1970-01-01T00:00:00.000000Z" },
		{ -1, "1969-12-31T23:59:59.999999Z" },
		{ 1795450200123456, "2026-11-23T16:10:00.123456Z" },
		{ 951826545000001, "2000-02-29T12:15:45.000001Z" },
	};

	for (size_t i = 0; i < COUNT(rows); i++) {
		struct buf b = { 0 };
		int64_t back = 0;

		when_utc(&b, rows[i].when);
		CHECK_TEXT_ROW(buf_slice(&b), rows[i].text, i);
		CHECK_ROW(when_parse_rfc3339(buf_slice(&b), &back) == 0, i);
		CHECK_ROW(back == rows[i].when, i);
		buf_free(&b);
	}
}

static void
rfc3339_in_its_forms_and_what_is_none(void)
{
	static const struct {
		const char *in;
		int ret;
		int64_t seconds;
	} rows[] = {
		{ "2026-11-23T16:10:00Z", 0, 1795450200 },
		{ "2026-11-23 16:10:00", 0, 1795450200 },
		{ "2026-11-23t16:10:00z", 0, 1795450200 },
		{ "2026-11-23T17:10:00+01:00", 0, 1795450200 },
		{ "2026-11-23T17:10:00+0100", 0, 1795450200 },
		{ "2026-11-23T10:40:00-05:30", 0, 1795450200 },
		{ "2026-11-23T16:10:00.999999999Z", 0, 1795450200 },
		{ "2026-11-23", -1, 0 },
		{ "2026-13-23T16:10:00Z", -1, 0 },
		{ "2026-11-32T16:10:00Z", -1, 0 },
		{ "2026-11-23T24:10:00Z", -1, 0 },
		{ "2026-11-23T16:60:00Z", -1, 0 },
		{ "2026-11-23T16:10:00Zx", -1, 0 },
		{ "2026-11-23T16:10:00+25:00", -1, 0 },
		{ "26-11-23T16:10:00Z", -1, 0 },
		{ "2028-02-29T00:00:00Z", 0, 1835395200 },
		{ "2026-02-29T00:00:00Z", -1, 0 },
		{ "2100-02-29T00:00:00Z", -1, 0 },
		{ "2026-11-31T00:00:00Z", -1, 0 },
		{ "", -1, 0 },
		{ "T", -1, 0 },
	};

	for (size_t i = 0; i < COUNT(rows); i++) {
		int64_t out = 0;

		CHECK_ROW(when_parse_rfc3339(slice_of(rows[i].in), &out) ==
		    rows[i].ret, i);
		CHECK_ROW(out / SECOND == rows[i].seconds, i);
	}
}

static void
spans_have_units(void)
{
	static const struct {
		const char *in;
		int ret;
		int64_t out;
	} rows[] = {
		{ "90", 0, 90 * SECOND }, { "90s", 0, 90 * SECOND },
		{ "5m", 0, 5 * MINUTE }, { "2h", 0, 2 * HOUR },
		{ "14d", 0, 14 * DAY }, { "1w", 0, 7 * DAY },
		{ "0", 0, 0 }, { "", -1, 0 }, { "h", -1, 0 },
		{ "-2h", -1, 0 }, { "2x", -1, 0 }, { "2h3", -1, 0 },
		{ "99999999999w", -1, 0 }, { "1000000000w", -1, 0 },
		{ "52285w", 0, 52285 * 7 * DAY }, { "52286w", -1, 0 },
		{ "18446744073709551616", -1, 0 },
	};

	for (size_t i = 0; i < COUNT(rows); i++) {
		int64_t out = 0;

		CHECK_ROW(when_parse_span(slice_of(rows[i].in), &out) ==
		    rows[i].ret, i);
		CHECK_ROW(out == rows[i].out, i);
	}
}

/* Monday, 23 November 2026, 16:10 UTC is 17:10 in Berlin. */
static void
people_may_write_times_in_their_way(void)
{
	static const struct {
		const char *in;
		int ret;
		int64_t seconds;
	} rows[] = {
		{ "now", 0, 1795450200 },
		{ "2h", 0, 1795450200 - 7200 },
		{ "-2h", 0, 1795450200 - 7200 },
		{ "2 hours ago", 0, 1795450200 - 7200 },
		{ "today", 0, 1795450200 - 61800 },
		{ "yesterday", 0, 1795450200 - 61800 - 86400 },
		{ "2026-11-23", 0, 1795450200 - 61800 },
		{ "14:05", 0, 1795450200 - 11100 },
		{ "2026-11-23 14:05", 0, 1795450200 - 11100 },
		{ "2026-11-23T16:10:00Z", 0, 1795450200 },
		{ "@1795450200", 0, 1795450200 },
		{ "", -1, 0 }, { "tomorow", -1, 0 }, { "25:00", -1, 0 },
		{ "@x", -1, 0 }, { "2026-99-99", -1, 0 },
		{ "2026-02-30", -1, 0 }, { "1000000000w ago", -1, 0 },
	};

	setenv("TZ", "CET-1CEST,M3.5.0,M10.5.0/3", 1);
	tzset();
	for (size_t i = 0; i < COUNT(rows); i++) {
		int64_t out = 0;

		CHECK_ROW(when_parse(slice_of(rows[i].in), 1795450200 * SECOND,
		    &out) == rows[i].ret, i);
		CHECK_ROW(out / SECOND == rows[i].seconds, i);
	}
}

static void
the_zone_changes_with_the_season(void)
{
	struct zone z = { 0 };

	setenv("TZ", "CET-1CEST,M3.5.0,M10.5.0/3", 1);
	tzset();
	CHECK(zone_offset(&z, when_civil(2026, 7, 1, 12, 0, 0)) == 7200);
	CHECK(zone_offset(&z, when_civil(2026, 12, 1, 12, 0, 0)) == 3600);
	CHECK(zone_offset(&z, when_civil(2026, 3, 29, 0, 59, 59)) == 3600);
	CHECK(zone_offset(&z, when_civil(2026, 3, 29, 1, 0, 0)) == 7200);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(civil_times_are_those_of_the_calendar),
		TEST(utc_text_goes_both_ways),
		TEST(rfc3339_in_its_forms_and_what_is_none),
		TEST(spans_have_units),
		TEST(people_may_write_times_in_their_way),
		TEST(the_zone_changes_with_the_season),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
