/* What every layer of layers.def must do, checked from the list on the samples in its file. A layer without samples fails. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "formula.h"
#include "nn_check.h"

/* ---- the list: kinds, tables of options, constructors ---- */

#define WG_SIZE(name, help, ...) WG_OPTION_SIZE_OF(options_type, name, help, __VA_ARGS__),
#define WG_INT(name, preset, help, ...) WG_OPTION_INT_OF(options_type, name, preset, help, __VA_ARGS__),
#define WG_REAL(name, preset, help, ...) WG_OPTION_REAL_OF(options_type, name, preset, help, __VA_ARGS__),
#define WG_BOOL(name, preset, help) WG_OPTION_BOOL_OF(options_type, name, preset, help),
#define WG_BOTH(name, preset, help, ...) WG_OPTION_PAIR_OF(options_type, name, preset, help, __VA_ARGS__),
#define WG_THREE(name, preset, help, ...) WG_OPTION_TRIPLE_OF(options_type, name, preset, help, __VA_ARGS__),
#define WG_EXTENTS(name, help, ...) WG_OPTION_SHAPE_OF(options_type, name, help, __VA_ARGS__),
#define WG_DTYPE(name, preset, help) WG_OPTION_DTYPE_OF(options_type, name, preset, help),
#define WG_CHOICE(name, preset, help, type) WG_OPTION_CHOICE_OF(options_type, name, preset, help, any_names),
#define WG_GENERATOR(name) WG_OPTION_TENSOR_OF(options_type, name, "draws the initial weights"),
#define WG_ACTIVATION(layer, NAME, gain)                   \
    extern const struct wg_nn_kind nn_##layer##_kind;      \
    static wg_nn_module *make_##layer(const void *options) \
    {                                                      \
        (void)options;                                     \
        return wg_nn_##layer();                            \
    }                                                      \
    static wg_option_table table_##layer(void)             \
    {                                                      \
        return (wg_option_table){NULL, 0, 0};              \
    }
#define WG_LAYER(layer, options)                                                                \
    extern const struct wg_nn_kind nn_##layer##_kind;                                           \
    static wg_nn_module *make_##layer(const void *given)                                        \
    {                                                                                           \
        return wg_nn_##layer##_with(*(const wg_nn_##layer##_options *)given);                   \
    }                                                                                           \
    static wg_option_table table_##layer(void)                                                  \
    {                                                                                           \
        typedef wg_nn_##layer##_options options_type;                                           \
        static const wg_option option[] = {options};                                            \
        return (wg_option_table){option, sizeof option / sizeof *option, sizeof(options_type)}; \
    }

static const char *const any_names[] = {"0", "1", "2", "3", "4", "5", "6", "7", "8", NULL};
#include "wengert/layers.def"

static const struct entry {
    const char *name;
    const struct wg_nn_kind *kind;
    wg_nn_module *(*make)(const void *options);
    wg_option_table (*table)(void);
} entries[] = {
#define WG_ACTIVATION(layer, NAME, gain) {#layer, &nn_##layer##_kind, make_##layer, table_##layer},
#define WG_LAYER(layer, options) {#layer, &nn_##layer##_kind, make_##layer, table_##layer},
#include "wengert/layers.def"
};
enum { ENTRIES = sizeof entries / sizeof *entries, MAX_INPUTS = 4, MAX_RESULTS = 4, MAX_PARAMETERS = 256, MAX_OPTIONS = 512 };

/* ---- a layer on one of its samples, with elements that follow a formula: layers.py has the same ---- */

struct trial {
    const struct entry *entry;
    const wg_nn_sample *sample;
    wg_dtype dtype;
    wg_nn_module *net;
    wg_tensor *in[MAX_INPUTS], *weights[MAX_RESULTS]; /* of a sum over each result */
    size_t n_in, n_out;
    wg_optim *optim;
};

/* The sample's options with the dtype. */
static void options_for(const struct entry *entry, const wg_nn_sample *sample, wg_dtype dtype, void *options)
{
    const wg_option_table table = entry->table();
    assert_true(table.size <= MAX_OPTIONS);
    if (table.n == 0)
        return;
    memcpy(options, sample->options, table.size);
    for (size_t i = 0; i < table.n; i++)
        if (strcmp(table.option[i].name, "dtype") == 0)
            assert_int_equal(wg_options_set(table, options, "dtype", dtype, "test"), WG_OK);
}

