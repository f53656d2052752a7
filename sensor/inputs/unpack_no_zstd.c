/* A build without libzstd. */
#include "inputs/unpack.h"

const struct unpacker unpack_zstd = {
	.name = "zstd",
	.magic = SLICE("\x28\xb5\x2f\xfd"),
	UNPACK_TEXTS("zstd"),
};
