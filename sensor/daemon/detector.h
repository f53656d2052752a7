/*
 * Decoders and rules, loaded and ready: what run, scan, rules test and the
 * self-test before a reload share.
 */
#ifndef VEDETTE_DETECTOR_H
#define VEDETTE_DETECTOR_H

#include "daemon/config.h"
#include "decode/decode.h"
#include "engine/engine.h"

struct detector {
	struct schema *schema;
	struct decoders *decoders;
	struct ruleset *rules;
	bool undecoded;		/* there was no directory of decoders */
	struct event *ev;
	struct event *merged;	/* of several records */
	struct logsource joined[EVENT_SOURCES_MAX];
	size_t joined_count;	/* see detector_source */
};

/*
 * Reads rules from each path of config's with its exceptions and overrides, or
 * only those of `only`, when not NULL, as they are; and decoders from the
 * "decoders" directory of the same paths, or of config's when `only` has none.
 * Tuning among `only` (rulefile.h) is that of its rules, or of config's when
 * it names nothing else.
 * The last of its tunings is the configuration's draft, if there is one. All
 * mistakes go to the diag; -1 when there was one. detector_free ends it in
 * either case.
 */
int detector_load(struct detector *det, const struct config *c,
    const struct decoder *const *formats, const struct strlist *only,
    struct diag *d);
/*
 * Its two halves, for who has something to add in between (anatomy.h): all is
 * read, and then compiled and made ready. The second is for what was read
 * without a mistake.
 */
int detector_read(struct detector *det, const struct config *c,
    const struct decoder *const *formats, const struct strlist *only,
    struct diag *d);
int detector_ready(struct detector *det, struct diag *d);
void detector_free(struct detector *det);
/*
 * Somebody tells the log source of all records, as decoders_source. A file
 * that was exported for a correlation over several services has one name
 * only: its events then also come from the others.
 */
void detector_source(struct detector *det, struct logsource told);
/* All events also come from this log source, of EVENT_SOURCES_MAX at most. */
void detector_join(struct detector *det, struct logsource source);
/* Runs the tests inside decoders and rules; -1 when one failed. */
int detector_test(struct detector *det, struct diag *d);
/*
 * Decodes one record and calls back for each rule that matches; none is held
 * against what an output of ours wrote. det->ev holds the event until the next
 * call.
 */
void detector_run(struct detector *det, const struct record *r,
    void (*matched)(void *arg, const struct match *m), void *arg);
/* Decodes one record, as detector_run does, and holds nothing against it. */
void detector_decode(struct detector *det, const struct record *r);
/*
 * Decodes one record as det->ev; whether detector_run would come to anything
 * or remember something. Nothing is told or remembered.
 */
bool detector_sift(struct detector *det, const struct record *r);
/* At the end of a file: what waited for more records is held against rules. */
void detector_end(struct detector *det,
    void (*matched)(void *arg, const struct match *m), void *arg);
#endif