static wg_nn_module *layer_of(const struct entry *entry, const wg_nn_sample *sample, wg_dtype dtype)
{
    _Alignas(16) char options[MAX_OPTIONS];
    options_for(entry, sample, dtype, options);
    wg_nn_module *net = entry->make(options);
    const wg_tensor_list params = wg_nn_parameters(net);
    for (size_t i = 0; i < params.n; i++)
        assert_int_equal(fill(params.tensor[i], 10 * ((int)i + 1)), WG_OK);
    return net;
}

/* With the random numbers of seed 3: layers draw from this thread's generator. */
static wg_status apply(const struct trial *t, wg_tensor **out)
{
    WG_TRY(wg_seed(3, 0));
    return wg_nn_apply_many(t->net, NULL, t->in, t->n_in, out, t->n_out);
}

static size_t results_of(const struct entry *entry, const wg_nn_sample *sample)
{
    if (sample->n_out > 0)
        return (size_t)sample->n_out;
    return entry->kind->n_out > 1 ? (size_t)entry->kind->n_out : 1;
}

static struct trial begin(const struct entry *entry, const wg_nn_sample *sample, wg_dtype dtype)
{
    struct trial t = {.entry = entry,
                      .sample = sample,
                      .dtype = dtype,
                      .net = layer_of(entry, sample, dtype),
                      .n_in = (size_t)sample->n_in,
                      .n_out = results_of(entry, sample)};
    if (!t.net)
        fail_msg("%s: %s", entry->name, wg_error_first()->message);
    assert_true(t.n_in <= MAX_INPUTS && t.n_out <= MAX_RESULTS);
    for (int i = 0; i < sample->n_in; i++)
        t.in[i] = sample->below[i] ? indices(sample->in[i], sample->below[i]) : filled(dtype, sample->in[i], i);
    wg_tensor *y[MAX_RESULTS];
    if (apply(&t, y) != WG_OK)
        fail_msg("%s: %s", entry->name, wg_error_first()->message);
    for (size_t i = 0; i < t.n_out; i++) {
        t.weights[i] = filled(dtype, wg_shape_of(y[i]), 5 + (int)i);
        wg_free(y[i]);
    }
    wg_nn_destroy(t.net); /* with running statistics that have changed */
    t.net = layer_of(entry, sample, dtype);
    if (wg_nn_parameters(t.net).n > 0)
        t.optim = wg_optim_sgd(wg_nn_parameters(t.net), .lr = 0.01, .momentum = 0.9);
    return t;
}

static void end(struct trial *t)
{
    wg_optim_destroy(t->optim);
    wg_nn_destroy(t->net);
    for (int i = 0; i < MAX_INPUTS; i++)
        wg_free(t->in[i]);
    for (int i = 0; i < MAX_RESULTS; i++)
        wg_free(t->weights[i]);
}

static wg_tensor *weighted_sum(const struct trial *t, wg_tensor *const *y)
{
    wg_tensor *sum = wg_sum(wg_mul(y[0], t->weights[0]));
    for (size_t i = 1; i < t->n_out; i++)
        sum = wg_add(sum, wg_sum(wg_mul(y[i], t->weights[i])));
    return sum;
}

/* A training step. The random numbers go on from step to step: a sequence of them begins with start. */
static wg_status step(void *context)
{
    struct trial *t = context;
    wg_tensor *y[MAX_RESULTS];
    WG_TAPE(tape);
    WG_TRY(wg_nn_apply_many(t->net, NULL, t->in, t->n_in, y, t->n_out));
    wg_tensor *loss = weighted_sum(t, y);
    if (!t->optim)
        return loss ? WG_OK : WG_E_STATE;
    WG_TRY(wg_backward(loss));
    return wg_optim_step(t->optim);
}

static void start(void)
{
    assert_int_equal(wg_seed(3, 0), WG_OK);
}

static void assert_same_state(struct trial *a, struct trial *b)
{
    const wg_tensor_list x = wg_nn_state(a->net), y = wg_nn_state(b->net);
    assert_int_equal(x.n, y.n);
    for (size_t i = 0; i < x.n; i++)
        assert_same_bits(x.tensor[i], y.tensor[i]);
}

