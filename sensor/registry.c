/*
 * The one file that knows every leaf. The tables come from LEAVES in
 * Makefile.am.
 */
#include "cli/command.h"

#include "leaves.h"

const struct registry registry = {
	.inputs = leaf_inputs,
	.decoders = leaf_decoders,
	.outputs = leaf_outputs,
	.commands = leaf_commands,
	.rules = leaf_rules,
};
