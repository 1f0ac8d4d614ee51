/* The cheap-gradient principle on random scalar programs: ops(f, ∇f) / ops(f), counted, stays within constants that are proved.

   f has n operations on scalars. Polynomials: sums, differences, products, squares, negations. Baur and Strassen (1983) prove, and backward
   here performs,
   - in multiplications alone: at most 3 for the value and the gradient together. A product a b is one, and its gradients gy b and gy a are
     two;
   - in all operations: at most 4. Beside these, gradients of variables that are used several times are added. There is one addition
     fewer for each variable than it has uses; of uses there are at most two for each operation, and each operation makes a variable.
   A quotient takes 4 multiplications and divisions, because div.c divides twice for accuracy: 4, and 5 in all operations. 5 is also the bound
   with elementary functions, each a single operation (Griewank, Walther, 2008): f'(x) and its product may take four.
   A Hessian-vector product is the tangent of the gradient. The tangent of a product takes two products and a sum beside it, that of a quotient
   a product, a difference and a quotient: 3 times as many multiplications and divisions, 4 times as many operations. */
#include <math.h>

#include "common.h"

enum { VARIABLES = 4, MOST_OPERATIONS = 200, PROGRAMS = 1000 };

enum kind {
    ADD,
    SUB,
    MUL,
    SQUARE,
    NEG,
    N_POLYNOMIAL,
    DIV = N_POLYNOMIAL,
    N_RATIONAL,
    EXP = N_RATIONAL,
    LOG,
    SIN,
    COS,
    TANH,
    SIGMOID,
    SQRT,
    ERF,
    RELU,
    MAXIMUM,
    N_KINDS
};

/* A program: values 0 … VARIABLES - 1 are the variables, and step i makes value VARIABLES + i. */
struct program {
    int n;
    enum kind kind[MOST_OPERATIONS];
    int a[MOST_OPERATIONS], b[MOST_OPERATIONS];
    const struct wg_op *product; /* what a product is done by */
};

static uint64_t state;

static int draw(int below)
{
    state = state * 6364136223846793005u + 1442695040888963407u;
    return (int)((state >> 33) % (uint64_t)below);
}

/* The operands of most steps are recent values, so that few results are unused. */
static struct program program_new(uint64_t seed, int n_kinds)
{
    state = seed * 0x9E3779B97F4A7C15u + 1;
    struct program p = {.n = 1 + draw(MOST_OPERATIONS)};
    for (int i = 0; i < p.n; i++) {
        p.kind[i] = (enum kind)draw(n_kinds);
        const int made = VARIABLES + i, recent = made < 6 ? made : 6;
        p.a[i] = i > 0 ? made - 1 : draw(VARIABLES);
        p.b[i] = draw(3) ? made - 1 - draw(recent) : draw(made);
    }
    return p;
}

static wg_tensor *step(const struct program *p, int i, wg_tensor *a, wg_tensor *b)
{
    switch (p->kind[i]) {
    case ADD:
        return wg_add(a, b);
    case SUB:
        return wg_sub(a, b);
    case MUL:
        return p->product ? wg_invoke2(p->product, NULL, a, b) : wg_mul(a, b);
    case DIV:
        return wg_div(a, b);
    case SQUARE:
        return wg_square(a);
    case NEG:
        return wg_neg(a);
    case EXP:
        return wg_exp(a);
    case LOG:
        return wg_log(a);
    case SIN:
        return wg_sin(a);
    case COS:
        return wg_cos(a);
    case TANH:
        return wg_tanh(a);
    case SIGMOID:
        return wg_sigmoid(a);
    case SQRT:
        return wg_sqrt(a);
    case ERF:
        return wg_erf(a);
    case RELU:
        return wg_relu(a);
    default:
        return wg_maximum(a, b);
    }
}

static wg_tensor *run(wg_tensor *const *x, size_t n, void *context)
{
    const struct program *p = context;
    wg_tensor *value[VARIABLES + MOST_OPERATIONS];
    memcpy(value, x, n * sizeof *x);
    for (int i = 0; i < p->n; i++)
        value[VARIABLES + i] = step(p, i, value[p->a[i]], value[p->b[i]]);
    return value[VARIABLES + p->n - 1];
}

/* ---- counts ---- */

/* The ratios of a tape: of all operations, and of multiplications and divisions alone. */
struct ratios {
    double all, nonscalar;
};

static double nonscalar(wg_cost cost)
{
    return cost.mul + cost.div;
}

static struct ratios ratios_of(const wg_tape *tape)
{
    wg_cost_table *table = wg_cost_of(tape);
    assert_non_null(table);
    const wg_cost_sum *sum = table->section[0].sum;
    const double forward = nonscalar(sum[WG_COST_FORWARD].cost), backward = nonscalar(sum[WG_COST_BACKWARD].cost);
    const struct ratios ratios = {.all = wg_cost_gradient_ratio(table, 0),
                                  .nonscalar = forward > 0 ? (forward + backward) / forward : 1};
    wg_cost_destroy(table);
    return ratios;
}

