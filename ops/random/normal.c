/* Normal deviates by the Box-Muller transform (Box, Muller: A note on the generation of random normal deviates, 1958): two
   uniform numbers u, w give r cos φ and r sin φ with r = √(-2 ln u) and φ = 2π w. Computed in f64 and rounded for f32. */
#ifdef REAL
#include "ops/random/draw.h"

/* One call, shared by the threads that fill its parts. */
typedef struct {
    ELEM *y;
    int64_t n;
    struct wg_draw draw;
    WIDE mean, deviation;
} T(normal_fill);

static void T(fill_normal)(int64_t first, int64_t last, void *context)
{
    const T(normal_fill) *f = (const T(normal_fill) *)context;
    for (int64_t block = first; block < last; block++) {
        uint32_t word[4];
        WIDE z[4];
        wg_draw_words(&f->draw, block, word);
        for (int k = 0; k < 4; k += 2) {
            /* u is in (0, 1], so its logarithm is finite */
            const WIDE r = sqrt((WIDE)-2 * log((WIDE)(((double)word[k] + 1) * 0x1p-32)));
            const WIDE angle = (WIDE)6.283185307179586477 * (WIDE)((double)word[k + 1] * 0x1p-32);
            z[k] = f->mean + f->deviation * (r * cos(angle));
            z[k + 1] = f->mean + f->deviation * (r * sin(angle));
        }
        for (int64_t k = 0; k < 4 && 4 * block + k < f->n; k++)
            f->y[4 * block + k] = (REAL)z[k];
    }
}

static wg_status T(normal)(const wg_call *c)
{
    const struct wg_draw_params *p = (const struct wg_draw_params *)c->params;
    T(normal_fill) f;
    f.y = (ELEM *)(void *)c->out[0]->data;
    f.n = c->out[0]->numel;
    f.draw = wg_draw_blocks(c->in[0], (f.n + 3) / 4);
    f.mean = (WIDE)p->a;
    f.deviation = (WIDE)p->b;
    wg_parallel(wg_kernel_threads(32 * (double)f.n), (f.n + 3) / 4, T(fill_normal), &f);
    return WG_OK;
}
#else
#define KERNEL_FILE "ops/random/normal.c"
#include "ops/op.h"

static wg_status shape(const wg_call *c, wg_spec *out)
{
    const struct wg_draw_params *p = c->params;
    if (p->dtype != WG_F32 && p->dtype != WG_F64)
        return wg_call_error(c, WG_E_DTYPE, "expected f32 or f64 for the result");
    WG_TRY(wg_check_number(c->op->name, "mean", p->a, WG_FINITE));
    WG_TRY(wg_check_number(c->op->name, "deviation", p->b, WG_NOT_NEGATIVE));
    return wg_draw_shape(c, out);
}

wg_tensor *wg_normal(wg_tensor *generator, wg_dtype dtype, wg_shape to, double mean, double deviation)
{
    const struct wg_draw_params p = {.dtype = dtype, .shape = to, .a = mean, .b = deviation};
    return wg_invoke1(&wg_op_normal, &p, generator);
}

/* Blocks of four are always computed whole. */
static wg_cost cost(const wg_call *c)
{
    wg_cost cost = wg_cost_bytes(c);
    const double pairs = 2 * (double)((c->out[0]->numel + 3) / 4);
    cost.add = 2 * pairs;
    cost.mul = 6 * pairs;
    cost.transcendental = 4 * pairs;
    return cost;
}

const struct wg_op wg_op_normal = {
    .name = WG_REGISTERED("normal"),
    .params_size = sizeof(struct wg_draw_params),
    WG_PARAMS({"mean", WG_PARAM_REAL, offsetof(struct wg_draw_params, a), __builtin_nan("")},
              {"deviation", WG_PARAM_REAL, offsetof(struct wg_draw_params, b), __builtin_nan("")}),
    .n_in = 1,
    .n_out = 1,
    .shape = shape,
    .kernels = KERNELS(normal),
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
                .params = &(const struct wg_draw_params){WG_F32, WG_DIMS(5, 7), 1, 2}},
               {"f64",
                {WG_DIMS(4)},
                .n = 1,
                .dtype = {WG_I64},
                .low = {0},
                .high = {1000},
                .params = &(const struct wg_draw_params){WG_F64, WG_DIMS(5, 7), 1, 2}}),
};
#endif
