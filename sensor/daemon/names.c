#include "daemon/names.h"

#include "base/file.h"

enum { FILE_MAX = 1 << 20 };

void
names_read(struct buf *out)
{
	if (read_file("/etc/passwd", out, FILE_MAX, NULL) == -1)
		buf_clear(out);
}

/* name:password:uid:... */
struct slice
names_of(const struct buf *names, uint32_t uid)
{
	struct slice rest = buf_slice(names), line, name, skipped, number;
	uint64_t n;

	while (slice_cut(&rest, '\n', &line))
		if (slice_cut(&line, ':', &name) &&
		    slice_cut(&line, ':', &skipped) &&
		    slice_cut(&line, ':', &number) &&
		    slice_to_u64(number, &n) == 0 && n == uid)
			return name;
	return S("");
}
