/*
 * What a rule is, as a digest: what it remembers is its own only while its
 * detection says the same. Titles, levels and comments are no part of it.
 */
#include "base/pack.h"
#include "engine/rule.h"

/* Each node as its kind, its length and its text, so that no two are alike. */
static void
add_node(struct buf *out, const struct node *n)
{
	static const char kinds[] = {
		[NODE_SCALAR] = 's', [NODE_LIST] = 'l', [NODE_MAP] = 'm',
	};

	buf_byte(out, (unsigned char)(n->quoted ? 'q' : kinds[n->type]));
	pack_varint(out, n->type == NODE_SCALAR ? n->text.len : n->count);
	if (n->type == NODE_SCALAR) {
		buf_add(out, n->text);
		return;
	}
	for (const struct node *c = n->first; c != NULL; c = c->next) {
		if (n->type == NODE_MAP)
			add_node(out, c->key);
		add_node(out, c);
	}
}

struct digest
rule_document(const struct node *doc)
{
	struct buf text = { 0 };
	struct digest digest;

	add_node(&text, doc);
	digest = digest_one(buf_slice(&text));
	buf_free(&text);
	return digest;
}

void
rule_identify(struct rule *r, struct slice part)
{
	const struct slice parts[] = { digest_slice(&r->identity), part };

	r->identity = digest_of(parts, COUNT(parts));
}

void
rule_identify_node(struct rule *r, const struct node *part)
{
	struct buf text = { 0 };

	if (part != NULL)
		add_node(&text, part);
	rule_identify(r, buf_slice(&text));
	buf_free(&text);
}
