/* Running a loss so that nothing remains of it. */
#include <math.h>
#include <stdlib.h>

#include "frame.h"
#include "wengert/random.h"

/* ---- checks ---- */

static wg_status check_parameter(struct study *s, size_t i)
{
    const wg_tensor_list params = s->loss->params;
    if (!params.tensor[i])
        return wg_error_set(WG_E_NULL, s->op, "%s: parameter %zu is NULL", s->op, i);
    if (!wg_data(params.tensor[i])) /* released, dangling or another thread's: recorded now */
        return study_cause();
    if (wg_dtype_of(params.tensor[i]) > WG_F64)
        return wg_error_set(WG_E_DTYPE, s->op, "%s: expected parameters of f32 or f64, got %s for parameter %zu (%s)", s->op,
                            wg_dtype_name(wg_dtype_of(params.tensor[i])), i, wg_name_of(params.tensor[i]));
    for (size_t j = 0; j < i; j++)
        if (params.tensor[j] == params.tensor[i])
            return wg_error_set(WG_E_ARGUMENT, s->op, "%s: parameter %zu (%s) is given twice", s->op, i,
                                wg_name_of(params.tensor[i]));
    s->size += wg_numel(params.tensor[i]);
    return WG_OK;
}

static wg_status check_loss(struct study *s, enum study_order order)
{
    if (!s->loss)
        return wg_error_set(WG_E_NULL, s->op, "%s: the loss is NULL", s->op);
    if (!s->loss->f && order != STUDY_POSITION)
        return wg_error_set(WG_E_NULL, s->op, "%s: the loss has no function: set .f", s->op);
    if (s->loss->params.n == 0 || !s->loss->params.tensor)
        return wg_error_set(WG_E_ARGUMENT, s->op, "%s: the loss has no parameters: set .params", s->op);
    for (size_t i = 0; i < s->loss->params.n; i++)
        WG_TRY(check_parameter(s, i));
    return s->size > 0 ? WG_OK : wg_error_set(WG_E_SHAPE, s->op, "%s: the parameters have no elements", s->op);
}

/* An error unless the vector is f64 (size); who: what it is. */
static wg_status check_vector(const struct study *s, wg_tensor *vector, const char *who)
{
    char text[200];
    if (!vector)
        return wg_error_set(WG_E_NULL, s->op, "%s: %s is NULL", s->op, who);
    if (!wg_data(vector))
        return study_cause();
    if (wg_dtype_of(vector) != WG_F64)
        return wg_error_set(WG_E_DTYPE, s->op, "%s: expected %s of f64, got %s", s->op, who, wg_dtype_name(wg_dtype_of(vector)));
    if (wg_rank(vector) != 1 || wg_numel(vector) != s->size)
        return wg_error_set(WG_E_SHAPE, s->op, "%s: expected %s of shape [%lld], one element for each of the parameters, got %s",
                            s->op, who, (long long)s->size, wg_shape_text(wg_shape_of(vector), text, sizeof text));
    return WG_OK;
}

/* ---- vectors ---- */

/* Tensors in the parameters' shapes, as one f64 vector; part is overwritten. */
static wg_tensor *join(struct study *s, wg_tensor **part)
{
    for (size_t i = 0; i < s->loss->params.n; i++) {
        part[i] = wg_cast(wg_reshape(part[i], WG_SHAPE(wg_numel(part[i]))), WG_F64);
        if (!part[i])
            return NULL;
    }
    return wg_concat(part, s->loss->params.n, 0);
}

wg_tensor *study_position(struct study *s)
{
    WG_NO_GRAD;
    for (size_t i = 0; i < s->loss->params.n; i++)
        s->part[i] = s->loss->params.tensor[i];
    return join(s, s->part);
}

wg_status study_split(struct study *s, wg_tensor *vector)
{
    int64_t used = 0;
    for (size_t i = 0; i < s->loss->params.n; i++) {
        const wg_tensor *p = s->loss->params.tensor[i];
        wg_tensor *elements = wg_slice(vector, 0, used, used + wg_numel(p), 1);
        s->part[i] = wg_reshape(wg_cast(elements, wg_dtype_of(p)), wg_shape_of(p));
        if (!s->part[i])
            return study_cause();
        used += wg_numel(p);
    }
    return WG_OK;
}

