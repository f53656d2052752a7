/*
 * Part of an answer: matches that are held back and still being counted.
 */
#ifndef VEDETTE_ANSWER_FOLDS_H
#define VEDETTE_ANSWER_FOLDS_H

#include "store/store.h"

struct folds_page {
	const struct query *query;
	int64_t now;
	size_t from;		/* how many of them were given already */
};

/*
 * Calls back for each as if it were a record, from page->from on, until the
 * callback gives -1: then 1, there may be more, and page->from is where to go
 * on. 0 that was all, -1 after filling err.
 */
int answer_folds(struct store *st, struct folds_page *page,
    int (*each)(void *arg, const struct row *row), void *arg,
    struct err *err);

#endif
