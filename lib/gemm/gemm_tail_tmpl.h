/* Template: a product's beta, bias and relu as separate passes over c, for one element type. The includer defines REAL, T(name). */

static void T(scale)(const struct wg_product *p)
{
    for (int64_t i = 0; i < p->m; i++)
        for (int64_t j = 0; j < p->n; j++) {
            REAL *c = (REAL *)p->c + i * p->c_row + j * p->c_column;
            *c = p->beta == 0 ? 0 : (REAL)p->beta * *c;
        }
}

static void T(finish_row)(int64_t n, REAL *c, int64_t c_step, const REAL *bias, int64_t bias_step, bool relu)
{
    if (bias)
        for (int64_t j = 0; j < n; j++)
            c[j * c_step] = c[j * c_step] + bias[j * bias_step];
    if (relu)
        for (int64_t j = 0; j < n; j++)
            c[j * c_step] = c[j * c_step] <= 0 ? 0 : c[j * c_step];
}

/* Bias and relu in rows first to last - 1. */
static void T(finish_rows)(int64_t first, int64_t last, void *context)
{
    const struct wg_product *p = context;
    for (int64_t i = first; i < last; i++) {
        const REAL *bias = p->bias ? (const REAL *)p->bias + i * p->bias_row : NULL;
        T(finish_row)(p->n, (REAL *)p->c + i * p->c_row, p->c_column, bias, p->bias_column, p->relu);
    }
}