/* Writes a vector into the parameters, as an effect of the top tape. */
static wg_status move_to(struct study *s, wg_tensor *at)
{
    WG_NO_GRAD;
    WG_TRY(study_split(s, at));
    for (size_t i = 0; i < s->loss->params.n; i++)
        WG_TRY(wg_assign(s->loss->params.tensor[i], s->part[i]));
    return WG_OK;
}

/* ---- running ---- */

struct run {
    const wg_study_loss *loss;
    wg_tensor *y;
};

static wg_status call(void *context)
{
    struct run *run = context;
    run->y = run->loss->f(run->loss->params.tensor, run->loss->params.n, run->loss->context);
    return run->y ? WG_OK : wg_error_first() ? wg_error_first()->code : WG_E_NULL;
}

static wg_status check_value(struct study *s, wg_tensor *y, enum study_order order)
{
    char text[200];
    if (!wg_data(y))
        return study_cause();
    if (wg_numel(y) != 1)
        return wg_error_set(WG_E_SHAPE, s->op, "%s: expected a loss of one element, got %s", s->op,
                            wg_shape_text(wg_shape_of(y), text, sizeof text));
    if (wg_dtype_of(y) > WG_F64)
        return wg_error_set(WG_E_DTYPE, s->op, "%s: expected a loss of f32 or f64, got %s", s->op, wg_dtype_name(wg_dtype_of(y)));
    s->value = wg_item(y);
    if (order == STUDY_VALUE)
        return WG_OK;
    if (!isfinite(s->value))
        return wg_error_set(WG_E_NUMERIC, s->op, "%s: expected a finite loss, got %g", s->op, s->value);
    return WG_OK;
}

/* E_NUMERIC unless every element of the vector is finite. */
static wg_status check_finite(const struct study *s, wg_tensor *vector, const char *what)
{
    if (!vector)
        return study_cause();
    const double *element = wg_data_as(vector, double);
    for (int64_t i = 0; i < s->size; i++)
        if (!isfinite(element[i]))
            return wg_error_set(WG_E_NUMERIC, s->op, "%s: element %lld of the %s is %g", s->op, (long long)i, what, element[i]);
    return WG_OK;
}

/* A hook: the backward pass came to a parameter. */
static wg_tensor *note_reached(wg_tensor *gradient, void *reached)
{
    *(bool *)reached = true;
    return gradient;
}

static wg_status differentiate(struct study *s, wg_tensor *y, bool recorded)
{
    for (size_t i = 0; i < s->loss->params.n; i++)
        WG_TRY(wg_add_hook(s->loss->params.tensor[i], note_reached, &s->reached));
    WG_TRY(
        wg_grad_many(y, s->loss->params.tensor, s->loss->params.n, s->part, .create_graph = recorded, .unused = WG_UNUSED_ZEROS));
    if (!s->reached)
        return wg_error_set(WG_E_NO_GRAD, s->op, "%s: the loss depends on none of the %zu parameters", s->op, s->loss->params.n);
    s->gradient = join(s, s->part);
    return check_finite(s, s->gradient, "gradient");
}

static wg_status run(struct study *s, enum study_order order)
{
    struct run run = {.loss = s->loss};
    wg_grad_mode_set(order != STUDY_VALUE);
    WG_TRY(wg_callback_run(s->op, "the loss", NULL, call, &run));
    WG_TRY(check_value(s, run.y, order));
    s->y = run.y;
    return order == STUDY_VALUE ? WG_OK : differentiate(s, run.y, order == STUDY_PRODUCTS);
}

wg_tensor *study_product(struct study *s, wg_tensor *v)
{
    if (!v || wg_grad_many(s->gradient, s->loss->params.tensor, s->loss->params.n, s->part, .grad = v, .unused = WG_UNUSED_ZEROS) !=
                  WG_OK)
        return NULL;
    WG_NO_GRAD;
    wg_tensor *product = join(s, s->part);
    return check_finite(s, product, "Hessian-vector product") == WG_OK ? product : NULL;
}

