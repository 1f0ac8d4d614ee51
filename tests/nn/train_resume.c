/* The training helper goes on from a checkpoint: stopped behind any step, killed, with more epochs; other runs' files are refused. */
#include <signal.h>
#include <sys/wait.h>

#include "train_world.h"

enum { KILLED_EPOCHS = 60 };

static void remove_checkpoints(void)
{
    char previous[120];
    snprintf(previous, sizeof previous, "%s.prev", checkpoint);
    unlink(checkpoint), unlink(previous);
}

/* A network with everything that a checkpoint must hold: running statistics, dropout, an optimizer's moments, stopping's best weights. */
static struct world whole_world(uint64_t seed)
{
    struct world w = world_make();
    wg_optim_destroy(w.optim), wg_nn_destroy(w.net);
    w.net = wg_nn_sequential(wg_nn_mlp(WG_SIZES(2, 8), .seed = 3), wg_nn_batch_norm(8), wg_nn_dropout(.p = 0.3),
                             wg_nn_mlp(WG_SIZES(8, 2), .seed = 4));
    w.optim = wg_optim_adam(wg_nn_parameters(w.net), .lr = 0.02);
    assert_int_equal(wg_seed(seed, 0), WG_OK);
    return w;
}

static char *read_text(const char *path)
{
    char *text = calloc(1, 10000);
    FILE *file = fopen(path, "rb");
    assert_non_null(file);
    text[fread(text, 1, 9999, file)] = 0;
    fclose(file);
    return text;
}

/* Trains five epochs at most, of which max_steps steps are allowed; *best gets what stopping found. */
static wg_train_result train_part(struct world *w, int64_t max_steps, wg_stopping_info *info)
{
    wg_train_result result;
    wg_stopping *stopping = wg_stopping_create(.max_steps = max_steps, .mode = WG_STOPPING_MODE_MIN);
    assert_int_equal(wg_stopping_keep(stopping, wg_nn_state(w->net)), WG_OK);
    if (TRAIN(w, .epochs = 5, .csv = csv, VALIDATED(w), .metrics = WG_METRICS(w->accuracy), .schedule = w->schedule,
              .stopping = stopping, .restore_best = true, .checkpoint = checkpoint, .resume = true, .result = &result) != WG_OK)
        fail_msg("%s", wg_error_first()->message);
    *info = wg_stopping_inspect(stopping);
    wg_stopping_destroy(stopping);
    return result;
}

/* Stopped behind any step and resumed by a new program, a run has the weights, the log and the end of one that was never stopped. */
static void a_resumed_run_is_the_same(void **state)
{
    (void)state;
    wg_stopping_info info, resumed_info;
    struct world straight = whole_world(9);
    remove_checkpoints();
    const wg_train_result wanted = train_part(&straight, 1000, &info);
    char *log = read_text(csv);
    for (int64_t steps = 0; steps <= 5 * PER_EPOCH; steps++) {
        remove_checkpoints();
        unlink(csv);
        struct world first = whole_world(9);
        (void)train_part(&first, steps, &resumed_info);
        world_free(&first);
        struct world second = whole_world(steps == 0 ? 9 : 77); /* where there is no checkpoint yet, it begins anew */
        wg_batches_destroy(second.batches);
        second.batches = wg_batches_create(second.x, second.y, .size = BATCH, .seed = 5, .workers = (int)(steps % 3)); /* ahead */
        const wg_train_result result = train_part(&second, 1000, &resumed_info);
        assert_same_weights(&second, &straight);
        char *resumed_log = read_text(csv);
        assert_string_equal(resumed_log, log);
        free(resumed_log);
        assert_true(result.end == wanted.end && result.epochs == wanted.epochs && result.steps == wanted.steps &&
                    result.loss == wanted.loss);
        assert_true(resumed_info.best == info.best && resumed_info.best_step == info.best_step && resumed_info.steps == info.steps);
        world_free(&second);
    }
    free(log);
    world_free(&straight);
    remove_checkpoints();
    assert_no_error();
}

/* A run of many epochs, in a process that may be killed. */
static wg_status train_long(struct world *w)
{
    return TRAIN(w, .epochs = KILLED_EPOCHS, .csv = csv, VALIDATED(w), .metrics = WG_METRICS(w->accuracy), .checkpoint = checkpoint,
                 .resume = true);
}

