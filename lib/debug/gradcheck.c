/* wg_gradcheck, wg_gradgradcheck: compare gradients of a user's function with finite differences, and forward with reverse mode.
   The function runs on copies of the operands. Its tape is marked as failed, so that every run restores what it changes
   outside. */
#include <math.h>
#include <string.h>

#include "grad/forward_mode.h"
#include "wengert/check.h"
#include "wengert/ops.h"

/* `place` is an element's index among the elements of all f64 operands: a column of the Jacobian. */
struct trial {
    struct wg_thread *th;
    const char *name;
    wg_function *f;
    void *context;
    const wg_gradcheck_options *options;
    wg_tensor **x, **u; /* copies of the operands; a direction for each, WG_NONE for integers */
    size_t n;
    wg_shape shape; /* of the result */
    int64_t rows, columns;
    double *y, *dy, *again[4]; /* rows elements each: the result, its derivative, its values at four points nearby */
    double *jacobian;          /* rows by columns elements, or one gradient */
    bool known;                /* shape and rows are set */
};

/* ---- running the function ---- */

struct run {
    wg_tape *tape;
    bool grad;
};

static wg_status run_begin(struct trial *t, struct run *run)
{
    run->tape = wg_tape_push(t->th, false);
    if (!run->tape) {
        wg_tape_close(NULL);
        return WG_E_MEMORY;
    }
    run->grad = wg_grad_mode_set(false);
    return WG_OK;
}

/* The function may have left tapes open. */
static void run_end(struct trial *t, struct run *run)
{
    wg_grad_mode_set(run->grad);
    while (t->th->top && t->th->top != run->tape)
        wg_tape_close(t->th->top);
    run->tape->failed = true;
    wg_tape_close(run->tape);
}

static wg_status check_result(struct trial *t, const wg_tensor *y)
{
    char now[200], before[200];
    const wg_shape shape = wg_shape_of(y);
    if (y->dtype != WG_F64)
        return wg_fail(WG_E_DTYPE, t->name, "%s: the function's result is f32: differences of f32 say nothing", t->name);
    if (t->known &&
        (shape.rank != t->shape.rank || memcmp(shape.extent, t->shape.extent, (size_t)shape.rank * sizeof *shape.extent) != 0))
        return wg_fail(WG_E_BUG, t->name, "%s: the function is not deterministic: its result is %s, and was %s", t->name,
                       wg_shape_text(shape, now, sizeof now), wg_shape_text(t->shape, before, sizeof before));
    t->shape = shape;
    t->rows = y->numel;
    t->known = true;
    return WG_OK;
}

/* Computes f of the copies into *y, which is allocated if it is NULL. */
static wg_status value(struct trial *t, double **y)
{
    struct run run;
    struct work w;
    WG_TRY(run_begin(t, &run));
    wg_status status = wg_work_begin(&w, t->name, t->x, t->n);
    if (status == WG_OK) {
        status = wg_work_run(&w, t->f, t->context);
        if (status == WG_OK)
            status = check_result(t, w.y);
        if (status == WG_OK && !*y && !(*y = wg_object_new((size_t)t->rows * sizeof **y)))
            status = WG_E_MEMORY;
        if (status == WG_OK)
            status = wg_read(w.y, *y);
        status = wg_work_end(&w, status, NULL, 0);
    }
    run_end(t, &run);
    return status;
}

/* Computes (∂y/∂x)ᵀ v into g, for all f64 operands one after the other. */
static wg_status reverse(struct trial *t, wg_tensor *v, double *g)
{
    struct run run;
    WG_TRY(run_begin(t, &run));
    wg_tensor **gx = wg_object_new(t->n * sizeof *gx);
    wg_status status = gx ? wg_vjp(t->f, t->context, t->x, t->n, v, NULL, gx) : WG_E_MEMORY;
    for (size_t i = 0; i < t->n && status == WG_OK; i++)
        if (!wg_absent(gx[i])) {
            status = wg_read(gx[i], g);
            g += gx[i]->numel;
        }
    wg_object_free(gx);
    run_end(t, &run);
    return status;
}