/* ---- beginning and end ---- */

static wg_status require_gradients(struct study *s)
{
    for (size_t i = 0; i < s->loss->params.n; i++) {
        wg_tensor *p = s->loss->params.tensor[i];
        if (s->frozen[i] && !wg_set_requires_grad(p, true))
            return study_cause();
    }
    return WG_OK;
}

static wg_status prepare(struct study *s, const char *op, const wg_study_loss *loss, enum study_order order)
{
    *s = (struct study){.op = op, .loss = loss, .grad = wg_grad_mode(), .train = wg_train_mode()};
    return check_loss(s, order);
}

/* Opens the tape, moves to the point, if there is one, and runs the loss. */
static wg_status start(struct study *s, wg_tensor *at, enum study_order order)
{
    const wg_tensor_list params = s->loss->params;
    s->part = malloc(2 * params.n * sizeof *s->part);
    s->frozen = calloc(params.n, sizeof *s->frozen);
    if (!s->part || !s->frozen)
        return wg_error_set(WG_E_MEMORY, s->op, "%s: out of memory", s->op);
    for (size_t i = 0; i < params.n; i++)
        s->frozen[i] = !wg_requires_grad(params.tensor[i]);
    s->direction = s->part + params.n;
    s->opened = true; /* a tape that failed to open must be closed, too */
    s->tape = wg_tape_open(.undo = true, .keep_error = true);
    if (!s->tape)
        return study_cause();
    WG_TRY(require_gradients(s));
    if (at)
        WG_TRY(move_to(s, at));
    return order == STUDY_POSITION ? WG_OK : run(s, order);
}

wg_status study_begin(struct study *s, const char *op, const wg_study_loss *loss, wg_tensor *at, enum study_order order)
{
    WG_TRY(prepare(s, op, loss, order));
    if (at)
        WG_TRY(check_vector(s, at, "the point"));
    return start(s, at, order);
}

wg_status study_begin_along(struct study *s, const char *op, const wg_study_loss *loss, wg_tensor *const *direction, size_t n,
                            const char *who, enum study_order order)
{
    WG_TRY(prepare(s, op, loss, order));
    for (size_t i = 0; i < n; i++)
        WG_TRY(check_vector(s, direction[i], who));
    return start(s, NULL, order);
}

/* Kept tensors, as tensors of the open tape, or the caller's if there is none: all or none. */
static void hand_over(wg_tensor **kept, size_t n)
{
    bool whole = true;
    for (size_t i = 0; i < n; i++) {
        wg_tensor *t = kept[i];
        if (t && wg_tape_top()) {
            kept[i] = wg_hold(wg_detach(t)); /* or the step's backward pass would release it */
            wg_free(t);
        }
        whole = whole && kept[i];
    }
    for (size_t i = 0; i < n && !whole; i++) {
        if (kept[i] && !wg_tape_top())
            wg_free(kept[i]);
        kept[i] = NULL;
    }
}

void study_end_many(struct study *s, wg_tensor **result, size_t n)
{
    for (size_t i = 0; i < n; i++)
        result[i] = result[i] ? wg_keep(result[i]) : NULL;
    if (s->opened)
        wg_tape_leave(&s->tape);
    for (size_t i = 0; s->frozen && i < s->loss->params.n; i++)
        if (wg_requires_grad(s->loss->params.tensor[i]) == s->frozen[i]) /* of the study, or the loss changed it */
            wg_set_requires_grad(s->loss->params.tensor[i], !s->frozen[i]);
    wg_grad_mode_set(s->grad);
    wg_train_mode_set(s->train);
    wg_free(s->generator);
    free(s->part);
    free(s->frozen);
    hand_over(result, n);
}

wg_tensor *study_end(struct study *s, wg_tensor *result)
{
    study_end_many(s, &result, 1);
    return result;
}

wg_tensor *study_generator(struct study *s, uint64_t seed)
{
    return s->generator = wg_generator(seed, WG_STREAM_STUDY);
}
