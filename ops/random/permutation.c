/* A random permutation of 0 … n-1: the Fisher-Yates shuffle, with unbiased integers below a bound by Lemire's method (Fast
   random integer generation in an interval, 2019). A draw uses two words, and two more for each of the rare rejections. */
#include "ops/op.h"
#include "ops/random/draw.h"

/* A stream of random 64-bit integers, two from each block. */
struct numbers {
    struct wg_draw draw;
    int64_t used;
    uint32_t word[4];
};

static uint64_t next(struct numbers *numbers)
{
    const int64_t at = numbers->used++;
    if (at % 2 == 0)
        wg_draw_words(&numbers->draw, at / 2, numbers->word);
    return (uint64_t)numbers->word[2 * (at % 2)] << 32 | numbers->word[2 * (at % 2) + 1];
}

static uint64_t below(struct numbers *numbers, uint64_t bound)
{
    __extension__ typedef unsigned __int128 product;
    product scaled = (product)next(numbers) * bound;
    if ((uint64_t)scaled < bound) {
        const uint64_t biased = -bound % bound;
        while ((uint64_t)scaled < biased)
            scaled = (product)next(numbers) * bound;
    }
    return (uint64_t)(scaled >> 64);
}

static wg_status shuffle(const wg_call *c)
{
    int64_t *y = (int64_t *)(void *)c->out[0]->data;
    const int64_t n = c->out[0]->numel;
    struct numbers numbers = {.draw = wg_draw_blocks(c->in[0], 0)};
    for (int64_t i = 0; i < n; i++)
        y[i] = i;
    for (int64_t i = n - 1; i > 0; i--) {
        const int64_t k = (int64_t)below(&numbers, (uint64_t)i + 1), moved = y[k];
        y[k] = y[i];
        y[i] = moved;
    }
    wg_draw_blocks(c->in[0], (numbers.used + 1) / 2);
    return WG_OK;
}

static wg_status shape(const wg_call *c, wg_spec *out)
{
    const int64_t *n = c->params;
    char text[80];
    WG_TRY(wg_draw_generator(c, c->in[0]));
    if (*n < 0) {
        snprintf(text, sizeof text, "there are no %lld numbers", (long long)*n);
        return wg_call_error(c, WG_E_ARGUMENT, text);
    }
    out->dtype = WG_I64;
    out->rank = 1;
    out->extent[0] = *n;
    return WG_OK;
}

wg_tensor *wg_permutation(wg_tensor *generator, int64_t n)
{
    return wg_invoke1(&wg_op_permutation, &n, generator);
}

const struct wg_op wg_op_permutation = {
    .name = WG_REGISTERED("permutation"),
    .params_size = sizeof(int64_t),
    .n_in = 1,
    .n_out = 1,
    .shape = shape,
    .kernels = {{.run = {shuffle, shuffle}}},
    .cost = wg_cost_bytes,
    .writes = WG_IN(0),
    .flags = WG_OP_RANDOM | WG_OP_NO_DERIVATIVE,
    .reason = "it draws numbers from a generator",
    WG_SAMPLES({"13", {WG_DIMS(4)}, .n = 1, .dtype = {WG_I64}, .low = {0}, .high = {1000}, .params = &(const int64_t){13}}),
};
