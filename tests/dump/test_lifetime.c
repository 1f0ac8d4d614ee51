/* Lifetimes of buffers: what is predicted from them is what the allocator counted, and each death has its reason. */
#include <pthread.h>
#include <stdio.h>
#include <unistd.h>

#include "common.h"

/* ---- steps of several kinds ---- */

static bool train(wg_nn_module *net, wg_optim *opt, wg_tensor *x, wg_tensor *labels, int steps)
{
    bool good = net && opt && x && labels;
    for (int i = 0; i < steps && good; i++) {
        WG_TAPE(tape);
        wg_tensor *loss = wg_cross_entropy(wg_nn_apply(net, x), labels);
        good = wg_backward(loss) == WG_OK && wg_optim_step(opt) == WG_OK;
    }
    wg_optim_destroy(opt);
    wg_nn_destroy(net);
    wg_free(x), wg_free(labels);
    return good;
}

static wg_tensor *class_labels(int64_t n, int64_t classes)
{
    int64_t label[64];
    for (int64_t i = 0; i < n; i++)
        label[i] = i % classes;
    return wg_from(label, WG_SHAPE(n));
}

static bool mlp(void)
{
    wg_nn_module *net = wg_nn_mlp(WG_SIZES(30, 50, 40, 10), .batch_norm = true, .seed = 1);
    return train(net, wg_optim_adam(wg_nn_parameters(net), .lr = 0.01), wg_ones(WG_F32, WG_SHAPE(32, 30)), class_labels(32, 10), 3);
}

static wg_tensor *flat(const wg_nn_call *call, wg_tensor *x)
{
    (void)call;
    return wg_reshape(x, WG_SHAPE(wg_extent(x, 0), wg_numel(x) / wg_extent(x, 0)));
}

static bool conv(void)
{
    static const struct wg_nn_kind flatten = {.name = "flat", .forward = flat};
    wg_nn_module *net = wg_nn_sequential(wg_nn_conv2d(1, 4, 3), wg_nn_relu(), wg_nn_conv2d(4, 6, 3), wg_nn_batch_norm(6),
                                         wg_nn_relu(), wg_nn_module_create(&flatten, NULL, NULL), wg_nn_linear(6 * 8 * 8, 10));
    return train(net, wg_optim_sgd(wg_nn_parameters(net), .lr = 0.01, .momentum = 0.9), wg_ones(WG_F32, WG_SHAPE(8, 1, 12, 12)),
                 class_labels(8, 10), 3);
}

static wg_tensor *block(wg_tensor *const *x, size_t n, void *context)
{
    (void)n;
    return wg_tanh(wg_matmul(wg_tanh(wg_matmul(x[0], context)), context));
}

static bool checkpointed(void)
{
    wg_tensor *w = wg_set_requires_grad(wg_full(WG_F64, WG_SHAPE(20, 20), 0.1), true), *x = wg_ones(WG_F64, WG_SHAPE(30, 20));
    bool good = w && x;
    for (int i = 0; i < 2 && good; i++) {
        WG_TAPE(tape);
        wg_tensor *h = x;
        for (int k = 0; k < 4; k++)
            h = wg_checkpoint(block, w, &h, 1);
        good = wg_backward(wg_mean(h)) == WG_OK;
    }
    wg_free(w), wg_free(x);
    return good;
}

/* Gradients of gradients, on a traced tape and on one that is not. */
static bool second_order(void)
{
    bool good = true;
    wg_tensor *x = wg_set_requires_grad(wg_full(WG_F64, WG_SHAPE(100), 0.5), true);
    for (int trace = 0; trace < 2 && good; trace++) {
        WG_TAPE(tape, .trace = trace);
        wg_tensor *g = wg_grad(wg_sum(wg_exp(wg_mul(x, x))), x, .create_graph = true);
        good = g && wg_backward(wg_sum(wg_mul(g, g))) == WG_OK;
    }
    wg_free(x);
    return good;
}