static void assert_same_result(struct trial *a, struct trial *b)
{
    wg_tensor *x[MAX_RESULTS], *y[MAX_RESULTS];
    assert_int_equal(apply(a, x), WG_OK), assert_int_equal(apply(b, y), WG_OK);
    for (size_t i = 0; i < a->n_out; i++) {
        assert_same_bits(x[i], y[i]);
        wg_free(x[i]), wg_free(y[i]);
    }
}

/* Runs check on each sample of each layer. */
static void on_each(wg_dtype dtype, void (*check)(struct trial *t))
{
    for (size_t k = 0; k < ENTRIES; k++) {
        const wg_nn_sample *sample = entries[k].kind->samples;
        if (!sample || sample->n_in == 0)
            fail_msg("%s has no samples", entries[k].name);
        for (; sample->n_in > 0; sample++) {
            struct trial t = begin(&entries[k], sample, dtype);
            check(&t);
            end(&t);
        }
    }
    assert_no_error();
}

/* ---- the checks ---- */

/* x are the inputs that are not indices, then the parameters. */
static wg_tensor *as_function(wg_tensor *const *x, size_t n, void *context)
{
    const struct trial *t = context;
    wg_tensor *in[MAX_INPUTS], *y[MAX_RESULTS];
    size_t used = 0;
    for (size_t i = 0; i < t->n_in; i++)
        in[i] = t->sample->below[i] ? t->in[i] : x[used++];
    const wg_tensor_list params = {.n = n - used, .tensor = x + used};
    if (wg_seed(3, 0) != WG_OK || wg_nn_apply_many(t->net, n > used ? &params : NULL, in, t->n_in, y, t->n_out) != WG_OK)
        return NULL;
    return t->n_out == 1 ? y[0] : weighted_sum(t, y);
}

static void check_gradients(struct trial *t)
{
    wg_tensor *x[MAX_INPUTS + MAX_PARAMETERS];
    size_t n = 0;
    const wg_tensor_list params = wg_nn_parameters(t->net);
    assert_true(params.n <= MAX_PARAMETERS);
    for (size_t i = 0; i < t->n_in; i++)
        if (!t->sample->below[i])
            x[n++] = t->in[i];
    for (size_t i = 0; i < params.n; i++)
        x[n++] = params.tensor[i];
    if (t->sample->surrogate) /* held to the values in layers.txt */
        return;
    if (wg_gradcheck(as_function, t, x, n) != WG_OK || wg_gradgradcheck(as_function, t, x, n, .full = false) != WG_OK)
        fail_msg("%s, training: %s", t->entry->name, wg_error_first()->message);
    WG_EVAL_MODE;
    if (wg_gradcheck(as_function, t, x, n) != WG_OK)
        fail_msg("%s, evaluation: %s", t->entry->name, wg_error_first()->message);
}

static void gradients_are_right_in_both_modes(void **state)
{
    (void)state;
    on_each(WG_F64, check_gradients);
}

static void check_options(struct trial *t)
{
    _Alignas(16) char good[MAX_OPTIONS], bad[MAX_OPTIONS];
    const wg_option_table table = t->entry->table();
    char text[400], name[80];
    wg_nn_describe(t->net, text, sizeof text);
    assert_int_equal(strncmp(text, t->entry->name, strlen(t->entry->name)), 0);
    for (size_t i = 0; i < table.n; i++) {
        const wg_option *option = &table.option[i];
        assert_true(option->help[0] != 0);
        snprintf(name, sizeof name, "%s=", option->name);
        if (option->required)
            assert_non_null(strstr(text, name));
        wg_options_text(table, wg_nn_options(t->net), true, text, sizeof text);
        wg_options_reset(table, bad);
        assert_int_equal(wg_options_parse(table, bad, text, "test"), WG_OK);
        wg_options_text(table, bad, true, good, sizeof good);
        assert_string_equal(good, text);
        wg_nn_describe(t->net, text, sizeof text);
        if (option->type == WG_OPTION_TENSOR || option->type == WG_OPTION_BOOL || option->type == WG_OPTION_CHOICE)
            continue;
        options_for(t->entry, t->sample, t->dtype, good);
        memcpy(bad, good, table.size);
        if (option->type == WG_OPTION_REAL)
            *(double *)(void *)(bad + option->offset) = NAN;
        else if (option->type == WG_OPTION_DTYPE)
            *(wg_dtype *)(void *)(bad + option->offset) = WG_I64;
        else if (option->type == WG_OPTION_SHAPE)
            *(wg_shape *)(void *)(bad + option->offset) = WG_SHAPE(2, INT64_MIN);
        else
            *(int64_t *)(void *)(bad + option->offset) = INT64_MIN;
        assert_null(t->entry->make(bad));
        assert_error(option->type == WG_OPTION_DTYPE ? WG_E_DTYPE : WG_E_ARGUMENT, option->name);
    }
}

