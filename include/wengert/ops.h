/* The ops, one line each in ops.def, which states their formulas; this file turns those lines into prototypes. */
#ifndef WENGERT_OPS_H
#define WENGERT_OPS_H

#include "op.h"
#include "ops_options.h" /* made by the build from ops.def: for each reduction the macro that takes options */

/* Axes of a reduction: .axis = 1, or .axes = WG_AXES(0, 2), or all of them. Negative axes count from the last. keepdims leaves
   extents of 1 where axes were. */
enum { WG_ALL = 127 };
typedef struct wg_reduce_options {
    int axis;
    struct {
        int count;
        int8_t axis[WG_MAX_RANK];
    } axes;
    bool keepdims;
} wg_reduce_options;

#define WG_AXES(...)                            \
    {                                           \
        (int)(sizeof((int8_t[]){__VA_ARGS__})), \
        {                                       \
            __VA_ARGS__                         \
        }                                       \
    }

#define WG_UNARY(name) WG_API wg_tensor *wg_##name(wg_tensor *x);
#define WG_BINARY(name) WG_API wg_tensor *wg_##name(wg_tensor *a, wg_tensor *b);
#define WG_REDUCTION(name) WG_API wg_tensor *wg_##name##_with(wg_tensor *x, wg_reduce_options options);
#define WG_OP(name, arguments) WG_API wg_tensor *wg_##name arguments;
#define WG_OP_MANY(name, arguments) WG_API wg_status wg_##name arguments;
#define WG_CORE(name)
#include "ops.def"
#undef WG_UNARY
#undef WG_BINARY
#undef WG_REDUCTION
#undef WG_OP
#undef WG_OP_MANY
#undef WG_CORE

#endif
