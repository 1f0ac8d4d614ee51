/* Losses, normalisation and attention where the automatic checks of ops do not reach: PyTorch's conventions, extreme values,
   masked elements. */
#include "common.h"

enum { ROWS = 4, CLASSES = 3 };

#include "losses_pytorch.h"

static const double logits[ROWS * CLASSES] = {0.3, -1.2, 2.0, 1.5, 0.1, -0.4, -2.2, 0.9, 0.7, 0.05, 3.1, -1.6};
static const double probabilities[ROWS * CLASSES] = {0.2, 0.5, 0.3, 0.0, 1.0, 0.0, 0.6, 0.1, 0.3, 0.25, 0.25, 0.5};
static const double class_weights[CLASSES] = {0.5, 2.0, 1.25};
static const double targets[ROWS * CLASSES] = {0.1, -0.2, 1.0, 1.5, 2.1, -0.9, -0.2, -0.9, 0.2, 0.15, 0.1, 0.6};
static const double positive[ROWS * CLASSES] = {0.2, 0.5, 0.3, 0.05, 0.9, 0.05, 0.6, 0.1, 0.3, 0.25, 0.25, 0.5};

static void assert_all_near(const wg_tensor *t, const double *want, double tolerance)
{
    for (int64_t i = 0; i < wg_numel(t); i++)
        assert_near(element(t, i), want[i], tolerance);
}

static void assert_all_finite(const wg_tensor *t)
{
    for (int64_t i = 0; i < wg_numel(t); i++)
        assert_true(isfinite(element(t, i)));
}

static wg_tensor *matrix(const double *values)
{
    return made(wg_from(values, WG_SHAPE(ROWS, CLASSES)));
}

/* ---- PyTorch's values ---- */

static wg_tensor *class_loss(const struct class_case *k, wg_tensor *x, wg_reduction reduction)
{
    wg_tensor *weight = k->weighted ? made(wg_from(class_weights, WG_SHAPE(CLASSES))) : WG_NONE;
    wg_tensor *labels = made(wg_from(k->labels, WG_SHAPE(ROWS)));
    wg_tensor *target = k->target == PROBABILITIES ? matrix(probabilities) : labels;
    if (k->target == LOGP)
        return made(wg_nll(x, target, .weight = weight, .ignore = k->ignore, .reduction = reduction));
    return made(
        wg_cross_entropy(x, target, .weight = weight, .smoothing = k->smoothing, .ignore = k->ignore, .reduction = reduction));
}

static void losses_on_classes_are_pytorchs(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof class_cases / sizeof *class_cases; i++) {
        const struct class_case *k = &class_cases[i];
        WG_TAPE(tape);
        wg_tensor *x = made(wg_set_requires_grad(matrix(logits), true)), *mean = class_loss(k, x, WG_REDUCTION_MEAN);
        assert_all_near(class_loss(k, x, WG_REDUCTION_NONE), k->each, 1e-14);
        assert_near(wg_item(mean), k->mean, 1e-14);
        assert_near(wg_item(class_loss(k, x, WG_REDUCTION_SUM)), k->sum, 1e-14);
        assert_near(wg_item(class_loss(k, x, WG_REDUCTION_BATCH_MEAN)), k->sum / ROWS, 1e-14);
        assert_ok(wg_backward(mean));
        assert_all_near(wg_gradient(x), k->gradient, 1e-14);
    }
}

static wg_tensor *pair_loss(const struct pair_case *k, wg_tensor *x, wg_tensor *t, wg_reduction reduction)
{
    return made(k->loss == MSE     ? wg_mse(x, t, .reduction = reduction)
                : k->loss == HUBER ? wg_huber(x, t, .delta = 0.75, .reduction = reduction)
                                   : wg_kl_div(x, t, .reduction = reduction));
}

