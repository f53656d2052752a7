#include "base/digest.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/random.h>

#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/params.h>
#include <openssl/sha.h>

struct digest
digest_of(const struct slice *parts, size_t n)
{
	struct digest d;
	SHA256_CTX ctx;

	/*
	 * The old interface: no allocation and no provider look-up per call,
	 * which for records of some hundred bytes is most of the time.
	 */
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wdeprecated-declarations"
	SHA256_Init(&ctx);
	for (size_t i = 0; i < n; i++)
		SHA256_Update(&ctx, parts[i].p, parts[i].len);
	SHA256_Final(d.b, &ctx);
#pragma GCC diagnostic pop
	return d;
}

struct digest
digest_one(struct slice s)
{
	return digest_of(&s, 1);
}

struct digest
digest_hmac(struct slice key, const struct slice *parts, size_t n)
{
	struct buf all = { 0 };
	struct digest d = { { 0 } };
	unsigned len = DIGEST_LEN;

	for (size_t i = 0; i < n; i++)
		buf_add(&all, parts[i]);
	/* libcrypto takes a NULL key for "the key of before". */
	if (HMAC(EVP_sha256(), key.len > 0 ? key.p : S("").p, (int)key.len,
	    (const unsigned char *)buf_cstr(&all), all.len, d.b, &len) == NULL)
		abort();
	buf_free(&all);
	return d;
}

struct slice
digest_slice(const struct digest *d)
{
	return slice_bytes(d->b, DIGEST_LEN);
}

void
random_bytes(void *p, size_t n)
{
	unsigned char *at = p;

	while (n > 0) {
		ssize_t got = getrandom(at, n, 0);

		if (got < 0) {
			perror("vedette: getrandom");
			abort();
		}
		at += got;
		n -= (size_t)got;
	}
}

void
base64_add(struct buf *b, struct slice s)
{
	size_t n = (s.len + 2) / 3 * 4;

	EVP_EncodeBlock(buf_room(b, n + 1), s.p, (int)s.len);
	b->len += n;
}

/* The alphabet, then at most two '='; libcrypto takes blanks and more. */
static bool
is_base64(struct slice s)
{
	static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
	    "abcdefghijklmnopqrstuvwxyz0123456789+/";
	size_t n = s.len;

	for (int pad = 0; pad < 2 && n > 0 && s.p[n - 1] == '='; pad++)
		n--;
	for (size_t i = 0; i < n; i++)
		if (memchr(alphabet, s.p[i], sizeof(alphabet) - 1) == NULL)
			return false;
	return s.len % 4 == 0 && s.len <= INT32_MAX;
}

int
base64_decode(struct buf *b, struct slice s)
{
	int n;

	if (s.len == 0)
		return 0;
	if (!is_base64(s))
		return -1;
	n = EVP_DecodeBlock(buf_room(b, s.len / 4 * 3), s.p, (int)s.len);
	if (n < 0)
		return -1;
	n -= s.p[s.len - 1] == '=';
	n -= s.p[s.len - 2] == '=';
	b->len += (size_t)n;
	return 0;
}

static int
hex_digit(unsigned char c)
{
	if (byte_is_digit(c))
		return c - '0';
	c = byte_lower(c);
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

int
hex_decode(struct slice s, unsigned char *out, size_t n)
{
	if (s.len != n * 2)
		return -1;
	for (size_t i = 0; i < n; i++) {
		int high = hex_digit(s.p[2 * i]);
		int low = hex_digit(s.p[2 * i + 1]);

		if (high < 0 || low < 0)
			return -1;
		out[i] = (unsigned char)(high << 4 | low);
	}
	return 0;
}

void
digest_warm(void)
{
	struct slice s = S("warm");
	struct buf b = { 0 };

	digest_one(s);
	digest_hmac(s, &s, 1);
	base64_add(&b, s);
	buf_free(&b);
}
