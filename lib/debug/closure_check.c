/* Check mode: tests whether a user's backward can be differentiated.

   With random weights u of the result and w of the gradients, the scalar s(x, u) = Σ w · (∂y/∂x)ᵀu depends on x and u. Its
   derivative in a random direction, by backward through backward, is compared with finite differences of s. The two differ if
   backward reads a value that the tape does not know of. */
#include <math.h>

#include "core/internal.h"
#include "wengert/ops.h"
#include "wengert/philox.h"
#include "wengert/random.h"

enum { MOST = 16, SEED = 76185 };

/* leaf: copies of the operands, then u. direction: the direction in which each is moved. weight: w, for each operand. */
struct trial {
    const wg_closure *closure;
    wg_tensor *leaf[MOST + 1], *direction[MOST + 1], *weight[MOST];
    size_t n_in;
};

static bool is_float(const wg_tensor *t)
{
    return !wg_absent(t) && t->dtype <= WG_F64;
}

wg_tensor *wg_noise(wg_dtype dtype, wg_shape shape, uint64_t seed, uint64_t stream)
{
    wg_tensor *t = wg_zeros(dtype, shape);
    for (int64_t i = 0; t && i < t->numel; i++) {
        uint32_t word[4];
        wg_philox(seed, WG_STREAM_CHECK + stream, (uint64_t)i, word);
        const double size = 0.5 + ldexp(word[0], -33), value = word[1] & 1 ? size : -size;
        if (dtype == WG_F32)
            ((float *)(void *)t->data)[i] = (float)value;
        else
            ((double *)(void *)t->data)[i] = value;
    }
    return t;
}

static wg_status prepare(struct trial *trial, wg_tensor *const *in)
{
    for (size_t i = 0; i <= trial->n_in; i++) {
        const bool u = i == trial->n_in;
        const wg_dtype dtype = u ? trial->closure->dtype : (wg_dtype)in[i]->dtype;
        trial->leaf[i] = u ? wg_noise(dtype, trial->closure->shape, SEED, i) : in[i];
        if (!u && !is_float(in[i]))
            continue;
        if (!u)
            trial->leaf[i] = wg_copy(in[i]);
        if (!trial->leaf[i] || !(trial->leaf[i] = wg_detach(trial->leaf[i])) || !wg_set_requires_grad(trial->leaf[i], true))
            return WG_E_MEMORY;
        trial->direction[i] = wg_noise(dtype, wg_shape_of(trial->leaf[i]), SEED, 100 + i);
        if (!u)
            trial->weight[i] = wg_noise(dtype, wg_shape_of(in[i]), SEED, 200 + i);
        if (!trial->direction[i] || (!u && !trial->weight[i]))
            return WG_E_MEMORY;
    }
    return WG_OK;
}

static void move(const wg_tensor *leaf, const wg_tensor *direction, double h)
{
    for (int64_t i = 0; i < leaf->numel; i++)
        if (leaf->dtype == WG_F32)
            ((float *)(void *)leaf->data)[i] += (float)h * ((const float *)(const void *)direction->data)[i];
        else
            ((double *)(void *)leaf->data)[i] += h * ((const double *)(const void *)direction->data)[i];
}

/* s at the leaves' current values, as a tensor that depends on them. NULL on failure. */
static wg_tensor *scalar(struct trial *trial, bool create_graph)
{
    wg_closure closure = *trial->closure;
    closure.destroy = NULL; /* the context stays the caller's */
    wg_tensor *wanted[MOST], *g[MOST], *s = NULL;
    const wg_tensor *weight[MOST];
    size_t n = 0;
    for (size_t i = 0; i < trial->n_in; i++)
        if (trial->direction[i]) {
            weight[n] = trial->weight[i];
            wanted[n++] = trial->leaf[i];
        }
    wg_tensor *y = wg_closure_apply(&closure, trial->leaf, trial->n_in);
    if (!y || wg_grad_many(y, wanted, n, g, .create_graph = create_graph, .unused = WG_UNUSED_ZEROS,
                           .grad = trial->leaf[trial->n_in]) != WG_OK)
        return NULL;
    for (size_t i = 0; i < n; i++) {
        wg_tensor *term = wg_sum(wg_mul(g[i], (wg_tensor *)(uintptr_t)weight[i]));
        if (term && term->dtype != WG_F64) /* operands may be of different dtypes */
            term = wg_cast(term, WG_F64);
        s = s ? wg_add(s, term) : term;
    }
    return s;
}

