/* Normal deviates between two bounds, by inversion: with u uniform in (0, 1), z = Φ⁻¹(p) for p = Φ(α) + u (Φ(β) - Φ(α)), where α and β are
   the bounds in units of the deviation from the mean. Draws above the median are computed from the upper tail, which is as accurate as
   the lower. Φ⁻¹ is the rational approximation of Wichura (Algorithm AS 241: the percentage points of the normal distribution, 1988),
   whose relative error is about 1e-16. Computed in f64 and rounded for f32. */
#ifdef REAL
#include "ops/random/draw.h"
#include "ops/random/truncated.h"

/* Wichura's coefficients of a ratio of polynomials, from the highest power down, for |p - 1/2| ≤ 0.425, for √(-ln p) ≤ 5 and above. */
static const struct {
    double above[8], below[8];
} T(quantile)[3] = {
    {{2.5090809287301226727e3, 3.3430575583588128105e4, 6.7265770927008700853e4, 4.5921953931549871457e4, 1.3731693765509461125e4,
      1.9715909503065514427e3, 1.3314166789178437745e2, 3.3871328727963666080},
     {5.2264952788528545610e3, 2.8729085735721942674e4, 3.9307895800092710610e4, 2.1213794301586595867e4, 5.3941960214247511077e3,
      6.8718700749205790830e2, 4.2313330701600911252e1, 1}},
    {{7.74545014278341407640e-4, 2.27238449892691845833e-2, 2.41780725177450611770e-1, 1.27045825245236838258,
      3.64784832476320460504, 5.76949722146069140550, 4.63033784615654529590, 1.42343711074968357734},
     {1.05075007164441684324e-9, 5.47593808499534494600e-4, 1.51986665636164571966e-2, 1.48103976427480074590e-1,
      6.89767334985100004550e-1, 1.67638483018380384940, 2.05319162663775882187, 1}},
    {{2.01033439929228813265e-7, 2.71155556874348757815e-5, 1.24266094738807843860e-3, 2.65321895265761230930e-2,
      2.96560571828504891230e-1, 1.78482653991729133580, 5.46378491116411436990, 6.65790464350110377720},
     {2.04426310338993978564e-15, 1.42151175831644588870e-7, 1.84631831751005468180e-5, 7.86869131145613259100e-4,
      1.48753612908506148525e-2, 1.36929880922735805310e-1, 5.99832206555887937690e-1, 1}},
};

/* -Φ⁻¹(p) for p in (0, 1/2]. */
static inline WIDE T(upper_quantile)(WIDE p)
{
    const WIDE central = (WIDE)0.5 - p, square = (WIDE)0.180625 - central * central, root = sqrt(-log(p));
    const int at = (double)central <= 0.425 ? 0 : (double)root <= 5 ? 1 : 2;
    const WIDE tail = root - (WIDE)(at == 1 ? 1.6 : 5.0), r = at == 0 ? square : tail;
    WIDE above = (WIDE)T(quantile)[at].above[0], below = (WIDE)T(quantile)[at].below[0];
    for (int i = 1; i < 8; i++) {
        above = above * r + (WIDE)T(quantile)[at].above[i];
        below = below * r + (WIDE)T(quantile)[at].below[i];
    }
    return (at == 0 ? central : (WIDE)1) * above / below;
}

/* One call, shared by the threads that fill its parts. */
typedef struct {
    ELEM *y;
    int64_t n, each; /* elements in all; elements from one block of random words */
    struct wg_draw draw;
    struct wg_truncation t;
} T(truncated_fill);

static void T(fill_truncated)(int64_t first, int64_t last, void *context)
{
    const T(truncated_fill) *f = (const T(truncated_fill) *)context;
    const REAL low = (REAL)f->t.low, high = (REAL)f->t.high;
    for (int64_t block = first; block < last; block++) {
        uint32_t word[4];
        wg_draw_words(&f->draw, block, word);
        for (int64_t k = 0; k < f->each && block * f->each + k < f->n; k++) {
            const double u = f->each == 2 ? ((double)(((uint64_t)word[2 * k] << 32 | word[2 * k + 1]) >> 12) + 0.5) * 0x1p-52
                                          : ((double)word[k] + 0.5) * 0x1p-32;
            const bool lower = u <= f->t.median;
            const WIDE p = (WIDE)(lower ? f->t.below : f->t.above) + (WIDE)f->t.inside * (WIDE)(lower ? u : 1 - u);
            const WIDE z = T(upper_quantile)(p < (WIDE)0.5 ? p : (WIDE)0.5);
            const REAL v = (REAL)((WIDE)f->t.mean + (WIDE)f->t.deviation * (lower ? -z : z)), above = v < low ? low : v;
            f->y[block * f->each + k] = above > high ? high : above;
        }
    }
}

