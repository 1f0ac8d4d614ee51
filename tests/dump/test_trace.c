/* Traces: well-formed JSON, whole and early, whatever names there are and whatever fails; events contain each other and are as many as
   the tape's nodes. The Python beside it reads the files that this program leaves in the folder given. */
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common.h"

static const char *folder;

static FILE *file(const char *name, const char *mode)
{
    char path[512];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    FILE *stream = fopen(path, mode);
    assert_non_null(stream);
    return stream;
}

static wg_nn_module *small_net(void)
{
    return wg_nn_mlp(WG_SIZES(6, 8, 3), .batch_norm = true, .seed = 1);
}

static void run_step(const wg_nn_module *net, wg_optim *opt, wg_tensor *x, wg_tensor *labels, bool trace, size_t *nodes)
{
    WG_TAPE(tape, .trace = trace);
    wg_tensor *loss = wg_cross_entropy(wg_nn_apply(net, x), labels);
    *nodes = wg_tape_nodes(tape);
    assert_ok(wg_backward(loss));
    assert_ok(wg_optim_step(opt));
    if (trace)
        *nodes = wg_tape_nodes(tape);
}

/* A step on a plain tape and one on a traced tape: the names of the files say how many nodes the Python should find. */
static void steps(void **state)
{
    (void)state;
    const int64_t label[] = {0, 1, 2, 0};
    wg_nn_module *net = small_net();
    wg_optim *opt = wg_optim_sgd(wg_nn_parameters(net), .lr = 0.1);
    wg_tensor *x = made(wg_full(WG_F32, WG_SHAPE(4, 6), 0.5)), *labels = made(wg_from(label, WG_SHAPE(4)));
    for (int traced = 0; traced < 2; traced++) {
        FILE *stream = file("open", "w");
        size_t nodes;
        assert_ok(wg_trace_begin(stream, .thread = traced ? "traced" : "plain"));
        run_step(net, opt, x, labels, traced, &nodes);
        assert_ok(wg_trace_end());
        assert_int_equal(fclose(stream), 0);
        char from[512], to[600];
        snprintf(from, sizeof from, "%s/open", folder);
        snprintf(to, sizeof to, "%s/%s-%zu.json", folder, traced ? "traced" : "plain", nodes);
        assert_int_equal(rename(from, to), 0);
    }
    wg_optim_destroy(opt);
    wg_nn_destroy(net);
    wg_free(x), wg_free(labels);
}

static wg_status leaves_a_section(void *context)
{
    (void)context;
    return wg_section_push("left by a function");
}

/* Ended in a section of an open tape; sections that a closing tape leaves; a section that is left before a tape opened in it. */
static void stopped_early(void **state)
{
    (void)state;
    wg_tensor *x = made(wg_ones(WG_F32, WG_SHAPE(5)));
    FILE *stream = file("early.json", "w");
    assert_ok(wg_trace_begin(stream));
    {
        WG_TAPE(tape);
        assert_ok(wg_section_push("left by the tape"));
        made(wg_sin(x));
    }
    assert_ok(wg_callback_run("run", "its function", NULL, leaves_a_section, NULL));
    wg_free(made(wg_neg(x))); /* behind that section */
    assert_ok(wg_section_push("crossed"));
    {
        WG_TAPE(tape);
        wg_section_pop();
        made(wg_cos(x));
    }
    WG_TAPE(tape);
    assert_ok(wg_section_push("open"));
    made(wg_exp(x));
    assert_ok(wg_trace_end());
    wg_section_pop();
    made(wg_log(x)); /* not in the trace */
    assert_int_equal(fclose(stream), 0);
    wg_free(x);
}

static wg_tensor *twice(wg_tensor *const *x, size_t n, void *context)
{
    (void)n;
    if (context)
        return wg_checkpoint(twice, NULL, x, 1);
    if (wg_section_push("inner") != WG_OK)
        return NULL;
    wg_tensor *y = wg_exp(wg_sin(x[0]));
    wg_section_pop();
    return y;
}

/* A checkpoint in a checkpoint runs again inside its vjp. */
static void checkpoints(void **state)
{
    (void)state;
    wg_tensor *x = wg_set_requires_grad(made(wg_full(WG_F32, WG_SHAPE(5), 0.5)), true);
    FILE *stream = file("checkpoint.json", "w");
    assert_ok(wg_trace_begin(stream));
    {
        WG_TAPE(tape);
        assert_ok(wg_section_push("outer"));
        wg_tensor *y = made(wg_checkpoint(twice, x, &x, 1));
        wg_section_pop();
        assert_ok(wg_backward(wg_sum(y)));
    }
    assert_ok(wg_trace_end());
    assert_int_equal(fclose(stream), 0);
    wg_free(x);
}

