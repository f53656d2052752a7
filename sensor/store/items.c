#include "store/inside.h"

#include <assert.h>

static const char *const spaces[] = {
	[ITEMS_REMEMBERED] = "memory",
	[ITEMS_LOADED] = "loaded rule",
	[ITEMS_LOAD] = "load",
};
static_assert(COUNT(spaces) == ITEMS_COUNT, "one name per space");

int
store_item_put(struct store *st, enum items space, struct slice key,
    struct slice value, struct err *err)
{
	return state_put(st, spaces[space], key, value, err);
}

int
store_item_delete(struct store *st, enum items space, struct slice key,
    struct err *err)
{
	return state_drop(st, spaces[space], key, err);
}

int
store_item_each(struct store *st, enum items space,
    void (*each)(void *arg, struct slice key, struct slice value), void *arg,
    struct err *err)
{
	return state_each(st, spaces[space], each, arg, err);
}
