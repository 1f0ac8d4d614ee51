/* Template: what the native kernels compute, as plain loops, for one element type. The includer defines REAL, T(name) and FMA. */

/* Σ a(p) b(p) of `steps` elements: as one chain, or along_k. */
static REAL T(loop_sum)(const REAL *a, int64_t a_step, const REAL *b, int64_t b_step, int64_t steps, bool along_k)
{
    enum { PARTIALS = WG_DOT_BYTES / sizeof(REAL) };
    REAL sum[PARTIALS] = {0};
    const int64_t n = along_k ? PARTIALS : 1;
    for (int64_t p = 0; p < (steps + n - 1) / n * n; p++)
        sum[p % n] = FMA(p < steps ? a[p * a_step] : 0, p < steps ? b[p * b_step] : 0, sum[p % n]);
    for (int64_t half = n / 2; half > 0; half /= 2)
        for (int64_t i = 0; i < half; i++)
            sum[i] = sum[i] + sum[i + half];
    return sum[0];
}

static void T(loop)(const struct wg_product *p, int64_t longest, bool along_k)
{
    for (int64_t i = 0; i < p->m; i++)
        for (int64_t j = 0; j < p->n; j++) {
            REAL *c = (REAL *)p->c + i * p->c_row + j * p->c_column, beta = (REAL)p->beta;
            const REAL *a = (const REAL *)p->a + i * p->a_row, *b = (const REAL *)p->b + j * p->b_column;
            for (int64_t depth = 0; depth < p->k; depth += longest) {
                const int64_t steps = p->k - depth < longest ? p->k - depth : longest;
                const REAL sum = T(loop_sum)(a + depth * p->a_column, p->a_column, b + depth * p->b_row, p->b_row, steps, along_k);
                *c = beta == 0 ? sum : FMA(beta, *c, sum);
                beta = 1;
            }
        }
}
