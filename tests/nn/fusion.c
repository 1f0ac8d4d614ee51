/* What is one pass where several would do: the bits are those of the parts one after the other, and the launches of a step's kernels are
   counted. */
#include <string.h>

#include "nn_check.h"

enum { N = 24, IN = 7, HIDDEN = 37, CLASSES = 5, STEPS = 3 };

/* ---- the same network, its layers applied one by one: none knows what comes next ---- */

static wg_tensor *one_by_one(const wg_nn_call *call, wg_tensor *x)
{
    for (size_t i = 0; i < wg_nn_children(call->module) && x; i++)
        x = wg_nn_apply_child(call, i, x);
    return x;
}

static const struct wg_nn_kind one_by_one_kind = {.name = "one_by_one", .forward = one_by_one};

static wg_nn_module *network(bool fused, bool batch_norm, bool bias)
{
    wg_tensor *generator = wg_generator(5, 0);
    wg_nn_module *net = wg_nn_module_create(&one_by_one_kind, NULL, NULL);
    wg_nn_module *layers[] = {wg_nn_linear(IN, HIDDEN, .generator = generator, .bias = bias),
                              batch_norm ? wg_nn_batch_norm(HIDDEN) : wg_nn_tanh(),
                              wg_nn_relu(),
                              wg_nn_linear(HIDDEN, HIDDEN, .generator = generator, .bias = bias),
                              wg_nn_relu(),
                              wg_nn_linear(HIDDEN, CLASSES, .generator = generator)};
    enum { LAYERS = sizeof layers / sizeof *layers };
    static const char *const names[] = {"0", "1", "2", "3", "4", "5"};
    wg_free(generator);
    if (fused) {
        wg_nn_destroy(net);
        return wg_nn_sequential_with(layers, LAYERS);
    }
    for (int i = 0; i < LAYERS; i++)
        assert_int_equal(wg_nn_add_child(net, names[i], layers[i]), WG_OK);
    return net;
}

struct training {
    wg_nn_module *net;
    wg_optim *opt;
    wg_tensor *x, *labels;
};

static wg_status step(void *context)
{
    struct training *t = context;
    WG_TAPE(tape);
    wg_tensor *loss = wg_cross_entropy(wg_nn_apply(t->net, t->x), t->labels);
    WG_TRY(wg_backward(loss));
    return wg_optim_step(t->opt);
}

static void start(struct training *t, wg_nn_module *net)
{
    wg_tensor *generator = wg_generator(9, 0);
    int64_t labels[N];
    for (int i = 0; i < N; i++)
        labels[i] = i % CLASSES;
    t->net = net;
    t->opt = wg_optim_adam(wg_nn_parameters(net), .lr = 0.01);
    t->x = wg_normal(generator, WG_F32, WG_SHAPE(N, IN), 0, 1);
    t->labels = wg_from(labels, WG_SHAPE(N));
    wg_free(generator);
    assert_true(t->opt && t->x && t->labels);
}

static void end(struct training *t)
{
    wg_optim_destroy(t->opt);
    wg_nn_destroy(t->net);
    wg_free(t->x), wg_free(t->labels);
    assert_no_error();
}

static void same_lists(wg_tensor_list a, wg_tensor_list b)
{
    assert_int_equal(a.n, b.n);
    for (size_t i = 0; i < a.n; i++)
        assert_same_bits(a.tensor[i], b.tensor[i]);
}

static void fused_layers_have_the_bits_of_layers_apart(void **state)
{
    (void)state;
    for (int kind = 0; kind < 4; kind++) {
        struct training together, one_by_one;
        start(&together, network(true, kind & 1, kind >> 1));
        start(&one_by_one, network(false, kind & 1, kind >> 1));
        for (int i = 0; i < STEPS; i++) {
            assert_int_equal(step(&together), WG_OK);
            assert_int_equal(step(&one_by_one), WG_OK);
        }
        same_lists(wg_nn_parameters(together.net), wg_nn_parameters(one_by_one.net));
        same_lists(wg_nn_buffers(together.net), wg_nn_buffers(one_by_one.net));
        WG_EVAL_MODE;
        wg_tensor *a = wg_nn_apply(together.net, together.x), *b = wg_nn_apply(one_by_one.net, one_by_one.x);
        assert_same_bits(a, b);
        wg_free(a), wg_free(b);
        end(&together), end(&one_by_one);
    }
}

/* Images whose batch lies innermost in memory, as convolutions leave them, and row-major ones. */
static void fused_batch_norm_has_the_bits_in_any_order(void **state)
{
    (void)state;
    wg_tensor *generator = wg_generator(3, 0), *beta = wg_normal(generator, WG_F32, WG_SHAPE(3), 0, 1);
    wg_tensor *images = wg_normal(generator, WG_F32, WG_SHAPE(11, 3, 6, 7), 2, 3);
    for (int order = 0; order < 3; order++) {
        const wg_axes to[3] = {WG_AXES(0, 1, 2, 3), WG_AXES(1, 2, 3, 0), WG_AXES(0, 2, 3, 1)},
                      back[3] = {WG_AXES(0, 1, 2, 3), WG_AXES(3, 0, 1, 2), WG_AXES(0, 3, 1, 2)};
        WG_TAPE(tape);
        wg_tensor *x = wg_permute(wg_copy(wg_permute(images, to[order])), back[order]);
        wg_tensor *gamma = wg_ones(WG_F32, WG_SHAPE(3)), *gx[2], *y[2];
        wg_set_requires_grad(x, true);
        y[0] = wg_batch_norm_relu(x, .weight = gamma, .bias = beta);
        y[1] = wg_relu(wg_batch_norm(x, .weight = gamma, .bias = beta));
        for (int i = 0; i < 2; i++) {
            gx[i] = wg_grad(wg_sum(wg_square(y[i])), x);
            assert_non_null(gx[i]);
        }
        assert_same_bits(wg_copy(y[0]), wg_copy(y[1]));
        assert_same_bits(wg_copy(gx[0]), wg_copy(gx[1]));
        wg_tensor *first = wg_batch_norm_relu(images, .weight = gamma, .bias = beta);
        assert_same_bits(wg_copy(y[0]), wg_copy(first));
    }
    wg_free(generator), wg_free(beta), wg_free(images);
    assert_no_error();
}