static void losses_on_pairs_are_pytorchs(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof pair_cases / sizeof *pair_cases; i++) {
        const struct pair_case *k = &pair_cases[i];
        WG_TAPE(tape);
        wg_tensor *x = made(wg_set_requires_grad(matrix(logits), true));
        wg_tensor *t = made(wg_set_requires_grad(matrix(k->loss == KL_DIV ? positive : targets), true));
        wg_tensor *mean = pair_loss(k, x, t, WG_REDUCTION_MEAN);
        assert_all_near(pair_loss(k, x, t, WG_REDUCTION_NONE), k->each, 1e-14);
        assert_near(wg_item(mean), k->mean, 1e-14);
        assert_near(wg_item(pair_loss(k, x, t, WG_REDUCTION_SUM)), k->sum, 1e-13);
        assert_near(wg_item(pair_loss(k, x, t, WG_REDUCTION_BATCH_MEAN)), k->batch_mean, 1e-13);
        assert_ok(wg_backward(mean));
        assert_all_near(wg_gradient(x), k->by_x, 1e-14);
        assert_all_near(wg_gradient(t), k->by_t, 1e-14);
    }
}

/* max(x,0) - x t + ln(1 + e^{-|x|}) of each element, in every reduction and for a transposed operand. */
static void binary_cross_entropy_has_every_reduction(void **state)
{
    (void)state;
    WG_TAPE(tape);
    double each[ROWS * CLASSES], sum = 0;
    for (int i = 0; i < ROWS * CLASSES; i++) {
        each[i] = fmax(logits[i], 0) - logits[i] * probabilities[i] + log1p(exp(-fabs(logits[i])));
        sum += each[i];
    }
    wg_tensor *x = matrix(logits), *t = matrix(probabilities), *transposed = made(wg_copy(wg_transpose(x, 0, 1)));
    assert_all_near(made(wg_bce_with_logits(x, t, .reduction = WG_REDUCTION_NONE)), each, 1e-15);
    assert_all_near(made(wg_copy(wg_bce_with_logits(wg_transpose(transposed, 0, 1), t, .reduction = WG_REDUCTION_NONE))), each,
                    1e-15);
    assert_near(wg_item(made(wg_bce_with_logits(x, t))), sum / (ROWS * CLASSES), 1e-15);
    assert_near(wg_item(made(wg_bce_with_logits(x, t, .reduction = WG_REDUCTION_SUM))), sum, 1e-14);
    assert_near(wg_item(made(wg_bce_with_logits(x, t, .reduction = WG_REDUCTION_BATCH_MEAN))), sum / ROWS, 1e-14);
}

/* Rows may extend over further axes: (2,3,2) is (4,3) with the classes moved. */
static void rows_may_be_images(void **state)
{
    (void)state;
    WG_TAPE(tape);
    const int64_t values[ROWS] = {0, -5, 1, 2};
    wg_tensor *x = matrix(logits), *labels = made(wg_from(values, WG_SHAPE(ROWS)));
    wg_tensor *weight = made(wg_from(class_weights, WG_SHAPE(CLASSES)));
    wg_tensor *images = made(wg_permute(wg_reshape(x, WG_SHAPE(2, 2, CLASSES)), WG_AXES(0, 2, 1)));
    wg_tensor *of_images = made(wg_reshape(labels, WG_SHAPE(2, 2)));
    for (int reduction = WG_REDUCTION_MEAN; reduction <= WG_REDUCTION_NONE; reduction++) {
        wg_tensor *flat = made(
            wg_cross_entropy(x, labels, .weight = weight, .smoothing = 0.2, .ignore = -5, .reduction = (wg_reduction)reduction));
        wg_tensor *spread = made(wg_cross_entropy(images, of_images, .weight = weight, .smoothing = 0.2, .ignore = -5,
                                                  .reduction = (wg_reduction)reduction));
        for (int64_t i = 0; i < wg_numel(flat); i++)
            assert_near(element(spread, i), element(flat, i) * (reduction == WG_REDUCTION_BATCH_MEAN ? 2 : 1), 1e-14);
    }
}

/* One-hot probabilities equal labels. The gradient with respect to a probability is -ln softmax / N, also where the probability
   is 0. */
static void probabilities_are_differentiable(void **state)
{
    (void)state;
    WG_TAPE(tape);
    const double one_hot[ROWS * CLASSES] = {1, 0, 0, 0, 0, 1, 0, 1, 0, 0, 0, 1};
    wg_tensor *x = matrix(logits), *t = made(wg_set_requires_grad(matrix(one_hot), true));
    wg_tensor *loss = made(wg_cross_entropy(x, t)), *logp = made(wg_log_softmax(x, .axis = 1));
    assert_near(wg_item(loss), class_cases[0].mean, 1e-14);
    assert_ok(wg_backward(loss, .retain = true));
    for (int64_t i = 0; i < ROWS * CLASSES; i++)
        assert_near(element(wg_gradient(t), i), -element(logp, i) / ROWS, 1e-15);
}

