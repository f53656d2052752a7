/*
 * What rules compare with besides text: numbers, networks, parts of a time.
 */
#ifndef VEDETTE_LITERAL_H
#define VEDETTE_LITERAL_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "base/slice.h"

/* A number as written; whole ones are compared exactly. */
struct number {
	bool whole;
	int64_t integer;
	double real;
};
/* Decimal, with sign, fraction and exponent; -1 when it is none. */
int number_parse(struct slice s, struct number *out);
/* Less than, equal to or greater than 0. */
int number_cmp(const struct number *a, const struct number *b);

struct cidr {
	unsigned char net[16];
	uint8_t bytes;		/* 4 or 16 */
	uint8_t prefix;
};
/* -1 after filling err; bits behind the prefix are an error. */
int cidr_parse(struct slice s, struct cidr *out, struct err *err);
/*
 * The bytes of an address, 4 or 16 of them; ::ffff:a.b.c.d is a.b.c.d. 0 when
 * it is none.
 */
unsigned address_parse(struct slice s, unsigned char out[16]);
/* Whether s is an address of the network. */
bool cidr_holds(const struct cidr *c, struct slice s);

enum time_part {
	TIME_MINUTE, TIME_HOUR, TIME_DAY, TIME_WEEK, TIME_MONTH, TIME_YEAR,
};
/*
 * A part of an ISO 8601 time as it is written, without looking at its zone;
 * week is the ISO week. -1 when s is no such time or lacks the part.
 */
int time_part(struct slice s, enum time_part part);

#endif
