/* Derivatives of whole functions, against closed forms, central differences and each other, to any order and by any mixture of
   modes. */
#include "common.h"
#include "core/internal.h"

/* y = a weighted sum of tanh(x₀ wᵀ + b)², x = {x (5,3), w (4,3), b (4)}: every operand matters. */
static wg_tensor *layer(wg_tensor *const *x, size_t n, void *context)
{
    (void)n;
    (void)context;
    return wg_tanh(wg_linear(x[0], x[1], x[2]));
}

static wg_tensor *loss(wg_tensor *const *x, size_t n, void *context)
{
    wg_tensor *h = layer(x, n, context);
    return wg_sum(wg_mul(wg_square(h), wg_exp(h)));
}

enum { OPERANDS = 3 };
static const wg_shape shapes[OPERANDS] = {WG_DIMS(5, 3), WG_DIMS(4, 3), WG_DIMS(4)};

struct operands {
    wg_tensor *x[OPERANDS], *t[OPERANDS], *v;
};

static struct operands operands_new(bool leaves)
{
    struct operands o;
    for (int i = 0; i < OPERANDS; i++) {
        o.x[i] = leaves ? leaf(WG_F64, shapes[i], 10 + (uint64_t)i) : numbers(WG_F64, shapes[i], 10 + (uint64_t)i);
        o.t[i] = numbers(WG_F64, shapes[i], 20 + (uint64_t)i);
    }
    o.v = numbers(WG_F64, WG_SHAPE(5, 4), 30);
    return o;
}

static void operands_free(struct operands *o)
{
    for (int i = 0; i < OPERANDS; i++) {
        wg_free(o->x[i]);
        wg_free(o->t[i]);
    }
    wg_free(o->v);
}

static double inner(const wg_tensor *a, const wg_tensor *b)
{
    const int64_t n = wg_numel(a);
    double sum = 0, *p = calloc((size_t)n, sizeof *p), *q = calloc((size_t)n, sizeof *q);
    assert_int_equal(wg_numel(b), n);
    assert_ok(wg_read(a, p));
    assert_ok(wg_read(b, q));
    for (int64_t i = 0; i < n; i++)
        sum += p[i] * q[i];
    free(p);
    free(q);
    return sum;
}

static void move(wg_tensor *const *x, wg_tensor *const *t, double h)
{
    for (int i = 0; i < OPERANDS; i++) {
        double *to = wg_data_mut(x[i]);
        const double *by = wg_data(t[i]);
        for (int64_t k = 0; k < wg_numel(x[i]); k++)
            to[k] += h * by[k];
    }
}

/* ⟨v, J t⟩ = ⟨Jᵀ v, t⟩, and J t against differences. With no tape open the results belong to the caller. */
static void forward_and_reverse_agree(void **state)
{
    (void)state;
    struct operands o = operands_new(false);
    wg_tensor *y, *ty, *gx[OPERANDS], *y2;
    assert_ok(wg_jvp(layer, NULL, o.x, OPERANDS, o.t, &y, &ty));
    assert_ok(wg_vjp(layer, NULL, o.x, OPERANDS, o.v, &y2, gx));
    double back = 0;
    for (int i = 0; i < OPERANDS; i++)
        back += inner(gx[i], o.t[i]);
    assert_near(inner(o.v, ty), back, 1e-12);
    assert_same_bits(y, y2);
    const double h = 1e-5;
    double at[2];
    for (int i = 0; i < 2; i++) {
        WG_TAPE(tape);
        move(o.x, o.t, i ? -2 * h : h);
        at[i] = inner(o.v, made(layer(o.x, OPERANDS, NULL)));
    }
    assert_near(inner(o.v, ty), (at[0] - at[1]) / (2 * h), 1e-8);
    wg_free(y), wg_free(y2), wg_free(ty);
    for (int i = 0; i < OPERANDS; i++)
        wg_free(gx[i]);
    operands_free(&o);
}

