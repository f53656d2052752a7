/*
 * Numbers and byte strings in a row, host order, for what one role tells
 * another and for small states in the journal. Reading is bounded: the first
 * thing that does not fit sets bad, and everything after it reads as zero.
 */
#ifndef VEDETTE_PACK_H
#define VEDETTE_PACK_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/slice.h"

void pack_u8(struct buf *b, uint8_t n);
void pack_u32(struct buf *b, uint32_t n);
void pack_u64(struct buf *b, uint64_t n);
/* As few bytes as it needs, 1 to 10; a signed one with its sign folded in. */
void pack_varint(struct buf *b, uint64_t n);
void pack_signed(struct buf *b, int64_t n);
/* u32 length and the bytes. */
void pack_slice(struct buf *b, struct slice s);

struct unpack {
	struct slice rest;
	bool bad;
};

uint8_t unpack_u8(struct unpack *u);
uint32_t unpack_u32(struct unpack *u);
uint64_t unpack_u64(struct unpack *u);
uint64_t unpack_varint(struct unpack *u);
int64_t unpack_signed(struct unpack *u);
struct slice unpack_slice(struct unpack *u);
/* Nothing was bad and nothing is left. */
bool unpack_done(const struct unpack *u);

#endif
