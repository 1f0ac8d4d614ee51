/* Golden values: what ops, their gradients and their second derivatives are, held against PyTorch's (make.py). Per tensor, no
   difference may be above rtol times the largest value: rtol is 1e-9 in f64, in f32 1e-5 or, where thousands of terms add up, 1e-4. */
#include <stdio.h>

#include "core/internal.h"
#include "records.h"

/* ---- the cases ---- */

/* The last two axes exchanged. */
static wg_tensor *transposed(wg_tensor *t)
{
    const int rank = wg_rank(t);
    wg_axes order = {.count = rank};
    for (int i = 0; i < rank; i++)
        order.axis[i] = (int8_t)(i < rank - 2 ? i : 2 * rank - 3 - i);
    return wg_permute(t, order);
}

/* The eigenvalues of a, and v exp(w/4) vᵀ, which the signs of v do not change. */
static wg_status exponential(wg_tensor *a, wg_tensor **y)
{
    wg_tensor *v;
    WG_TRY(wg_eigh(a, &y[0], &v));
    wg_tensor *stretched = wg_mul(v, wg_unsqueeze(wg_exp(wg_mul_scalar(y[0], 0.25)), wg_rank(y[0]) - 1));
    y[1] = wg_matmul(stretched, transposed(v));
    return WG_OK;
}

/* x[1] + x[0] x[2]: a few numbers spread over many. */
static wg_tensor *stretched(wg_tensor *const *x)
{
    return wg_add(x[1], wg_mul(x[0], x[2]));
}

/* The columns of t added up, the j-th times j/256 - 1/2. */
static wg_tensor *attended(wg_tensor *t)
{
    return wg_attention(t, t, t, .causal = true);
}

static wg_tensor *weighed(wg_tensor *t)
{
    double weights[400];
    const int64_t n = wg_extent(t, 1);
    assert_true(n <= 400);
    for (int64_t j = 0; j < n; j++)
        weights[j] = (double)j / 256 - 0.5;
    return wg_matmul(t, tensor_of(weights, wg_dtype_of(t), WG_SHAPE(n)));
}

/* For rows of 400: 7 j modulo 400. */
static wg_tensor *sevenths(void)
{
    int64_t index[3][400];
    for (int64_t i = 0; i < 1200; i++)
        index[i / 400][i % 400] = i % 400 * 7 % 400;
    return wg_from(&index[0][0], WG_SHAPE(3, 400));
}

static wg_tensor *per_channel(wg_tensor *images)
{
    return wg_mean(wg_square(images), .axes = WG_AXES(0, 2, 3));
}

/* -1 and 1 of labels 0 and 1. */
static wg_tensor *signs(wg_tensor *labels, wg_dtype dtype)
{
    return wg_add_scalar(wg_mul_scalar(wg_cast(labels, dtype), 2), -1);
}

enum { UPDATES = 3 };

/* y[0]: x[0] after steps on the gradients x[1], x[2], … */
static wg_status sgd(wg_tensor *const *x, wg_tensor **y, double momentum, double dampening, double decay, bool nesterov)
{
    wg_tensor *lr = wg_scalar(WG_F64, 0.125), *count = wg_scalar(WG_F64, 0);
    wg_tensor *v = momentum > 0 ? wg_zeros(wg_dtype_of(x[0]), wg_shape_of(x[0])) : WG_NONE;
    y[0] = wg_copy(x[0]);
    for (int i = 1; i <= UPDATES; i++) {
        WG_TRY(wg_increment(count));
        WG_TRY(wg_sgd_update(y[0], v, x[i], lr, count, momentum, dampening, decay, nesterov));
    }
    return WG_OK;
}

static wg_status adam(wg_tensor *const *x, wg_tensor **y, double decay, bool decoupled)
{
    wg_tensor *lr = wg_scalar(WG_F64, 0.125), *count = wg_scalar(WG_F64, 0);
    wg_tensor *m = wg_zeros(wg_dtype_of(x[0]), wg_shape_of(x[0])), *v = wg_zeros(wg_dtype_of(x[0]), wg_shape_of(x[0]));
    y[0] = wg_copy(x[0]);
    for (int i = 1; i <= UPDATES; i++) {
        WG_TRY(wg_increment(count));
        WG_TRY(wg_adam_update(y[0], m, v, x[i], lr, count, 0.75, 0.875, 1e-3, decay, decoupled));
    }
    return WG_OK;
}

