/* The field of a game along the line between two points. */
#include <math.h>
#include <stdlib.h>

#include "../module/module.h"
#include "game.h"
#include "wengert/error.h"
#include "wengert/ops.h"
#include "wengert/tape.h"

/* A row of the table. */
struct row {
    double alpha, norm, cosine;
};

static wg_status check(const wg_game *game, const wg_tensor *from, const wg_tensor *to, double low, double high, int64_t n,
                       const char *op)
{
    char a[200], b[200];
    if (!game || !from || !to)
        return nn_null_argument(op, !game ? "the game" : from ? "to" : "from");
    WG_TRY(game_check_players(game, op));
    WG_TRY(nn_check_value(from, op, "from"));
    WG_TRY(nn_check_value(to, op, "to"));
    if (wg_dtype_of(from) != wg_dtype_of(to))
        return wg_error_set(WG_E_DTYPE, op, "%s: from is %s, and to is %s", op, wg_dtype_name(wg_dtype_of(from)),
                            wg_dtype_name(wg_dtype_of(to)));
    if (wg_rank(from) != 1 || wg_rank(to) != 1 || wg_numel(from) != wg_numel(to))
        return wg_error_set(WG_E_SHAPE, op, "%s: expected two vectors of one length, got %s and %s", op,
                            wg_shape_text(wg_shape_of(from), a, sizeof a), wg_shape_text(wg_shape_of(to), b, sizeof b));
    WG_TRY(game_check_point(game, from, "a vector", op));
    if (n < 2 || !(low < high) || !isfinite(low) || !isfinite(high))
        return wg_error_set(WG_E_ARGUMENT, op, "%s: expected at least 2 points from low to a larger high, got %lld from %g to %g",
                            op, (long long)n, low, high);
    return WG_OK;
}

static double dot(wg_tensor *a, wg_tensor *b)
{
    return wg_item(wg_dot(a, b));
}

static wg_status row_at(wg_game *game, wg_tensor *from, wg_tensor *to, struct row *row, const char *op)
{
    WG_TAPE(tape, .keep_error = true);
    wg_tensor *way = tape ? wg_sub(to, from) : NULL, *z = wg_add(from, wg_mul_scalar(way, row->alpha));
    const double length = way ? sqrt(dot(way, way)) : 0;
    if (way && !(length > 0))
        return wg_error_set(WG_E_ARGUMENT, op, "%s: expected two different points, of numbers", op);
    wg_tensor *field = z ? wg_game_field(&z, 1, game) : NULL;
    if (!field)
        return nn_first_error(WG_E_MEMORY);
    const uint64_t before = nn_count_errors();
    row->norm = sqrt(dot(field, field));
    row->cosine = dot(field, way) / (row->norm * length);
    return nn_count_errors() == before ? WG_OK : nn_first_error(WG_E_MEMORY);
}

static wg_tensor *table_of(wg_game *game, wg_tensor *from, wg_tensor *to, double low, double high, int64_t n, const char *op)
{
    if (check(game, from, to, low, high, n, op) != WG_OK)
        return NULL;
    struct row *table = calloc((size_t)n, sizeof *table);
    wg_status status = table ? WG_OK : nn_no_memory(op);
    for (int64_t i = 0; i < n && status == WG_OK; i++) {
        table[i].alpha = low + (high - low) * (double)i / (double)(n - 1);
        status = row_at(game, from, to, &table[i], op);
    }
    wg_tensor *result = status == WG_OK ? wg_from_bytes(table, WG_F64, WG_SHAPE(n, 3)) : NULL;
    free(table);
    return result && wg_tape_top() ? wg_keep(result) : result;
}

wg_tensor *wg_game_path(wg_game *game, wg_tensor *from, wg_tensor *to, double low, double high, int64_t n)
{
    const char *op = "game_path";
    const uint64_t before = nn_count_errors();
    wg_tensor *table = table_of(game, from, to, low, high, n, op);
    nn_name_error(before, op);
    return table;
}
