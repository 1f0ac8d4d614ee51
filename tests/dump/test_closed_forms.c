/* Counted costs of whole networks against closed forms: polynomials in the sizes, written here and derived by hand. Matrices are counted as
   B·K·N multiplications and as many additions for a product of B x K by K x N. Each op's own formula is compared with a count of what its
   kernels do in tests/ops/checks; those that call LAPACK state theirs, and are compared here. */
#include "nn_check.h"

/* The columns of a table of costs. Bytes are not compared. */
struct form {
    double add, mul, div, compare, transcendental;
};

static void assert_form(const char *what, const wg_cost_sum *sum, struct form expected)
{
    const wg_cost *c = &sum->cost;
    if (sum->unknown > 0 || c->add != expected.add || c->mul != expected.mul || c->div != expected.div ||
        c->compare != expected.compare || c->transcendental != expected.transcendental)
        fail_msg("%s: expected add %g, mul %g, div %g, compare %g, transcendental %g; got %g, %g, %g, %g, %g and %zu unknown", what,
                 expected.add, expected.mul, expected.div, expected.compare, expected.transcendental, c->add, c->mul, c->div,
                 c->compare, c->transcendental, sum->unknown);
}

static wg_tensor *weight(wg_shape shape)
{
    return wg_set_requires_grad(wg_full(WG_F32, shape, 0.5), true);
}

/* The costs of forward and of backward from a loss on the top tape, which is traced. */
static wg_cost_table *costs_of_step(wg_tensor *loss)
{
    assert_non_null(loss);
    assert_int_equal(wg_backward(loss), WG_OK);
    wg_cost_table *table = wg_cost_of(wg_tape_top());
    assert_non_null(table);
    return table;
}

static const wg_cost_sum *part_of(const wg_cost_table *table, wg_cost_part part)
{
    return &table->section[0].sum[part];
}

enum { MAX_LAYERS = 8 };

/* sum(x W1 … Wk), all H x H, x of B rows: k products forward; backward k for the weights, and k - 1 for what they read, since nobody asks
   for the gradient of x. The ratio of the matrix costs is 2 - 1/k, exactly. */
static void a_chain_of_products_costs_two_minus_one_over_k(void **state)
{
    (void)state;
    const double B = 3;
    for (int k = 1; k <= MAX_LAYERS; k++)
        for (double H = 2; H <= 32; H *= 4) {
            wg_tensor *w[MAX_LAYERS], *x = wg_ones(WG_F32, WG_SHAPE((int64_t)B, (int64_t)H));
            for (int i = 0; i < k; i++)
                w[i] = weight(WG_SHAPE((int64_t)H, (int64_t)H));
            {
                WG_TAPE(tape, .trace = true);
                wg_tensor *h = x;
                for (int i = 0; i < k; i++)
                    h = wg_matmul(h, w[i]);
                wg_cost_table *table = costs_of_step(wg_sum(h));
                const double product = B * H * H;
                assert_form("forward", part_of(table, WG_COST_FORWARD),
                            (struct form){.add = k * product + B * H - 1, .mul = k * product});
                assert_form("backward", part_of(table, WG_COST_BACKWARD),
                            (struct form){.add = (2 * k - 1) * product, .mul = (2 * k - 1) * product});
                assert_true(part_of(table, WG_COST_BACKWARD)->cost.mul * k ==
                            part_of(table, WG_COST_FORWARD)->cost.mul * (2 * k - 1));
                wg_cost_destroy(table);
            }
            for (int i = 0; i < k; i++)
                wg_clear_gradient(w[i]), wg_free(w[i]);
            wg_free(x);
        }
    assert_no_error();
}

/* k layers tanh(h W + b) of H neurons, then the sum. Forward a layer: a product, BH additions of the bias, BH tanh. Backward: BH times
   gy (1 - y²), which is 2 multiplications and an addition; the weight's product; the bias's sum over B rows; but for the first layer the
   product for what it read. */
static void layers_with_bias_and_tanh(void **state)
{
    (void)state;
    const double B = 5, H = 6;
    for (int k = 1; k <= 4; k++) {
        const int64_t sizes[] = {(int64_t)H, (int64_t)H, (int64_t)H, (int64_t)H, (int64_t)H};
        wg_nn_module *mlp = wg_nn_mlp(((wg_sizes){k + 1, sizes}), .activation = WG_ACTIVATION_TANH);
        wg_nn_module *net = wg_nn_sequential(mlp, wg_nn_tanh());
        wg_tensor *x = wg_ones(WG_F32, WG_SHAPE((int64_t)B, (int64_t)H));
        {
            WG_TAPE(tape, .trace = true);
            wg_cost_table *table = costs_of_step(wg_sum(wg_nn_apply(net, x)));
            const double product = B * H * H;
            assert_form("forward", part_of(table, WG_COST_FORWARD),
                        (struct form){.add = k * (product + B * H) + B * H - 1, .mul = k * product, .transcendental = k * B * H});
            assert_form("backward", part_of(table, WG_COST_BACKWARD),
                        (struct form){.add = (2 * k - 1) * product + k * (B * H + (B - 1) * H),
                                      .mul = (2 * k - 1) * product + k * 2 * B * H});
            wg_cost_destroy(table);
        }
        wg_nn_destroy(net);
        wg_free(x);
    }
    assert_no_error();
}

