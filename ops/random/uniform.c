/* Uniform numbers in [low, high): low + (high - low) u, where u has 24 random bits in f32 (one word) and 53 in f64 (two words). */
#ifdef REAL
#include "ops/random/draw.h"

/* One call, shared by the threads that fill its parts. */
typedef struct {
    ELEM *y;
    int64_t n, each; /* elements in all; elements from one block of random words */
    struct wg_draw draw;
    REAL low, width, top;
} T(uniform_fill);

static void T(fill_uniform)(int64_t first, int64_t last, void *context)
{
    const T(uniform_fill) *f = (const T(uniform_fill) *)context;
    for (int64_t block = first; block < last; block++) {
        uint32_t word[4];
        wg_draw_words(&f->draw, block, word);
        for (int64_t k = 0; k < f->each && block * f->each + k < f->n; k++) {
            const double u = f->each == 2 ? (double)(((uint64_t)word[2 * k] << 32 | word[2 * k + 1]) >> 11) * 0x1p-53
                                          : (double)(word[k] >> 8) * 0x1p-24;
            const REAL v = f->low + f->width * (REAL)u;
            f->y[block * f->each + k] = v > f->top ? f->top : v;
        }
    }
}

static wg_status T(uniform)(const wg_call *c)
{
    const struct wg_draw_params *p = (const struct wg_draw_params *)c->params;
    const bool wide = c->out[0]->dtype == WG_F64;
    T(uniform_fill) f;
    f.y = (ELEM *)(void *)c->out[0]->data;
    f.n = c->out[0]->numel;
    f.each = wide ? 2 : 4;
    const int64_t blocks = (f.n + f.each - 1) / f.each;
    f.draw = wg_draw_blocks(c->in[0], blocks);
    f.low = (REAL)p->a;
    f.width = (REAL)(p->b - p->a);
    /* high is excluded: a result that rounds to it becomes the largest number below it */
    f.top = (REAL)(wide ? nextafter(p->b, p->a) : (double)nextafterf((float)p->b, (float)p->a));
    wg_parallel(wg_kernel_threads(8 * (double)f.n), blocks, T(fill_uniform), &f);
    return WG_OK;
}
#else
#define KERNEL_FILE "ops/random/uniform.c"
#include "ops/op.h"

static wg_status shape(const wg_call *c, wg_spec *out)
{
    const struct wg_draw_params *p = c->params;
    char text[160];
    if (p->dtype != WG_F32 && p->dtype != WG_F64)
        return wg_call_error(c, WG_E_DTYPE, "expected f32 or f64 for the result");
    const bool narrow = p->dtype == WG_F32;
    const double low = narrow ? (float)p->a : p->a, high = narrow ? (float)p->b : p->b;
    if (!(low < high) || !isfinite(low) || !isfinite(high) || !isfinite(narrow ? (float)(p->b - p->a) : p->b - p->a)) {
        snprintf(text, sizeof text, "[%g, %g) is not an interval of finite %s numbers", p->a, p->b, wg_dtype_name(p->dtype));
        return wg_call_error(c, WG_E_ARGUMENT, text);
    }
    return wg_draw_shape(c, out);
}

wg_tensor *wg_uniform(wg_tensor *generator, wg_dtype dtype, wg_shape to, double low, double high)
{
    const struct wg_draw_params p = {.dtype = dtype, .shape = to, .a = low, .b = high};
    return wg_invoke1(&wg_op_uniform, &p, generator);
}

static wg_cost cost(const wg_call *c)
{
    return wg_cost_each(c, 1, 1, 0, 1, 0);
}

const struct wg_op wg_op_uniform = {
    .name = WG_REGISTERED("uniform"),
    .params_size = sizeof(struct wg_draw_params),
    WG_PARAMS({"low", WG_PARAM_REAL, offsetof(struct wg_draw_params, a), __builtin_nan("")},
              {"high", WG_PARAM_REAL, offsetof(struct wg_draw_params, b), __builtin_nan("")}),
    .n_in = 1,
    .n_out = 1,
    .shape = shape,
    .kernels = KERNELS(uniform),
    .cost = cost,
    .writes = WG_IN(0),
    .flags = WG_OP_RANDOM | WG_OP_NO_DERIVATIVE,
    .reason = "it draws numbers from a generator",
    WG_SAMPLES({"f32",
                {WG_DIMS(4)},
                .n = 1,
                .dtype = {WG_I64},
                .low = {0},
                .high = {1000},
                .params = &(const struct wg_draw_params){WG_F32, WG_DIMS(5, 7), -1, 3}},
               {"f64",
                {WG_DIMS(4)},
                .n = 1,
                .dtype = {WG_I64},
                .low = {0},
                .high = {1000},
                .params = &(const struct wg_draw_params){WG_F64, WG_DIMS(5, 7), -1, 3}}),
};
#endif
