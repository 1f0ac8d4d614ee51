/* Two half circles that reach into each other. */
#include "maker.h"

static void row(void *context, int64_t i, wg_dataset_random *random, double *x, double *y, int64_t *label)
{
    (void)y;
    const wg_dataset_moons_options *o = context;
    const double t = maker_pi * wg_dataset_uniform(random);
    *label = i % 2;
    x[0] = (*label ? 1 - cos(t) : cos(t)) + o->noise * wg_dataset_normal(random);
    x[1] = (*label ? 0.5 - sin(t) : sin(t)) + o->noise * wg_dataset_normal(random);
}

wg_status wg_dataset_make_moons_with(wg_tensor **x, wg_tensor **y, wg_dataset_moons_options options)
{
    const char *op = "dataset_make_moons";
    WG_TRY(maker_begin(op, x, y));
    WG_TRY(maker_check(op, "noise", options.noise, 0, 1e30));
    const struct maker maker = {op, MAKER_MOONS, options.seed, options.dtype, options.rows, 2, 0, row, &options};
    return maker_run(&maker, x, y);
}