static wg_status captured(void *context)
{
    wg_tensor *const *x = context;
    WG_TAPE(tape);
    return wg_assign(x[1], wg_sin(x[0]));
}

/* Beside what else looks on: a recording of lifetimes, anomaly mode, a timed tape, a capture. */
static void other_modes(void **state)
{
    (void)state;
    wg_tensor *x[2] = {made(wg_ones(WG_F32, WG_SHAPE(5))), made(wg_zeros(WG_F32, WG_SHAPE(5)))};
    FILE *stream = file("modes.json", "w");
    assert_ok(wg_trace_begin(stream));
    wg_replay *replay = wg_replay_capture(captured, x);
    assert_non_null(replay);
    assert_ok(wg_replay_run(replay));
    wg_replay_destroy(replay);
    assert_ok(wg_lifetime_begin());
    {
        WG_ANOMALY(WG_ANOMALY_NAN);
        WG_TAPE(tape, .time = true);
        wg_tensor *y = made(wg_cos(x[0]));
        assert_null(wg_log(wg_neg(y)));
        expect_error(WG_E_NUMERIC, "log");
    }
    wg_lifetime *l = wg_lifetime_end();
    assert_non_null(l);
    wg_lifetime_peak peak;
    assert_ok(wg_lifetime_peak_of(l, &peak));
    assert_int_equal(peak.blocks, l->allocator_peak);
    assert_int_equal(l->n_steps, 3);
    wg_lifetime_destroy(l);
    assert_ok(wg_trace_end());
    assert_int_equal(fclose(stream), 0);
    wg_free(x[0]), wg_free(x[1]);
}

static void hostile_names(void **state)
{
    (void)state;
    static const char *const names[] = {
        "\"}]}", "</script>", "back\\slash", "line\nend\ttab\x01", "\xff\xfe\xc0\xaf", "\xe2\x80\xa8", "caf\xc3\xa9", ""};
    wg_tensor *x = made(wg_ones(WG_F32, WG_SHAPE(5)));
    FILE *stream = file("hostile.json", "w");
    assert_ok(wg_trace_begin(stream, .thread = "\"main\"\n"));
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        WG_TAPE(tape);
        assert_ok(wg_section_push(names[i]));
        made(wg_sin(x));
    }
    assert_ok(wg_trace_end());
    assert_int_equal(fclose(stream), 0);
    wg_free(x);
}

/* Two threads: the parts of an op's work. On a machine that never shares the file has none. */
static void helper_threads(void **state)
{
    (void)state;
    wg_tensor *x = made(wg_ones(WG_F32, WG_SHAPE(2000000)));
    const int before = wg_threads();
    assert_ok(wg_set_threads(2));
    FILE *stream = file("helpers.json", "w");
    assert_ok(wg_trace_begin(stream));
    for (int i = 0; i < 5; i++)
        wg_free(made(wg_sin(x)));
    assert_ok(wg_trace_end());
    assert_int_equal(fclose(stream), 0);
    assert_ok(wg_set_threads(before));
    wg_free(x);
}

static void many_sins(wg_tensor *x, int n)
{
    for (int i = 0; i < n; i++)
        wg_free(made(wg_sin(x)));
}

/* A write that fails, in the middle of a chunk: an error at the end, and what is in the file is JSON all the same. The step goes on. */
static void a_failing_write(void **state)
{
    (void)state;
    wg_tensor *x = made(wg_ones(WG_F32, WG_SHAPE(5)));
    struct rlimit before;
    assert_int_equal(getrlimit(RLIMIT_FSIZE, &before), 0);
    void (*handler)(int) = signal(SIGXFSZ, SIG_IGN);
    FILE *stream = file("limited.json", "w");
    const struct rlimit limit = {100000, before.rlim_max};
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &limit), 0);
    assert_ok(wg_trace_begin(stream));
    many_sins(x, 2000);
    assert_fails(wg_trace_end(), WG_E_IO, "trace_end: writing to the stream failed");
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &before), 0);
    fclose(stream);
    signal(SIGXFSZ, handler);
    if (access("/dev/full", W_OK) == 0) {
        stream = fopen("/dev/full", "w");
        assert_non_null(stream);
        assert_ok(wg_trace_begin(stream));
        many_sins(x, 10);
        assert_fails(wg_trace_end(), WG_E_IO, "trace_end: ");
        fclose(stream);
    }
    wg_free(x);
}

/* A program that ends without wg_trace_end leaves the chunks that were written. */
static void a_lost_program(void **state)
{
    (void)state;
    const pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        wg_tensor *x = wg_ones(WG_F32, WG_SHAPE(5));
        FILE *stream = file("lost.json", "w");
        if (wg_trace_begin(stream) != WG_OK)
            _exit(1);
        many_sins(x, 2000);
        _exit(0);
    }
    int status;
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_int_equal(status, 0);
}