/* 20,000 small results, which take several chunks of the tape. */
static bool long_chain(void)
{
    wg_tensor *x = wg_set_requires_grad(wg_full(WG_F64, WG_SHAPE(2), 0.5), true);
    bool good = x;
    for (int i = 0; i < 2 && good; i++) {
        WG_TAPE(tape);
        wg_tensor *h = x;
        for (int k = 0; k < 20000; k++)
            h = wg_mul(h, x);
        good = wg_backward(wg_sum(h)) == WG_OK;
    }
    wg_free(x);
    return good;
}

/* ---- prediction and count ---- */

struct run {
    bool (*program)(void);
    bool recorded, good;
    wg_memory memory;
    wg_lifetime *lifetime;
};

static void *run_program(void *context)
{
    struct run *run = context;
    run->good = !run->recorded || wg_lifetime_begin() == WG_OK;
    run->good = run->good && run->program();
    run->memory = wg_memory_now();
    if (run->recorded)
        run->lifetime = wg_lifetime_end();
    return NULL;
}

/* Each in a fresh thread, whose allocator begins empty. */
static struct run in_thread(bool (*program)(void), bool recorded)
{
    struct run run = {.program = program, .recorded = recorded};
    pthread_t thread;
    assert_int_equal(pthread_create(&thread, NULL, run_program, &run), 0);
    assert_int_equal(pthread_join(thread, NULL), 0);
    assert_true(run.good);
    return run;
}

static wg_lifetime_peak peak_of(const wg_lifetime *l)
{
    wg_lifetime_peak peak;
    assert_ok(wg_lifetime_peak_of(l, &peak));
    return peak;
}

/* The peak that the lifetimes predict is, to the byte, the allocator's count of the recorded run and of one that nobody watched. */
static void the_predicted_peak_is_the_counted_one(void **state)
{
    static bool (*const program[])(void) = {mlp, conv, checkpointed, second_order, long_chain};
    (void)state;
    for (size_t i = 0; i < sizeof program / sizeof *program; i++) {
        const struct run plain = in_thread(program[i], false), watched = in_thread(program[i], true);
        assert_non_null(watched.lifetime);
        const wg_lifetime_peak peak = peak_of(watched.lifetime);
        assert_int_equal(peak.blocks, watched.lifetime->allocator_peak);
        assert_int_equal(watched.memory.peak, plain.memory.peak);
        assert_int_equal(watched.memory.mallocs, plain.memory.mallocs);
        assert_int_equal(watched.memory.live, plain.memory.live);
        assert_int_equal(peak.blocks, plain.memory.peak);
        assert_true(peak.requested < peak.blocks && peak.least_blocks <= peak.blocks && peak.least_requested <= peak.requested);
        wg_lifetime_destroy(watched.lifetime);
    }
}

/* The control of the test above: a buffer that dies one step later, or a byte more of it, is another prediction. */
static void a_late_death_is_another_prediction(void **state)
{
    (void)state;
    const struct run run = in_thread(mlp, true);
    const wg_lifetime_peak peak = peak_of(run.lifetime);
    wg_lifetime_buffer *buffer = (wg_lifetime_buffer *)(uintptr_t)run.lifetime->buffer;
    size_t late = 0;
    while (late < run.lifetime->n_buffers && !(buffer[late].kind == WG_LIFETIME_VALUE && buffer[late].died < peak.time))
        late++;
    assert_true(late < run.lifetime->n_buffers);
    buffer[late].died = peak.time + 1;
    const wg_lifetime_peak later = peak_of(run.lifetime);
    assert_int_equal(later.blocks, peak.blocks + (int64_t)buffer[late].block);
    assert_int_equal(later.least_blocks, peak.least_blocks);
    wg_lifetime_destroy(run.lifetime);
}

/* ---- reasons ---- */

enum { N = 1000 };

static wg_tensor *vector(double value)
{
    return made(wg_full(WG_F32, WG_SHAPE(N), value));
}

/* The buffer that the step made, the occurrence-th one with that op. */
static const wg_lifetime_buffer *made_by(const wg_lifetime *l, const char *op, int occurrence)
{
    for (size_t i = 0; i < l->n_buffers; i++)
        if (l->buffer[i].made_by != WG_LIFETIME_NONE && strcmp(l->step[l->buffer[i].made_by].op, op) == 0 && occurrence-- == 0)
            return &l->buffer[i];
    fail_msg("no step %s made a buffer", op);
    return NULL;
}