/* Results on a tape, on a tape without gradients and without any tape have the same bits, and nothing is left over. */
static void where_the_work_is_done_does_not_matter(void **state)
{
    (void)state;
    struct operands o = operands_new(true);
    wg_tensor *free_y, *free_hv[OPERANDS], *y, *hv[OPERANDS], *ty;
    assert_ok(wg_hvp(loss, NULL, o.x, OPERANDS, o.t, &free_y, NULL, free_hv));
    {
        WG_TAPE(tape);
        assert_ok(wg_hvp(loss, NULL, o.x, OPERANDS, o.t, &y, NULL, hv));
        assert_same_bits(y, free_y);
        for (int i = 0; i < OPERANDS; i++)
            assert_same_bits(hv[i], free_hv[i]);
        assert_true(wg_tape_nodes(tape) > 10);
        assert_non_null(wg_grad(wg_sum(hv[1]), o.x[0])); /* recorded */
    }
    {
        WG_TAPE(tape);
        WG_NO_GRAD;
        assert_ok(wg_hvp(loss, NULL, o.x, OPERANDS, o.t, &y, NULL, hv));
        assert_same_bits(y, free_y);
        assert_int_equal(wg_tape_nodes(tape), 0);
        assert_ok(wg_jvp(loss, NULL, o.x, OPERANDS, o.t, NULL, &ty));
    }
    wg_free(free_y);
    for (int i = 0; i < OPERANDS; i++)
        wg_free(free_hv[i]);
    operands_free(&o);
}

/* The Hessian-vector product against differences of gradients and against the gradient of a Jacobian-vector product. */
static void hessian_vector_products(void **state)
{
    (void)state;
    struct operands o = operands_new(true);
    wg_tensor *hv[OPERANDS], *up[OPERANDS], *down[OPERANDS], *g[OPERANDS], *by_jvp[OPERANDS], *y, *ty;
    const double h = 1e-5;
    assert_ok(wg_hvp(loss, NULL, o.x, OPERANDS, o.t, NULL, g, hv));
    {
        WG_TAPE(tape);
        assert_ok(wg_jvp(loss, NULL, o.x, OPERANDS, o.t, &y, &ty));
        assert_ok(wg_grad_many(ty, o.x, OPERANDS, by_jvp));
        for (int i = 0; i < OPERANDS; i++)
            for (int64_t k = 0; k < wg_numel(hv[i]); k++)
                assert_near(((const double *)wg_data(hv[i]))[k], ((const double *)wg_data(by_jvp[i]))[k], 1e-12);
    }
    move(o.x, o.t, h);
    assert_ok(wg_vjp(loss, NULL, o.x, OPERANDS, WG_NONE, NULL, up));
    move(o.x, o.t, -2 * h);
    assert_ok(wg_vjp(loss, NULL, o.x, OPERANDS, WG_NONE, NULL, down));
    for (int i = 0; i < OPERANDS; i++) {
        for (int64_t k = 0; k < wg_numel(hv[i]); k++)
            assert_near(((const double *)wg_data(hv[i]))[k],
                        (((const double *)wg_data(up[i]))[k] - ((const double *)wg_data(down[i]))[k]) / (2 * h), 1e-7);
        wg_free(hv[i]), wg_free(up[i]), wg_free(down[i]), wg_free(g[i]);
    }
    operands_free(&o);
}

/* ---- any order ---- */

static wg_tensor *fifth_power(wg_tensor *const *x, size_t n, void *context)
{
    (void)n;
    (void)context;
    return wg_sum(wg_mul(wg_square(wg_square(x[0])), x[0]));
}

/* d/dx of the next lower order, by forward mode with tangent 1. */
struct order {
    int left;
};