static wg_status forward(struct trial *t, double *dy)
{
    struct run run;
    wg_tensor *ty;
    WG_TRY(run_begin(t, &run));
    wg_status status = wg_jvp(t->f, t->context, t->x, t->n, t->u, NULL, &ty);
    if (status == WG_OK)
        status = wg_read(ty, dy);
    run_end(t, &run);
    return status;
}

/* ---- moving the operands ---- */

static bool is_float(const wg_tensor *x)
{
    return x->dtype == WG_F64;
}

static double *elements(const wg_tensor *x)
{
    x->storage->version++;
    return (double *)(void *)x->data;
}

/* The operand that the element *place belongs to; *place becomes its index in that operand. */
static size_t operand_at(const struct trial *t, int64_t *place)
{
    size_t i = 0;
    while (!is_float(t->x[i]) || *place >= t->x[i]->numel) {
        *place -= is_float(t->x[i]) ? t->x[i]->numel : 0;
        i++;
    }
    return i;
}

/* Computes f at four points: with the element `place` moved by ±h and ±2h, or all elements moved along u (place -1). The operands
   are restored bit for bit. */
static wg_status values_around(struct trial *t, int64_t place, double h)
{
    static const double steps[4] = {1, -1, 2, -2};
    wg_status status = WG_OK;
    int64_t element = place;
    const size_t one = place < 0 ? 0 : operand_at(t, &element);
    double *base = wg_object_new((size_t)t->columns * sizeof *base);
    if (!base)
        return WG_E_MEMORY;
    const wg_anomaly anomaly = wg_anomaly_set(WG_ANOMALY_OFF); /* a step may leave the domain; the next one is smaller */
    for (int s = 0; s < 4 && status == WG_OK; s++) {
        double *keep = base;
        for (size_t i = 0; i < t->n; i++) {
            if (!is_float(t->x[i]))
                continue;
            double *x = elements(t->x[i]);
            memcpy(keep, x, (size_t)t->x[i]->numel * sizeof *x);
            keep += t->x[i]->numel;
            for (int64_t k = 0; k < t->x[i]->numel && place < 0; k++)
                x[k] += steps[s] * h * ((const double *)(const void *)t->u[i]->data)[k];
            if (place >= 0 && i == one)
                x[element] += steps[s] * h;
        }
        status = value(t, &t->again[s]);
        keep = base;
        for (size_t i = 0; i < t->n; i++)
            if (is_float(t->x[i])) {
                memcpy(elements(t->x[i]), keep, (size_t)t->x[i]->numel * sizeof *keep);
                keep += t->x[i]->numel;
            }
    }
    wg_anomaly_set(anomaly);
    wg_object_free(base);
    return status;
}

/* The central difference (8 (f(h) - f(-h)) - (f(2h) - f(-2h))) / 12h, whose error is of order h⁴. */
static double difference(const struct trial *t, int64_t row, double h)
{
    return (8 * (t->again[0][row] - t->again[1][row]) - (t->again[2][row] - t->again[3][row])) / (12 * h);
}

/* NaN on either side does not agree. */
static bool agrees(const struct trial *t, double got, double by_differences)
{
    return fabs(got - by_differences) <= t->options->atol + t->options->rtol * fabs(by_differences);
}

/* ---- the checks ---- */

/* A dot product, and the sum of its terms' absolute values, to which its rounding error is proportional. */
struct product {
    double sum, size;
};

static void add_product(struct product *p, const double *a, const double *b, int64_t n)
{
    for (int64_t i = 0; i < n; i++) {
        p->sum += a[i] * b[i];
        p->size += fabs(a[i] * b[i]);
    }
}

