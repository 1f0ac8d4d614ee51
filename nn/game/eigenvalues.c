/* The eigenvalues of the Jacobian of a game's field. */
#include <lapacke.h>
#include <math.h>
#include <stdlib.h>

#include "../module/module.h"
#include "game.h"
#include "wengert/derivative.h"
#include "wengert/error.h"
#include "wengert/ops.h"
#include "wengert/tape.h"

enum { MAX_ROWS = 4096 };

struct eigenvalue {
    double real, imaginary;
};

static int by_real_part(const void *a, const void *b)
{
    const struct eigenvalue *x = a, *y = b;
    if (x->real != y->real)
        return x->real > y->real ? -1 : 1;
    return (x->imaginary < y->imaginary) - (x->imaginary > y->imaginary);
}

/* Of a matrix of n rows, which is overwritten. */
static wg_status solve(double *matrix, int64_t n, double *parts, struct eigenvalue *found, const char *op)
{
    for (int64_t i = 0; i < n * n; i++)
        if (!isfinite(matrix[i]))
            return wg_error_set(WG_E_NUMERIC, op, "%s: the Jacobian has an element that is %g", op, matrix[i]);
    const lapack_int failed = LAPACKE_dgeev(LAPACK_COL_MAJOR, 'N', 'N', (lapack_int)n, matrix, (lapack_int)n, parts, parts + n,
                                            NULL, 1, NULL, 1);
    if (failed == LAPACK_WORK_MEMORY_ERROR)
        return nn_no_memory(op);
    if (failed != 0)
        return wg_error_set(WG_E_NUMERIC, op, "%s: the eigenvalues of the Jacobian were not found", op);
    for (int64_t i = 0; i < n; i++)
        found[i] = (struct eigenvalue){parts[i], parts[n + i]};
    qsort(found, (size_t)n, sizeof *found, by_real_part);
    return WG_OK;
}

/* The transpose has the same eigenvalues, so rows may stand for columns. */
static wg_tensor *eigenvalues_of(wg_tensor *jacobian, const char *op)
{
    const int64_t n = wg_extent(jacobian, 0);
    double *matrix = malloc((size_t)(n * n + 2 * n) * sizeof *matrix);
    struct eigenvalue *found = malloc((size_t)n * sizeof *found);
    wg_tensor *result = NULL;
    if (!matrix || !found)
        (void)nn_no_memory(op);
    else if (wg_read(wg_cast(jacobian, WG_F64), matrix) == WG_OK && solve(matrix, n, matrix + n * n, found, op) == WG_OK)
        result = wg_from_bytes(found, WG_F64, WG_SHAPE(n, 2));
    free(matrix), free(found);
    return result;
}

wg_tensor *wg_game_eigenvalues(wg_game *game, wg_tensor *z)
{
    const char *op = "game_eigenvalues";
    if (game_check_players(game, op) != WG_OK)
        return NULL;
    if (!z) {
        (void)nn_null_argument(op, "the point");
        return NULL;
    }
    if (nn_check_handle(z, op, "the point") != WG_OK)
        return NULL;
    if (wg_numel(z) > MAX_ROWS) {
        (void)wg_error_set(WG_E_SHAPE, op, "%s: expected at most %d parameters, got %lld", op, MAX_ROWS, (long long)wg_numel(z));
        return NULL;
    }
    if (game_check_point(game, z, "a point", op) != WG_OK)
        return NULL;
    const uint64_t before = nn_count_errors();
    WG_TAPE(tape, .keep_error = true);
    wg_tensor *jacobian = NULL, *result = NULL;
    if (tape && wg_jacobian(wg_game_field, game, &z, 1, &jacobian) == WG_OK)
        result = eigenvalues_of(jacobian, op);
    nn_name_error(before, op);
    return result ? wg_keep(result) : NULL;
}