static wg_tensor *derivative_of_order(wg_tensor *const *x, size_t n, void *context)
{
    const struct order *order = context;
    struct order lower = {order->left - 1};
    wg_tensor *ty, *one = wg_ones(WG_F64, wg_shape_of(x[0]));
    if (order->left == 0)
        return fifth_power(x, n, NULL);
    return wg_jvp(derivative_of_order, &lower, x, 1, &one, NULL, &ty) == WG_OK ? ty : NULL;
}

static void forward_within_forward_within_reverse(void **state)
{
    (void)state;
    static const double coefficient[] = {1, 5, 20, 60, 120, 120, 0};
    const double at = 1.25;
    wg_tensor *x = wg_set_requires_grad(wg_from(&at, WG_SHAPE(1)), true);
    for (int k = 0; k < 6; k++) {
        WG_TAPE(tape);
        struct order order = {k};
        wg_tensor *y = made(derivative_of_order(&x, 1, &order));
        assert_near(wg_item(y), coefficient[k] * pow(at, 5 - k), 1e-12);
        if (k < 5) /* the fifth derivative is constant, but its recorded computation does not show that */
            assert_near(wg_item(made(wg_grad(y, x))), coefficient[k + 1] * pow(at, 4 - k), 1e-12);
    }
    wg_free(x);
}

/* ---- matrices ---- */

static wg_tensor *tall(wg_tensor *const *x, size_t n, void *context)
{
    (void)n;
    (void)context;
    return wg_tanh(wg_matmul(wg_concat((wg_tensor *[]){x[0], wg_square(x[0]), wg_exp(x[0])}, 3, 0), x[1]));
}

/* Computed by columns if the result is larger than the operands, by rows if smaller: the same matrix, whose products are the
   vjps. */
static void jacobians(void **state)
{
    (void)state;
    wg_tensor *x[2] = {leaf(WG_F64, WG_SHAPE(2, 2), 1), leaf(WG_F64, WG_SHAPE(2, 3), 2)}, *j[2], *gx[2], *recorded[2];
    wg_tensor *v = numbers(WG_F64, WG_SHAPE(6, 3), 3), *y;
    assert_ok(wg_jacobian(tall, NULL, x, 2, j));
    assert_int_equal(wg_rank(j[1]), 4);
    assert_int_equal(wg_extent(j[1], 0), 6);
    assert_int_equal(wg_extent(j[1], 3), 3);
    assert_ok(wg_vjp(tall, NULL, x, 2, v, &y, gx));
    for (int i = 0; i < 2; i++) {
        const double *matrix = wg_data(j[i]), *g = wg_data(gx[i]), *weights = wg_data(v);
        for (int64_t k = 0; k < wg_numel(x[i]); k++) {
            double sum = 0;
            for (int64_t row = 0; row < 18; row++)
                sum += weights[row] * matrix[row * wg_numel(x[i]) + k];
            assert_near(sum, g[k], 1e-13);
        }
    }
    {
        WG_TAPE(tape);
        assert_ok(wg_jacobian(tall, NULL, x, 2, recorded));
        for (int i = 0; i < 2; i++)
            for (int64_t k = 0; k < wg_numel(j[i]); k++)
                assert_near(((const double *)wg_data(j[i]))[k], ((const double *)wg_data(recorded[i]))[k], 1e-14);
        assert_non_null(wg_grad(wg_sum(wg_square(recorded[0])), x[1])); /* a function of the Jacobian can be differentiated */
    }
    for (int i = 0; i < 2; i++)
        wg_free(x[i]), wg_free(j[i]), wg_free(gx[i]);
    wg_free(v), wg_free(y);
}

/* ---- a Hessian: 2-10-1, tanh, 64 points, 41 parameters ---- */

struct data {
    wg_tensor *points, *targets;
};

static wg_tensor *small_network(wg_tensor *const *p, size_t n, void *context)
{
    const struct data *data = context;
    (void)n;
    wg_tensor *h = wg_tanh(wg_linear(data->points, p[0], p[1]));
    return wg_mean(wg_square(wg_sub(wg_linear(h, p[2], p[3]), data->targets)));
}