static void start_and_kill(unsigned *random, int *killed, int *finished)
{
    const pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        struct world w = whole_world(9);
        _exit(train_long(&w) == WG_OK ? 0 : 1);
    }
    *random = *random * 1103515245u + 12345u;
    usleep(1000 + (*random >> 8) % 30000);
    kill(child, SIGKILL);
    int status;
    assert_int_equal(waitpid(child, &status, 0), child);
    *killed += WIFSIGNALED(status);
    *finished += WIFEXITED(status);
    assert_true(!WIFEXITED(status) || WEXITSTATUS(status) == 0);
}

/* Killed again and again, a run that is started again ends with the weights and the log of one that was not. */
static void killed_runs_end_the_same(void **state)
{
    (void)state;
    unsigned random = 1;
    int killed = 0, finished = 0;
    struct world straight = whole_world(9);
    remove_checkpoints();
    assert_int_equal(train_long(&straight), WG_OK);
    char *log = read_text(csv);
    for (int round = 0; killed < (getenv("WENGERT_LONG") ? 400 : 20); round++) {
        if (round % 10 == 0)
            remove_checkpoints();
        start_and_kill(&random, &killed, &finished);
        if (finished == 0 && round % 10 != 9)
            continue;
        struct world w = whole_world(77);
        if (access(checkpoint, F_OK) != 0)
            assert_int_equal(wg_seed(9, 0), WG_OK); /* it was killed before there was one */
        assert_int_equal(train_long(&w), WG_OK);
        assert_same_weights(&w, &straight);
        char *text = read_text(csv);
        assert_string_equal(text, log);
        free(text);
        world_free(&w);
        finished = 0;
        remove_checkpoints();
    }
    free(log);
    world_free(&straight);
    remove_checkpoints();
    assert_no_error();
}

static wg_status interrupt(wg_train_report *report, void *context)
{
    (void)context;
    return report->epoch == 2 && raise(SIGTERM) != 0 ? WG_E_STATE : WG_OK;
}

/* After a signal the step is finished, a checkpoint is there, and the best weights are not put back, for the run is not at its end. */
static void a_signal_ends_a_run_with_its_checkpoint(void **state)
{
    (void)state;
    struct world straight = whole_world(9), w = whole_world(9), rest = whole_world(77);
    wg_train_result result;
    assert_int_equal(wg_seed(9, 0), WG_OK);
    assert_int_equal(TRAIN(&straight, .epochs = 4), WG_OK);
    assert_int_equal(wg_seed(9, 0), WG_OK);
    assert_int_equal(wg_interrupt_catch(), WG_OK);
    assert_int_equal(TRAIN(&w, .epochs = 4, .checkpoint = checkpoint, .epoch_end = interrupt, .result = &result), WG_OK);
    assert_true(result.end == WG_TRAIN_END_INTERRUPTED && result.epochs == 2 && result.steps == 2 * PER_EPOCH);
    assert_int_equal(TRAIN(&rest, .epochs = 4, .checkpoint = checkpoint, .resume = true, .result = &result), WG_OK);
    assert_true(result.end == WG_TRAIN_END_INTERRUPTED && result.epochs == 2); /* as long as the signal is noted */
    wg_interrupt_release();
    assert_int_equal(TRAIN(&rest, .epochs = 4, .checkpoint = checkpoint, .resume = true, .result = &result), WG_OK);
    assert_true(result.end == WG_TRAIN_END_EPOCHS && result.epochs == 4);
    assert_same_weights(&rest, &straight);
    world_free(&straight), world_free(&w), world_free(&rest);
    remove_checkpoints();
    assert_no_error();
}