static struct product along_u(const struct trial *t, const double *g)
{
    struct product p = {0, 0};
    for (size_t i = 0; i < t->n; i++)
        if (is_float(t->x[i])) {
            add_product(&p, g, (const double *)(const void *)t->u[i]->data, t->x[i]->numel);
            g += t->x[i]->numel;
        }
    return p;
}

/* Runs f again at the same point: the results must be equal bit for bit. */
static wg_status check_same(struct trial *t)
{
    WG_TRY(value(t, &t->dy));
    for (int64_t i = 0; i < t->rows; i++)
        if (memcmp(&t->y[i], &t->dy[i], sizeof *t->y) != 0)
            return wg_fail(
                WG_E_BUG, t->name,
                "%s: the function is not deterministic: for the same operands element %lld of its result is %.17g, then %.17g",
                t->name, (long long)i, t->y[i], t->dy[i]);
    return WG_OK;
}

static wg_status check_values(struct trial *t)
{
    WG_TRY(value(t, &t->y));
    WG_TRY(check_same(t));
    for (int64_t i = 0; i < t->rows; i++)
        if (!isfinite(t->y[i]))
            return wg_fail(WG_E_BUG, t->name, "%s: element %lld of the result is %g", t->name, (long long)i, t->y[i]);
    return WG_OK;
}

/* Checks that <v, J u> = <Jᵀ v, u>, up to rounding. Leaves the gradient of <v, y> in g. */
static wg_status check_modes(struct trial *t, wg_tensor *v, double *g)
{
    WG_TRY(reverse(t, v, g));
    for (int64_t place = 0; place < t->columns; place++)
        if (!isfinite(g[place])) {
            const double bad = g[place];
            const size_t i = operand_at(t, &place);
            return wg_fail(WG_E_BUG, t->name, "%s: operand %zu, element %lld: the gradient is %g", t->name, i, (long long)place,
                           bad);
        }
    WG_TRY(forward(t, t->dy));
    struct product by_forward = {0, 0};
    const struct product by_reverse = along_u(t, g);
    add_product(&by_forward, t->dy, (const double *)(const void *)v->data, t->rows);
    if (fabs(by_forward.sum - by_reverse.sum) <= 1e-10 * (by_forward.size + by_reverse.size))
        return WG_OK;
    return wg_fail(WG_E_BUG, t->name, "%s: along a random direction the derivative is %.10g by forward mode, %.10g by reverse mode",
                   t->name, by_forward.sum, by_reverse.sum);
}

/* The step h of an attempt, relative to max(|x|, 1). In the third attempt it is relative to |x|, for x near the edge of a
   domain. */
static double step(double x, int attempt)
{
    static const double relative[] = {1e-3, 2.5e-4, 1e-3, 1e-5};
    const double size = fabs(x);
    return relative[attempt] * (attempt == 2 && size > 0 ? size : fmax(size, 1));
}

enum { ATTEMPTS = 4 };

static wg_status check_column(struct trial *t, int64_t place)
{
    int64_t element = place, row = 0;
    const size_t i = operand_at(t, &element);
    double found = 0;
    for (int attempt = 0; attempt < ATTEMPTS; attempt++) {
        const double h = step(((const double *)(const void *)t->x[i]->data)[element], attempt);
        WG_TRY(values_around(t, place, h));
        for (row = 0; row < t->rows; row++) {
            found = difference(t, row, h);
            if (!agrees(t, t->jacobian[row * t->columns + place], found))
                break;
        }
        if (row == t->rows)
            return WG_OK;
    }
    char of[60] = "";
    if (t->rows > 1)
        snprintf(of, sizeof of, " (of element %lld of the result)", (long long)row);
    return wg_fail(WG_E_BUG, t->name, "%s: operand %zu, element %lld: the gradient%s is %.10g, by differences %.10g", t->name, i,
                   (long long)element, of, t->jacobian[row * t->columns + place], found);
}