/* Without options the loss is one node. */
static void the_plain_case_is_one_node(void **state)
{
    (void)state;
    WG_TAPE(tape);
    wg_tensor *x = made(wg_set_requires_grad(matrix(logits), true)), *labels = made(wg_zeros(WG_I64, WG_SHAPE(ROWS)));
    const size_t before = wg_tape_nodes(tape);
    made(wg_cross_entropy(x, labels));
    assert_int_equal(wg_tape_nodes(tape), before + 1);
}

/* Labels may change between reruns of a traced tape, the ignored ones too. */
static void reruns_read_the_labels_again(void **state)
{
    (void)state;
    const int64_t first[ROWS] = {0, -5, 1, 2}, second[ROWS] = {-5, 2, 2, -5}, bad[ROWS] = {0, 3, 1, 1};
    wg_tensor *labels = made(wg_from(first, WG_SHAPE(ROWS))), *x = matrix(logits);
    {
        WG_TAPE(tape, .trace = true);
        wg_tensor *loss = made(wg_cross_entropy(x, labels, .smoothing = 0.1, .ignore = -5));
        assert_ok(wg_write(labels, second));
        assert_ok(wg_tape_rerun(tape));
        assert_same_bits(loss, made(wg_cross_entropy(x, labels, .smoothing = 0.1, .ignore = -5)));
        assert_ok(wg_write(labels, bad));
        assert_fails(wg_tape_rerun(tape), WG_E_ARGUMENT, "index 3");
    }
    wg_free(labels);
    wg_free(x);
}

/* ---- no elements, and extreme values ---- */

static void the_mean_over_nothing_is_nan(void **state)
{
    (void)state;
    WG_TAPE(tape);
    wg_tensor *none = made(wg_zeros(WG_F32, WG_SHAPE(0, CLASSES))), *no_labels = made(wg_zeros(WG_I64, WG_SHAPE(0)));
    wg_tensor *x = made(wg_set_requires_grad(matrix(logits), true)), *labels = made(wg_zeros(WG_I64, WG_SHAPE(ROWS)));
    assert_true(isnan(wg_item(wg_cross_entropy(none, no_labels))));
    assert_true(isnan(wg_item(wg_cross_entropy(none, none))));
    assert_true(isnan(wg_item(wg_cross_entropy(none, no_labels, .smoothing = 0.1, .ignore = 1))));
    assert_true(isnan(wg_item(wg_mse(none, none, .reduction = WG_REDUCTION_BATCH_MEAN))));
    assert_true(isnan(wg_item(wg_cross_entropy(x, labels, .ignore = 0)))); /* every row is ignored */
    assert_near(wg_item(wg_cross_entropy(x, labels, .ignore = 0, .reduction = WG_REDUCTION_SUM)), 0, 0);
    assert_ok(wg_backward(wg_cross_entropy(x, labels, .ignore = 0, .reduction = WG_REDUCTION_SUM)));
    assert_all_near(wg_gradient(x), (const double[ROWS * CLASSES]){0}, 0);
}

/* Loss and gradient for large logits, in both dtypes: the loss is their difference. */
static void large_logits_stay_finite(void **state)
{
    (void)state;
    const double values[ROWS * CLASSES] = {1e4, -1e4, 0, -1e4, 1e4, 1e4, 1e4, 1e4, 1e4, -1e4, -1e4, -1e4};
    const int64_t right[ROWS] = {1, 0, 2, 1};
    const double each[ROWS] = {2e4, 2e4 + log(2), log(3), log(3)};
    for (int dtype = WG_F32; dtype <= WG_F64; dtype++) {
        WG_TAPE(tape);
        wg_tensor *x = made(wg_set_requires_grad(wg_cast(matrix(values), (wg_dtype)dtype), true));
        wg_tensor *labels = made(wg_from(right, WG_SHAPE(ROWS))), *t = made(wg_cast(matrix(probabilities), (wg_dtype)dtype));
        wg_tensor *loss = made(wg_cross_entropy(x, labels)),
                  *rows = made(wg_cross_entropy(x, labels, .reduction = WG_REDUCTION_NONE));
        assert_all_near(rows, each, dtype == WG_F32 ? 4e-3 : 1e-11);
        assert_near(wg_item(loss), (each[0] + each[1] + each[2] + each[3]) / ROWS, dtype == WG_F32 ? 4e-3 : 1e-11);
        assert_ok(wg_backward(wg_add(loss, wg_cross_entropy(x, labels, .smoothing = 0.1)), .retain = true));
        assert_ok(wg_backward(wg_add(wg_cross_entropy(x, t), wg_bce_with_logits(x, t)), .retain = true));
        assert_ok(wg_backward(wg_huber(x, t, .reduction = WG_REDUCTION_SUM)));
        assert_all_finite(wg_gradient(x));
    }
}