enum { PARAMETERS = 4, ALL = 41 };

static double *dense_hessian(wg_tensor *const *h, wg_tensor *const *p)
{
    double *dense = calloc(ALL * ALL, sizeof *dense);
    int64_t row = 0;
    for (int i = 0; i < PARAMETERS; i++) {
        int64_t column = 0;
        for (int j = 0; j < PARAMETERS; j++) {
            const double *block = wg_data(h[i * PARAMETERS + j]);
            assert_int_equal(wg_numel(h[i * PARAMETERS + j]), wg_numel(p[i]) * wg_numel(p[j]));
            for (int64_t a = 0; a < wg_numel(p[i]); a++)
                for (int64_t b = 0; b < wg_numel(p[j]); b++)
                    dense[(row + a) * ALL + column + b] = block[a * wg_numel(p[j]) + b];
            column += wg_numel(p[j]);
        }
        row += wg_numel(p[i]);
    }
    assert_int_equal(row, ALL);
    return dense;
}

static void hessian_of_a_small_network(void **state)
{
    (void)state;
    struct data data = {numbers(WG_F64, WG_SHAPE(64, 2), 1), numbers(WG_F64, WG_SHAPE(64, 1), 2)};
    wg_tensor *p[PARAMETERS] = {leaf(WG_F64, WG_SHAPE(10, 2), 3), leaf(WG_F64, WG_SHAPE(10), 4), leaf(WG_F64, WG_SHAPE(1, 10), 5),
                                leaf(WG_F64, WG_SHAPE(1), 6)};
    wg_tensor *h[PARAMETERS * PARAMETERS], *recorded[PARAMETERS * PARAMETERS];
    assert_ok(wg_hessian(small_network, &data, p, PARAMETERS, h));
    double *dense = dense_hessian(h, p), largest = 0;
    for (int i = 0; i < ALL * ALL; i++)
        largest = fmax(largest, fabs(dense[i]));
    assert_true(largest > 0.1);
    for (int a = 0; a < ALL; a++)
        for (int b = 0; b < a; b++)
            assert_near(dense[a * ALL + b], dense[b * ALL + a], 1e-12 * largest);
    for (int64_t j = 0, column = 0; j < PARAMETERS; j++)
        for (int64_t k = 0; k < wg_numel(p[j]); k++, column++) {
            double *x = wg_data_mut(p[j]);
            const double was = x[k], step = 1e-5;
            wg_tensor *up[PARAMETERS], *down[PARAMETERS];
            x[k] = was + step;
            assert_ok(wg_vjp(small_network, &data, p, PARAMETERS, WG_NONE, NULL, up));
            x[k] = was - step;
            assert_ok(wg_vjp(small_network, &data, p, PARAMETERS, WG_NONE, NULL, down));
            x[k] = was;
            for (int64_t i = 0, row = 0; i < PARAMETERS; i++)
                for (int64_t a = 0; a < wg_numel(p[i]); a++, row++)
                    assert_near(dense[row * ALL + column],
                                (((const double *)wg_data(up[i]))[a] - ((const double *)wg_data(down[i]))[a]) / (2 * step),
                                1e-8 * largest);
            for (int i = 0; i < PARAMETERS; i++)
                wg_free(up[i]), wg_free(down[i]);
        }
    {
        WG_TAPE(tape);
        assert_ok(wg_hessian(small_network, &data, p, PARAMETERS, recorded));
        double *again = dense_hessian(recorded, p);
        for (int i = 0; i < ALL * ALL; i++)
            assert_near(again[i], dense[i], 1e-13 * largest);
        assert_non_null(wg_grad(wg_sum(wg_square(recorded[0])), p[2])); /* third order */
        free(again);
    }
    free(dense);
    for (int i = 0; i < PARAMETERS * PARAMETERS; i++)
        wg_free(h[i]);
    for (int i = 0; i < PARAMETERS; i++)
        wg_free(p[i]);
    wg_free(data.points), wg_free(data.targets);
}

