/* A view of x through which no gradient flows. */
#include "ops/op.h"

const struct wg_op wg_op_detach = {
    .name = WG_REGISTERED("detach"),
    .n_in = 1,
    .n_out = 1,
    .shape = wg_view_whole,
    .flags = WG_OP_VIEW | WG_OP_STOP_GRADIENT,
    WG_SAMPLES({"2x3", {WG_DIMS(2, 3)}, .n = 1}),
};
