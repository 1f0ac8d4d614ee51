/* Attention in blocks against the same made of products and softmax, on more queries and keys than a block has: values, gradients, masks,
   leading axes that broadcast, the order of the result's axes, and that threads leave the bits as they are. */
#include "elements.h"

struct problem {
    const char *name;
    wg_shape q, k, v, mask; /* mask of rank 0: none */
    bool causal, added;
};

static const struct problem problems[] = {
    {"one block", {3, {2, 40, 8}}, {3, {2, 50, 8}}, {3, {2, 50, 5}}, {0}, false, false},
    {"blocks", {3, {2, 150, 8}}, {3, {2, 130, 8}}, {3, {2, 130, 5}}, {0}, false, false},
    {"causal", {2, {150, 8}}, {2, {150, 8}}, {2, {150, 8}}, {0}, true, false},
    {"fewer keys", {2, {150, 8}}, {2, {70, 8}}, {2, {70, 3}}, {0}, true, false},
    {"more keys", {2, {70, 8}}, {2, {200, 8}}, {2, {200, 3}}, {0}, true, false},
    {"one query", {3, {4, 1, 8}}, {3, {4, 300, 8}}, {3, {4, 300, 8}}, {0}, false, false},
    {"lengths", {4, {2, 3, 70, 4}}, {4, {2, 3, 70, 4}}, {4, {2, 3, 70, 4}}, {4, {2, 1, 1, 70}}, true, false},
    {"a mask", {3, {2, 70, 4}}, {3, {2, 90, 4}}, {3, {2, 90, 4}}, {2, {70, 90}}, false, false},
    {"numbers", {3, {2, 70, 4}}, {3, {2, 90, 4}}, {3, {2, 90, 4}}, {3, {2, 70, 90}}, false, true},
    {"shared keys", {4, {2, 3, 70, 4}}, {4, {2, 1, 70, 4}}, {3, {1, 70, 4}}, {0}, true, false},
    {"masks of one", {2, {70, 4}}, {2, {70, 4}}, {2, {70, 4}}, {3, {3, 70, 70}}, false, false},
};

static wg_tensor *mask_of(const struct problem *p, wg_dtype dtype)
{
    if (p->mask.rank == 0)
        return WG_NONE;
    wg_tensor *x = numbers(dtype, p->mask, 4);
    return p->added ? x : made(wg_gt(x, wg_scalar(dtype, -0.5)));
}

struct result {
    wg_tensor *y, *l, *g[3];
};

/* Attention and its gradients, in blocks or composed. */
static struct result result_of(const struct problem *p, wg_tensor *const *in, wg_tensor *mask, bool composed)
{
    struct result r = {.l = NULL};
    if (composed)
        r.y = made(wg_matmul(wg_attention_weights(in[0], in[1], .mask = mask, .causal = p->causal), in[2]));
    else
        r.y = made(wg_attention(in[0], in[1], in[2], .mask = mask, .causal = p->causal, .log_sum_exp = &r.l));
    wg_tensor *loss = made(wg_sum(wg_mul(r.y, numbers(wg_dtype_of(r.y), wg_shape_of(r.y), 5))));
    for (int i = 0; i < 3; i++)
        r.g[i] = made(wg_grad(loss, in[i]));
    return r;
}

static void assert_close(const wg_tensor *got, const wg_tensor *want, double tolerance)
{
    for (int64_t i = 0; i < wg_numel(want); i++)
        assert_near(element(got, i), element(want, i), tolerance);
}

static void blocks_are_products_and_softmax(void **state)
{
    (void)state;
    for (size_t k = 0; k < N_OF(both); k++)
        for (size_t i = 0; i < N_OF(problems); i++) {
            const struct problem *p = &problems[i];
            const double tolerance = both[k] == WG_F32 ? 2e-5 : 1e-13;
            WG_TAPE(tape);
            wg_tensor *in[3] = {leaf(both[k], p->q, 1), leaf(both[k], p->k, 2), leaf(both[k], p->v, 3)},
                      *mask = mask_of(p, both[k]);
            const struct result got = result_of(p, in, mask, false), want = result_of(p, in, mask, true);
            assert_close(got.y, want.y, tolerance);
            for (int j = 0; j < 3; j++)
                assert_close(got.g[j], want.g[j], tolerance);
        }
}

