/* The cheap-gradient principle, counted op by op: for f(x) = <w, op(x)> the operations of op and its backward, and of op within a
   Hessian-vector product, over those of op alone. <w, ·> itself is not counted. An operation is an addition, multiplication,
   division, comparison or transcendental call; an op that only moves elements counts one for each element of its result.

   The bounds. A gradient: 5 (Griewank, Walther, 2008, for elementary functions; rational ones need 4: tests/grad/cheap_gradients.c). A
   Hessian-vector product is the tangent of the gradient, and beside a multiplication its tangent takes two and an addition: 4 times 5.

   The ratios of all ops stand in docs/guide/cheap-gradients.md, and must be those that are counted: so one more operation in a backward
   is seen, too. usage: cheap_gradients PAGE, or cheap_gradients --table, which prints what the page must have. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "case.h"
#include "wengert/wengert.h"

static const double gradient_bound = 5, product_bound = 20;

/* The ops beyond a bound, with a bound of their own for the samples, and why. */
static const struct exception {
    const char *op;
    double gradient, product;
    const char *why;
} exceptions[] = {
    {"lgamma", 68, 212, "lgamma is one call; its derivative is digamma's series, of 66 operations"},
    {"atan2", 25, 112, "atan2 is one call; each slope takes 11 operations, which avoid overflow of a² + b²"},
    {"pow", 12, 45, "one call; the slopes take another power, a logarithm, and comparisons for a = 0 and b = 0"},
    {"asin", 6, 20, "one call; the slope 1/√(1 - x²) takes an fma and a reciprocal root, two operations each, and a product"},
    {"acos", 6, 20, "as asin"},
    {"cholesky", 17, 63, "n³/3 operations; backward solves and multiplies whole matrices"},
    {"conv2d", 25, 51, "the gradient of a weight joins 16 partial sums, which few outputs do not repay"},
    {"conv2d_input", 26, 53, "as conv2d"},
    {"conv1d", 5.75, 20, "as conv2d"},
    {"conv_transpose1d", 5.5, 20, "as conv2d"},
    {"conv_transpose3d", 6.75, 20, "as conv2d"},
    {"conv_transpose2d", 5.5, 20, "as conv2d"},
    {"sum_abs", 5.5, 20, "one addition; the gradient takes the two comparisons of a sign, and a product"},
    {"lstm", 5.34, 20, "as lstm_cell"},
    {"lstm_cell", 5.34, 20, "counts the gradient of the gates too, a result that networks do not use; without it 2.8"},
    {"gru_cell", 6.84, 23, "as lstm_cell; without it 2.6"},
    {"ctc_grad", 5, 21, "along n directions it carries 2ⁿ parts, and its derivatives are along one or two more"},
};

/* Operations: of op, of op and its backward, of op within a Hessian-vector product. elements: of the results. */
struct meter {
    double forward, gradient, product, elements;
};

/* The largest ratios over the samples. */
struct ratios {
    double gradient, product;
    int measured;
};

/* ---- one sample ---- */

/* The section "op" of the tape: its ratio, and the operations of its forward part. */
static void read_meter(const wg_tape *tape, double *forward, double *all)
{
    wg_cost_table *table = wg_cost_of(tape);
    assert_non_null(table);
    assert_string_equal(table->section[1].path, "op");
    const wg_cost_sum *sum = table->section[1].sum;
    assert_true(sum[WG_COST_FORWARD].unknown == 0 && sum[WG_COST_BACKWARD].unknown == 0);
    *forward = wg_cost_operations(sum[WG_COST_FORWARD].cost);
    *all = *forward + wg_cost_operations(sum[WG_COST_BACKWARD].cost);
    if (*forward > 0)
        assert_true(wg_cost_gradient_ratio(table, 1) == *all / *forward);
    wg_cost_destroy(table);
}

/* <w, op(in)>, with op in a section of its own. NULL: it failed. */
static wg_tensor *apply(const struct check_case *c, wg_tensor *const *in, double *elements)
{
    wg_tensor *out[MAX_RESULTS], *scalar = WG_NONE;
    if (wg_section_push("op") != WG_OK || wg_invoke(c->op, c->params, in, (size_t)c->n, out, c->op->n_out) != WG_OK)
        return NULL;
    wg_section_pop();
    *elements = 0;
    for (int i = 0; i < c->op->n_out; i++) {
        *elements += (double)wg_numel(out[i]);
        if (wg_dtype_of(out[i]) <= WG_F64)
            scalar = projection(scalar, out[i], weights_like(out[i], &(struct run){0}, PROJECTION, i));
    }
    return scalar;
}

