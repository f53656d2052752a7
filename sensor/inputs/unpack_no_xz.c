/* A build without liblzma. */
#include "inputs/unpack.h"

const struct unpacker unpack_xz = {
	.name = "xz",
	.magic = SLICE("\xfd" "7zXZ\0"),
	UNPACK_TEXTS("xz"),
};
