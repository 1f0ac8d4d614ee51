/* Actions: any op of the registry, with the parameters of one of its samples, on live handles or on values as in the sample. */
#include "world.h"

static wg_tensor *as_sampled(struct world *w, const wg_sample *sample, int i, wg_dtype tested)
{
    const wg_dtype dtype = sample->dtype[i] == WG_F32 ? tested : sample->dtype[i];
    const bool plain = sample->low[i] == 0 && sample->high[i] == 0;
    const double low = plain ? -1 : sample->low[i], high = plain ? 1 : sample->high[i];
    int64_t n = 1;
    for (int axis = 0; axis < sample->shape[i].rank; axis++)
        n *= sample->shape[i].extent[axis];
    if (n > 512)
        return wg_full(dtype, sample->shape[i], (double)(int)low);
    double d[512];
    float f[512];
    int64_t k[512];
    uint8_t u[512];
    for (int64_t at = 0; at < n; at++) {
        d[at] = low + (high - low) * below(w, 1000) / 1000;
        f[at] = (float)d[at];
        k[at] = (int64_t)d[at];
        u[at] = d[at] > 0 ? (uint8_t)d[at] : 0;
    }
    return dtype == WG_F32   ? wg_from(f, sample->shape[i])
           : dtype == WG_F64 ? wg_from(d, sample->shape[i])
           : dtype == WG_I64 ? wg_from(k, sample->shape[i])
                             : wg_from(u, sample->shape[i]);
}

/* A live handle of that shape, if one is found at random. */
static wg_tensor *fitting(struct world *w, wg_shape shape)
{
    for (int i = 0; i < 8 && w->n; i++) {
        wg_tensor *t = any_handle(w);
        const wg_shape have = wg_shape_of(t);
        if (have.rank == shape.rank && memcmp(have.extent, shape.extent, (size_t)shape.rank * sizeof *shape.extent) == 0)
            return t;
    }
    return NULL;
}

static wg_tensor *operand(struct world *w, const wg_sample *sample, int i, wg_dtype tested)
{
    const int way = below(w, 100);
    if (way < 1)
        return NULL;
    if (way < 4 || (i < sample->n && sample->none >> i & 1))
        return WG_NONE;
    if (way < 20 || i >= sample->n)
        return any_handle(w);
    wg_tensor *t = way < 65 ? fitting(w, sample->shape[i]) : NULL;
    return t ? t : adopt(w, as_sampled(w, sample, i, tested));
}

static void any_op(struct world *w)
{
    const struct wg_op *op = wg_op_at((size_t)below(w, (int)wg_op_count()));
    if (op->n_samples == 0)
        return;
    const wg_sample *sample = &op->samples[below(w, op->n_samples)];
    if (op->params_size && !sample->params)
        return;
    const wg_dtype tested = chance(w, 50) ? WG_F32 : WG_F64;
    const int n = chance(w, 96) ? (op->n_in ? op->n_in : sample->n) : below(w, WG_SAMPLE_MAX);
    wg_tensor *in[WG_SAMPLE_MAX], *out[16] = {0};
    if (n > WG_SAMPLE_MAX)
        return;
    for (int i = 0; i < n; i++) {
        in[i] = operand(w, sample, i, tested);
        if (in[i] && in[i] != WG_NONE && chance(w, 8))
            wg_donate(in[i]);
        wg_error_take(NULL); /* it may be released */
    }
    say(w, "%s of %d operands\n", op->name, n);
    const size_t asked = op->n_out == 0 ? 0 : chance(w, 90) ? op->n_out : (size_t)below(w, op->n_out + 1);
    const wg_status status = wg_invoke(op, sample->params, in, (size_t)n, out, asked);
    bool null = false;
    for (int i = 0; i < n; i++)
        null = null || !in[i];
    if (null && status == WG_E_NULL && !wg_error_first())
        broken(w, "%s of a NULL operand says nothing", op->name);
    judged(w, status);
    for (size_t i = 0; i < asked && status == WG_OK; i++)
        if (out[i] && out[i] != WG_NONE)
            adopt(w, out[i]);
}

/* The ops that programs mostly consist of, usually with valid operands. */
static void common_op(struct world *w)
{
    wg_tensor *a = any_handle(w), *b = chance(w, 50) ? any_handle(w) : a, *y;
    const int which = below(w, 16);
    say(w, "common op %d of %p %p\n", which, (void *)a, (void *)b);
    switch (which) {
    case 0:
        y = wg_add(a, b);
        break;
    case 1:
        y = wg_mul(a, b);
        break;
    case 2:
        y = wg_sub(wg_donate(a), b);
        break;
    case 3:
        y = wg_tanh(a);
        break;
    case 4:
        y = wg_exp(wg_donate(a));
        break;
    case 5:
        y = wg_sum(a);
        break;
    case 6:
        y = wg_mean(a, .axis = below(w, 3) - 1);
        break;
    case 7:
        y = wg_slice(a, below(w, 2), 0, 1 + below(w, 2), 1);
        break;
    case 8:
        y = wg_flip(a, 0);
        break;
    case 9:
        y = wg_matmul(a, b);
        break;
    case 10:
        y = wg_relu(a);
        break;
    case 11:
        y = wg_mul_scalar(a, 0.5);
        break;
    case 12:
        y = wg_reshape(a, any_shape(w));
        break;
    case 13:
        y = wg_cast(a, (wg_dtype)below(w, 2));
        break;
    case 14:
        y = wg_permute(a, (wg_axes){.count = wg_rank(a), .axis = {1, 0, 2, 3, 4, 5, 6, 7}});
        break;
    default:
        y = wg_detach(a);
    }
    adopt(w, y);
}

static void draw_numbers(struct world *w)
{
    wg_tensor *generator = chance(w, 70) ? wg_generator_default() : any_handle(w);
    say(w, "normal\n");
    adopt(w, wg_normal(generator, chance(w, 50) ? WG_F32 : WG_F64, any_shape(w), 0, 1));
}

static void update(struct world *w)
{
    wg_tensor *a = any_handle(w), *b = any_handle(w);
    say(w, "update %p by %p\n", (void *)a, (void *)b);
    switch (below(w, 3)) {
    case 0:
        judged(w, wg_assign(a, b));
        break;
    case 1:
        judged(w, wg_accumulate(a, b));
        break;
    default:
        judged(w, wg_ema_update(a, b, 0.1));
    }
}

const struct action op_actions[] = {
    {"an op of the registry", 26, any_op},
    {"a common op", 30, common_op},
    {"a draw", 2, draw_numbers},
    {"an update", 4, update},
    {0},
};
