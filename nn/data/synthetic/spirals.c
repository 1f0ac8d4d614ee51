/* Arms of a spiral. */
#include "maker.h"

static void row(void *context, int64_t i, wg_dataset_random *random, double *x, double *y, int64_t *label)
{
    (void)y;
    const wg_dataset_spirals_options *o = context;
    *label = i % o->classes;
    const double radius = wg_dataset_uniform(random);
    const double angle = 2 * maker_pi * ((double)*label / (double)o->classes + o->turns * radius);
    x[0] = radius * cos(angle) + o->noise * wg_dataset_normal(random);
    x[1] = radius * sin(angle) + o->noise * wg_dataset_normal(random);
}

wg_status wg_dataset_make_spirals_with(wg_tensor **x, wg_tensor **y, wg_dataset_spirals_options options)
{
    const char *op = "dataset_make_spirals";
    WG_TRY(maker_begin(op, x, y));
    WG_TRY(maker_check(op, "classes", (double)options.classes, 1, 1e6));
    WG_TRY(maker_check(op, "turns", options.turns, -1e6, 1e6));
    WG_TRY(maker_check(op, "noise", options.noise, 0, 1e30));
    const struct maker maker = {op, MAKER_SPIRALS, options.seed, options.dtype, options.rows, 2, 0, row, &options};
    return maker_run(&maker, x, y);
}
