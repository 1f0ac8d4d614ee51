/* What K-FAC sees of a step: the inputs of layers while the network is applied, and the gradients of their results, by hooks, in
   backward passes.

   Hooks last as long as their tape, and so must what they refer to. A closure of the tape owns it: the tape, when it is closed,
   or, of a captured step, the replay, when it is destroyed, frees it. */
#include <stdlib.h>

#include "kfac.h"
#include "wengert/error.h"
#include "wengert/nn/watch.h"
#include "wengert/op.h"
#include "wengert/tape.h"
#include "wengert/tensor.h"

/* ---- a step's life ---- */

static void unlink_step(struct kfac_step *step)
{
    for (struct kfac_step **at = step->kfac ? &step->kfac->steps : NULL; at && *at; at = &(*at)->next)
        if (*at == step) {
            *at = step->next;
            break;
        }
    step->kfac = NULL;
}

static void free_gradients(struct kfac_step *step)
{
    for (struct seen *seen = step->seen; seen; seen = seen->next) {
        wg_free(seen->gg);
        seen->gg = NULL;
    }
}

static void free_step(void *context)
{
    struct kfac_step *step = context;
    unlink_step(step);
    free_gradients(step);
    for (struct seen *seen = step->seen, *next; seen; seen = next) {
        next = seen->next;
        free(seen);
    }
    free(step);
}

/* Inside a capture it runs later, if at all. */
static wg_status note_run(const wg_call *c)
{
    ((struct kfac_step *)c->context)->ran = true;
    double *y = wg_data_mut_as(c->out[0], double);
    if (!y)
        return wg_error_if_null(NULL);
    *y = 0;
    return WG_OK;
}

/* A step of the open tape, which is not the kfac's yet. */
static struct kfac_step *make_step(const char *op)
{
    struct kfac_step *step = calloc(1, sizeof *step);
    if (!step) {
        (void)wg_error_set(WG_E_MEMORY, op, "%s: out of memory", op);
        return NULL;
    }
    const wg_closure closure = {.name = "kfac_step",
                                .forward = note_run,
                                .dtype = WG_F64,
                                .shape = WG_SCALAR,
                                .context = step,
                                .destroy = free_step,
                                .replayable = true};
    step->tape = wg_tape_top();
    WG_NO_GRAD;
    return wg_closure_apply(&closure, NULL, 0) ? step : NULL;
}

/* Steps of another kind than this one, captured or not, are none of its: a captured one outlives its tape. */
static void forget_others(wg_kfac *kfac, const struct kfac_step *now)
{
    for (struct kfac_step *step = kfac->steps, *next; step; step = next) {
        next = step->next;
        if (step->ran != now->ran || (!step->ran && step->tape != now->tape))
            unlink_step(step);
    }
}

wg_status kfac_forget_captured(wg_kfac *kfac)
{
    bool captured = false;
    for (const struct kfac_step *step = kfac->steps; step; step = step->next)
        captured |= !step->ran;
    if (!captured)
        return WG_OK;
    const struct kfac_step *now = make_step("kfac_precondition");
    if (!now)
        return wg_error_if_null(NULL);
    forget_others(kfac, now);
    return WG_OK;
}

void kfac_use_steps(wg_kfac *kfac)
{
    for (struct kfac_step *step = kfac->steps, *next; step; step = next) {
        next = step->next;
        step->used = true;
        free_gradients(step);
        if (!step->ran)
            unlink_step(step);
    }
}

/* ---- gradients of results ---- */

static wg_status add_gradient(struct seen *seen, wg_tensor *g)
{
    WG_NO_GRAD;
    wg_tensor *gg = kfac_result_factor(seen->layer, g);
    if (gg && seen->gg)
        gg = wg_add(seen->gg, gg);
    wg_tensor *kept = gg ? wg_keep(gg) : NULL; /* what a hook makes ends with the pass */
    if (!kept)
        return wg_error_if_null(NULL);
    wg_free(seen->gg);
    seen->gg = kept;
    return WG_OK;
}

static wg_tensor *take_gradient(wg_tensor *g, void *context)
{
    struct seen *seen = context;
    const struct kfac_step *step = seen->step;
    if (!step->kfac || step->observed || step->used)
        return g;
    return add_gradient(seen, g) == WG_OK ? g : NULL;
}

/* ---- inputs ---- */

static const struct layer *layer_of(const wg_kfac *kfac, const wg_nn_call *call)
{
    if (!kfac_is_layer(call->module))
        return NULL;
    for (size_t i = 0; i < kfac->n_layers; i++)
        if (kfac->layer[i].weight == call->param[0])
            return &kfac->layer[i];
    return NULL;
}

static double samples_of(const wg_kfac *kfac, const wg_tensor *x)
{
    if (kfac->options.samples > 0)
        return (double)kfac->options.samples;
    return wg_rank(x) > 0 ? (double)wg_extent(x, 0) : 1;
}

/* The context of the watcher. */
struct watched {
    struct kfac_step *step;
    double samples;
};