static void assert_dies(const wg_lifetime *l, const char *op, int occurrence, wg_lifetime_end_reason reason)
{
    const wg_lifetime_buffer *buffer = made_by(l, op, occurrence);
    assert_string_equal(wg_lifetime_reason_name(buffer->reason), wg_lifetime_reason_name(reason));
    assert_true((buffer->died == WG_LIFETIME_NONE) == (reason == WG_LIFETIME_LIVES || reason == WG_LIFETIME_ELSEWHERE));
    assert_true(buffer->born < l->step[buffer->made_by].time && buffer->born < buffer->died);
    assert_true(buffer->requested == N * sizeof(float) && buffer->block >= buffer->requested);
    assert_true(buffer->shape.rank == 1 && buffer->shape.extent[0] == N && buffer->dtype == WG_F32);
}

static void each_death_has_its_reason(void **state)
{
    (void)state;
    wg_tensor *x = vector(0.5), *w = wg_set_requires_grad(vector(2), true), *kept = NULL;
    wg_optim *opt = wg_optim_sgd(((wg_tensor_list){1, &w, NULL}), .lr = 0.1);
    assert_ok(wg_lifetime_begin());
    {
        WG_TAPE(tape);
        assert_ok(wg_section_push("first"));
        wg_tensor *dropped = made(wg_sin(x)); /* backward of a sum needs no operand */
        wg_tensor *h = made(wg_mul(w, x));
        wg_section_pop();
        wg_tensor *sum = made(wg_add(h, dropped));
        wg_drop(dropped);
        wg_tensor *donated = made(wg_cos(x)), *taken = made(wg_neg(wg_donate(donated)));
        (void)taken;
        kept = wg_keep(made(wg_sqrt(x)));
        assert_ok(wg_backward(wg_sum(wg_tanh(sum))));
        assert_ok(wg_optim_step(opt));
    }
    wg_lifetime *l = wg_lifetime_end();
    assert_non_null(l);
    assert_dies(l, "sin", 0, WG_LIFETIME_RELEASED);
    assert_dies(l, "mul", 0, WG_LIFETIME_BACKWARD);
    assert_dies(l, "tanh", 0, WG_LIFETIME_BACKWARD);
    assert_dies(l, "sqrt", 0, WG_LIFETIME_LIVES);
    assert_dies(l, "tanh_grad", 0, WG_LIFETIME_BACKWARD);
    /* The memory of cos is neg's from then on: one buffer. */
    const wg_lifetime_buffer *both = made_by(l, "cos", 0);
    assert_string_equal(l->step[both->last_use].op, "neg");
    assert_string_equal(l->section[made_by(l, "mul", 0)->section].path, "first");
    assert_string_equal(l->section[made_by(l, "tanh_grad", 0)->section].path, "");
    assert_int_equal(l->step[made_by(l, "tanh_grad", 0)->made_by].part, WG_COST_BACKWARD);
    const size_t cause = l->step[made_by(l, "tanh_grad", 0)->made_by].cause;
    assert_true(cause < l->n_steps);
    assert_string_equal(l->step[cause].op, "tanh");
    assert_dies(l, "mul", 1, WG_LIFETIME_TAPE); /* the gradient of w, which the update read through a handle of the tape */
    size_t committed = 0;
    for (size_t i = 0; i < l->n_buffers; i++)
        committed += l->buffer[i].reason == WG_LIFETIME_COMMIT;
    assert_true(committed > 0); /* what would have undone the gradient */
    wg_lifetime_destroy(l);
    wg_optim_destroy(opt);
    wg_free(x), wg_free(w), wg_free(kept);
}

