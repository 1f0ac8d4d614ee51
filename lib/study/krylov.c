/* Lanczos' method. Each new direction is orthogonalised against all earlier ones, twice, so the basis stays orthonormal to rounding and
   no eigenvalue appears more often than it is. The projection is computed with it, so a basis that was restarted from Ritz vectors needs
   no formula of its own. */
#include <string.h>

#include "krylov.h"

/* A direction shorter than this, relative to the Hessian, is rounding error. */
#define NEGLIGIBLE 1e-13

static wg_tensor *row(const struct krylov *k, int64_t i)
{
    return wg_select(k->basis, 0, i);
}

static wg_tensor *first_rows(const struct krylov *k, int64_t n)
{
    return wg_slice(k->basis, 0, 0, n, 1);
}

/* What remains of w without its components in the first n directions, which are added up in *components, and its norm. */
static wg_status orthogonal(const struct krylov *k, wg_tensor **w, int64_t n, wg_tensor **components, double *norm)
{
    wg_tensor *known = first_rows(k, n), *c = wg_matmul(known, *w), *more;
    *w = wg_sub(*w, wg_matmul(c, known));
    more = wg_matmul(known, *w);
    *components = wg_add(c, more);
    *w = wg_sub(*w, wg_matmul(more, known));
    wg_tensor *length = wg_norm2(*w);
    if (!length || !*components)
        return study_cause();
    *norm = wg_item(length);
    return WG_OK;
}

/* Row i becomes w/norm. */
static wg_status write_row(struct krylov *k, int64_t i, const wg_tensor *w, double norm)
{
    double *target = wg_data_mut_as(k->basis, double);
    const double *source = wg_data_as(w, double);
    if (!target || !source)
        return study_cause();
    for (int64_t e = 0; e < k->s->size; e++)
        target[i * k->s->size + e] = source[e] / norm;
    return WG_OK;
}

/* A random unit vector, orthogonal to the first n rows, becomes row n. */
static wg_status draw_row(struct krylov *k, int64_t n)
{
    wg_tensor *w = wg_normal(k->generator, WG_F64, WG_SHAPE(k->s->size), 0, 1), *components;
    double norm;
    WG_TRY(orthogonal(k, &w, n, &components, &norm));
    return write_row(k, n, w, norm);
}

wg_status krylov_begin(struct krylov *k, struct study *s, int64_t capacity, wg_tensor *generator)
{
    *k = (struct krylov){.s = s, .capacity = capacity < s->size ? capacity : s->size, .generator = generator};
    k->basis = wg_zeros(WG_F64, WG_SHAPE(k->capacity + 1, s->size));
    k->projected = wg_zeros(WG_F64, WG_SHAPE(k->capacity, k->capacity));
    return k->basis && k->projected ? draw_row(k, 0) : study_cause();
}

/* Column and row j of the projection, up to the diagonal. */
static wg_status write_column(struct krylov *k, int64_t j, wg_tensor *components)
{
    double *target = wg_data_mut_as(k->projected, double);
    const double *source = wg_data_as(components, double);
    if (!target || !source)
        return study_cause();
    for (int64_t i = 0; i <= j; i++) {
        target[i * k->capacity + j] = target[j * k->capacity + i] = source[i];
        k->scale = fmax(k->scale, fabs(source[i]));
    }
    return WG_OK;
}

static wg_status step(struct krylov *k)
{
    WG_TAPE(tape, .keep_error = true);
    WG_NO_GRAD;
    const int64_t j = k->steps;
    wg_tensor *components, *w = study_product(k->s, row(k, j));
    WG_TRY(orthogonal(k, &w, j + 1, &components, &k->beta));
    WG_TRY(write_column(k, j, components));
    k->steps = j + 1;
    if (k->steps < k->s->size && k->beta > NEGLIGIBLE * k->scale)
        return write_row(k, k->steps, w, k->beta);
    k->beta = 0;
    return k->steps < k->s->size ? draw_row(k, k->steps) : WG_OK;
}

wg_status krylov_extend(struct krylov *k)
{
    while (k->steps < k->capacity)
        WG_TRY(step(k));
    return WG_OK;
}

wg_status krylov_ritz(const struct krylov *k, wg_tensor **values, wg_tensor **vectors)
{
    wg_tensor *block = wg_slice(wg_slice(k->projected, 0, 0, k->steps, 1), 1, 0, k->steps, 1);
    return block ? wg_eigh(block, values, vectors) : study_cause();
}

wg_tensor *krylov_vectors(const struct krylov *k, wg_tensor *columns)
{
    return wg_matmul(wg_transpose(columns, 0, 1), first_rows(k, k->steps));
}

wg_status krylov_restart(struct krylov *k, wg_tensor *values, wg_tensor *columns)
{
    wg_tensor *vectors = wg_copy(krylov_vectors(k, columns));
    double *basis = wg_data_mut_as(k->basis, double), *projected = wg_data_mut_as(k->projected, double);
    if (!vectors || !basis || !projected)
        return study_cause();
    const int64_t n = wg_numel(values), size = k->s->size;
    memmove(basis + n * size, basis + k->steps * size, (size_t)size * sizeof *basis);
    memcpy(basis, wg_data(vectors), (size_t)(n * size) * sizeof *basis);
    memset(projected, 0, (size_t)(k->capacity * k->capacity) * sizeof *projected);
    for (int64_t i = 0; i < n; i++)
        projected[i * k->capacity + i] = wg_data_as(values, double)[i];
    k->steps = n;
    return WG_OK;
}