static void options_out_of_range_are_refused_by_name(void **state)
{
    (void)state;
    on_each(WG_F64, check_options);
}

static void check_f32(struct trial *t)
{
    struct trial wide = begin(t->entry, t->sample, WG_F64), *both[] = {t, &wide};
    for (int k = 0; k < 2; k++) {
        start();
        for (int i = 0; i < 3; i++)
            assert_int_equal(step(both[k]), WG_OK);
    }
    wg_tensor *y[MAX_RESULTS], *exact[MAX_RESULTS];
    assert_int_equal(apply(t, y), WG_OK), assert_int_equal(apply(&wide, exact), WG_OK);
    for (size_t r = 0; r < t->n_out; r++) {
        double *expected = malloc((size_t)wg_numel(exact[r]) * sizeof *expected);
        wg_tensor *rows = wg_copy(y[r]); /* row-major */
        assert_int_equal(wg_read(exact[r], expected), WG_OK);
        for (int64_t i = 0; i < wg_numel(rows); i++)
            assert_close(wg_data_as(rows, float)[i], expected[i], 1e-4);
        free(expected), wg_free(rows), wg_free(y[r]), wg_free(exact[r]);
    }
    end(&wide);
}

static void f32_follows_f64(void **state)
{
    (void)state;
    on_each(WG_F32, check_f32);
}

/* State, copy and printing: what a run needs is in wg_nn_state. */
static void check_state(struct trial *t)
{
    start();
    assert_int_equal(step(t), WG_OK);
    struct trial fresh = begin(t->entry, t->sample, t->dtype), copied = *t;
    const wg_tensor_list from = wg_nn_state(t->net), to = wg_nn_state(fresh.net);
    assert_int_equal(from.n, to.n);
    for (size_t i = 0; i < from.n; i++) {
        assert_string_equal(from.name[i], to.name[i]);
        assert_int_equal(wg_write_raw(to.tensor[i], wg_data(from.tensor[i])), WG_OK);
    }
    copied.net = wg_nn_copy(t->net);
    {
        WG_EVAL_MODE;
        assert_same_result(t, &fresh);
        assert_same_result(t, &copied);
    }
    assert_same_result(t, &fresh); /* training, which may change the state of both */
    assert_same_state(t, &fresh);
    wg_tensor *y[MAX_RESULTS];
    assert_int_equal(apply(&copied, y), WG_OK);
    assert_same_state(t, &copied);
    for (size_t i = 0; i < t->n_out; i++)
        wg_free(y[i]);
    char *text = NULL;
    size_t size;
    FILE *stream = open_memstream(&text, &size);
    assert_int_equal(wg_nn_print_on(t->net, stream, t->in, t->n_in), WG_OK);
    fclose(stream);
    assert_non_null(strstr(text, t->entry->name));
    assert_same_state(t, &fresh);
    free(text), wg_nn_destroy(copied.net), end(&fresh);
}

static void state_and_copies_hold_all_of_a_layer(void **state)
{
    (void)state;
    on_each(WG_F32, check_state);
}

static void check_replay(struct trial *t)
{
    struct trial eager = begin(t->entry, t->sample, t->dtype);
    start();
    wg_replay *replay = wg_replay_capture(step, t);
    if (!replay)
        fail_msg("%s: %s", t->entry->name, wg_error_first()->message);
    for (int i = 0; i < 3; i++)
        assert_int_equal(wg_replay_run(replay), WG_OK);
    wg_replay_destroy(replay);
    start();
    for (int i = 0; i < 4; i++)
        assert_int_equal(step(&eager), WG_OK);
    assert_same_state(t, &eager);
    end(&eager);
}