static double at(struct trial *trial, double h)
{
    for (size_t i = 0; i <= trial->n_in; i++)
        if (trial->direction[i])
            move(trial->leaf[i], trial->direction[i], h);
    const wg_tensor *s = scalar(trial, false);
    for (size_t i = 0; i <= trial->n_in; i++)
        if (trial->direction[i])
            move(trial->leaf[i], trial->direction[i], -h);
    return s ? wg_item(s) : NAN;
}

static wg_status derivative(struct trial *trial, double *value)
{
    wg_tensor *s = scalar(trial, true);
    *value = 0;
    if (!s)
        return WG_E_BUG;
    if (!(s->flags & WG_T_NEEDS)) /* the gradient depends on nothing: its derivative is zero */
        return WG_OK;
    for (size_t i = 0; i <= trial->n_in; i++) {
        if (!trial->direction[i])
            continue;
        wg_tensor *g = wg_grad(s, trial->leaf[i], .unused = WG_UNUSED_ZEROS);
        wg_tensor *along = g ? wg_sum(wg_mul(g, trial->direction[i])) : NULL;
        if (!along)
            return WG_E_BUG;
        *value += wg_item(along);
    }
    return WG_OK;
}

static wg_status try_out(const wg_closure *closure, wg_tensor *const *in, size_t n_in)
{
    WG_TAPE(tape, .keep_error = true);
    struct trial trial = {.closure = closure, .n_in = n_in};
    double by_backward;
    bool any = false, single = closure->dtype == WG_F32;
    for (size_t i = 0; i < n_in; i++) {
        any = any || is_float(in[i]);
        single = single || (is_float(in[i]) && in[i]->dtype == WG_F32);
    }
    if (!any)
        return WG_OK;
    if (prepare(&trial, in) != WG_OK)
        return WG_E_MEMORY;
    WG_TRY(derivative(&trial, &by_backward));
    const double h = single ? 1e-2 : 1e-4, up = at(&trial, h), down = at(&trial, -h);
    const double by_differences = (up - down) / (2 * h);
    const double scale = fabs(up) + fabs(down) + fabs(by_differences) + fabs(by_backward);
    if (fabs(by_backward - by_differences) <= (single ? 2e-2 : 1e-4) * scale)
        return WG_OK;
    return wg_fail(
        WG_E_BUG, closure->name,
        "%s: its second derivative is %g, but its gradient changes by %g: its backward reads a value that is neither operand nor "
        "result nor made from them by ops; declare it saved, or compute it in backward",
        closure->name, by_backward, by_differences);
}

static wg_status try_closure(struct wg_thread *th, const wg_closure *closure, wg_tensor *const *in, size_t n_in)
{
    if (th->checking || !closure->backward || closure->dtype > WG_F64 || n_in > MOST || th->mode.vjp_depth > 0)
        return WG_OK;
    for (const struct wg_checked *checked = th->checked; checked; checked = checked->next)
        if (checked->forward == closure->forward && checked->backward == closure->backward)
            return WG_OK;
    for (size_t i = 0; i < n_in; i++)
        if (!in[i] || (in[i]->state != WG_LIVE && in[i]->state != WG_ABSENT))
            return WG_OK; /* the application itself reports this error */
    th->checking = true;
    const wg_status status = try_out(closure, in, n_in);
    th->checking = false;
    struct wg_checked *checked = status == WG_OK ? wg_object_new(sizeof *checked) : NULL;
    if (checked) {
        *checked = (struct wg_checked){closure->forward, closure->backward, th->checked};
        th->checked = checked;
    }
    return status;
}

bool wg_check_mode_set(bool on)
{
    struct wg_thread *th = wg_self();
    if (!th)
        return false;
    const bool before = th->try_closure != NULL;
    th->try_closure = on ? try_closure : NULL;
    return before;
}
