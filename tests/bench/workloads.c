/* The table of workloads, and what they share: random numbers, resetting, the loss. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "bench.h"

const struct workload *const workloads[] = {&w1,
                                            &w2,
                                            &w3,
                                            &w4,
                                            &w5,
                                            &w5b,
                                            &w6,
                                            &w7a,
                                            &w7b,
                                            &w7c,
                                            &w8_1e6,
                                            &w8_1e7,
                                            &w9,
                                            &w10_grad,
                                            &w10_hvp,
                                            &w10_hess,
                                            &w11,
                                            &w12,
                                            &w13,
                                            &w14,
                                            &w15,
                                            &w17,
                                            &w18,
#define LIST(rule) &w16_##rule##_1e7, &w16_##rule##_2e3,
                                            WG_W16_RULES(LIST)
#undef LIST
                                                NULL};

wg_status failure(void)
{
    return wg_error_first() ? wg_error_first()->code : wg_error_set(WG_E_MEMORY, "bench", "out of memory");
}

/* ---- random numbers ---- */

/* A number in [0, 1): the upper 24 bits of SplitMix64 (Steele, Lea, Flood, 2014) at that position. */
static double fraction(uint64_t place)
{
    uint64_t z = (place + 1) * 0x9e3779b97f4a7c15u;
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
    return (double)((z ^ (z >> 31)) >> 40) * 0x1p-24;
}

static wg_status draw_into(struct subject *s, wg_tensor *t, double low, double high)
{
    void *data = t ? wg_data_mut(t) : NULL;
    if (!data)
        return failure();
    const int64_t n = wg_numel(t);
    const uint64_t first = s->stream++ << 32;
    for (int64_t i = 0; i < n; i++) {
        const double number = low + (high - low) * fraction(first + (uint64_t)i);
        if (wg_dtype_of(t) == WG_F32)
            ((float *)data)[i] = (float)number;
        else
            ((double *)data)[i] = number;
    }
    return WG_OK;
}

wg_tensor *drawn(struct subject *s, wg_dtype dtype, wg_shape shape, double low, double high)
{
    wg_tensor *t = wg_zeros(dtype, shape);
    if (draw_into(s, t, low, high) == WG_OK)
        return t;
    wg_free(t);
    return NULL;
}

wg_tensor *drawn_labels(struct subject *s, int64_t n, int classes)
{
    wg_tensor *t = wg_zeros(WG_I64, WG_SHAPE(n));
    int64_t *label = t ? wg_data_mut(t) : NULL;
    const uint64_t first = s->stream++ << 32;
    for (int64_t i = 0; label && i < n; i++)
        label[i] = (int64_t)(classes * fraction(first + (uint64_t)i));
    return t;
}

/* Draws weights, and the biases that follow them, as in PyTorch; batch norm's parameters stay. */
wg_status draw_parameters(struct subject *s, const wg_nn_module *net)
{
    const wg_tensor_list params = wg_nn_parameters(net);
    for (size_t i = 0; i + 1 < params.n; i++) {
        wg_tensor *weight = params.tensor[i];
        if (wg_rank(weight) < 2)
            continue;
        const double bound = 1 / sqrt((double)(wg_numel(weight) / wg_extent(weight, 0)));
        WG_TRY(draw_into(s, weight, -bound, bound));
        if (strstr(params.name[i + 1], "bias"))
            WG_TRY(draw_into(s, params.tensor[i + 1], -bound, bound));
    }
    return WG_OK;
}

/* ---- the loss, and resetting ---- */

wg_status subject_begin(struct subject *s, wg_dtype dtype)
{
    s->loss = wg_zeros(dtype, WG_SCALAR);
    return s->loss ? WG_OK : failure();
}

wg_status subject_report(struct subject *s, wg_tensor *loss)
{
    return s->report ? wg_assign(s->loss, loss) : WG_OK;
}

wg_status subject_remember(struct subject *s, wg_tensor *const *tensor, size_t n)
{
    struct remembered *state = realloc(s->state, (s->n_state + n) * sizeof *state);
    if (!state)
        return failure();
    s->state = state;
    for (size_t i = 0; i < n; i++) {
        wg_tensor *copy = wg_copy(tensor[i]);
        if (!copy)
            return failure();
        s->state[s->n_state++] = (struct remembered){tensor[i], copy};
    }
    return WG_OK;
}

wg_status subject_remember_list(struct subject *s, wg_tensor_list list)
{
    return subject_remember(s, list.tensor, list.n);
}

wg_status subject_reset(struct subject *s)
{
    for (size_t i = 0; i < s->n_state; i++)
        WG_TRY(wg_assign(s->state[i].now, s->state[i].initial));
    return WG_OK;
}

/* FNV-1a, eight bytes at a time. */
static uint64_t hash_tensor(uint64_t hash, const wg_tensor *t)
{
    const unsigned char *byte = t ? wg_data(t) : NULL;
    const size_t n = byte ? (size_t)wg_numel(t) * wg_dtype_size(wg_dtype_of(t)) : 0;
    for (size_t at = 0; at < n; at += sizeof(uint64_t)) {
        uint64_t word = 0;
        memcpy(&word, byte + at, n - at < sizeof word ? n - at : sizeof word);
        hash = (hash ^ word) * 0x100000001b3u;
    }
    return hash;
}

uint64_t subject_fingerprint(const struct subject *s)
{
    uint64_t hash = hash_tensor(0xcbf29ce484222325u, s->loss);
    for (size_t i = 0; i < s->n_state; i++) {
        hash = hash_tensor(hash, s->state[i].now);
        hash = hash_tensor(hash, wg_requires_grad(s->state[i].now) ? wg_gradient(s->state[i].now) : NULL);
    }
    for (size_t i = 0; i < s->n_results; i++)
        hash = hash_tensor(hash, s->result[i]);
    return hash;
}

void subject_finish(struct subject *s)
{
    for (size_t i = 0; i < s->n_state; i++)
        wg_free(s->state[i].initial);
    free(s->state);
    wg_free(s->loss);
}