static void a_replayed_step_has_the_same_bits(void **state)
{
    (void)state;
    on_each(WG_F32, check_replay);
}

/* Frozen, nothing of a layer moves but its buffers, and the gradient of the input has the same bits. */
static void check_frozen(struct trial *t)
{
    if (!t->optim || t->sample->below[0])
        return;
    struct trial free_one = begin(t->entry, t->sample, t->dtype);
    assert_int_equal(wg_nn_freeze(t->net, "*"), WG_OK);
    WG_TAPE(tape);
    wg_tensor *x = wg_set_requires_grad(wg_copy(t->in[0]), true), *gradient[2];
    for (int i = 0; i < 2; i++) {
        struct trial *of = i ? &free_one : t;
        wg_tensor *in[MAX_INPUTS], *y[MAX_RESULTS];
        memcpy(in, of->in, sizeof in);
        in[0] = x;
        start();
        assert_int_equal(wg_nn_apply_many(of->net, NULL, in, of->n_in, y, of->n_out), WG_OK);
        gradient[i] = wg_grad(weighted_sum(of, y), x);
        assert_non_null(gradient[i]);
    }
    assert_same_bits(gradient[0], gradient[1]);
    for (size_t i = 0; i < wg_nn_parameters(t->net).n; i++)
        assert_null(wg_gradient(wg_nn_parameters(t->net).tensor[i]));
    end(&free_one);
}

static void frozen_layers_pass_gradients_on(void **state)
{
    (void)state;
    on_each(WG_F64, check_frozen);
}

/* Whichever allocation fails, the layer is as it was, or not made. */
static void check_memory(struct trial *t)
{
    struct trial sound = begin(t->entry, t->sample, t->dtype);
    start();
    for (int64_t at = 0;; at++) {
        wg_memory_fail(at, false);
        const wg_status status = step(t);
        wg_memory_fail(-1, false);
        if (status == WG_OK)
            break;
        assert_error(WG_E_MEMORY, "");
        assert_same_state(t, &sound);
        const wg_tensor_list params = wg_nn_parameters(t->net);
        for (size_t i = 0; i < params.n; i++)
            wg_clear_gradient(params.tensor[i]);
    }
    start();
    assert_int_equal(step(&sound), WG_OK);
    assert_same_state(t, &sound);
    _Alignas(16) char options[MAX_OPTIONS];
    options_for(t->entry, t->sample, t->dtype, options);
    for (int64_t at = 0;; at++) {
        wg_memory_fail(at, false);
        wg_nn_module *net = t->entry->make(options);
        wg_memory_fail(-1, false);
        wg_nn_destroy(net);
        if (net)
            break;
        assert_error(WG_E_MEMORY, "");
    }
    end(&sound);
}

static void without_memory_nothing_changes(void **state)
{
    (void)state;
    on_each(WG_F32, check_memory);
}

static void check_wrong_inputs(struct trial *t)
{
    wg_tensor *before = wg_own(wg_nn_parameters(t->net).n ? wg_nn_to_vector(wg_nn_parameters(t->net))
                                                          : wg_zeros(WG_F32, WG_SHAPE(1)));
    wg_tensor *y[MAX_RESULTS];
    for (size_t i = 0; i < t->n_in; i++) {
        const wg_dtype other = t->sample->below[i] ? WG_F32 : WG_I64;
        wg_tensor *in[MAX_INPUTS], *wrong = wg_zeros(other, t->sample->in[i]);
        memcpy(in, t->in, sizeof in);
        in[i] = wrong;
        assert_int_not_equal(wg_nn_apply_many(t->net, NULL, in, t->n_in, y, t->n_out), WG_OK);
        assert_true(strstr(wg_error_first()->message, t->entry->name) || wg_error_first()->section[0]); /* a child's section */
        assert_error(WG_E_DTYPE, "");
        in[i] = NULL;
        assert_int_not_equal(wg_nn_apply_many(t->net, NULL, in, t->n_in, y, t->n_out), WG_OK);
        assert_error(WG_E_NULL, i == 0 ? "x is NULL" : "is NULL");
        wg_free(wrong);
    }
    wg_tensor *many[] = {t->in[0], t->in[0], t->in[0], t->in[0], t->in[0], t->in[0], t->in[0], t->in[0], t->in[0]};
    assert_int_not_equal(wg_nn_apply_many(t->net, NULL, many, 9, y, t->n_out), WG_OK);
    assert_error(WG_E_ARGUMENT, t->entry->kind->n_in == WG_NN_ANY ? t->entry->name : "takes");
    wg_free(before);
}