/* Batch norm's running mean and variance after one batch x (m, C), from 0 and 1. */
static wg_status running(wg_tensor *x, wg_tensor **statistics)
{
    const wg_shape channels = WG_SHAPE(wg_extent(x, 1));
    const wg_dtype dtype = wg_dtype_of(x);
    const double rate = 0.25, eps = 1e-5;
    wg_tensor *mean, *variance;
    if (!wg_batch_norm(x, .weight = wg_ones(dtype, channels), .bias = wg_zeros(dtype, channels), .eps = eps, .mean = &mean,
                       .variance = &variance))
        return WG_E_NULL;
    statistics[0] = wg_zeros(dtype, channels);
    statistics[1] = wg_ones(dtype, channels);
    WG_TRY(wg_ema_update(statistics[0], mean, rate));
    return wg_running_variance_update(statistics[1], variance, rate, wg_extent(x, 0));
}

/* Sets y[0], y[1], … from x[0], x[1], …; a result that could not be made stays NULL. */
typedef wg_status function(wg_tensor *const *x, wg_tensor **y);

#define STEPS(op, variant, ...)                                          \
    static wg_status op##__##variant(wg_tensor *const *x, wg_tensor **y) \
    {                                                                    \
        __VA_ARGS__;                                                     \
        return WG_OK;                                                    \
    }
#define CASE(op, variant, ...) STEPS(op, variant, y[0] = __VA_ARGS__)
#define LONG(op, variant, ...) STEPS(op, variant, y[0] = __VA_ARGS__)
#define SAME(place, ...) STEPS(kink, place, y[0] = __VA_ARGS__)
#define OTHER(place, ours, ...) STEPS(kink, place, y[0] = __VA_ARGS__)
#include "cases.def"
#undef STEPS
#undef CASE
#undef LONG
#undef SAME
#undef OTHER

struct golden {
    const char *name;
    function *function;
    double rtol[2]; /* [WG_F32], [WG_F64]; of a kink's gradient the second alone */
    bool kink;
    const double *ours; /* at a kink: the gradient where it is not PyTorch's, else NULL */
};

static const struct golden goldens[] = {
#define CASE(op, variant, ...) {#op "." #variant, op##__##variant, {1e-5, 1e-9}, false, NULL},
#define LONG(op, variant, ...) {#op "." #variant, op##__##variant, {1e-4, 1e-9}, false, NULL},
#define STEPS(op, variant, ...) {#op "." #variant, op##__##variant, {1e-5, 1e-9}, false, NULL},
#define SAME(place, ...) {"kink." #place, kink__##place, {1e-12, 1e-12}, true, NULL},
#define OTHER(place, ours, ...) {"kink." #place, kink__##place, {1e-12, 1e-12}, true, ours},
#define OURS(...)               \
    (const double[GOLDEN_MOST]) \
    {                           \
        __VA_ARGS__             \
    }
#include "cases.def"
};
enum { GOLDENS = sizeof goldens / sizeof *goldens };

/* ---- comparing ---- */

enum { WHY = 512 };

/* The largest of the finite numbers. */
static double scale_of(const struct numbers *v)
{
    double scale = 0;
    for (int64_t i = 0; i < v->n; i++)
        if (isfinite(v->at[i]))
            scale = fmax(scale, fabs(v->at[i]));
    return scale;
}

static bool near(double got, double want, double limit)
{
    return isfinite(want) ? fabs(got - want) <= limit : isnan(want) ? isnan(got) : got == want;
}

/* True if t has the wanted numbers within rtol of the largest. If all wanted numbers are 0, t must be exactly 0. On false, why says
   which element differs. */
static bool holds(const wg_tensor *t, const struct numbers *want, double rtol, const char *what, char *why)
{
    if (!t) {
        snprintf(why, WHY, "%s is NULL: %s", what, wg_error_first() ? wg_error_first()->message : "no error is recorded");
        return false;
    }
    const wg_dtype dtype = wg_dtype_of(t);
    const wg_shape shape = wg_shape_of(t);
    if (shape.rank != want->shape.rank || memcmp(shape.extent, want->shape.extent, (size_t)shape.rank * sizeof(int64_t)) != 0) {
        char got[64], wanted[64];
        snprintf(why, WHY, "%s is %s, not %s", what, wg_shape_text(shape, got, sizeof got),
                 wg_shape_text(want->shape, wanted, sizeof wanted));
        return false;
    }
    const bool exact = dtype == WG_I64 || dtype == WG_U8;
    const double limit = exact ? 0 : rtol * scale_of(want);
    bool good = true;
    for (int64_t i = 0; i < want->n && good; i++) {
        const double got = element(t, i);
        good = near(got, want->at[i], limit);
        if (!good)
            snprintf(why, WHY, "%s: element %lld is %.17g, not %.17g (within %g)", what, (long long)i, got, want->at[i], limit);
    }
    return good;
}

