/* Initialisers with structure: orthogonal, sparse, Dirac, identity, constants; a rule in layers; effects, errors, gains, restarts. */
#include <math.h>
#include <stdlib.h>

#include "nn_check.h"

static double at(const wg_tensor *t, int64_t i)
{
    return wg_dtype_of(t) == WG_F64 ? ((const double *)wg_data(t))[i] : ((const float *)wg_data(t))[i];
}

/* ---- orthogonal ---- */

/* The smaller of WᵀW and WWᵀ is gain² times the identity; w as (rows, columns). */
static void assert_orthogonal(const wg_tensor *w, double gain, double tolerance)
{
    const int64_t rows = wg_extent(w, 0), columns = wg_numel(w) / rows, n = rows < columns ? rows : columns, m = wg_numel(w) / n;
    for (int64_t i = 0; i < n; i++)
        for (int64_t k = 0; k < n; k++) {
            double sum = 0;
            for (int64_t j = 0; j < m; j++)
                sum += rows < columns ? at(w, i * columns + j) * at(w, k * columns + j)
                                      : at(w, j * columns + i) * at(w, j * columns + k);
            if (!(fabs(sum / (gain * gain) - (i == k)) <= tolerance))
                fail_msg("element (%d, %d) of the product is %.17g times gain²", (int)i, (int)k, sum / (gain * gain));
        }
}

static void orthogonal_weights_are_orthogonal(void **state)
{
    (void)state;
    const wg_shape shapes[] = {WG_SHAPE(64, 64), WG_SHAPE(90, 40), WG_SHAPE(40, 90), WG_SHAPE(16, 4, 3, 3), WG_SHAPE(48, 3, 3, 3),
                               WG_SHAPE(1, 7),   WG_SHAPE(7, 1),   WG_SHAPE(1, 1),   WG_SHAPE(2, 3, 2)};
    wg_tensor *g = wg_generator(1, 0);
    for (size_t i = 0; i < sizeof shapes / sizeof *shapes; i++)
        for (int wide = 0; wide < 2; wide++) {
            wg_tensor *w = wg_zeros(wide ? WG_F64 : WG_F32, shapes[i]);
            assert_int_equal(wg_init_orthogonal(w, g), WG_OK);
            assert_orthogonal(w, 1, wide ? 1e-12 : 1e-6);
            assert_int_equal(wg_init_orthogonal(w, g, .gain = 3), WG_OK);
            assert_orthogonal(w, 3, wide ? 1e-12 : 1e-6);
            wg_free(w);
            w = wg_init_tensor(WG_F32, shapes[i], g, WG_INIT_ORTHOGONAL, .gain = 0.5);
            assert_orthogonal(w, 0.5, 1e-6);
            assert_true(wg_is_contiguous(w));
            wg_free(w);
        }
    wg_free(g);
    assert_no_error();
}

/* Uniformly distributed over the orthogonal matrices: E tr Q = 0 and E (tr Q)² = 1. A QR decomposition whose R has signs of both kinds
   gives a trace that is not centred, and for 1 × 1 always 1. */
static void orthogonal_weights_are_uniformly_distributed(void **state)
{
    (void)state;
    enum { TRIES = 2000, SIZE = 4 };
    wg_tensor *g = wg_generator(2, 0), *w = wg_zeros(WG_F64, WG_SHAPE(SIZE, SIZE)), *one = wg_zeros(WG_F64, WG_SHAPE(1, 1));
    double sum = 0, squares = 0, ones = 0;
    for (int i = 0; i < TRIES; i++) {
        double trace = 0;
        assert_int_equal(wg_init_orthogonal(w, g), WG_OK);
        assert_int_equal(wg_init_orthogonal(one, g), WG_OK);
        for (int k = 0; k < SIZE; k++)
            trace += at(w, k * SIZE + k);
        sum += trace / TRIES;
        squares += trace * trace / TRIES;
        ones += wg_item(one) / TRIES;
    }
    assert_true(fabs(sum) < 4.5 / sqrt(TRIES));
    assert_true(fabs(squares - 1) < 4.5 * sqrt(2.0 / TRIES));
    assert_true(fabs(ones) < 4.5 / sqrt(TRIES));
    wg_free(g), wg_free(w), wg_free(one);
    assert_no_error();
}