/* Without a backward pass the tape's values live until it closes; donated memory that no result takes over is given back at once. */
static void values_die_with_their_tape(void **state)
{
    (void)state;
    wg_tensor *x = vector(0.5);
    assert_ok(wg_lifetime_begin());
    {
        WG_TAPE(tape);
        wg_tensor *h = made(wg_sin(x));
        made(wg_add(wg_donate(made(wg_cos(x))), made(wg_broadcast_to(wg_ones(WG_F32, WG_SHAPE(3, 1)), WG_SHAPE(3, N)))));
        (void)h;
    }
    wg_lifetime *l = wg_lifetime_end();
    assert_non_null(l);
    assert_dies(l, "sin", 0, WG_LIFETIME_TAPE);
    assert_dies(l, "cos", 0, WG_LIFETIME_DONATED);
    wg_lifetime_destroy(l);
    wg_free(x);
}

/* A planted late free: the same computation with one value held to the end of the step. The peak is higher by its block, its death is
   late and has another reason, and the lower bound is the same. */
static wg_lifetime *chain(bool late)
{
    wg_tensor *x = vector(0.5);
    assert_ok(wg_lifetime_begin());
    {
        WG_TAPE(tape);
        wg_tensor *h = made(wg_sin(x)), *next = made(wg_cos(h));
        if (!late)
            wg_drop(h);
        wg_tensor *last = made(wg_exp(next));
        wg_drop(next);
        made(wg_neg(last));
    }
    wg_lifetime *l = wg_lifetime_end();
    assert_non_null(l);
    wg_free(x);
    return l;
}

static void a_planted_late_free_shows(void **state)
{
    (void)state;
    wg_lifetime_destroy(chain(false)); /* after it the tape's memory is there */
    wg_lifetime *soon = chain(false), *late = chain(true);
    const wg_lifetime_peak soon_peak = peak_of(soon), late_peak = peak_of(late);
    const wg_lifetime_buffer *h = made_by(late, "sin", 0);
    assert_dies(soon, "sin", 0, WG_LIFETIME_RELEASED);
    assert_dies(late, "sin", 0, WG_LIFETIME_TAPE);
    assert_true(late->step[h->last_use].time + 2 < h->died);
    assert_int_equal(late_peak.blocks - late->live_before, soon_peak.blocks - soon->live_before + (int64_t)h->block);
    assert_int_equal(late_peak.least_blocks - late->live_before, soon_peak.least_blocks - soon->live_before);
    wg_lifetime_destroy(soon), wg_lifetime_destroy(late);
}

/* A second backward adds to a leaf's gradient: the sum is a new buffer, and the one before goes with the tape that could still undo it. */
static void a_replaced_gradient_dies_with_the_tape(void **state)
{
    (void)state;
    wg_tensor *w = wg_set_requires_grad(vector(2), true);
    assert_ok(wg_lifetime_begin());
    for (int i = 0; i < 2; i++) {
        WG_TAPE(tape);
        assert_ok(wg_backward(wg_sum(wg_mul(w, w))));
    }
    wg_lifetime *l = wg_lifetime_end();
    assert_non_null(l);
    const wg_lifetime_buffer *sum = NULL,
                             *before = NULL; /* the first gradient is the last buffer that the first tape's backward made */
    for (size_t i = 0; i < l->n_buffers; i++) {
        const wg_lifetime_buffer *buffer = &l->buffer[i];
        if (buffer->part != WG_COST_BACKWARD || buffer->requested != N * sizeof(float))
            continue;
        before = buffer->reason == WG_LIFETIME_TAPE ? buffer : before;
        sum = buffer->reason == WG_LIFETIME_LIVES ? buffer : sum;
    }
    assert_true(sum && before && before->born < sum->born && sum->born < before->died);
    assert_int_equal(peak_of(l).blocks, l->allocator_peak);
    wg_lifetime_destroy(l);
    wg_free(w);
}

/* A replay asks for no memory: nothing of it is seen, and the count is right. */
static wg_status replayed(void *context)
{
    wg_tensor *const *x = context;
    WG_TAPE(tape);
    return wg_assign(x[1], wg_sin(x[0]));
}