static wg_status watch(const wg_nn_call *call, void *context)
{
    const struct watched *watched = context;
    struct kfac_step *step = watched->step;
    const struct layer *layer = layer_of(step->kfac, call);
    if (!layer || !wg_grad_mode() || !wg_requires_grad(layer->weight)) /* else the result has no gradient */
        return WG_OK;
    struct seen *seen = calloc(1, sizeof *seen);
    if (!seen)
        return wg_error_set(WG_E_MEMORY, "kfac_apply", "kfac_apply: out of memory");
    *seen = (struct seen){.next = step->seen, .step = step, .layer = layer, .samples = watched->samples};
    step->seen = seen; /* which frees it */
    WG_NO_GRAD;
    seen->aa = kfac_input_factor(layer, call, &seen->rows);
    if (!seen->aa || !wg_hold(seen->aa))
        return wg_error_if_null(NULL);
    return wg_add_hook(call->out[0], take_gradient, seen);
}

static wg_status check_apply(const wg_kfac *kfac, wg_tensor *const *in, size_t n_in, const char *op)
{
    if (!kfac || (n_in > 0 && !in))
        return wg_error_set(WG_E_NULL, op, "%s: the %s NULL", op, kfac ? "list of inputs is" : "kfac is");
    if (!wg_tape_top())
        return wg_error_set(WG_E_NO_TAPE, op, "%s: no tape is open: wg_nn_apply applies a network that is not trained", op);
    return WG_OK;
}

wg_status wg_kfac_apply_many(wg_kfac *kfac, wg_tensor *const *in, size_t n_in, wg_tensor **out, size_t n_out)
{
    const char *op = "kfac_apply";
    WG_TRY(check_apply(kfac, in, n_in, op));
    struct watched watched = {.step = make_step(op)};
    if (!watched.step)
        return wg_error_if_null(NULL);
    watched.step->kfac = kfac;
    watched.step->next = kfac->steps;
    kfac->steps = watched.step;
    watched.samples = n_in > 0 && wg_is_live(in[0]) ? samples_of(kfac, in[0]) : 1;
    const wg_status status = wg_nn_apply_watched(kfac->net, watch, &watched, in, n_in, out, n_out);
    if (status != WG_OK)
        unlink_step(watched.step);
    return status;
}

wg_tensor *wg_kfac_apply_to(wg_kfac *kfac, wg_tensor *const *in, size_t n_in)
{
    wg_tensor *y = NULL;
    return wg_kfac_apply_many(kfac, in, n_in, &y, 1) == WG_OK ? y : NULL;
}

/* ---- gradients of another loss ---- */

/* From here on the steps that are not used take gradients, or take none; those that they have are forgotten. */
static void begin_pass(wg_kfac *kfac)
{
    for (struct kfac_step *step = kfac->steps; step; step = step->next) {
        step->observed = false;
        free_gradients(step);
    }
}

static void end_pass(wg_kfac *kfac)
{
    for (struct kfac_step *step = kfac->steps; step; step = step->next)
        step->observed = true;
}

/* The gradients of the weights are not wanted, but on the way to them the hooks meet those of the results; a result itself may
   have been dropped. */
static wg_status observe(wg_kfac *kfac, wg_tensor *loss, wg_tensor **target)
{
    size_t n = 0;
    for (size_t i = 0; i < kfac->n_layers; i++)
        if (wg_is_live(kfac->layer[i].weight) && wg_requires_grad(kfac->layer[i].weight))
            target[n++] = kfac->layer[i].weight;
    begin_pass(kfac);
    const wg_status status = wg_grad_many(loss, target, n, target + kfac->n_layers, .unused = WG_UNUSED_ZEROS);
    if (status != WG_OK) {
        begin_pass(kfac);
        return status;
    }
    for (size_t i = 0; i < n; i++)
        wg_drop(target[kfac->n_layers + i]);
    end_pass(kfac);
    return WG_OK;
}

static bool has_seen(const wg_kfac *kfac)
{
    for (const struct kfac_step *step = kfac->steps; step; step = step->next)
        if (!step->used && step->seen)
            return true;
    return false;
}

wg_status wg_kfac_observe(wg_kfac *kfac, wg_tensor *loss)
{
    const char *op = "kfac_observe";
    if (!kfac)
        return wg_error_set(WG_E_NULL, op, "%s: the kfac is NULL", op);
    if (!loss)
        return wg_error_first() ? wg_error_first()->code : wg_error_set(WG_E_NULL, op, "%s: the loss is NULL", op);
    WG_TRY(kfac_forget_captured(kfac));
    if (!has_seen(kfac))
        return wg_error_set(WG_E_STATE, op, "%s: no layer was seen on an open tape since the last step: wg_kfac_apply comes first",
                            op);
    wg_tensor **target = malloc(2 * kfac->n_layers * sizeof *target);
    const wg_status status = target ? observe(kfac, loss, target) : wg_error_set(WG_E_MEMORY, op, "%s: out of memory", op);
    free(target);
    return status;
}