/* ---- the cost of a Hessian-vector product in matrix operations: 784-256-128-10, 128 rows, constant input ---- */

enum { LAYERS = 3, BATCH = 128, WEIGHTS = 2 * LAYERS };

static wg_tensor *classifier(wg_tensor *const *p, size_t n, void *context)
{
    const struct data *data = context;
    wg_tensor *h = data->points;
    (void)n;
    for (int i = 0; i < LAYERS; i++) {
        h = wg_linear(h, p[2 * i], p[2 * i + 1]);
        h = i + 1 < LAYERS ? wg_relu(h) : h;
    }
    return wg_cross_entropy(h, data->targets);
}

/* The operations of the tape's matrix products, without the additions of biases in linear. */
static double matrix_flops(const wg_tape *tape)
{
    double flops = 0;
    for (const struct wg_node *node = tape->first; node; node = node->next) {
        const char *name = node->call.op->name;
        if (strcmp(name, "linear") == 0 || strcmp(name, "matmul") == 0 || strcmp(name, "addmm") == 0)
            flops += 2 * node->call.op->cost(&node->call).mul;
    }
    return flops;
}

static void a_hessian_vector_product_costs_two_gradients(void **state)
{
    (void)state;
    static const int64_t width[LAYERS + 1] = {784, 256, 128, 10};
    struct data data = {numbers(WG_F32, WG_SHAPE(BATCH, 784), 1), wg_zeros(WG_I64, WG_SHAPE(BATCH))};
    wg_tensor *p[WEIGHTS], *v[WEIGHTS], *g[WEIGHTS], *hv[WEIGHTS];
    double gradient, product;
    for (int i = 0; i < LAYERS; i++)
        for (int bias = 0; bias < 2; bias++) {
            const wg_shape shape = bias ? WG_SHAPE(width[i + 1]) : WG_SHAPE(width[i + 1], width[i]);
            p[2 * i + bias] = leaf(WG_F32, shape, 10 + (uint64_t)(2 * i + bias));
            v[2 * i + bias] = numbers(WG_F32, shape, 20 + (uint64_t)(2 * i + bias));
        }
    {
        WG_TAPE(tape);
        assert_ok(wg_vjp(classifier, &data, p, WEIGHTS, WG_NONE, NULL, g));
        gradient = matrix_flops(tape);
    }
    {
        WG_TAPE(tape);
        assert_ok(wg_hvp(classifier, &data, p, WEIGHTS, v, NULL, NULL, hv));
        product = matrix_flops(tape);
    }
    print_message("matrix operations: gradient %.1f MFLOP, Hessian-vector product %.1f MFLOP, ratio %.3f\n", gradient * 1e-6,
                  product * 1e-6, product / gradient);
    assert_near(gradient, 2.0 * BATCH * (2 * 784 * 256 + 3 * (256 * 128 + 128 * 10)), 0);
    assert_near(product, 2.0 * BATCH * (4 * 784 * 256 + 9 * (256 * 128 + 128 * 10)), 0);
    assert_true(product <= 2.205 * gradient); /* the closed form: 284.0 / 128.9 = 2.203 */
    for (int i = 0; i < WEIGHTS; i++)
        wg_free(p[i]), wg_free(v[i]);
    wg_free(data.points), wg_free(data.targets);
}

/* ---- operands without a tangent, and a user's op that has a vjp only ---- */

static wg_tensor *with_constants(wg_tensor *const *x, size_t n, void *context)
{
    (void)n;
    wg_tensor *captured = context;
    return wg_mul(wg_detach(wg_square(x[0])), wg_mul(captured, wg_sign(x[0])));
}