static wg_status check_jacobian(struct trial *t)
{
    wg_tensor *one = wg_zeros(WG_F64, t->shape);
    if (!one)
        return WG_E_MEMORY;
    for (int64_t row = 0; row < t->rows; row++) {
        double *at = elements(one) + row;
        *at = 1;
        WG_TRY(reverse(t, one, t->jacobian + row * t->columns));
        *at = 0;
    }
    for (int64_t place = 0; place < t->columns; place++)
        WG_TRY(check_column(t, place));
    return WG_OK;
}

static wg_status check_direction(struct trial *t, const wg_tensor *v)
{
    const struct product got = along_u(t, t->jacobian);
    double found = 0;
    for (int attempt = 0; attempt < ATTEMPTS; attempt++) {
        const double h = step(1, attempt);
        WG_TRY(values_around(t, -1, h));
        found = 0;
        for (int64_t row = 0; row < t->rows; row++)
            found += ((const double *)(const void *)v->data)[row] * difference(t, row, h);
        if (agrees(t, got.sum, found))
            return WG_OK;
    }
    return wg_fail(WG_E_BUG, t->name,
                   "%s: along a random direction the derivative is %.10g, by differences %.10g: see .full = true", t->name, got.sum,
                   found);
}

/* ---- a trial ---- */

static wg_status copy_operands(struct trial *t, wg_tensor *const *given)
{
    for (size_t i = 0; i < t->n; i++) {
        t->x[i] = wg_copy(given[i]);
        if (!t->x[i])
            return wg_error_cause();
        t->u[i] = WG_NONE;
        if (!is_float(t->x[i]))
            continue;
        t->u[i] = wg_noise(WG_F64, wg_shape_of(t->x[i]), t->options->seed, i);
        if (!t->u[i])
            return WG_E_MEMORY;
        for (int64_t k = 0; k < t->x[i]->numel; k++)
            ((double *)(void *)t->u[i]->data)[k] *= fmax(1, fabs(((const double *)(const void *)t->x[i]->data)[k]));
        t->columns += t->x[i]->numel;
    }
    return WG_OK;
}

static wg_status check(struct trial *t)
{
    size_t places;
    WG_TRY(check_values(t));
    const size_t rows = t->options->full && t->rows > 1 ? (size_t)t->rows : 1;
    if (__builtin_mul_overflow(rows * sizeof *t->jacobian, (size_t)t->columns, &places))
        return wg_fail(WG_E_MEMORY, t->name, "%s: the Jacobian is too large: see .full = false", t->name);
    t->jacobian = wg_object_new(places);
    wg_tensor *v = wg_noise(WG_F64, t->shape, t->options->seed, t->n);
    if (!t->jacobian || !v)
        return WG_E_MEMORY;
    WG_TRY(check_modes(t, v, t->jacobian));
    WG_TRY(t->options->full ? check_jacobian(t) : check_direction(t, v));
    return check_same(t);
}

static wg_status trial_begin(struct trial *t, wg_tensor *const *given)
{
    t->x = wg_object_new(2 * t->n * sizeof *t->x);
    if (!t->x)
        return WG_E_MEMORY;
    t->u = t->x + t->n;
    return copy_operands(t, given);
}

static void trial_end(struct trial *t)
{
    wg_object_free(t->x);
    wg_object_free(t->y);
    wg_object_free(t->dy);
    wg_object_free(t->jacobian);
    for (int i = 0; i < 4; i++)
        wg_object_free(t->again[i]);
}

static wg_status check_arguments(const struct trial *t, wg_tensor *const *x)
{
    bool any = false;
    if (!t->f || !x || t->n == 0)
        return wg_fail(WG_E_NULL, t->name, "%s: expected a function and operands", t->name);
    if (t->th->mode.in_hook || t->th->mode.vjp_depth > 0 || t->th->updating)
        return wg_fail(WG_E_STATE, t->name, "%s: not inside a hook, another backward or an update", t->name);
    WG_TRY(wg_check_number(t->name, "rtol", t->options->rtol, WG_NOT_NEGATIVE));
    WG_TRY(wg_check_number(t->name, "atol", t->options->atol, WG_NOT_NEGATIVE));
    for (size_t i = 0; i < t->n; i++) {
        WG_TRY(wg_check_handle(x[i], t->name, (int)i));
        if (x[i]->dtype == WG_F32)
            return wg_fail(WG_E_DTYPE, t->name, "%s: operand %zu is f32: differences of f32 say nothing, expected f64", t->name, i);
        any = any || is_float(x[i]);
    }
    return any ? WG_OK : wg_fail(WG_E_DTYPE, t->name, "%s: no operand is f64, so there is no gradient", t->name);
}