/* A class of logit -inf gives no NaN. If it is the label, the loss is infinite and its gradient finite. A logit of +inf, or -inf
   for all classes, gives NaN. */
static void impossible_classes(void **state)
{
    (void)state;
    WG_TAPE(tape);
    const double inf = (double)INFINITY;
    const double values[ROWS * CLASSES] = {1, 2, -inf, 0, -inf, 1, 3, 1, 2, -inf, 5, -inf};
    const double possible[ROWS * CLASSES] = {0.5, 0.5, 0, 1, 0, 0, 0.2, 0.2, 0.6, 0, 1, 0};
    const int64_t right[ROWS] = {0, 2, 1, 1}, wrong[ROWS] = {2, 2, 1, 1};
    wg_tensor *x = made(wg_set_requires_grad(matrix(values), true)), *t = made(wg_set_requires_grad(matrix(possible), true));
    wg_tensor *labels = made(wg_from(right, WG_SHAPE(ROWS))), *impossible = made(wg_from(wrong, WG_SHAPE(ROWS)));
    wg_tensor *sum = made(wg_cross_entropy(x, labels));
    sum = made(wg_add(sum, wg_cross_entropy(x, labels, .reduction = WG_REDUCTION_SUM)));
    sum = made(wg_add(sum, wg_cross_entropy(x, t)));
    assert_true(isfinite(wg_item(sum)));
    assert_ok(wg_backward(sum, .retain = true));
    assert_all_finite(wg_gradient(x));
    assert_all_finite(wg_gradient(t));
    assert_true(wg_item(wg_cross_entropy(x, impossible)) == inf);
    assert_true(wg_item(wg_cross_entropy(x, impossible, .reduction = WG_REDUCTION_SUM)) == inf);
    assert_true(wg_item(wg_cross_entropy(x, labels, .smoothing = 0.1)) == inf);
    assert_ok(wg_backward(wg_cross_entropy(x, impossible)));
    assert_all_finite(wg_gradient(x));
    const double certain[2 * CLASSES] = {inf, 0, 0, -inf, -inf, -inf};
    wg_tensor *each = made(
        wg_cross_entropy(wg_from(certain, WG_SHAPE(2, CLASSES)), wg_zeros(WG_I64, WG_SHAPE(2)), .reduction = WG_REDUCTION_NONE));
    assert_true(isnan(element(each, 0)) && isnan(element(each, 1)));
}

/* Where p is 0 the divergence and all its derivatives are 0 for every q. */
static void divergence_where_nothing_is(void **state)
{
    (void)state;
    WG_TAPE(tape);
    const double p_values[4] = {0, 0.5, 0.5, 0}, q_values[4] = {-(double)INFINITY, -1, -0.5, -1};
    wg_tensor *p = made(wg_set_requires_grad(wg_from(p_values, WG_SHAPE(4)), true));
    wg_tensor *q = made(wg_set_requires_grad(wg_from(q_values, WG_SHAPE(4)), true)), *g[2], *gg[2], *leaf[2] = {q, p};
    wg_tensor *sum = made(wg_kl_div(q, p, .reduction = WG_REDUCTION_SUM));
    assert_near(wg_item(sum), 0.5 * (log(0.5) + 1) + 0.5 * (log(0.5) + 0.5), 1e-15);
    assert_ok(wg_grad_many(sum, leaf, 2, g, .create_graph = true));
    assert_all_near(g[0], (const double[]){0, -0.5, -0.5, 0}, 1e-15);
    assert_all_near(g[1], (const double[]){0, log(0.5) + 2, log(0.5) + 1.5, 0}, 1e-15);
    assert_ok(wg_grad_many(wg_add(wg_sum(wg_square(g[0])), wg_sum(wg_square(g[1]))), leaf, 2, gg));
    assert_all_finite(gg[0]);
    assert_all_finite(gg[1]);
}

