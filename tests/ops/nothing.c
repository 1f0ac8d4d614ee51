/* Ops over no elements, by the convention at the top of ops.def: a sum is 0, a product 1, a mean and what derives from it NaN.
   Choosing an element and the statistics of normalisations are errors. */
#include "common.h"

static const char none_over_nothing[] = "expected at least one element to choose from, got none",
                  no_statistics[] = "expected at least one element for each mean and variance, got none";

static void assert_value(wg_tensor *y, double want)
{
    const double got = element(made(y), 0);
    if (!(got == want || (isnan(got) && isnan(want))))
        fail_msg("%g where %g is due", got, want);
}

static void reductions(void **state)
{
    (void)state;
    for (int dtype = WG_F32; dtype <= WG_F64; dtype++) {
        WG_TAPE(tape);
        wg_tensor *x = made(wg_zeros((wg_dtype)dtype, WG_SHAPE(2, 0)));
        assert_value(wg_sum(x, .axis = 1), 0);
        assert_value(wg_prod(x, .axis = 1), 1);
        assert_value(wg_mean(x, .axis = 1), NAN);
        assert_value(wg_var(x, .axis = 1), NAN);
        assert_value(wg_std(x, .axis = 1), NAN);
        assert_value(wg_norm2(x, .axis = 1), 0);
        assert_value(wg_logsumexp(x, .axis = 1), -(double)INFINITY);
    }
}

static void what_chooses(void **state)
{
    (void)state;
    wg_tensor *x = made(wg_zeros(WG_F32, WG_SHAPE(2, 0)));
    assert_null_and_error(wg_max(x, .axis = 1), WG_E_SHAPE, none_over_nothing);
    assert_null_and_error(wg_min(x), WG_E_SHAPE, none_over_nothing);
    assert_null_and_error(wg_argmax(x, .axis = 1), WG_E_SHAPE, none_over_nothing);
    assert_null_and_error(wg_argmin(x), WG_E_SHAPE, none_over_nothing);
    assert_null_and_error(wg_norm(x, .p = (double)INFINITY), WG_E_SHAPE, none_over_nothing);
    wg_free(x);
}

static void losses(void **state)
{
    (void)state;
    WG_TAPE(tape);
    wg_tensor *x = made(wg_zeros(WG_F32, WG_SHAPE(0, 3))), *labels = made(wg_zeros(WG_I64, WG_SHAPE(0)));
    assert_value(wg_mse(x, x), NAN);
    assert_value(wg_huber(x, x), NAN);
    assert_value(wg_kl_div(x, x), NAN);
    assert_value(wg_kl_div(x, x, .reduction = WG_REDUCTION_BATCH_MEAN), NAN);
    assert_value(wg_bce_with_logits(x, x), NAN);
    assert_value(wg_cross_entropy(x, labels), NAN);
    assert_value(wg_cross_entropy(x, labels, .smoothing = 0.1), NAN);
    assert_value(wg_cross_entropy(x, x), NAN);
    assert_value(wg_nll(x, labels), NAN);
    assert_value(wg_l1(x, x), NAN);
    assert_value(wg_logistic(x, x), NAN);
    assert_value(wg_hinge(x, x, .reduction = WG_REDUCTION_BATCH_MEAN), NAN);
    assert_value(wg_bce(x, x), NAN);
    assert_value(wg_bce_with_logits(x, x, .weight = wg_ones(WG_F32, WG_SHAPE(3))), NAN);
    assert_value(wg_focal(x, x), NAN);
    assert_value(wg_dice(x, x), NAN);
    assert_value(wg_multi_margin(x, labels), NAN);
    assert_value(wg_crammer_singer(x, labels), NAN);
    assert_value(wg_cosine_loss(x, x), NAN);
    assert_value(wg_cosine_embedding(x, x, labels), NAN);
    assert_value(wg_contrastive(x, x, labels), NAN);
    assert_value(wg_triplet_margin(x, x, x), NAN);
    assert_value(wg_margin_ranking(x, x, x), NAN);
    assert_value(wg_gaussian_nll(x, x, x), NAN);
    assert_value(wg_poisson_nll(x, x), NAN);
    assert_value(wg_wasserstein(x, x), NAN);
    assert_value(wg_wasserstein_histogram(x, x), NAN);
    wg_tensor *no_vectors = made(wg_zeros(WG_F32, WG_SHAPE(2, 0)));
    assert_value(wg_pairwise_distance(no_vectors, no_vectors), 0);
    assert_value(wg_pairwise_distance(no_vectors, no_vectors, .p = 3), 0);
    assert_value(wg_cosine_similarity(no_vectors, no_vectors), 0);
    assert_null_and_error(wg_wasserstein(no_vectors, no_vectors), WG_E_SHAPE, "wasserstein: ");
    assert_value(wg_multi_margin(x, labels, .reduction = WG_REDUCTION_SUM), 0);
    assert_value(wg_mse(x, x, .reduction = WG_REDUCTION_SUM), 0);
    assert_value(wg_cross_entropy(x, labels, .reduction = WG_REDUCTION_SUM), 0);
}

