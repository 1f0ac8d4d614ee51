/* Spectral norm (Miyato, Kataoka, Koyama, Yoshida, 2018): w/σ with σ = uᵀ W v by power iteration. */
#include <math.h>
#include <string.h>

#include "wengert/error.h"
#include "wengert/ops.h"
#include "wengert/random.h"
#include "wengert/tape.h"
#include "wrapper.h"

enum { ORIG };                  /* the wrapper's first parameter */
enum { U, V };                  /* buffers */
enum { FIRST_ITERATIONS = 15 }; /* of a new wrapper */

/* ---- power iteration ---- */

/* x/max(|x|, ε). Takes x over. */
static wg_tensor *unit(wg_tensor *x, double eps)
{
    wg_tensor *norm = wg_norm2(x), *bounded = nn_then(norm, wg_clamp(norm, eps, (double)INFINITY));
    return nn_then(x, nn_then(bounded, wg_div(x, bounded)));
}

/* u ← W v/|W v| after v ← Wᵀ u/|Wᵀ u|, n times. The first u stays with its owner. */
static void iterate(wg_tensor *matrix, wg_tensor **u, wg_tensor **v, int64_t n, double eps)
{
    WG_NO_GRAD;
    for (int64_t i = 0; i < n && *u; i++) {
        wg_tensor *before = i > 0 ? *u : NULL, *last = i > 0 ? *v : NULL;
        *v = unit(nn_then(last, wg_matmul(*u, matrix)), eps);
        *u = nn_then(before, unit(wg_matmul(matrix, *v), eps));
    }
}

/* w as a matrix with rows along the axis and all else in columns. */
static wg_tensor *matrix_of(wg_tensor *w, int64_t axis)
{
    const wg_shape shape = wg_shape_of(w);
    wg_axes order = {.count = shape.rank, .axis = {(int8_t)axis}};
    int64_t columns = 1;
    for (int i = 0, at = 1; i < shape.rank; i++)
        if (i != axis) {
            order.axis[at++] = (int8_t)i;
            columns *= shape.extent[i];
        }
    wg_tensor *rows_first = axis == 0 ? w : wg_permute(w, order);
    wg_tensor *matrix = wg_reshape(rows_first, WG_SHAPE(shape.extent[axis], columns));
    return axis == 0 ? matrix : nn_then(rows_first, matrix);
}

/* ---- the wrapper ---- */

/* The u and v of this call. Where it does not iterate they are copies, so that the buffers may change before backward reads them. */
static wg_status vectors_of(const wg_nn_call *call, wg_tensor *matrix, wg_tensor **u, wg_tensor **v)
{
    const wg_nn_spectral_norm_options *o = call->options;
    *u = call->buffer[U];
    if (!wg_train_mode() || o->iterations == 0) {
        *u = wg_copy(*u);
        *v = wg_copy(call->buffer[V]);
        return WG_OK;
    }
    iterate(matrix, u, v, o->iterations, o->eps);
    if (call->functional)
        return WG_OK;
    WG_TRY(wg_assign(call->buffer[U], *u));
    return wg_assign(call->buffer[V], *v);
}

static wg_tensor *forward(const wg_nn_call *call, wg_tensor *x)
{
    const wg_nn_spectral_norm_options *o = call->options;
    wg_tensor *w = call->param[ORIG], *matrix = matrix_of(w, o->axis), *u = NULL, *v = NULL;
    (void)x; /* call->in has it */
    if (vectors_of(call, matrix, &u, &v) != WG_OK)
        return NULL;
    wg_tensor *sigma = wg_dot(u, wg_matmul(matrix, v));
    return nn_wrapper_apply(call, wg_mul(w, nn_reciprocal_or_zero(sigma)));
}

static const wg_option options[] = {
    WG_OPTION_INT_OF(wg_nn_spectral_norm_options, axis, 0, "of the rows", WG_BETWEEN(0, WG_MAX_RANK - 1)),
    WG_OPTION_INT_OF(wg_nn_spectral_norm_options, iterations, 1, "of each application in training", WG_AT_LEAST(0)),
    WG_OPTION_REAL_OF(wg_nn_spectral_norm_options, eps, 1e-12, "lower bound of the norms that vectors are divided by", WG_ABOVE(0)),
};
static const wg_option_table table = {options, sizeof options / sizeof *options, sizeof(wg_nn_spectral_norm_options)};
static const struct wg_nn_kind kind = {.name = "spectral_norm",
                                       .forward = forward,
                                       .n_in = WG_NN_ANY,
                                       .n_out = WG_NN_ANY,
                                       .options = &table,
                                       .destroy = nn_wrapper_destroy,
                                       .copy = nn_wrapper_copy};