/* Two convolutions without padding, stride 1: N images, O filters of C x K x K, P x P results: N·O·C·K²·P² multiplications and as many
   additions, for the result, for the weight's gradient, and for the input's, which is asked of the second alone. A weight's gradient is
   summed in 16 parts, which 15 additions join. */
static void convolutions(void **state)
{
    (void)state;
    const double N = 2, C = 3, O = 4, Q = 5, K = 3, S = 9, P = S - K + 1, R = P - K + 1;
    wg_tensor *x = wg_ones(WG_F32, WG_SHAPE((int64_t)N, (int64_t)C, (int64_t)S, (int64_t)S));
    wg_tensor *w = weight(WG_SHAPE((int64_t)O, (int64_t)C, (int64_t)K, (int64_t)K));
    wg_tensor *v = weight(WG_SHAPE((int64_t)Q, (int64_t)O, (int64_t)K, (int64_t)K));
    {
        WG_TAPE(tape, .trace = true);
        wg_cost_table *table = costs_of_step(wg_sum(wg_conv2d(wg_conv2d(x, w, WG_NONE), v, WG_NONE)));
        const double first = N * O * C * K * K * P * P, second = N * Q * O * K * K * R * R;
        assert_form("forward", part_of(table, WG_COST_FORWARD),
                    (struct form){.add = first + second + N * Q * R * R - 1, .mul = first + second});
        assert_form("backward", part_of(table, WG_COST_BACKWARD),
                    (struct form){.add = first + 2 * second + 15 * (O * C + Q * O) * K * K, .mul = first + 2 * second});
        wg_cost_destroy(table);
    }
    wg_clear_gradient(w), wg_clear_gradient(v);
    wg_free(x), wg_free(w), wg_free(v);
    assert_no_error();
}

/* One step of an LSTM: i, f, o = sigmoid, g = tanh of the quarters of x W + h U + b; c = f c + i g; h = o tanh c. */
static void lstm_step(wg_tensor *x, wg_tensor *w, wg_tensor *u, wg_tensor *b, int64_t H, wg_tensor **h, wg_tensor **c)
{
    wg_tensor *z = wg_add(wg_add(wg_matmul(x, w), wg_matmul(*h, u)), b), *gate[4];
    for (int i = 0; i < 4; i++)
        gate[i] = wg_slice(z, 1, i * H, (i + 1) * H, 1);
    wg_tensor *in = wg_sigmoid(gate[0]), *forget = wg_sigmoid(gate[1]), *out = wg_sigmoid(gate[2]), *g = wg_tanh(gate[3]);
    *c = wg_add(wg_mul(forget, *c), wg_mul(in, g));
    *h = wg_mul(out, wg_tanh(*c));
}

/* T steps, B rows, I inputs, H cells, the sum of the last h. Forward, a step: products of 4BIH and 4BHH, 3BH multiplications, 8BH + BH
   additions, 5BH functions. Backward, a step: products of 4BIH and 4BHH for the weights, added to the sums so far as part of the
   product; 4BHH for h in all steps but the first.
   Multiplications beside the products: 2BH for o tanh c, 4BH for f c + i g, 2BH for the derivative of each of five functions; the
   first step lacks BH, because nobody asks for the gradient of c before it.
   Additions: BH for each derivative of a function; 3BH to put the gradients of four slices together; (B - 1) 4H for the sum over the
   rows of b's gradient; from the second step on BH for the second use of c, and 4H for the second use of b. */
static void lstm(void **state)
{
    (void)state;
    const double B = 3, I = 4, H = 5;
    for (int T = 1; T <= 6; T++) {
        wg_tensor *w = weight(WG_SHAPE((int64_t)I, 4 * (int64_t)H)), *u = weight(WG_SHAPE((int64_t)H, 4 * (int64_t)H)),
                  *b = weight(WG_SHAPE(4 * (int64_t)H)), *x = wg_ones(WG_F32, WG_SHAPE((int64_t)B, (int64_t)I)),
                  *start = wg_zeros(WG_F32, WG_SHAPE((int64_t)B, (int64_t)H));
        {
            WG_TAPE(tape, .trace = true);
            wg_tensor *h = start, *c = start;
            for (int t = 0; t < T; t++)
                lstm_step(x, w, u, b, (int64_t)H, &h, &c);
            wg_cost_table *table = costs_of_step(wg_sum(h));
            assert_form("forward", part_of(table, WG_COST_FORWARD),
                        (struct form){.add = T * (4 * B * I * H + 4 * B * H * H + 9 * B * H) + B * H - 1,
                                      .mul = T * (4 * B * I * H + 4 * B * H * H + 3 * B * H),
                                      .transcendental = T * 5 * B * H});
            assert_form("backward", part_of(table, WG_COST_BACKWARD),
                        (struct form){.add = T * (4 * B * I * H + 4 * B * H * H + 8 * B * H + (B - 1) * 4 * H) +
                                             (T - 1) * (4 * B * H * H + B * H + 4 * H),
                                      .mul = T * (4 * B * I * H + 4 * B * H * H + 16 * B * H) + (T - 1) * 4 * B * H * H - B * H});
            wg_cost_destroy(table);
        }
        wg_clear_gradient(w), wg_clear_gradient(u), wg_clear_gradient(b);
        wg_free(w), wg_free(u), wg_free(b), wg_free(x), wg_free(start);
    }
    assert_no_error();
}