static void wrong_inputs_are_refused(void **state)
{
    (void)state;
    on_each(WG_F32, check_wrong_inputs);
}

/* Applies the layer with another shape of one input. It may take the shape: many layers take several. If not, the message says the
   layer, its section and the shape that came; or, of a layer made of others, one of these layers does. */
static void try_shape(struct trial *t, const wg_nn_module *net, size_t input, wg_shape shape)
{
    wg_tensor *in[MAX_INPUTS], *y[MAX_RESULTS];
    memcpy(in, t->in, sizeof in);
    in[input] = t->sample->below[input] ? wg_zeros(WG_I64, shape) : filled(t->dtype, shape, 0);
    if (wg_nn_apply_many(net, NULL, in, t->n_in, y, t->n_out) == WG_OK) {
        for (size_t i = 0; i < t->n_out; i++)
            wg_free(y[i]);
    } else {
        const wg_error *error = wg_error_first();
        char text[200];
        wg_shape_text(shape, text, sizeof text);
        const bool inside = strncmp(error->section, "layer/", 6) == 0; /* in a child, whose input may have another shape */
        const bool named = strcmp(error->section, "layer") == 0 && strstr(error->message, t->entry->name) &&
                           strstr(error->message, text);
        if ((error->code != WG_E_SHAPE && error->code != WG_E_ARGUMENT) || (!inside && !named))
            fail_msg("%s, input %zu of shape %s: %s", t->entry->name, input, text, error->message);
        wg_error_take(NULL);
    }
    wg_free(in[input]);
}

/* A module of one child, called "layer", that takes and gives what the layer does. */
static wg_tensor *apply_the_child(const wg_nn_call *call, wg_tensor *x)
{
    (void)x;
    wg_tensor *y[MAX_RESULTS];
    if (wg_nn_apply_child_many(call, 0, call->in, call->n_in, y, call->n_out) != WG_OK)
        return NULL;
    memcpy(call->out, y, call->n_out * sizeof *y);
    return y[0];
}

static void check_wrong_shapes(struct trial *t)
{
    static const struct wg_nn_kind outer = {.name = "outer", .forward = apply_the_child, .n_in = WG_NN_ANY, .n_out = WG_NN_ANY};
    wg_nn_module *net = wg_nn_module_create(&outer, NULL, NULL);
    assert_int_equal(wg_nn_add_child(net, "layer", layer_of(t->entry, t->sample, t->dtype)), WG_OK);
    for (size_t i = 0; i < t->n_in; i++) {
        const wg_shape shape = t->sample->in[i];
        for (int axis = 0; axis < shape.rank; axis++)
            for (int64_t extent = 0; extent <= shape.extent[axis] + 1; extent++) {
                wg_shape other = shape;
                other.extent[axis] = extent;
                try_shape(t, net, i, other);
            }
        wg_shape longer = shape, shorter = shape;
        longer.extent[longer.rank++] = 2;
        shorter.rank--;
        try_shape(t, net, i, longer);
        try_shape(t, net, i, shorter);
        try_shape(t, net, i, WG_SCALAR);
    }
    wg_nn_destroy(net);
}

static void wrong_shapes_are_refused_in_words(void **state)
{
    (void)state;
    on_each(WG_F32, check_wrong_shapes);
}

/* ---- PyTorch's values: layers.txt, which layers.py wrote ---- */

enum { MAX_VALUES = 4096, MAX_LINE = 1 << 17 };

/* A line of the file, "LAYER SAMPLE WHAT: numbers"; false if there is none. "random" in place of the numbers: they depend on draws, and
   values is not written. */
static bool find_values(const struct trial *t, const char *what, double *values, int64_t n, bool *random)
{
    static char line[MAX_LINE];
    char wanted[160];
    *random = false;
    const wg_nn_sample *first = t->entry->kind->samples;
    snprintf(wanted, sizeof wanted, "%s %d %s:", t->entry->name, (int)(t->sample - first), what);
    FILE *file = fopen(LAYER_VALUES, "r");
    assert_non_null(file);
    bool found = false;
    while (!found && fgets(line, sizeof line, file))
        if (strncmp(line, wanted, strlen(wanted)) == 0) {
            char *at = line + strlen(wanted);
            found = *random = strcmp(at, " random\n") == 0;
            for (int64_t i = 0; i < n && !*random; i++)
                values[i] = strtod(at, &at);
            found = true;
            assert_true(*random || strcmp(at, "\n") == 0);
        }
    fclose(file);
    return found;
}