/* ---- normalisation ---- */

/* Mean 1e4 and deviation 0.1 in f32: as exact as f64 on the same numbers. The gradient reads the mean rounded to f32, an error
   of up to 2^-11, one part in 200 of the deviation. */
static void layer_norm_of_far_numbers(void **state)
{
    (void)state;
    enum { N = 4, D = 100 };
    WG_TAPE(tape);
    wg_tensor *noise = made(wg_add_scalar(wg_mul_scalar(numbers(WG_F32, WG_SHAPE(N, D), 3), 0.17), 1e4));
    wg_tensor *x = made(wg_set_requires_grad(wg_detach(noise), true)),
              *wide = made(wg_set_requires_grad(wg_cast(noise, WG_F64), true));
    wg_tensor *u = numbers(WG_F32, WG_SHAPE(N, D), 4), *wide_u = made(wg_cast(u, WG_F64));
    wg_tensor *y = made(wg_layer_norm(x));
    wg_tensor *want = made(wg_layer_norm(wide));
    for (int64_t i = 0; i < N * D; i++)
        assert_near(element(y, i), element(want, i), 1e-6);
    wg_tensor *roots[2] = {made(wg_sum(wg_mul(y, u))), made(wg_sum(wg_mul(want, wide_u)))};
    assert_ok(wg_backward_many(roots, NULL, 2, false));
    double largest = 0;
    for (int64_t i = 0; i < N * D; i++)
        largest = fmax(largest, fabs(element(wg_gradient(wide), i)));
    for (int64_t i = 0; i < N * D; i++)
        assert_near(element(wg_gradient(x), i), element(wg_gradient(wide), i), 0.01 * largest);
}

/* x̂ by its definition, and groups of one channel each against layer_norm of rows. */
static void group_norm_is_layer_norm_of_groups(void **state)
{
    (void)state;
    WG_TAPE(tape);
    wg_tensor *x = numbers(WG_F64, WG_SHAPE(2, 6, 3, 2), 5), *gamma = numbers(WG_F64, WG_SHAPE(6), 6);
    wg_tensor *beta = numbers(WG_F64, WG_SHAPE(6), 7);
    wg_tensor *y = made(wg_group_norm(x, 3, .weight = gamma, .bias = beta));
    for (int group = 0; group < 6; group++) {
        double mean = 0, variance = 0;
        for (int i = 0; i < 12; i++)
            mean += element(x, group * 12 + i) / 12;
        for (int i = 0; i < 12; i++)
            variance += pow(element(x, group * 12 + i) - mean, 2) / 12;
        for (int i = 0; i < 12; i++) {
            const int64_t at = group * 12 + i, channel = at / 6 % 6;
            const double xhat = (element(x, at) - mean) / sqrt(variance + 1e-5);
            assert_near(element(y, at), element(gamma, channel) * xhat + element(beta, channel), 1e-14);
        }
    }
}

/* ---- attention ---- */

enum { LENGTH = 4, WIDTH = 3 };

/* A query with no key to attend to gives 0, all others do not, and none gives NaN. For gradients see tests/ops/excluded.c. */
static void rows_masked_wholly_are_zero(void **state)
{
    (void)state;
    const uint8_t allowed[LENGTH * LENGTH] = {1, 0, 0, 1, 0, 0, 0, 0, 1, 1, 1, 1, 0, 0, 1, 0};
    wg_tensor *q = leaf(WG_F64, WG_SHAPE(2, LENGTH, WIDTH), 1), *k = leaf(WG_F64, WG_SHAPE(2, LENGTH, WIDTH), 2);
    wg_tensor *v = leaf(WG_F64, WG_SHAPE(2, LENGTH, WIDTH), 3);
    {
        WG_TAPE(tape);
        wg_tensor *mask = made(wg_from(allowed, WG_SHAPE(LENGTH, LENGTH))), *y = made(wg_attention(q, k, v, .mask = mask));
        for (int64_t i = 0; i < wg_numel(y); i++)
            assert_int_equal(element(y, i) == 0, i / WIDTH % LENGTH == 1);
        y = made(wg_attention(q, k, v, .mask = mask, .causal = true)); /* the last query attends to key 2, the first to key 0 */
        for (int64_t i = 0; i < wg_numel(y); i++)
            assert_int_equal(element(y, i) == 0, i / WIDTH % LENGTH == 1);
        for (int64_t i = 0; i < WIDTH; i++) {
            assert_near(element(y, i), element(v, i), 0);
            assert_near(element(y, 3 * WIDTH + i), element(v, 2 * WIDTH + i), 0);
        }
    }
    wg_free(q);
    wg_free(k);
    wg_free(v);
}