/* softmax(q kᵀ / sqrt D) v with S rows of D, S at most 32. Forward: two products of S²D; SD multiplications by 1 / sqrt D; S² comparisons
   for the largest scores and S² for those of -inf, S² subtractions of them, S² exp, S² + S additions; SD divisions by the sums; S
   logarithms of them, S additions and 2S comparisons. Backward: the products of the scores again and of four gradients; SD multiplications
   by 1 / sqrt D; S² exp of S² differences, each compared once; w (g - Σ w g) / sqrt D: 3S² multiplications, 2S² additions. */
static void attention(void **state)
{
    (void)state;
    for (double S = 2; S <= 8; S *= 2) {
        const double D = 5;
        wg_tensor *q = weight(WG_SHAPE((int64_t)S, (int64_t)D)), *k = weight(WG_SHAPE((int64_t)S, (int64_t)D)),
                  *v = weight(WG_SHAPE((int64_t)S, (int64_t)D));
        {
            WG_TAPE(tape, .trace = true);
            wg_cost_table *table = costs_of_step(wg_sum(wg_attention(q, k, v)));
            assert_form("forward", part_of(table, WG_COST_FORWARD),
                        (struct form){.add = 2 * S * S * D + 2 * S * S + 2 * S + S * D - 1,
                                      .mul = 2 * S * S * D + S * D,
                                      .div = S * D,
                                      .compare = 2 * S * S + 2 * S,
                                      .transcendental = S * S + S});
            assert_form("backward", part_of(table, WG_COST_BACKWARD),
                        (struct form){.add = 5 * S * S * D + 3 * S * S,
                                      .mul = 5 * S * S * D + S * D + 3 * S * S,
                                      .compare = S * S,
                                      .transcendental = S * S});
            wg_cost_destroy(table);
        }
        wg_clear_gradient(q), wg_clear_gradient(k), wg_clear_gradient(v);
        wg_free(q), wg_free(k), wg_free(v);
    }
    assert_no_error();
}

/* Ops whose arithmetic runs in LAPACK, on an N x N matrix and M right sides: the leading terms of the textbook counts (Golub, Van Loan), half
   of them additions and half multiplications. */
static void ops_that_run_in_lapack(void **state)
{
    (void)state;
    const double N = 6, M = 2, cube = N * N * N;
    double matrix[36] = {0};
    for (int i = 0; i < 6; i++)
        matrix[7 * i] = i + 1;
    wg_tensor *a = wg_from(matrix, WG_SHAPE((int64_t)N, (int64_t)N)), *b = wg_ones(WG_F64, WG_SHAPE((int64_t)N, (int64_t)M)),
              *first, *second;
    WG_TAPE(tape);
    wg_cholesky(a), wg_solve(a, b), wg_triangular_solve(a, b), wg_logdet(a);
    assert_int_equal(wg_qr(a, &first, &second), WG_OK);
    assert_int_equal(wg_eigh(a, &first, &second), WG_OK);
    const struct form expected[] = {
        {.add = cube / 6, .mul = cube / 6},
        {.add = cube / 3 + N * N * M, .mul = cube / 3 + N * N * M},
        {.add = N * N * M / 2, .mul = N * N * M / 2},
        {.add = cube / 3 + N, .mul = cube / 3, .transcendental = N}, /* and the sum of N logarithms */
        {.add = 2 * N * N * (N - N / 3), .mul = 2 * N * N * (N - N / 3)},
        {.add = 3 * cube, .mul = 3 * cube},
    };
    wg_cost_table *table = wg_cost_of(tape);
    assert_true(table && table->n_ops == sizeof expected / sizeof *expected);
    for (size_t i = 0; i < table->n_ops; i++)
        assert_form(table->op[i].op, &table->op[i].sum[WG_COST_FORWARD], expected[i]);
    wg_cost_destroy(table);
    wg_free(a), wg_free(b);
    assert_no_error();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_chain_of_products_costs_two_minus_one_over_k),
        TEST(layers_with_bias_and_tanh),
        TEST(convolutions),
        TEST(lstm),
        TEST(attention),
        TEST(ops_that_run_in_lapack),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