/* ---- sparse ---- */

static void check_sparse(wg_dtype dtype, int64_t rows, double sparsity, double deviation)
{
    enum { COLUMNS = 3000 };
    wg_tensor *w = wg_zeros(dtype, WG_SHAPE(rows, COLUMNS)), *g = wg_generator(3, 0);
    assert_int_equal(wg_init_sparse(w, g, sparsity, .deviation = deviation), WG_OK);
    const int64_t expected = (int64_t)ceil(sparsity * (double)rows);
    double squares = 0;
    int64_t *in_row = calloc((size_t)rows, sizeof *in_row);
    for (int64_t c = 0; c < COLUMNS; c++) {
        int64_t zeros = 0;
        for (int64_t r = 0; r < rows; r++) {
            const double x = at(w, r * COLUMNS + c);
            zeros += x == 0;
            in_row[r] += x == 0;
            squares += x * x;
        }
        assert_int_equal(zeros, expected);
    }
    const double share = (double)expected / (double)rows, n = (double)((rows - expected) * COLUMNS);
    for (int64_t r = 0; r < rows; r++) /* each row as often as any other */
        assert_true(fabs((double)in_row[r] - share * COLUMNS) <= 4.5 * sqrt(share * (1 - share) * COLUMNS));
    if (n > 0)
        assert_true(fabs(squares / n / (deviation * deviation) - 1) < 4.5 * sqrt(2 / n));
    free(in_row), wg_free(w), wg_free(g);
}

static void sparse_weights_have_their_zeros(void **state)
{
    (void)state;
    check_sparse(WG_F32, 20, 0.33, 0.01);
    check_sparse(WG_F64, 20, 0.33, 0.01);
    check_sparse(WG_F64, 7, 0.1, 2);
    check_sparse(WG_F32, 7, 1, 1);
    check_sparse(WG_F32, 7, 0, 1);
    check_sparse(WG_F64, 1, 0.5, 1);
    assert_no_error();
}

/* ---- Dirac and identity ---- */

/* Channels of x that a convolution with such a kernel passes on, to which channel of y. */
static void assert_passed_on(const wg_tensor *x, const wg_tensor *y, int64_t groups)
{
    const int64_t in = wg_extent(x, 1), out = wg_extent(y, 1), plane = wg_numel(x) / in / wg_extent(x, 0);
    const int64_t in_group = in / groups, out_group = out / groups;
    assert_int_equal(wg_numel(y) / out / wg_extent(y, 0), plane);
    for (int64_t n = 0; n < wg_extent(x, 0); n++)
        for (int64_t c = 0; c < out; c++)
            for (int64_t i = 0; i < plane; i++) {
                const int64_t channel = c % out_group, from = c / out_group * in_group + channel;
                const double expected = channel < in_group ? at(x, (n * in + from) * plane + i) : 0;
                assert_true(at(y, (n * out + c) * plane + i) == expected);
            }
}