static void constants_have_no_tangent(void **state)
{
    (void)state;
    wg_tensor *x = leaf(WG_F64, WG_SHAPE(3), 1), *captured = leaf(WG_F64, WG_SHAPE(3), 2), *one = wg_ones(WG_F64, WG_SHAPE(3));
    wg_tensor *ty, *gx, *labels = wg_from(((const int64_t[]){0, 1, 2}), WG_SHAPE(3));
    assert_ok(wg_jvp(with_constants, captured, &x, 1, &one, NULL, &ty));
    for (int k = 0; k < 3; k++)
        assert_near(((const double *)wg_data(ty))[k], 0, 0);
    wg_free(ty);
    assert_fails(wg_jvp(with_constants, captured, &x, 1, &labels, NULL, &ty), WG_E_DTYPE, "jvp: tangent 0 is i64 [3]");
    assert_fails(wg_vjp(with_constants, captured, &x, 1, WG_NONE, NULL, &gx), WG_E_SHAPE, "vjp: v is ");
    wg_free(x), wg_free(captured), wg_free(one), wg_free(labels);
}

static wg_status cube_forward(const wg_call *c)
{
    const double *x = wg_data(c->in[0]);
    double *y = wg_data_mut(c->out[0]);
    for (int64_t i = 0; i < wg_numel(c->in[0]); i++)
        y[i] = x[i] * x[i] * x[i];
    return WG_OK;
}

static wg_status cube_backward(const wg_call *c, wg_tensor *const *gy, wg_grad_slot *gx)
{
    return WG_GIVE(gx[0], wg_mul(gy[0], wg_mul_scalar(wg_square(c->in[0]), 3)));
}

static wg_tensor *cube(wg_tensor *const *x, size_t n, void *context)
{
    const wg_closure closure = {.name = "cube",
                                .forward = cube_forward,
                                .backward = cube_backward,
                                .saves = WG_IN(0),
                                .dtype = WG_F64,
                                .shape = WG_SHAPE(3)};
    (void)context;
    return wg_closure_apply(&closure, x, n);
}

static wg_tensor *sum_of_cubes(wg_tensor *const *x, size_t n, void *context)
{
    return wg_sum(cube(x, n, context));
}

static void closures_have_tangents_too(void **state)
{
    (void)state;
    const double at[3] = {0.5, -1, 2}, along[3] = {1, 2, -1};
    wg_tensor *x = wg_set_requires_grad(wg_from(at, WG_SHAPE(3)), true), *t = wg_from(along, WG_SHAPE(3)), *ty, *hv;
    assert_ok(wg_jvp(cube, NULL, &x, 1, &t, NULL, &ty));
    assert_ok(wg_hvp(sum_of_cubes, NULL, &x, 1, &t, NULL, NULL, &hv));
    for (int k = 0; k < 3; k++) {
        assert_near(((const double *)wg_data(ty))[k], 3 * at[k] * at[k] * along[k], 1e-14);
        assert_near(((const double *)wg_data(hv))[k], 6 * at[k] * along[k], 1e-14);
    }
    wg_free(ty), wg_free(hv);
    {
        WG_TAPE(tape);
        assert_ok(wg_jvp(cube, NULL, &x, 1, &t, NULL, &ty));
        wg_tensor *g = made(wg_grad(wg_sum(ty), x));
        for (int k = 0; k < 3; k++)
            assert_near(((const double *)wg_data(g))[k], 6 * at[k] * along[k], 1e-14);
    }
    wg_free(x), wg_free(t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(forward_and_reverse_agree),
        TEST(where_the_work_is_done_does_not_matter),
        TEST(hessian_vector_products),
        TEST(forward_within_forward_within_reverse),
        TEST(jacobians),
        TEST(hessian_of_a_small_network),
        TEST(a_hessian_vector_product_costs_two_gradients),
        TEST(constants_have_no_tangent),
        TEST(closures_have_tangents_too),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
