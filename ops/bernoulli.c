/* 1 with probability p, else 0, in any dtype: a random word of 32 bits is below p 2³². */
#include "draw.h"
#include "op.h"

static wg_status draw_all(const wg_call *c)
{
    const struct wg_draw_params *p = c->params;
    char *y = c->out[0]->data;
    const wg_dtype dtype = (wg_dtype)c->out[0]->dtype;
    const int64_t n = c->out[0]->numel, blocks = (n + 3) / 4;
    const struct wg_draw draw = wg_draw_blocks(c, blocks);
    const uint64_t bound = (uint64_t)llround(ldexp(p->a, 32));
    const int threads = wg_kernel_threads(8 * (double)n);
#pragma omp parallel for num_threads(threads) schedule(static) if (threads > 1)
    for (int64_t block = 0; block < blocks; block++) {
        uint32_t word[4];
        wg_draw_words(&draw, block, word);
        for (int64_t k = 0, i = 4 * block; k < 4 && i < n; k++, i++) {
            const bool one = word[k] < bound;
            if (dtype == WG_F32)
                ((float *)(void *)y)[i] = one;
            else if (dtype == WG_F64)
                ((double *)(void *)y)[i] = one;
            else if (dtype == WG_I64)
                ((int64_t *)(void *)y)[i] = one;
            else
                ((uint8_t *)y)[i] = one;
        }
    }
    return WG_OK;
}

static wg_status shape(const wg_call *c, wg_spec *out)
{
    const struct wg_draw_params *p = c->params;
    char text[80];
    if (!(p->a >= 0 && p->a <= 1)) {
        snprintf(text, sizeof text, "the probability %g is not in 0..1", p->a);
        return wg_call_error(c, WG_E_ARGUMENT, text);
    }
    return wg_draw_shape(c, out);
}

wg_tensor *wg_bernoulli(wg_tensor *generator, wg_dtype dtype, wg_shape to, double probability)
{
    const struct wg_draw_params p = {.dtype = dtype, .shape = to, .a = probability};
    return wg_invoke1(&wg_op_bernoulli, &p, generator);
}

const struct wg_op wg_op_bernoulli = {
    .name = "bernoulli", .params_size = sizeof(struct wg_draw_params), .n_in = 1, .n_out = 1, .shape = shape,
    .kernel = {draw_all, draw_all}, .cost = wg_cost_bytes, .writes = WG_IN(0), .flags = WG_DRAWS | WG_NO_DERIVATIVE,
    .reason = "it draws numbers from a generator",
    WG_SAMPLES({"f32", {WG_DIMS(4)}, .n = 1, .dtype = {WG_I64}, .low = {0}, .high = {1000},
                .params = &(const struct wg_draw_params){WG_F32, WG_DIMS(5, 7), 0.3, 0}},
               {"u8", {WG_DIMS(4)}, .n = 1, .dtype = {WG_I64}, .low = {0}, .high = {1000},
                .params = &(const struct wg_draw_params){WG_U8, WG_DIMS(5, 7), 0.3, 0}}),
};