static void dirac_kernels_pass_their_input_on(void **state)
{
    (void)state;
    const int64_t cases[][3] = {{4, 4, 1}, {4, 6, 1}, {6, 4, 1}, {4, 4, 2}, {4, 8, 2}, {8, 4, 2}, {6, 6, 6}, {6, 12, 3}};
    wg_tensor *g = wg_generator(4, 0);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const int64_t in = cases[i][0], out = cases[i][1], groups = cases[i][2];
        WG_TAPE(tape);
        wg_tensor *x = wg_normal(g, WG_F64, WG_SHAPE(2, in, 5, 6), 0, 1), *line = wg_normal(g, WG_F32, WG_SHAPE(2, in, 9), 0, 1);
        wg_tensor *w = wg_zeros(WG_F64, WG_SHAPE(out, in / groups, 3, 5)), *flat = wg_zeros(WG_F32, WG_SHAPE(out, in / groups, 3));
        assert_int_equal(wg_init_dirac(w, .groups = groups), WG_OK);
        assert_int_equal(wg_init_dirac(flat, .groups = groups), WG_OK);
        wg_tensor *y = wg_conv2d(x, w, WG_NONE, .padding = WG_PAIR(1, 2), .groups = groups);
        wg_tensor *z = wg_conv1d(line, flat, WG_NONE, .padding = 1, .groups = groups);
        assert_passed_on(x, wg_copy(y), groups);
        assert_passed_on(line, wg_copy(z), groups);
    }
    wg_tensor *w = wg_init_tensor(WG_F32, WG_SHAPE(4, 2, 4, 3, 2), g, WG_INIT_DIRAC,
                                  .groups = 2); /* the middle of 4 is 2, as in PyTorch */
    double sum = 0;
    for (int64_t i = 0; i < wg_numel(w); i++)
        sum += at(w, i);
    assert_true(sum == 4);
    for (int64_t c = 0; c < 4; c++)
        assert_true(at(w, (((c * 2 + c % 2) * 4 + 2) * 3 + 1) * 2 + 1) == 1);
    wg_free(w), wg_free(g);
    assert_no_error();
}

static void constants_and_identities(void **state)
{
    (void)state;
    wg_tensor *t = wg_zeros(WG_F64, WG_SHAPE(2, 3)), *g = wg_generator(1, 0), *none = wg_zeros(WG_F32, WG_SHAPE(0, 3));
    assert_int_equal(wg_init_ones(t), WG_OK);
    assert_values(t, (const double[]){1, 1, 1, 1, 1, 1}, 0);
    assert_int_equal(wg_init_eye(t), WG_OK);
    assert_values(t, (const double[]){1, 0, 0, 0, 1, 0}, 0);
    assert_int_equal(wg_init_constant(t, -2.5), WG_OK);
    assert_values(t, (const double[]){-2.5, -2.5, -2.5, -2.5, -2.5, -2.5}, 0);
    assert_int_equal(wg_init_zeros(t), WG_OK);
    assert_values(t, (const double[]){0, 0, 0, 0, 0, 0}, 0);
    wg_tensor *tall = wg_init_tensor(WG_F32, WG_SHAPE(3, 2), g, WG_INIT_EYE);
    assert_values(tall, (const double[]){1, 0, 0, 1, 0, 0}, 0);
    assert_int_equal(((const int64_t *)wg_data(g))[2], 0); /* a rule that draws nothing leaves the generator alone */
    wg_free(tall);
    assert_int_equal(wg_init_zeros(none), WG_OK);
    assert_int_equal(wg_init_uniform(none, g, 0, 1), WG_OK);
    assert_int_equal(wg_init_eye(none), WG_OK);
    wg_free(t), wg_free(none), wg_free(g);
    assert_no_error();
}

/* ---- rules in layers ---- */

