/* What random ops share: parameters, the check of a generator, and the source of random words. Compiles as C++ too. */
#ifndef WG_DRAW_H
#define WG_DRAW_H

#include "ops/kernel.h"
#include "wengert/philox.h"

/* uniform: a and b are low and high; normal: mean and standard deviation; bernoulli: a is p. */
struct wg_draw_params {
    wg_dtype dtype;
    wg_shape shape;
    double a, b;
};

/* A range of blocks of four random words each. */
struct wg_draw {
    uint64_t seed, stream, first;
};

/* Reserves the generator's next blocks and advances it. */
static inline struct wg_draw wg_draw_blocks(const wg_tensor *generator, int64_t blocks)
{
    int64_t *state = (int64_t *)(void *)generator->data;
    struct wg_draw draw;
    draw.seed = (uint64_t)state[0];
    draw.stream = (uint64_t)state[1];
    draw.first = (uint64_t)state[2];
    state[2] = (int64_t)(draw.first + (uint64_t)blocks);
    return draw;
}

static inline void wg_draw_words(const struct wg_draw *draw, int64_t block, uint32_t word[4])
{
    wg_philox(draw->seed, draw->stream, draw->first + (uint64_t)block, word);
}

#ifndef __cplusplus
/* Shape rules: _generator checks that the generator is valid; _shape also gives the result the dtype and shape in the
   parameters. */
static inline wg_status wg_draw_generator(const wg_call *c, const wg_tensor *state)
{
    if (state->dtype != WG_I64)
        return wg_call_error(c, WG_E_DTYPE, "expected a generator, dense i64 [4], as wg_generator makes it");
    if (state->rank != 1 || state->numel != 4 || wg_strides(state)[0] != 1)
        return wg_call_error(c, WG_E_SHAPE, "expected a generator, dense i64 [4], as wg_generator makes it");
    return WG_OK;
}

static inline wg_status wg_draw_shape(const wg_call *c, wg_spec *out)
{
    const struct wg_draw_params *p = (const struct wg_draw_params *)c->params;
    WG_TRY(wg_draw_generator(c, c->in[0]));
    out->dtype = p->dtype;
    out->rank = p->shape.rank;
    memcpy(out->extent, p->shape.extent, sizeof out->extent);
    return WG_OK;
}
#endif

#endif
