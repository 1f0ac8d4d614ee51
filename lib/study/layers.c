/* Norms of the parameters and of their gradients, one by one. */
#include <math.h>

#include "frame.h"

static wg_tensor *norms(struct study *s)
{
    wg_tensor *at = study_position(s), *table = wg_zeros(WG_F64, WG_SHAPE((int64_t)s->loss->params.n, 3));
    if (!at || !table)
        return NULL;
    const double *x = wg_data_as(at, double), *g = wg_data_as(s->gradient, double);
    double *row = wg_data_mut_as(table, double);
    for (size_t i = 0; i < s->loss->params.n; i++, row += 3) {
        const int64_t n = wg_numel(s->loss->params.tensor[i]);
        row[0] = study_norm(x, n);
        row[1] = study_norm(g, n);
        row[2] = n > 0 ? row[1] / sqrt((double)n) : 0;
        x += n;
        g += n;
    }
    return table;
}

wg_tensor *wg_study_gradient_norms(const wg_study_loss *loss)
{
    struct study s;
    wg_tensor *table = study_begin(&s, "study_gradient_norms", loss, NULL, STUDY_GRADIENT) == WG_OK ? norms(&s) : NULL;
    return study_end(&s, table);
}