static void measure_gradient(const struct check_case *c, wg_tensor *const *in, struct meter *m)
{
    WG_TAPE(tape, .trace = true);
    assert_int_equal(wg_backward(apply(c, in, &m->elements)), WG_OK);
    read_meter(tape, &m->forward, &m->gradient);
}

/* apply as a function of the operands that are there. */
struct function {
    const struct check_case *c;
    double elements;
};

static wg_tensor *apply_to(wg_tensor *const *x, size_t n, void *context)
{
    struct function *f = context;
    wg_tensor *in[WG_SAMPLE_MAX] = {NULL};
    size_t at = 0;
    for (int i = 0; i < f->c->n; i++)
        in[i] = f->c->in[i].none ? WG_NONE : f->c->in[i].shared >= 0 ? in[f->c->in[i].shared] : at < n ? x[at++] : NULL;
    return apply(f->c, in, &f->elements);
}

static void measure_product(const struct check_case *c, wg_tensor *const *in, struct meter *m)
{
    WG_TAPE(tape, .trace = true);
    wg_tensor *x[WG_SAMPLE_MAX], *v[WG_SAMPLE_MAX], *hv[WG_SAMPLE_MAX], *y;
    struct function f = {.c = c};
    double forward;
    size_t n = 0;
    for (int i = 0; i < c->n; i++)
        if (!c->in[i].none && c->in[i].shared < 0) {
            v[n] = operand_leaf(c, i) ? weights_like(in[i], &(struct run){0}, TANGENT, i) : WG_NONE;
            x[n++] = in[i];
        }
    assert_int_equal(wg_hvp(apply_to, &f, x, n, v, &y, NULL, hv), WG_OK);
    read_meter(tape, &forward, &m->product);
    assert_true(forward == m->forward); /* the function runs once */
}

/* False: the op has no derivative on this sample. */
static bool measure(const struct check_case *c, struct meter *m)
{
    const struct run run = {.dtype = WG_F64};
    wg_tensor *in[WG_SAMPLE_MAX];
    struct result r;
    run_op(c, &run, &r);
    const bool measured = r.status == WG_OK && has_derivative(c, &r);
    result_free(&r);
    if (!measured)
        return false;
    assert_true(operands_make(c, &run, true, in));
    measure_gradient(c, in, m);
    measure_product(c, in, m);
    for (int i = 0; i < c->n; i++)
        if (operand_leaf(c, i))
            wg_clear_gradient(in[i]);
    operands_free(c, in);
    return true;
}

/* ---- all ops ---- */

static struct ratios ratios_of(const struct wg_op *op)
{
    static struct check_report report;
    struct ratios most = {0};
    for (int sample = 0; sample < op->n_samples; sample++) {
        struct check_case c;
        struct meter m = {0};
        case_of_sample(&c, op, sample, &report);
        if (measure(&c, &m)) {
            const double size = m.forward > m.elements ? m.forward : m.elements;
            most.gradient = m.gradient > most.gradient * size ? m.gradient / size : most.gradient;
            most.product = m.product > most.product * size ? m.product / size : most.product;
            most.measured++;
        }
        case_free(&c);
    }
    return most;
}

enum { N_EXCEPTIONS = sizeof exceptions / sizeof *exceptions };

static const struct wg_op *op_named(const char *name)
{
    for (size_t i = 0; i < wg_op_count(); i++)
        if (strcmp(wg_op_at(i)->name, name) == 0)
            return wg_op_at(i);
    return NULL;
}

static const struct exception *exception_of(const char *op)
{
    for (size_t i = 0; i < N_EXCEPTIONS; i++)
        if (strcmp(exceptions[i].op, op) == 0)
            return &exceptions[i];
    return NULL;
}

/* Within its bounds; and an exception is one: it goes beyond a common bound, and not beyond its own. */
static bool is_within(const char *op, struct ratios most)
{
    const struct exception *own = exception_of(op);
    const bool common = most.gradient <= gradient_bound && most.product <= product_bound;
    return own ? !common && most.gradient <= own->gradient && most.product <= own->product : common;
}

static void every_op_is_within_its_bound(void **state)
{
    (void)state;
    int ops = 0, wrong = 0;
    for (size_t i = 0; i < wg_op_count(); i++) {
        const struct wg_op *op = wg_op_at(i);
        const struct ratios most = ratios_of(op);
        ops += most.measured > 0;
        if (!most.measured || is_within(op->name, most))
            continue;
        wrong++;
        print_error(
            "%s: expected a gradient of at most %g times its operations and a Hessian-vector product of %g, or an exception that is "
            "needed; got %.4g and %.4g\n",
            op->name, gradient_bound, product_bound, most.gradient, most.product);
    }
    assert_int_equal(wrong, 0);
    assert_true(ops > 150);
    for (size_t i = 0; i < N_EXCEPTIONS; i++)
        assert_non_null(op_named(exceptions[i].op));
}