static wg_status gradcheck(struct trial *t, wg_tensor *const *x)
{
    wg_status status = trial_begin(t, x);
    if (status == WG_OK)
        status = check(t);
    trial_end(t);
    return status;
}

wg_status wg_gradcheck_with(wg_function *f, void *context, wg_tensor *const *x, size_t n, wg_gradcheck_options options)
{
    WG_OPERATION("gradcheck");
    struct trial t = {.th = wg_self(), .name = "gradcheck", .f = f, .context = context, .options = &options, .n = n};
    struct run run;
    if (!t.th)
        return WG_E_MEMORY;
    WG_TRY(check_arguments(&t, x));
    WG_TRY(run_begin(&t, &run));
    const wg_status status = gradcheck(&t, x);
    run_end(&t, &run);
    return status;
}

/* ---- the gradient as a function ---- */

struct first {
    wg_function *f;
    void *context;
};

/* (∂y/∂x)ᵀ v as a function of x and v, the last operand. The result is all gradients, flattened and concatenated. */
static wg_tensor *gradient(wg_tensor *const *x, size_t n, void *context)
{
    WG_OPERATION("gradgradcheck"); /* gradgradcheck calls it like a user's function */
    const struct first *first = context;
    wg_tensor **gx = wg_object_new(n * sizeof *gx), *all = NULL;
    if (!gx)
        return NULL;
    if (wg_vjp(first->f, first->context, x, n - 1, x[n - 1], NULL, gx) == WG_OK) {
        size_t parts = 0;
        for (size_t i = 0; i + 1 < n; i++)
            if (!wg_absent(gx[i]))
                gx[parts++] = wg_reshape(gx[i], WG_SHAPE(gx[i]->numel));
        all = parts == 1 ? gx[0] : wg_concat(gx, parts, 0);
    }
    wg_object_free(gx);
    return all;
}

/* Gradcheck of `gradient`. v has the shape of f's result. */
static wg_status gradgradcheck(struct trial *t, wg_tensor *const *x)
{
    struct first first = {t->f, t->context};
    struct trial second = {.th = t->th, .name = t->name, .f = gradient, .context = &first, .options = t->options, .n = t->n + 1};
    wg_tensor **operands = wg_object_new(second.n * sizeof *operands);
    wg_status status = operands ? trial_begin(t, x) : WG_E_MEMORY;
    if (status == WG_OK)
        status = value(t, &t->y);
    if (status == WG_OK) {
        memcpy(operands, x, t->n * sizeof *operands);
        operands[t->n] = wg_noise(WG_F64, t->shape, t->options->seed, second.n + 1);
        status = operands[t->n] ? gradcheck(&second, operands) : WG_E_MEMORY;
    }
    trial_end(t);
    wg_object_free(operands);
    return status;
}

wg_status wg_gradgradcheck_with(wg_function *f, void *context, wg_tensor *const *x, size_t n, wg_gradcheck_options options)
{
    WG_OPERATION("gradgradcheck");
    struct trial t = {.th = wg_self(), .name = "gradgradcheck", .f = f, .context = context, .options = &options, .n = n};
    struct run run;
    if (!t.th)
        return WG_E_MEMORY;
    WG_TRY(check_arguments(&t, x));
    WG_TRY(run_begin(&t, &run));
    const wg_status status = gradgradcheck(&t, x);
    run_end(&t, &run);
    return status;
}