/* Σ_i ⟨t_i, direction i⟩ over the tensors of floats; at kinks Σ_i Σ t_i, as in make.py. */
static wg_tensor *along(const struct golden *g, char letter, wg_tensor *const *t, int n)
{
    wg_tensor *total = NULL;
    for (int i = 0; i < n; i++) {
        if (wg_dtype_of(t[i]) != WG_F32 && wg_dtype_of(t[i]) != WG_F64)
            continue;
        char key[96];
        snprintf(key, sizeof key, "%s/%c%d", g->name, letter, i);
        double *numbers = malloc((size_t)wg_numel(t[i]) * sizeof *numbers + 1);
        assert_non_null(numbers);
        draws(numbers, wg_numel(t[i]), key, -1, 1);
        wg_tensor *direction = tensor_of(numbers, wg_dtype_of(t[i]), wg_shape_of(t[i]));
        free(numbers);
        wg_tensor *part = made(wg_sum(g->kink ? t[i] : made(wg_mul(t[i], direction))));
        total = total ? made(wg_add(total, part)) : part;
    }
    return total;
}

/* Are root's derivatives by the n operands, whose numbers are which, those of the record? They are left in gx. */
static bool derivatives_hold(wg_tensor *root, wg_tensor *const *x, const int *which, int n, const struct numbers *want, double rtol,
                             const char *what, wg_tensor **gx, char *why)
{
    if (!(root->flags & WG_T_NEEDS)) {
        for (int i = 0; i < n; i++)
            gx[i] = made(wg_zeros(wg_dtype_of(x[i]), wg_shape_of(x[i])));
    } else if (wg_grad_many(root, x, (size_t)n, gx, .create_graph = true, .unused = WG_UNUSED_ZEROS) != WG_OK) {
        snprintf(why, WHY, "%s: %s", what, wg_error_first()->message);
        return false;
    }
    for (int i = 0; i < n; i++) {
        char text[32];
        snprintf(text, sizeof text, "%s by x%d", what, which[i]);
        if (!holds(gx[i], &want[which[i]], rtol, text, why))
            return false;
    }
    return true;
}

static bool launched[1024]; /* of the registry's ops: on a tape of some case */

static void note_launches(const wg_tape *tape)
{
    for (const struct wg_node *node = tape->first; node; node = node->next)
        for (size_t i = 0; i < wg_op_count(); i++)
            launched[i] = launched[i] || wg_op_at(i) == node->call.op;
}

/* Does the function give the record's outputs and derivatives? */
static bool golden_holds(const struct golden *g, const struct record *r, wg_dtype dtype, char *why)
{
    WG_TAPE(tape);
    const double rtol = g->rtol[dtype];
    wg_tensor *x[GOLDEN_MOST] = {NULL}, *y[GOLDEN_MOST] = {NULL}, *wanted[GOLDEN_MOST], *first[GOLDEN_MOST], *second[GOLDEN_MOST];
    int which[GOLDEN_MOST], n = 0;
    for (int i = 0; i < r->n_in; i++) {
        x[i] = record_operand(r, i, dtype);
        if (r->grad[i].at) {
            assert_non_null(wg_set_requires_grad(x[i], true));
            wanted[n] = x[i];
            which[n++] = i;
        }
    }
    if (g->function(x, y) != WG_OK) {
        snprintf(why, WHY, "%s", wg_error_first() ? wg_error_first()->message : "failed, and no error is recorded");
        return false;
    }
    for (int j = 0; j < r->n_out; j++) {
        char text[32];
        snprintf(text, sizeof text, "output %d", j);
        if (!holds(y[j], &r->out[j], g->kink ? 1e-9 : rtol, text, why))
            return false;
    }
    if (r->n_out < GOLDEN_MOST && y[r->n_out]) {
        snprintf(why, WHY, "there are more than %d outputs", r->n_out);
        return false;
    }
    if (n == 0)
        return true;
    const struct numbers ours = {r->grad[0].shape, r->grad[0].n, g->ours}; /* at a kink, by its one operand */
    if (!derivatives_hold(along(g, 'c', y, r->n_out), wanted, which, n, g->ours ? &ours : r->grad, rtol, "gradient", first, why))
        return false;
    if (!g->kink && !derivatives_hold(along(g, 'd', first, n), wanted, which, n, r->second, rtol, "second derivative", second, why))
        return false;
    note_launches(tape);
    return true;
}

