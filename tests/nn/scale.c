/* Modules and optimizers with many parameters: the work is linear in their number, whatever their names. And how deep modules
   may nest. */
#include <limits.h>
#include <pthread.h>

#include "instructions.h"

enum { FEW = 300, MORE = 4 }; /* parameters; factor to the larger number */

static wg_tensor *rate_one(void)
{
    return made(wg_set_requires_grad(wg_scalar(WG_F64, 1), true));
}

/* n parameters whose names are in one block. */
struct parameters {
    wg_tensor **tensor;
    const char **name;
    char *text;
};

enum { TEXT = 16 };

static struct parameters parameters_new(int n, bool distinct)
{
    const size_t room = (size_t)n + 1;
    struct parameters p = {calloc(room, sizeof *p.tensor), calloc(room, sizeof *p.name), calloc(room, TEXT)};
    assert_true(p.tensor && p.name && p.text);
    for (int i = 0; i < n; i++) {
        p.tensor[i] = rate_one();
        p.name[i] = p.text + TEXT * i;
        snprintf(p.text + TEXT * i, TEXT, distinct ? "w%d" : "w", i);
    }
    return p;
}

static void parameters_free(struct parameters *p, int n)
{
    for (int i = 0; i < n; i++)
        wg_free(p->tensor[i]);
    free(p->tensor), free(p->name), free(p->text);
}

static wg_tensor_list list_of(const struct parameters *p, int first, int n)
{
    return (wg_tensor_list){(size_t)n, p->tensor + first, p->name + first};
}

static void one_group(int n, bool distinct)
{
    struct parameters p = parameters_new(n, distinct);
    wg_optim *optim = n > 0 ? wg_optim_sgd(list_of(&p, 0, n)) : NULL;
    assert_true(optim || n == 0);
    wg_optim_destroy(optim);
    parameters_free(&p, n);
}

static void of_distinct_names(int n)
{
    one_group(n, true);
}

static void of_one_name(int n)
{
    one_group(n, false);
}

static void of_many_groups(int n)
{
    struct parameters p = parameters_new(n, false);
    wg_optim *optim = n > 0 ? wg_optim_sgd(list_of(&p, 0, 1)) : NULL;
    for (int i = 1; i < n; i++)
        assert_ok(wg_optim_add_group(optim, list_of(&p, i, 1)));
    wg_optim_destroy(optim);
    parameters_free(&p, n);
}

static void clipped(int n)
{
    struct parameters p = parameters_new(n, true);
    for (int i = 0; i < n; i++)
        assert_ok(wg_add_gradient(p.tensor[i], p.tensor[i]));
    if (n > 0) {
        assert_ok(wg_optim_clip_value(list_of(&p, 0, n), 0.5));
        assert_ok(wg_optim_clip_norm(list_of(&p, 0, n), 0.5, NULL));
    }
    parameters_free(&p, n);
}

static wg_tensor *forward(const wg_nn_call *call, wg_tensor *x)
{
    (void)call;
    return x;
}

static const struct wg_nn_kind plain = {.name = "plain", .forward = forward};

static void module_of_parameters(int n)
{
    struct parameters p = parameters_new(n, true);
    wg_nn_module *module = wg_nn_module_create(&plain, NULL, NULL);
    assert_non_null(module);
    for (int i = 0; i < n; i++)
        assert_ok(i % 2 ? wg_nn_add_parameter(module, p.name[i], p.tensor[i])
                        : wg_nn_add_buffer(module, p.name[i], wg_set_requires_grad(p.tensor[i], false)));
    wg_nn_destroy(module);
    parameters_free(&p, 0);
}

/* A chain of n small layers. */
static wg_nn_module *chain(int n)
{
    wg_nn_module **layer = calloc((size_t)n + 1, sizeof *layer);
    assert_non_null(layer);
    for (int i = 0; i < n; i++)
        layer[i] = wg_nn_linear(1, 1);
    wg_nn_module *net = wg_nn_sequential_with(layer, (size_t)n);
    assert_non_null(net);
    free(layer);
    return net;
}

static void module_of_children(int n)
{
    wg_nn_destroy(chain(n));
}

static wg_tensor *in_reverse(const wg_nn_call *call, wg_tensor *x)
{
    for (size_t i = wg_nn_children(call->module); i-- > 0 && x;)
        x = wg_nn_apply_child(call, i, x);
    return x;
}

static const struct wg_nn_kind reversed = {.name = "reversed", .forward = in_reverse};