/* Raises most to the ratios of the program's gradient or, if second, of its Hessian-vector product. */
static void measure(struct program *p, bool second, struct ratios *most)
{
    wg_tensor *x[VARIABLES], *v[VARIABLES], *hv[VARIABLES], *y;
    for (int i = 0; i < VARIABLES; i++) {
        x[i] = made(wg_set_requires_grad(wg_scalar(WG_F64, 1.5 + .1 * i), true));
        v[i] = made(wg_scalar(WG_F64, 1 - .3 * i));
    }
    {
        WG_TAPE(tape, .trace = true);
        if (second)
            assert_ok(wg_hvp(run, p, x, VARIABLES, v, &y, NULL, hv));
        else
            assert_ok(wg_backward(made(run(x, VARIABLES, p))));
        const struct ratios ratios = ratios_of(tape);
        most->all = fmax(most->all, ratios.all);
        most->nonscalar = fmax(most->nonscalar, ratios.nonscalar);
    }
    for (int i = 0; i < VARIABLES; i++) {
        wg_clear_gradient(x[i]);
        wg_free(x[i]);
        wg_free(v[i]);
    }
}

static struct ratios largest(int n_kinds, bool second, const struct wg_op *product)
{
    struct ratios most = {0};
    for (uint64_t seed = 1; seed <= PROGRAMS; seed++) {
        struct program p = program_new(seed, n_kinds);
        p.product = product;
        measure(&p, second, &most);
    }
    print_message("%s, %s: at most %.3f",
                  n_kinds == N_POLYNOMIAL ? "polynomials"
                  : n_kinds == N_RATIONAL ? "with quotients"
                                          : "with functions",
                  second ? "Hessian-vector" : "gradient", most.all);
    if (n_kinds <= N_RATIONAL)
        print_message(", in multiplications and divisions %.3f", most.nonscalar);
    print_message("\n");
    return most;
}

/* ---- tests ---- */

/* What the ratios of a class of programs may be. They come close (near), so that the bound is tested. */
static void assert_bound(double most, double near, double bound)
{
    assert_true(most <= bound && most > near);
}

static void polynomials(void **unused)
{
    (void)unused;
    const struct ratios first = largest(N_POLYNOMIAL, false, NULL), second = largest(N_POLYNOMIAL, true, NULL);
    assert_bound(first.nonscalar, 2.9, 3);
    assert_bound(first.all, 3.3, 4);
    assert_bound(second.nonscalar, 8, 9);
    assert_bound(second.all, 10, 16);
}

static void rational_functions(void **unused)
{
    (void)unused;
    const struct ratios first = largest(N_RATIONAL, false, NULL), second = largest(N_RATIONAL, true, NULL);
    assert_bound(first.nonscalar, 3, 4);
    assert_bound(first.all, 3.5, 5);
    assert_bound(second.nonscalar, 8, 12);
    assert_bound(second.all, 10, 20);
}

static void elementary_functions(void **unused)
{
    (void)unused;
    const struct ratios first = largest(N_KINDS, false, NULL), second = largest(N_KINDS, true, NULL);
    assert_bound(first.all, 3.5, 5);
    assert_bound(second.all, 9, 20);
}

/* The right gradients of a b, with one product too many in the second. */
static wg_status wasteful(const wg_call *c, wg_tensor *const *gy, wg_grad_slot *gx)
{
    WG_TRY(WG_GIVE(gx[0], wg_mul(gy[0], c->in[1])));
    return WG_GIVE(gx[1], wg_mul(wg_mul_scalar(gy[0], 1), c->in[0]));
}

static void one_product_too_many_is_seen(void **unused)
{
    (void)unused;
    struct wg_op product = {0};
    for (size_t i = 0; i < wg_op_count(); i++)
        if (strcmp(wg_op_at(i)->name, "mul") == 0)
            product = *wg_op_at(i);
    assert_non_null(product.vjp);
    assert_true(largest(N_POLYNOMIAL, false, &product).nonscalar <= 3);
    product.vjp = wasteful;
    assert_true(largest(N_POLYNOMIAL, false, &product).nonscalar > 3);
}

/* Unknown costs make the ratio unknown, and so does a tape without a trace. */
static void what_is_not_known_is_not_a_ratio(void **unused)
{
    (void)unused;
    wg_tensor *x = made(wg_set_requires_grad(wg_scalar(WG_F64, 2), true));
    struct wg_op square = {0};
    for (size_t i = 0; i < wg_op_count(); i++)
        if (strcmp(wg_op_at(i)->name, "square") == 0)
            square = *wg_op_at(i);
    for (int way = 0; way < 3; way++) {
        WG_TAPE(tape, .trace = way != 1);
        square.cost = way == 2 ? NULL : square.cost;
        assert_ok(wg_backward(made(wg_invoke1(&square, NULL, x))));
        wg_cost_table *table = wg_cost_of(tape);
        assert_non_null(table);
        assert_true(way == 0 ? wg_cost_gradient_ratio(table, 0) == 3 : isnan(wg_cost_gradient_ratio(table, 0)));
        wg_cost_destroy(table);
    }
    wg_clear_gradient(x);
    wg_free(x);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(polynomials),
        TEST(rational_functions),
        TEST(elementary_functions),
        TEST(one_product_too_many_is_seen),
        TEST(what_is_not_known_is_not_a_ratio),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