/* The result and all three gradients. */
static void fused_convolution_has_the_bits_in_any_order(void **state)
{
    (void)state;
    wg_tensor *generator = wg_generator(4, 0), *images = wg_normal(generator, WG_F32, WG_SHAPE(19, 3, 6, 7), 0, 1);
    wg_tensor *leaf[3] = {NULL, wg_normal(generator, WG_F32, WG_SHAPE(13, 3, 3, 2), 0, 1),
                          wg_normal(generator, WG_F32, WG_SHAPE(13), 0, 1)};
    for (int order = 0; order < 3; order++) {
        const wg_axes to[3] = {WG_AXES(0, 1, 2, 3), WG_AXES(1, 2, 3, 0), WG_AXES(0, 2, 3, 1)},
                      back[3] = {WG_AXES(0, 1, 2, 3), WG_AXES(3, 0, 1, 2), WG_AXES(0, 3, 1, 2)};
        WG_TAPE(tape);
        leaf[0] = wg_permute(wg_copy(wg_permute(images, to[order])), back[order]);
        for (int i = 0; i < 3; i++)
            wg_set_requires_grad(leaf[i], true);
        wg_tensor *fused = wg_conv2d_relu(leaf[0], leaf[1], leaf[2], .padding = WG_PAIR(1, 0), .stride = WG_PAIR(1, 2));
        wg_tensor *separate = wg_relu(wg_conv2d(leaf[0], leaf[1], leaf[2], .padding = WG_PAIR(1, 0), .stride = WG_PAIR(1, 2)));
        assert_same_bits(wg_copy(fused), wg_copy(separate));
        for (int i = 0; i < 3; i++)
            assert_same_bits(wg_copy(wg_grad(wg_sum(wg_square(fused)), leaf[i])),
                             wg_copy(wg_grad(wg_sum(wg_square(separate)), leaf[i])));
    }
    wg_free(generator), wg_free(images), wg_free(leaf[1]), wg_free(leaf[2]);
    assert_no_error();
}

/* ---- launches ---- */

static size_t launches(wg_nn_module *net)
{
    struct training t;
    start(&t, net);
    assert_int_equal(step(&t), WG_OK);
    wg_replay *replay = wg_replay_capture(step, &t);
    const size_t logged = wg_replay_inspect(replay).logged;
    wg_replay_destroy(replay);
    end(&t);
    return logged;
}

/* Forward, the three products with their endings and the loss: 4. Backward, the gradient of the loss, of the last layer (a sum and two
   products), of the middle one (what relu shut off together with the sum, two products), of the first (the same, one product): 9. Adam on
   6 parameters, each counting its steps: 12. Batch norm adds, for each layer: itself, two running statistics and the count of batches, each with the copy by which
   it is undone if the step fails, the sum of the bias's gradient, which relu's mask had with it, and two parameters. */
static void a_step_makes_so_many_launches(void **state)
{
    (void)state;
    assert_int_equal(launches(wg_nn_mlp(WG_SIZES(IN, HIDDEN, HIDDEN, CLASSES))), 4 + 9 + 12);
    assert_int_equal(launches(wg_nn_mlp(WG_SIZES(IN, HIDDEN, HIDDEN, CLASSES), .batch_norm = true)),
                     4 + 9 + 12 + 2 * (1 + 6 + 1 + 4));
}

/* A weight's gradient is the product itself: it lies as the weight does, whatever the batch's size, so that updates run along memory. */
static void gradients_lie_as_their_parameters(void **state)
{
    (void)state;
    for (int transposed = 0; transposed < 2; transposed++) {
        wg_tensor *x = wg_ones(WG_F32, WG_SHAPE(HIDDEN, 9)), *w = wg_ones(WG_F32, WG_SHAPE(HIDDEN, 9));
        if (transposed) {
            wg_tensor *flat = wg_ones(WG_F32, WG_SHAPE(9, HIDDEN));
            wg_free(w);
            w = wg_permute(flat, WG_AXES(1, 0));
            wg_free(flat);
        }
        wg_set_requires_grad(w, true);
        {
            WG_TAPE(tape);
            assert_int_equal(wg_backward(wg_sum(wg_square(wg_linear(x, w, WG_NONE)))), WG_OK);
        }
        for (int axis = 0; axis < 2; axis++)
            assert_int_equal(wg_stride(wg_gradient(w), axis), wg_stride(w, axis));
        wg_free(x), wg_free(w);
    }
    assert_no_error();
}

int main(void)
{
    const struct CMUnitTest tests[] = {TEST(fused_layers_have_the_bits_of_layers_apart),
                                       TEST(fused_batch_norm_has_the_bits_in_any_order),
                                       TEST(fused_convolution_has_the_bits_in_any_order), TEST(a_step_makes_so_many_launches),
                                       TEST(gradients_lie_as_their_parameters)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
