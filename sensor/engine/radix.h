/*
 * Networks, found by an address: one walk along its bits meets every network
 * that holds it.
 */
#ifndef VEDETTE_RADIX_H
#define VEDETTE_RADIX_H

#include "engine/literal.h"

struct radix;

/* Owner: caller. */
struct radix *radix_new(void);
void radix_free(struct radix *r);
void radix_add(struct radix *r, const struct cidr *c, uint32_t number);
/* Calls back with the numbers of the networks that hold the address. */
void radix_find(const struct radix *r, struct slice address,
    void (*found)(void *arg, uint32_t number), void *arg);
size_t radix_bytes(const struct radix *r);

#endif
