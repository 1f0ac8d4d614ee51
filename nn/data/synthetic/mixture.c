/* Gaussians on a ring or a grid. */
#include "maker.h"

static void row(void *context, int64_t i, wg_dataset_random *random, double *x, double *y, int64_t *label)
{
    (void)i, (void)y;
    const wg_dataset_mixture_options *o = context;
    const int64_t k = wg_dataset_below(random, o->modes), side = (int64_t)(sqrt((double)o->modes) + 0.5);
    double mean[2];
    if (o->layout == WG_DATASET_LAYOUT_RING) {
        const double angle = 2 * maker_pi * (double)k / (double)o->modes;
        mean[0] = o->extent * cos(angle);
        mean[1] = o->extent * sin(angle);
    } else {
        const double step = side > 1 ? 2 * o->extent / (double)(side - 1) : 0, first = side > 1 ? -o->extent : 0;
        mean[0] = first + step * (double)(k % side);
        mean[1] = first + step * (double)(k / side);
    }
    *label = k;
    x[0] = mean[0] + o->deviation * wg_dataset_normal(random);
    x[1] = mean[1] + o->deviation * wg_dataset_normal(random);
}

wg_status wg_dataset_make_mixture_with(wg_tensor **x, wg_tensor **y, wg_dataset_mixture_options options)
{
    const char *op = "dataset_make_mixture";
    WG_TRY(maker_begin(op, x, y));
    const bool grid = options.layout == WG_DATASET_LAYOUT_GRID;
    WG_TRY(maker_check(op, "layout", (double)(int)options.layout, WG_DATASET_LAYOUT_RING, WG_DATASET_LAYOUT_GRID));
    WG_TRY(maker_check(op, "modes", (double)options.modes, 0, 1e6));
    WG_TRY(maker_check(op, "extent", options.extent, 0, 1e30));
    WG_TRY(maker_check(op, "deviation", options.deviation, 0, 1e30));
    if (options.modes == 0)
        options.modes = grid ? 25 : 8;
    if (!(options.extent > 0))
        options.extent = grid ? 4 : 2;
    const int64_t side = (int64_t)(sqrt((double)options.modes) + 0.5);
    if (grid && side * side != options.modes)
        return wg_error_set(WG_E_ARGUMENT, op, "%s: expected a square as modes of a grid, got %lld", op, (long long)options.modes);
    const struct maker maker = {op, MAKER_MIXTURE, options.seed, options.dtype, options.rows, 2, 0, row, &options};
    return maker_run(&maker, x, y);
}