static void a_replay_takes_no_memory(void **state)
{
    (void)state;
    wg_tensor *x[2] = {vector(0.5), vector(0)};
    wg_replay *replay = wg_replay_capture(replayed, x);
    assert_non_null(replay);
    assert_ok(wg_lifetime_begin());
    assert_ok(wg_replay_run(replay));
    wg_lifetime *l = wg_lifetime_end();
    assert_non_null(l);
    assert_int_equal(l->n_steps, 0);
    assert_int_equal(peak_of(l).blocks, l->allocator_peak);
    wg_lifetime_destroy(l);
    wg_replay_destroy(replay);
    wg_free(x[0]), wg_free(x[1]);
}

static void *frees(void *context)
{
    wg_free(context);
    return NULL;
}

/* What another thread frees counts as in use here, for the allocator and for the peak. */
static void another_thread_may_free(void **state)
{
    (void)state;
    wg_memory_trim();
    live_excuse();
    assert_ok(wg_lifetime_begin());
    wg_tensor *x = vector(0.5), *y = made(wg_sin(x));
    pthread_t thread;
    assert_int_equal(pthread_create(&thread, NULL, frees, y), 0);
    assert_int_equal(pthread_join(thread, NULL), 0);
    wg_free(x);
    wg_lifetime *l = wg_lifetime_end();
    assert_non_null(l);
    assert_dies(l, "sin", 0, WG_LIFETIME_ELSEWHERE);
    assert_int_equal(peak_of(l).blocks, l->allocator_peak);
    wg_lifetime_destroy(l);
}

/* What is older than the recording shows with its size when it dies. */
static void earlier_memory_is_counted(void **state)
{
    (void)state;
    wg_tensor *old = vector(1), *x = vector(0.5);
    const int64_t before = wg_memory_now().live;
    assert_ok(wg_lifetime_begin());
    wg_free(old);
    const int64_t freed = before - wg_memory_now().live;
    wg_tensor *y = made(wg_sin(x));
    wg_lifetime *l = wg_lifetime_end();
    assert_non_null(l);
    int64_t earlier = 0;
    for (size_t i = 0; i < l->n_buffers; i++)
        if (l->buffer[i].kind == WG_LIFETIME_EARLIER)
            earlier += (int64_t)l->buffer[i].block;
    assert_true(freed >= N * (int64_t)sizeof(float));
    assert_int_equal(earlier, freed);
    assert_int_equal(peak_of(l).blocks, l->allocator_peak);
    wg_lifetime_destroy(l);
    wg_free(x), wg_free(y);
}

/* The death of a buffer is noted where the recording's arrays stand, though the earlier memory that shows at that moment made them grow. */
static void deaths_outlast_growing_lists(void **state)
{
    enum { MANY = 1000 }; /* two blocks each: the lists grow at 2048, while deaths are noted */
    wg_tensor *old[MANY], *young[MANY];
    (void)state;
    for (int i = 0; i < MANY; i++)
        old[i] = vector(1);
    assert_ok(wg_lifetime_begin());
    for (int i = 0; i < MANY; i++)
        young[i] = vector(1);
    for (int i = 0; i < MANY; i++)
        wg_free(old[i]), wg_free(young[i]);
    wg_lifetime *l = wg_lifetime_end();
    assert_non_null(l);
    for (size_t i = 0; i < l->n_buffers; i++)
        assert_true(l->buffer[i].died != WG_LIFETIME_NONE && l->buffer[i].reason == WG_LIFETIME_RELEASED);
    assert_int_equal(peak_of(l).blocks, l->allocator_peak);
    wg_lifetime_destroy(l);
}

/* ---- the picture ---- */

/* With the name of a folder the program leaves pictures there for the Python beside it. */
static const char *folder;

static FILE *picture(const char *name)
{
    char path[512];
    snprintf(path, sizeof path, "%s/%s.svg", folder ? folder : "", name);
    FILE *stream = folder ? fopen(path, "w") : tmpfile();
    assert_non_null(stream);
    return stream;
}

static void write_picture(const char *name, const wg_lifetime *l, wg_lifetime_colour colour, int rows)
{
    FILE *stream = picture(name);
    assert_ok(wg_lifetime_write_svg(l, stream, .colour = colour, .rows = rows, .title = "<&\"\x01\xff>"));
    assert_true(ftell(stream) > 1000);
    assert_int_equal(fclose(stream), 0);
}