static void assert_as_in_pytorch(const struct trial *t, const char *what, const wg_tensor *got)
{
    static double values[MAX_VALUES], read[MAX_VALUES];
    bool random;
    assert_non_null(got);
    assert_true(wg_numel(got) <= MAX_VALUES);
    if (!find_values(t, what, values, wg_numel(got), &random))
        fail_msg("%s %d %s: not in layers.txt", t->entry->name, (int)(t->sample - t->entry->kind->samples), what);
    if (random)
        return;
    assert_int_equal(wg_read(got, read), WG_OK);
    for (int64_t i = 0; i < wg_numel(got); i++)
        if (!(fabs(read[i] - values[i]) <= 1e-11 * (1 + fabs(values[i]))))
            fail_msg("%s %s[%lld]: got %.17g, expected %.17g", t->entry->name, what, (long long)i, read[i], values[i]);
}

/* "training" or "evaluation", with the number of a result behind the first. */
static void assert_results(const struct trial *t, const char *mode, wg_tensor *const *y)
{
    for (size_t i = 0; i < t->n_out; i++) {
        char what[40];
        snprintf(what, sizeof what, i ? "%s %zu" : "%s", mode, i);
        assert_as_in_pytorch(t, what, y[i]);
    }
}

/* On the open tape. A tensor that no gradient reached has none, where PyTorch's is 0. */
static wg_tensor *gradient_of(wg_tensor *x)
{
    wg_tensor *gradient = wg_gradient(x);
    return gradient ? gradient : wg_zeros(wg_dtype_of(x), wg_shape_of(x));
}

static void check_values(struct trial *t)
{
    char what[120];
    wg_tensor *y[MAX_RESULTS];
    const wg_tensor_list params = wg_nn_parameters(t->net), buffers = wg_nn_buffers(t->net);
    {
        WG_TAPE(tape);
        wg_tensor *in[MAX_INPUTS];
        for (size_t i = 0; i < t->n_in; i++)
            in[i] = t->sample->below[i] ? t->in[i] : wg_set_requires_grad(wg_copy(t->in[i]), true);
        start();
        assert_int_equal(wg_nn_apply_many(t->net, NULL, in, t->n_in, y, t->n_out), WG_OK);
        assert_results(t, "training", y);
        assert_int_equal(wg_backward(weighted_sum(t, y)), WG_OK);
        for (size_t i = 0; i < t->n_in; i++) {
            snprintf(what, sizeof what, i ? "gradient of input %zu" : "gradient of x", i);
            if (!t->sample->below[i])
                assert_as_in_pytorch(t, what, gradient_of(in[i]));
        }
        for (size_t i = 0; i < params.n; i++) {
            snprintf(what, sizeof what, "gradient of %s", params.name[i]);
            assert_as_in_pytorch(t, what, wg_gradient(params.tensor[i]));
        }
        for (size_t i = 0; i < buffers.n; i++)
            assert_as_in_pytorch(t, buffers.name[i], buffers.tensor[i]);
    }
    WG_EVAL_MODE;
    assert_int_equal(apply(t, y), WG_OK);
    assert_results(t, "evaluation", y);
    for (size_t i = 0; i < t->n_out; i++)
        wg_free(y[i]);
}

static void values_are_those_of_pytorch(void **state)
{
    (void)state;
    on_each(WG_F64, check_values);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(gradients_are_right_in_both_modes),
        TEST(options_out_of_range_are_refused_by_name),
        TEST(f32_follows_f64),
        TEST(state_and_copies_hold_all_of_a_layer),
        TEST(a_replayed_step_has_the_same_bits),
        TEST(frozen_layers_pass_gradients_on),
        TEST(without_memory_nothing_changes),
        TEST(wrong_inputs_are_refused),
        TEST(wrong_shapes_are_refused_in_words),
        TEST(values_are_those_of_pytorch),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