/* The lines of the table, the shapes and the costs; the order of the calls is not that of the lines. */
static void printed(int n)
{
    FILE *stream = fopen("/dev/null", "w");
    wg_nn_module *net = chain(n), *backwards = wg_nn_module_create(&reversed, NULL, NULL);
    char name[TEXT];
    assert_true(stream && backwards);
    for (int i = 0; i < n; i++) {
        snprintf(name, sizeof name, "l%d", i);
        assert_ok(wg_nn_add_child(backwards, name, wg_nn_tanh()));
    }
    assert_ok(wg_nn_print(net, stream, WG_SHAPE(1, 1)));
    assert_ok(wg_nn_print(backwards, stream, WG_SHAPE(1, 1)));
    assert_int_equal(fclose(stream), 0);
    wg_nn_destroy(net), wg_nn_destroy(backwards);
}

/* Sections that are new to the thread, and such that are entered in another order. */
static void sections(int n)
{
    static int entered; /* names of former calls are known already */
    char name[TEXT];
    for (int k = 0; k < 2; k++)
        for (int i = 0; i < n; i++) {
            snprintf(name, sizeof name, "s%d", k == 0 ? entered + i : entered + n - 1 - i);
            assert_ok(wg_section_push(name));
            wg_section_pop();
        }
    entered += n;
}

static const struct work {
    const char *name;
    void (*run)(int n);
} works[] = {
    {"distinct_names", of_distinct_names},
    {"one_name", of_one_name},
    {"many_groups", of_many_groups},
    {"clipped", clipped},
    {"nn_parameters", module_of_parameters},
    {"children", module_of_children},
    {"printed", printed},
    {"sections", sections},
};
enum { N_WORKS = sizeof works / sizeof *works };

static int64_t count(const struct work *work, int n)
{
    const int counter = counter_open();
    if (counter < 0)
        return instructions_by_callgrind(NULL, work->name, n) - instructions_by_callgrind(NULL, work->name, 0);
    const int64_t before = instructions(counter);
    work->run(n);
    const int64_t after = instructions(counter);
    close(counter);
    return after - before;
}

static void the_work_is_linear(void **state)
{
    (void)state;
#if defined(TEST_ASAN) || defined(TEST_TSAN)
    skip(); /* a sanitizer's instructions would be counted, and valgrind does not run with it */
#endif
    for (int i = 0; i < N_WORKS; i++) {
        works[i].run(FEW); /* allocates what is allocated once */
        const int64_t few = count(&works[i], FEW), more = count(&works[i], MORE * FEW);
        if (few <= 0)
            skip(); /* neither the kernel's counters nor valgrind are available */
        if (2 * more > 9 * few)
            fail_msg("%s: %lld instructions for %d, %lld for %d times as many", works[i].name, (long long)few, FEW, (long long)more,
                     MORE);
    }
}

/* Names that exist already, also in the form that an optimizer gives them, and after a group that was refused. */
static void names_are_those_of_the_lists(void **state)
{
    (void)state;
    struct parameters p = parameters_new(8, false);
    const char *names[] = {"w", "w#2", "w", "w", "", "w", "w#2", NULL};
    const char *want[] = {"w", "w#2", "w#3", "w#4", "", "w#5", "w#2#2", "7"};
    wg_optim *optim = wg_optim_sgd(((wg_tensor_list){8, p.tensor, names}));
    assert_non_null(optim);
    char text[40];
    wg_tensor_list state_list = wg_optim_state(optim);
    for (int i = 0; i < 8; i++) {
        snprintf(text, sizeof text, "%s%scount", want[i], want[i][0] ? "." : "");
        assert_string_equal(state_list.name[i + 1], text);
    }
    struct parameters q = parameters_new(3, false);
    wg_tensor *bad[] = {q.tensor[0], q.tensor[1], NULL}, *twice[] = {q.tensor[0], q.tensor[0]};
    assert_fails(wg_optim_add_group(optim, ((wg_tensor_list){3, bad, q.name})), WG_E_NULL, "parameter 2 is NULL");
    assert_fails(wg_optim_add_group(optim, ((wg_tensor_list){2, twice, q.name})), WG_E_ARGUMENT, "is given twice");
    assert_fails(wg_optim_add_group(optim, list_of(&p, 3, 1)), WG_E_ARGUMENT, "is in group 0 already");
    assert_ok(wg_optim_add_group(optim, list_of(&q, 0, 3)));
    state_list = wg_optim_state(optim);
    assert_string_equal(state_list.name[9], "group1.lr");
    assert_string_equal(state_list.name[10], "group1.w.count");
    assert_string_equal(state_list.name[11], "group1.w#2.count");
    assert_string_equal(state_list.name[12], "group1.w#3.count");
    wg_optim_destroy(optim);
    parameters_free(&p, 8), parameters_free(&q, 3);
}