static void pictures(void **state)
{
    (void)state;
    const struct run run = in_thread(conv, true), chain_run = in_thread(long_chain, true);
    write_picture("conv-40", run.lifetime, WG_LIFETIME_BY_REASON, 40);
    write_picture("conv-3", run.lifetime, WG_LIFETIME_BY_SECTION, 3);
    write_picture("chain-40", chain_run.lifetime, WG_LIFETIME_BY_REASON, 40);
    wg_lifetime_destroy(chain_run.lifetime);
    wg_lifetime_destroy(run.lifetime);
    assert_ok(wg_lifetime_begin());
    wg_lifetime *empty = wg_lifetime_end();
    assert_non_null(empty);
    write_picture("empty-1", empty, WG_LIFETIME_BY_SECTION, 1);
    if (access("/dev/full", W_OK) == 0) {
        FILE *full = fopen("/dev/full", "w");
        assert_non_null(full);
        assert_fails(wg_lifetime_write_svg(empty, full), WG_E_IO, "lifetime_write_svg: writing");
        fclose(full);
    }
    wg_lifetime_destroy(empty);
}

/* ---- misuse, and memory that runs out ---- */

static wg_status one_step(void *context)
{
    (void)context;
    return WG_OK;
}

static void no_capture_in_a_recording(void **state)
{
    (void)state;
    assert_ok(wg_lifetime_begin());
    assert_null_and_error(wg_replay_capture(one_step, NULL), WG_E_STATE, "not while lifetimes are recorded");
    wg_lifetime *l = wg_lifetime_end();
    assert_non_null(l);
    wg_lifetime_destroy(l);
}

/* The step goes on when memory for its recording runs out; only the recording fails. */
static void memory_for_the_recording_may_run_out(void **state)
{
    (void)state;
    wg_tensor *x = vector(0.5);
    int failed = 0, steps = 0;
    for (int64_t at = 0;; at++) {
        wg_memory_fail(at, false);
        const wg_status begun = wg_lifetime_begin();
        wg_tensor *y = begun == WG_OK ? wg_sin(x) : NULL;
        steps += y != NULL;
        wg_free(y);
        wg_lifetime *l = begun == WG_OK ? wg_lifetime_end() : NULL;
        const bool done = wg_memory_requests() <= at;
        wg_memory_fail(-1, false);
        wg_lifetime_destroy(l);
        if (done) {
            assert_true(l && y);
            break;
        }
        wg_error error;
        assert_int_equal(wg_error_take(&error), WG_E_MEMORY);
        failed += l == NULL;
    }
    assert_true(failed > 5 && steps > 5);
    wg_free(x);
}

static void *forgets_to_end(void *context)
{
    bool *begun = context;
    *begun = wg_lifetime_begin() == WG_OK;
    wg_tensor *x = wg_ones(WG_F32, WG_SHAPE(100));
    wg_free(x);
    return NULL;
}

static void a_thread_may_end_in_a_recording(void **state)
{
    (void)state;
    bool begun = false;
    pthread_t thread;
    assert_int_equal(pthread_create(&thread, NULL, forgets_to_end, &begun), 0);
    assert_int_equal(pthread_join(thread, NULL), 0);
    assert_true(begun);
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {TEST(the_predicted_peak_is_the_counted_one),
                                       TEST(a_late_death_is_another_prediction),
                                       TEST(each_death_has_its_reason),
                                       TEST(values_die_with_their_tape),
                                       TEST(a_planted_late_free_shows),
                                       TEST(a_replaced_gradient_dies_with_the_tape),
                                       TEST(a_replay_takes_no_memory),
                                       TEST(another_thread_may_free),
                                       TEST(earlier_memory_is_counted),
                                       TEST(deaths_outlast_growing_lists),
                                       TEST(pictures),
                                       TEST(no_capture_in_a_recording),
                                       TEST(memory_for_the_recording_may_run_out),
                                       TEST(a_thread_may_end_in_a_recording)};
    folder = argc > 1 ? argv[1] : NULL;
    return cmocka_run_group_tests(tests, NULL, NULL);
}
