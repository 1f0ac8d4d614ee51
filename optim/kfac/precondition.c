/* The step of K-FAC: averages, inverses and new gradients. All is computed before anything is changed. */
#include <math.h>
#include <stdlib.h>

#include "kfac.h"
#include "wengert/error.h"
#include "wengert/tape.h"
#include "wengert/tensor.h"

/* What becomes of a layer. state: NULL where it stays. d, v: its gradient and the new one, (groups, rows, columns). */
struct result {
    struct layer *layer;
    wg_tensor *state[LAYER_STATE];
    wg_tensor *d, *v;
};

/* ---- what was seen ---- */

/* The sums over all applications in the open steps. rows is 0 where there was none whose result has a gradient. */
struct sums {
    wg_tensor *aa, *gg; /* gg times the number of samples */
    double rows;
};

static wg_tensor *plus(wg_tensor *sum, wg_tensor *x)
{
    return sum ? wg_add(sum, x) : x;
}

static wg_status sum_up(const wg_kfac *kfac, const struct layer *layer, struct sums *sums)
{
    *sums = (struct sums){NULL, NULL, 0};
    for (const struct kfac_step *step = kfac->steps; step; step = step->next)
        for (const struct seen *seen = step->used ? NULL : step->seen; seen; seen = seen->next) {
            if (seen->layer != layer || !seen->gg)
                continue;
            sums->aa = plus(sums->aa, seen->aa);
            sums->gg = plus(sums->gg, wg_mul_scalar(seen->gg, seen->samples));
            sums->rows += seen->rows;
            if (!sums->aa || !sums->gg)
                return wg_error_if_null(NULL);
        }
    return WG_OK;
}

static bool was_seen(const wg_kfac *kfac, const struct layer *layer)
{
    for (const struct kfac_step *step = kfac->steps; step; step = step->next)
        for (const struct seen *seen = step->used ? NULL : step->seen; seen; seen = seen->next)
            if (seen->layer == layer && seen->gg && seen->rows > 0)
                return true;
    return false;
}

/* ---- averages and inverses ---- */

/* ε before + (1 - ε)/rows sum */
static wg_tensor *average(wg_tensor *before, wg_tensor *sum, double rows, wg_tensor *kept)
{
    const wg_dtype dtype = wg_dtype_of(before);
    wg_tensor *share = wg_mul_scalar(wg_add_scalar(wg_neg(kept), 1), 1 / rows);
    wg_tensor *old = wg_mul(before, wg_cast(kept, dtype)), *now = wg_mul(sum, wg_cast(share, dtype));
    return wg_add(wg_donate(old), now);
}

static wg_status update(const wg_kfac *kfac, struct result *result)
{
    const struct layer *layer = result->layer;
    struct sums sums;
    WG_TRY(sum_up(kfac, layer, &sums));
    if (sums.rows == 0) /* not seen, or an empty batch */
        return WG_OK;
    wg_tensor *count = wg_add_scalar(layer->state[COUNT], 1);
    wg_tensor *kept = wg_minimum(wg_add_scalar(wg_neg(wg_reciprocal(count)), 1), wg_scalar(WG_F64, kfac->options.decay));
    result->state[COUNT] = count;
    result->state[A] = average(layer->state[A], sums.aa, sums.rows, kept);
    result->state[G] = average(layer->state[G], sums.gg, 1, kept);
    if (!result->state[A] || !result->state[G])
        return wg_error_if_null(NULL);
    wg_tensor *const state[] = {[A] = result->state[A],
                                [G] = result->state[G],
                                [A_INVERSE] = layer->state[A_INVERSE],
                                [G_INVERSE] = layer->state[G_INVERSE]};
    return kfac_inverses(kfac, state, count, &result->state[A_INVERSE]);
}

/* ---- gradients ---- */

static wg_status precondition(struct result *result)
{
    const struct layer *layer = result->layer;
    wg_tensor *a = result->state[A_INVERSE] ? result->state[A_INVERSE] : layer->state[A_INVERSE];
    wg_tensor *g = result->state[G_INVERSE] ? result->state[G_INVERSE] : layer->state[G_INVERSE];
    wg_tensor *part[2] = {wg_reshape(wg_gradient(layer->weight), WG_SHAPE(layer->groups, layer->rows, layer->columns)), NULL};
    result->d = part[0];
    if (layer->bias) {
        part[1] = wg_reshape(wg_gradient(layer->bias), WG_SHAPE(layer->groups, layer->rows, 1));
        result->d = part[0] && part[1] ? wg_concat(part, 2, 2) : NULL;
    }
    result->v = wg_matmul(wg_matmul(g, result->d), a);
    return wg_error_if_null(result->v);
}

