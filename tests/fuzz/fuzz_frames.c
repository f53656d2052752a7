/*
 * What a role says to another: the framing, and the bodies that the
 * supervisor takes. The first byte chooses the table.
 */
#include <stdlib.h>
#include <unistd.h>

#include "daemon/frames.h"
#include "daemon/plan.h"
#include "inputs/input.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static int
frame(void *arg, unsigned type, struct slice body, int fd)
{
	struct plan plan;

	if (fd != -1)
		close(fd);
	(void)type;
	(void)arg;
	plan_unpack(&plan, body);
	plan_free(&plan);
	return 0;
}

static void
closed(void *arg, bool lied, const char *why)
{
	(void)lied;
	(void)why;
	loop_stop(arg);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const struct {
		const struct frame_rule *rules;
		size_t count;
	} tables[] = {
		{ frames_to_supervisor, SUP_COUNT },
		{ frames_to_role, ROLE_COUNT },
		{ frames_to_courier, COURIER_COUNT },
		{ frames_from_courier, JUDGE_COUNT },
		{ frames_from_watch, INPUT_FRAMES },
		{ frames_to_watch, INPUT_FRAMES },
	};
	struct ipc_use use = { .frame = frame, .closed = closed };
	struct loop *l;
	struct ipc *c;
	int pair[2];

	/* A socket takes no more at once. */
	if (size < 1 || size > 65536 || ipc_pair(pair) == -1)
		return 0;
	use.rules = tables[data[0] % COUNT(tables)].rules;
	use.rule_count = tables[data[0] % COUNT(tables)].count;
	use.arg = l = loop_new();
	c = ipc_new(l, pair[0], &use);
	if (write(pair[1], data + 1, size - 1) == (ssize_t)size - 1) {
		close(pair[1]);
		loop_run(l);
	} else {
		close(pair[1]);
	}
	ipc_free(c);
	loop_free(l);
	return 0;
}
