/* The ops whose builders take more than tensors, with their arguments as ops.def writes them: for tests that hold a list of their own against
   it. */
#ifndef TEST_OP_ARGUMENTS_H
#define TEST_OP_ARGUMENTS_H

static const struct {
    const char *op, *arguments;
} op_arguments[] = {
#define WG_UNARY(name)
#define WG_BINARY(name)
#define WG_REDUCTION(name)
#define WG_OP(name, arguments) {#name, #arguments},
#define WG_OP_WITH(name, arguments) {#name, #arguments},
#define WG_OP_MANY(name, arguments) {#name, #arguments},
#define WG_CORE(name)
#include "wengert/ops.def"
#undef WG_UNARY
#undef WG_BINARY
#undef WG_REDUCTION
#undef WG_OP
#undef WG_OP_WITH
#undef WG_OP_MANY
#undef WG_CORE
};
enum { N_OP_ARGUMENTS = sizeof op_arguments / sizeof *op_arguments };

#endif