static wg_status T(truncated_normal)(const wg_call *c)
{
    const struct wg_truncated_params *p = (const struct wg_truncated_params *)c->params;
    T(truncated_fill) f;
    f.y = (ELEM *)(void *)c->out[0]->data;
    f.n = c->out[0]->numel;
    f.each = c->out[0]->dtype == WG_F64 ? 2 : 4;
    f.t = wg_truncation_of(p);
    const int64_t blocks = (f.n + f.each - 1) / f.each;
    f.draw = wg_draw_blocks(c->in[0], blocks);
    wg_parallel(wg_kernel_threads(64 * (double)f.n), blocks, T(fill_truncated), &f);
    return WG_OK;
}
#else
#define KERNEL_FILE "ops/random/truncated_normal.c"
#include "ops/op.h"
#include "ops/random/truncated.h"

static wg_status shape(const wg_call *c, wg_spec *out)
{
    const struct wg_truncated_params *p = c->params;
    const struct wg_draw_params *d = &p->draw;
    char text[160];
    if (d->dtype != WG_F32 && d->dtype != WG_F64)
        return wg_call_error(c, WG_E_DTYPE, "expected f32 or f64 for the result");
    WG_TRY(wg_check_number(c->op->name, "mean", d->a, WG_FINITE));
    WG_TRY(wg_check_number(c->op->name, "deviation", d->b, WG_POSITIVE));
    WG_TRY(wg_check_number(c->op->name, "low", p->low, WG_BELOW(-HUGE_VAL, HUGE_VAL)));
    WG_TRY(wg_check_number(c->op->name, "high", p->high, ((wg_range){p->low, HUGE_VAL, true, false})));
    const double inside = wg_truncation_of(p).inside;
    if (!(inside > 1e-300)) {
        snprintf(text, sizeof text, "expected a probability of low … high above 1e-300, got %g of [%g, %g]", inside, p->low,
                 p->high);
        return wg_call_error(c, WG_E_ARGUMENT, text);
    }
    return wg_draw_shape(c, out);
}

wg_tensor *wg_truncated_normal(wg_tensor *generator, wg_dtype dtype, wg_shape to, double mean, double deviation, double low,
                               double high)
{
    const struct wg_truncated_params p = {
        .draw = {.dtype = dtype, .shape = to, .a = mean, .b = deviation}, .low = low, .high = high};
    return wg_invoke1(&wg_op_truncated_normal, &p, generator);
}

static wg_cost cost(const wg_call *c)
{
    return wg_cost_each(c, 19, 18, 1, 3, 2);
}

#define SAMPLE(name, type, low_, high_)                                                                                          \
    {                                                                                                                            \
        name, {WG_DIMS(4)}, .n = 1, .dtype = {WG_I64}, .low = {0}, .high = {1000}, .params = &(const struct wg_truncated_params) \
        {                                                                                                                        \
            {type, WG_DIMS(5, 7), 1, 2}, low_, high_                                                                             \
        }                                                                                                                        \
    }

const struct wg_op wg_op_truncated_normal = {
    .name = WG_REGISTERED("truncated_normal"),
    .params_size = sizeof(struct wg_truncated_params),
    WG_PARAMS({"mean", WG_PARAM_REAL, offsetof(struct wg_truncated_params, draw.a), __builtin_nan("")},
              {"deviation", WG_PARAM_REAL, offsetof(struct wg_truncated_params, draw.b), __builtin_nan("")},
              {"low", WG_PARAM_REAL, offsetof(struct wg_truncated_params, low), __builtin_nan("")},
              {"high", WG_PARAM_REAL, offsetof(struct wg_truncated_params, high), __builtin_nan("")}),
    .n_in = 1,
    .n_out = 1,
    .shape = shape,
    .kernels = KERNELS(truncated_normal),
    .cost = cost,
    .writes = WG_IN(0),
    .flags = WG_OP_RANDOM | WG_OP_NO_DERIVATIVE,
    .reason = "it draws numbers from a generator",
    WG_SAMPLES(SAMPLE("f32", WG_F32, -3, 5), SAMPLE("f64", WG_F64, 2, 8), SAMPLE("tail", WG_F64, -30, -20)),
};
#endif