/* ---- the tests ---- */

static struct record *records;
static int n_records;

static const struct record *find_record(const char *name)
{
    for (int i = 0; i < n_records; i++)
        if (strcmp(records[i].name, name) == 0)
            return &records[i];
    return NULL;
}

static const struct golden *find_golden(const char *name)
{
    for (int i = 0; i < GOLDENS; i++)
        if (strcmp(goldens[i].name, name) == 0)
            return &goldens[i];
    return NULL;
}

static void one_case(void **state)
{
    const struct golden *g = *state;
    const struct record *r = find_record(g->name);
    char why[WHY];
    if (!r)
        fail_msg("values.txt has no such case: is it missing in cases.py, or make.py to be run?");
    for (int dtype = g->kink ? WG_F64 : WG_F32; dtype <= WG_F64; dtype++)
        if (!golden_holds(g, r, (wg_dtype)dtype, why))
            fail_msg("%s, in %s: %s", g->name, wg_dtype_name((wg_dtype)dtype), why);
    if (g->ours) { /* had PyTorch the same gradient, the guide's list would be out of date */
        WG_TAPE(tape);
        if (holds(tensor_of(g->ours, WG_F64, r->grad[0].shape), &r->grad[0], g->rtol[WG_F64], "", why))
            fail_msg("%s: PyTorch has the same gradient", g->name);
    }
}

static void every_case_is_on_both_sides(void **state)
{
    (void)state;
    assert_int_equal(n_records, GOLDENS);
    for (int i = 0; i < n_records; i++)
        if (!find_golden(records[i].name))
            fail_msg("%s is not in cases.def", records[i].name);
}

/* What PyTorch cannot answer for. */
static const struct {
    const char *op, *reason;
} exceptions[] = {
    {"uniform", "draws from a generator of its own"},          {"normal", "draws from a generator of its own"},
    {"truncated_normal", "draws from a generator of its own"}, {"bernoulli", "draws from a generator of its own"},
    {"permutation", "draws from a generator of its own"},
};

static bool ends_with(const char *name, const char *suffix)
{
    const size_t n = strlen(name), s = strlen(suffix);
    return n > s && strcmp(name + n - s, suffix) == 0;
}

/* Has the op a case that is named after it? An op that is made for others' derivatives counts, too, if theirs launched it. */
static bool covered(size_t index)
{
    static const char *const suffixes[] = {"_grad", "_pick", "_input", "_weight", "_slope", "_add"};
    const char *name = wg_op_at(index)->name;
    const size_t length = strlen(name);
    for (int i = 0; i < GOLDENS; i++)
        if (strncmp(goldens[i].name, name, length) == 0 && goldens[i].name[length] == '.')
            return true;
    for (size_t i = 0; i < sizeof suffixes / sizeof *suffixes; i++)
        if (ends_with(name, suffixes[i]) && launched[index])
            return true;
    return false;
}

/* Runs after all cases. */
static void every_op_is_covered(void **state)
{
    (void)state;
    int missing = 0;
    for (size_t i = 0; i < wg_op_count(); i++) {
        bool known = covered(i), excused = false;
        for (size_t k = 0; k < sizeof exceptions / sizeof *exceptions; k++)
            excused = excused || strcmp(exceptions[k].op, wg_op_at(i)->name) == 0;
        if (known == excused) {
            print_error("%s %s\n", wg_op_at(i)->name, known ? "is no exception" : "has no case");
            missing++;
        }
    }
    assert_int_equal(missing, 0);
}

/* ---- the comparison bites ---- */