static void *forgets_to_end(void *context)
{
    wg_tensor *x = wg_ones(WG_F32, WG_SHAPE(5));
    if (wg_trace_begin(context, .thread = "worker") == WG_OK)
        many_sins(x, 3);
    wg_free(x);
    return NULL;
}

static void a_thread_that_ends(void **state)
{
    (void)state;
    FILE *stream = file("thread.json", "w");
    pthread_t thread;
    assert_int_equal(pthread_create(&thread, NULL, forgets_to_end, stream), 0);
    assert_int_equal(pthread_join(thread, NULL), 0);
    assert_int_equal(fclose(stream), 0);
}

/* A pipe cannot be positioned; a file that is appended to keeps what it holds. */
static void streams_of_other_kinds(void **state)
{
    (void)state;
    wg_tensor *x = made(wg_ones(WG_F32, WG_SHAPE(5)));
    char path[512], command[600];
    snprintf(path, sizeof path, "%s/pipe.json", folder);
    snprintf(command, sizeof command, "cat > '%s'", path);
    FILE *stream = popen(command, "w");
    assert_non_null(stream);
    assert_ok(wg_trace_begin(stream));
    many_sins(x, 1000);
    assert_ok(wg_trace_end());
    assert_int_equal(pclose(stream), 0);
    stream = file("append.json", "w");
    fputs("\n\n", stream);
    assert_int_equal(fclose(stream), 0);
    stream = file("append.json", "a");
    assert_ok(wg_trace_begin(stream));
    many_sins(x, 1000);
    assert_ok(wg_trace_end());
    assert_int_equal(fclose(stream), 0);
    wg_free(x);
}

/* Results, memory and the number of mallocs are the same with a trace. */
static void a_trace_changes_nothing(void **state)
{
    (void)state;
    wg_memory memory[2];
    float sum[2];
    for (int traced = 0; traced < 2; traced++) {
        wg_tensor *x = wg_set_requires_grad(made(wg_full(WG_F32, WG_SHAPE(300), 0.25)), true);
        wg_memory_trim();
        const wg_memory before = wg_memory_now();
        FILE *stream = traced ? file("same.json", "w") : NULL;
        assert_ok(traced ? wg_trace_begin(stream) : WG_OK);
        {
            WG_TAPE(tape);
            assert_ok(wg_backward(wg_sum(wg_tanh(wg_mul(x, wg_exp(x))))));
        }
        memory[traced] = wg_memory_now();
        memory[traced].mallocs -= before.mallocs;
        assert_ok(traced ? wg_trace_end() : WG_OK);
        if (stream)
            assert_int_equal(fclose(stream), 0);
        sum[traced] = (float)element(wg_gradient(x), 7);
        wg_free(x);
    }
    assert_int_equal(memory[0].mallocs, memory[1].mallocs);
    assert_int_equal(memory[0].live, memory[1].live);
    assert_true(sum[0] == sum[1]);
}

/* Each request fails once: the ops of the program or the trace, never both, and the trace says so at its end. */
static void memory_may_run_out(void **state)
{
    (void)state;
    wg_tensor *x = made(wg_ones(WG_F32, WG_SHAPE(5)));
    bool done = false;
    int lost = 0;
    for (int64_t at = 0; !done; at++) {
        FILE *stream = file("memory.json", "w");
        wg_memory_fail(at, false);
        const wg_status begun = wg_trace_begin(stream);
        wg_tensor *y = wg_sin(x);
        const wg_status ended = begun == WG_OK ? wg_trace_end() : WG_OK;
        done = wg_memory_requests() <= at;
        wg_memory_fail(-1, false);
        assert_int_equal((begun != WG_OK) + (y == NULL) + (ended != WG_OK), !done);
        assert_true(begun == WG_OK || begun == WG_E_MEMORY);
        assert_true(ended == WG_OK || ended == WG_E_MEMORY);
        lost += ended != WG_OK;
        wg_error_take(NULL);
        wg_free(y);
        assert_int_equal(fclose(stream), 0);
    }
    assert_true(lost > 0);
    wg_free(x);
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {TEST(steps),
                                       TEST(stopped_early),
                                       TEST(checkpoints),
                                       TEST(other_modes),
                                       TEST(hostile_names),
                                       TEST(helper_threads),
                                       TEST(a_failing_write),
                                       TEST(a_lost_program),
                                       TEST(a_thread_that_ends),
                                       TEST(streams_of_other_kinds),
                                       TEST(a_trace_changes_nothing),
                                       TEST(memory_may_run_out)};
    if (argc != 2)
        return 2;
    folder = argv[1];
    return cmocka_run_group_tests(tests, NULL, NULL);
}
