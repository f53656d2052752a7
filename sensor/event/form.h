/*
 * How a field stands in what is written: where, and of which type. ECS knows
 * some names, Sigma others; the rest is foreign and has a place of its own.
 */
#ifndef VEDETTE_FORM_H
#define VEDETTE_FORM_H

#include "base/slice.h"

struct field_form {
	struct slice path;	/* name in ECS, else its own */
	bool foreign;		/* goes into vedette.fields */
	bool number;		/* of ECS type long */
	bool list;		/* an array also of one value */
};

/* path is a view of name or of a literal. */
struct field_form field_form(struct slice name);

#endif