/* What a recorded gradient is made of has the values of the gradient in one kernel, and its own gradient is that of the composed op. */
static void recorded_gradients_agree(void **state)
{
    (void)state;
    const struct problem *p = &problems[4];
    WG_TAPE(tape);
    wg_tensor *in[3] = {leaf(WG_F64, p->q, 1), leaf(WG_F64, p->k, 2), leaf(WG_F64, p->v, 3)}, *second[2];
    for (int composed = 0; composed < 2; composed++) {
        wg_tensor *weights = made(wg_attention_weights(in[0], in[1], .causal = true));
        wg_tensor *y = composed ? made(wg_matmul(weights, in[2])) : made(wg_attention(in[0], in[1], in[2], .causal = true));
        wg_tensor *loss = made(wg_sum(wg_square(y)));
        wg_tensor *g = made(wg_grad(loss, in[0], .create_graph = true));
        assert_close(made(wg_grad(loss, in[0])), g, 1e-13);
        second[composed] = made(wg_grad(wg_sum(wg_square(g)), in[1]));
    }
    assert_close(second[0], second[1], 1e-12);
}

/* The results of many heads keep their bits, whatever the number of threads. */
static void threads_leave_the_bits(void **state)
{
    (void)state;
    const struct problem large = {"large", {4, {2, 3, 200, 16}}, {4, {2, 3, 200, 16}}, {4, {2, 3, 200, 16}}, {0}, true, false};
    const struct problem one = {"one head", {2, {300, 64}}, {2, {300, 64}}, {2, {300, 64}}, {0}, false, false},
                         *all[] = {&large, &one};
    for (size_t i = 0; i < N_OF(all); i++) {
        WG_TAPE(tape);
        struct result r[2];
        wg_tensor *in[3] = {leaf(WG_F32, all[i]->q, 1), leaf(WG_F32, all[i]->k, 2), leaf(WG_F32, all[i]->v, 3)};
        const int before = wg_threads();
        for (int threads = 1; threads <= 2; threads++) {
            assert_ok(wg_set_threads(threads));
            r[threads - 1] = result_of(all[i], in, WG_NONE, false);
        }
        assert_ok(wg_set_threads(before));
        assert_same_bits(r[0].y, r[1].y);
        assert_same_bits(r[0].l, r[1].l);
        for (int j = 0; j < 3; j++)
            assert_same_bits(r[0].g[j], r[1].g[j]);
    }
}

/* Heads cut out of features by views: the result, and the gradients, lie so that joining the heads is a view too. */
static void heads_lie_as_features(void **state)
{
    (void)state;
    WG_TAPE(tape);
    wg_tensor *all = leaf(WG_F32, WG_SHAPE(2, 10, 3 * 12), 1), *part[3];
    assert_ok(wg_chunk(all, -1, 3, part, NULL));
    for (int i = 0; i < 3; i++)
        part[i] = made(wg_transpose(wg_reshape(part[i], WG_SHAPE(2, 10, 3, 4)), 1, 2));
    wg_tensor *y = made(wg_attention(part[0], part[1], part[2]));
    assert_int_equal(wg_stride(y, 1), 4);
    assert_int_equal(wg_stride(y, 2), 12);
    wg_tensor *joined = made(wg_reshape(wg_transpose(y, 1, 2), WG_SHAPE(2, 10, 12)));
    assert_ptr_equal(wg_data(joined), wg_data(y));
    wg_tensor *rows[3];
    for (int i = 0; i < 3; i++)
        rows[i] = made(wg_copy(part[i]));
    assert_close(y, made(wg_attention(rows[0], rows[1], rows[2])), 1e-6);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(blocks_are_products_and_softmax),
        TEST(recorded_gradients_agree),
        TEST(threads_leave_the_bits),
        TEST(heads_lie_as_features),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