static const struct {
    const char *name;
    wg_init_rule rule;
    bool values;        /* it requires a value, which a layer has not */
    bool matrix, image; /* what else it takes */
} rules[] = {
#define WG_INIT_EACH(name, NAME)                                                                                  \
    {#name, WG_INIT_##NAME,                                                                                       \
     WG_INIT_##NAME == WG_INIT_SPARSE || WG_INIT_##NAME == WG_INIT_UNIFORM || WG_INIT_##NAME == WG_INIT_NORMAL || \
         WG_INIT_##NAME == WG_INIT_CONSTANT,                                                                      \
     WG_INIT_##NAME != WG_INIT_DIRAC, WG_INIT_##NAME != WG_INIT_EYE},
#include "wengert/init.def"
};
enum { RULES = sizeof rules / sizeof *rules };

static void layers_begin_by_any_rule_that_fits(void **state)
{
    (void)state;
    for (size_t i = 0; i < RULES; i++) {
        wg_nn_module *layer[] = {wg_nn_linear(6, 4, .init = rules[i].rule), wg_nn_conv2d(3, 4, 3, .init = rules[i].rule),
                                 wg_nn_mlp(WG_SIZES(3, 4, 2), .init = rules[i].rule)};
        for (int k = 0; k < 3; k++) {
            const bool fits = !rules[i].values && (k == 1 ? rules[i].image : rules[i].matrix);
            if ((layer[k] != NULL) != fits)
                fail_msg("%s in layer %d: %s", rules[i].name, k, fits ? wg_error_first()->message : "was taken");
            wg_nn_destroy(layer[k]);
        }
        wg_error_take(NULL);
    }
    wg_nn_module *layer = wg_nn_linear(8, 8, .init = WG_INIT_ORTHOGONAL, .gain = 2, .dtype = WG_F64);
    char text[200];
    assert_orthogonal(wg_nn_parameter(layer, "weight"), 2, 1e-12);
    assert_string_equal(wg_nn_describe(layer, text, sizeof text), "linear(in=8, out=8, dtype=f64, init=orthogonal, gain=2)");
    wg_nn_destroy(layer);
    assert_null(wg_nn_linear(8, 8, .init = WG_INIT_LECUN_NORMAL, .gain = 2));
    assert_error(WG_E_ARGUMENT, "the rule lecun_normal has no option gain, got .gain = 2");
    assert_null(wg_nn_linear(8, 8, .init = WG_INIT_UNIFORM));
    assert_error(WG_E_ARGUMENT, "the rule uniform requires .low (smallest element)");
    assert_no_error();
}

/* A rule that a program chooses has the options and defaults of its function. */
static void rules_are_their_functions(void **state)
{
    (void)state;
    wg_tensor *a = wg_generator(7, 0), *b = wg_generator(7, 0), *x = wg_zeros(WG_F32, WG_SHAPE(5, 7)),
              *y = wg_zeros(WG_F32, WG_SHAPE(5, 7));
    assert_int_equal(wg_init_kaiming_normal(x, a), WG_OK);
    assert_int_equal(wg_init_by(y, b, WG_INIT_KAIMING_NORMAL), WG_OK);
    assert_same_bits(x, y);
    assert_int_equal(wg_init_truncated_normal(x, a, .deviation = 0.02, .low = -0.01), WG_OK);
    assert_int_equal(wg_init_by(y, b, WG_INIT_TRUNCATED_NORMAL, .deviation = 0.02, .low = -0.01), WG_OK);
    assert_same_bits(x, y);
    assert_int_equal(wg_init_lecun_uniform(x, a, .fan = WG_FAN_OUT), WG_OK);
    wg_tensor *z = wg_init_tensor(WG_F32, WG_SHAPE(5, 7), b, WG_INIT_LECUN_UNIFORM, .fan = WG_FAN_OUT, .gain = 1);
    assert_same_bits(x, z);
    assert_int_equal(wg_init_sparse(x, a, 0.4), WG_OK);
    assert_int_equal(wg_init_by(y, b, WG_INIT_SPARSE, .sparsity = 0.4), WG_OK);
    assert_same_bits(x, y);
    assert_int_equal(wg_init_by(y, b, WG_INIT_XAVIER_NORMAL, .fan = WG_FAN_IN), WG_E_ARGUMENT);
    assert_error(WG_E_ARGUMENT, "init_by: the rule xavier_normal has no option fan");
    assert_int_equal(wg_init_by(y, b, WG_INIT_ORTHOGONAL, .gain = 0), WG_E_ARGUMENT);
    assert_error(WG_E_ARGUMENT, "init_by: expected gain in (0, inf), got 0");
    assert_int_equal(wg_init_by(y, b, WG_INIT_ZEROS, .value = 0), WG_E_ARGUMENT);
    assert_error(WG_E_ARGUMENT, "the rule zeros has no option value");
    wg_free(a), wg_free(b), wg_free(x), wg_free(y), wg_free(z);
}

/* ---- effects and failures ---- */

/* Whichever rule: t and the generator are as before if the step fails, and whichever allocation fails. */
static void a_failed_step_undoes_it(void **state)
{
    (void)state;
    for (size_t i = 0; i < RULES; i++) {
        const wg_shape shape = rules[i].matrix ? WG_SHAPE(6, 4) : WG_SHAPE(6, 4, 3);
        wg_tensor *t = wg_full(WG_F32, shape, 7), *before = wg_full(WG_F32, shape, 7), *g = wg_generator(8, 0),
                  *same = wg_generator(8, 0);
        const wg_init_options options = rules[i].rule == WG_INIT_SPARSE     ? WG_INIT_OPTIONS_(.sparsity = 0.5)
                                        : rules[i].rule == WG_INIT_UNIFORM  ? WG_INIT_OPTIONS_(.low = 0, .high = 1)
                                        : rules[i].rule == WG_INIT_NORMAL   ? WG_INIT_OPTIONS_(.mean = 0, .deviation = 1)
                                        : rules[i].rule == WG_INIT_CONSTANT ? WG_INIT_OPTIONS_(.value = 1)
                                                                            : WG_INIT_OPTIONS_();
        {
            WG_TAPE(tape);
            assert_int_equal(wg_init_by_with(t, g, rules[i].rule, options), WG_OK);
            assert_memory_not_equal(wg_data(t), wg_data(before), (size_t)wg_numel(t) * sizeof(float));
            assert_null(wg_add(t, wg_ones(WG_F32, WG_SHAPE(5))));
        }
        wg_error_take(NULL);
        assert_same_bits(t, before);
        assert_same_bits(g, same);
        for (int64_t k = 0;; k++) {
            wg_memory_fail(k, false);
            wg_status status;
            {
                WG_TAPE(tape);
                status = tape ? wg_init_by_with(t, g, rules[i].rule, options) : WG_E_MEMORY;
            }
            wg_memory_fail(-1, false);
            if (status == WG_OK)
                break;
            assert_error(WG_E_MEMORY, "");
            assert_same_bits(t, before);
            assert_same_bits(g, same);
        }
        wg_free(t), wg_free(before), wg_free(g), wg_free(same);
    }
    assert_no_error();
}

/* With no tape open nothing is left behind when an allocation fails: the test's end counts what is in use. */
static void without_a_tape_nothing_leaks(void **state)
{
    (void)state;
    const wg_init_rule several[] = {WG_INIT_ORTHOGONAL, WG_INIT_SPARSE, WG_INIT_DIRAC, WG_INIT_EYE};
    for (size_t i = 0; i < sizeof several / sizeof *several; i++) {
        wg_tensor *g = wg_generator(8, 0);
        for (int64_t k = 0;; k++) {
            const wg_shape shape = several[i] == WG_INIT_DIRAC ? WG_SHAPE(4, 2, 3) : WG_SHAPE(3, 5);
            const wg_init_options options = several[i] == WG_INIT_SPARSE  ? WG_INIT_OPTIONS_(.sparsity = 0.5)
                                            : several[i] == WG_INIT_DIRAC ? WG_INIT_OPTIONS_(.groups = 2)
                                                                          : WG_INIT_OPTIONS_();
            wg_memory_fail(k, false);
            wg_tensor *t = wg_init_tensor_with(WG_F32, shape, g, several[i], options);
            wg_memory_fail(-1, false);
            wg_free(t);
            if (t)
                break;
            assert_error(WG_E_MEMORY, "");
        }
        wg_free(g);
    }
    assert_no_error();
}

/* ---- gains ---- */

static void gains_are_those_of_pytorch(void **state)
{
    (void)state;
    assert_true(wg_nn_gain(WG_ACTIVATION_IDENTITY) == 1 && wg_nn_gain(WG_ACTIVATION_SIGMOID) == 1);
    assert_close(wg_nn_gain(WG_ACTIVATION_TANH), 5.0 / 3, 1e-16);
    assert_close(wg_nn_gain(WG_ACTIVATION_RELU), sqrt(2), 1e-15);
    assert_close(wg_nn_gain(WG_ACTIVATION_SELU), 0.75, 0);
    assert_close(wg_nn_gain(WG_ACTIVATION_LEAKY_RELU), sqrt(2 / (1 + 1e-4)), 1e-15);
    assert_close(wg_nn_gain(WG_ACTIVATION_LEAKY_RELU, .slope = 0.2), 1.3867504905630728, 1e-15);
    assert_close(wg_nn_gain(WG_ACTIVATION_LEAKY_RELU, .slope = 0), sqrt(2), 1e-15);
    assert_no_error();
}

/* ---- restarts ---- */

enum { RESTARTS = 6, WEIGHTS = 40 };

/* What one run draws: weights, an order of the data, a mask. */
struct run {
    float weight[WEIGHTS], more[WEIGHTS], order[WEIGHTS], noise[WEIGHTS];
};

static void start(uint64_t restart, struct run *run)
{
    assert_int_equal(wg_seed(11, restart), WG_OK);
    wg_nn_module *net[2] = {wg_nn_linear(8, 5, .init = WG_INIT_LECUN_UNIFORM), wg_nn_mlp(WG_SIZES(8, 5, 1))};
    float rows[WEIGHTS];
    for (int i = 0; i < WEIGHTS; i++)
        rows[i] = (float)i;
    wg_tensor *x = wg_from(rows, WG_SHAPE(WEIGHTS, 1)), *batch = NULL;
    wg_batches *batches = wg_batches_create(x, WG_NONE, .size = WEIGHTS);
    assert_int_equal(wg_batches_next(batches, &batch, NULL), WG_OK);
    wg_tensor *noise = wg_uniform(wg_generator_default(), WG_F32, WG_SHAPE(WEIGHTS), -1, 1);
    assert_int_equal(wg_read(wg_nn_parameter(net[0], "weight"), run->weight), WG_OK);
    assert_int_equal(wg_read(wg_nn_parameter(net[1], "0.weight"), run->more), WG_OK);
    assert_int_equal(wg_read(batch, run->order), WG_OK);
    assert_int_equal(wg_read(noise, run->noise), WG_OK);
    wg_free(x), wg_free(batch), wg_free(noise), wg_batches_destroy(batches), wg_nn_destroy(net[0]), wg_nn_destroy(net[1]);
}

/* Of one distribution, on [-b, b), two runs have no number in common: 23 bits are drawn for each of 40. */
static int in_common(const float *a, const float *b)
{
    int n = 0;
    for (int i = 0; i < WEIGHTS; i++)
        for (int k = 0; k < WEIGHTS; k++)
            n += a[i] == b[k];
    return n;
}

static void restarts_share_no_draws(void **state)
{
    (void)state;
    struct run run[RESTARTS], again;
    for (uint64_t k = 0; k < RESTARTS; k++)
        start(k, &run[k]);
    for (int i = 0; i < RESTARTS; i++)
        for (int k = 0; k < i; k++) {
            assert_int_equal(in_common(run[i].weight, run[k].weight), 0);
            assert_int_equal(in_common(run[i].more, run[k].more), 0);
            assert_int_equal(in_common(run[i].noise, run[k].noise), 0);
            assert_memory_not_equal(run[i].order, run[k].order, sizeof run[i].order);
        }
    for (uint64_t k = RESTARTS; k-- > 0;) { /* each alone, in any order */
        start(k, &again);
        assert_memory_equal(&again, &run[k], sizeof again);
    }
    assert_no_error();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(orthogonal_weights_are_orthogonal), TEST(orthogonal_weights_are_uniformly_distributed),
        TEST(sparse_weights_have_their_zeros),   TEST(dirac_kernels_pass_their_input_on),
        TEST(constants_and_identities),          TEST(layers_begin_by_any_rule_that_fits),
        TEST(rules_are_their_functions),         TEST(a_failed_step_undoes_it),
        TEST(without_a_tape_nothing_leaks),      TEST(gains_are_those_of_pytorch),
        TEST(restarts_share_no_draws),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