static void normalisations(void **state)
{
    (void)state;
    wg_tensor *batch = made(wg_zeros(WG_F32, WG_SHAPE(0, 3))), *images = made(wg_zeros(WG_F32, WG_SHAPE(2, 3, 0)));
    wg_tensor *columns = made(wg_zeros(WG_F32, WG_SHAPE(2, 0)));
    assert_null_and_error(wg_argmax(batch), WG_E_SHAPE, "argmax: ");
    assert_null_and_error(wg_batch_norm(batch), WG_E_SHAPE, no_statistics);
    assert_null_and_error(wg_batch_norm(images), WG_E_SHAPE, no_statistics);
    assert_null_and_error(wg_batch_norm_relu(batch), WG_E_SHAPE, no_statistics);
    assert_null_and_error(wg_layer_norm(columns), WG_E_SHAPE, no_statistics);
    assert_null_and_error(wg_group_norm(images, 3), WG_E_SHAPE, no_statistics);
    wg_free(batch), wg_free(images), wg_free(columns);
}

/* There are no statistics, and the sums for gamma and beta are empty. */
static void batches_without_rows(void **state)
{
    (void)state;
    wg_tensor *gamma = leaf(WG_F32, WG_SHAPE(4), 1), *beta = leaf(WG_F32, WG_SHAPE(4), 2);
    {
        WG_TAPE(tape);
        wg_tensor *x = made(wg_zeros(WG_F32, WG_SHAPE(0, 4)));
        assert_ok(wg_backward(wg_sum(made(wg_layer_norm(x, .weight = gamma, .bias = beta)))));
        assert_ok(wg_backward(wg_sum(made(wg_group_norm(x, 2, .weight = gamma, .bias = beta)))));
        for (int i = 0; i < 4; i++) {
            assert_true(element(wg_gradient(gamma), i) == 0);
            assert_true(element(wg_gradient(beta), i) == 0);
        }
        assert_non_null(wg_batch_norm(made(wg_zeros(WG_F32, WG_SHAPE(5, 0)))));
    }
    wg_free(gamma), wg_free(beta);
}

static void the_layer_keeps_its_statistics(void **state)
{
    (void)state;
    wg_nn_module *layer = wg_nn_batch_norm(3);
    wg_tensor *empty = made(wg_zeros(WG_F32, WG_SHAPE(0, 3)));
    const wg_tensor_list statistics = wg_nn_buffers(layer);
    assert_null_and_error(wg_nn_apply(layer, empty), WG_E_SHAPE, no_statistics);
    for (int i = 0; i < 3; i++) {
        assert_true(element(statistics.tensor[0], i) == 0);
        assert_true(element(statistics.tensor[1], i) == 1);
    }
    wg_train_mode_set(false);
    wg_tensor *y = made(wg_nn_apply(layer, empty)); /* in evaluation mode no batch statistics are needed */
    assert_int_equal(wg_numel(y), 0);
    wg_free(y), wg_free(empty), wg_nn_destroy(layer);
}

int main(void)
{
    const struct CMUnitTest tests[] = {TEST(reductions),     TEST(what_chooses),         TEST(losses),
                                       TEST(normalisations), TEST(batches_without_rows), TEST(the_layer_keeps_its_statistics)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
