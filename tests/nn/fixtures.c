/* Networks of PyTorch 1.13 in the files of fixtures/: with the same state and inputs ours give the same results and gradients. A file holds the
   state under PyTorch's names beside test.input.N, test.output.N and test.grad.NAME, gradients of the sum of squares of all outputs. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "nn_check.h"

static wg_file *open_file(const char *name)
{
    char path[512];
    snprintf(path, sizeof path, "%s/%s.safetensors", FIXTURES, name);
    wg_file *file = wg_file_read(path);
    assert_non_null(file);
    assert_non_null(strstr(wg_file_text_of(file, "torch"), "1.13"));
    return file;
}

/* The file's tensor of that name; NULL if there is none. */
static wg_tensor *load(const wg_file *file, const char *name)
{
    const wg_tensor_list all = wg_file_tensors(file);
    for (size_t i = 0; i < all.n; i++)
        if (strcmp(all.name[i], name) == 0)
            return all.tensor[i];
    return NULL;
}

static double element(const wg_tensor *t, int64_t i)
{
    return wg_dtype_of(t) == WG_F64   ? wg_data_as(t, double)[i]
           : wg_dtype_of(t) == WG_F32 ? (double)wg_data_as(t, float)[i]
                                      : (double)wg_data_as(t, int64_t)[i];
}

/* The file without what is there for tests, as a file of its own, is read strictly: the state has each of its tensors, and no other. */
static void load_state(const wg_file *file, wg_nn_module *net)
{
    enum { MOST = 64 };
    const wg_tensor_list all = wg_file_tensors(file);
    wg_tensor *tensor[MOST];
    const char *name[MOST];
    size_t n = 0;
    for (size_t i = 0; i < all.n; i++)
        if (strncmp(all.name[i], "test.", 5) != 0) {
            assert_true(n < MOST);
            tensor[n] = all.tensor[i];
            name[n++] = all.name[i];
        }
    char path[] = "/tmp/wengert-fixture-XXXXXX";
    const int descriptor = mkstemp(path);
    assert_true(descriptor >= 0 && close(descriptor) == 0);
    assert_int_equal(wg_save(path, ((wg_tensor_list){n, tensor, name})), WG_OK);
    assert_int_equal(wg_load(path, wg_nn_state(net)), WG_OK);
    assert_int_equal(unlink(path), 0);
}

/* ---- the networks ---- */

static wg_nn_module *mlp_bn(void)
{
    return wg_nn_sequential(wg_nn_linear(5, 7), wg_nn_batch_norm(7), wg_nn_relu(), wg_nn_linear(7, 3));
}

static wg_nn_module *mlp_bn_64(void)
{
    return wg_nn_sequential(wg_nn_linear(5, 7, .dtype = WG_F64), wg_nn_batch_norm(7, .dtype = WG_F64), wg_nn_tanh(),
                            wg_nn_linear(7, 3, .dtype = WG_F64));
}

static wg_nn_module *embedding_layer_norm_64(void)
{
    return wg_nn_sequential(wg_nn_embedding(11, 6, .padding = 0, .dtype = WG_F64), wg_nn_layer_norm(6, .dtype = WG_F64),
                            wg_nn_linear(6, 2, .dtype = WG_F64));
}

static wg_nn_module *lstm(void)
{
    return wg_nn_lstm(4, 6, .layers = 2, .batch_first = true);
}

static wg_nn_module *lstm_bidirectional_64(void)
{
    return wg_nn_lstm(4, 5, .bidirectional = true, .dtype = WG_F64);
}

static wg_nn_module *gru_64(void)
{
    return wg_nn_gru(4, 6, .layers = 2, .dtype = WG_F64);
}

static wg_nn_module *rnn_tanh_64(void)
{
    return wg_nn_rnn(3, 4, .dtype = WG_F64);
}

static wg_nn_module *attention_64(void)
{
    return wg_nn_multi_head_attention(8, 2, .dtype = WG_F64);
}

static wg_nn_module *encoder_layer_64(void)
{
    return wg_nn_transformer_encoder_layer(8, 2, .hidden = 16, .dropout = 0, .dtype = WG_F64);
}

/* Narrower in its linear layers than wg_nn_lenet is by default. */
static wg_nn_module *lenet(void)
{
    return wg_nn_sequential(wg_nn_conv2d(1, 6, 5, .padding = WG_PAIR(2, 2)), wg_nn_relu(), wg_nn_max_pool2d(2),
                            wg_nn_conv2d(6, 16, 5), wg_nn_relu(), wg_nn_max_pool2d(2), wg_nn_flatten(), wg_nn_linear(400, 12),
                            wg_nn_relu(), wg_nn_linear(12, 10));
}

