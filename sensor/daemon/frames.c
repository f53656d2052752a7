#include "daemon/frames.h"

#include "inputs/input.h"

const struct frame_rule frames_to_supervisor[SUP_COUNT] = {
	[SUP_PLAN] = { "plan", 16, 65536, false },
	[SUP_READY] = { "ready", 0, 0, false },
	[SUP_STARTED] = { "started", 0, 0, false },
	[SUP_FAILED] = { "failed", 0, 65536, false },
	[SUP_PONG] = { "pong", 0, 0, false },
	[SUP_RELOAD] = { "reload", 0, 0, false },
};

const struct frame_rule frames_to_role[ROLE_COUNT] = {
	[ROLE_PEER] = { "peer", 4, 4, true },
	[ROLE_SECRET] = { "secret", 4, 4, true },
	[ROLE_SEAL] = { "seal", 0, 0, false },
	[ROLE_GO] = { "go", 1, 1, false },
	[ROLE_STOP] = { "stop", 0, 0, false },
	[ROLE_PING] = { "ping", 0, 0, false },
	[ROLE_CONNECTION] = { "connection", 4, 4, true },
	[ROLE_RELOADED] = { "reloaded", 0, 65536, false },
};

const struct frame_rule frames_to_courier[COURIER_COUNT] = {
	[COURIER_BATCH] = { "batch", 8, FRAME_MAX, false },
};

const struct frame_rule frames_from_courier[JUDGE_COUNT] = {
	[JUDGE_ACKED] = { "acked", 12, 12, false },
	[JUDGE_DEAD] = { "dead", 16, 4096, false },
	[JUDGE_STATE] = { "state", 9, 4096, false },
};

const struct frame_rule frames_from_watch[INPUT_FRAMES] = {
	[INPUT_FILE] = { "file", 16, 16384, true },
	[INPUT_GREW] = { "grew", 8, 8, false },
	[INPUT_GONE] = { "gone", 8, 8, false },
	[INPUT_LISTED] = { "listed", 0, 0, false },
	[INPUT_RECORD] = { "record", 24, FRAME_MAX, false },
	[INPUT_LOST] = { "lost", 36, 16384, false },
	[INPUT_NOTICE] = { "notice", 4, 16384, false },
};

const struct frame_rule frames_to_watch[INPUT_FRAMES] = {
	[INPUT_START] = { "start", 4, 65536, false },
	[INPUT_DROP] = { "drop", 9, 9, false },
	[INPUT_ACK] = { "ack", 12, 12, false },
};
