/*
 * SHA-256, HMAC-SHA-256, random bytes and base64, from libcrypto.
 */
#ifndef VEDETTE_DIGEST_H
#define VEDETTE_DIGEST_H

#include "base/buf.h"
#include "base/err.h"
#include "base/slice.h"

enum { DIGEST_LEN = 32 };

struct digest {
	unsigned char b[DIGEST_LEN];
};

/* SHA-256 over the slices one behind the other; n of them. */
struct digest digest_of(const struct slice *parts, size_t n);
struct digest digest_one(struct slice s);
struct digest digest_hmac(struct slice key, const struct slice *parts,
    size_t n);
/* View of the 32 bytes. */
struct slice digest_slice(const struct digest *d);
/* Fills from the kernel; ends the program when there are none. */
void random_bytes(void *p, size_t n);

void base64_add(struct buf *b, struct slice s);
/* -1 when it is not base64. */
int base64_decode(struct buf *b, struct slice s);
/* Bytes of 2n hex digits; -1 when they are not. */
int hex_decode(struct slice s, unsigned char *out, size_t n);

/* Calls libcrypto once, so that nothing is loaded after sealing. */
void digest_warm(void);

#endif
