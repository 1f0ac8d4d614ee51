/* Template: what the native kernels compute, as plain loops, for one element type. The includer defines REAL, T(name) and FMA. */

static void T(loop)(const struct wg_product *p, int64_t longest)
{
    for (int64_t i = 0; i < p->m; i++)
        for (int64_t j = 0; j < p->n; j++) {
            REAL *c = (REAL *)p->c + i * p->c_row + j * p->c_column, beta = (REAL)p->beta;
            const REAL *a = (const REAL *)p->a + i * p->a_row, *b = (const REAL *)p->b + j * p->b_column;
            for (int64_t depth = 0; depth < p->k; depth += longest) {
                REAL sum = 0;
                for (int64_t l = depth; l < p->k && l < depth + longest; l++)
                    sum = FMA(a[l * p->a_column], b[l * p->b_row], sum);
                *c = beta == 0 ? sum : FMA(beta, *c, sum);
                beta = 1;
            }
        }
}
