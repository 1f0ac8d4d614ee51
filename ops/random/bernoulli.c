/* 1 with probability p, otherwise 0, in any dtype: 1 if a random 32-bit word is below p 2³². */
#include "ops/op.h"
#include "ops/random/draw.h"

/* One call, shared by the threads that fill its parts. */
struct fill {
    char *y;
    wg_dtype dtype;
    int64_t n;
    struct wg_draw draw;
    uint64_t bound;
};

static void fill_part(int64_t first, int64_t last, void *context)
{
    const struct fill *f = context;
    for (int64_t block = first; block < last; block++) {
        uint32_t word[4];
        wg_draw_words(&f->draw, block, word);
        for (int64_t k = 0, i = 4 * block; k < 4 && i < f->n; k++, i++) {
            const bool one = word[k] < f->bound;
            if (f->dtype == WG_F32)
                ((float *)(void *)f->y)[i] = one;
            else if (f->dtype == WG_F64)
                ((double *)(void *)f->y)[i] = one;
            else if (f->dtype == WG_I64)
                ((int64_t *)(void *)f->y)[i] = one;
            else
                ((uint8_t *)f->y)[i] = one;
        }
    }
}

static wg_status draw_all(const wg_call *c)
{
    const struct wg_draw_params *p = c->params;
    const wg_tensor *y = c->out[0];
    const int64_t blocks = (y->numel + 3) / 4;
    struct fill f = {.y = y->data,
                     .dtype = (wg_dtype)y->dtype,
                     .n = y->numel,
                     .draw = wg_draw_blocks(c->in[0], blocks),
                     .bound = (uint64_t)llround(ldexp(p->a, 32))};
    wg_parallel(wg_kernel_threads(8 * (double)f.n), blocks, fill_part, &f);
    return WG_OK;
}

static wg_status shape(const wg_call *c, wg_spec *out)
{
    const struct wg_draw_params *p = c->params;
    WG_TRY(wg_check_number(c->op->name, "p", p->a, WG_CLOSED(0, 1)));
    return wg_draw_shape(c, out);
}

wg_tensor *wg_bernoulli(wg_tensor *generator, wg_dtype dtype, wg_shape to, double probability)
{
    const struct wg_draw_params p = {.dtype = dtype, .shape = to, .a = probability};
    return wg_invoke1(&wg_op_bernoulli, &p, generator);
}

const struct wg_op wg_op_bernoulli = {
    .name = WG_REGISTERED("bernoulli"),
    .params_size = sizeof(struct wg_draw_params),
    WG_PARAMS({"p", WG_PARAM_REAL, offsetof(struct wg_draw_params, a), __builtin_nan("")}),
    .n_in = 1,
    .n_out = 1,
    .shape = shape,
    .kernels = {{.run = {draw_all, draw_all}}},
    .cost = wg_cost_bytes,
    .writes = WG_IN(0),
    .flags = WG_OP_RANDOM | WG_OP_NO_DERIVATIVE,
    .reason = "it draws numbers from a generator",
    WG_SAMPLES({"f32",
                {WG_DIMS(4)},
                .n = 1,
                .dtype = {WG_I64},
                .low = {0},
                .high = {1000},
                .params = &(const struct wg_draw_params){WG_F32, WG_DIMS(5, 7), 0.3, 0}},
               {"u8",
                {WG_DIMS(4)},
                .n = 1,
                .dtype = {WG_I64},
                .low = {0},
                .high = {1000},
                .params = &(const struct wg_draw_params){WG_U8, WG_DIMS(5, 7), 0.3, 0}}),
};
