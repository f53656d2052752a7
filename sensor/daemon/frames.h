/*
 * Every frame that a role may send to another, with its shape. Bodies are in
 * base/pack.h's terms.
 */
#ifndef VEDETTE_FRAMES_H
#define VEDETTE_FRAMES_H

#include "daemon/ipc.h"

/* From a role to the supervisor. */
enum to_supervisor {
	SUP_PLAN = 1,	/* judge: struct plan, see plan.h */
	SUP_READY,	/* compiled, sealed: may go */
	SUP_STARTED,	/* judge: the journal is open */
	SUP_FAILED,	/* text: why it can't; the role ends */
	SUP_PONG,
	SUP_RELOAD,	/* judge: root asked for it */
	SUP_COUNT,
};

/* From the supervisor to a role. */
enum to_role {
	ROLE_PEER = 1,	/* u32 enum role of the other end; with descriptor */
	ROLE_SECRET,	/* u32 index in the plan; with descriptor */
	ROLE_SEAL,	/* judge: what the plan names is there */
	ROLE_GO,	/* u8: takes over from another judge */
	ROLE_STOP,
	ROLE_PING,
	ROLE_CONNECTION,	/* u32 login uid; with descriptor */
	ROLE_RELOADED,	/* text: empty when the new one took over, else why
			   the old stays */
	ROLE_COUNT,
};

/* From the judge to the courier and back. */
enum to_courier {
	COURIER_BATCH = 1,	/* u32 output, u32 count, then per parcel u64
				   seq, u32 kind, u32 level, u64 time, slice
				   id, slice body */
	COURIER_COUNT,
};
enum from_courier {
	JUDGE_ACKED = 1,	/* u32 output, u64 seq */
	JUDGE_DEAD,		/* u32 output, u64 seq, slice reason */
	JUDGE_STATE,		/* u32 output, u8 enum delivery, slice text */
	JUDGE_COUNT,
};

extern const struct frame_rule frames_to_supervisor[SUP_COUNT];
extern const struct frame_rule frames_to_role[ROLE_COUNT];
extern const struct frame_rule frames_to_courier[COURIER_COUNT];
extern const struct frame_rule frames_from_courier[JUDGE_COUNT];
/* The two directions of enum input_frame. */
extern const struct frame_rule frames_to_watch[];
extern const struct frame_rule frames_from_watch[];

#endif