/* More epochs than before: those that were done are not done again. */
static void a_run_that_is_done_goes_on_with_more_epochs(void **state)
{
    (void)state;
    struct world w = world_make(), twin = world_make();
    for (int epochs = 2; epochs <= 4; epochs += 2)
        assert_int_equal(TRAIN(&w, .epochs = epochs, .checkpoint = checkpoint, .resume = true), WG_OK);
    assert_int_equal(w.calls, 4 * PER_EPOCH);
    assert_int_equal(TRAIN(&twin, .epochs = 4), WG_OK);
    assert_same_weights(&w, &twin);
    assert_int_equal(TRAIN(&w, .epochs = 4, .checkpoint = checkpoint, .resume = true), WG_OK); /* nothing is left to do */
    assert_int_equal(w.calls, 4 * PER_EPOCH);
    remove_checkpoints();
    world_free(&w), world_free(&twin);
    assert_no_error();
}

static void a_checkpoint_of_another_run_is_refused(void **state)
{
    (void)state;
    struct world w = world_make(), other = whole_world(9);
    wg_tensor *scale = wg_scalar(WG_F64, 3);
    const char *name = "scale";
    const wg_tensor_list list = {1, &scale, &name};
    assert_int_equal(TRAIN(&w, .epochs = 1, .checkpoint = checkpoint, .state = WG_TRAIN_PARTS({"own", list})), WG_OK);
    assert_int_equal(wg_write(scale, (const double[]){5}), WG_OK);
    assert_int_equal(TRAIN(&w, .epochs = 1, .checkpoint = checkpoint, .resume = true), WG_E_ARGUMENT);
    assert_error(WG_E_ARGUMENT, "own.scale");
    assert_int_equal(TRAIN(&other, .epochs = 1, .checkpoint = checkpoint, .resume = true, .state = WG_TRAIN_PARTS({"own", list})),
                     WG_E_ARGUMENT);
    assert_error(WG_E_ARGUMENT, "train: ");
    assert_true(wg_item(scale) == 5);
    assert_int_equal(TRAIN(&w, .epochs = 1, .checkpoint = checkpoint, .resume = true, .state = WG_TRAIN_PARTS({"own", list})),
                     WG_OK);
    assert_true(wg_item(scale) == 3);
    assert_int_equal(TRAIN(&w, .epochs = 1, .checkpoint = "/nosuch/run.safetensors"), WG_E_IO);
    assert_error(WG_E_IO, "/nosuch/run.safetensors");
    wg_free(scale);
    remove_checkpoints();
    world_free(&w), world_free(&other);
}

static void set_byte(const char *path, long at)
{
    FILE *file = fopen(path, "r+b");
    assert_true(file && fseek(file, at, SEEK_END) == 0);
    const int byte = fgetc(file);
    assert_true(fseek(file, at, SEEK_END) == 0 && fputc(byte ^ 1, file) != EOF && fclose(file) == 0);
}

/* A damaged file names the one before it, from which the run goes on, and which stays until there is a new one. */
static void a_run_goes_on_from_the_previous_checkpoint(void **state)
{
    (void)state;
    struct world straight = whole_world(9), w = whole_world(9), rest = whole_world(77);
    char previous[120];
    wg_train_result result;
    snprintf(previous, sizeof previous, "%s.prev", checkpoint);
    remove_checkpoints();
    assert_int_equal(wg_seed(9, 0), WG_OK);
    assert_int_equal(TRAIN(&straight, .epochs = 4), WG_OK);
    assert_int_equal(wg_seed(9, 0), WG_OK);
    assert_int_equal(TRAIN(&w, .epochs = 3, .checkpoint = checkpoint), WG_OK);
    set_byte(checkpoint, -1);
    assert_int_equal(TRAIN(&rest, .epochs = 4, .checkpoint = checkpoint, .resume = true), WG_E_IO);
    assert_error(WG_E_IO, ".prev is the one before it: .previous = true reads that");
    assert_int_equal(TRAIN(&rest, .epochs = 3, .checkpoint = checkpoint, .resume = true, .previous = true, .result = &result),
                     WG_OK);
    assert_true(result.epochs == 3 && result.steps == 3 * PER_EPOCH);
    struct world older = whole_world(5); /* the damaged file did not take the place of the good one */
    assert_int_equal(TRAIN(&older, .epochs = 2, .checkpoint = checkpoint, .resume = true, .previous = true, .result = &result),
                     WG_OK);
    assert_true(result.epochs == 2 && result.steps == 2 * PER_EPOCH);
    struct world last = whole_world(6);
    assert_int_equal(TRAIN(&last, .epochs = 4, .checkpoint = checkpoint, .resume = true), WG_OK);
    assert_same_weights(&last, &straight);
    remove_checkpoints();
    struct world none = whole_world(9);
    assert_int_equal(TRAIN(&none, .epochs = 1, .checkpoint = checkpoint, .resume = true, .previous = true), WG_E_IO);
    assert_error(WG_E_IO, ".prev: No such file");
    world_free(&straight), world_free(&w), world_free(&rest), world_free(&older), world_free(&last), world_free(&none);
    remove_checkpoints();
}