/* ---- the table of the page ---- */

struct row {
    const char *op;
    struct ratios most;
};

static int by_ratio(const void *a, const void *b)
{
    const struct row *one = a, *other = b;
    if (one->most.gradient != other->most.gradient)
        return one->most.gradient < other->most.gradient ? 1 : -1;
    return strcmp(one->op, other->op);
}

/* Markdown: a line for each ratio of a gradient, with the ops that have it, each with the ratio of its Hessian-vector product. */
static void write_table(FILE *stream)
{
    struct row *rows = calloc(wg_op_count(), sizeof *rows);
    size_t n = 0;
    assert_non_null(rows);
    for (size_t i = 0; i < wg_op_count(); i++) {
        rows[n] = (struct row){wg_op_at(i)->name, ratios_of(wg_op_at(i))};
        rows[n].most.gradient = round(100 * rows[n].most.gradient) / 100;
        n += rows[n].most.measured > 0;
    }
    qsort(rows, n, sizeof *rows, by_ratio);
    fprintf(stream, "| gradient | ops, with the ratio of a Hessian-vector product |\n|---|---|\n");
    for (size_t i = 0; i < n; i++) {
        const bool first = i == 0 || rows[i].most.gradient != rows[i - 1].most.gradient;
        const bool last = i + 1 == n || rows[i].most.gradient != rows[i + 1].most.gradient;
        if (first)
            fprintf(stream, "| %.2f | ", rows[i].most.gradient);
        fprintf(stream, "%s %.2f%s", rows[i].op, rows[i].most.product, last ? " |\n" : ", ");
    }
    free(rows);
}

static const char *page; /* the path of docs/guide/cheap-gradients.md */

static void the_page_has_these_ratios(void **state)
{
    (void)state;
    char *table = NULL, *text = NULL;
    size_t size;
    FILE *stream = open_memstream(&table, &size), *file = fopen(page, "r");
    assert_non_null(file);
    write_table(stream);
    fclose(stream);
    assert_true(getdelim(&text, &size, 0, file) > 0);
    fclose(file);
    if (!strstr(text, table))
        print_error("%s: expected the table that cheap_gradients --table prints\n", page);
    assert_non_null(strstr(text, table));
    free(table);
    free(text);
}

/* ---- planted waste ---- */

/* The right gradients of a b, but each product is computed three times. */
static wg_status thrice(const wg_call *c, wg_tensor *const *gy, wg_grad_slot *gx)
{
    for (int i = 0; i < 4; i++)
        WG_TRY(wg_mul(gy[0], c->in[i % 2]) ? WG_OK : WG_E_MEMORY);
    WG_TRY(WG_GIVE(gx[0], wg_mul(gy[0], c->in[1])));
    return WG_GIVE(gx[1], wg_mul(gy[0], c->in[0]));
}

/* The right tangent of a b, by way of 17 times itself. */
static wg_status seventeenfold(const wg_call *c, wg_tensor *const *tx, wg_tensor **ty)
{
    ty[0] = WG_NONE;
    for (int i = 0; i < 17; i++) {
        wg_tensor *part = wg_absent(tx[0]) ? WG_NONE : wg_mul(tx[0], c->in[1]);
        if (!wg_absent(tx[1]))
            part = wg_absent(part) ? wg_mul(c->in[0], tx[1]) : wg_fma(c->in[0], tx[1], part);
        ty[0] = part;
    }
    return ty[0] ? WG_OK : WG_E_MEMORY;
}

static void waste_is_seen(void **state)
{
    (void)state;
    struct wg_op op = *op_named("mul");
    struct ratios most = ratios_of(&op);
    assert_true(is_within("mul", most) && most.gradient == 3 && most.product == 8); /* 1 + 2; and tangents of 3 and 2 */
    op.vjp = thrice;
    most = ratios_of(&op);
    assert_true(!is_within("mul", most) && most.gradient == 7);
    op = *op_named("mul");
    op.jvp = seventeenfold;
    most = ratios_of(&op);
    assert_true(!is_within("mul", most) && most.gradient == 3 && most.product > product_bound);
    most = ratios_of(op_named("tanh"));
    assert_true(is_within("tanh", most) && !is_within("pow", most)); /* an exception that is not needed */
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(every_op_is_within_its_bound), cmocka_unit_test(the_page_has_these_ratios),
                                       cmocka_unit_test(waste_is_seen)};
    if (argc != 2 || wg_set_threads(1) != WG_OK)
        return 2;
    if (strcmp(argv[1], "--table") == 0) {
        write_table(stdout);
        return 0;
    }
    page = argv[1];
    return cmocka_run_group_tests_name("cheap gradients", tests, NULL, NULL);
}