static wg_nn_module *conv_bn_64(void)
{
    return wg_nn_sequential(
        wg_nn_conv2d(3, 4, 3, .stride = WG_PAIR(2, 2), .padding = WG_PAIR(1, 1), .bias = false, .dtype = WG_F64),
        wg_nn_batch_norm(4, .dtype = WG_F64), wg_nn_relu(),
        wg_nn_conv_transpose2d(4, 2, 3, .stride = WG_PAIR(2, 2), .output_padding = WG_PAIR(1, 1), .dtype = WG_F64));
}

static wg_nn_module *group_norm_64(void)
{
    return wg_nn_sequential(wg_nn_conv1d(4, 6, 3, .padding = 1, .groups = 2, .dtype = WG_F64),
                            wg_nn_group_norm(3, 6, .dtype = WG_F64), wg_nn_gelu(), wg_nn_adaptive_avg_pool1d(2));
}

static const struct fixture {
    const char *name;
    wg_nn_module *(*make)(void);
    bool training;
} fixtures[] = {
    {"mlp_bn", mlp_bn, false},
    {"mlp_bn_64", mlp_bn_64, false},
    {"embedding_layer_norm_64", embedding_layer_norm_64, false},
    {"attention_64", attention_64, false},
    {"encoder_layer_64", encoder_layer_64, true},
    {"lenet", lenet, false},
    {"conv_bn_64", conv_bn_64, false},
    {"group_norm_64", group_norm_64, false},
    {"lstm", lstm, false},
    {"lstm_bidirectional_64", lstm_bidirectional_64, false},
    {"gru_64", gru_64, false},
    {"rnn_tanh_64", rnn_tanh_64, false},
};

enum { MAX_TENSORS = 4 };

/* All tensors of the file called test.KIND.0, 1, … */
static size_t load_all(const wg_file *file, const char *kind, wg_tensor **t)
{
    size_t n = 0;
    char name[40];
    do {
        assert_true(n < MAX_TENSORS);
        snprintf(name, sizeof name, "test.%s.%zu", kind, n);
        t[n] = load(file, name);
    } while (t[n] && ++n);
    return n;
}

static void assert_close_to(const struct fixture *fixture, const char *what, const wg_tensor *got, const wg_tensor *expected)
{
    const double tolerance = wg_dtype_of(expected) == WG_F32 ? 1e-5 : 1e-10;
    wg_tensor *rows = wg_copy((wg_tensor *)(uintptr_t)got);
    assert_non_null(rows);
    assert_int_equal(wg_numel(rows), wg_numel(expected));
    for (int64_t i = 0; i < wg_numel(rows); i++)
        if (!(fabs(element(rows, i) - element(expected, i)) <= tolerance * (1 + fabs(element(expected, i)))))
            fail_msg("%s %s[%lld]: got %.17g, expected %.17g", fixture->name, what, (long long)i, element(rows, i),
                     element(expected, i));
}

static void check_gradients(const struct fixture *fixture, const wg_file *file, wg_nn_module *net)
{
    const wg_tensor_list params = wg_nn_parameters(net);
    char name[200];
    for (size_t i = 0; i < params.n; i++) {
        snprintf(name, sizeof name, "test.grad.%s", params.name[i]);
        wg_tensor *expected = load(file, name);
        if (!expected)
            fail_msg("%s: the file has no %s", fixture->name, name);
        assert_close_to(fixture, name, wg_gradient(params.tensor[i]), expected);
    }
}

static void check_fixture(const struct fixture *fixture)
{
    wg_file *file = open_file(fixture->name);
    wg_nn_module *net = fixture->make();
    assert_non_null(net);
    load_state(file, net);
    const bool before = wg_train_mode_set(fixture->training);
    {
        WG_TAPE(tape);
        wg_tensor *in[MAX_TENSORS], *out[MAX_TENSORS], *y[MAX_TENSORS], *loss = NULL;
        const size_t n_in = load_all(file, "input", in), n_out = load_all(file, "output", out);
        if (wg_nn_apply_many(net, NULL, in, n_in, y, n_out) != WG_OK)
            fail_msg("%s: %s", fixture->name, wg_error_first()->message);
        for (size_t i = 0; i < n_out; i++) {
            wg_tensor *squares = wg_sum(wg_square(y[i]));
            loss = loss ? wg_add(loss, squares) : squares;
            assert_close_to(fixture, "output", y[i], out[i]);
        }
        assert_int_equal(wg_backward(loss), WG_OK);
        check_gradients(fixture, file, net);
    }
    (void)wg_train_mode_set(before);
    wg_nn_destroy(net);
    wg_file_destroy(file);
}

static void networks_of_pytorch_give_the_same_values(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof fixtures / sizeof *fixtures; i++)
        check_fixture(&fixtures[i]);
    assert_no_error();
}

/* ---- the way back: files of ours, which fixtures.py loads into PyTorch's modules ---- */

/* Two linear layers with one weight. */
static wg_nn_module *tied(void)
{
    wg_nn_module *net = wg_nn_sequential(wg_nn_linear(4, 4), wg_nn_tanh(), wg_nn_linear(4, 4));
    assert_int_equal(wg_nn_tie(net, "2.weight", "0.weight"), WG_OK);
    return net;
}

