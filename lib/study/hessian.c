/* The Hessian as a matrix, row by row, and all its eigenvalues. */
#include <string.h>

#include "frame.h"

/* Row i is H times the i-th unit vector. */
static wg_status fill_row(struct study *s, double *matrix, wg_tensor *unit, int64_t i)
{
    WG_TAPE(tape, .keep_error = true);
    double *element = wg_data_mut_as(unit, double);
    element[i] = 1;
    wg_tensor *row = study_product(s, unit);
    element[i] = 0;
    if (!row)
        return study_cause();
    memcpy(matrix + i * s->size, wg_data(row), (size_t)s->size * sizeof *matrix);
    return WG_OK;
}

/* Products with f32 weights are symmetric up to rounding; the mean of both halves is so exactly. */
static void make_symmetric(double *matrix, int64_t n)
{
    for (int64_t i = 0; i < n; i++)
        for (int64_t j = 0; j < i; j++)
            matrix[i * n + j] = matrix[j * n + i] = (matrix[i * n + j] + matrix[j * n + i]) / 2;
}

wg_tensor *study_hessian(struct study *s)
{
    wg_tensor *h = wg_zeros(WG_F64, WG_SHAPE(s->size, s->size)), *unit = wg_zeros(WG_F64, WG_SHAPE(s->size));
    double *matrix = h && unit ? wg_data_mut_as(h, double) : NULL;
    if (!matrix)
        return NULL;
    for (int64_t i = 0; i < s->size; i++)
        if (fill_row(s, matrix, unit, i) != WG_OK)
            return NULL;
    make_symmetric(matrix, s->size);
    return h;
}

wg_tensor *wg_study_hessian(const wg_study_loss *loss)
{
    struct study s;
    wg_tensor *h = study_begin(&s, "study_hessian", loss, NULL, STUDY_PRODUCTS) == WG_OK ? study_hessian(&s) : NULL;
    return study_end(&s, h);
}

wg_tensor *study_eigenvalues(struct study *s)
{
    WG_NO_GRAD;
    wg_tensor *h = study_hessian(s), *values, *vectors;
    return h && wg_eigh(h, &values, &vectors) == WG_OK ? values : NULL;
}

wg_tensor *wg_study_eigenvalues(const wg_study_loss *loss)
{
    struct study s;
    wg_tensor *values = study_begin(&s, "study_eigenvalues", loss, NULL, STUDY_PRODUCTS) == WG_OK ? study_eigenvalues(&s) : NULL;
    return study_end(&s, values);
}
