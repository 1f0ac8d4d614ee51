/* The table of all ops, and the builders of unary ops, binary ops and reductions, generated from ops.def. */
#include "ops/op.h"

static const struct wg_op *const registry[] = {
#define WG_UNARY(name) &wg_op_##name,
#define WG_BINARY(name) &wg_op_##name,
#define WG_REDUCTION(name) &wg_op_##name,
#define WG_OP(name, arguments) &wg_op_##name,
#define WG_OP_WITH(name, operands, options) &wg_op_##name,
#define WG_OP_MANY(name, arguments) &wg_op_##name,
#define WG_CORE(name)
#include "wengert/ops.def"
#undef WG_UNARY
#undef WG_BINARY
#undef WG_REDUCTION
#undef WG_OP
#undef WG_OP_WITH
#undef WG_OP_MANY
};

size_t wg_op_count(void)
{
    return sizeof registry / sizeof *registry;
}

const struct wg_op *wg_op_at(size_t index)
{
    return index < wg_op_count() ? registry[index] : NULL;
}

#define WG_UNARY(name)                             \
    wg_tensor *wg_##name(wg_tensor *x)             \
    {                                              \
        return wg_invoke1(&wg_op_##name, NULL, x); \
    }
#define WG_BINARY(name)                               \
    wg_tensor *wg_##name(wg_tensor *a, wg_tensor *b)  \
    {                                                 \
        return wg_invoke2(&wg_op_##name, NULL, a, b); \
    }
#define WG_REDUCTION(name)                                                         \
    wg_tensor *wg_##name##_with(wg_tensor *x, wg_reduce_options options)           \
    {                                                                              \
        return wg_reduce(&wg_op_##name, x, options, (struct wg_reduce_params){0}); \
    }
#define WG_OP(name, arguments)
#define WG_OP_WITH(name, operands, options)
#define WG_OP_MANY(name, arguments)
#include "wengert/ops.def"