static void wrong_numbers_are_caught(void **state)
{
    (void)state;
    static const double right[4] = {1, 2, -3, 0.5};
    double numbers[4];
    const struct numbers want = {WG_SHAPE(4), 4, numbers};
    memcpy(numbers, right, sizeof right);
    char why[WHY];
    WG_TAPE(tape);
    assert_true(holds(tensor_of(right, WG_F64, WG_SHAPE(4)), &want, 1e-9, "", why));
    assert_true(holds(tensor_of((const double[]){1, 2 + 2e-9, -3, 0.5}, WG_F64, WG_SHAPE(4)), &want, 1e-9, "", why));
    static const double wrong[][4] = {{1, 2, -3, (double)NAN}, {1, 2, 3, 0.5},  {0, 0, 0, 0},
                                      {1, 2 + 4e-9, -3, 0.5},  {2, 1, -3, 0.5}, {1, 2, (double)-INFINITY, 0.5}};
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++)
        assert_false(holds(tensor_of(wrong[i], WG_F64, WG_SHAPE(4)), &want, 1e-9, "", why));
    assert_false(holds(tensor_of(right, WG_F64, WG_SHAPE(2, 2)), &want, 1e-9, "", why));
    memset(numbers, 0, sizeof numbers);
    assert_false(holds(tensor_of((const double[]){0, 1e-300, 0, 0}, WG_F64, WG_SHAPE(4)), &want, 1e-9, "", why));
    numbers[0] = NAN;
    assert_false(holds(tensor_of((const double[]){0, 0, 0, 0}, WG_F64, WG_SHAPE(4)), &want, 1e-9, "", why));
}

static wg_status wrong_value(wg_tensor *const *x, wg_tensor **y)
{
    y[0] = wg_sigmoid(x[0]);
    return WG_OK;
}

/* A planted mistake: tanh whose gradient is 1. */
static wg_status wrong_gradient(wg_tensor *const *x, wg_tensor **y)
{
    y[0] = wg_add(wg_detach(wg_tanh(x[0])), wg_sub(x[0], wg_detach(x[0])));
    return WG_OK;
}

/* tanh's value and gradient, but its tangent's second derivative, 0. */
static wg_status wrong_second(wg_tensor *const *x, wg_tensor **y)
{
    wg_tensor *value = wg_detach(wg_tanh(x[0])), *slope = wg_add_scalar(wg_neg(wg_square(value)), 1);
    y[0] = wg_add(value, wg_mul(slope, wg_sub(x[0], wg_detach(x[0]))));
    return WG_OK;
}

static wg_status one_too_many(wg_tensor *const *x, wg_tensor **y)
{
    y[0] = wg_tanh(x[0]);
    y[1] = wg_tanh(x[0]);
    return WG_OK;
}

static wg_status none_at_all(wg_tensor *const *x, wg_tensor **y)
{
    y[0] = wg_add(x[0], NULL);
    return WG_OK;
}

static void wrong_functions_are_caught(void **state)
{
    (void)state;
    static const struct {
        function *function;
        const char *why;
    } wrong[] = {{wrong_value, "output 0: element 0 is"},
                 {wrong_gradient, "gradient by x0: element 0 is"},
                 {wrong_second, "second derivative by x0: element 0 is 0, not"},
                 {one_too_many, "more than 1 outputs"},
                 {none_at_all, "output 0 is NULL: add"}};
    const struct record *r = find_record("tanh.plain");
    assert_non_null(r);
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        const struct golden g = {r->name, wrong[i].function, {1e-5, 1e-9}, false, NULL};
        char why[WHY] = "nothing";
        assert_false(golden_holds(&g, r, WG_F64, why));
        if (!strstr(why, wrong[i].why))
            fail_msg("\"%s\" does not say \"%s\"", why, wrong[i].why);
        wg_error_take(NULL);
    }
}

int main(void)
{
    static struct CMUnitTest tests[GOLDENS + 4] = {TEST(every_case_is_on_both_sides), TEST(wrong_numbers_are_caught),
                                                   TEST(wrong_functions_are_caught)};
    records = records_read(GOLDEN_VALUES, &n_records);
    for (int i = 0; i < GOLDENS; i++)
        tests[3 + i] = (struct CMUnitTest){goldens[i].name, one_case, NULL, clean_up, (void *)&goldens[i]};
    tests[3 + GOLDENS] = (struct CMUnitTest)TEST(every_op_is_covered);
    const int failed = _cmocka_run_group_tests("golden", tests, GOLDENS + 4, NULL, NULL);
    records_free(records, n_records);
    return failed;
}