/* The first vectors, caller's or on the open tape; NULL where one failed. */
static wg_status first_vectors(const struct nn_wrapper *w, const wg_nn_spectral_norm_options *o, wg_tensor *generator,
                               wg_tensor **u, wg_tensor **v)
{
    const wg_dtype dtype = wg_dtype_of(w->tensor);
    wg_tensor *own = generator == WG_NONE ? wg_generator_split(wg_generator_default(), WG_STREAM_INIT) : NULL;
    wg_tensor *random = wg_normal(own ? own : generator, dtype, WG_SHAPE(wg_extent(w->tensor, (int)o->axis)), 0, 1);
    wg_tensor *matrix = matrix_of(w->tensor, o->axis), *first = *u = unit(random, o->eps);
    iterate(matrix, u, v, FIRST_ITERATIONS, o->eps);
    (void)nn_then(matrix, NULL), (void)nn_then(first, NULL);
    wg_free(own);
    return *u && *v ? WG_OK : nn_first_error(WG_E_MEMORY);
}

wg_nn_module *wg_nn_spectral_norm_with(wg_nn_module *module, wg_nn_spectral_norm_options o)
{
    struct nn_wrapper w = {.op = "nn_spectral_norm", .module = module, .parameter = o.parameter};
    wg_tensor *u = NULL, *v = NULL, *generator = o.generator;
    WG_NO_GRAD;
    wg_status status = nn_wrapper_find(&w, &o.axis);
    o.parameter = NULL; /* the copy that the module keeps may live longer than either */
    o.generator = WG_NONE;
    status = nn_wrapper_make(&w, &kind, &o, status);
    const uint64_t before = nn_count_errors();
    if (status == WG_OK)
        status = first_vectors(&w, &o, generator, &u, &v);
    nn_name_error(before, w.op);
    status = nn_wrapper_add_parameter(&w, "orig", w.tensor, status);
    status = nn_wrapper_add_buffer(&w, "u", u, status);
    status = nn_wrapper_add_buffer(&w, "v", v, status);
    return nn_wrapper_end(&w, status);
}

/* ---- iterations between applications ---- */

static wg_status iterate_one(const wg_nn_module *module, int64_t n)
{
    const wg_nn_spectral_norm_options *o = module->options;
    wg_tensor *const *buffer = module->buffers.tensor;
    wg_tensor *matrix = matrix_of(module->params.tensor[ORIG], o->axis), *u = buffer[U], *v = NULL;
    iterate(matrix, &u, &v, n, o->eps);
    if (!u || !v)
        return nn_first_error(WG_E_MEMORY);
    WG_TRY(wg_assign(buffer[U], u));
    return wg_assign(buffer[V], v);
}

/* Whether the parent computes the parameter that the child would take its vectors from. */
static bool computes(const wg_nn_module *parent, const wg_nn_module *child)
{
    return parent && parent->kind->destroy == nn_wrapper_destroy && strcmp(parent->context, child->params.name[ORIG]) == 0;
}

/* All spectral norms in a module, with n of 0 only checked; found: how many. At most WG_MAX_DEPTH deep. */
static wg_status iterate_all(const wg_nn_module *module, const wg_nn_module *parent, int64_t n, size_t *found)
{
    const char *op = "nn_spectral_norm_iterate";
    if (module->kind == &kind) {
        (*found)++;
        if (computes(parent, module))
            return wg_error_set(
                WG_E_STATE, op,
                "%s: expected spectral norms of trained weights, got one of a weight that %s computes: let that one "
                "iterate in forward, by .iterations of 1",
                op, wg_nn_kind_name(parent));
        WG_TRY(n > 0 ? iterate_one(module, n) : WG_OK);
    }
    for (size_t i = 0; i < module->n_children; i++)
        WG_TRY(iterate_all(module->children[i].module, module, n, found));
    return WG_OK;
}

wg_status wg_nn_spectral_norm_iterate(wg_nn_module *net, int64_t iterations)
{
    const char *op = "nn_spectral_norm_iterate";
    size_t found = 0;
    if (!net)
        return nn_null_argument(op, "the module");
    if (iterations < 1)
        return wg_error_set(WG_E_ARGUMENT, op, "%s: expected at least 1 iteration, got %lld", op, (long long)iterations);
    WG_TRY(iterate_all(net, NULL, 0, &found));
    if (found == 0)
        return wg_error_set(WG_E_ARGUMENT, op, "%s: there is no spectral norm in the %s module", op, wg_nn_kind_name(net));
    if (wg_tape_top())
        return iterate_all(net, NULL, iterations, &found);
    WG_TAPE(tape, .keep_error = true);
    return tape ? iterate_all(net, NULL, iterations, &found) : WG_E_MEMORY;
}
