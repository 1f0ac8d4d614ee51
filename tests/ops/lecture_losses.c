/* The examples of losses in the lectures that the studies follow (S0 Cevher, S2 Sun, S3 Gogianu), with their numbers, and what they
   print wrong. Row and erratum numbers are those of docs/guide/losses.md. */
#include "elements.h"

/* Row 16, S0: scores of four classes; the cross entropy for the second and for the third. */
static void cross_entropy_of_four_scores(void **state)
{
    (void)state;
    WG_TAPE(tape);
    wg_tensor *scores = made(wg_reshape(LEAF(WG_F64, 0.1, -0.8, 1.4, 1.1), WG_SHAPE(1, 4)));
    static const struct {
        int64_t label;
        double loss;
    } cases[] = {{1, 2.9534}, {2, 0.7534}};
    for (size_t i = 0; i < N_OF(cases); i++) {
        wg_tensor *label = made(wg_from(&cases[i].label, WG_SHAPE(1)));
        assert_near(wg_item(wg_cross_entropy(scores, label)), cases[i].loss, 5e-5);
        assert_near(wg_item(wg_nll(wg_log_softmax(scores), label)), cases[i].loss, 5e-5);
    }
    assert_near(element(made(wg_argmax(scores, .axis = 1)), 0), 2, 0);
}

/* ---- row 17, S3: a linear classifier of nine points ---- */

enum { POINTS = 9, CLASSES = 3 };
static const double points[POINTS * 2] = {0.5, 0.4,  0.8, 0.3, 0.3,  0.8, -0.4, 0.3,  -0.3,
                                          0.7, -0.7, 0.2, 0.7, -0.4, 0.5, -0.6, -0.4, -0.5};
static const int64_t point_labels[POINTS] = {0, 0, 0, 1, 1, 1, 2, 2, 2};
static const double weights[CLASSES * 2] = {1, 2, 2, -4, 3, -1}, biases[CLASSES] = {0, 0.5, -0.5};

struct classifier {
    wg_tensor *w, *b, *scores, *labels;
};

static struct classifier classifier(void)
{
    struct classifier c = {.w = made(wg_set_requires_grad(wg_from(weights, WG_SHAPE(CLASSES, 2)), true)),
                           .b = made(wg_set_requires_grad(wg_from(biases, WG_SHAPE(CLASSES)), true)),
                           .labels = made(wg_from(point_labels, WG_SHAPE(POINTS)))};
    c.scores = made(wg_linear(wg_from(points, WG_SHAPE(POINTS, 2)), c.w, c.b));
    return c;
}

/* Weston-Watkins, without the division by the number of classes. */
static void weston_watkins_of_nine_points(void **state)
{
    (void)state;
    static const double each[POINTS] = {0.3, 1.7, 0, 3.2, 6.8, 2.4, 2.5, 3.3, 4.7};
    WG_TAPE(tape);
    const struct classifier c = classifier();
    wg_tensor *losses = made(wg_multi_margin(c.scores, c.labels, .divide = false, .reduction = WG_REDUCTION_NONE));
    for (int i = 0; i < POINTS; i++)
        assert_near(element(losses, i), each[i], 1e-12);
    wg_tensor *data = made(wg_multi_margin(c.scores, c.labels, .divide = false));
    wg_tensor *penalty = made(wg_mul_scalar(wg_sum(wg_square(c.w)), 0.1)), *total = made(wg_add(data, penalty));
    assert_near(wg_item(data), 2.77, 5e-3);
    assert_near(wg_item(penalty), 3.5, 1e-12);
    assert_near(wg_item(total), 6.27, 5e-3);
    assert_near(wg_item(wg_multi_margin(c.scores, c.labels)), wg_item(data) / CLASSES, 1e-14); /* PyTorch's */
}

/* Erratum 9: the gradients that S3 prints are those of the data's loss plus 0.05 W, although a penalty of 0.1 ΣW² = 3.5 gives 0.2
   W. */
static void gradients_of_nine_points(void **state)
{
    (void)state;
    static const double printed[CLASSES * 2] = {-0.38, 0.07, 0.51, -0.58, 0.17, 0.36}, printed_b[CLASSES] = {0.11, -0.11, 0};
    WG_TAPE(tape);
    const struct classifier c = classifier();
    wg_tensor *data = made(wg_multi_margin(c.scores, c.labels, .divide = false)), *both_of[2] = {c.w, c.b}, *g[2];
    wg_tensor *total = made(wg_add(data, wg_mul_scalar(wg_sum(wg_square(c.w)), 0.1)));
    assert_ok(wg_grad_many(data, both_of, 2, g));
    wg_tensor *of_total = made(wg_grad(total, c.w));
    bool as_printed = true;
    for (int i = 0; i < CLASSES * 2; i++) {
        assert_near(element(g[0], i) + 0.05 * weights[i], printed[i], 5.001e-3);
        assert_near(element(of_total, i), element(g[0], i) + 0.2 * weights[i], 1e-14);
        as_printed = as_printed && fabs(element(of_total, i) - printed[i]) < 5.001e-3;
    }
    assert_false(as_printed);
    for (int i = 0; i < CLASSES; i++)
        assert_near(element(g[1], i), printed_b[i], 5.001e-3);
}