/* A folder that is not there is found before the first step, and before a log begins anew. */
static void a_path_that_cannot_be_written_is_found_first(void **state)
{
    (void)state;
    struct world w = world_make();
    FILE *file = fopen(csv, "w");
    assert_true(file && fputs("of yesterday\n", file) >= 0 && fclose(file) == 0);
    assert_int_equal(TRAIN(&w, .epochs = 1, .checkpoint = "/nosuch/run.safetensors", .csv = csv), WG_E_IO);
    assert_error(WG_E_IO, "/nosuch/run.safetensors: opening its directory: No such file");
    assert_int_equal(w.calls, 0);
    char *text = read_text(csv);
    assert_string_equal(text, "of yesterday\n");
    free(text), unlink(csv);
    world_free(&w);
}

/* Numbers that a run of this kind cannot have. */
static void numbers_of_another_program_are_refused(void **state)
{
    (void)state;
    struct world w = world_make();
    assert_int_equal(TRAIN(&w, .epochs = 1, .checkpoint = checkpoint, .metrics = WG_METRICS(w.accuracy)), WG_OK);
    wg_file *file = wg_file_read(checkpoint);
    assert_non_null(file);
    int64_t *count = wg_data_mut(wg_file_tensor(file, "metrics.accuracy.counts"));
    count[1] = count[0] + 1;
    wg_run *run = wg_run_create(.generator = false); /* with the names of the parts as they are */
    const wg_tensor_list list = wg_file_tensors(file);
    for (size_t i = 0; i < list.n; i++)
        if (!strchr(list.name[i], '.'))
            assert_int_equal(wg_run_add_tensor(run, list.name[i], list.tensor[i]), WG_OK);
    static const char *const part[] = {"model", "optim", "mean", "metrics"};
    for (size_t k = 0; k < sizeof part / sizeof *part; k++) {
        wg_tensor_list some = {0, (wg_tensor *[100]){NULL}, (const char *[100]){NULL}};
        const size_t length = strlen(part[k]);
        for (size_t i = 0; i < list.n; i++)
            if (strncmp(list.name[i], part[k], length) == 0 && list.name[i][length] == '.') {
                ((wg_tensor **)some.tensor)[some.n] = list.tensor[i];
                ((const char **)some.name)[some.n++] = list.name[i] + length + 1;
            }
        assert_int_equal(wg_run_add(run, part[k], some), WG_OK);
    }
    assert_int_equal(wg_run_save(run, checkpoint), WG_OK);
    assert_int_equal(TRAIN(&w, .epochs = 2, .checkpoint = checkpoint, .resume = true, .metrics = WG_METRICS(w.accuracy)),
                     WG_E_ARGUMENT);
    assert_error(WG_E_ARGUMENT, "accuracy: expected 0 to");
    wg_run_destroy(run), wg_file_destroy(file);
    remove_checkpoints();
    world_free(&w);
}

int main(void)
{
    if (wg_warmup(1) != WG_OK || wg_set_threads(1) != WG_OK)
        return 1;
    const struct CMUnitTest tests[] = {
        TEST(a_resumed_run_is_the_same),
        TEST(killed_runs_end_the_same),
        TEST(a_signal_ends_a_run_with_its_checkpoint),
        TEST(a_run_that_is_done_goes_on_with_more_epochs),
        TEST(a_checkpoint_of_another_run_is_refused),
        TEST(a_run_goes_on_from_the_previous_checkpoint),
        TEST(a_path_that_cannot_be_written_is_found_first),
        TEST(numbers_of_another_program_are_refused),
    };
    return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
