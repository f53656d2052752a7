#include "engine/radix.h"

#include <stdlib.h>

#include "base/buf.h"

static const uint32_t NONE = UINT32_MAX;

/* Addresses part here by one bit: networks are few, 128 steps not many. */
struct fork {
	uint32_t next[2];	/* by the bit, or 0 */
	uint32_t networks;	/* that end here: first of a chain, or NONE */
};

struct network {
	uint32_t number, next;
};

/* The first two forks are the roots: of addresses of 4 and of 16 bytes. */
struct radix {
	struct fork *forks;
	size_t count, room;
	struct network *networks;
	size_t network_count;
};

static uint32_t
add_fork(struct radix *r)
{
	if (r->count == r->room) {
		r->room = r->room * 2 + 64;
		r->forks = xrealloc(r->forks, r->room, sizeof(*r->forks));
	}
	r->forks[r->count] = (struct fork){ .networks = NONE };
	return (uint32_t)r->count++;
}

struct radix *
radix_new(void)
{
	struct radix *r = xcalloc(1, sizeof(*r));

	add_fork(r);
	add_fork(r);
	return r;
}

void
radix_free(struct radix *r)
{
	if (r == NULL)
		return;
	free(r->forks);
	free(r->networks);
	free(r);
}

static unsigned
bit_of(const unsigned char *bytes, unsigned n)
{
	return bytes[n / 8] >> (7 - n % 8) & 1;
}

void
radix_add(struct radix *r, const struct cidr *c, uint32_t number)
{
	uint32_t at = c->bytes == 16;

	for (unsigned i = 0; i < c->prefix; i++) {
		unsigned bit = bit_of(c->net, i);
		uint32_t next = r->forks[at].next[bit];

		if (next == 0) {
			next = add_fork(r);
			r->forks[at].next[bit] = next;
		}
		at = next;
	}
	r->networks = xrealloc(r->networks, r->network_count + 1,
	    sizeof(*r->networks));
	r->networks[r->network_count] = (struct network){
		number, r->forks[at].networks };
	r->forks[at].networks = (uint32_t)r->network_count++;
}

void
radix_find(const struct radix *r, struct slice address,
    void (*found)(void *arg, uint32_t number), void *arg)
{
	unsigned char bytes[16];
	unsigned len = address_parse(address, bytes), bits = len * 8;
	uint32_t at = len == 16, n;

	if (len == 0)
		return;
	for (unsigned i = 0;; i++) {
		for (n = r->forks[at].networks; n != NONE;
		    n = r->networks[n].next)
			found(arg, r->networks[n].number);
		if (i == bits)
			return;
		at = r->forks[at].next[bit_of(bytes, i)];
		if (at == 0)
			return;
	}
}

size_t
radix_bytes(const struct radix *r)
{
	return sizeof(*r) + r->room * sizeof(*r->forks) +
	    r->network_count * sizeof(*r->networks);
}