/* All v times min(1, √(limit/(lr² Σ vᵀd))), in f64. */
static wg_status limit(const wg_kfac *kfac, struct result *result, size_t n)
{
    const double most = kfac->options.kl_limit;
    wg_tensor *sum = wg_scalar(WG_F64, 0);
    if (most == 0)
        return WG_OK;
    for (size_t i = 0; i < n; i++)
        sum = wg_add(sum, wg_sum(wg_mul(wg_cast(result[i].v, WG_F64), wg_cast(result[i].d, WG_F64))));
    if (kfac->lr)
        sum = wg_mul(sum, wg_square(kfac->lr));
    wg_tensor *bound = wg_scalar(WG_F64, most), *factor = wg_sqrt(wg_div(bound, wg_maximum(sum, bound)));
    for (size_t i = 0; i < n && factor; i++) {
        result[i].v = wg_mul(result[i].v, wg_cast(factor, wg_dtype_of(result[i].v)));
        WG_TRY(wg_error_if_null(result[i].v));
    }
    return wg_error_if_null(factor);
}

/* target ← columns from … to of v */
static wg_status write_part(wg_tensor *target, wg_tensor *v, int64_t from, int64_t to)
{
    wg_tensor *part = wg_reshape(wg_slice(v, 2, from, to, 1), wg_shape_of(target));
    return part ? wg_assign(target, part) : wg_error_if_null(NULL);
}

static wg_status write(const struct result *result)
{
    const struct layer *layer = result->layer;
    for (int i = 0; i < LAYER_STATE; i++)
        if (result->state[i])
            WG_TRY(wg_assign(layer->state[i], result->state[i]));
    WG_TRY(write_part(wg_gradient(layer->weight), result->v, 0, layer->columns));
    return layer->bias ? write_part(wg_gradient(layer->bias), result->v, layer->columns, layer->columns + 1) : WG_OK;
}

/* ---- the step ---- */

static wg_status check_layer(const wg_kfac *kfac, const struct layer *layer, const char *op)
{
    if (!wg_is_live(layer->weight) || (layer->bias && !wg_is_live(layer->bias)))
        return wg_error_set(WG_E_DANGLING, op, "%s: %s or its bias was freed, or its module was destroyed", op, layer->name);
    if (!wg_gradient(layer->weight))
        return WG_OK;
    if (layer->bias && !wg_gradient(layer->bias))
        return wg_error_set(WG_E_NO_GRAD, op,
                            "%s: %s has a gradient and the layer's bias has none: freeze it before wg_kfac_create", op,
                            layer->name);
    if (was_seen(kfac, layer) || wg_item(layer->state[COUNT]) > 0)
        return WG_OK;
    return wg_error_set(WG_E_STATE, op, "%s: the layer of %s was never seen in a backward pass: apply the network by wg_kfac_apply",
                        op, layer->name);
}

/* *n, 0 at first: the layers whose weights have gradients. */
static wg_status check(wg_kfac *kfac, struct result *result, size_t *n, const char *op)
{
    bool used = false, fresh = false;
    for (const struct kfac_step *step = kfac->steps; step; step = step->next) {
        used |= step->used;
        fresh |= !step->used;
    }
    if (used && !fresh)
        return wg_error_set(WG_E_STATE, op, "%s: the gradients of this step are preconditioned already", op);
    if (kfac->lr && !wg_is_live(kfac->lr))
        return wg_error_set(WG_E_DANGLING, op, "%s: the optimizer of .optim was destroyed", op);
    for (size_t i = 0; i < kfac->n_layers; i++) {
        WG_TRY(check_layer(kfac, &kfac->layer[i], op));
        if (wg_gradient(kfac->layer[i].weight))
            result[(*n)++] = (struct result){.layer = &kfac->layer[i]};
    }
    return *n > 0 ? WG_OK : wg_error_set(WG_E_NO_GRAD, op, "%s: no layer's weight has a gradient: wg_backward comes first", op);
}

static wg_status step(wg_kfac *kfac, struct result *result, const char *op)
{
    size_t n = 0;
    WG_NO_GRAD;
    WG_TRY(kfac_forget_captured(kfac));
    WG_TRY(check(kfac, result, &n, op));
    for (size_t i = 0; i < n; i++) {
        WG_TRY(update(kfac, &result[i]));
        WG_TRY(precondition(&result[i]));
    }
    WG_TRY(limit(kfac, result, n));
    for (size_t i = 0; i < n; i++)
        WG_TRY(write(&result[i]));
    kfac_use_steps(kfac);
    return WG_OK;
}

/* With no tape open on one of its own. */
static wg_status step_on_tape(wg_kfac *kfac, struct result *result, const char *op)
{
    if (wg_tape_top())
        return step(kfac, result, op);
    WG_TAPE(own, .keep_error = true);
    return own ? step(kfac, result, op) : WG_E_MEMORY;
}

wg_status wg_kfac_precondition(wg_kfac *kfac)
{
    const char *op = "kfac_precondition";
    if (!kfac)
        return wg_error_set(WG_E_NULL, op, "%s: the kfac is NULL", op);
    struct result *result = malloc(kfac->n_layers * sizeof *result);
    if (!result)
        return wg_error_set(WG_E_MEMORY, op, "%s: out of memory", op);
    const wg_status status = step_on_tape(kfac, result, op);
    free(result);
    return status;
}