/* Takes a step of gradient descent, after which no value is the file's or an initial one; then x and y are those of the new state. */
static void train_and_apply(const struct fixture *fixture, wg_nn_module *net, wg_tensor **in, size_t n_in, wg_tensor **out,
                            size_t n_out)
{
    wg_optim *opt = wg_optim_sgd(wg_nn_parameters(net), .lr = 0.01);
    for (int pass = 0; pass < 2; pass++) {
        const bool before = wg_train_mode_set(pass == 0 || fixture->training);
        WG_TAPE(tape);
        wg_tensor *loss = NULL;
        assert_int_equal(wg_nn_apply_many(net, NULL, in, n_in, out, n_out), WG_OK);
        for (size_t i = 0; i < n_out; i++)
            loss = loss ? wg_add(loss, wg_sum(wg_square(out[i]))) : wg_sum(wg_square(out[i]));
        if (pass == 0) {
            assert_int_equal(wg_backward(loss), WG_OK);
            assert_int_equal(wg_optim_step(opt), WG_OK);
        }
        for (size_t i = 0; i < n_out; i++)
            out[i] = wg_keep(out[i]);
        (void)wg_train_mode_set(before);
        for (size_t i = 0; i < n_out && pass == 0; i++)
            wg_free(out[i]);
    }
    wg_optim_destroy(opt);
}

static void write_model(const struct fixture *fixture, const char *directory, wg_tensor **in, size_t n_in, size_t n_out)
{
    enum { MOST = 80 };
    char path[512], name[2 * MAX_TENSORS][40];
    wg_tensor *out[MAX_TENSORS], *tensor[MOST];
    const char *names[MOST];
    wg_nn_module *net = fixture->make();
    assert_non_null(net);
    train_and_apply(fixture, net, in, n_in, out, n_out);
    const wg_tensor_list state = wg_nn_state_dict(net);
    assert_true(state.n + n_in + n_out <= MOST);
    memcpy(tensor, state.tensor, state.n * sizeof(wg_tensor *)), memcpy(names, state.name, state.n * sizeof(char *));
    size_t n = state.n;
    for (size_t i = 0; i < n_in + n_out; i++) {
        snprintf(name[i], sizeof name[i], "test.%s.%zu", i < n_in ? "input" : "output", i < n_in ? i : i - n_in);
        tensor[n] = i < n_in ? in[i] : out[i - n_in];
        names[n++] = name[i];
    }
    snprintf(path, sizeof path, "%s/%s.safetensors", directory, fixture->name);
    assert_int_equal(wg_save(path, ((wg_tensor_list){n, tensor, names})), WG_OK);
    if (fixture->make == tied) { /* its file comes back here, too; one whose two names differ does not */
        assert_int_equal(wg_load(path, wg_nn_state_dict(net), .strict = false), WG_OK);
        wg_tensor *other = wg_zeros(WG_F32, WG_SHAPE(4, 4));
        tensor[0] = other;
        assert_int_equal(wg_save(path, ((wg_tensor_list){n, tensor, names})), WG_OK);
        assert_int_equal(wg_load(path, wg_nn_state_dict(net), .strict = false), WG_E_ARGUMENT);
        assert_error(WG_E_ARGUMENT, "are one tensor here, and differ in the file");
        tensor[0] = state.tensor[0];
        assert_int_equal(wg_save(path, ((wg_tensor_list){n, tensor, names})), WG_OK);
        wg_free(other);
    }
    for (size_t i = 0; i < n_out; i++)
        wg_free(out[i]);
    wg_nn_destroy(net);
}

static const char *directory;

static void models_are_written(void **state)
{
    (void)state;
    wg_tensor *in[MAX_TENSORS], *out[MAX_TENSORS];
    for (size_t i = 0; i < sizeof fixtures / sizeof *fixtures; i++) {
        wg_file *file = open_file(fixtures[i].name);
        const size_t n_in = load_all(file, "input", in), n_out = load_all(file, "output", out);
        write_model(&fixtures[i], directory, in, n_in, n_out);
        wg_file_destroy(file);
    }
    in[0] = wg_zeros(WG_F32, WG_SHAPE(3, 4));
    for (int i = 0; i < 12; i++)
        ((float *)wg_data_mut(in[0]))[i] = (float)(i * 5 % 7) - 3;
    write_model(&(struct fixture){"tied", tied, false}, directory, in, 1, 1);
    wg_free(in[0]);
    assert_no_error();
}

/* usage: fixtures [DIRECTORY]     into which models are written for fixtures.py */
int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {TEST(networks_of_pytorch_give_the_same_values)}, writing[] = {TEST(models_are_written)};
    directory = argc > 1 ? argv[1] : NULL;
    return directory ? cmocka_run_group_tests(writing, NULL, NULL) : cmocka_run_group_tests(tests, NULL, NULL);
}
