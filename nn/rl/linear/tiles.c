/* Tile coding. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "linear.h"
#include "wengert/error.h"

enum { MAX_FEATURES = 1 << 26 };

struct wg_rl_tiles {
    int64_t axes, tilings, divisions, grid; /* grid: tiles of one tiling */
    double bound[];                         /* low, then width of a tile, of each axis */
};

static wg_rl_tiles *refused(wg_status code, const char *text)
{
    (void)wg_error_set(code, "rl_tiles_create", "rl_tiles_create: %s", text);
    return NULL;
}

/* (divisions + 1)ⁿ, or 0 if there are too many features. */
static int64_t grid_of(int64_t axes, int64_t divisions, int64_t tilings)
{
    int64_t grid = 1;
    for (int64_t i = 0; i < axes; i++) {
        grid *= divisions + 1;
        if (grid * tilings > MAX_FEATURES)
            return 0;
    }
    return grid;
}

wg_rl_tiles *wg_rl_tiles_create_with(const wg_rl_box *box, wg_rl_tiles_options o)
{
    if (!box)
        return refused(WG_E_NULL, "the box is NULL");
    if (box->size < 1 || !box->low || !box->high)
        return refused(WG_E_ARGUMENT, "expected a box with bounds");
    for (int64_t i = 0; i < box->size; i++)
        if (!isfinite(box->low[i]) || !isfinite(box->high[i]) || !(box->low[i] < box->high[i]))
            return refused(WG_E_ARGUMENT, "expected finite bounds, each low one below its high one");
    if (o.tilings < 1 || o.divisions < 1 || o.tilings > MAX_FEATURES || o.divisions > MAX_FEATURES)
        return refused(WG_E_ARGUMENT, "expected at least 1 of .tilings and of .divisions");
    const int64_t grid = grid_of(box->size, o.divisions, o.tilings);
    if (grid == 0)
        return refused(WG_E_ARGUMENT, "expected at most 2^26 features: lower .divisions or .tilings");
    wg_rl_tiles *tiles = malloc(sizeof *tiles + 2 * (size_t)box->size * sizeof(double));
    if (!tiles)
        return refused(WG_E_MEMORY, "out of memory");
    *tiles = (wg_rl_tiles){box->size, o.tilings, o.divisions, grid};
    for (int64_t i = 0; i < box->size; i++) {
        tiles->bound[2 * i] = box->low[i];
        tiles->bound[2 * i + 1] = (box->high[i] - box->low[i]) / (double)o.divisions;
    }
    return tiles;
}

void wg_rl_tiles_destroy(wg_rl_tiles *tiles)
{
    free(tiles);
}

int64_t wg_rl_tiles_size(const wg_rl_tiles *tiles)
{
    if (tiles)
        return tiles->tilings * tiles->grid;
    (void)nn_null_argument("rl_tiles_size", "the tiles");
    return 0;
}

int64_t wg_rl_tiles_active(const wg_rl_tiles *tiles)
{
    if (tiles)
        return tiles->tilings;
    (void)nn_null_argument("rl_tiles_active", "the tiles");
    return 0;
}

int64_t wg_rl_tiles_axes(const wg_rl_tiles *tiles)
{
    if (tiles)
        return tiles->axes;
    (void)nn_null_argument("rl_tiles_axes", "the tiles");
    return 0;
}

static wg_status encode(const wg_rl_tiles *t, const double *observation, int64_t *active, const char *op)
{
    for (int64_t k = 0; k < t->tilings; k++)
        active[k] = k * t->grid;
    int64_t stride = 1;
    for (int64_t i = 0; i < t->axes; i++, stride *= t->divisions + 1) {
        const double tiles = (observation[i] - t->bound[2 * i]) / t->bound[2 * i + 1], most = (double)t->divisions;
        if (isnan(tiles))
            return wg_error_set(WG_E_NUMERIC, op, "%s: component %lld of the observation is nan", op, (long long)i);
        const double at = tiles < 0 ? 0 : tiles > most ? most : tiles;
        for (int64_t k = 0; k < t->tilings; k++) {
            const double shift = (double)(k * (2 * i + 1) % t->tilings) / (double)t->tilings;
            const int64_t tile = (int64_t)(at + shift);
            active[k] += stride * (tile < t->divisions ? tile : t->divisions);
        }
    }
    return WG_OK;
}

wg_status wg_rl_tiles_encode(const wg_rl_tiles *tiles, const double *observation, int64_t *active)
{
    const char *op = "rl_tiles_encode";
    if (!tiles || !observation || !active)
        return nn_null_argument(op, !tiles ? "the tiles" : !observation ? "the observation" : "active");
    return encode(tiles, observation, active, op);
}

wg_tensor *wg_rl_tiles_features(const wg_rl_tiles *tiles, const double *observations, int64_t n)
{
    const char *op = "rl_tiles_features";
    if (!tiles || !observations) {
        (void)nn_null_argument(op, !tiles ? "the tiles" : "the observations");
        return NULL;
    }
    if (n < 1) {
        (void)wg_error_set(WG_E_ARGUMENT, op, "%s: expected at least one observation, got %lld", op, (long long)n);
        return NULL;
    }
    const uint64_t before = nn_count_errors();
    const int64_t size = wg_rl_tiles_size(tiles);
    int64_t *active = malloc((size_t)tiles->tilings * sizeof *active);
    wg_tensor *features = active ? wg_zeros(WG_F64, WG_SHAPE(n, size)) : NULL;
    double *x = features ? wg_data_mut(features) : NULL;
    wg_status status = x ? WG_OK : active ? nn_first_error(WG_E_MEMORY) : nn_no_memory(op);
    for (int64_t i = 0; i < n && status == WG_OK; i++) {
        status = encode(tiles, observations + i * tiles->axes, active, op);
        for (int64_t k = 0; k < tiles->tilings && status == WG_OK; k++)
            x[i * size + active[k]] = 1;
    }
    free(active);
    nn_name_error(before, op);
    if (status == WG_OK || !features)
        return features;
    return nn_then(features, NULL);
}