/* Later keys and values may be anything: earlier results keep their bits and pass no gradient to them. */
static void causal_attention_does_not_see_the_future(void **state)
{
    (void)state;
    WG_TAPE(tape);
    wg_tensor *q = numbers(WG_F32, WG_SHAPE(LENGTH, WIDTH), 1), *past = numbers(WG_F32, WG_SHAPE(LENGTH - 1, WIDTH), 2);
    wg_tensor *future[2] = {numbers(WG_F32, WG_SHAPE(1, WIDTH), 3), made(wg_full(WG_F32, WG_SHAPE(1, WIDTH), 1e30))}, *early[2];
    for (int i = 0; i < 2; i++) {
        wg_tensor *last = made(wg_set_requires_grad(future[i], true)), *k = made(wg_concat((wg_tensor *[]){past, last}, 2, 0));
        wg_tensor *y = made(wg_attention(q, k, k, .causal = true));
        early[i] = made(wg_slice(y, 0, 0, LENGTH - 1, 1));
        wg_tensor *g = made(wg_grad(wg_sum(early[i]), last));
        assert_all_near(g, (const double[WIDTH]){0}, 0);
    }
    assert_same_bits(early[0], early[1]);
}

/* An additive mask, a u8 mask and a loop in plain C agree. */
static void masks_of_numbers_and_bytes_agree(void **state)
{
    (void)state;
    WG_TAPE(tape);
    const double inf = (double)INFINITY;
    const uint8_t allowed[LENGTH] = {1, 0, 1, 1};
    const double added[LENGTH] = {0, -inf, 0, 0};
    wg_tensor *q = numbers(WG_F64, WG_SHAPE(LENGTH, WIDTH), 1), *k = numbers(WG_F64, WG_SHAPE(LENGTH, WIDTH), 2);
    wg_tensor *v = numbers(WG_F64, WG_SHAPE(LENGTH, WIDTH), 3);
    wg_tensor *y = made(wg_attention(q, k, v, .mask = wg_from(allowed, WG_SHAPE(LENGTH))));
    wg_tensor *z = made(wg_attention(q, k, v, .mask = wg_from(added, WG_SHAPE(1, LENGTH))));
    assert_same_bits(y, z);
    for (int row = 0; row < LENGTH; row++) {
        double share[LENGTH], total = 0;
        for (int key = 0; key < LENGTH; key++) {
            double dot = 0;
            for (int i = 0; i < WIDTH; i++)
                dot += element(q, row * WIDTH + i) * element(k, key * WIDTH + i);
            share[key] = allowed[key] ? exp(dot / sqrt(WIDTH)) : 0;
            total += share[key];
        }
        for (int i = 0; i < WIDTH; i++) {
            double want = 0;
            for (int key = 0; key < LENGTH; key++)
                want += share[key] / total * element(v, key * WIDTH + i);
            assert_near(element(y, row * WIDTH + i), want, 1e-14);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(losses_on_classes_are_pytorchs),
        TEST(losses_on_pairs_are_pytorchs),
        TEST(binary_cross_entropy_has_every_reduction),
        TEST(rows_may_be_images),
        TEST(probabilities_are_differentiable),
        TEST(the_plain_case_is_one_node),
        TEST(reruns_read_the_labels_again),
        TEST(the_mean_over_nothing_is_nan),
        TEST(large_logits_stay_finite),
        TEST(impossible_classes),
        TEST(divergence_where_nothing_is),
        TEST(layer_norm_of_far_numbers),
        TEST(group_norm_is_layer_norm_of_groups),
        TEST(rows_masked_wholly_are_zero),
        TEST(causal_attention_does_not_see_the_future),
        TEST(masks_of_numbers_and_bytes_agree),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