/* ---- depth ---- */

static wg_nn_module *nested(int depth)
{
    wg_nn_module *net = wg_nn_tanh();
    for (int i = 1; i < depth && net; i++)
        net = wg_nn_sequential(net);
    return net;
}

static void *apply_the_deepest(void *context)
{
    bool *done = context;
    wg_set_threads(1);
    wg_nn_module *net = nested(WG_MAX_DEPTH);
    wg_tensor *x = wg_ones(WG_F64, WG_SHAPE(3)), *y = net ? wg_nn_apply(net, x) : NULL;
    *done = y && *wg_data_as(y, double) == tanh(1);
    wg_free(x), wg_free(y);
    wg_nn_destroy(net);
    return NULL;
}

#ifdef TEST_ASAN
enum { STACK = 2048 * 1024 }; /* which puts a guarded margin around every variable */
#else
enum { STACK = 256 * 1024 };
#endif

static void modules_nest_as_deep_as_a_small_stack_allows(void **state)
{
    (void)state;
    pthread_attr_t attributes;
    pthread_t thread;
    bool done = false;
    live_excuse(); /* memory that the thread keeps */
    assert_int_equal(pthread_attr_init(&attributes), 0);
    assert_int_equal(pthread_attr_setstacksize(&attributes, STACK), 0);
    assert_int_equal(pthread_create(&thread, &attributes, apply_the_deepest, &done), 0);
    assert_int_equal(pthread_join(thread, NULL), 0);
    assert_int_equal(pthread_attr_destroy(&attributes), 0);
    assert_true(done);
}

static void deeper_modules_are_refused(void **state)
{
    (void)state;
    assert_null_and_error(nested(WG_MAX_DEPTH + 1), WG_E_ARGUMENT, "nn_add_child: modules nest at most 256 deep");
    assert_null_and_error(nested(50000), WG_E_ARGUMENT, "nn_add_child: modules nest at most 256 deep");
    wg_nn_module *net = wg_nn_module_create(&plain, NULL, NULL);
    assert_ok(wg_nn_add_child(net, "deep", nested(WG_MAX_DEPTH - 1)));
    assert_fails(wg_nn_add_child(net, "deeper", nested(WG_MAX_DEPTH)), WG_E_ARGUMENT, "\"deeper\" would be deeper");
    assert_int_equal(wg_nn_children(net), 1);
    assert_ok(wg_nn_add_child(net, "deeper", wg_nn_tanh())); /* the name is still free */
    wg_nn_destroy(net);
}

/* Applies its own module so many more times, one inside the other. */
static wg_tensor *again(const wg_nn_call *call, wg_tensor *x)
{
    int *left = call->context;
    return (*left)-- > 0 ? wg_nn_apply(call->module, x) : wg_tanh(x);
}

static const struct wg_nn_kind recursive = {.name = "recursive", .forward = again};

static void a_module_that_applies_itself_is_refused_at_the_limit(void **state)
{
    (void)state;
    int left = WG_MAX_DEPTH - 1;
    wg_nn_module *net = wg_nn_module_create(&recursive, NULL, &left);
    wg_tensor *x = wg_ones(WG_F64, WG_SHAPE(3)), *y = made(wg_nn_apply(net, x));
    assert_near(*wg_data_as(y, double), tanh(1), 0);
    for (int on_tape = 0; on_tape < 2; on_tape++) {
        wg_tape *tape = on_tape ? wg_tape_open() : NULL;
        left = INT_MAX;
        assert_null_and_error(wg_nn_apply(net, x), WG_E_STATE,
                              "nn_apply: the forward function of recursive would run inside 256 others");
        assert_int_equal(INT_MAX - left, WG_MAX_DEPTH);
        if (tape)
            assert_ok(wg_tape_close(tape));
    }
    wg_free(x), wg_free(y);
    wg_nn_destroy(net);
}

int main(int argc, char **argv)
{
    for (int i = 0; i < N_WORKS && argc == 3; i++) /* run by callgrind */
        if (strcmp(works[i].name, argv[1]) == 0) {
            works[i].run((int)strtol(argv[2], NULL, 10));
            return 0;
        }
    const struct CMUnitTest tests[] = {
        TEST(the_work_is_linear),
        TEST(names_are_those_of_the_lists),
        TEST(modules_nest_as_deep_as_a_small_stack_allows),
        TEST(deeper_modules_are_refused),
        TEST(a_module_that_applies_itself_is_refused_at_the_limit),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