/* Row 18, S2: the target has 1 - (m - 1) ε and each other class ε. PyTorch's smoothing s is the same for s = m ε. */
static void both_smoothings(void **state)
{
    (void)state;
    enum { M = 4 };
    const double eps = 0.03, target[M] = {eps, eps, 1 - (M - 1) * eps, eps};
    WG_TAPE(tape);
    wg_tensor *x = made(wg_set_requires_grad(numbers(WG_F64, WG_SHAPE(1, M), 1), true));
    wg_tensor *label = made(wg_from((const int64_t[]){2}, WG_SHAPE(1))), *logp = made(wg_log_softmax(x));
    wg_tensor *lectures = made(wg_cross_entropy(x, label, .smoothing = eps, .smoothing_rule = WG_SMOOTHING_EACH));
    wg_tensor *pytorchs = made(wg_cross_entropy(x, label, .smoothing = M * eps));
    wg_tensor *given = made(wg_cross_entropy(x, wg_from(target, WG_SHAPE(1, M)))), *g = made(wg_grad(lectures, x));
    double want = 0;
    for (int j = 0; j < M; j++)
        want -= target[j] * element(logp, j);
    assert_near(wg_item(lectures), want, 1e-14);
    assert_near(wg_item(pytorchs), want, 1e-14);
    assert_near(wg_item(given), want, 1e-14);
    for (int j = 0; j < M; j++) /* p - target */
        assert_near(element(g, j), exp(element(logp, j)) - target[j], 1e-14);
    assert_true(fabs(wg_item(wg_cross_entropy(x, label, .smoothing = eps)) - want) > 1e-3);
}

/* Erratum 3: S2 prints y ln p - (1 - y) ln(1 - p). The binary cross entropy has a minus before its first term, too: it is never
   negative, and least where p = y. */
static void binary_cross_entropy_has_two_minus_signs(void **state)
{
    (void)state;
    static const double p[] = {0.1, 0.5, 0.9}, y[] = {0, 0.3, 1};
    for (size_t i = 0; i < N_OF(p); i++)
        for (size_t k = 0; k < N_OF(y); k++) {
            WG_TAPE(tape);
            wg_tensor *q = scalar_leaf(p[i]), *loss = made(wg_bce(q, wg_scalar(WG_F64, y[k])));
            const double printed = y[k] * log(p[i]) - (1 - y[k]) * log(1 - p[i]);
            assert_near(wg_item(loss), -y[k] * log(p[i]) - (1 - y[k]) * log(1 - p[i]), 1e-14);
            assert_true(wg_item(loss) >= 0);
            assert_true(y[k] == 0 ? fabs(printed - wg_item(loss)) < 1e-15 : printed < wg_item(loss) - 0.01);
            assert_near(wg_item(wg_grad(loss, q)), (p[i] - y[k]) / (p[i] * (1 - p[i])), 1e-12);
            assert_near(wg_item(wg_bce_with_logits(wg_scalar(WG_F64, log(p[i] / (1 - p[i]))), wg_scalar(WG_F64, y[k]))),
                        -y[k] * log(p[i]) - (1 - y[k]) * log(1 - p[i]), 1e-14);
        }
}

/* Erratum 13: S3 lists the cosine y·t/(‖y‖ ‖t‖) as a loss. It is largest where y points along t; the loss is minus that, and
   descending it turns y towards t. */
static void the_cosine_needs_a_minus_sign(void **state)
{
    (void)state;
    WG_TAPE(tape);
    wg_tensor *t = made(wg_reshape(LEAF(WG_F64, 3, 4), WG_SHAPE(1, 2)));
    static const double along[][2] = {{6, 8}, {-3, -4}, {-4, 3}}, want[] = {-1, 1, 0};
    for (int i = 0; i < 3; i++)
        assert_near(wg_item(wg_cosine_loss(wg_from(along[i], WG_SHAPE(1, 2)), t)), want[i], 1e-15);
    wg_tensor *y = made(wg_reshape(LEAF(WG_F64, 1, -1), WG_SHAPE(1, 2))), *loss = made(wg_cosine_loss(y, t));
    wg_tensor *after = made(wg_sub(y, wg_mul_scalar(wg_grad(loss, y), 0.5)));
    assert_true(wg_item(wg_cosine_similarity(after, t)) > wg_item(wg_cosine_similarity(y, t)) + 0.1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(cross_entropy_of_four_scores),
        TEST(weston_watkins_of_nine_points),
        TEST(gradients_of_nine_points),
        TEST(both_smoothings),
        TEST(binary_cross_entropy_has_two_minus_signs),
        TEST(the_cosine_needs_a_minus_sign),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
